package rollup

import "github.com/felt-cx/felt"

// Piece is a part of a window and the width of the buckets that answer it; 0 is the
// interactions.
type Piece struct {
	From, To felt.Instant
	Width    felt.Instant
}

// Kept says which rows there are.
type Kept struct {
	Widths       []Width                // widest first
	Interactions felt.Instant           // those that ended from here on are all there
	Oldest       felt.Instant           // no row is older, but for those that are no longer kept
	Newest       felt.Instant           // nor newer
	Stale        func(hour Window) bool // of an hour or a day: its coarse rows are not all there yet
}

// Width is one width of buckets, of which the rows from a time on are there.
type Width struct {
	Width felt.Instant
	From  felt.Instant
}

// Plan cuts what a question is about of its window into pieces in order of time, each as wide as can be: a bucket must
// lie inside the window and inside one of its steps (0: not stepped), be kept, and not be
// stale. What no bucket covers is left to the interactions. It returns the first part that
// nothing covers; empty when there is none.
// Steps are counted from the start of the window.
func Plan(q felt.Question, step felt.Instant, k Kept) (pieces []Piece, missing felt.Window) {
	p := planner{w: q.Window, step: step, kept: k}
	least := k.Interactions
	for _, width := range k.Widths {
		least = min(least, width.From)
	}
	for _, w := range q.Windows() {
		switch {
		case least <= 0:
			w.From = max(w.From, k.Oldest.Floor(felt.Day))
		case w.From < least:
			return nil, felt.Window{From: w.From, To: min(w.To, least)}
		}
		w.To = min(w.To, -(-k.Newest - 1).Floor(felt.Day))
		p.cover(w, 0)
	}
	return p.pieces, p.missing
}

// manySteps is when a step that cuts buckets is no longer worth the pieces it makes.
const manySteps = 2000

type planner struct {
	w       felt.Window
	step    felt.Instant
	kept    Kept
	pieces  []Piece
	missing felt.Window
}

// cover covers a part of the window with the widths from the nth on.
func (p *planner) cover(w felt.Window, nth int) {
	if w.From >= w.To {
		return
	}
	if nth == len(p.kept.Widths) {
		p.interactions(w)
		return
	}
	width := p.kept.Widths[nth].Width
	if p.step%width != 0 || p.step > 0 && p.w.From%width != 0 && (p.w.To-p.w.From)/p.step > manySteps {
		p.cover(w, nth+1)
		return
	}
	left := w.From // where what is not yet covered begins
	from := max(-(-w.From).Floor(width), -(-p.kept.Widths[nth].From).Floor(width))
	for at := from; at+width <= w.To; at += width {
		if !p.usable(Window{width, at}) {
			continue
		}
		p.cover(felt.Window{From: left, To: at}, nth+1)
		p.add(Piece{at, at + width, width})
		left = at + width
	}
	p.cover(felt.Window{From: left, To: w.To}, nth+1)
}

// usable tells whether a bucket may be counted.
func (p *planner) usable(b Window) bool {
	if p.step > 0 && (b.Start-p.w.From)/p.step != (b.End()-1-p.w.From)/p.step {
		return false
	}
	switch b.Width {
	case felt.Day, felt.Hour:
		return !p.kept.Stale(b)
	case felt.Minute:
		return !p.kept.Stale(HourOf(b.Start))
	default:
		return true
	}
}

func (p *planner) interactions(w felt.Window) {
	if w.From < p.kept.Interactions {
		if p.missing == (felt.Window{}) {
			p.missing = felt.Window{From: w.From, To: min(w.To, p.kept.Interactions)}
		}
		return
	}
	p.add(Piece{w.From, w.To, 0})
}

// add joins neighbours of one width.
func (p *planner) add(next Piece) {
	if n := len(p.pieces); n > 0 && p.pieces[n-1].To == next.From && p.pieces[n-1].Width == next.Width {
		p.pieces[n-1].To = next.To
		return
	}
	p.pieces = append(p.pieces, next)
}

// Stale tells of hours and days whether their coarse rows are not all there, given the
// windows that are to be made. Hours before done are not made any more: what comes late
// is put into their rows.
func Stale(open func(Window) bool, done felt.Instant) func(Window) bool {
	return func(w Window) bool {
		if w.Width == felt.Hour {
			return w.Start >= done && open(w)
		}
		if open(w) {
			return true
		}
		for at := max(w.Start, done); at < w.End(); at += felt.Hour {
			if open(Window{felt.Hour, at}) {
				return true
			}
		}
		return false
	}
}

// Missing says in words what nothing covers.
func Missing(w felt.Window) string {
	return "nothing finer than a whole bucket is kept from " + w.From.Time().Format("2006-01-02 15:04:05") +
		" to " + w.To.Time().Format("2006-01-02 15:04:05") + " UTC: ask for whole days or hours"
}

// Lost says in words that a value counts among others.
func Lost(key, value string) string {
	return "the value " + value + " of " + key + " came when there were enough: it is in " + key + "=" + Other
}
