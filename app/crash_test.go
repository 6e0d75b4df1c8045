package app

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// spawn starts a server in a process of its own.
func spawn(t *testing.T, dir string, env ...string) (*server, *exec.Cmd) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(append(os.Environ(), childDir+"="+dir), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(cmd) })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal("the server did not start:", err)
	}
	page, otlp, _ := strings.Cut(strings.TrimSpace(line), " ")
	return &server{page: "http://" + page, otlp: "http://" + otlp}, cmd
}

// kill -9.
func kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill() // fails when it has gone already
	_ = cmd.Wait()
}

// crashRounds is how often the server is killed.
const crashRounds = 20

// TestKill: a server that is killed at random moments under load has every acknowledged
// interaction once, whether or not what was not acknowledged is sent again.
func TestKill(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	dir := t.TempDir()
	l := &load{sent: map[uint64]bool{}}
	from := time.Now()
	for range crashRounds {
		s, cmd := spawn(t, dir)
		halt := l.start(s)
		l.awaitAck(t)
		time.Sleep(time.Duration(rnd.IntN(500)) * time.Millisecond) // the moment is meant to be random
		kill(cmd)
		halt()
	}
	to := time.Now()
	started := time.Now()
	s, cmd := spawn(t, dir)
	s.awaitReady(t, started)
	halt := l.start(s) // what is left unacknowledged is sent again
	l.awaitAck(t)
	halt()
	s.awaitComplete(t, time.Now())
	l.check(t, s, from, to)

	// And the same after a kill when all is quiet: everything is told again.
	kill(cmd)
	s, _ = spawn(t, dir)
	s.awaitReady(t, time.Now())
	l.check(t, s, from, to)
}

// load is several senders, and what they know of their requests.
type load struct {
	mu      sync.Mutex
	next    uint64
	sent    map[uint64]bool // try -> acknowledged
	pending []request       // not acknowledged: to be sent again
	acks    int
}

type request struct {
	first uint64
	body  []byte
}

const perRequest = 10

// start sends until halt is called or the server is gone.
func (l *load) start(s *server) (halt func()) {
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 3 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				r := l.take()
				code := s.post(r.body)
				l.note(r, code)
				if code == 0 {
					return
				}
			}
		})
	}
	return func() { close(stop); wg.Wait() }
}

func (l *load) take() request {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.pending); n > 0 {
		r := l.pending[n-1]
		l.pending = l.pending[:n-1]
		return r
	}
	r := request{first: l.next}
	l.next += perRequest
	td := newTries()
	for i := r.first; i < l.next; i++ {
		l.sent[i] = false
		outcome := "success"
		if i%7 == 0 {
			outcome = "failed"
		}
		td.add(i, "pay", fmt.Sprint("c", i%101), outcome, time.Now())
	}
	r.body = td.body()
	return r
}

func (l *load) note(r request, code int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if code != http.StatusOK {
		l.pending = append(l.pending, r)
		return
	}
	l.acks++
	for i := r.first; i < r.first+perRequest; i++ {
		l.sent[i] = true
	}
}

// awaitAck waits until three more requests have been acknowledged and none is left from before.
func (l *load) awaitAck(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	want := l.acks + 3
	l.mu.Unlock()
	for deadline := time.Now().Add(20 * time.Second); ; {
		l.mu.Lock()
		done := l.acks >= want && len(l.pending) == 0
		l.mu.Unlock()
		if done {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing is acknowledged any more")
		}
		time.Sleep(5 * time.Millisecond) // between two looks
	}
}

