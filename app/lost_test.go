package app

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestLostSnapshots: without its snapshots a server has the same numbers, the same inventory in
// force, keeps the incident that is open and opens no second one; a backtest finds what it found.
func TestLostSnapshots(t *testing.T) {
	t.Parallel()
	cfg := inventoryConfig(t, checkoutInventory)
	s := serveApp(t, cfg)
	s.awaitInventory(t, "in force", inForce(1))
	from := time.Now()
	trace := uint64(0)
	fail := func(s *server, rounds int) {
		for range rounds {
			r := newTries()
			for i := range 40 {
				trace++
				outcome := "success"
				if i < 20 {
					outcome = "failed"
				}
				r.add(trace, "login", fmt.Sprint("u", trace), outcome, time.Now())
			}
			s.send(t, r)
			time.Sleep(200 * time.Millisecond)
		}
	}
	var open struct {
		Incidents []struct{ ID, Status string }
	}
	for deadline := time.Now().Add(time.Minute); len(open.Incidents) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("no incident")
		}
		fail(s, 3)
		s.get(t, "/api/v1/incidents", &open)
	}
	to := time.Now()
	was := s.impactOf(t, "login", from, to)
	s.stop()
	files, err := filepath.Glob(filepath.Join(cfg.Data, "snapshots", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no snapshots: %v", err)
	}
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	s = serveApp(t, cfg)
	s.awaitInventory(t, "in force again", inForce(1))
	fail(s, 3)
	if now := s.impactOf(t, "login", from, to); now.Customers != was.Customers || now.Interactions != was.Interactions {
		t.Errorf("%+v, before %+v", now, was)
	}
	if again := open; true {
		s.get(t, "/api/v1/incidents?status=all", &again)
		if len(again.Incidents) != 1 || again.Incidents[0] != open.Incidents[0] {
			t.Errorf("incidents %+v, before %+v", again.Incidents, open.Incidents)
		}
	}
	if found := s.backtest(t, "last=1h&of=login"); len(found) == 0 || found[0].Name != "login" || found[0].Customers < 20 {
		t.Errorf("backtest: %+v", found)
	}
}

type backtestFound struct {
	Name, Kind, Opened string
	Customers          int64
}

// backtest asks for one, and returns what it found.
func (s *server) backtest(t *testing.T, query string) []backtestFound {
	t.Helper()
	resp, err := http.Get(s.page + "/api/v1/backtest?" + query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	in := bufio.NewScanner(resp.Body)
	for in.Scan() {
		var line struct {
			Backtest *struct {
				Covered  struct{ Rows int64 }
				Findings []backtestFound
			}
		}
		if err := json.Unmarshal(in.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", in.Bytes(), err)
		}
		if line.Backtest != nil {
			if line.Backtest.Covered.Rows == 0 {
				t.Errorf("nothing judged: %s", in.Bytes())
			}
			return line.Backtest.Findings
		}
	}
	t.Fatalf("%d, no findings: %v", resp.StatusCode, in.Err())
	return nil
}
