package duckdb

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/estimate"
	"github.com/felt-cx/felt/core/rollup"
)

// An estimate is made of buckets, each part of the window from the widest that fit: see
// package rollup. What they do not cover, and what became known after the newest of them,
// comes from the interactions, whose hashes go into the same sketches. Sketches know
// neither links, nor levels of identity, nor what came of a failure: they count identities,
// and those numbers are zero.

// cell is what an estimate is grouped by; a part of it may be left zero.
type cell struct {
	scope int32
	start felt.Instant
	value string
}

// estimating is one question.
type estimating struct {
	s      *Store
	tx     *sql.Tx
	q      felt.Question
	in     []scopeRow
	filter filter
	group  func(scope int32, at felt.Instant, value string) cell

	split    rollup.Split
	pieces   []rollup.Piece
	admitted rollup.Admitted
	keys     map[int32]rollup.Key // of split, by scope
	cells    map[cell]*rollup.Sum
	open     func(rollup.Window) bool // windows that are to be made
}

func (s *Store) unanswerable(why string) error {
	return fmt.Errorf("duckdb: interactions in scope are too many (over %d) or forgotten, and %s: %w",
		s.opts.ExactLimit, why, felt.ErrUnanswerable)
}

// run fills the cells; step 0 is not stepped, by "" not split.
func (e *estimating) run(ctx context.Context, step felt.Instant, by string) error {
	e.cells = map[cell]*rollup.Sum{}
	var why string
	if e.split, why = rollup.SplitOf(e.q, by); why != "" {
		return e.s.unanswerable(why)
	}
	if err := e.values(ctx); err != nil {
		return err
	}
	kept, err := e.kept(ctx)
	if err != nil {
		return err
	}
	pieces, missing := rollup.Plan(e.q, step, kept)
	if missing != (felt.Window{}) {
		return e.s.unanswerable(rollup.Missing(missing))
	}
	e.pieces = pieces
	known, err := e.buckets(ctx)
	if err != nil {
		return err
	}
	return e.interactions(ctx, known)
}

// values reads which segment values have rows of their own.
func (e *estimating) values(ctx context.Context) error {
	if e.split.Key == "" {
		return nil
	}
	var err error
	if e.admitted, err = readAdmitted(ctx, e.tx); err != nil {
		return err
	}
	e.keys = map[int32]rollup.Key{}
	for _, sc := range e.in {
		k := rollup.Key{Env: clean(sc.Env), App: sc.App, Name: sc.Name, Key: e.split.Key}
		e.keys[sc.id] = k
		for _, v := range e.split.Values {
			if e.admitted.Lost(k, v) {
				return e.s.unanswerable(rollup.Lost(e.split.Key, v))
			}
		}
	}
	return nil
}

// kept says which rows there are.
func (e *estimating) kept(ctx context.Context) (rollup.Kept, error) {
	m, err := readMarks(ctx, e.tx)
	if err != nil {
		return rollup.Kept{}, err
	}
	long, done := m.from[felt.Hour], m.from[bucketWidth]
	if e.split.Key != "" {
		long, done = m.segments, 0
	}
	k := rollup.Kept{
		Interactions: m.interactions,
		Widths:       []rollup.Width{{Width: felt.Day, From: long}, {Width: felt.Hour, From: long}},
	}
	if e.split.Key == "" {
		k.Widths = append(k.Widths, rollup.Width{Width: felt.Minute, From: m.from[felt.Minute]},
			rollup.Width{Width: bucketWidth, From: m.from[bucketWidth]})
	}
	stale, err := readWindows(ctx, e.tx, "stale")
	if err != nil {
		return k, err
	}
	k.Stale = rollup.Stale(func(w rollup.Window) bool { return stale[w].stale }, done)
	e.open = rollup.Stale(func(w rollup.Window) bool { return stale[w].stale }, 0)
	const text = `SELECT coalesce(min(a), 0), coalesce(max(b), 0) FROM (
		SELECT min(ended) AS a, max(ended) AS b FROM interactions
		UNION ALL SELECT min(started), max(started) + 86400000000000 FROM buckets)`
	err = each(ctx, e.tx, text, nil, func(rows *sql.Rows) error { return rows.Scan(&k.Oldest, &k.Newest) })
	if err != nil {
		return k, fmt.Errorf("duckdb: find the oldest and the newest row: %w", err)
	}
	return k, nil
}

