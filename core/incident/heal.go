package incident

import (
	"cmp"
	"fmt"
	"math"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/detect"
	"github.com/felt-cx/felt/core/tell"
)

// What must hold before an incident resolves by itself.
const (
	healFor      = 5 * felt.Minute
	healOutcomes = 30
	healVolume   = .8 // of the customers expected
	healWindows  = 6  // that are looked at together: a minute

	certain    = 2.6 // deviations that a share may lie above what is usual: once in two hundred
	leastShare = .002
	oneOf      = 5 // customers of whom one may fail by chance, however few usually do
	blindFor   = felt.Tick(24 * 3600)
	frozenFor  = felt.Tick(3600) // so long what was usual at the beginning is held for usual
	// noisy is how much of each customer counts where noise was not learned: on real streams the
	// spread is twice that of chance.
	noisy = .25
)

// What is looked at of customers.
const (
	kindFailed   = iota // failed, or left after a failure
	kindLeft            // did not reach the goal
	kindDegraded        // of those who did
	kindSlow            // likewise
	kindSegment         // failed in a segment that stood out
	kinds
)

// tally is how often something befell customers, and how often that is usual.
type tally struct{ n, hit, expected, spread float64 }

func (x *tally) add(o *tally) {
	x.n, x.hit, x.expected, x.spread = x.n+o.n, x.hit+o.hit, x.expected+o.expected, x.spread+o.spread
}

// of enters customers of whom a share is usual.
func (x *tally) of(n, hit, usual, effective float64) {
	if n <= 0 {
		return
	}
	usual = min(max(usual, leastShare), .98)
	x.n, x.hit = x.n+n, x.hit+hit
	x.expected += n * usual
	x.spread += n * usual * (1 - usual) / max(effective, .05)
}

// most is the greatest number of hits within the band of expectation. One more than usual is always, but
// for where so few came that it is most of them.
func (x *tally) most() float64 {
	return x.expected + certain*math.Sqrt(x.spread) + min(1, x.n/oneOf)
}

func (x *tally) fine() bool { return x.hit <= x.most() }

func (x *tally) share() float64 { return ratio(x.hit, x.n) }

func (x *tally) upTo() float64 { return min(1, ratio(x.most(), x.n)) }

func ratio(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return a / b
}

// seen is what was seen of the scopes of an incident in some windows.
type seen struct {
	of       [kinds]tally
	came     float64 // where it is known how many are expected
	expected float64
	gauged   bool // it is known for some scope
}

func (s *seen) add(o *seen) {
	for i := range s.of {
		s.of[i].add(&o.of[i])
	}
	s.came, s.expected, s.gauged = s.came+o.came, s.expected+o.expected, s.gauged || o.gauged
}

// volume tells whether as many came as must, with so many deviations of patience.
func (s *seen) volume(patience float64) bool {
	want := healVolume * s.expected
	return !s.gauged || s.came >= want-patience*math.Sqrt(want)
}

func (s *seen) fine() bool {
	for i := range s.of {
		if !s.of[i].fine() {
			return false
		}
	}
	return s.volume(2)
}

// heal is how far the customers of an incident have come back.
type heal struct {
	ring    [healWindows]seen // the last windows, the newest first
	n       int
	since   felt.Tick // 0: it does not hold
	stretch seen      // since then
	blind   felt.Tick // since when nothing is known of any scope; 0 something is
}

// observe takes the window that ends at t.
func (h *heal) observe(t felt.Tick, w *seen) {
	copy(h.ring[1:], h.ring[:])
	h.ring[0] = *w
	h.n = min(h.n+1, healWindows)
	var last seen
	for i := range h.n {
		last.add(&h.ring[i])
	}
	if !last.fine() || last.of[kindFailed].n == 0 && h.since == 0 {
		h.since, h.stretch = 0, seen{}
		return
	}
	if h.since != 0 {
		if h.stretch.add(w); h.whole() {
			return
		}
	}
	h.begin(t)
}

// whole tells whether the stretch is as it should be altogether: what is too little to be seen in a
// minute is seen in all of it.
func (h *heal) whole() bool {
	for i := range h.stretch.of {
		if !h.stretch.of[i].fine() {
			return false
		}
	}
	return true
}

// begin lets the stretch begin with the first of the last windows from which on each is fine.
func (h *heal) begin(t felt.Tick) {
	h.since, h.stretch = 0, seen{}
	for i := 0; i < h.n && h.ring[i].fine(); i++ {
		h.stretch.add(&h.ring[i])
		h.since = t - felt.Tick(i+1)*every
	}
}

// done tells that customers are back, for so long.
func (h *heal) done(t felt.Tick, wait felt.Instant) bool {
	return h.since != 0 && (t-h.since).Instant() >= wait && h.stretch.of[kindFailed].n >= healOutcomes && h.stretch.volume(1)
}

// look sums the window that ends at t over the scopes of an incident; false when nothing is known of
// any.
func (b *Book) look(t felt.Tick, l *live, lines Lines) (w seen, ok bool) {
	for _, p := range l.parts {
		v, known := lines.Window(t, p.scope)
		if !known {
			continue
		}
		ok = true
		p.see(t, l, &v, &w)
	}
	return w, ok
}

