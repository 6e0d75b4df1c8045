package mem

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/estimate"
	"github.com/felt-cx/felt/core/rollup"
)

// cell is what an estimate is grouped by; a part of it may be left zero.
type cell struct {
	felt.Scope
	start felt.Instant
	value string
	again bool // what others tell
}

// estimating is one question that is answered from buckets; package rollup says which.
type estimating struct {
	s      *Store
	q      felt.Question
	split  rollup.Split
	step   felt.Instant // 0: not stepped
	group  func(sc felt.Scope, at felt.Instant, value string) cell
	pieces []rollup.Piece
	cells  map[cell]*rollup.Sum
}

func (s *Store) unanswerable(why string) error {
	return fmt.Errorf("mem: interactions in scope are too many (over %d) or forgotten, and %s: %w", s.opts.ExactLimit, why, felt.ErrUnanswerable)
}

// estimate answers from buckets; what they do not cover, and what became known after the
// newest of them, comes from the interactions.
func (s *Store) estimate(q felt.Question, step felt.Instant, by string, group func(felt.Scope, felt.Instant, string) cell) (map[cell]*rollup.Sum, error) {
	split, why := rollup.SplitOf(q, by)
	if why == "" {
		why = s.lost(q, split)
	}
	if why != "" {
		return nil, s.unanswerable(why)
	}
	e := estimating{s: s, q: q, split: split, step: step, group: group, cells: map[cell]*rollup.Sum{}}
	pieces, missing := rollup.Plan(q, step, s.rowsKept(split))
	if missing != (felt.Window{}) {
		return nil, s.unanswerable(rollup.Missing(missing))
	}
	e.pieces = pieces
	known, err := e.buckets()
	if err != nil {
		return nil, err
	}
	rows := e.interactions(known)
	if int64(len(rows)) > s.opts.ExactLimit {
		return nil, s.unanswerable("too many lie outside of buckets")
	}
	for _, r := range rows {
		if value, ok := e.value(r); ok {
			row := rollup.RowOf(r)
			e.at(scopeOf(r), r.End, value).Add(&row)
		}
	}
	return e.cells, nil
}

// lost says which value that is asked for counts among others.
func (s *Store) lost(q felt.Question, split rollup.Split) string {
	for key := range s.last {
		for _, v := range split.Values {
			k := rollup.Key{Env: key.Env, App: key.App, Name: key.Name, Key: split.Key}
			if inScope(key.Scope, key.traffic, q) && s.coarse.admitted.Lost(k, v) {
				return rollup.Lost(split.Key, v)
			}
		}
	}
	return ""
}

// rowsKept says which rows there are for a question.
func (s *Store) rowsKept(split rollup.Split) rollup.Kept {
	from, whole := s.coarse.from, split.Key == ""
	long := from[felt.Hour]
	if !whole {
		long = max(long, s.coarse.segments)
	}
	k := rollup.Kept{
		Interactions: s.gone,
		Widths:       []rollup.Width{{Width: felt.Day, From: long}, {Width: felt.Hour, From: long}},
	}
	if whole {
		k.Widths = append(k.Widths, rollup.Width{Width: felt.Minute, From: from[felt.Minute]},
			rollup.Width{Width: 10 * felt.Second, From: from[10*felt.Second]})
	}
	done := felt.Instant(0) // hours before need no remaking
	if whole {
		done = from[10*felt.Second]
	}
	stale := func(w rollup.Window) bool { return s.coarse.windows[w].stale }
	k.Stale = rollup.Stale(stale, done)
	oldest, newest := felt.Instant(0), felt.Instant(0)
	see := func(at, end felt.Instant) {
		if newest == 0 || at < oldest {
			oldest = at
		}
		newest = max(newest, end)
	}
	for _, r := range s.interactions.rows {
		see(r.End, r.End)
	}
	for _, rows := range [][]felt.Bucket{s.buckets.rows, s.coarse.rows.rows} {
		for _, b := range rows {
			see(b.Start, b.Start+felt.Instant(b.Width)*felt.Second)
		}
	}
	k.Oldest, k.Newest = oldest, newest
	return k
}

// piece returns that in which a time lies.
func (e *estimating) piece(at felt.Instant) (rollup.Piece, bool) {
	i, _ := slices.BinarySearchFunc(e.pieces, at, func(p rollup.Piece, at felt.Instant) int { return cmp.Compare(p.To, at+1) })
	if i == len(e.pieces) || e.pieces[i].From > at {
		return rollup.Piece{}, false
	}
	return e.pieces[i], true
}

func (e *estimating) at(sc felt.Scope, t felt.Instant, value string) *rollup.Sum {
	c := e.group(sc, t, value)
	if e.cells[c] == nil {
		e.cells[c] = &rollup.Sum{}
	}
	return e.cells[c]
}

// buckets adds the buckets of the plan, and returns when the newest became known.
func (e *estimating) buckets() (felt.Tick, error) {
	known := felt.Tick(0)
	for _, rows := range [][]felt.Bucket{e.s.buckets.rows, e.s.coarse.rows.rows} {
		for i := range rows {
			b := &rows[i]
			sc := felt.Scope{Env: b.Env, App: b.App, Name: b.Name, Kind: b.Kind}
			p, ok := e.piece(b.Start)
			if !ok || p.Width != felt.Instant(b.Width)*felt.Second || b.SegmentKey != e.split.Key || !inScope(sc, b.Traffic, e.q) ||
				b.SegmentKey != "" && !e.split.Has(b.SegmentValue) {
				continue
			}
			known = max(known, b.Known)
			if err := e.at(sc, b.Start, b.SegmentValue).AddBucket(b); err != nil {
				return 0, fmt.Errorf("mem: estimate: %w", err)
			}
		}
	}
	return known, nil
}