// most pieces in one statement.
const pieceBatch = 500

// each asks a question for all pieces that it is about, some at a time; condition writes one.
func (e *estimating) each(ctx context.Context, text string, f filter, condition func(rollup.Piece) string, scan func(*sql.Rows) error) error {
	var parts []string
	for _, p := range e.pieces {
		if c := condition(p); c != "" {
			parts = append(parts, c)
		}
	}
	for some := range slices.Chunk(parts, pieceBatch) {
		if err := each(ctx, e.tx, text+" AND ("+strings.Join(some, " OR ")+")", f.args, scan); err != nil {
			return fmt.Errorf("duckdb: estimate: %w", err)
		}
	}
	return nil
}

func (e *estimating) at(scope int32, at felt.Instant, value string) *rollup.Sum {
	c := e.group(scope, at, value)
	t := e.cells[c]
	if t == nil {
		t = &rollup.Sum{}
		e.cells[c] = t
	}
	return t
}

// buckets adds the buckets of the plan, and returns when the newest became known.
func (e *estimating) buckets(ctx context.Context) (felt.Tick, error) {
	known := felt.Tick(0)
	var f filter
	text := "SELECT " + bucketColumns + " FROM buckets WHERE scope IN (" + scopeIDs(e.in) + ") AND segment_key = " + f.bind(clean(e.split.Key))
	var b felt.Bucket
	err := e.each(ctx, text, f, func(p rollup.Piece) string {
		if p.Width == 0 {
			return ""
		}
		return fmt.Sprintf("(width = %d AND started >= %d AND started < %d)", p.Width/felt.Second, p.From, p.To)
	}, func(rows *sql.Rows) error {
		scope, err := scanBucket(rows, &b)
		if err != nil {
			return err
		}
		if e.split.Key != "" && !e.split.Has(b.SegmentValue) {
			return nil
		}
		known = max(known, b.Known)
		return e.at(scope, b.Start, b.SegmentValue).AddBucket(&b)
	})
	return known, err
}

// interactions adds those that the buckets of the plan do not count. Buckets of segments
// are made of all that there was.
func (e *estimating) interactions(ctx context.Context, known felt.Tick) error {
	var f filter
	value := "''"
	if e.split.Key != "" {
		value = f.splitBy(e.split.Key)
	}
	where := " FROM interactions WHERE scope IN (" + scopeIDs(e.in) + ")"
	condition := func(p rollup.Piece) string {
		switch {
		case p.Width == 0:
			return fmt.Sprintf("(ended >= %d AND ended < %d)", p.From, p.To)
		case e.split.Key == "":
			return fmt.Sprintf("(ended >= %d AND ended < %d AND known > %d)", p.From, p.To, known)
		}
		return ""
	}
	total := int64(0)
	err := e.each(ctx, "SELECT count(*)"+where, filter{}, condition, func(rows *sql.Rows) error {
		var n int64
		err := rows.Scan(&n)
		total += n
		return err
	})
	if err != nil {
		return err
	}
	if total > e.s.opts.ExactLimit {
		return e.s.unanswerable("too many lie outside of buckets")
	}
	columns := "SELECT scope, ended, " + value + ", outcome, weight, value_minor, duration, customer, session, account, known"
	return e.each(ctx, columns+where, f, condition, e.interaction)
}

func (e *estimating) interaction(rows *sql.Rows) error {
	var scope int32
	var end felt.Instant
	var value string
	var r rollup.Row
	err := rows.Scan(&scope, &end, &value, &r.Outcome, &r.Weight, &r.ValueMinor, &r.Duration,
		nullHash{&r.Customer}, nullHash{&r.Session}, nullHash{&r.Account}, &r.Known)
	if err != nil {
		return err
	}
	if e.split.Key != "" {
		value = e.admitted.As(e.keys[scope], unescaped(value))
		if !e.split.Has(value) {
			return nil
		}
	}
	e.at(scope, end, value).Add(&r)
	return nil
}

