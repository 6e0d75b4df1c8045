package jetstream

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	felt "github.com/felt-cx/felt"
)

func openLog(t *testing.T, opts Options) *Log {
	t.Helper()
	opts.Logger = slog.New(slog.DiscardHandler)
	l, err := Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func tick(i int) felt.Record {
	return felt.Record{Kind: felt.KindTick, Part: felt.Control, At: felt.Instant(i)}
}

// eventually waits for a state.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not happen within 30 s", what)
		}
	}
}

// TestLostConnection cuts the connections again and again in the middle of appends.
// Some fail though their record is there; none is acknowledged and missing, nothing
// changes its order, and a waiting reader sees all of it.
func TestLostConnection(t *testing.T) {
	l := openLog(t, Options{Dir: t.TempDir(), TailBytes: 2000, SegmentBytes: 20_000})
	const n = 600
	var acked [n + 1]bool
	failed, cuts := 0, 0
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 1; i <= n; i++ {
			if i%75 == 0 {
				cuts++
				go cut(l)
			}
			_, err := l.Append(t.Context(), tick(i))
			if acked[i] = err == nil; !acked[i] {
				failed++
				if !errors.Is(err, felt.ErrUnavailable) {
					t.Errorf("append: %v, want ErrUnavailable", err)
				}
				eventually(t, "the connection's return", l.nc.IsConnected)
			}
		}
		eventually(t, "an append after the last cut", func() bool {
			_, err := l.Append(t.Context(), tick(n+1))
			return err == nil
		})
	})
	seen, at := map[int]bool{}, 0
	for r, err := range l.Read(t.Context(), felt.All, 0) {
		if err != nil {
			t.Fatal(err)
		}
		i := int(r.At)
		if i <= at {
			t.Fatalf("record %d after record %d", i, at)
		}
		if at, seen[i] = i, true; i == n+1 {
			break
		}
	}
	wg.Wait()
	for i, ok := range acked {
		if ok && !seen[i] {
			t.Errorf("record %d was acknowledged and is not there", i)
		}
	}
	t.Logf("%d appends, %d cuts, %d failed, %d in the log", n, cuts, failed, len(seen))
	if failed == 0 || failed > n/2 {
		t.Errorf("%d of %d appends failed: the test wants some", failed, n)
	}
}

// cut ends the log's connections from the server's side.
func cut(l *Log) {
	for _, nc := range []*nats.Conn{l.nc, l.rc} {
		if id, err := nc.GetClientID(); err == nil {
			_ = l.srv.DisconnectClientByID(id)
		}
	}
}

// TestTornTail opens what a crash of the machine can leave: the last message half
// written, or with garbage after it. Everything before it is there, and the log goes on.
func TestTornTail(t *testing.T) {
	src := t.TempDir()
	l := openLog(t, Options{Dir: src})
	const n = 20
	for i := 1; i <= n; i++ {
		r := tick(i)
		r.Data = []byte(fmt.Sprintf("%0100d", i))
		if _, err := l.Append(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for _, cut := range []int{0, 1, 7, 60, 150, -1, -200} {
		t.Run(fmt.Sprintf("cut=%d", cut), func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(src)); err != nil { // of a running log: as a crash leaves it
				t.Fatal(err)
			}
			tear(t, dir, cut)
			whole := n - (max(cut, 0)+163)/164 // 164 bytes a message
			torn := openLog(t, Options{Dir: dir})
			if p, err := torn.Last(t.Context()); err != nil || int(p.At) != whole {
				t.Fatalf("the newest record is %d, %v; want %d", p.At, err, whole)
			}
			if _, err := torn.Append(t.Context(), tick(100)); err != nil {
				t.Fatal(err)
			}
			want := 1
			for r, err := range torn.Read(t.Context(), felt.All, 0) {
				if err != nil {
					t.Fatal(err)
				}
				if r.At == 100 {
					break
				}
				if int(r.At) != want {
					t.Fatalf("record %d where %d should be", r.At, want)
				}
				want++
			}
			if want != whole+1 {
				t.Fatalf("%d records are left, want %d", want-1, whole)
			}
		})
	}
}

