package mem

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rollup"
)

// coarse is what the store knows of the rows that it makes itself.
type coarse struct {
	rows     facts[felt.Bucket]
	windows  map[rollup.Window]window
	admitted rollup.Admitted
	from     map[felt.Instant]felt.Instant // by width: rows before are no longer all there
	days     felt.Instant                  // customer days before are no longer all there
	segments felt.Instant                  // nor rows of segment values
}

// window is one that has rows: stale when some came since it was made; made is the before
// of that, 0 never.
type window struct {
	stale bool
	made  felt.Instant
}

// touch says that rows of the hour of a time have changed.
func (c *coarse) touch(at felt.Instant) { c.stale(rollup.HourOf(at)) }

func (c *coarse) stale(w rollup.Window) {
	c.windows[w] = window{stale: true, made: c.windows[w].made}
}

// bucket adds a row of 10 seconds. When those of its time are gone, their sums get it.
func (s *Store) bucket(batch felt.BatchID, i int, r *felt.Bucket) {
	if r.Width != 10 || r.SegmentKey != "" {
		return // coarser ones are made here
	}
	if r.Start >= s.coarse.from[10*felt.Second] {
		s.coarse.touch(r.Start)
		s.buckets.add(batch, i, *r)
		return
	}
	for n, row := range rollup.Late(*r) {
		if row.Start >= s.coarse.from[min(felt.Instant(row.Width)*felt.Second, felt.Hour)] {
			s.coarse.rows.add(batch, 3*i+n, row)
		}
	}
}

// Compact implements [felt.Compactor].
func (s *Store) Compact(ctx context.Context, before felt.Instant, segmentMax int) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := int64(0)
	for _, width := range []felt.Instant{felt.Hour, felt.Day} {
		for _, w := range s.due(width, before) {
			if err := ctx.Err(); err != nil {
				return n, fmt.Errorf("mem: compact: %w", err)
			}
			made, err := s.make(w, segmentMax)
			if err != nil {
				return n, err
			}
			n += made
			s.coarse.windows[w] = window{made: before}
		}
	}
	return n, nil
}

// due lists the windows of a width to be made, in order of time.
func (s *Store) due(width, before felt.Instant) []rollup.Window {
	var list []rollup.Window
	for w, st := range s.coarse.windows {
		if w.Width == width && st.stale && rollup.Due(w, s.opts.Recovery, st.made, before) && s.ready(w) {
			list = append(list, w)
		}
	}
	slices.SortFunc(list, func(a, b rollup.Window) int { return cmp.Compare(a.Start, b.Start) })
	return list
}

// ready tells whether the hours that a day needs have been made.
func (s *Store) ready(w rollup.Window) bool {
	if w.Width < felt.Day {
		return true
	}
	return !slices.ContainsFunc(rollup.Needs(w, s.opts.Recovery), func(h rollup.Window) bool {
		st, seen := s.coarse.windows[h]
		return seen && st.made == 0
	})
}

func (s *Store) make(w rollup.Window, segmentMax int) (int64, error) {
	if w.Width == felt.Day {
		n, err := s.makeDay(w)
		return n + s.makeCustomerDays(w), err
	}
	n := int64(0)
	if w.Start >= s.coarse.from[10*felt.Second] {
		for _, width := range []felt.Instant{felt.Minute, felt.Hour} {
			made, err := s.merge(w, s.buckets.rows, 10, width)
			if err != nil {
				return n, err
			}
			n += made
		}
	}
	switch {
	case w.Start >= s.gone:
		n += s.makeSegments(w, segmentMax)
	case s.coarse.windows[w].made == 0: // too late for it
		s.coarse.segments = max(s.coarse.segments, w.End())
	}
	for _, day := range rollup.Days(w, s.opts.Recovery) {
		s.coarse.stale(day)
	}
	return n, nil
}

// merge replaces the rows of a width in a window by sums of finer ones; segment rows are
// made of finer segment rows.
func (s *Store) merge(w rollup.Window, fine []felt.Bucket, of int32, width felt.Instant) (int64, error) {
	type place struct {
		felt.Series
		start felt.Instant
	}
	sums := map[place]*rollup.Sum{}
	for i := range fine {
		b := &fine[i]
		if b.Width != of || b.Start < w.Start || b.Start >= w.End() {
			continue
		}
		p := place{b.Series, b.Start.Floor(width)}
		if sums[p] == nil {
			sums[p] = &rollup.Sum{}
		}
		if err := sums[p].AddBucket(b); err != nil {
			return 0, fmt.Errorf("mem: compact: %w", err)
		}
	}
	whole := of == 10
	s.coarse.rows.drop(func(b *felt.Bucket) bool {
		return b.Width == int32(width/felt.Second) && b.Start >= w.Start && b.Start < w.End() && (!whole || b.SegmentKey == "")
	})
	n := int64(0)
	for p, sum := range sums {
		if width < felt.Hour && p.start < s.coarse.from[width] {
			continue
		}
		s.coarse.rows.rows = append(s.coarse.rows.rows, sum.Bucket(p.Series, p.start, width))
		n++
	}
	return n, nil
}

