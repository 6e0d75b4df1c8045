package demo

import (
	"fmt"

	"github.com/felt-cx/felt"
)

// scopeName is the instrumentation scope of everything the shop sends.
const scopeName = "felt.demo"

// reporters are the resources in whose name telemetry is sent. Each is one value for
// ever, so that what has the same one can travel together.
type reporters struct {
	pages    map[string]*resource // by release and browser
	services map[string]*resource
}

func newReporters() reporters {
	r := reporters{map[string]*resource{}, map[string]*resource{}}
	for _, i := range catalog() {
		for _, name := range i.services {
			r.services[name] = &resource{[]attribute{
				text("service.name", name), text("service.namespace", App), text("service.version", "2026.7"),
				text("deployment.environment.name", environment), text("telemetry.sdk.language", "go"),
				text("telemetry.sdk.name", "opentelemetry"), text("host.name", name+"-0"),
			}}
		}
	}
	for _, release := range releases() {
		for n, b := range browsers() {
			r.pages[pageKey(release.value, n)] = &resource{[]attribute{
				text("service.name", "web"), text("service.namespace", App), text("service.version", release.value),
				text("deployment.environment.name", environment), text("telemetry.sdk.language", "webjs"),
				text("telemetry.sdk.name", "opentelemetry"), text("browser.platform", b.platform),
				flag("browser.mobile", b.mobile), text("browser.language", b.language), text("user_agent.original", b.agent),
			}}
		}
	}
	return r
}

func pageKey(release string, browser int) string { return fmt.Sprintf("%s %d", release, browser) }

// reported is what one reporter says of a try.
type reported struct {
	by    *resource
	spans []span
	logs  []logRecord
}

// tracer writes the spans of one try.
type tracer struct {
	try
	reporters
	n       uint64
	baggage []attribute // on every span of the services
}

// nextID makes the next span id of the trace: splitmix64, never zero.
func (t *tracer) nextID() string {
	t.n++
	z := t.ids + t.n*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return fmt.Sprintf("%016x", max(z^z>>31, 1))
}

// report says what the browser and what the services report of a try. There is nothing
// from a browser when none took part.
func (r reporters) report(t try) (page *reported, services []reported) {
	w := tracer{try: t, reporters: r, baggage: []attribute{text("felt.interaction.name", t.what.name)}}
	w.baggage = append(w.baggage, who(t.visit)...)
	if t.visit.bot {
		w.baggage = append(w.baggage, text("user_agent.synthetic.type", "bot"))
	}
	if t.what.name == webhook {
		return nil, w.webhook()
	}
	page = &reported{by: r.pages[pageKey(t.visit.release, t.visit.browser)]}
	root := w.interaction()
	request := w.span(kindClient, t.what.route, root.SpanID, inset(t.start, t.end, .04))
	request.Attributes = append(w.http(request.Attributes), text("server.address", "shop.example"))
	if t.visit.bot {
		request.Attributes = append(request.Attributes, text("user_agent.synthetic.type", "bot"))
	}
	page.spans = []span{root, request}
	if t.outcome == felt.OutcomeFailed {
		page.logs = append(page.logs, w.log(root, severityError, t.what.name+" failed: "+t.reason))
	}
	return page, w.chain(t.what.services, request.SpanID, request.Start, request.End)
}

// who are the attributes that name a customer.
func who(v *visit) []attribute {
	var a []attribute
	if v.session != "" {
		a = append(a, text("session.id", v.session))
	}
	if v.user == nil {
		return a
	}
	a = append(a, text("user.id", v.user.id))
	if v.user.account != "" {
		a = append(a, text("felt.account", v.user.account))
	}
	return a
}

