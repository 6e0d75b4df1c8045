package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rollup"
)

// made is a row of table buckets that Compact made.
type made struct {
	scope int32
	felt.Bucket
}

// hour makes the buckets of a minute and an hour, and those of single segment values.
func (c *compacting) hour(ctx context.Context) error {
	whole, segments := c.w.Start >= c.marks.from[bucketWidth], c.w.Start >= c.marks.interactions
	var what []string
	if whole {
		what = append(what, "buckets WHERE width = 10 AND "+c.within("started"))
	}
	if segments {
		what = append(what, "interactions WHERE "+c.within("ended"))
	}
	if !segments {
		if err := c.tooLate(ctx, "segments"); err != nil {
			return err
		}
	}
	if len(what) == 0 {
		return nil
	}
	what = append(what, "buckets WHERE width BETWEEN 60 AND 3600 AND "+c.within("started"))
	sizes, err := c.sizes(ctx, what...)
	if err != nil {
		return err
	}
	return c.chunks(sizes, chunkRows, func(ids []int32, _ int64) error {
		var rows []made
		var fresh []rollup.Value
		var old []string
		if whole {
			old = append(old, "width IN (60, 3600) AND segment_key = ''")
			if rows, err = c.minutes(ctx, ids); err != nil {
				return err
			}
		}
		if segments {
			old = append(old, "width = 3600 AND segment_key <> ''")
			more, values, err := c.segments(ctx, ids)
			if err != nil {
				return err
			}
			rows, fresh = append(rows, more...), values
		}
		return c.replace(ctx, ids, old, rows, fresh)
	})
}

