package explain

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/measure"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/core/rules"
)

// Options are what the answer depends on besides the telemetry.
type Options struct {
	Settings felt.Settings // its zero value is [felt.DefaultSettings]
	Redact   otlp.Redaction
	Key      otlp.HashKey // without a secret a made-up one is used
}

// Result is what Felt makes of the telemetry.
type Result struct {
	RulesVersion int64         `json:"rules_version"` // of the inventory asked; 0 none
	Spans        []Span        `json:"spans"`         // and log records, as they came
	Interactions []Interaction `json:"interactions"`  // that come of them, in order of their ends
	Notes        []string      `json:"notes,omitempty"`
}

// Verdict is what a span counts as.
type Verdict string

// The verdicts.
const (
	VerdictInteraction Verdict = "interaction" // it decides an interaction
	VerdictPart        Verdict = "part"        // it belongs to an interaction that another span decides
	VerdictStep        Verdict = "step"        // it is a step of another interaction and has no row
	VerdictNothing     Verdict = "nothing"     // neither its attributes nor a rule make it an interaction
)

// Span is what one span or log record counts as.
type Span struct {
	Signal   string       `json:"signal"` // span | log
	Trace    felt.TraceID `json:"trace"`
	ID       felt.SpanID  `json:"span"`
	Parent   felt.SpanID  `json:"parent"`
	Service  string       `json:"service"`
	Name     string       `json:"name"`
	Kind     string       `json:"kind,omitempty"`
	Status   string       `json:"status,omitempty"`
	Customer string       `json:"customer_level"` // user | pseudonym | installation | session | none: its own
	Traffic  string       `json:"traffic"`

	Verdict     Verdict `json:"verdict"`
	Interaction string  `json:"interaction,omitempty"`
	App         string  `json:"app,omitempty"`
	By          string  `json:"by,omitempty"` // felt.interaction.name, or "rule checkout/pay"
	Why         string  `json:"why"`          // a sentence
	Near        []Near  `json:"near,omitempty"`
}

// Near is a rule that does not hold for a span, and what kept it from doing so.
type Near struct {
	Rule   string   `json:"rule"` // journey/step
	Failed []string `json:"failed"`
}

// Interaction is a row that comes of the telemetry.
type Interaction struct {
	ID          felt.InteractionID `json:"id"`
	Env         string             `json:"env"`
	App         string             `json:"app"`
	Name        string             `json:"name"`
	Steps       []string           `json:"steps,omitempty"` // of journeys, as journey/step
	Outcome     felt.Outcome       `json:"outcome"`
	Sent        felt.Outcome       `json:"sent"` // the outcome that was sent
	Rule        string             `json:"rule"` // explicit, status, threshold, or an error class
	Reason      string             `json:"reason,omitempty"`
	ErrorClass  string             `json:"error_class,omitempty"`
	Recoverable bool               `json:"recoverable"`
	Left        string             `json:"left,omitempty"` // how a customer abandoned it
	Duration    int64              `json:"duration_ns"`
	Visible     int64              `json:"visible_ns,omitempty"`
	Customer    string             `json:"customer_level"`
	Traffic     string             `json:"traffic"` // test and bot are in no number unless asked for
	Segments    map[string]string  `json:"segments,omitempty"`
	ValueMinor  int64              `json:"value_minor,omitempty"`
	Currency    string             `json:"currency,omitempty"`
	Span        felt.SpanID        `json:"span"`   // that decided
	Waited      bool               `json:"waited"` // for a parent, until its trace settled
}

// event is a span on its way through.
type event struct {
	Span
	at  felt.Instant
	env string
}

type explainer struct {
	set     *rules.Set
	tracker *measure.Tracker
	reader  otlp.Reader
	events  []event
	claims  map[spot][]measure.Claimed
	rows    map[felt.InteractionID]measure.Decision
	waited  map[felt.InteractionID]bool
	settle  felt.Instant

	pendingAfter felt.Instant
}

// spot is what tells the claims of a trace apart.
type spot struct {
	trace felt.TraceID
	span  felt.SpanID
	log   bool
	at    felt.Instant
}

