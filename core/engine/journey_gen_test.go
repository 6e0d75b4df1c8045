package engine_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/felt-cx/felt"
)

// journeyWorld is a random inventory, and random customers who try it.
type journeyWorld struct {
	rnd      *rand.Rand
	journeys []*refJourney
	spans    map[felt.Tick][]journeySpan // by arrival
	events   int
	instance map[felt.TraceID]string
	traces   uint64
	last     felt.Tick
}

// journeySpan is a span that tells of a step.
type journeySpan struct {
	trace, id, parent       uint64
	name, outcome, reason   string
	failed                  bool // by status, without an outcome
	start, end              felt.Instant
	user, session, install  string
	instance, class, region string
	synthetic               string
	value                   int64
}

func (w *journeyWorld) one(of int) bool { return w.rnd.IntN(of) == 0 }

func oneOf[T any](w *journeyWorld, list ...T) T { return list[w.rnd.IntN(len(list))] }

func newJourneyWorld(seed uint64, events int) *journeyWorld {
	w := &journeyWorld{
		rnd: rand.New(rand.NewPCG(seed, 7)), spans: map[felt.Tick][]journeySpan{}, instance: map[felt.TraceID]string{},
	}
	for i := range 1 + w.rnd.IntN(4) {
		w.journeys = append(w.journeys, w.journey(i))
	}
	for w.events < events {
		w.customer()
	}
	return w
}

// journey makes one up. Journeys share some steps.
func (w *journeyWorld) journey(n int) *refJourney {
	j := &refJourney{
		name: fmt.Sprint("journey", n), correlate: oneOf(w, "session", "session", "customer", "instance", "trace"), goal: "last_step",
		timeout: felt.Instant(1+w.rnd.IntN(8)) * felt.Minute, retriedIsFine: w.one(4), optionalIsFine: w.one(4),
	}
	names := []string{"cart", "login", "address", "pay", fmt.Sprint("own", n), fmt.Sprint("more", n)}
	w.rnd.Shuffle(len(names), func(i, k int) { names[i], names[k] = names[k], names[i] })
	required := 0
	for i := range 1 + w.rnd.IntN(5) {
		s := refStep{name: names[i], optional: w.one(4), async: w.one(8)}
		if w.one(4) || s.async {
			s.timeout = felt.Instant(10+w.rnd.IntN(900)) * felt.Second
		}
		if w.one(3) {
			s.slow = felt.Instant(1+w.rnd.IntN(5)) * felt.Second
		}
		if !s.optional {
			required++
		}
		j.steps = append(j.steps, s)
	}
	if required == 0 {
		j.steps[w.rnd.IntN(len(j.steps))].optional = false
	}
	j.prepare()
	switch w.rnd.IntN(6) {
	case 0:
		j.goal = "all_steps"
	case 1:
		j.goal = j.steps[j.required[w.rnd.IntN(len(j.required))]].name
	}
	if w.one(3) {
		j.slowerThan = felt.Instant(5+w.rnd.IntN(120)) * felt.Second
	}
	if w.one(2) {
		j.amount, j.currency = int64(100+w.rnd.IntN(900)), "EUR"
	}
	j.perInteraction = w.one(4) && j.amount > 0
	return j
}