// see enters the window of a part.
func (p *part) see(t felt.Tick, l *live, v *detect.Window, w *seen) {
	usual := [kinds]detect.Usual{
		kindFailed: v.Failed, kindLeft: v.Unfinished, kindDegraded: v.Degraded, kindSlow: v.Longer,
	}
	usual[kindFailed].Share += v.Fled.Share
	usual[kindLeft].Share += v.Failed.Share
	for i := range usual {
		u := &usual[i]
		switch {
		case p.usual[i] < 0:
			p.usual[i] = u.Share
		case t-p.joined < frozenFor: // what it learns now may be the harm itself
			u.Share = min(u.Share, max(p.usual[i], leastShare))
		}
		if !(u.Effective > 0 && u.Effective < 1) { // nor is it a number before anything was learned
			u.Effective = noisy
		}
	}
	scale := float64(max(v.Scale, 1))
	came := float64(v.Decided())
	echo := min(p.echo, v.Counts.Abandoned)
	n, reached := came-float64(echo), float64(v.Counts.Success+v.Counts.Degraded)
	fled := max(0, v.Counts.Fled-p.fled)
	p.echo, p.fled = 0, 0
	w.of[kindFailed].of(n, float64(v.Counts.Failed+fled), usual[kindFailed].Share, usual[kindFailed].Effective)
	w.of[kindLeft].of(n, n-reached, usual[kindLeft].Share, usual[kindFailed].Effective)
	switch felt.FindingKind(l.row.Kind) {
	case felt.FindingDegraded:
		w.of[kindDegraded].of(reached, float64(v.Counts.Degraded), usual[kindDegraded].Share, usual[kindDegraded].Effective)
	case felt.FindingSlow:
		if v.Timed > 0 && v.Slow.Share > 0 {
			w.of[kindSlow].of(float64(v.Timed), float64(v.Counts.Slow), v.Slow.Share, v.Slow.Effective)
		}
		w.of[kindSlow].of(reached, float64(v.Slower), usual[kindSlow].Share, usual[kindSlow].Effective)
	case felt.FindingFailed, felt.FindingDrop, felt.FindingFunnel, felt.FindingSilent, felt.FindingBurn, felt.FindingKPI, felt.FindingSaturation:
	}
	for i := range p.watched {
		s := &p.watched[i]
		w.of[kindSegment].of(float64(s.n), float64(s.bad), s.usual, noisy)
		s.n, s.bad = 0, 0
	}
	if v.Expected >= 0 {
		w.gauged = true
		w.came += came * scale
		w.expected += v.Expected
	}
}

// recover looks whether customers are back, and resolves the incident when they are.
func (b *Book) recover(t felt.Tick, l *live, lines Lines) {
	if l.silent() {
		b.speaks(t, l, lines)
		return
	}
	w, known := b.look(t, l, lines)
	if known {
		l.heal.blind = 0
		l.heal.observe(t, &w)
	} else {
		l.heal = heal{blind: cmp.Or(l.heal.blind, t)}
	}
	r := &l.row
	was := r.Recovery
	r.Recovery = l.heal.row(t, l, known)
	if r.Recovery.Text != was.Text || r.Recovery.Holds != was.Holds {
		l.counted = true
	}
	if r.Source == sourceDeclared && l.joined == 0 {
		return
	}
	if l.lasting == 0 && l.heal.blind != 0 && t-l.heal.blind >= blindFor {
		r.Resolved, r.Status = t.Instant(), felt.IncidentResolved
		l.note(t, "resolved", "resolved by itself: nothing was heard of its customers for a day, and no finding lasts; whether they are back is not known", "")
		b.close(l, false)
		return
	}
	if !l.heal.done(t, l.patience(t)) || l.like(t) {
		return
	}
	r.Recovered = l.heal.since.Instant()
	r.Resolved, r.Status = t.Instant(), felt.IncidentResolved
	l.note(t, "recovered", l.heal.story(t), "")
	l.note(t, "resolved", "resolved by itself: customers are back", "")
	b.stats.Recovered++
	b.close(l, false)
}

// row says how far it is.
func (h *heal) row(t felt.Tick, l *live, known bool) felt.Recovery {
	var last seen
	for i := range h.n {
		last.add(&h.ring[i])
	}
	failed, left := &last.of[kindFailed], &last.of[kindLeft]
	r := felt.Recovery{
		Since: h.since.Instant(), Holds: h.since != 0, Outcomes: int64(h.stretch.of[kindFailed].n), Needs: healOutcomes, For: l.patience(t),
		Failed: failed.share(), FailedTo: failed.upTo(), Completed: 0, CompletedFrom: max(0, 1-left.upTo()),
	}
	if left.n > 0 {
		r.Completed = 1 - left.share()
	}
	if last.gauged {
		r.Volume, r.VolumeFrom = ratio(last.came, last.expected), healVolume
	}
	r.Text = h.text(t, l, &last, known)
	return r
}