// Explain says what Felt makes of telemetry under an inventory; nil is an empty one. The
// error is an [*InputError].
func Explain(in []byte, set *rules.Set, o Options) (*Result, error) {
	if o.Settings == (felt.Settings{}) {
		o.Settings = felt.DefaultSettings()
	}
	o.Settings.Partitions = 1
	if len(o.Key.Secret) == 0 {
		o.Key = otlp.HashKey{Secret: []byte("made up: what is explained is thrown away")}
	}
	if set == nil {
		set = &rules.Set{}
	}
	packer := otlp.NewPacker(otlp.Options{Partitions: 1, Clock: felt.ClockEvent, Key: o.Key, Redact: o.Redact})
	p := input{in: in}
	report, err := p.pack(packer, 0)
	if err != nil {
		return nil, err
	}
	x := &explainer{
		set: set, tracker: measure.NewTracker(o.Settings), claims: map[spot][]measure.Claimed{},
		rows: map[felt.InteractionID]measure.Decision{}, waited: map[felt.InteractionID]bool{}, settle: o.Settings.Settle,
		pendingAfter: o.Settings.PendingAfter,
	}
	x.tracker.Rules(set)
	if err := x.run(packer.Take(nil), packer.Newest()); err != nil {
		return nil, &InputError{What: err.Error()}
	}
	return x.result(report, p.filled), nil
}

// run feeds a tracker, and closes three ticks: the one in which all came, the one in which no
// parent is waited for any more, and the one in which the end of no hidden page's try is.
func (x *explainer) run(recs []felt.Record, newest felt.Instant) error {
	for _, rec := range recs {
		if err := x.reader.Reset(rec.Data); err != nil {
			return fmt.Errorf("read: %w", err)
		}
		for x.reader.NextBlock() {
			x.tracker.Begin(&x.reader, newest)
			var ev otlp.Event
			for x.reader.Next(&ev) {
				x.tracker.Event(&ev)
				x.look(&ev)
			}
		}
		if err := x.reader.Err(); err != nil {
			return fmt.Errorf("read: %w", err)
		}
	}
	x.tracker.Claims(func(c measure.Claimed) {
		at := spot{c.Trace, c.Span, c.Log, c.At}
		x.claims[at] = append(x.claims[at], c)
	})
	first := felt.TickOf(newest)
	x.decided(x.tracker.Tick(first), false)
	settled := first + felt.Tick(x.settle/felt.Second) + 1
	x.decided(x.tracker.Tick(settled), true)
	x.decided(x.tracker.Tick(settled+felt.Tick(x.pendingAfter/felt.Second)+1), true)
	return nil
}

func (x *explainer) decided(d measure.Decided, waited bool) {
	for _, part := range d.Parts {
		for _, row := range part.Decisions {
			x.rows[row.ID] = row
			x.waited[row.ID] = waited
		}
	}
}

// result puts it together.
func (x *explainer) result(report otlp.Report, filled int) *Result {
	r := &Result{RulesVersion: x.set.Version, Spans: []Span{}, Interactions: []Interaction{}}
	for i := range x.events {
		ev := &x.events[i]
		if !x.claimed(ev) {
			ev.Verdict = VerdictNothing
		}
		r.Spans = append(r.Spans, ev.Span)
	}
	rows := make([]measure.Decision, 0, len(x.rows))
	for _, d := range x.rows {
		rows = append(rows, d)
	}
	slices.SortFunc(rows, func(a, b measure.Decision) int {
		return cmp.Or(cmp.Compare(a.End, b.End), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	for i := range rows {
		r.Interactions = append(r.Interactions, x.interaction(&rows[i]))
	}
	if report.Reason != "" {
		r.Notes = append(r.Notes, report.Reason)
	}
	if filled > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d of the spans lack ids or times; made-up ones were used", filled))
	}
	if len(r.Spans) == 0 {
		r.Notes = append(r.Notes, "there is no span or log record in it")
	}
	return r
}

func (x *explainer) interaction(d *measure.Decision) Interaction {
	i := Interaction{
		ID: d.ID, Env: d.Env, App: d.App, Name: d.Name, Outcome: d.Outcome, Sent: d.ClientOutcome, Rule: d.OutcomeRule,
		Reason: d.Reason, ErrorClass: d.ErrorClass, Recoverable: d.Recoverable, Left: d.AbandonedHow.String(),
		Duration: d.Duration, Visible: d.Visible, Customer: d.IdentityLevel.String(), Traffic: d.Traffic.String(),
		ValueMinor: d.ValueMinor, Currency: d.Currency, Span: d.Span, Waited: x.waited[d.ID],
	}
	for _, s := range d.Steps {
		i.Steps = append(i.Steps, s.Journey.Name+"/"+s.Name)
	}
	for _, s := range d.Segments {
		if i.Segments == nil {
			i.Segments = map[string]string{}
		}
		i.Segments[s.Key] = s.Value
	}
	return i
}
