package slo

import (
	"math"

	"github.com/felt-cx/felt"
)

// What makes a pair of windows speak; see the package page.
const (
	MinBad = 5    // bad ones in the long window
	Chance = 1e-6 // that so many are bad when the share is the allowed one
)

// Pair is a long and a short window, and the burn rate that both must reach.
type Pair struct {
	Factor      float64
	Long, Short felt.Instant
	Paging      bool
}

// Pairs are the pairs of the SRE workbook, fastest first.
func Pairs() [3]Pair {
	return [3]Pair{
		{14.4, felt.Hour, 5 * felt.Minute, true},
		{6, 6 * felt.Hour, 30 * felt.Minute, true},
		{1, 3 * felt.Day, 6 * felt.Hour, false},
	}
}

// Reading is what an objective says after a step.
type Reading struct {
	Lasting bool      // at least one pair fires
	Opened  bool      // with this step
	Ended   bool      // with this step
	Paging  bool      // a paging pair has fired since it opened
	Paged   bool      // the first paging pair fired with this step
	Pair    Pair      // the fastest that fires; of an end, the last that did; else zero
	Since   felt.Tick // start of the slot with which the evidence began; 0 when nothing lasts or ends
	Burn    float64   // burn rate in the long window of Pair, in the last hour when nothing lasts
	Short   float64   // burn rate in its short window, in the last 5 min when nothing lasts
	Bad, N  int64     // in that long window
	// Statistic is minus the logarithm of the chance of Bad of N at the allowed share, nats.
	Statistic float64
}

// state of one pair.
type pairState struct {
	fires bool
	below felt.Tick // seconds for which the condition has not held, while somebody tried
	since felt.Tick
}

// Burn watches one objective. It is for one goroutine; the zero value is not usable.
type Burn struct {
	target  float64
	window  felt.Instant
	now     felt.Tick // last step; 0 none
	first   felt.Tick // start of the first step with a try; 0 none
	minutes ring
	hours   ring
	budget  ring
	pairs   [3]pairState
	paging  bool
	last    Pair // of what fired last
	opened  felt.Tick
}

// New returns the watch of an objective: target is the share that must be good, 0 < target
// < 1, over a window of at least an hour (28 d when 0). A target outside leaves no budget
// or no demand; it is taken to the nearest that makes sense.
func New(target float64, window felt.Instant) *Burn {
	b := &Burn{minutes: newRing(60, 6*60), hours: newRing(3600, 72)}
	b.target, b.window = sane(target, window)
	b.budget = budgetRing(b.window)
	return b
}

func sane(target float64, window felt.Instant) (float64, felt.Instant) {
	if !(target > 0) { // also when it is not a number
		target = 1e-6
	}
	if window <= 0 {
		window = 28 * felt.Day
	}
	return min(target, 1-1e-9), max(window, felt.Hour)
}

// Change takes a new target and window, as New does, and keeps what is known, to the
// width of the slots of the old window.
func (b *Burn) Change(target float64, window felt.Instant) {
	target, window = sane(target, window)
	if window != b.window {
		old := b.budget
		b.budget = budgetRing(window)
		old.each(func(start felt.Tick, c count) {
			b.budget.add(start+1, c)
		})
		if b.now != 0 {
			b.budget.advance(b.now)
		}
	}
	b.target, b.window = target, window
}

// Allowed is the share that may go wrong.
func (b *Burn) Allowed() float64 { return 1 - b.target }

// Step takes the tries that became known in the window that ends at t, of which bad
// went wrong; 0 <= bad <= n. Steps are for growing t: an earlier one counts as of the last.
// They may be left out when nobody tried, but not while a reading lasts, or it lasts longer:
// what was left out speaks for nothing.
func (b *Burn) Step(t felt.Tick, bad, n int64) Reading {
	t = max(t, b.now)
	passed := felt.Tick(0)
	if b.now != 0 {
		passed = min(t-b.now, 60)
	}
	b.now = t
	n = max(n, 0)
	c := count{min(max(bad, 0), n), n}
	if b.first == 0 && n > 0 {
		b.first = t
	}
	b.minutes.add(t, c)
	b.hours.add(t, c)
	b.budget.add(t, c)
	return b.judge(passed, c.bad > 0)
}

// judge decides about every pair, passed seconds after the last step. Only something that
// went wrong just now opens: that older good ones leave a window is no news.
func (b *Burn) judge(passed felt.Tick, worse bool) Reading {
	was := b.lasting()
	for i, p := range Pairs() {
		s := &b.pairs[i]
		long, short := b.sum(p.Long), b.sum(p.Short)
		switch holds := b.holds(p, long, short); {
		case holds && s.fires:
			s.below = 0
		case holds && worse:
			*s = pairState{fires: true, since: b.began(p)}
		case !s.fires:
		case long.n == 0:
			*s = pairState{}
		case short.n > 0:
			s.below += passed
			if s.below >= felt.Tick(p.Short/felt.Second) {
				*s = pairState{}
			}
		}
	}
	return b.reading(was)
}

// holds tells whether the pair's condition is met.
func (b *Burn) holds(p Pair, long, short count) bool {
	return b.rate(long) >= p.Factor && b.rate(short) >= p.Factor && Evidence(long.bad, long.n, b.Allowed())
}

func (b *Burn) lasting() bool {
	return b.pairs[0].fires || b.pairs[1].fires || b.pairs[2].fires
}

