package measure

import (
	"encoding/binary"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/core/rules"
)

// matcher finds the rule that a plain span or log record is an interaction by. What of a
// rule depends on the operation alone is asked once per operation; so a span that no rule
// can match costs one look into a slice, however many rules there are.
type matcher struct {
	any  bool        // there is something to match
	byOp []selection // by number of the operation
	// others are the answers for what has no operation of its own: log records, and spans of
	// operations that found no room. Which of them are counted as "other" must not show in
	// what is an interaction.
	others map[string][]rules.Candidate
	key    []byte
}

// selection is the answer for one operation.
type selection struct {
	asked bool
	list  []rules.Candidate
}

// othersMax bounds the answers kept of what has no operation; a flood of names is asked anew.
const othersMax = 1 << 14

// reset forgets all answers: there are other rules, or operations have other numbers.
func (m *matcher) reset() {
	clear(m.byOp)
	m.byOp = m.byOp[:0]
	m.others = map[string][]rules.Candidate{}
}

// match returns the first rule that holds for an event; nil nearly always.
func (k *Tracker) match(ev *otlp.Event, op uint32) *rules.Candidate {
	if !k.matcher.any {
		return nil
	}
	var list []rules.Candidate
	if s := k.matcher.byOp; int(op) < len(s) && s[op].asked {
		list = s[op].list
	} else {
		list = k.selectRules(ev, op)
	}
	if list == nil {
		return nil
	}
	k.present.begin(ev)
	namespace := k.block.bytes(ev.Fields[otlp.FieldNamespace])
	for i := range list {
		c := &list[i]
		if len(namespace) > 0 && c.App != "" && c.App != string(namespace) {
			continue // the journey is one of another app
		}
		if c.Holds(&k.present.event) {
			return c
		}
	}
	return nil
}

// noOperation is the number of the operation of a log record.
const noOperation = ^uint32(0)

// selectRules asks the inventory which rules an operation may match, and keeps the answer.
func (k *Tracker) selectRules(ev *otlp.Event, op uint32) []rules.Candidate {
	m := &k.matcher
	service, name := k.block.bytes(ev.Fields[otlp.FieldService]), k.block.bytes(ev.Name)
	log := op == noOperation
	if !log && !k.ops.isOther(op) {
		if n := int(op) + 1 - len(m.byOp); n > 0 {
			m.byOp = slices.Grow(m.byOp, n)[:op+1]
		}
		m.byOp[op] = selection{true, k.rules.Select(false, string(service), string(name), ev.Kind)}
		return m.byOp[op].list
	}
	m.key = append(m.key[:0], byte(ev.Kind)<<1)
	if log {
		m.key[0] |= 1
	}
	m.key = binary.AppendUvarint(m.key, uint64(len(service)))
	m.key = append(append(m.key, service...), name...)
	list, ok := m.others[string(m.key)]
	if !ok {
		list = k.rules.Select(log, string(service), string(name), ev.Kind)
		if len(m.others) >= othersMax {
			clear(m.others)
		}
		m.others[string(m.key)] = list
	}
	return list
}

// isOther tells that an operation stands for several: one of them found no room.
func (o *operations) isOther(op uint32) bool {
	p := &o.ops[op]
	return p.name == symOther || o.resources[p.resource].service == symOther
}

// stepOf is the step that rules on an interaction: the first of the inventory, one of the
// journey that is named going before; nil when it is none.
func (k *Tracker) stepOf(app, name, journey string) *rules.CompiledStep {
	list := k.rules.Steps(app, name)
	for _, s := range list {
		if s.Journey.Name == journey {
			return s
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// stepsOf lists the steps that an interaction is a try of. Telemetry that names one of
// their journeys means that one only: paying for a renewal is no step of a checkout.
func (k *Tracker) stepsOf(app, name, journey string) []*rules.CompiledStep {
	list := k.rules.Steps(app, name)
	for i, s := range list {
		if journey != "" && s.Journey.Name == journey {
			return list[i : i+1 : i+1]
		}
	}
	return list
}

// present is the event at hand as rules look at it. Its memory is used again.
type present struct {
	tracker    *Tracker
	ev         *otlp.Event
	event      rules.Event
	attrs      []attribute // of the event, then of its resource
	read       bool
	identities map[string]int // attribute keys that are hashed, and their level
}

type attribute struct {
	key   otlp.Text
	value otlp.Value
}

func newPresent(k *Tracker) present {
	p := present{tracker: k, identities: otlp.IdentityKeys()}
	return p
}

// begin makes an event the one at hand. It costs little until an attribute is asked for.
func (p *present) begin(ev *otlp.Event) {
	k := p.tracker
	p.ev, p.read = ev, false
	if p.event.Attribute == nil {
		p.event.Attribute = p.attribute
	}
	env := k.block.shared(k.symbols, ev.Fields[otlp.FieldEnv])
	if env == "" {
		env = otlp.DefaultEnv
	}
	p.event.Log, p.event.Env = ev.Type == otlp.TypeLog, env
	p.event.Service = k.block.shared(k.symbols, ev.Fields[otlp.FieldService])
	p.event.Name = k.block.shared(k.symbols, ev.Name)
	p.event.Kind, p.event.Status = ev.Kind, felt.SpanStatus(ev.Status)
	if isError(ev) {
		p.event.Status = felt.SpanStatusError
	}
	p.event.HTTPStatus, p.event.Duration = ev.HTTPCode, ev.End-ev.Start
}

// attribute returns the text of an attribute of the event, else of its resource. Of an
// identity, which is hashed, it says only that it is there.
func (p *present) attribute(key string) (string, bool) {
	if !p.read {
		p.read = true
		src := p.tracker.block.src
		p.attrs = p.attrs[:0]
		take := func(key otlp.Text, v otlp.Value) { p.attrs = append(p.attrs, attribute{key, v}) }
		src.Attributes(take)
		src.ResourceAttributes(take)
	}
	for i := range p.attrs {
		if a := &p.attrs[i]; string(p.tracker.block.bytes(a.key)) == key {
			return a.value.Format(p.tracker.block.src.Text), true
		}
	}
	if level, ok := p.identities[key]; ok {
		return "", !p.ev.IDs.Level(level).IsZero()
	}
	if key == "error.type" || key == "exception.type" { // also from a span event
		if t := p.ev.Fields[otlp.FieldErrorType]; t != 0 {
			return p.tracker.block.own(t), true
		}
	}
	return "", false
}
