package mem

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/felt-cx/felt"
)

// Signals implements [felt.SignalReader].
func (s *Store) Signals(_ context.Context, scope felt.Scope, w felt.Window, step felt.Instant) ([]felt.SignalLine, error) {
	if step <= 0 || step%(10*felt.Second) != 0 {
		return nil, fmt.Errorf("mem: signals in steps of %d ns, not of a multiple of 10 s: %w", step, felt.ErrUnanswerable)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	type line struct {
		kind      felt.SignalKind
		app, name string
	}
	at := map[line]*felt.SignalLine{}
	for i := range s.signals.rows {
		r := &s.signals.rows[i]
		if r.Env != scope.Env || r.Journey != scope.Name || scope.App != "" && r.App != "" && r.App != scope.App || r.Time > w.To {
			continue
		}
		l := at[line{r.Kind, r.App, r.Name}]
		if l == nil {
			l = &felt.SignalLine{Last: *r}
			at[line{r.Kind, r.App, r.Name}] = l
		}
		if r.Time > l.Last.Time {
			l.Last = *r
		}
		if r.Time > w.From {
			l.Steps = addStep(l.Steps, w.From+(r.Time-1-w.From)/step*step, r.Value)
		}
	}
	list := make([]felt.SignalLine, 0, len(at))
	for _, l := range at {
		for i := range l.Steps {
			l.Steps[i].Mean /= float64(l.Steps[i].N) // a sum until now
		}
		list = append(list, *l)
	}
	slices.SortFunc(list, func(a, b felt.SignalLine) int {
		return cmp.Or(cmp.Compare(a.Last.Kind, b.Last.Kind), cmp.Compare(a.Last.App, b.Last.App), cmp.Compare(a.Last.Name, b.Last.Name))
	})
	return list, nil
}

// addStep enters a value into its step.
func addStep(steps []felt.SignalStep, start felt.Instant, v float64) []felt.SignalStep {
	i, ok := slices.BinarySearchFunc(steps, start, func(s felt.SignalStep, start felt.Instant) int { return cmp.Compare(s.Start, start) })
	if !ok {
		return slices.Insert(steps, i, felt.SignalStep{Start: start, Mean: v, Min: v, Max: v, N: 1})
	}
	p := &steps[i]
	p.Mean += v
	p.Min, p.Max = min(p.Min, v), max(p.Max, v)
	p.N++
	return steps
}
