package simulate

import (
	"encoding/json"
	"fmt"

	"github.com/felt-cx/felt"
)

// Report is the truth of a whole run, for a file.
type Report struct {
	Title     string       `json:"title"`
	Seed      uint64       `json:"seed"`
	Rate      float64      `json:"rate"`
	Speed     float64      `json:"speed"`
	Noise     float64      `json:"noise"`
	From      felt.Instant `json:"from"`
	To        felt.Instant `json:"to"`
	Totals    Totals       `json:"totals"`
	Customers int64        `json:"customers"` // distinct
	Scopes    []ScopeTruth `json:"scopes"`
	Faults    []Damage     `json:"faults"`
}

// ScopeTruth is what happened to an interaction in all.
type ScopeTruth struct {
	App      string           `json:"app"`
	Name     string           `json:"name"`
	Outcomes map[string]int64 `json:"outcomes"`
	Total    int64            `json:"customers"`
	Failed   int64            `json:"failed_customers"`
	Degraded int64            `json:"degraded_customers"`
}

// Report sums up what was accepted until a moment.
func (l *Ledger) Report(to felt.Instant) Report {
	w := l.world
	r := Report{
		Title: w.scenario.Title, Seed: w.opt.Seed, Rate: w.opt.Rate, Speed: w.opt.Speed, Noise: w.scenario.Noise,
		From: w.opt.Start, To: to, Totals: l.Totals(), Faults: l.Damages(),
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	tallies := make([]tally, len(w.ops))
	counts := make([][felt.Outcomes]int64, len(w.ops))
	everybody := tally{}
	l.each(func(e *entry) {
		who, o := l.resolve(e.who), felt.Outcome(e.outcome)
		if tallies[e.op] == nil {
			tallies[e.op] = tally{}
		}
		tallies[e.op].add(who, o)
		everybody.add(who, o)
		counts[e.op][o]++
	})
	r.Customers = int64(len(everybody))
	for i, o := range w.ops {
		if tallies[i] == nil {
			continue
		}
		d := tallies[i].distinct()
		s := ScopeTruth{App: o.app, Name: o.name, Outcomes: map[string]int64{}, Total: d.Total, Failed: d.Failed, Degraded: d.Degraded}
		for k, n := range counts[i] {
			if n > 0 {
				s.Outcomes[felt.Outcome(k).String()] = n
			}
		}
		r.Scopes = append(r.Scopes, s)
	}
	return r
}

// MarshalJSON writes a hit in one line: who, when, and at what.
func (h Hit) MarshalJSON() ([]byte, error) {
	b, err := json.Marshal([4]any{customerName(h.Who), h.At, h.App, h.Name})
	if err != nil {
		return nil, fmt.Errorf("hit: %w", err)
	}
	return b, nil
}