// inventory writes the journeys down, as JSON, which is YAML too.
func (w *journeyWorld) inventory(version int64) felt.Inventory {
	length := func(d felt.Instant) string { return fmt.Sprintf("%ds", d/felt.Second) }
	var list []map[string]any
	for _, j := range w.journeys {
		var steps []map[string]any
		for _, s := range j.steps {
			m := map[string]any{"name": s.name, "optional": s.optional, "async": s.async}
			if s.timeout > 0 {
				m["timeout"] = length(s.timeout)
			}
			if s.slow > 0 {
				m["thresholds"] = map[string]any{"degraded": length(s.slow)}
			}
			steps = append(steps, m)
		}
		m := map[string]any{
			"name": j.name, "correlate": j.correlate, "steps": steps, "timeout": length(j.timeout), "success_when": j.goal,
			"degraded_when": map[string]any{"retried": !j.retriedIsFine, "optional_step_failed": !j.optionalIsFine},
			"error_classes": []map[string]any{{
				"name": "blocked", "match": map[string]any{"attributes": map[string]any{"error.type": "fraud"}}, "recoverable": false,
			}},
		}
		if j.correlate == "instance" {
			m["correlate"] = map[string]any{"instance": "order.id"}
		}
		if j.goal != "last_step" && j.goal != "all_steps" {
			m["success_when"] = map[string]any{"step": j.goal}
		}
		if j.slowerThan > 0 {
			m["degraded_when"].(map[string]any)["slower_than"] = length(j.slowerThan)
		}
		if j.amount > 0 {
			value := map[string]any{"amount_minor": j.amount, "currency": j.currency}
			if j.perInteraction {
				value["per"] = "interaction"
			}
			m["value"] = value
		}
		list = append(list, m)
	}
	text, err := json.MarshalIndent(map[string]any{"journeys": list}, "", "  ")
	if err != nil {
		panic(err)
	}
	return felt.Inventory{Version: version, Files: []felt.InventoryFile{{Name: "journeys.yaml", Text: string(text)}}}
}

// customer lets a customer try something for a while, in one or two sessions.
func (w *journeyWorld) customer() {
	n := w.traces
	who := journeySpan{session: fmt.Sprint("s", n), region: oneOf(w, "", "eu", "us")}
	if w.one(2) {
		who.user = fmt.Sprint("u", n)
	}
	if w.one(3) {
		who.install = fmt.Sprint("i", n)
	}
	if w.one(8) {
		who.session = ""
	}
	if w.one(20) {
		who.synthetic = "bot"
	}
	who.instance = fmt.Sprint("order", n)
	at := felt.Instant(60+w.rnd.IntN(1800)) * felt.Second
	tabs := 1 + w.rnd.IntN(2)
	for range tabs {
		w.walk(who, at)
		if w.one(3) {
			who.session = fmt.Sprint("t", n) // another device
		}
		if w.one(3) {
			who.user = fmt.Sprint("u", n) // logs in
		}
	}
}

// walk takes a customer through journeys, step by step, with everything that people do.
func (w *journeyWorld) walk(who journeySpan, at felt.Instant) {
	for range 1 + w.rnd.IntN(3) {
		j := w.journeys[w.rnd.IntN(len(w.journeys))]
		for place := 0; place < len(j.steps); place++ {
			switch {
			case w.one(8):
				continue // not seen
			case w.one(12) && place > 0:
				place -= 2 // back
				continue
			case w.one(15):
				return // left
			}
			for {
				at += w.pause(j)
				worked := w.try(who, j.steps[place].name, at)
				if worked && !w.one(6) || w.one(4) {
					break
				}
			}
		}
	}
}

// pause is how long a customer waits: seconds mostly, at times just about a timeout.
func (w *journeyWorld) pause(j *refJourney) felt.Instant {
	switch w.rnd.IntN(12) {
	case 0:
		limit := j.timeout
		if s := j.steps[w.rnd.IntN(len(j.steps))]; s.timeout > 0 {
			limit = s.timeout
		}
		return limit + felt.Instant(w.rnd.IntN(5)-2)*felt.Second/2
	case 1:
		return felt.Instant(w.rnd.IntN(900)) * felt.Second
	case 2:
		return 0
	}
	return felt.Instant(w.rnd.IntN(40_000)) * felt.Second / 1000
}