func (e *estimating) impact(ctx context.Context) (felt.Impact, error) {
	const others = 1 // the cell of those whose tries are told by others
	once := map[int32]bool{}
	for _, r := range told(e.in) {
		once[r.id] = true
	}
	e.group = func(scope int32, _ felt.Instant, _ string) cell {
		if once[scope] {
			return cell{}
		}
		return cell{scope: others}
	}
	if err := e.run(ctx, 0, ""); err != nil {
		return felt.Impact{}, err
	}
	all := e.cells[cell{}]
	if more := e.cells[cell{scope: others}]; more != nil {
		if all == nil {
			all = &rollup.Sum{}
		}
		all.MergeWho(more)
	}
	a := all.Answer()
	im := felt.Impact{
		Customers: a.Customers, Sessions: a.Sessions, Accounts: a.Accounts,
		Counts: a.Counts, Method: felt.MethodEstimate, Interval: a.Failed,
	}
	if estimate.Beyond(a.Adjusted, a.Counts) {
		im.Sampled, im.Adjusted, im.Method = true, a.Adjusted, felt.MethodLowerBound
	}
	if !e.filter.linked {
		return im, e.customerDays(ctx, &im)
	}
	links := int64(0) // each may join two that the sketch counts
	err := each(ctx, e.tx, "SELECT count(*) FROM links WHERE env = ?", []any{e.filter.env}, func(rows *sql.Rows) error {
		return rows.Scan(&links)
	})
	if err != nil {
		return felt.Impact{}, fmt.Errorf("duckdb: count links: %w", err)
	}
	im.Interval[0] = max(im.Interval[0]-links, min(im.Interval[0], 1))
	return im, nil
}

// customerDays counts customers exactly when customer days can: whole days, in an environment
// without links.
func (e *estimating) customerDays(ctx context.Context, im *felt.Impact) error {
	if len(e.q.Where) > 0 || e.q.Traffic != felt.TrafficCustomer {
		return nil
	}
	k, err := e.kept(ctx)
	if err != nil {
		return err
	}
	m, err := readMarks(ctx, e.tx)
	if err != nil || len(e.q.Except) > 0 || !rollup.WholeDays(e.q.Window, m.days, k.Oldest, k.Newest, e.open) {
		return err
	}
	marks := marksOf("{{from}}", e.q.From, "{{to}}", e.q.To, "{{scopes}}", scopeIDs(e.in))
	return ask(ctx, e.tx, "days_distinct", filter{}, marks, func(rows *sql.Rows) error {
		d := &im.Customers
		err := rows.Scan(&d.Total, &d.Failed, &d.Degraded)
		im.Interval = [2]int64{d.Failed, d.Failed}
		if im.Method == felt.MethodEstimate {
			im.Method = felt.MethodExact
		}
		return err
	})
}

func (e *estimating) stats(ctx context.Context, place map[int32]*felt.ScopeStat) error {
	e.group = func(scope int32, _ felt.Instant, _ string) cell { return cell{scope: scope} }
	if err := e.run(ctx, 0, ""); err != nil {
		return err
	}
	for c, sum := range e.cells {
		a, to := sum.Answer(), place[c.scope]
		to.Counts, to.Customers, to.Sessions = a.Counts, a.Customers, a.Sessions
		to.Sampled = estimate.Beyond(a.Adjusted, a.Counts)
	}
	return nil
}

func (e *estimating) points(ctx context.Context, step felt.Instant, by string) ([]felt.Point, error) {
	e.group = func(_ int32, at felt.Instant, value string) cell {
		c := cell{start: e.q.From + (at-e.q.From)/step*step}
		if by != "" {
			c.value = value
		}
		return c
	}
	if err := e.run(ctx, step, by); err != nil {
		return nil, err
	}
	list := make([]felt.Point, 0, len(e.cells))
	for c, sum := range e.cells {
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
	slices.SortFunc(list, func(a, b felt.Point) int { return cmp.Compare(a.Start, b.Start) }) // the caller sorts by value
	return list, nil
}

// countable counts the interactions of a question and tells whether it is answered
// from them: they are few enough, and none of its window was forgotten. Otherwise it
// returns what estimates.
func (s *Store) countable(ctx context.Context, tx *sql.Tx, q felt.Question, in []scopeRow, f filter, rows int64) (*estimating, error) {
	gone, err := forgotten(ctx, tx)
	if err != nil {
		return nil, err
	}
	if rows <= s.opts.ExactLimit && q.From >= gone {
		return nil, nil
	}
	return &estimating{s: s, tx: tx, q: q, in: in, filter: f}, nil
}
