package backtest

import (
	"errors"
	"fmt"
	"io"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/detect"
)

// gapMost is the longest time without a row that counts as nobody having come. What is longer
// was not recorded.
const gapMost = 7 * felt.Day

// windows puts rows into windows and has each judged, also those without a row.
type windows struct {
	r      *run
	line   *detect.Line
	terms  detect.Terms
	origin felt.Instant // start of some window
	open   bool
	start  felt.Instant // of the window being filled, with the clock's shift
	sum    Row
	lasts  [detect.Tests]int // index of the alarm that lasts, +1
	total  float64           // decided
	before int64             // decided in the row before
}

// counts judges windows of counts.
func (r *run) counts() error {
	w := windows{r: r, line: new(detect.Line), terms: r.o.terms(r.step)}
	var row Row
	for {
		err := r.next(&row)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := w.add(&row); err != nil {
			return err
		}
	}
	if w.open {
		w.judge()
		r.out.Last = w.start - r.clock.shift + r.step
		r.out.Volume = w.total / float64(r.out.Windows)
		r.out.Least = w.least(r.out.Volume)
	}
	return nil
}

// least is what each test would see at the usual volume, given what it knows by the end.
func (w *windows) least(volume float64) (out []Least) {
	for _, test := range w.r.tests() {
		w.r.out.kinds = append(w.r.out.kinds, string(kindOf(test)))
		for _, within := range leastWithin() {
			if within < w.r.step {
				continue
			}
			t := felt.Tick(within / felt.Second)
			if v, ok := w.line.Smallest(test, volume, t, &w.terms); ok {
				out = append(out, Least{Kind: string(kindOf(test)), Within: int64(t), Effect: v})
			}
		}
	}
	return out
}

// tests are those whose column the file has.
func (r *run) tests() []detect.Test {
	out := []detect.Test{detect.TestFailed}
	for _, c := range []struct {
		role role
		test detect.Test
	}{{roleDegraded, detect.TestDegraded}, {roleSlow, detect.TestSlow}, {roleAbandoned, detect.TestUnfinished}} {
		if r.rd.head.has[c.role] {
			out = append(out, c.test)
		}
	}
	return append(out, detect.TestDrop)
}

func kindOf(test detect.Test) felt.FindingKind {
	switch test {
	case detect.TestFailed:
		return felt.FindingFailed
	case detect.TestDegraded:
		return felt.FindingDegraded
	case detect.TestDrop:
		return felt.FindingDrop
	case detect.TestUnfinished:
		return felt.FindingFunnel
	default:
		return felt.FindingSlow
	}
}

// add takes a row, and judges the windows before it.
func (w *windows) add(row *Row) error {
	r := w.r
	at, ok := r.clock.at(row)
	if !ok {
		// A few rows out of order inside a window do no harm.
		if !w.open || row.At+r.clock.shift < w.start {
			return errUnsorted
		}
		at = row.At + r.clock.shift
	}
	if !w.open {
		w.origin, w.start, w.open = at, at, true
		r.out.First = row.At
	}
	off := (at - w.origin) % r.step
	if off != 0 {
		r.odd.offGrid++
	}
	if start := at - off; start != w.start {
		w.judge()
		w.gap(start, row.Line)
		w.start, w.sum = start, *row
	} else if r.out.Rows == 0 {
		w.sum = *row
	} else {
		r.odd.shared++
		w.sum.add(row)
	}
	r.out.Rows++
	n := row.Success + row.Degraded + row.Failed
	switch {
	case r.out.Rows == 1:
	case n > w.before:
		r.odd.grown++
	case n < w.before:
		r.odd.shrunk++
	}
	w.before = n
	return nil
}

func (s *Row) add(row *Row) {
	s.Success += row.Success
	s.Degraded += row.Degraded
	s.Failed += row.Failed
	s.Slow += row.Slow
	s.Abandoned += row.Abandoned
}

// gap judges the windows without a row up to start.
func (w *windows) gap(start felt.Instant, line int) {
	if start-w.start > gapMost {
		r := w.r
		if r.odd.restarts++; r.odd.restarts == 1 {
			r.odd.restart = line
		}
		for i := range w.lasts {
			w.end(i)
		}
		w.line = new(detect.Line)
		return
	}
	for w.start += w.r.step; w.start < start; w.start += w.r.step {
		w.sum = Row{}
		w.judge()
	}
}

// judge has the window judged that is full.
func (w *windows) judge() {
	r, c := w.r, &w.sum
	n := detect.Counts{Success: c.Success, Degraded: c.Degraded, Failed: c.Failed, Abandoned: c.Abandoned, Before: -1}
	if r.rd.head.has[roleSlow] {
		n.Timed = c.Success + c.Degraded
		n.Slow = min(c.Slow, n.Timed)
	}
	end := w.start + r.step
	w.total += float64(n.Decided())
	r.out.Windows++
	for _, e := range w.line.Step(felt.Tick(end/felt.Second), &n, &w.terms) {
		w.event(&e, end-r.clock.shift)
	}
	if r.o.Watch != nil {
		r.o.Watch.Window(w.start-r.clock.shift, c)
	}
}

// event notes what begins, pages and ends.
func (w *windows) event(e *detect.Event, at felt.Instant) {
	out := w.r.out
	if e.Opened || e.Worse {
		out.Alarms = append(out.Alarms, Alarm{At: at, Kind: string(e.Kind), Statistic: e.Statistic, Text: countsText(e)})
		w.lasts[e.Test] = len(out.Alarms)
	}
	i := w.lasts[e.Test] - 1
	if i < 0 {
		return
	}
	if a := &out.Alarms[i]; e.Paging && !a.Paging {
		a.Paging, a.PagedAt = true, at
	}
	if e.Ended {
		out.Alarms[i].Until = at
		w.lasts[e.Test] = 0
	}
}

func (w *windows) end(test int) {
	if i := w.lasts[test] - 1; i >= 0 {
		w.r.out.Alarms[i].Until = w.start + w.r.step - w.r.clock.shift
		w.lasts[test] = 0
	}
}

// countsText says it in one sentence.
func countsText(e *detect.Event) string {
	since := felt.Tick(e.Since).Instant().Time().Format("15:04:05")
	if e.Test == detect.TestDrop || e.Test == detect.TestSibling {
		return fmt.Sprintf("%.0f came since %s, %.0f were expected", e.Hit, since, e.N)
	}
	return fmt.Sprintf("%.0f of %.0f since %s (%.3g %%), against %.3g %% before", e.Hit, e.N, since,
		100*e.Hit/max(e.N, 1), 100*e.Expected)
}
