package detect

import (
	"cmp"
	"slices"

	"github.com/felt-cx/felt"
)

// How a minute is cut.
const (
	// Every is how often series are judged.
	Every felt.Tick = 10
	// judged is the minute that is judged, before it lies the hour of the baseline.
	judged   felt.Tick = 60
	baseline felt.Tick = 3600

	// SampleMax is the number of customers of one series and minute that are held.
	SampleMax = 60_000
)

// Mark is how a try ended, as far as judging goes.
type Mark uint8

// The marks, the worse the higher.
const (
	Good Mark = iota
	Slow      // degraded
	Bad       // failed
)

// MarkOf is the mark of an outcome.
func MarkOf(o felt.Outcome) Mark {
	switch o {
	case felt.OutcomeFailed:
		return Bad
	case felt.OutcomeDegraded:
		return Slow
	case felt.OutcomeSuccess, felt.OutcomeAbandoned, felt.OutcomeCancelled, felt.OutcomeNone:
	}
	return Good
}

// Seen is one customer's tries of one mark within a slice: the ends of the first and the
// last of them.
type Seen struct {
	Customer    uint64
	Mark        Mark
	First, Last felt.Instant
}

// slice is what became known in the 10 seconds up to a tick.
type slice struct {
	tick felt.Tick
	seen []Seen // by customer and mark, each once
}

// minute sums slices of the baseline: customers and failed customers.
type minute struct {
	at   int64 // minutes of the series' own time, see series.frozen
	n, k int64
}

// series is the memory of one line.
type series struct {
	key     key
	open    []Seen // of the present slice; tidied now and then
	tidy    int    // length of open when it was last tidied
	past    []slice
	base    []minute
	frozen  felt.Tick // how long the baseline has stood still in all: its clock is behind by that
	skip    uint8     // one customer in 2^skip is held
	good    int       // judgings in a row that speak for the end
	last    felt.Tick // last judging with data
	finding *felt.Finding
	baseK   float64 // of the lasting finding
	baseN   float64
}

func compareSeen(a, b Seen) int {
	return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Mark, b.Mark))
}

// tidySeen sorts and makes one of what belongs together.
func tidySeen(list []Seen) []Seen {
	slices.SortFunc(list, compareSeen)
	kept := list[:0]
	for _, s := range list {
		if n := len(kept); n > 0 && compareSeen(kept[n-1], s) == 0 {
			kept[n-1].First = min(kept[n-1].First, s.First)
			kept[n-1].Last = max(kept[n-1].Last, s.Last)
			continue
		}
		kept = append(kept, s)
	}
	return kept
}

// holds tells whether a customer is one of those that are held.
func (s *series) holds(customer uint64) bool { return customer&(1<<s.skip-1) == 0 }

func (s *series) add(v Seen) {
	if !s.holds(v.Customer) {
		return
	}
	s.open = append(s.open, v)
	if len(s.open) >= 2*s.tidy+1024 {
		s.tidyOpen()
		for len(s.open) > SampleMax && s.skip < 63 {
			s.thin()
		}
	}
}

func (s *series) tidyOpen() {
	s.open = tidySeen(s.open)
	s.tidy = len(s.open)
}

// thin lets go of every second customer.
func (s *series) thin() {
	s.skip++
	drop := func(list []Seen) []Seen {
		return slices.DeleteFunc(list, func(v Seen) bool { return !s.holds(v.Customer) })
	}
	s.open = drop(s.open)
	s.tidy = len(s.open)
	for i := range s.past {
		s.past[i].seen = drop(s.past[i].seen)
	}
}

// roll closes the present slice at tick t and moves what is older than the judged minute
// into the baseline, unless that stands still.
func (s *series) roll(t felt.Tick) {
	if len(s.open) > 0 {
		s.tidyOpen()
		s.past = append(s.past, slice{t, slices.Clone(s.open)})
		s.open, s.tidy, s.last = s.open[:0], 0, t
	}
	for len(s.past) > 0 && s.past[0].tick <= t-judged {
		if s.finding == nil || s.young() {
			s.remember(s.past[0])
		}
		s.past[0] = slice{}
		s.past = s.past[1:]
	}
	total := s.held()
	switch {
	case total == 0:
		s.skip = 0
	case s.skip > 0 && total < SampleMax/8:
		s.skip--
	}
	for ; total > SampleMax && s.skip < 63; total = s.held() {
		s.thin()
	}
}

// held is the number of entries of the slices that are closed.
func (s *series) held() int {
	n := 0
	for _, p := range s.past {
		n += len(p.seen)
	}
	return n
}

func (s *series) remember(p slice) {
	n, k := count(p.seen)
	at := int64((p.tick - s.frozen) / 60)
	if m := len(s.base); m > 0 && s.base[m-1].at == at {
		s.base[m-1].n += n
		s.base[m-1].k += k
		return
	}
	s.base = append(s.base, minute{at, n, k})
}

// count counts distinct customers, and those with a failure. The list is tidy.
func count(list []Seen) (n, k int64) {
	for i, v := range list {
		if i == 0 || list[i-1].Customer != v.Customer {
			n++
		}
		if v.Mark == Bad {
			k++
		}
	}
	return n, k
}

// The prior of the baseline: as if a hundred more customers had tried and one failed.
const (
	priorN = 100
	priorK = 1
)

// expect returns the baseline at tick t: failed customers of customers, prior included.
func (s *series) expect(t felt.Tick) (k, n float64) {
	if s.finding != nil {
		return s.baseK, s.baseN
	}
	oldest := int64((t - s.frozen - judged - baseline) / 60)
	for len(s.base) > 0 && s.base[0].at < oldest {
		s.base = s.base[1:]
	}
	var sn, sk int64
	for _, m := range s.base {
		sn += m.n
		sk += m.k
	}
	return float64(sk) + priorK, float64(sn) + priorN
}

// young tells that the lasting finding opened when the series had hardly a past: what it
// was held against is mostly the prior.
func (s *series) young() bool { return s.baseN < 2*priorN }

// quiet tells that the series holds nothing but its baseline.
func (s *series) quiet() bool { return len(s.open) == 0 && len(s.past) == 0 }

// recent returns all that is held of the judged minute, tidy.
func (s *series) recent(dst []Seen) []Seen {
	dst = dst[:0]
	for _, p := range s.past {
		dst = append(dst, p.seen...)
	}
	return tidySeen(append(dst, s.open...))
}

// firstBad is the end of the first failure of the run of windows that stands out most
// from the baseline p.
func firstBad(list []Seen, t felt.Tick, p float64) felt.Instant {
	const windows = 7 // the judged minute touches seven windows
	width := felt.Instant(Every) * felt.Second
	from := (t.Instant() - felt.Instant(judged)*felt.Second).Floor(width)
	var n, k [windows]int64
	var first [windows]felt.Instant
	earliest := t.Instant()
	for _, v := range list {
		at := v.Last
		if v.Mark == Bad {
			at = v.First
			earliest = min(earliest, at)
		}
		i := (at - from) / width
		if at < from || i >= windows {
			continue
		}
		n[i]++
		if v.Mark == Bad {
			k[i]++
			if first[i] == 0 || at < first[i] {
				first[i] = at
			}
		}
	}
	var sumN, sumK int64
	best, since := 0.0, felt.Instant(0)
	for i := windows - 1; i >= 0; i-- {
		sumN += n[i]
		sumK += k[i]
		if r := logRatio(sumK, sumN, p); r > best && k[i] > 0 {
			best, since = r, first[i]
		}
	}
	if since == 0 {
		return earliest
	}
	return since
}
