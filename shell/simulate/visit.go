package simulate

import (
	"encoding/binary"
	"math"

	"github.com/felt-cx/felt"
)

// How customers behave.
const (
	knownShare  = .4               // of visits begin logged in
	thinkTime   = 4 * felt.Second  // on average, before the next thing
	mailTime    = 70 * felt.Second // on average, until a mail is opened
	retryShare  = .75              // of failures are tried again
	maxTries    = 3                // of one thing
	retryTime   = 2 * felt.Second  // on average, before the next try
	returnShare = .5               // of those who gave up look in again
	returnTime  = 90 * felt.Second // on average, until then
	leaveShare  = .03              // leave after each thing, for no reason of ours
	slowLeaves  = .12              // leave after something slow
	backShare   = .05              // go back one page
	botShare    = .03              // of all traffic
	botFails    = .35              // of what bots do
	probeShare  = .004             // of all traffic are synthetic tests
	cancelShare = .008             // of what is worth money: changed their mind
	giveUpShare = .008             // of what is worth money: left while it worked
	longest     = 7500             // milliseconds of anything that somebody waits for
)

// visit is one customer's stay, or one thing that is done for a customer afterwards.
type visit struct {
	site     *site
	who      somebody
	traffic  felt.Traffic
	steps    [14]*op
	n, at    int8
	tries    int8 // of steps[at] so far
	returned bool
	once     bool   // nothing is tried again
	instance uint64 // id of what the customer waits for; 0 none
	try      Try    // the one that is under way
}

// open takes a place for a visit.
func (w *World) open() int32 {
	if n := len(w.free); n > 0 {
		i := w.free[n-1]
		w.free = w.free[:n-1]
		w.visits[i] = visit{}
		return i
	}
	w.visits = append(w.visits, visit{})
	return int32(len(w.visits) - 1) //nolint:gosec // as many as fit into memory
}

func (w *World) close(i int32) { w.free = append(w.free, i) }

// somebody of a site, with one of their devices and a new session.
func (w *World) somebody(t *site) somebody {
	p := t.first + w.rng.Uint32N(t.people)
	device := uint8(0)
	if w.chance(.25) {
		device = uint8(w.rng.UintN(devices - 1)) //nolint:gosec // a handful
	}
	s := w.tables.being(p, device)
	w.sessions++
	s.session = w.sessions &^ (1 << 31)
	s.secret = [2]uint64{w.rng.Uint64(), w.rng.Uint64()}
	return s
}

// enter begins a visit.
func (w *World) enter(t *site) {
	i := w.open()
	v := &w.visits[i]
	v.site, v.traffic = t, felt.TrafficCustomer
	v.who = w.somebody(t)
	v.who.known = w.chance(knownShare)
	w.scratch = t.plan(w.rng, v.who.known, w.scratch[:0])
	v.n = int8(copy(v.steps[:], w.scratch)) //nolint:gosec // at most 14
	w.queue.add(w.now, evBegin, i)
}

// crawl lets a bot do one thing.
func (w *World) crawl() {
	t := w.sites[w.rng.IntN(len(w.sites))]
	w.single(t, felt.TrafficBot)
}

// probe lets a synthetic test do one.
func (w *World) probe() { w.single(w.sites[w.rng.IntN(len(w.sites))], felt.TrafficTest) }

func (w *World) single(t *site, traffic felt.Traffic) {
	o := t.ops[w.rng.IntN(len(t.ops))]
	if !o.page() {
		return
	}
	i := w.open()
	v := &w.visits[i]
	v.site, v.traffic, v.once, v.n = t, traffic, true, 1
	v.who = w.somebody(t)
	v.steps[0] = o
	w.queue.add(w.now, evBegin, i)
}

