package measure

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/core/rules"
)

// newClaim reads what an event says about an interaction. by is the rule that makes it
// one; nil when it names itself.
func (k *Tracker) newClaim(ev *otlp.Event, by *rules.Candidate) *claim {
	f := &ev.Fields
	shared := func(t otlp.Text) string { return k.block.shared(k.symbols, t) }
	c := k.commons.begin()
	c.id, c.parent, c.trace, c.log, c.error = ev.Span, ev.Parent, ev.Trace, ev.Type == otlp.TypeLog, isError(ev)
	c.start, c.end, c.arrived = ev.Start, ev.End, k.at
	c.env, c.service, c.release = cmp.Or(shared(f[otlp.FieldEnv]), otlp.DefaultEnv), shared(f[otlp.FieldService]), shared(f[otlp.FieldRelease])
	c.name, c.traffic, c.currency = shared(f[otlp.FieldInteraction]), ev.Traffic, shared(f[otlp.FieldCurrency])
	c.journey, c.step = shared(f[otlp.FieldJourney]), shared(f[otlp.FieldStep])
	c.reason, c.message = k.block.own(f[otlp.FieldReason]), k.block.own(f[otlp.FieldStatusMessage])
	c.errorType, c.retries = shared(f[otlp.FieldErrorType]), ev.Retries
	c.weight, c.draw, c.value, c.visible = ev.Weight, ev.Draw, ev.Value, ev.Visible
	c.key, c.ids, c.keyID = k.block.own(f[otlp.FieldKey]), ev.IDs, k.block.keyID
	if !(c.weight > 1) { // also not a number
		c.weight, c.draw = 1, 0
	}
	if c.log {
		c.parent = ev.Span // a log record belongs to the span around it
	}
	k.readOutcome(c, shared(f[otlp.FieldOutcome]), ev.Outcome)
	for _, a := range ev.Segments {
		c.segments = append(c.segments, felt.Segment{Key: shared(a.Key), Value: shared(a.Value)})
	}
	c.segments = tidySegments(c.segments)
	for _, a := range ev.Flags {
		c.flags = append(c.flags, shared(a.Key)+"="+shared(a.Value))
	}
	slices.Sort(c.flags)
	c.flags = slices.Compact(c.flags)
	app := ""
	if by != nil {
		c.ruled, c.name, app = true, by.Interaction, by.App
	}
	c.app = cmp.Or(shared(f[otlp.FieldNamespace]), app, k.rules.App(c.service, c.name), c.service, unknownService)
	k.readInventory(ev, c, by)
	c.iid = c.identity()
	k.commons.finish(c)
	return c
}

// readInventory sets what the inventory has to say about a claim: the ruling of its step's
// error classes, and, from the attributes that it names, instance and value.
func (k *Tracker) readInventory(ev *otlp.Event, c *claim, by *rules.Candidate) {
	instance, value := "", ""
	if by != nil {
		instance, value = by.Instance, by.Value
		c.byJourney, c.byStep = by.Journey, by.Step
		k.present.begin(ev)
	}
	id := k.block.own(ev.Fields[otlp.FieldInstance])
	if step := k.stepOf(c.app, c.name, cmp.Or(c.journey, c.byJourney)); step != nil {
		k.present.begin(ev)
		r := step.Rule(&k.present.event)
		c.ruling = ruling{cmp.Or(r.Rule, r.Class), r.Outcome, !r.Recoverable}
		instance = cmp.Or(instance, step.Journey.Correlate.Attribute)
		value = cmp.Or(value, step.Journey.Value.Attribute)
	}
	if id == "" && instance != "" {
		id, _ = k.present.attribute(instance)
	}
	c.instance = instanceOf(c.env, id)
	if c.value == 0 && value != "" {
		text, _ := k.present.attribute(value)
		c.value = minorUnits(text)
	}
}

// minorUnits reads an amount in major units, 12.5, as minor ones, 1250: every currency is
// taken to have two decimals. What is no number is none.
func minorUnits(text string) int64 {
	f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(f) {
		return 0
	}
	return int64(min(max(math.Round(f*100), -9e18), 9e18))
}

// isError tells that the event's own status is a failure: ERROR, or, where no status was set,
// what an agent put in its place (event.outcome, error).
func isError(ev *otlp.Event) bool {
	return ev.Status == otlp.StatusError || ev.Failed
}
