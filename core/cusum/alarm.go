package cusum

import "github.com/felt-cx/felt"

const (
	quiet   = 300      // seconds for which it must be well before a finding ends
	doubt   = 3.0      // nats for "it is well again" before the quiet begins
	growing = 120      // seconds after which it is as bad as it was when it was found
	normal  = 6 * 3600 // seconds after which a lasting finding is the new normal
)

// alarm is whether a finding is open, and what is held while one is.
type alarm struct{ *ongoing }

func (a *alarm) lasting() bool { return a.ongoing != nil }

// ongoing is a finding that is open, and the evidence that it is over.
type ongoing struct {
	paging           bool
	opened           felt.Tick
	since            felt.Tick
	hit, n           float64   // since then
	share            float64   // hit/n while it was bad
	well             float64   // nats for "it is as before"
	quiet            felt.Tick // since when it seems well; 0: it does not
	level            float64   // hit/n that it was last news for
	worse            float64   // nats for "it is far worse than that"
	worseHit, worseN float64   // since these began
	news             bool      // it became far worse in this window
}

// step takes the strongest evidence of a window. It tells whether the finding ended,
// so that the bank is to start anew.
func (a *alarm) step(t felt.Tick, rule *Rule, out *Reading) (ended bool) {
	hot := out.Statistic >= rule.Open
	switch {
	case hot && !a.lasting():
		a.ongoing = &ongoing{
			opened: t, since: out.Since,
			hit: out.Hit, n: out.N, share: out.Hit / max(out.N, 1),
		}
		a.level = a.share
		out.Opened = true
	case hot && a.lasting() && a.quiet > 0: // the bank was started anew, so this is news
		a.well, a.quiet = 0, 0
	}
	if !a.lasting() {
		return false
	}
	a.paging = a.paging || out.Statistic >= rule.Page
	out.Lasting, out.Paging = true, a.paging
	out.Worse, a.news = a.news, false
	out.Since, out.Hit, out.N = a.since, a.hit, a.n
	if a.quiet > 0 && t-a.quiet >= quiet {
		out.Lasting, out.Ended = false, true
		*a = alarm{}
		return true
	}
	return false
}

// count counts a window while a finding lasts.
func (a *alarm) count(hit, n float64) {
	if a.lasting() {
		a.hit += hit
		a.n += n
	}
}

// recover takes the nats of a window for "it is as before" against "it is as it was
// while it was bad". It tells whether the quiet begins, so that the bank is to start
// anew.
func (a *alarm) recover(t, width felt.Tick, nats float64) bool {
	a.well = min(max(0, a.well+nats), 10*doubt)
	if a.well <= 0 {
		a.quiet, a.share = 0, a.hit/max(a.n, 1)
		return false
	}
	if a.quiet == 0 && a.well >= doubt {
		a.quiet = t - width
		return true
	}
	return false
}

// worsen takes the nats of a window for "it is far worse than what was news" against "it is as
// it was", and the share that is at least half-way there. A finding of little that lasts must not
// hide that everything fails. What is found while it still grows is news already.
func (a *alarm) worsen(t felt.Tick, nats, hit, n, halfway float64, rule *Rule) {
	if a.worse <= 0 {
		a.worseHit, a.worseN = 0, 0
	}
	a.worse = max(0, a.worse+nats)
	a.worseHit += hit
	a.worseN += n
	if a.worse < rule.Open || a.worseN <= 0 {
		return
	}
	a.worse = 0
	if share := a.worseHit / a.worseN; share > halfway == (halfway > a.level) {
		a.level, a.news = share, t-a.opened > growing
	}
}

// old tells whether what lasts is to be taken as the new normal.
func (a *alarm) old(t felt.Tick) bool { return t-a.opened >= normal }
