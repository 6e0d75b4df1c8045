package rules

import (
	"slices"
	"strconv"

	"github.com/felt-cx/felt"
)

// pattern is a compiled [Pattern]. What is nil or zero is not asked.
type pattern struct {
	service, name *condition
	kind          felt.SpanKind

	status     felt.SpanStatus
	hasStatus  bool
	http       *condition
	httpHolds  [lastHTTP - firstHTTP + 1]bool // the answers for the codes there are
	grpc       *condition                     // of canonical names
	longer     felt.Instant
	attributes []attribute // in order of key
}

type attribute struct {
	key string
	is  *condition
}

// The HTTP status codes whose answers are worked out beforehand.
const (
	firstHTTP = 100
	lastHTTP  = 599
)

func (p *Pattern) compile() *pattern {
	c := &pattern{
		service: p.Service.compile(), name: p.Name.compile(), kind: kindOf(p.Kind),
		http: p.HTTPStatus.compile(), grpc: p.GRPCStatus.canonical().compile(), longer: p.Duration,
	}
	for s := felt.SpanStatusUnset; s <= felt.SpanStatusError; s++ {
		if p.Status == s.String() {
			c.status, c.hasStatus = s, true
		}
	}
	if c.http != nil {
		for i := range c.httpHolds {
			c.httpHolds[i] = c.http.holds(strconv.Itoa(firstHTTP+i), true)
		}
	}
	keys := make([]string, 0, len(p.Attributes))
	for k := range p.Attributes {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		t := p.Attributes[k]
		c.attributes = append(c.attributes, attribute{k, t.compile()})
	}
	return c
}

func kindOf(word string) felt.SpanKind {
	for k := felt.SpanInternal; k <= felt.SpanConsumer; k++ {
		if k.String() == word {
			return k
		}
	}
	return felt.SpanUnspecified
}

// static is the part that depends on the operation alone.
func (p *pattern) static(service, name string, kind felt.SpanKind) bool {
	return (p.kind == felt.SpanUnspecified || p.kind == kind) &&
		(p.service == nil || p.service.holds(service, service != "")) &&
		(p.name == nil || p.name.holds(name, name != ""))
}

// rest is what is left of it.
func (p *pattern) rest(ev *Event) bool {
	if p.hasStatus && ev.Status != p.status || p.longer > 0 && ev.Duration <= p.longer {
		return false
	}
	if p.http != nil && !p.httpStatus(ev.HTTPStatus) {
		return false
	}
	if p.grpc != nil {
		code, ok := grpcStatus(ev)
		if !p.grpc.holds(code, ok) {
			return false
		}
	}
	for i := range p.attributes {
		s, ok := ev.attribute(p.attributes[i].key)
		if !p.attributes[i].is.holds(s, ok) {
			return false
		}
	}
	return true
}

func (p *pattern) holds(ev *Event) bool {
	return p.static(ev.Service, ev.Name, ev.Kind) && p.rest(ev)
}

func (p *pattern) httpStatus(code int32) bool {
	if code >= firstHTTP && code <= lastHTTP {
		return p.httpHolds[code-firstHTTP]
	}
	return p.http.holds(strconv.Itoa(int(code)), code != 0)
}

func (ev *Event) attribute(key string) (string, bool) {
	if ev.Attribute == nil {
		return "", false
	}
	return ev.Attribute(key)
}
