package explain

import (
	"strconv"

	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/core/rules"
)

// near lists the rules that come nearest to the event at hand, and what kept each.
func (x *explainer) near(ev *otlp.Event, e *event) []Near {
	var list []Near
	re := x.ruleEvent(ev, e)
	namespace := string(x.reader.Text(ev.Fields[otlp.FieldNamespace]))
	for _, c := range x.set.Select(re.Log, re.Service, re.Name, re.Kind) {
		if namespace != "" && c.App != "" && c.App != namespace && c.Holds(re) {
			list = append(list, Near{c.Rule, []string{"service.namespace is " + strconv.Quote(namespace) + ", wanted " + c.App}})
		}
	}
	for _, m := range x.set.Near(re) {
		n := Near{Rule: m.Rule}
		for _, f := range m.Failures {
			n.Failed = append(n.Failed, failure(&f))
		}
		list = append(list, n)
	}
	return list
}

// failure says in words why a condition does not hold: service is "web", wanted api.
func failure(f *rules.MissFailure) string {
	if f.Absent {
		return f.What + " is not there, wanted " + f.Want
	}
	return f.What + " is " + strconv.Quote(f.Actual) + ", wanted " + f.Want
}
