package rules

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/felt-cx/felt"
)

// Miss is a rule that does not hold for an event, and why.
type Miss struct {
	Rule     string // journey/step
	Journey  string
	Step     string
	Held     int           // conditions that hold
	Failures []MissFailure // the others, at least one
}

// MissFailure is one condition that does not hold.
type MissFailure struct {
	What   string `json:"what"`   // service, name, kind, status, http_status, ..., attributes.KEY
	Want   string `json:"want"`   // the condition as people write it
	Actual string `json:"actual"` // "" and Absent: it is not there
	Absent bool   `json:"absent,omitempty"`
}

// nearMax is how many misses are worth showing.
const nearMax = 5

// Near lists the rules that nearly hold for an event: at most five, best first. A rule that has
// nothing in common with the event is not near. It costs a look at every rule: for people, not for
// every event.
func (s *Set) Near(ev *Event) []Miss {
	var list []Miss
	for i := range s.index.rules {
		r := &s.index.rules[i]
		if r.log != ev.Log {
			continue
		}
		m := Miss{Rule: r.candidate.Rule, Journey: r.candidate.Journey, Step: r.candidate.Step}
		r.candidate.pattern.each(ev, func(holds bool, f MissFailure) {
			if holds {
				m.Held++
				return
			}
			m.Failures = append(m.Failures, f)
		})
		if len(m.Failures) > 0 && (m.Held > 0 || r.resembles(ev)) {
			list = append(list, m)
		}
	}
	// The fewest failures first; of those, what has most in common; of those, the order of the files.
	slices.SortStableFunc(list, func(a, b Miss) int {
		return cmp.Or(cmp.Compare(len(a.Failures), len(b.Failures)), cmp.Compare(b.Held, a.Held))
	})
	return list[:min(len(list), nearMax)]
}

// resembles tells whether a service or name was nearly met: a slip of the pen.
func (r *rule) resembles(ev *Event) bool {
	near := func(c *condition, actual string) bool {
		words, ok := c.exact()
		return ok && closest(actual, words) != ""
	}
	return near(r.candidate.pattern.service, ev.Service) || near(r.candidate.pattern.name, ev.Name)
}

// each tells of every condition whether it holds.
func (p *pattern) each(ev *Event, f func(holds bool, miss MissFailure)) {
	text := func(what string, c *condition, actual string, there bool) {
		if c != nil {
			f(c.holds(actual, there), MissFailure{what, c.String(), actual, !there})
		}
	}
	text("service", p.service, ev.Service, ev.Service != "")
	text("name", p.name, ev.Name, ev.Name != "")
	if p.kind != felt.SpanUnspecified {
		f(p.kind == ev.Kind, MissFailure{What: "kind", Want: p.kind.String(), Actual: ev.Kind.String()})
	}
	if p.hasStatus {
		f(p.status == ev.Status, MissFailure{What: "status", Want: p.status.String(), Actual: ev.Status.String()})
	}
	if p.http != nil {
		text("http_status", p.http, httpText(ev.HTTPStatus), ev.HTTPStatus != 0)
	}
	if p.grpc != nil {
		code, ok := grpcStatus(ev)
		text("grpc_status", p.grpc, code, ok)
	}
	if p.longer > 0 {
		f(ev.Duration > p.longer, MissFailure{What: "longer_than", Want: formatDuration(p.longer), Actual: formatDuration(max(ev.Duration, 0))})
	}
	for _, a := range p.attributes {
		s, ok := ev.attribute(a.key)
		text("attributes."+a.key, a.is, s, ok)
	}
}

func httpText(code int32) string {
	if code == 0 {
		return ""
	}
	return strconv.Itoa(int(code))
}