// check compares what is there with what was sent.
func (l *load) check(t *testing.T, s *server, from, to time.Time) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	names := map[string]uint64{}
	acked, failed := 0, int64(0)
	customers, failing := map[uint64]bool{}, map[uint64]bool{}
	for i, ok := range l.sent {
		id := traceID(i)
		names[hex.EncodeToString(id[:])] = i
		if ok {
			acked++
			customers[i%101] = true
			if i%7 == 0 {
				failed++
				failing[i%101] = true
			}
		}
	}
	if acked < crashRounds*perRequest || acked != len(l.sent) {
		t.Fatalf("%d of %d tries acknowledged: the test tests nothing", acked, len(l.sent))
	}
	to = to.Add(time.Minute)
	seen, cursor := map[uint64]int{}, ""
	for {
		var page struct {
			Interactions []struct {
				Trace string `json:"trace_id"`
			}
			Next string
		}
		s.get(t, "/api/v1/interactions?of=pay&limit=1000&"+window(from, to)+"&cursor="+cursor, &page)
		for _, i := range page.Interactions {
			try, ok := names[i.Trace]
			if !ok {
				t.Fatalf("an interaction that nobody sent: %s", i.Trace)
			}
			seen[try]++
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	lost, doubled := 0, 0
	for i := range l.sent {
		switch n := seen[i]; {
		case n == 0:
			lost++
		case n > 1:
			doubled++
		}
	}
	if lost+doubled > 0 {
		t.Errorf("of %d acknowledged tries %d are lost and %d are there more than once", acked, lost, doubled)
	}
	var im impact
	s.get(t, "/api/v1/impact?of=pay&"+window(from, to), &im)
	if im.Interactions.Failed != failed || im.Interactions.Success+im.Interactions.Failed != int64(acked) ||
		im.Customers.Total != int64(len(customers)) || im.Customers.Failed != int64(len(failing)) {
		t.Errorf("impact %+v; sent %d tries of %d customers, %d failed of %d customers", im, acked, len(customers), failed, len(failing))
	}
	spans := s.spans(t, from, to)
	for deadline := time.Now().Add(20 * time.Second); spans < int64(acked) && time.Now().Before(deadline); spans = s.spans(t, from, to) {
		time.Sleep(100 * time.Millisecond) // buckets of operations are handed out every 10 s
	}
	if spans < int64(acked) {
		t.Errorf("operations count %d spans, %d were acknowledged", spans, acked)
	}
	t.Logf("%d tries acknowledged, %d spans counted", acked, spans)
}

// spans is how many the operations of the service count.
func (s *server) spans(t *testing.T, from, to time.Time) (n int64) {
	t.Helper()
	var ops struct{ Operations []struct{ Count int64 } }
	s.get(t, "/api/v1/operations?service=web&"+window(from, to), &ops)
	for _, o := range ops.Operations {
		n += o.Count
	}
	return n
}

// TestReadyAfterKill: much on the log and no snapshot; still it is ready within 10 s, and
// nothing is missing.
func TestReadyAfterKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, cmd := spawn(t, dir)
	s.awaitReady(t, time.Now())
	from := time.Now()
	const requests, each = 100, 500
	for n := range requests {
		r := newTries()
		r.add(uint64(n*each), "pay", fmt.Sprint("c", n), "failed", time.Now())
		for i := 1; i < each; i++ {
			r.add(uint64(n*each+i), "", "", "", time.Now())
		}
		s.send(t, r)
	}
	to := time.Now()
	kill(cmd)
	if err := os.RemoveAll(dir + "/snapshots"); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	s, _ = spawn(t, dir)
	s.awaitReady(t, started)
	t.Logf("ready %v after the start", time.Since(started).Round(time.Millisecond))
	if im := s.impactOf(t, "pay", from, to); im.Customers.Failed != requests {
		t.Errorf("%+v", im)
	}
}

// TestFullLog: a log that is full turns telemetry away and loses none; time goes on, so
// what was accepted is counted, the server starts on it and stops, and as soon as two
// snapshots have been taken it is trimmed and takes telemetry again, by itself.
func TestFullLog(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t.TempDir())
	cfg.LogMaxBytes = 1 << 20
	cfg.SnapshotEvery = time.Hour // one at the start, so that it stays full
	s := serveApp(t, cfg)
	from := time.Now()
	accepted := s.fillLog(t, 0)
	if im := s.impactOf(t, "pay", from, time.Now()); im.Customers.Failed != int64(accepted) {
		t.Errorf("while the log is full %+v; %d were accepted", im, accepted)
	}
	if code := s.post(fullRequest(accepted)); code != http.StatusServiceUnavailable {
		t.Errorf("without a second snapshot the log is full, and the answer %d", code)
	}
	s.stop()

	cfg.SnapshotEvery = 3 * time.Second
	s = serveApp(t, cfg) // it is ready within 10 s
	for range 2 {        // after a restart, and while it runs
		started := time.Now()
		accepted = s.awaitRoom(t, accepted)
		t.Logf("%d requests accepted; room again after %v", accepted, time.Since(started).Round(time.Millisecond))
		accepted = s.fillLog(t, accepted)
	}
	accepted = s.awaitRoom(t, accepted)
	if im := s.impactOf(t, "pay", from, time.Now()); im.Customers.Failed != int64(accepted) {
		t.Errorf("with room again %+v; %d were accepted", im, accepted)
	}
}

// fullRequest is a request of a hundred tries, one of which is a customer's that failed.
func fullRequest(n int) []byte {
	r := newTries()
	r.add(uint64(n*100), "pay", fmt.Sprint("c", n), "failed", time.Now())
	for i := 1; i < 100; i++ {
		r.add(uint64(n*100+i), "", "", "", time.Now())
	}
	return r.body()
}

// fillLog sends until the door answers 503, and returns how many were accepted so far.
func (s *server) fillLog(t *testing.T, accepted int) int {
	t.Helper()
	for range 5000 {
		switch code := s.post(fullRequest(accepted)); code {
		case http.StatusOK:
			accepted++
		case http.StatusServiceUnavailable:
			return accepted
		default:
			t.Fatalf("answer %d, want 503 once the log is full", code)
		}
	}
	t.Fatalf("after %d requests the log is not full", accepted)
	return 0
}

// awaitRoom sends the next request again and again until it is accepted.
func (s *server) awaitRoom(t *testing.T, accepted int) int {
	t.Helper()
	for deadline := time.Now().Add(40 * time.Second); time.Now().Before(deadline); {
		switch code := s.post(fullRequest(accepted)); code {
		case http.StatusOK:
			return accepted + 1
		case http.StatusServiceUnavailable:
			time.Sleep(50 * time.Millisecond) // between two tries
		default:
			t.Fatalf("answer %d, want 503 or 200", code)
		}
	}
	t.Fatal("the log stays full")
	return 0
}
