package mem

import (
	"context"
	"fmt"

	"github.com/felt-cx/felt"
)

// Write implements [felt.Writer].
func (s *Store) Write(ctx context.Context, batches ...felt.Batch) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("mem: write: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	epochs := map[string]uint64{}
	for i := range batches {
		c := batches[i].Cursor
		if old := max(s.cursors[c.Name].Epoch, epochs[c.Name]); c.Name != "" && c.Epoch < old {
			return fmt.Errorf("mem: batch %s: cursor %q of epoch %d, but epoch %d has written: %w",
				batches[i].ID, c.Name, c.Epoch, old, felt.ErrStale)
		}
		epochs[c.Name] = c.Epoch
	}
	var steps []func()
	ticks := map[line]felt.Tick{}
	for i := range batches {
		steps = append(steps, s.batch(&batches[i], ticks)...)
	}
	if !s.opts.NoTransactions {
		all := steps
		steps = []func(){func() {
			for _, step := range all {
				step()
			}
		}}
	}
	for i, step := range steps {
		if err := s.fail(i); err != nil {
			return err
		}
		step()
	}
	return s.fail(len(steps))
}

func (s *Store) fail(step int) error {
	if s.opts.FailWrite == nil {
		return nil
	}
	return s.opts.FailWrite(step)
}

// batch returns the steps of one batch: its rows, its tick, its cursor. One that was
// seen has only the cursor.
func (s *Store) batch(b *felt.Batch, ticks map[line]felt.Tick) []func() {
	var steps []func()
	l := line{b.ID.Stage, b.ID.Part}
	last, seen := ticks[l]
	if !seen {
		last, seen = s.ticks[l]
	}
	if !seen || b.ID.Tick > last {
		ticks[l] = b.ID.Tick
		steps = append(s.factRows(b), s.stateRows(b)...)
		steps = append(steps, func() { s.ticks[l] = b.ID.Tick })
	}
	if b.Cursor.Name != "" {
		steps = append(steps, func() { s.moveCursor(b.Cursor) })
	}
	return steps
}

// moveCursor never goes back: a worker that replays what is written is behind for a while.
func (s *Store) moveCursor(c felt.Cursor) {
	old, seen := s.cursors[c.Name]
	if seen && c.Seq < old.Seq {
		old.Epoch = c.Epoch
		c = old
	}
	s.cursors[c.Name] = c
}

// each makes one step for each row.
func each[T any](steps []func(), rows []T, do func(i int, row *T)) []func() {
	for i := range rows {
		steps = append(steps, func() { do(i, &rows[i]) })
	}
	return steps
}

func (s *Store) factRows(b *felt.Batch) []func() {
	steps := each(nil, b.Interactions, func(i int, r *felt.Interaction) {
		s.interaction(b.ID, i, r)
		if r.Withdrawn() {
			return
		}
		key := series{felt.Scope{Env: r.Env, App: r.App, Name: r.Name, Kind: r.Kind}, r.Traffic}
		s.last[key] = max(s.last[key], r.End)
	})
	steps = each(steps, b.Buckets, func(i int, r *felt.Bucket) {
		s.bucket(b.ID, i, r)
		key := series{felt.Scope{Env: r.Env, App: r.App, Name: r.Name, Kind: r.Kind}, r.Traffic}
		s.last[key] = max(s.last[key], 0)
	})
	steps = each(steps, b.Operations, func(i int, r *felt.OperationBucket) { s.operations.add(b.ID, i, *r) })
	steps = each(steps, b.Edges, func(i int, r *felt.EdgeBucket) { s.edges.add(b.ID, i, *r) })
	steps = each(steps, b.Signals, func(i int, r *felt.SignalPoint) { s.signals.add(b.ID, i, *r) })
	steps = each(steps, b.CustomerDays, func(i int, r *felt.CustomerDay) { s.days.add(b.ID, i, *r) })
	steps = each(steps, b.BusinessEvents, func(i int, r *felt.BusinessEvent) { s.businessEvent(b.ID, i, r) })
	steps = each(steps, b.CustomerFacts, func(i int, r *felt.Fact) { s.fact(b.ID, i, r) })
	steps = each(steps, b.Spans, func(i int, r *felt.Span) { s.span(b.ID, i, r) })
	return each(steps, b.Commands, func(i int, r *felt.Command) { s.commands.add(b.ID, i, *r) })
}

// interaction adds one, in place of its older versions; one that is withdrawn only takes them out.
func (s *Store) interaction(batch felt.BatchID, i int, r *felt.Interaction) {
	if newest, ok := s.corrected[r.ID]; ok && newest >= r.Version {
		return
	}
	if r.Version > 1 {
		s.corrected[r.ID] = r.Version
		s.interactions.drop(func(old *felt.Interaction) bool {
			if old.ID == r.ID {
				s.coarse.touch(old.End)
				s.replaced(old)
			}
			return old.ID == r.ID
		})
	}
	if r.Withdrawn() {
		return
	}
	s.coarse.touch(r.End)
	s.interactions.add(batch, i, *r)
}

func (s *Store) stateRows(b *felt.Batch) []func() {
	steps := each(nil, b.Findings, func(_ int, r *felt.Finding) {
		if old, ok := s.findings[r.ID]; !ok || r.Updated >= old.Updated {
			s.findings[r.ID] = *r
		}
	})
	steps = each(steps, b.Links, func(_ int, r *felt.Link) { s.link(*r) })
	steps = each(steps, b.Incidents, func(_ int, r *felt.Incident) {
		if old, ok := s.incidents[r.ID]; !ok || r.Version >= old.Version {
			s.incidents[r.ID] = *r
		}
	})
	steps = each(steps, b.IncidentCustomers, func(_ int, r *felt.IncidentCustomer) { s.harmed[harmedKey{r.Incident, r.Customer}] = *r })
	return each(steps, b.Changes, func(_ int, r *felt.Change) { s.changes[r.ID] = *r })
}