// interaction is the browser's span that says how it ended for the customer.
func (t *tracer) interaction() span {
	v := t.visit
	s := t.span(kindInternal, t.what.name, "", felt.Window{From: t.start, To: t.end})
	s.Attributes = append([]attribute{
		text("felt.interaction.name", t.what.name),
		text("felt.interaction.outcome", t.outcome.String()),
		number("felt.interaction.retries", int64(t.retries)),
		text("felt.segment.region", v.region),
	}, who(v)...)
	if t.reason != "" {
		s.Attributes = append(s.Attributes, text("felt.interaction.reason", t.reason))
	}
	if v.user != nil {
		s.Attributes = append(s.Attributes, text("felt.segment.plan", v.user.plan))
	}
	if v.bot {
		s.Attributes = append(s.Attributes, text("user_agent.synthetic.type", "bot"))
	}
	if t.what.money {
		s.Attributes = append(s.Attributes,
			number("felt.interaction.value_minor", t.value), text("felt.interaction.currency", "EUR"))
	}
	return s
}

// span makes a span of the trace; it is an error when the try failed.
func (t *tracer) span(kind int, name string, parent string, w felt.Window) span {
	s := span{
		TraceID: t.trace.String(), SpanID: t.nextID(), Parent: parent,
		Name: name, Kind: kind, Start: w.From, End: w.To,
	}
	if t.outcome == felt.OutcomeFailed {
		s.Status = &status{Code: statusError, Message: t.reason}
		s.Attributes = append(s.Attributes, text("error.type", t.reason))
	}
	return s
}

// http adds what a span of an HTTP request carries.
func (t *tracer) http(a []attribute) []attribute {
	code := int64(200)
	switch t.reason {
	case "payment_timeout":
		code = 504
	case "upstream_error":
		code = 502
	case "blocked":
		code = 403
	}
	return append(a, text("http.route", t.what.route), number("http.response.status_code", code))
}

// chain is one call after the other through the services, each inside the one before,
// and the last one's call to what is behind it.
func (t *tracer) chain(services []string, parent string, from, to felt.Instant) []reported {
	var list []reported
	for i, name := range services {
		in := t.span(kindServer, t.what.route, parent, inset(from, to, .04))
		in.Attributes = append(t.http(in.Attributes), t.baggage...)
		next, peer := "call "+t.what.peer, t.what.peer
		if i+1 < len(services) {
			next, peer = "call "+services[i+1], services[i+1]
		}
		out := t.span(kindClient, next, in.SpanID, inset(in.Start, in.End, .08))
		out.Attributes = append(append(out.Attributes, text("server.address", peer)), t.baggage...)
		r := reported{by: t.services[name], spans: []span{in, out}}
		if last := i+1 == len(services); last && t.outcome == felt.OutcomeFailed {
			r.logs = append(r.logs, t.log(out, severityError, next+": "+t.reason))
		} else if last && t.what.money {
			r.logs = append(r.logs, t.log(in, severityInfo, "order taken"))
		}
		list = append(list, r)
		parent, from, to = out.SpanID, out.Start, out.End
	}
	return list
}

// webhook is an interaction that only services know: it has no outcome of its own, and a
// parent that is no interaction.
func (t *tracer) webhook() []reported {
	root := t.span(kindConsumer, "order events process", "", felt.Window{From: t.start, To: t.end})
	root.Status = nil // the event will be processed again
	root.Attributes = []attribute{text("messaging.system", "kafka")}
	call := t.span(kindClient, t.what.route, root.SpanID, felt.Window{From: t.start, To: t.end})
	call.Attributes = append(append(t.http(call.Attributes), text("server.address", t.what.peer)), t.baggage...)
	return []reported{
		{by: t.services[t.what.services[0]], spans: []span{root}},
		{by: t.services[t.what.services[1]], spans: []span{call}},
	}
}

// log is a record that belongs to a span.
func (t *tracer) log(s span, severity int, body string) logRecord {
	level := "INFO"
	if severity >= severityError {
		level = "ERROR"
	}
	return logRecord{
		Time: s.End, Severity: severity, Level: level, Body: text("", body).Value,
		TraceID: s.TraceID, SpanID: s.SpanID,
	}
}

// inset is a window with this share cut off at both ends.
func inset(from, to felt.Instant, share float64) felt.Window {
	cut := felt.Instant(float64(to-from) * share)
	return felt.Window{From: from + cut, To: to - cut}
}