// reading puts the state into words; was tells whether something fired before.
func (b *Burn) reading(was bool) Reading {
	r := Reading{Lasting: b.lasting()}
	r.Opened, r.Ended = r.Lasting && !was, was && !r.Lasting
	show := Pairs()[0]
	for i := len(b.pairs) - 1; i >= 0; i-- {
		p, s := Pairs()[i], b.pairs[i]
		if !s.fires {
			continue
		}
		show, b.last = p, p
		if b.opened == 0 || s.since < b.opened {
			b.opened = s.since
		}
		if p.Paging && !b.paging {
			b.paging, r.Paged = true, true
		}
	}
	if r.Lasting || r.Ended {
		r.Pair, r.Since, r.Paging = b.last, b.opened, b.paging
		show = b.last
	}
	if r.Ended {
		b.last, b.opened, b.paging = Pair{}, 0, false
	}
	long := b.sum(show.Long)
	r.Burn, r.Short = b.rate(long), b.rate(b.sum(show.Short))
	r.Bad, r.N = long.bad, long.n
	r.Statistic = nats(long, b.Allowed())
	return r
}

// Rate is the burn rate over the last span and the tries behind it: 5 min, 30 min, 1 h,
// 6 h or 3 d, else the budget's window. No tries, no rate: n is 0.
func (b *Burn) Rate(span felt.Instant) (rate float64, bad, n int64) {
	c := b.sum(span)
	return b.rate(c), c.bad, c.n
}

// rate is the burn rate of a count; 0 of nothing.
func (b *Burn) rate(c count) float64 {
	if c.n == 0 {
		return 0
	}
	return float64(c.bad) / float64(c.n) / b.Allowed()
}

func (b *Burn) sum(span felt.Instant) count {
	switch t := felt.Tick(span / felt.Second); {
	case t <= 6*3600:
		return b.minutes.sum(int(t / 60))
	case t == 72*3600:
		return b.hours.sum(72)
	}
	return b.budget.sum(len(b.budget.slots))
}

// began is the start of the run of slots up to now that stands out most from what is
// half way to the pair's factor.
func (b *Burn) began(p Pair) felt.Tick {
	r, slots := &b.minutes, int(p.Long/felt.Minute)
	if p.Long > 6*felt.Hour {
		r, slots = &b.hours, 72
	}
	usual := b.Allowed() * math.Max(1, p.Factor/2)
	best, sum, since := 0.0, 0.0, r.start(r.now)
	for i := range slots {
		c := r.at(r.now - int64(i))
		sum += float64(c.bad) - usual*float64(c.n)
		if sum > best && c.bad > 0 {
			best, since = sum, r.start(r.now-int64(i))
		}
	}
	return since
}

// Budget is the error budget of an objective's window.
type Budget struct {
	Bad, N  int64
	Allowed float64 // how many of N may go wrong
	Left    float64 // share of the budget, 1 when nothing went wrong, below 0 when overdrawn
	Count   float64 // how many more may go wrong; below 0 when overdrawn
	Minutes float64 // of a whole outage at the usual volume that are left; below 0 when overdrawn
	Known   felt.Instant
	Window  felt.Instant // Known of it rests on data
	OK      bool         // false: nobody tried, nothing is known, and that is not good
}

// Budget returns the budget as of the last step.
func (b *Burn) Budget() Budget {
	c := b.budget.sum(len(b.budget.slots))
	known := felt.Instant(0)
	if b.first != 0 {
		known = min(felt.Instant(b.now-b.first)*felt.Second, b.window)
	}
	return BudgetOf(b.target, b.window, known, c.bad, c.n)
}

// BudgetOf is the budget of a window of which bad of n went wrong, known part of it.
func BudgetOf(target float64, window, known felt.Instant, bad, n int64) Budget {
	g := Budget{Bad: bad, N: n, Window: window, Known: known, OK: n > 0}
	if n <= 0 {
		return g
	}
	g.Allowed = (1 - target) * float64(n)
	g.Count = g.Allowed - float64(bad)
	g.Left = g.Count / g.Allowed
	g.Minutes = g.Left * (1 - target) * float64(known) / float64(felt.Minute)
	return g
}

// Smallest is the smallest burn rate that, from now on and on the median, would be seen
// within so many seconds, when perWindow tries come in every ten. ok is false when not even
// a whole outage would be.
func (b *Burn) Smallest(perWindow float64, within felt.Tick) (burn float64, ok bool) {
	if perWindow <= 0 || within <= 0 {
		return 0, false
	}
	perSecond := perWindow / 10
	if !b.sees(1, perSecond, within) {
		return 0, false
	}
	low, high := 0.0, 1.0
	for range 40 {
		mid := (low + high) / 2
		if b.sees(mid, perSecond, within) {
			high = mid
		} else {
			low = mid
		}
	}
	return high / b.Allowed(), true
}

// sees tells whether a pair would fire after a time with that share of bad ones.
func (b *Burn) sees(share, perSecond float64, within felt.Tick) bool {
	for _, p := range Pairs() {
		long := b.ahead(p.Long, share, perSecond, within)
		short := b.ahead(p.Short, share, perSecond, within)
		if b.holds(p, long, short) {
			return true
		}
	}
	return false
}

// ahead is what a window will hold after a time with that share of bad ones.
func (b *Burn) ahead(span felt.Instant, share, perSecond float64, within felt.Tick) count {
	full := felt.Tick(span / felt.Second)
	fresh := min(within, full)
	n := perSecond * float64(fresh)
	stays := 1 - float64(fresh)/float64(full)
	c := b.sum(span)
	return count{
		int64(math.Round(share*n + stays*float64(c.bad))),
		int64(math.Round(n + stays*float64(c.n))),
	}
}
