package measure

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// The rules that say how a journey ended, as its row has them.
const (
	ruleGoal    = "goal"        // success, degraded
	ruleFailed  = "failed_step" // a step failed that ends the journey
	ruleTimeout = "timeout"     // nothing came any more
	ruleOnly    = "only_step"   // abandoned, cancelled: the only step of its journey was
	ruleMerged  = felt.RuleMerged
	ruleNoRoom  = "no_room"           // cancelled: it could not be held until its end
	ruleTaken   = "withdrawn_journey" // cancelled: it was taken out of the inventory
)

// reasonTimeout says that something took longer than it may.
const reasonTimeout = "timeout"

// stepTry is what a journey keeps of one interaction that is a try of one of its steps.
type stepTry struct {
	id         halfID
	step       *rules.CompiledStep // of the inventory in force when it was decided
	start, end felt.Instant
	value      int64
	weight     float64
	draw       uint64 // of the weight; 0 when that is 1
	who        *profile
	why        cause
	row        *told // to which it belonged when the journey was told last; nil none
	outcome    felt.Outcome
	how        felt.AbandonedHow
	fatal      bool // a failure that is not recoverable
	slow       bool // slower than its degraded threshold
}

// halfID is half of an interaction's id, which is 64 bits of SHA-256.
type halfID [8]byte

func halfOf(id felt.InteractionID) halfID { return halfID(id[:8]) }

// cause is why a try ended as it did.
type cause struct{ reason, class string }

// way is one journey as the fold tells it: the tries [from, told) are it, those in [told, to)
// came after its goal and change nothing.
type way struct {
	def            *rules.CompiledJourney
	from, told, to int
	last           felt.Instant // end of the last try that is it
	end            felt.Instant // when the outcome became true; of an open one, last
	closes         felt.Instant // of an open one: when it ends if nothing comes
	goal           int          // the try that reached the goal; -1 none
	outcome        felt.Outcome // none: open
	how            felt.AbandonedHow
	rule           string
	why            cause
	silent         bool  // belongs to a journey that is sealed
	row            *told // what was told of it; nil nothing
}

// tail is what a journey that reached its goal leaves behind: until then, what comes and is
// no entry step still belongs to it. 0 nothing does. Once the journey is sealed nobody knows
// its definition any more, and def is nil: then what is an entry step is said by the
// inventory under which that was tried.
type tail struct {
	def   *rules.CompiledJourney
	until felt.Instant
}

// stepSum is what the tries of one step so far say.
type stepSum struct {
	tries    int32
	failures int32
	start    felt.Instant // of the first try
	decides  int          // the try that decides how it stands; -1 none
	outcome  felt.Outcome // of that try
	last     felt.Outcome // of the last try
	done     bool         // some try worked
	retried  bool         // one failed, and a later one worked
}

// folder tells journeys from tries. It holds scratch memory only.
type folder struct {
	tries []stepTry
	sums  []stepSum
	ways  []way
}

// fold tells the journeys of one key from its tries, sorted by end and id. Nothing else
// enters, but until when time has passed: what was told before does not matter. The result is
// valid until the next call.
func (f *folder) fold(tries []stepTry, after tail, passed felt.Instant) []way {
	f.tries, f.ways = tries, f.ways[:0]
	i := 0
	for i < len(tries) && after.takes(&tries[i]) {
		i++
	}
	if i > 0 {
		last := tries[i-1].end
		f.ways = append(f.ways, way{to: i, last: last, end: last, goal: -1, silent: true, outcome: felt.OutcomeSuccess})
	}
	for i < len(tries) {
		w := f.walk(i)
		if w.outcome == felt.OutcomeNone && (w.to < len(tries) || w.closes <= passed) {
			f.giveUp(&w)
		}
		f.ways = append(f.ways, w)
		i = w.to
	}
	return f.ways
}

// takes tells that a try after the goal is no try of a further journey.
func (l tail) takes(t *stepTry) bool {
	if l.until == 0 || t.end > l.until {
		return false
	}
	def := l.def
	if def == nil {
		def = t.step.Journey
	}
	at := placeIn(def, t.step)
	return at >= 0 && !isEntry(def, at)
}

// placeIn is the place of a step in a journey's definition, which may be an older one than
// the step's own; -1 when that does not know it.
func placeIn(def *rules.CompiledJourney, step *rules.CompiledStep) int {
	if step.Journey == def {
		return step.Place
	}
	for i, s := range def.Steps {
		if s.Name == step.Name {
			return i
		}
	}
	return -1
}

// isEntry tells that a journey may begin with the step: it is not behind the first required
// one.
func isEntry(def *rules.CompiledJourney, place int) bool {
	for i := range place {
		if !def.Steps[i].Optional {
			return false
		}
	}
	return true
}

