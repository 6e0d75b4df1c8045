package app

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// TestIncident: a sudden fault becomes an incident within 30 s, its impact is what the
// sender knows to be true, and people can take it and close it.
func TestIncident(t *testing.T) {
	t.Parallel()
	s := serveApp(t, testConfig(t.TempDir()))
	type sent struct {
		customer string
		failed   bool
		end      time.Time
	}
	var truth []sent
	trace := uint64(0)
	// send sends a tenth of a second: 8 tries of customers of whom a share fails.
	send := func(fault bool) {
		r := newTries()
		for range 8 {
			trace++
			c := trace * 37 % 400
			x := sent{fmt.Sprint("c", c), trace%97 == 0 || fault && c%3 == 0, time.Now()}
			outcome := "success"
			if x.failed {
				outcome = "failed"
			}
			r.add(trace, "pay", x.customer, outcome, x.end)
			truth = append(truth, x)
		}
		s.send(t, r)
	}
	pace := time.NewTicker(100 * time.Millisecond)
	defer pace.Stop()
	for range 60 {
		send(false)
		<-pace.C
	}
	fault := time.Now()
	var list struct{ Incidents []incident }
	for i := 0; len(list.Incidents) == 0; i++ {
		send(true)
		<-pace.C
		if i%5 == 0 {
			s.get(t, "/api/v1/incidents?status=open", &list)
		}
		if time.Since(fault) > 30*time.Second {
			t.Fatal("no incident 30 s after the fault")
		}
	}
	t.Logf("incident %v after the fault", time.Since(fault).Round(100*time.Millisecond))
	for range 20 {
		send(true)
		<-pace.C
	}
	in := list.Incidents[0]
	if in.Journey != "pay" || in.Status != "open" || !in.Active || in.FirstBad.Before(fault.Add(-time.Minute)) || in.FirstBad.After(fault.Add(15*time.Second)) {
		t.Errorf("incident %+v, fault at %v", in, fault)
	}

	s.awaitComplete(t, truth[len(truth)-1].end)
	s.get(t, "/api/v1/incidents/"+in.ID, &in)
	total, failed := map[string]bool{}, map[string]bool{}
	for _, x := range truth {
		if !x.end.Before(in.FirstBad) {
			total[x.customer] = true
			if x.failed {
				failed[x.customer] = true
			}
		}
	}
	if in.Impact.Customers.Failed != int64(len(failed)) || in.Impact.Customers.Total != int64(len(total)) {
		t.Errorf("impact %+v, truth %d failed of %d", in.Impact, len(failed), len(total))
	}

	path := "/api/v1/incidents/" + in.ID
	if code := s.call(t, http.MethodPost, path+"/acknowledge", "", &in); code != http.StatusOK || in.Status != "acknowledged" {
		t.Errorf("acknowledge: %d, %s", code, in.Status)
	}
	if s.get(t, "/api/v1/incidents?status=open", &list); len(list.Incidents) != 1 {
		t.Error("an acknowledged incident is not in the list of open ones")
	}
	if code := s.call(t, http.MethodPost, path+"/resolve", "", nil); code != http.StatusConflict {
		t.Errorf("resolve without a reason while it lasts: %d", code)
	}
	if code := s.call(t, http.MethodPost, path+"/resolve", `{"reason":"rolled back"}`, &in); code != http.StatusOK || in.Status != "resolved" {
		t.Errorf("resolve: %d, %s", code, in.Status)
	}
	if s.get(t, "/api/v1/incidents?status=open", &list); len(list.Incidents) != 0 {
		t.Errorf("after resolving it is still open: %+v", list.Incidents)
	}
}

type incident struct {
	ID, Journey, Status string
	Active              bool      `json:"finding_active"`
	FirstBad            time.Time `json:"first_bad"`
	Impact              impact
}