// try makes the spans of one try and says when they arrive.
func (w *journeyWorld) try(s journeySpan, name string, end felt.Instant) (worked bool) {
	w.traces++
	s.trace, s.id, s.name, s.end = w.traces, w.traces*10, name, end
	took := felt.Instant(w.rnd.IntN(6000)) * felt.Second / 1000
	if w.one(30) {
		took = felt.Instant(w.rnd.IntN(300)) * felt.Second
	}
	s.start = end - took
	worked = true
	switch w.rnd.IntN(16) {
	case 0, 1:
		s.outcome, worked = "failed", false
	case 2:
		s.failed, worked = true, false
	case 3:
		s.outcome, s.class, worked = "failed", "fraud", false
	case 4:
		s.outcome, s.reason = "abandoned", oneOf(w, "", "slow_left", "after_failure_left")
		worked = false
	case 5:
		s.outcome, s.reason, worked = "cancelled", "mind", false
	case 6:
		s.outcome = "degraded"
	case 7, 8, 9:
		s.outcome = "success"
	}
	if w.one(3) {
		s.value = int64(1 + w.rnd.IntN(5000))
	}
	if w.one(10) {
		s.instance = ""
	}
	arrival := felt.Tick(end/felt.Second) + 1 + felt.Tick(w.rnd.IntN(3))
	if w.one(10) {
		arrival += felt.Tick(w.rnd.IntN(600)) // the whole trace is late
	}
	if w.one(5) { // a back-end span comes first, and knows less; at times it says how it ended
		b := s
		b.id, b.parent = s.id+1, s.id
		b.end -= took / 4
		b.session, b.install, b.value, b.class, b.reason = "", "", 0, "", ""
		b.outcome = oneOf(w, "", "", "", "success")
		if b.outcome != "" && s.outcome == "" {
			s.outcome = "success"
			if s.failed {
				s.outcome = "failed"
			}
		}
		w.arrive(arrival, b)
		arrival += felt.Tick(w.rnd.IntN(13))
	}
	w.arrive(arrival, s)
	if w.one(12) {
		w.arrive(arrival+felt.Tick(w.rnd.IntN(200)), s) // again
	}
	w.instance[traceOf(s.trace)] = s.instance
	return worked
}

func traceOf(n uint64) felt.TraceID { return felt.TraceID(traceID(n)) }

func (w *journeyWorld) arrive(at felt.Tick, s journeySpan) {
	w.spans[at] = append(w.spans[at], s)
	w.last = max(w.last, at)
	w.events++
}

// tape packs what arrives, as the door does.
func (w *journeyWorld) tape(t testing.TB, s felt.Settings) *tape {
	t.Helper()
	p := newTape(t, s)
	data, err := json.Marshal(w.inventory(7))
	if err != nil {
		t.Fatal(err)
	}
	p.add(arrive(0), felt.Record{Kind: felt.KindInventory, Part: felt.Control, Data: data})
	for at := felt.Tick(0); at <= w.last; at++ {
		list := slices.Clone(w.spans[at])
		if len(list) == 0 {
			continue
		}
		w.rnd.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		td := ptrace.NewTraces()
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", "shop")
		spans := rs.ScopeSpans().AppendEmpty().Spans()
		for i := range list {
			list[i].put(spans.AppendEmpty())
		}
		body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
		p.pack(at, body, err, p.packer.Traces)
	}
	return p
}

func (s *journeySpan) put(o ptrace.Span) {
	o.SetTraceID(traceID(s.trace))
	o.SetSpanID(spanID(s.id))
	if s.parent != 0 {
		o.SetParentSpanID(spanID(s.parent))
	}
	o.SetStartTimestamp(pcommon.Timestamp(start.Instant() + s.start))
	o.SetEndTimestamp(pcommon.Timestamp(start.Instant() + s.end))
	o.SetName(strings.ToUpper(s.name))
	if s.failed {
		o.Status().SetCode(ptrace.StatusCodeError)
	}
	putAll(o.Attributes(), map[string]string{
		"felt.interaction.name": s.name, "felt.interaction.outcome": s.outcome, "felt.interaction.reason": s.reason,
		"user.id": s.user, "session.id": s.session, "app.installation.id": s.install, "error.type": s.class,
		"felt.journey.instance.id": s.instance, "felt.segment.region": s.region, "user_agent.synthetic.type": s.synthetic,
	})
	if s.value != 0 {
		o.Attributes().PutInt("felt.interaction.value", s.value)
		o.Attributes().PutStr("felt.interaction.currency", "EUR")
	}
}