// makeDay makes the buckets of a day.
func (s *Store) makeDay(w rollup.Window) (int64, error) {
	if w.Start < s.coarse.from[felt.Hour] {
		return 0, nil
	}
	return s.merge(w, slices.Clone(s.coarse.rows.rows), int32(felt.Hour/felt.Second), felt.Day)
}

// makeSegments makes the buckets of single segment values of an hour.
func (s *Store) makeSegments(w rollup.Window, segmentMax int) int64 {
	var firsts rollup.Firsts
	rows := s.between(w.Start, w.End())
	for _, r := range rows {
		firsts.Add(r.Env, r.App, r.Name, r.Segments, r.End)
	}
	firsts.Admit(&s.coarse.admitted, segmentMax)
	sums := map[felt.Series]*rollup.Sum{}
	for _, r := range rows {
		row := rollup.RowOf(r)
		for _, of := range s.coarse.admitted.SeriesOf(wholeOf(r), r.Segments) {
			if sums[of] == nil {
				sums[of] = &rollup.Sum{}
			}
			sums[of].Add(&row)
		}
	}
	s.coarse.rows.drop(func(b *felt.Bucket) bool {
		return b.Width == int32(felt.Hour/felt.Second) && b.Start == w.Start && b.SegmentKey != ""
	})
	for of, sum := range sums {
		s.coarse.rows.rows = append(s.coarse.rows.rows, sum.Bucket(of, w.Start, felt.Hour))
	}
	return int64(len(sums))
}

func wholeOf(r *felt.Interaction) felt.Series {
	return felt.Series{Env: r.Env, App: r.App, Name: r.Name, Kind: r.Kind, Traffic: r.Traffic}
}

// between lists what ended in a window, in order.
func (s *Store) between(from, to felt.Instant) []*felt.Interaction {
	var list []*felt.Interaction
	for i := range s.interactions.rows {
		if r := &s.interactions.rows[i]; r.End >= from && r.End < to {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b *felt.Interaction) int {
		return cmp.Or(cmp.Compare(a.End, b.End), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return list
}

// makeCustomerDays makes the rows of one day.
func (s *Store) makeCustomerDays(w rollup.Window) int64 {
	if w.Start < s.gone {
		if s.coarse.windows[w].made == 0 { // too late for it
			s.coarse.days = max(s.coarse.days, w.End())
		}
		return 0
	}
	type place struct {
		felt.Scope
		customer felt.Hash
	}
	of := map[place][]*felt.Interaction{}
	for _, r := range s.between(w.Start, w.End()+s.opts.Recovery+1) {
		if r.Traffic == felt.TrafficCustomer && !r.Customer.IsZero() {
			p := place{scopeOf(r), r.Customer}
			of[p] = append(of[p], r)
		}
	}
	s.days.drop(func(d *felt.CustomerDay) bool { return d.Day == w.Start })
	n := int64(0)
	for _, rows := range of {
		if rows[0].End >= w.End() {
			continue // only to see who recovered
		}
		s.days.rows = append(s.days.rows, customerDay(w, rows, s.opts.Recovery))
		n++
	}
	return n
}

// customerDay sums up what one customer did with one thing; rows are in order of their end.
func customerDay(w rollup.Window, rows []*felt.Interaction, recovery felt.Instant) felt.CustomerDay {
	r := rows[0]
	d := felt.CustomerDay{
		Day: w.Start, Env: r.Env, App: r.App, Kind: r.Kind, Customer: r.Customer, Journey: r.Name, FirstSeen: r.Start,
	}
	sessions := map[felt.Hash]bool{}
	for i, r := range rows {
		if r.End >= w.End() {
			break
		}
		d.Tries++
		d.Counts.Add(r.Outcome, 1)
		d.Retries += int64(r.Retries)
		d.FirstSeen, d.Last = min(d.FirstSeen, r.Start), max(d.Last, r.End)
		switch r.Outcome {
		case felt.OutcomeSuccess, felt.OutcomeDegraded:
			d.ValueMinor += r.ValueMinor
		case felt.OutcomeFailed:
			if slices.ContainsFunc(rows[i:], func(next *felt.Interaction) bool {
				return (next.Outcome == felt.OutcomeSuccess || next.Outcome == felt.OutcomeDegraded) &&
					next.End > r.End && next.End <= r.End+recovery
			}) {
				d.Recovered++
			}
		default:
		}
		if !r.Session.IsZero() {
			sessions[r.Session] = true
		}
		if !r.Account.IsZero() {
			d.Account = r.Account
		}
		if r.IdentityLevel != felt.LevelNone && (d.IdentityLevel == felt.LevelNone || r.IdentityLevel < d.IdentityLevel) {
			d.IdentityLevel = r.IdentityLevel
		}
		for to, key := range map[*string]string{&d.Platform: "platform", &d.Region: "region", &d.Plan: "plan"} {
			if v, ok := field(r, key); ok && v != "" {
				*to = v
			}
		}
	}
	d.Sessions = int64(len(sessions))
	return d
}
