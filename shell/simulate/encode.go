package simulate

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/felt-cx/felt"
)

// scopeName is the instrumentation scope of all that is sent.
const scopeName = "felt.simulate"

// reporter is a resource in whose name telemetry is sent.
type reporter struct {
	body    []byte // the Resource message
	service string
	app     string
	page    bool
}

type reporterKey struct{ app, service, version string }

// prepared is what is the same in all tries of an operation.
type prepared struct {
	name     []byte // attribute felt.interaction.name
	route    []byte // attribute http.route
	services []int32
	calls    []string // names of the hops' outgoing spans
	peers    [][]byte // attribute server.address of them
	pages    [releaseKinds][8]int32
}

// writer turns tries into spans and logs: append only, with everything prepared that
// does not change.
type writer struct {
	w         *World
	reporters []reporter
	known     map[reporterKey]int32
	ops       []prepared
	segments  struct{ region, plan, browser [][]byte }
	env       string
	lean      bool   // resources are short
	tmp       []byte // the message that is being written
	attrs     []byte // of who it is
	ids       uint64
	n         uint64
}

func newWriter(w *World, lean bool) *writer {
	e := &writer{w: w, lean: lean, known: map[reporterKey]int32{}, env: w.scenario.Env, ops: make([]prepared, len(w.ops))}
	for _, r := range w.tables.regions {
		e.segments.region = append(e.segments.region, appendText(nil, spanAttributes, "felt.segment.region", r.value))
	}
	for _, p := range w.tables.plans {
		e.segments.plan = append(e.segments.plan, appendText(nil, spanAttributes, "felt.segment.plan", p.value))
	}
	for i := range w.tables.browsers {
		b := &w.tables.browsers[i]
		a := appendText(nil, spanAttributes, "felt.segment.browser", b.name)
		e.segments.browser = append(e.segments.browser, appendText(a, spanAttributes, "felt.segment.device", deviceOf(b)))
	}
	for i, o := range w.ops {
		p := &e.ops[i]
		p.name = appendText(nil, spanAttributes, "felt.interaction.name", o.name)
		p.route = appendText(nil, spanAttributes, "http.route", o.span)
		for j, s := range o.services {
			p.services = append(p.services, e.service(o.app, s, serviceRelease))
			next := o.peer
			if j+1 < len(o.services) {
				next = o.services[j+1]
			}
			p.calls = append(p.calls, "call "+next)
			p.peers = append(p.peers, appendText(nil, spanAttributes, "server.address", next))
		}
	}
	return e
}

// service is the reporter of a service's version.
func (e *writer) service(app, service, version string) int32 {
	key := reporterKey{app, service, version}
	if i, ok := e.known[key]; ok {
		return i
	}
	b := e.resource(app, service, version, "go")
	if !e.lean {
		b = appendText(b, resourceAttributes, "host.name", service+"-0")
	}
	return e.add(key, reporter{body: b, service: service, app: app})
}

// resource begins the attributes of a resource.
func (e *writer) resource(app, service, version, language string) []byte {
	b := appendText(nil, resourceAttributes, "service.name", service)
	b = appendText(b, resourceAttributes, "service.namespace", app)
	b = appendText(b, resourceAttributes, "service.version", version)
	b = appendText(b, resourceAttributes, "deployment.environment.name", e.env)
	if e.lean {
		return b
	}
	b = appendText(b, resourceAttributes, "telemetry.sdk.language", language)
	return appendText(b, resourceAttributes, "telemetry.sdk.name", "opentelemetry")
}

func (e *writer) add(key reporterKey, r reporter) int32 {
	e.reporters = append(e.reporters, r)
	i := int32(len(e.reporters) - 1) //nolint:gosec // some thousands
	e.known[key] = i
	return i
}

// pageOf is the reporter of a page in a browser.
func (e *writer) pageOf(t *Try) int32 {
	slot := &e.ops[t.op.id].pages[t.release][t.browser]
	if *slot > 0 && t.release != releaseBad {
		return *slot - 1
	}
	version := [releaseKinds]string{newRelease, oldRelease, t.bad}[t.release]
	key := reporterKey{t.op.app, pageService, version}
	if !e.lean {
		key.version = fmt.Sprint(version, " ", t.browser)
	}
	i, ok := e.known[key]
	if !ok {
		b := e.resource(t.op.app, pageService, version, "webjs")
		br := &e.w.tables.browsers[t.browser]
		if !e.lean {
			b = appendText(b, resourceAttributes, "browser.platform", br.platform)
			b = appendText(b, resourceAttributes, "browser.language", br.language)
			b = appendText(b, resourceAttributes, "user_agent.original", br.agent)
		}
		i = e.add(key, reporter{body: b, service: pageService, app: t.op.app, page: true})
	}
	*slot = i + 1
	return i
}

