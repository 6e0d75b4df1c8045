package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rollup"
)

// window is what table windows says of one: stale when rows came since it was made; made is
// the before of that, 0 never.
type window struct {
	stale bool
	made  felt.Instant
}

// marks are the times of table marks from which on rows are all there.
type marks struct {
	interactions felt.Instant                  // forgotten
	segments     felt.Instant                  // rows of segment values
	days         felt.Instant                  // customer days
	from         map[felt.Instant]felt.Instant // buckets, by width; days go with hours
}

// markOf is the name of the mark of a width.
func markOf(width felt.Instant) string { return fmt.Sprintf("b%d", width/felt.Second) }

func readMarks(ctx context.Context, db asker) (marks, error) {
	m := marks{from: map[felt.Instant]felt.Instant{}}
	err := each(ctx, db, "SELECT what, value FROM marks", nil, func(rows *sql.Rows) error {
		var what string
		var value felt.Instant
		err := rows.Scan(&what, &value)
		switch what {
		case "forgotten":
			m.interactions = value
		case "segments":
			m.segments = value
		case "days":
			m.days = value
		}
		for _, width := range []felt.Instant{bucketWidth, felt.Minute, felt.Hour} {
			if what == markOf(width) {
				m.from[width] = value
			}
		}
		return err
	})
	if err != nil {
		return m, fmt.Errorf("duckdb: read table marks: %w", err)
	}
	return m, nil
}

func readWindows(ctx context.Context, db asker, where string) (map[rollup.Window]window, error) {
	list := map[rollup.Window]window{}
	err := each(ctx, db, "SELECT width, started, made, stale FROM windows WHERE "+where, nil, func(rows *sql.Rows) error {
		var seconds int64
		var start felt.Instant
		var st window
		err := rows.Scan(&seconds, &start, &st.made, &st.stale)
		list[rollup.Window{Width: felt.Instant(seconds) * felt.Second, Start: start}] = st
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("duckdb: read table windows: %w", err)
	}
	return list, nil
}

// touch notes that rows of the hour of a time have changed.
func (w *writing) touch(at felt.Instant) {
	hour := rollup.HourOf(at)
	if hour != w.touched {
		w.touched = hour
		w.stale(hour)
	}
}

// stale notes that a window is to be made.
func (w *writing) stale(of rollup.Window) {
	w.s.changes[of]++
	st, there := w.s.known.windows[of]
	if st.stale {
		return
	}
	st.stale = true
	w.window(of, st, there)
}

// window notes what is to be written of a window.
func (w *writing) window(of rollup.Window, st window, there bool) {
	if w.windows == nil {
		w.windows = map[rollup.Window]bool{}
	}
	if old, noted := w.windows[of]; noted {
		there = old
	}
	w.windows[of] = there
	w.s.known.windows[of] = st
}

// saveWindows writes the windows that have changed.
func (w *writing) saveWindows(ctx context.Context) error {
	var old, fresh []string
	for of, there := range w.windows {
		st := w.s.known.windows[of]
		row := fmt.Sprintf("(%d,%d,%d,%t)", of.Width/felt.Second, of.Start, st.made, st.stale)
		if there {
			old = append(old, row)
		} else {
			fresh = append(fresh, row)
		}
	}
	w.windows = nil
	if len(fresh) > 0 {
		if err := w.exec(ctx, "windows", "INSERT INTO windows VALUES "+strings.Join(fresh, ",")); err != nil {
			return err
		}
	}
	if len(old) == 0 {
		return nil
	}
	return w.exec(ctx, "windows", "UPDATE windows SET made = v.made, stale = v.stale FROM (VALUES "+strings.Join(old, ",")+
		") AS v(width, started, made, stale) WHERE windows.width = v.width AND windows.started = v.started")
}

// buckets appends the buckets of 10 seconds. What comes when those of its time are gone
// goes to their sums instead: those are rows that merge, too.
func (w *writing) buckets() error {
	n := 0
	for _, b := range w.batches {
		n += len(b.Buckets)
	}
	if n == 0 {
		return nil
	}
	from := w.s.known.marks.from
	return w.appender("buckets", func(add func([]driver.Value) error) error {
		var row []driver.Value
		put := func(r *felt.Bucket) error {
			row = bucketRow(w.scopeID(scope{r.Env, r.App, r.Name, r.Kind, r.Traffic}), r, row[:0])
			return add(row)
		}
		for _, b := range w.batches {
			for i := range b.Buckets {
				r := &b.Buckets[i]
				if felt.Instant(r.Width)*felt.Second != bucketWidth || r.SegmentKey != "" {
					continue // coarser ones are made here
				}
				if r.Start >= from[bucketWidth] {
					w.touch(r.Start)
					if err := put(r); err != nil {
						return err
					}
					continue
				}
				for _, late := range rollup.Late(*r) {
					if late.Start < from[min(felt.Instant(late.Width)*felt.Second, felt.Hour)] {
						continue
					}
					if err := put(&late); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
}

func bucketRow(scope int32, r *felt.Bucket, to []driver.Value) []driver.Value {
	to = append(to, scope, clean(r.SegmentKey), clean(r.SegmentValue), int64(r.Start), r.Width, int64(r.Known))
	to = counts(r.Counts, to)
	return append(to, adjusted(r), values(r), encodeSketches(r.Customers), encodeSketches(r.Sessions),
		encodeSketches(r.Accounts), encodeSketches(r.Latency))
}

// bucketColumns are those that scanBucket reads.
const bucketColumns = `scope, segment_key, segment_value, started, width, known,
	success, degraded, failed, abandoned, cancelled, open, adjusted, value_minor, customers, sessions, accounts, latency`

// scanBucket reads a bucket but for its scope, which it returns. Its sketches are valid until
// the next row.
func scanBucket(rows *sql.Rows, b *felt.Bucket) (int32, error) {
	var scope int32
	var enc [4]sql.RawBytes
	var weights, minor any
	c := &b.Counts
	err := rows.Scan(&scope, &b.SegmentKey, &b.SegmentValue, &b.Start, &b.Width, &b.Known,
		&c.Success, &c.Degraded, &c.Failed, &c.Abandoned, &c.Cancelled, &c.Open, &weights, &minor,
		&enc[0], &enc[1], &enc[2], &enc[3])
	if err != nil {
		return 0, err
	}
	b.Adjusted = same(*c)
	if err := numbersOf(weights, &b.Adjusted); err != nil {
		return 0, err
	}
	b.ValueMinor = [felt.Outcomes]int64{}
	if err := numbersOf(minor, &b.ValueMinor); err != nil {
		return 0, err
	}
	for i, to := range []*felt.Sketches{&b.Customers, &b.Sessions, &b.Accounts, &b.Latency} {
		parts, err := decodeSketches(enc[i])
		if err != nil {
			return 0, err
		}
		*to = felt.Sketches{Success: parts[0], Degraded: parts[1], Failed: parts[2], Abandoned: parts[3]}
	}
	return scope, nil
}

// numbersOf reads a list with a number for each outcome; NULL leaves what is there.
func numbersOf[T int64 | float64](v any, to *[felt.Outcomes]T) error {
	if v == nil {
		return nil
	}
	list, ok := v.([]any)
	if !ok || len(list) != felt.Outcomes {
		return fmt.Errorf("column of outcomes: %v, not a list of %d", v, felt.Outcomes)
	}
	for i := range list {
		if to[i], ok = list[i].(T); !ok {
			return fmt.Errorf("column of outcomes: %T, not a number", list[i])
		}
	}
	return nil
}
