package app

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// counting is a sink that counts what it is sent, by id, and does as it is told.
type counting struct {
	*httptest.Server
	mu    sync.Mutex
	count map[string]int
	hangs bool
	came  chan string // ids, as they come
	free  chan struct{}
}

func countingSink(t *testing.T) *counting {
	t.Helper()
	c := &counting{count: map[string]int{}, came: make(chan string, 1000), free: make(chan struct{})}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the sender may be killed at any time
		id := r.Header.Get("Webhook-Id")
		c.mu.Lock()
		c.count[id]++
		hangs := c.hangs
		c.mu.Unlock()
		if hangs {
			c.came <- id
			select {
			case <-r.Context().Done():
			case <-c.free:
			}
			return
		}
		w.WriteHeader(http.StatusNoContent)
		if f, ok := w.(http.Flusher); ok {
			f.Flush() // the answer is on its way, and who asked may be gone before it is noted
		}
		c.came <- id
	}))
	t.Cleanup(func() { close(c.free); c.Close() })
	return c
}

func (c *counting) hang(yes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hangs = yes
}

func (c *counting) times(id string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count[id]
}

// next waits until the sink is sent something.
func (c *counting) next(t *testing.T) {
	t.Helper()
	select {
	case <-c.came:
	case <-time.After(30 * time.Second):
		t.Fatal("the sink is sent nothing")
	}
}

// delivered lists the ids of what was told and noted.
func (s *server) delivered(t *testing.T, incident string) (ids []string) {
	t.Helper()
	var list toldAnswer
	s.get(t, "/api/v1/notifications?state=delivered&incident="+incident, &list)
	for _, n := range list.Notifications {
		ids = append(ids, n.Key)
	}
	return ids
}

// TestKillWhileTelling: a server that is killed while it tells a sink, which answers or hangs, tells it
// again under the same id; and never again when it was noted that the sink has taken it.
func TestKillWhileTelling(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 2))
	sink := countingSink(t)
	cfg := sinkConfig(t, sink.URL)
	start := func() (*server, func()) {
		s, cmd := spawn(t, cfg.Data, childConfig+"="+cfg.ConfigDir)
		s.awaitReady(t, time.Now())
		return s, func() { kill(cmd) }
	}
	s, kill9 := start()
	s.awaitInventory(t, "sinks", inForce(1))
	taken := map[string]int{} // how often each was sent when it had been noted
	again, once := 0, 0
	for round := range 6 {
		hangs := round%2 == 0
		sink.hang(hangs)
		for len(sink.came) > 0 {
			<-sink.came
		}
		var declared struct{ ID string }
		if code := s.call(t, http.MethodPost, "/api/v1/incidents", fmt.Sprintf(`{"title":"round %d"}`, round), &declared); code/100 != 2 || declared.ID == "" {
			t.Fatalf("declare: %d %+v", code, declared)
		}
		sink.next(t)
		time.Sleep(time.Duration(rnd.IntN(20)) * time.Millisecond) // the moment is meant to be random: before the note, or after it
		kill9()
		sink.hang(false)
		s, kill9 = start()
		var ids []string
		await(t, "what was told", 30*time.Second, func() bool {
			ids = s.delivered(t, declared.ID)
			return len(ids) > 0
		})
		for _, id := range ids {
			n := sink.times(id)
			if n == 0 || hangs && n < 2 || !strings.HasPrefix(id, "ntf-") {
				t.Errorf("%s is noted as delivered and was sent %d times (the sink hung: %v)", id, n, hangs)
			}
			if taken[id] = n; n > 1 {
				again++
			} else {
				once++
			}
		}
	}
	kill9()
	s, kill9 = start()
	defer kill9()
	var declared struct{ ID string } // when this is told, what was to be told before has been looked at
	if code := s.call(t, http.MethodPost, "/api/v1/incidents", `{"title":"the last"}`, &declared); code/100 != 2 {
		t.Fatalf("declare: %d", code)
	}
	await(t, "the last", 30*time.Second, func() bool { return len(s.delivered(t, declared.ID)) > 0 })
	for id, n := range taken {
		if now := sink.times(id); now != n {
			t.Errorf("%s was noted after %d times and was sent %d times", id, n, now)
		}
	}
	if again == 0 || len(taken) < 6 {
		t.Errorf("%d told, %d of them again: the test tests nothing", len(taken), again)
	}
	t.Logf("%d told once, %d again under the same id", once, again)
}