// tear cuts bytes off the newest block; negative: appends garbage.
func tear(t *testing.T, dir string, cut int) {
	t.Helper()
	blocks, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", "*", "msgs", "*.blk"))
	if err != nil || len(blocks) != 1 {
		t.Fatalf("blocks %v, %v; want one", blocks, err)
	}
	data, err := os.ReadFile(blocks[0])
	if err != nil {
		t.Fatal(err)
	}
	if cut >= 0 {
		data = data[:len(data)-cut]
	}
	for i := range -cut {
		data = append(data, byte(i*37))
	}
	if err := os.WriteFile(blocks[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDiskAlmostFull: below MinFree the log is full, for ticks below a quarter of it.
func TestDiskAlmostFull(t *testing.T) {
	l := openLog(t, Options{Dir: t.TempDir(), MinFree: math.MaxInt64 / 2})
	if _, err := l.Append(t.Context(), tick(1)); !errors.Is(err, felt.ErrFull) {
		t.Fatalf("error %v, want ErrFull", err)
	}
	dir := t.TempDir()
	free, err := freeBytes(dir)
	if err != nil || free >= math.MaxInt64/2 {
		t.Skip("the free space is not known here:", err)
	}
	l = openLog(t, Options{Dir: dir, MinFree: 2 * free})
	if _, err := l.Append(t.Context(), felt.Record{Kind: felt.KindTelemetry}); !errors.Is(err, felt.ErrFull) {
		t.Fatalf("telemetry: error %v, want ErrFull", err)
	}
	if _, err := l.Append(t.Context(), tick(1)); err != nil {
		t.Fatal("a tick while there is disk left:", err)
	}
}

// TestMuchSmaller: a log far above a limit that it did not have before takes ticks, and
// telemetry once it was trimmed.
func TestMuchSmaller(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir, Unsynced: true})
	for range 4 { // more than the server would be given with 8 MiB and some room
		if _, err := l.Append(t.Context(), felt.Record{Kind: felt.KindTelemetry, At: 1, Data: make([]byte, 20<<20)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openLog(t, Options{Dir: dir, MaxBytes: 8 << 20})
	p, err := l.Append(t.Context(), tick(2))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), felt.Record{Kind: felt.KindTelemetry, At: 3}); !errors.Is(err, felt.ErrFull) {
		t.Fatalf("telemetry: error %v, want ErrFull", err)
	}
	if err := l.Trim(t.Context(), p.Seq); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), felt.Record{Kind: felt.KindTelemetry, At: 3}); err != nil {
		t.Fatal("after the trim:", err)
	}
}

// TestOneOwner: a directory has one owner, who is gone after Close.
func TestOneOwner(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, Options{Dir: dir})
	_, err := Open(t.Context(), Options{Dir: dir})
	if !errors.Is(err, errInUse) {
		t.Fatalf("opening it twice: %v, want %v", err, errInUse)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	openLog(t, Options{Dir: dir})
}

// TestNothingIsLeft: after Close no goroutine runs.
func TestNothingIsLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 3 {
		l := openLog(t, Options{Dir: t.TempDir(), SegmentBytes: 500})
		for i := range 50 {
			if _, err := l.Append(t.Context(), tick(i)); err != nil {
				t.Fatal(err)
			}
		}
		if got := len(l.segments); got < 4 {
			t.Fatalf("%d segments; 50 messages of 60 bytes need more of 500 bytes", got)
		}
		if addr := l.srv.Addr(); addr != nil {
			t.Errorf("the embedded server listens on %v", addr)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the end of all goroutines", func() bool { return runtime.NumGoroutine() <= before+1 })
}

func TestOptions(t *testing.T) {
	for _, o := range []Options{
		{},
		{Dir: "x", MaxBytes: -1},
		{Dir: "x", MaxBytes: 10, KeepBytes: 11},
		{Dir: "x", MaxAge: -1},
		{Dir: "x", SegmentBytes: -1},
		{Dir: "x", Partitions: felt.MaxParts + 1},
		{Dir: "x", Partitions: -1},
	} {
		if _, err := o.withDefaults(); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}

// TestMetrics: the numbers that others read by name.
func TestMetrics(t *testing.T) {
	l := openLog(t, Options{Dir: t.TempDir(), MaxBytes: 1000})
	p, err := l.Append(t.Context(), tick(1), tick(2))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), felt.Record{Kind: felt.KindTelemetry, Data: make([]byte, 2000)}); !errors.Is(err, felt.ErrFull) {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, m := range l.Metrics() {
		got[m.Name] = m.Value
	}
	for name, want := range map[string]float64{
		"felt_log_appended_bytes_total":   24,
		"felt_log_appended_records_total": 2,
		"felt_log_appends_total":          1,
		"felt_log_full_total":             1,
		"felt_log_max_bytes":              1000,
		"felt_log_first_seq":              4096,
		"felt_log_last_seq":               float64(p.Seq),
		"felt_log_segments":               1,
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	if got["felt_log_append_seconds_total"] <= 0 {
		t.Error("appends took no time")
	}
	st, err := l.state(t.Context(), l.segments[0])
	if err != nil {
		t.Fatal(err)
	}
	if got["felt_log_bytes"] != float64(st.Bytes) {
		t.Errorf("felt_log_bytes is %v, the server says %d", got["felt_log_bytes"], st.Bytes)
	}
}
