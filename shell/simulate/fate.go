package simulate

import (
	"encoding/hex"
	"math"

	"github.com/felt-cx/felt"
)

// Try is one interaction from start to end, as it was for the customer.
type Try struct {
	Start, End felt.Instant
	Outcome    felt.Outcome // none: the customer could not even arrive; see Lost
	Reason     string       // error.type of what failed
	Retries    int
	Traffic    felt.Traffic
	Trace      felt.TraceID
	Value      int64 // in cents

	somebody
	op        *op
	site      *site
	ids       uint64 // the span ids follow from it
	instance  uint64
	origin    int8   // the hop in which it went wrong: see healthy
	bad       string // the version of a bad release that it met
	badAt     int8   // and in which hop
	episode   int32  // whose fault it is; -1 nobody's
	trouble   int32  // the fault that troubles the delivery; -1 none
	late      bool   // it makes it late, or come twice
	gone      bool   // never happened: the customer could not arrive
	muted     bool   // happened, and no telemetry of it was sent
	pestering bool
}

// Where a try goes wrong: a place in op.services, one more for what is behind the last
// of them, or one of these.
const (
	healthy = -2
	inPage  = -1
)

// App is the app's name.
func (t *Try) App() string { return t.op.app }

// Name is that of the interaction.
func (t *Try) Name() string { return t.op.name }

// Lost tells that no telemetry of it will ever be sent: the customer could not arrive, or
// what their browser and the services said was lost on the way.
func (t *Try) Lost() bool { return t.gone || t.muted }

// Known tells whether the customer is logged in.
func (t *Try) Known() bool { return t.known }

// Customer is the strongest identity that telemetry tells: user.id, else
// app.installation.id, else session.id.
func (t *Try) Customer() string {
	switch {
	case t.known:
		return string(t.appendUser(nil))
	case t.install:
		return string(t.appendInstall(nil))
	}
	return hex.EncodeToString(t.appendSession(nil))
}

// Person is who it is, whether telemetry tells or not.
func (t *Try) Person() uint32 { return t.person }

// Session is the number of the session.
func (t *Try) Session() uint32 { return t.session }

// fate decides how a try will end, and how long it takes.
func (w *World) fate(t *Try) felt.Instant {
	o := t.op
	if o.by == byLog {
		t.Outcome = felt.OutcomeSuccess
		return 0
	}
	d := float64(o.typical) * math.Exp(.4*w.rng.NormFloat64())
	dice := w.rng.Float64()
	fails := o.fails * w.restless(t.site, w.now)
	t.Outcome = felt.OutcomeSuccess
	struck := w.strike(t)
	switch {
	case struck:
	case t.Traffic == felt.TrafficBot && dice < botFails:
		t.fail("blocked", 0)
	case dice < fails:
		t.fail("upstream_error", int8(len(o.services)-1)) //nolint:gosec // a handful
	case dice < fails+o.slow:
		t.slow(int8(len(o.services))) //nolint:gosec // a handful
	case o.value > 0 && o.by == byBrowser && dice > 1-cancelShare:
		t.Outcome, t.Reason = felt.OutcomeCancelled, "changed_mind"
	case o.value > 0 && o.by == byBrowser && dice > 1-cancelShare-giveUpShare:
		t.Outcome, t.Reason = felt.OutcomeAbandoned, "left_while_slow"
		t.origin = int8(len(o.services)) //nolint:gosec // a handful
	}
	if o.value > 0 {
		t.Value = o.value/2 + w.rng.Int64N(o.value)
	}
	return w.length(t, felt.Instant(d))
}

// fail makes it a failure that begins in a hop.
func (t *Try) fail(reason string, origin int8) {
	t.Outcome, t.Reason, t.origin = felt.OutcomeFailed, reason, origin
}

// slow makes it degraded, where that can be told.
func (t *Try) slow(origin int8) bool {
	if t.op.by != byBrowser && t.op.limit == 0 {
		return false
	}
	t.Outcome, t.Reason, t.origin = felt.OutcomeDegraded, "slow", origin
	return true
}

// length is how long a try takes that would take d on a good day. What is longer than
// the limit is degraded, so what is not, stays below it; the services' spans, which may be what is
// judged, are a sixth shorter than the page's.
func (w *World) length(t *Try, d felt.Instant) felt.Instant {
	o := t.op
	high := ms(longest)
	if o.by == byWorker {
		high = 50 * felt.Second
	}
	switch {
	case t.Outcome == felt.OutcomeDegraded, t.Outcome == felt.OutcomeAbandoned:
		d = max(felt.Instant(float64(d)*(3+4*w.rng.Float64())), felt.Instant(float64(o.limit)*(1.25+.7*w.rng.Float64())))
	case t.Outcome == felt.OutcomeFailed && t.Reason == reasonTimeout:
		d = max(d, o.typical*2)
	case t.Outcome == felt.OutcomeFailed && t.origin == inPage:
		d = d / 8
	case o.limit > 0:
		d = min(d, felt.Instant(float64(o.limit)*.9))
	}
	return min(max(d, ms(20)), high)
}
