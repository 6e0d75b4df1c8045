package mem

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/felt-cx/felt"
)

// kept refuses a question about interactions that were forgotten.
func (s *Store) kept(q felt.Question) error {
	if q.From < s.gone && s.known(q) {
		return fmt.Errorf("mem: the window begins before %s, and interactions that ended before it are no longer kept: %w",
			s.gone.Time().UTC().Format(time.RFC3339), felt.ErrUnanswerable)
	}
	return nil
}

// Funnel implements [felt.JourneyReader].
func (s *Store) Funnel(_ context.Context, q felt.Question) (felt.Funnel, error) {
	if err := check(q); err != nil {
		return felt.Funnel{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	q = q.Journeys()
	if err := s.oneName(q); err != nil {
		return felt.Funnel{}, err
	}
	if err := s.kept(q); err != nil {
		return felt.Funnel{}, err
	}
	rows := s.matching(q)
	slices.SortFunc(rows, newestFirst)
	t := newTally()
	var f felt.Funnel
	steps := map[string]*passage{}
	both := couples{}
	for _, r := range rows {
		t.add(r)
		if r.Outcome == felt.OutcomeAbandoned && int(r.AbandonedHow) < len(f.Abandoned) {
			f.Abandoned[r.AbandonedHow]++
		}
		for _, st := range r.Steps {
			if steps[st.Name] == nil {
				steps[st.Name] = &passage{}
			}
			steps[st.Name].add(st)
		}
		both.add(r.Steps)
	}
	f.Counts, f.Customers = t.counts, t.customers.distinct()
	if f.Sampled = t.weights.Sampled(); f.Sampled {
		f.Adjusted = t.weights.Sums()
	}
	if len(rows) > 0 {
		for _, st := range rows[0].Steps {
			if steps[st.Name] == nil { // a name that stands twice is one step
				continue
			}
			f.Steps = append(f.Steps, steps[st.Name].step(st.Name))
			delete(steps, st.Name)
		}
	}
	newest := len(f.Steps)
	for name, p := range steps {
		f.Steps = append(f.Steps, p.step(name))
	}
	slices.SortFunc(f.Steps[newest:], func(a, b felt.FunnelStep) int { return cmp.Compare(a.Name, b.Name) })
	both.tell(f.Steps)
	return f, nil
}

// couples counts the journeys that completed two steps, in either order of their names.
type couples map[[2]string]int64

func (c couples) add(steps []felt.StepState) {
	var done []string
	for _, st := range steps {
		if completed(st) && !slices.Contains(done, st.Name) {
			done = append(done, st.Name)
		}
	}
	for _, a := range done {
		for _, b := range done {
			c[[2]string{a, b}]++
		}
	}
}

// tell fills in With.
func (c couples) tell(steps []felt.FunnelStep) {
	for i := range steps {
		for _, before := range steps[:i] {
			steps[i].With = append(steps[i].With, c[[2]string{before.Name, steps[i].Name}])
		}
	}
}

func completed(st felt.StepState) bool {
	return st.Tries > 0 && (st.Outcome == felt.OutcomeSuccess || st.Outcome == felt.OutcomeDegraded)
}

// oneName refuses a funnel of several journeys: their steps have no common order.
func (s *Store) oneName(q felt.Question) error {
	name := ""
	for key := range s.last {
		if !inScope(key.Scope, key.traffic, q) {
			continue
		}
		if name != "" && key.Name != name {
			return fmt.Errorf("mem: funnel: journeys %q and %q are in scope: ask for one: %w", min(name, key.Name), max(name, key.Name), felt.ErrUnanswerable)
		}
		name = key.Name
	}
	return nil
}

// passage is how journeys came through one step.
type passage struct {
	outcomes felt.Counts
	took     []int64
}

func (p *passage) add(st felt.StepState) {
	if st.Tries <= 0 {
		return
	}
	p.outcomes.Add(st.Outcome, 1)
	if completed(st) {
		p.took = append(p.took, int64(st.End-st.Start))
	}
}

func (p *passage) step(name string) felt.FunnelStep {
	c := p.outcomes
	return felt.FunnelStep{
		Name: name, Outcomes: c, Completed: c.Success + c.Degraded, Entered: c.Decided() + c.Cancelled + c.Open,
		P50: quantile(p.took, 50), P90: quantile(p.took, 90), P99: quantile(p.took, 99),
	}
}