// walk follows the journey that begins with a try, until it ends or something comes that
// is not of it.
func (f *folder) walk(from int) way {
	first := &f.tries[from]
	def := first.step.Journey
	w := way{def: def, from: from, goal: -1}
	f.begin(def)
	for i := from; i < len(f.tries); i++ {
		t := &f.tries[i]
		place := placeIn(def, t.step)
		if i > from {
			// A step that misses its own limit ends the journey there, unless that had
			// ended anyway: what ended must not change with what comes long after.
			gap, limit := t.end-w.last, f.patience(def)
			if gap <= limit {
				limit = min(limit, limitOf(def, place))
			}
			if gap > limit {
				w.closes = w.last + limit
				w.told, w.to, w.end = i, i, w.closes
				return w
			}
		}
		w.last = t.end
		if place >= 0 && f.enter(&w, i, place) {
			w.told, w.to, w.end = i+1, i+1, t.end
			if w.goal >= 0 {
				after := w.tail()
				for w.to < len(f.tries) && after.takes(&f.tries[w.to]) {
					w.to++
				}
			}
			return w
		}
	}
	w.closes = w.last + f.patience(def)
	w.told, w.to, w.end = len(f.tries), len(f.tries), w.last
	return w
}

// tail is what the journey leaves behind when it has reached its goal.
func (w *way) tail() tail { return tail{w.def, w.end + w.def.Timeout} }

// limitOf is how long after the last activity a try of the step may end and still be of
// the journey.
func limitOf(def *rules.CompiledJourney, place int) felt.Instant {
	if place >= 0 && def.Steps[place].Timeout > 0 {
		return def.Steps[place].Timeout
	}
	return def.Timeout
}

// patience is how long after the last activity the journey stays open.
func (f *folder) patience(def *rules.CompiledJourney) felt.Instant {
	place := f.awaited(def)
	limit := limitOf(def, place)
	if place >= 0 && def.Steps[place].Async {
		return limit
	}
	return max(limit, def.Timeout)
}

// needed tells that the goal cannot be reached without the step.
func needed(def *rules.CompiledJourney, place int) bool {
	if goal := goalOf(def); goal >= 0 {
		return place == goal || place < goal && !def.Steps[place].Optional
	}
	return !def.Steps[place].Optional
}

// goalOf is the step whose success is the goal; -1: all required ones.
func goalOf(def *rules.CompiledJourney) int {
	switch {
	case def.SuccessWhen.Step != "":
		for i, s := range def.Steps {
			if s.Name == def.SuccessWhen.Step {
				return i
			}
		}
	case def.SuccessWhen.Rule == "all_steps":
		return -1
	}
	return def.Last
}

// awaited is the step that comes next on the way to the goal: the first needed one behind
// the furthest that is done, else the first that is not done. -1 when none is.
func (f *folder) awaited(def *rules.CompiledJourney) int {
	first, next := -1, -1
	for i := range def.Steps {
		switch {
		case !needed(def, i):
		case f.sums[i].done:
			next = -1
		default:
			if first < 0 {
				first = i
			}
			if next < 0 {
				next = i
			}
		}
	}
	if next >= 0 {
		return next
	}
	return first
}

// sum takes a try of a step into the sums. It worked when the customer got through the step: a success that
// is an expected error (a declined card) is none of ours, but nobody has paid, and where there is more than the one step
// the journey goes on.
func (f *folder) sum(def *rules.CompiledJourney, i, place int) (outcome felt.Outcome, why cause, worked bool) {
	t := &f.tries[i]
	outcome, why = judged(def.Steps[place], t)
	s := &f.sums[place]
	if s.tries++; s.tries == 1 {
		s.start = t.start
	}
	s.last = outcome
	expected := outcome == felt.OutcomeSuccess && why != (cause{}) && len(def.Steps) > 1
	worked = outcome == felt.OutcomeSuccess && !expected || outcome == felt.OutcomeDegraded
	if worked || expected || outcome == felt.OutcomeFailed || s.decides < 0 ||
		s.outcome == felt.OutcomeAbandoned || s.outcome == felt.OutcomeCancelled {
		s.decides, s.outcome = i, outcome
	}
	switch {
	case worked:
		s.retried = s.retried || s.failures > 0
		s.done = true
	case outcome == felt.OutcomeFailed:
		s.failures++
	}
	return outcome, why, worked
}

// begin clears the sums for a journey.
func (f *folder) begin(def *rules.CompiledJourney) {
	f.sums = f.sums[:0]
	for range def.Steps {
		f.sums = append(f.sums, stepSum{decides: -1})
	}
}