// text says in one sentence what is missing, or since when it holds.
func (h *heal) text(t felt.Tick, l *live, last *seen, known bool) string {
	failed, left := &last.of[kindFailed], &last.of[kindLeft]
	switch {
	case len(l.parts) == 0:
		return "Nothing is counted for it: people resolve it"
	case !known:
		return "Nothing is known of its customers now, so nothing is known of their recovery"
	case h.since != 0:
		return h.waits(t, l)
	case failed.n == 0 && last.gauged && last.expected >= 1:
		return fmt.Sprintf("Nobody came in the last minute, %s were expected", about(last.expected))
	case failed.n == 0:
		return "Nobody came in the last minute"
	case !failed.fine():
		return fmt.Sprintf("%s tries of the last minute failed, or were left after it; up to %s is usual", of(failed), percent(failed.upTo()))
	case !left.fine():
		return fmt.Sprintf("%s tries of the last minute did not reach the goal; up to %s is usual", of(left), percent(left.upTo()))
	}
	for _, k := range []struct {
		kind int
		what string
	}{
		{kindDegraded, "were degraded"},
		{kindSlow, "waited too long"},
		{kindSegment, "failed where it stood out"},
	} {
		if x := &last.of[k.kind]; !x.fine() {
			return fmt.Sprintf("%s tries of the last minute %s; up to %s is usual", of(x), k.what, percent(x.upTo()))
		}
	}
	return fmt.Sprintf("%s customers came in the last minute of %s expected; %s must come", about(last.came), about(last.expected), percent(healVolume))
}

// waits says since when it holds, and what is missing yet.
func (h *heal) waits(t felt.Tick, l *live) string {
	text := fmt.Sprintf("Customers complete as usual since %s", tell.Clock(h.since.Instant(), t.Instant()))
	n, took, wait := h.stretch.of[kindFailed].n, (t - h.since).Instant(), l.patience(t)
	switch {
	case l.row.Source == sourceDeclared && l.joined == 0:
		return text + "; people have declared it, so people resolve it"
	case n < healOutcomes && took >= wait:
		text += fmt.Sprintf("; %.0f outcomes of %d needed have come", n, healOutcomes)
		if n > 0 {
			text += fmt.Sprintf(", and at this pace the others take about %s", tell.Elapsed(felt.Instant(float64(took)*(healOutcomes-n)/n)))
		}
		return text
	case !h.stretch.volume(1) && took >= wait:
		return text + fmt.Sprintf("; but only %s of the customers expected came since", percent(ratio(h.stretch.came, h.stretch.expected)))
	case took >= wait && l.like(t):
		return text + "; but what fails now is not yet few enough to tell it from what began"
	case took >= wait:
		return text
	}
	text += fmt.Sprintf("; that must hold for %s more", tell.Elapsed(wait-took))
	if n < healOutcomes {
		text += fmt.Sprintf(", with %.0f more outcomes", healOutcomes-n)
	}
	return text
}

// story is what is said of a recovery that is complete.
func (h *heal) story(t felt.Tick) string {
	x := &h.stretch.of[kindFailed]
	text := fmt.Sprintf("customers complete as usual since %s: %s failed or left after it (up to %s is usual)",
		tell.Clock(h.since.Instant(), t.Instant()), of(x), percent(x.upTo()))
	if h.stretch.gauged && h.stretch.came >= h.stretch.expected {
		return text + ", and as many came as expected, or more"
	}
	if h.stretch.gauged {
		return text + fmt.Sprintf(", and %s of those expected came", percent(ratio(h.stretch.came, h.stretch.expected)))
	}
	return text + "; how many are expected is not known"
}

func of(x *tally) string { return fmt.Sprintf("%.0f of %.0f", x.hit, x.n) }

func about(v float64) string { return tell.Count(int64(math.Round(v))) }

func percent(v float64) string {
	if v < .0995 {
		return fmt.Sprintf("%.1f %%", 100*v)
	}
	return fmt.Sprintf("%.0f %%", 100*v)
}

func (s *seen) fields() []*float64 {
	var list []*float64
	for i := range s.of {
		x := &s.of[i]
		list = append(list, &x.n, &x.hit, &x.expected, &x.spread)
	}
	return append(list, &s.came, &s.expected)
}

func (h *heal) save(e *codec.Encoder) {
	e.Len(h.n)
	e.Int(int64(h.since))
	e.Int(int64(h.blind))
	for i := range h.n {
		h.ring[i].save(e)
	}
	h.stretch.save(e)
}

func (s *seen) save(e *codec.Encoder) {
	for _, v := range s.fields() {
		e.Float(*v)
	}
	e.Bool(s.gauged)
}

func (s *seen) load(d *codec.Decoder) {
	for _, v := range s.fields() {
		*v = d.Float()
	}
	s.gauged = d.Bool()
}

func (h *heal) load(d *codec.Decoder) {
	h.n = int(d.UintMax(healWindows))
	h.since, h.blind = felt.Tick(d.Int()), felt.Tick(d.Int())
	for i := range h.n {
		h.ring[i].load(d)
	}
	h.stretch.load(d)
}