// replace puts rows in place of the old ones of the window and some scopes.
func (c *compacting) replace(ctx context.Context, ids []int32, old []string, rows []made, fresh []rollup.Value) error {
	err := c.write(ctx, func(ctx context.Context, w *writing) error {
		for _, condition := range old {
			err := w.exec(ctx, "buckets", "DELETE FROM buckets WHERE "+condition+" AND "+c.within("started")+" AND "+inScopes(ids))
			if err != nil {
				return err
			}
		}
		err := w.appender("buckets", func(add func([]driver.Value) error) error {
			var row []driver.Value
			for i := range rows {
				row = bucketRow(rows[i].scope, &rows[i].Bucket, row[:0])
				if err := add(row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(fresh) == 0 {
			return err
		}
		return w.appender("admitted", func(add func([]driver.Value) error) error {
			for _, v := range fresh {
				if err := add([]driver.Value{clean(v.Env), clean(v.App), clean(v.Name), clean(v.Key.Key), clean(v.Value), v.Overflow}); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err == nil {
		c.rows += int64(len(rows))
	}
	return err
}

// minutes merges the buckets of 10 seconds, which come in order, so that one minute and one
// hour are open at a time.
func (c *compacting) minutes(ctx context.Context, ids []int32) ([]made, error) {
	var list []made
	minute := sums{c: c, width: felt.Minute, list: &list}
	hour := sums{c: c, width: felt.Hour, list: &list}
	minute.into = &hour
	var b felt.Bucket
	err := c.eachBucket(ctx, "width = 10 AND segment_key = ''", ids, &b, minute.add)
	if err == nil {
		minute.flush()
		hour.flush()
	}
	return list, err
}

// eachBucket calls do with each bucket of the window in order of scope, segment and start.
func (c *compacting) eachBucket(ctx context.Context, which string, ids []int32, b *felt.Bucket, do func(scope int32, b *felt.Bucket) error) error {
	text := "SELECT " + bucketColumns + " FROM buckets WHERE " + which + " AND " + c.within("started") + " AND " + inScopes(ids) +
		" ORDER BY scope, segment_key, segment_value, started"
	return each(ctx, c.tx, text, nil, func(rows *sql.Rows) error {
		scope, err := scanBucket(rows, b)
		if err != nil {
			return err
		}
		return do(scope, b)
	})
}

// sums adds up rows that come in order of series and time.
type sums struct {
	c     *compacting
	width felt.Instant
	list  *[]made
	into  *sums // takes what is done, too

	open       rollup.Sum
	any        bool
	scope      int32
	key, value string
	start      felt.Instant
}

// turn closes the open row when the next one is another.
func (s *sums) turn(scope int32, key, value string, start felt.Instant) {
	start = start.Floor(s.width)
	if s.any && s.scope == scope && s.key == key && s.value == value && s.start == start {
		return
	}
	s.flush()
	s.any, s.scope, s.key, s.value, s.start = true, scope, key, value, start
}

func (s *sums) add(scope int32, b *felt.Bucket) error {
	s.turn(scope, b.SegmentKey, b.SegmentValue, b.Start)
	return s.open.AddBucket(b)
}

func (s *sums) flush() {
	if !s.any {
		return
	}
	s.any = false
	if s.into != nil {
		s.into.turn(s.scope, s.key, s.value, s.start)
		s.into.open.Merge(&s.open)
	}
	if s.width >= felt.Hour || s.start >= s.c.marks.from[s.width] {
		of := s.c.scopes[s.scope]
		of.SegmentKey, of.SegmentValue = s.key, s.value
		*s.list = append(*s.list, made{s.scope, s.open.Bucket(of, s.start, s.width)})
	}
	s.open.Reset()
}

// segmentsRow is a text of segments of one scope: rows of it count in the same series.
type segmentsRow struct {
	scope int32
	text  string
}

// segments counts the interactions of an hour by single segment values.
func (c *compacting) segments(ctx context.Context, ids []int32) ([]made, []rollup.Value, error) {
	var firsts rollup.Firsts
	texts := map[segmentsRow][]felt.Segment{}
	from := " FROM interactions WHERE segments <> '' AND " + c.within("ended") + " AND " + inScopes(ids)
	err := each(ctx, c.tx, "SELECT scope, segments, min(ended)"+from+" GROUP BY scope, segments", nil, func(rows *sql.Rows) error {
		var r segmentsRow
		var first felt.Instant
		err := rows.Scan(&r.scope, &r.text, &first)
		of := c.scopes[r.scope]
		texts[r] = decodeSegments(r.text)
		firsts.Add(of.Env, of.App, of.Name, texts[r], first)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	fresh := firsts.Admit(&c.admitted, c.segmentMax)
	type place struct {
		scope int32
		of    felt.Series
	}
	all := map[place]*rollup.Sum{}
	counted := make(map[segmentsRow][]*rollup.Sum, len(texts))
	for r, segments := range texts {
		for _, of := range c.admitted.SeriesOf(c.scopes[r.scope], segments) {
			p := place{r.scope, of}
			if all[p] == nil {
				all[p] = &rollup.Sum{}
			}
			counted[r] = append(counted[r], all[p])
		}
	}
	if err := c.count(ctx, from, counted); err != nil {
		return nil, nil, err
	}
	list := make([]made, 0, len(all))
	for p, sum := range all {
		list = append(list, made{p.scope, sum.Bucket(p.of, c.w.Start, felt.Hour)})
	}
	return list, fresh, nil
}

// count streams interactions into the sums in which they count.
func (c *compacting) count(ctx context.Context, from string, counted map[segmentsRow][]*rollup.Sum) error {
	const columns = "SELECT scope, segments, outcome, weight, value_minor, duration, customer, session, account, known"
	return each(ctx, c.tx, columns+from, nil, func(rows *sql.Rows) error {
		var at segmentsRow
		var r rollup.Row
		err := rows.Scan(&at.scope, &at.text, &r.Outcome, &r.Weight, &r.ValueMinor, &r.Duration,
			nullHash{&r.Customer}, nullHash{&r.Session}, nullHash{&r.Account}, &r.Known)
		if err != nil {
			return err
		}
		for _, sum := range counted[at] {
			sum.Add(&r)
		}
		return nil
	})
}

// day makes the buckets of a day, and the rows of its customers.
func (c *compacting) day(ctx context.Context) error {
	for _, r := range []struct {
		from felt.Instant
		kind string
	}{{c.marks.from[felt.Hour], "segment_key = ''"}, {c.marks.segments, "segment_key <> ''"}} {
		if c.w.Start < r.from {
			continue
		}
		if err := c.dayBuckets(ctx, r.kind); err != nil {
			return err
		}
	}
	if c.w.Start < c.marks.interactions {
		return c.tooLate(ctx, "days")
	}
	return c.customerDays(ctx)
}

// dayBuckets makes the buckets of a day, of the whole or of segment values.
func (c *compacting) dayBuckets(ctx context.Context, kind string) error {
	sizes, err := c.sizes(ctx, "buckets WHERE width >= 3600 AND "+kind+" AND "+c.within("started"))
	if err != nil {
		return err
	}
	return c.chunks(sizes, chunkRows, func(ids []int32, _ int64) error {
		var list []made
		day := sums{c: c, width: felt.Day, list: &list}
		var b felt.Bucket
		if err := c.eachBucket(ctx, "width = 3600 AND "+kind, ids, &b, day.add); err != nil {
			return err
		}
		day.flush()
		return c.replace(ctx, ids, []string{"width = 86400 AND " + kind}, list, nil)
	})
}

// customerRows is about how many interactions are summed up at a time for customers.
const customerRows = 500_000

// customerDays makes the rows of what each customer did with each thing on the day.
func (c *compacting) customerDays(ctx context.Context) error {
	sizes, err := c.sizes(ctx, "interactions WHERE "+c.within("ended"))
	if err != nil {
		return err
	}
	of := map[int32]int64{}
	for id, sc := range c.scopes {
		if sc.Traffic == felt.TrafficCustomer {
			of[id] = sizes[id] // those without rows, too: they may have had some
		}
	}
	return c.chunks(of, customerRows, func(ids []int32, rows int64) error {
		parts := rows/customerRows + 1 // more than one only when one name has more
		for part := range parts {
			err := c.write(ctx, func(ctx context.Context, w *writing) error {
				return c.customers(ctx, w, ids, part, parts)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// textOf writes a value of a segment as it was before it was escaped.
func textOf(column string) string {
	return "coalesce(replace(replace(replace(" + column +
		", chr(29) || '2', chr(31)), chr(29) || '1', chr(30)), chr(29) || '0', chr(29)), '')"
}

func (c *compacting) customers(ctx context.Context, w *writing, ids []int32, part, parts int64) error {
	if part == 0 {
		err := w.exec(ctx, "customer_days", fmt.Sprintf(`DELETE FROM customer_days USING scopes s WHERE day = %d AND s.%s
			AND customer_days.env = s.env AND customer_days.app = s.app AND journey = s.name AND customer_days.kind = s.kind`,
			c.w.Start, "id"+inScopes(ids)[len("scope"):]))
		if err != nil {
			return err
		}
	}
	text, err := query("customer_days")
	if err != nil {
		return err
	}
	f := marksOf("{{from}}", c.w.Start, "{{to}}", c.w.End(), "{{recovery}}", c.s.opts.Recovery)
	f = append(f, "{{in}}", inScopes(ids), "{{part}}", fmt.Sprintf("hash(customer) %% %d = %d", parts, part))
	for _, key := range []string{"platform", "region", "plan"} {
		f = append(f, "{{text "+key+"}}", textOf("d."+key))
	}
	res, err := c.s.conn.ExecContext(ctx, fill(text, f))
	if err != nil {
		return fmt.Errorf("duckdb: write customer_days: %w", err)
	}
	n, err := res.RowsAffected()
	c.rows += n
	return err
}