// enter takes a try into the journey; true when that ends with it.
func (f *folder) enter(w *way, i, place int) bool {
	t, st := &f.tries[i], w.def.Steps[place]
	outcome, why, worked := f.sum(w.def, i, place)
	switch {
	case len(w.def.Steps) == 1 && !worked:
		w.outcome, w.rule, w.why = outcome, ruleOnly, why
		switch outcome {
		case felt.OutcomeFailed:
			w.rule = ruleFailed
		case felt.OutcomeAbandoned:
			w.how, w.why = f.left(w, i)
		default:
		}
		return true
	case outcome == felt.OutcomeFailed && !st.Optional && (t.fatal || st.Async):
		w.outcome, w.rule, w.why = outcome, ruleFailed, why
		return true
	case worked && f.reached(w.def, place):
		w.goal, w.rule = i, ruleGoal
		w.outcome, w.why = f.quality(w, t.end)
		return true
	}
	return false
}

// judged is how a try ended for its journey: one that took longer than its step may is a
// failure, unless nobody waits for it.
func judged(st *rules.CompiledStep, t *stepTry) (felt.Outcome, cause) {
	if st.Timeout > 0 && !st.Async && t.end-t.start > st.Timeout &&
		(t.outcome == felt.OutcomeSuccess || t.outcome == felt.OutcomeDegraded) {
		return felt.OutcomeFailed, cause{reasonTimeout, t.why.class}
	}
	return t.outcome, t.why
}

// reached tells whether the goal is reached now that a try of the step has worked.
func (f *folder) reached(def *rules.CompiledJourney, place int) bool {
	if goal := goalOf(def); goal >= 0 {
		return place == goal
	}
	for i, s := range def.Steps {
		if !s.Optional && !f.sums[i].done {
			return false
		}
	}
	return true
}

// quality tells a success from the long way round.
func (f *folder) quality(w *way, end felt.Instant) (felt.Outcome, cause) {
	asked := func(v *bool) bool { return v == nil || *v }
	when := w.def.DegradedWhen
	var degraded, retried, optional, passed bool
	for i, s := range w.def.Steps {
		sum := &f.sums[i]
		failed := sum.outcome == felt.OutcomeFailed
		switch {
		case s.Optional:
			optional = optional || failed && asked(when.OptionalFailed)
		case failed:
			passed = true
		default:
			degraded = degraded || sum.outcome == felt.OutcomeDegraded
			retried = retried || sum.retried && asked(when.Retried)
		}
	}
	for _, c := range []struct {
		is     bool
		reason string
	}{
		{degraded, "step_degraded"},
		{retried, "retried"},
		{optional, "optional_step_failed"},
		{passed, "step_failed"},
		{when.SlowerThan > 0 && end-f.begun(w, w.goal+1) > when.SlowerThan, "slow"},
	} {
		if c.is {
			return felt.OutcomeDegraded, cause{reason: c.reason}
		}
	}
	return felt.OutcomeSuccess, cause{}
}

// begun is when the first of the journey's tries before a place began.
func (f *folder) begun(w *way, to int) felt.Instant {
	start := f.tries[w.from].start
	for i := w.from + 1; i < to; i++ {
		start = min(start, f.tries[i].start)
	}
	return start
}

// giveUp ends a journey that nothing came for any more. The sums are its own.
func (f *folder) giveUp(w *way) {
	w.end, w.rule = w.closes, ruleTimeout
	last := &f.tries[w.told-1]
	if last.outcome == felt.OutcomeCancelled {
		w.outcome, w.why = felt.OutcomeCancelled, last.why
		return
	}
	if place := f.awaited(w.def); place >= 0 && w.def.Steps[place].Async {
		w.outcome, w.why = felt.OutcomeFailed, cause{reason: reasonTimeout}
		return
	}
	w.outcome = felt.OutcomeAbandoned
	w.how, w.why = f.left(w, w.told-1)
}

// left says how the customer left, from the last try backwards: a try that only says that
// they left does not hide what came before it.
func (f *folder) left(w *way, at int) (felt.AbandonedHow, cause) {
	for i := at; i >= w.from; i-- {
		t := &f.tries[i]
		outcome, why := t.outcome, t.why
		if place := placeIn(w.def, t.step); place >= 0 {
			outcome, why = judged(w.def.Steps[place], t)
		}
		switch {
		case outcome == felt.OutcomeFailed:
			return felt.AbandonedAfterFailure, why
		case outcome == felt.OutcomeAbandoned && t.how != felt.AbandonedNot && t.how != felt.AbandonedVoluntarily:
			return t.how, why
		case outcome == felt.OutcomeDegraded || t.slow:
			return felt.AbandonedWhileSlow, why
		case outcome != felt.OutcomeAbandoned:
			i = w.from // it went well: they left of their own accord
		}
	}
	if last := &f.tries[at]; last.outcome == felt.OutcomeAbandoned {
		return felt.AbandonedVoluntarily, last.why
	}
	return felt.AbandonedVoluntarily, cause{}
}
