package app

import (
	"fmt"
	"testing"
	"time"
)

// TestEvidence: soon after an incident opens it says who is hit and who is not, and which
// release was rolled out to them.
func TestEvidence(t *testing.T) {
	t.Parallel()
	s := serveApp(t, testConfig(t.TempDir()))
	trace := uint64(0)
	regions := []string{"eu", "us", "ap"}
	// send sends a tenth of a second: 9 tries, of which those in a region fail.
	send := func(fault bool) {
		r := newTries()
		for i := range 9 {
			trace++
			region, outcome := regions[i%3], "success"
			if trace%101 == 0 || fault && region == "us" && trace%7 != 0 {
				outcome = "failed"
			}
			r.add(trace, "pay", fmt.Sprint("c", trace*37%900), outcome, time.Now())
			spans := r.td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
			spans.At(spans.Len()-1).Attributes().PutStr("felt.segment.region", region)
		}
		s.send(t, r)
	}
	pace := time.NewTicker(100 * time.Millisecond)
	defer pace.Stop()
	for range 80 {
		send(false)
		<-pace.C
	}
	fault := time.Now()
	var list struct {
		Incidents []struct {
			ID         string
			Opened     time.Time
			EvidenceAt *time.Time `json:"evidence_at"`
			Hit        []struct {
				Where     []struct{ Key, Value string }
				Bad, N    int64
				Customers int64
				Explains  float64
				OtherBad  int64 `json:"other_bad"`
				OtherN    int64 `json:"other_n"`
			}
			Spared []struct{ Where []struct{ Key, Value string } }
		}
	}
	var opened, known time.Time // as the API first showed them
	for i := 0; known.IsZero(); i++ {
		send(true)
		<-pace.C
		s.get(t, "/api/v1/incidents?status=open", &list)
		if len(list.Incidents) > 0 && opened.IsZero() {
			opened = time.Now()
		}
		if len(list.Incidents) > 0 && list.Incidents[0].EvidenceAt != nil && len(list.Incidents[0].Hit) > 0 {
			known = time.Now()
		}
		if time.Since(fault) > time.Minute {
			t.Fatalf("nobody says who is hit, a minute after the fault: %+v", list)
		}
	}
	in := list.Incidents[0]
	t.Logf("incident %v after the fault, who is hit %v after the incident was to be seen, %v after it opened",
		opened.Sub(fault).Round(100*time.Millisecond), known.Sub(opened).Round(10*time.Millisecond), known.Sub(in.Opened).Round(10*time.Millisecond))
	h := in.Hit[0]
	if len(in.Hit) != 1 || len(h.Where) != 1 || h.Where[0].Key != "region" || h.Where[0].Value != "us" {
		t.Errorf("hit %+v, want the region us", in.Hit)
	}
	if h.Bad < h.N/4 || h.OtherBad > h.OtherN/10 || h.Customers < 4 || h.Customers > h.Bad || h.Explains < .8 {
		t.Errorf("%+v", h)
	}
}