// interactions are those that the buckets of the plan do not count. Those of segments are
// made of all that there was.
func (e *estimating) interactions(known felt.Tick) []*felt.Interaction {
	q := e.q
	q.Where = nil // of segments, after their values are known
	var list []*felt.Interaction
	for _, r := range e.s.matching(q) {
		if p, ok := e.piece(r.End); ok && (p.Width == 0 || e.split.Key == "" && r.Known > known) {
			list = append(list, r.Interaction)
		}
	}
	return list
}

// value is the value under which an interaction counts, if it is asked for.
func (e *estimating) value(r *felt.Interaction) (string, bool) {
	if e.split.Key == "" {
		return "", true
	}
	v, _ := field(r, e.split.Key)
	v = e.s.coarse.admitted.As(rollup.Key{Env: r.Env, App: r.App, Name: r.Name, Key: e.split.Key}, v)
	return v, e.split.Has(v)
}

func (s *Store) estimateImpact(q felt.Question) (felt.Impact, error) {
	again := s.repeated(q)
	cells, err := s.estimate(q, 0, "", func(sc felt.Scope, _ felt.Instant, _ string) cell { return cell{again: again(sc)} })
	if err != nil {
		return felt.Impact{}, err
	}
	a := united(cells).Answer()
	im := felt.Impact{
		Customers: a.Customers, Sessions: a.Sessions, Accounts: a.Accounts,
		Counts: a.Counts, Method: felt.MethodEstimate, Interval: a.Failed,
	}
	linked := false
	for key := range s.links { // each may join two that the sketch counts
		linked = linked || key.env == q.Env
		if key.env == q.Env && im.Interval[0] > 1 {
			im.Interval[0]--
		}
	}
	if estimate.Beyond(a.Adjusted, a.Counts) {
		im.Sampled, im.Adjusted, im.Method = true, a.Adjusted, felt.MethodLowerBound
	}
	if !linked {
		s.fromDays(q, &im)
	}
	return im, nil
}

// united are all who are in the cells, and what they did, once.
func united(cells map[cell]*rollup.Sum) *rollup.Sum {
	all := cells[cell{}]
	if others := cells[cell{again: true}]; others != nil {
		if all == nil {
			all = &rollup.Sum{}
		}
		all.MergeWho(others)
	}
	return all
}

// fromDays counts customers exactly when customer days can: whole days, in an environment
// without links.
func (s *Store) fromDays(q felt.Question, im *felt.Impact) {
	k := s.rowsKept(rollup.Split{})
	open := rollup.Stale(func(w rollup.Window) bool { return s.coarse.windows[w].stale }, 0)
	if len(q.Where)+len(q.Except) > 0 || q.Traffic != felt.TrafficCustomer || !rollup.WholeDays(q.Window, s.coarse.days, k.Oldest, k.Newest, open) {
		return
	}
	who := population{}
	for _, d := range s.days.rows {
		sc := felt.Scope{Env: d.Env, App: d.App, Name: d.Journey, Kind: d.Kind}
		if d.Day < q.From || d.Day >= q.To || !inScope(sc, felt.TrafficCustomer, q) {
			continue
		}
		for o, n := range map[felt.Outcome]int64{
			felt.OutcomeSuccess: d.Counts.Success, felt.OutcomeDegraded: d.Counts.Degraded,
			felt.OutcomeFailed: d.Counts.Failed, felt.OutcomeAbandoned: d.Counts.Abandoned,
		} {
			if n > 0 {
				who.add(d.Customer, o)
			}
		}
	}
	im.Customers = who.distinct()
	im.Interval = [2]int64{im.Customers.Failed, im.Customers.Failed}
	if im.Method == felt.MethodEstimate {
		im.Method = felt.MethodExact
	}
}

func (s *Store) estimateStats(q felt.Question, list []felt.ScopeStat) ([]felt.ScopeStat, error) {
	cells, err := s.estimate(q, 0, "", func(sc felt.Scope, _ felt.Instant, _ string) cell { return cell{Scope: sc} })
	if err != nil {
		return nil, err
	}
	for i := range list {
		a := cells[cell{Scope: list[i].Scope}].Answer()
		list[i].Counts, list[i].Customers, list[i].Sessions = a.Counts, a.Customers, a.Sessions
		list[i].Sampled = estimate.Beyond(a.Adjusted, a.Counts)
	}
	slices.SortFunc(list, func(a, b felt.ScopeStat) int { return byScope(a.Scope, b.Scope) })
	return list, nil
}

func (s *Store) estimatePoints(q felt.Question, step felt.Instant, by string) ([]felt.Point, error) {
	again := s.repeated(q)
	cells, err := s.estimate(q, step, by, func(sc felt.Scope, at felt.Instant, value string) cell {
		c := cell{start: q.From + (at-q.From)/step*step, again: again(sc)}
		if by != "" {
			c.value = value
		}
		return c
	})
	if err != nil {
		return nil, err
	}
	var list []felt.Point
	for c, sum := range cells {
		if c.again {
			continue
		}
		a := sum.Answer()
		p := felt.Point{
			Start: c.start, Counts: a.Counts, Customers: a.Customers, Sessions: a.Sessions, P50: a.P50, P95: a.P95, P99: a.P99,
			Sampled: estimate.Beyond(a.Adjusted, a.Counts),
		}
		if by != "" {
			p.Segment = []felt.Segment{{Key: by, Value: c.value}}
		}
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b felt.Point) int {
		c := cmp.Compare(a.Start, b.Start)
		if c == 0 && by != "" {
			c = cmp.Compare(a.Segment[0].Value, b.Segment[0].Value)
		}
		return c
	})
	return list, nil
}