// pester lets the noisy customer of an episode try once more.
func (w *World) pester(episode int32) {
	e := &w.episodes[episode]
	if w.now >= e.to {
		return
	}
	f := &w.scenario.Faults[e.fault]
	w.queue.add(w.now+felt.Instant(w.rng.ExpFloat64()*float64(felt.Second)/f.Rate), evNoisy, episode)
	o := e.first
	t := w.sites[e.site]
	i := w.open()
	v := &w.visits[i]
	v.site, v.traffic, v.once, v.n = t, felt.TrafficCustomer, true, 1
	v.steps[0] = o
	v.who = w.tables.being(t.first+uint32(mix(w.seed)%uint64(t.people)), 0) //nolint:gosec // smaller than people
	v.who.known = true
	v.who.session = whoSession - 1 - uint32(episode)  //nolint:gosec // far from those that are counted up
	v.who.secret = [2]uint64{w.seed, uint64(episode)} //nolint:gosec // never negative
	v.try.pestering = true
	w.queue.add(w.now, evBegin, i)
}

// try begins the next of the visit's steps.
func (w *World) try(i int32) {
	v := &w.visits[i]
	o := v.steps[v.at]
	t := &v.try
	*t = Try{
		op: o, site: v.site, somebody: v.who, Traffic: v.traffic, Retries: int(v.tries), ids: w.rng.Uint64(),
		instance: v.instance, episode: -1, trouble: -1, origin: healthy, pestering: t.pestering,
	}
	binary.BigEndian.PutUint64(t.Trace[:], w.rng.Uint64()|1)
	binary.BigEndian.PutUint64(t.Trace[8:], w.rng.Uint64())
	if o.instance != "" && t.instance == 0 {
		t.instance = w.rng.Uint64() | 1
	}
	t.Start = w.now.Floor(milli)
	t.End = t.Start + w.fate(t).Floor(milli)
	if t.gone { // never came here
		t.Outcome, t.End = felt.OutcomeNone, t.Start
	}
	w.queue.add(t.End, evEnd, i)
}

const milli = felt.Instant(1e6)

// end is what happens when a try is over.
func (w *World) end(i int32) {
	v := &w.visits[i]
	t := &v.try
	w.done = append(w.done, *t)
	if t.Outcome == felt.OutcomeSuccess || t.Outcome == felt.OutcomeDegraded {
		if t.op.login && !v.once && !v.who.known {
			v.who.known, v.who.became = true, true
		}
		if t.op.then != nil && !v.once {
			w.later(i)
			v = &w.visits[i] // later may have moved it
		}
	}
	if pause, stays := w.after(v); stays {
		w.queue.add(w.now+pause, evBegin, i)
		return
	}
	w.close(i)
}

// later lets what follows be done for the customer: nobody waits for it at a page.
func (w *World) later(i int32) {
	j := w.open()
	from, v := &w.visits[i], &w.visits[j]
	t := &from.try
	v.site, v.who, v.traffic, v.instance, v.n = from.site, from.who, from.traffic, t.instance, 1
	v.steps[0] = t.op.then
	wait := float64(t.op.after) * math.Exp(.35*w.rng.NormFloat64())
	w.queue.add(w.now+min(felt.Instant(wait), 2*t.op.after), evBegin, j)
}

// after decides what a customer does next: how long they wait before, and whether they
// stay at all.
func (w *World) after(v *visit) (pause felt.Instant, stays bool) {
	t := &v.try
	v.tries++
	failed := t.Outcome == felt.OutcomeFailed
	switch {
	case t.gone || t.Outcome == felt.OutcomeAbandoned || t.Outcome == felt.OutcomeCancelled:
		return 0, false
	case failed && v.once, failed && !t.op.page():
		return 0, false
	case failed && v.tries < maxTries && w.chance(retryShare):
		return felt.Second/2 + w.about(retryTime), true
	case failed && t.op.leaves && !v.returned && w.chance(returnShare):
		v.tries, v.returned = 0, true
		return w.about(returnTime), true
	case failed && (t.op.leaves || w.chance(.5)):
		return 0, false // after a failure
	case t.Outcome == felt.OutcomeDegraded && w.chance(slowLeaves), w.chance(leaveShare):
		return 0, false // while slow, or for no reason of ours
	}
	v.tries = 0
	if v.at > 0 && !v.once && w.chance(backShare) && v.steps[v.at-1].instance == "" {
		v.at-- // the back button; what comes after is done again
		return felt.Second/4 + w.about(thinkTime/2), true
	}
	v.at++
	if v.at >= v.n {
		return 0, false
	}
	think := thinkTime
	if v.steps[v.at].name == "confirm e-mail" {
		think = mailTime
	}
	return felt.Second/2 + w.about(think), true
}