// begin prepares what all spans of a try share.
func (e *writer) begin(t *Try) {
	e.ids, e.n = t.ids, 0
	e.attrs = e.who(e.attrs[:0], t, spanAttributes)
}

// who are the attributes that name the customer and their segments.
func (e *writer) who(b []byte, t *Try, field int) []byte {
	var text [40]byte
	if t.session != 0 {
		var id [16]byte
		b = appendText(b, field, "session.id", hex.AppendEncode(text[:0], t.appendSession(id[:0])))
	}
	if t.install {
		b = appendText(b, field, "app.installation.id", t.appendInstall(text[:0]))
	}
	if t.known {
		b = appendText(b, field, "user.id", t.appendUser(text[:0]))
		if t.site.accounts {
			b = appendText(b, field, "felt.account", t.appendCompany(text[:0]))
		}
	}
	switch t.Traffic {
	case felt.TrafficBot:
		b = appendText(b, field, "user_agent.synthetic.type", "bot")
	case felt.TrafficTest:
		b = appendText(b, field, "user_agent.synthetic.type", "test")
	default:
	}
	if t.op.instance != "" {
		b = appendText(b, field, t.op.instance, appendHex(text[:0], t.instance))
	}
	for _, p := range t.op.attrs {
		b = appendText(b, field, p.key, p.value)
	}
	return b
}

func appendHex(b []byte, n uint64) []byte {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], n)
	return hex.AppendEncode(b, raw[:])
}

// nextID makes the next span id of the trace, never zero.
func (e *writer) nextID() uint64 {
	e.n++
	return max(mix(e.ids+e.n), 1)
}

// head is what a span begins with.
type head struct {
	name       string
	kind       uint64
	id, parent uint64 // no parent: 0
	start, end felt.Instant
	failed     bool
}

// open begins a span in tmp.
func (e *writer) open(t *Try, h *head) {
	b := appendBytes(e.tmp[:0], spanTraceID, t.Trace[:])
	var id [8]byte
	binary.BigEndian.PutUint64(id[:], h.id)
	b = appendBytes(b, spanSpanID, id[:])
	if h.parent != 0 {
		binary.BigEndian.PutUint64(id[:], h.parent)
		b = appendBytes(b, spanParentID, id[:])
	}
	b = appendBytes(b, spanName, h.name)
	b = appendVarint(b, spanKind, h.kind)
	b = appendFixed(b, spanStart, uint64(h.start)) //nolint:gosec // after 1970
	b = appendFixed(b, spanEnd, uint64(h.end))     //nolint:gosec // after 1970
	if h.failed {
		key, value := "error.type", t.Reason
		if t.op.broken.key != "" {
			key, value = t.op.broken.key, t.op.broken.value
		}
		b = appendText(b, spanAttributes, key, value)
		b = appendTag(b, spanStatus, wireBytes)
		b = binary.AppendUvarint(b, uint64(2+headerLen(len(t.Reason))+len(t.Reason))) //nolint:gosec // positive
		b = appendBytes(b, statusMessage, t.Reason)
		b = appendVarint(b, statusCode, statusError)
	}
	e.tmp = b
}

// close puts what is in tmp behind dst as an item of its scope.
func (e *writer) close(dst []byte) []byte { return appendBytes(dst, scopeItems, e.tmp) }

// outcome writes the span of the page that says how it ended.
func (e *writer) outcome(dst []byte, t *Try, root uint64, skew, sent felt.Instant) []byte {
	e.open(t, &head{
		name: t.op.name, kind: kindInternal, id: root, start: t.Start + skew, end: t.End + skew,
		failed: t.Outcome == felt.OutcomeFailed,
	})
	b := e.tmp
	if t.op.by == byBrowser {
		b = append(b, e.ops[t.op.id].name...)
		b = appendText(b, spanAttributes, "felt.interaction.outcome", t.Outcome.String())
		if t.Retries > 0 {
			b = appendInt(b, spanAttributes, "felt.interaction.retries", uint64(t.Retries)) //nolint:gosec // positive
		}
		if t.Reason != "" {
			b = appendText(b, spanAttributes, "felt.interaction.reason", t.Reason)
		}
		if t.Value > 0 {
			b = appendInt(b, spanAttributes, "felt.interaction.value_minor", uint64(t.Value)) //nolint:gosec // positive
			b = appendText(b, spanAttributes, "felt.interaction.currency", "EUR")
		}
		b = e.withSegments(b, t)
	}
	b = append(b, e.attrs...)
	e.tmp = appendSent(b, sent)
	return e.close(dst)
}

func (e *writer) withSegments(b []byte, t *Try) []byte {
	b = append(b, e.segments.region[t.region]...)
	if t.op.page() {
		b = append(b, e.segments.browser[t.browser]...)
	}
	if t.known {
		b = append(b, e.segments.plan[t.plan]...)
	}
	return b
}

// appendSent tells the sender's clock when that is off.
func appendSent(b []byte, sent felt.Instant) []byte {
	if sent == 0 {
		return b
	}
	return appendInt(b, spanAttributes, "felt.sent_at", uint64(sent/milli)) //nolint:gosec // after 1970
}

// request writes the page's request to the first service.
func (e *writer) request(dst []byte, t *Try, root, id uint64, w felt.Window, skew, sent felt.Instant) []byte {
	e.open(t, &head{
		name: t.op.span, kind: kindClient, id: id, parent: root, start: w.From + skew, end: w.To + skew,
		failed: t.Outcome == felt.OutcomeFailed,
	})
	b := append(e.tmp, e.ops[t.op.id].route...)
	b = appendInt(b, spanAttributes, "http.response.status_code", t.code())
	b = appendText(b, spanAttributes, "server.address", t.op.services[0])
	e.tmp = appendSent(b, sent)
	return e.close(dst)
}

// code is the status of the try's requests.
func (t *Try) code() uint64 {
	switch {
	case t.Outcome != felt.OutcomeFailed:
		return 200
	case t.Reason == "blocked":
		return 403
	case t.Reason == reasonTimeout:
		return 504
	}
	return 500
}

// inbound writes the span of a hop that was called; the first one names what it is for.
func (e *writer) inbound(dst []byte, t *Try, hop int, kind uint64, id, parent uint64, w felt.Window) []byte {
	failed := t.Outcome == felt.OutcomeFailed && hop <= int(t.origin)
	e.open(t, &head{name: t.op.span, kind: kind, id: id, parent: parent, start: w.From, end: w.To, failed: failed})
	b := e.tmp
	if kind == kindServer {
		code := uint64(200)
		if failed {
			code = t.code()
		}
		b = append(b, e.ops[t.op.id].route...)
		b = appendInt(b, spanAttributes, "http.response.status_code", code)
	}
	if hop == 0 {
		if t.op.by == byBrowser {
			b = append(b, e.ops[t.op.id].name...) // as baggage brings it
		} else {
			b = e.withSegments(b, t)
		}
		b = append(b, e.attrs...)
	}
	e.tmp = b
	return e.close(dst)
}

// outbound writes a hop's call to what is behind it.
func (e *writer) outbound(dst []byte, t *Try, hop int, id, parent uint64, w felt.Window) []byte {
	e.open(t, &head{
		name: e.ops[t.op.id].calls[hop], kind: kindClient, id: id, parent: parent, start: w.From, end: w.To,
		failed: t.Outcome == felt.OutcomeFailed && hop < int(t.origin),
	})
	e.tmp = append(e.tmp, e.ops[t.op.id].peers[hop]...)
	return e.close(dst)
}

// log writes a log record of a span, or one that is an event of its own.
func (e *writer) log(dst []byte, t *Try, span uint64, at felt.Instant, event, body string) []byte {
	b := appendFixed(e.tmp[:0], logTime, uint64(at)) //nolint:gosec // after 1970
	if event != "" {
		b = appendVarint(b, logSeverity, 9)
		b = appendBytes(b, logLevel, "INFO")
		b = e.who(b, t, logAttributes)
		b = appendText(b, logAttributes, "felt.segment.region", e.w.tables.regions[t.region].value)
		b = appendBytes(b, logEventName, event)
	} else {
		b = appendVarint(b, logSeverity, 17)
		b = appendBytes(b, logLevel, "ERROR")
	}
	b = appendTag(b, logBody, wireBytes)
	b = binary.AppendUvarint(b, uint64(headerLen(len(body))+len(body))) //nolint:gosec // positive
	b = appendBytes(b, anyString, body)
	b = appendBytes(b, logTraceID, t.Trace[:])
	var id [8]byte
	binary.BigEndian.PutUint64(id[:], span)
	b = appendBytes(b, logSpanID, id[:])
	e.tmp = b
	return e.close(dst)
}
