package spangen

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// trace is one trace before it is written: what its spans share.
type trace struct {
	index      int // into Set.visits
	visit      visit
	id         [16]byte
	spans      [SpansPerTrace]uint64
	operations [SpansPerTrace]string
	start, end int64 // of the root, ns relative to the wave's time
	browser    int
	object     uint32 // the cart, order or product that it is about
	client     uint32 // IPv4 address
}

// placed is one span of a trace, put into a request.
type placed struct {
	trace *trace
	node  int
}

// waveBuilder writes the requests of one wave.
type waveBuilder struct {
	set   *Set
	rng   *rand.Rand
	first int // index of the wave's first visit
}

func (b *waveBuilder) build() []request {
	traces := make([]trace, TracesPerWave)
	for i := range traces {
		b.fill(&traces[i], b.first+i)
	}
	// What one service's exporter sends: its spans in the order of the traces,
	// cut every 512. Where in the wave a request is sent follows from how far
	// through the traces its last span is.
	type batch struct {
		service int
		spans   []placed
		due     float64
	}
	var batches []batch
	for service := gateway; service < services; service++ {
		var spans []placed
		for i := range traces {
			for n := range path {
				if path[n].service == service {
					spans = append(spans, placed{&traces[i], n})
				}
			}
		}
		total := len(spans)
		for part := range slices.Chunk(spans, SpansPerRequest) {
			spans = spans[len(part):]
			batches = append(batches, batch{service, part, 1 - float64(len(spans))/float64(total)})
		}
	}
	slices.SortStableFunc(batches, func(x, y batch) int { return cmp.Compare(x.due, y.due) })

	requests := make([]request, 0, RequestsPerWave)
	for _, one := range batches {
		requests = append(requests, b.backendRequest(one.service, one.spans))
	}
	return append(requests, b.browserRequest(traces))
}

func (b *waveBuilder) fill(t *trace, index int) {
	rng := b.rng
	t.index, t.visit = index, b.set.visits[index]
	binary.BigEndian.PutUint64(t.id[:8], rng.Uint64())
	binary.BigEndian.PutUint64(t.id[8:], rng.Uint64())
	for i := range path {
		t.spans[i] = rng.Uint64() | 1 // never zero, which is no id
		if ops := path[i].operations; ops != nil {
			t.operations[i] = ops[rng.IntN(len(ops))]
		}
	}
	t.operations[0] = webRequests[rng.IntN(len(webRequests))]
	if t.visit.interaction >= 0 {
		t.operations[0] = interactionNames[t.visit.interaction].name
	}
	t.browser = rng.IntN(len(browsers))
	t.object, t.client = rng.Uint32(), rng.Uint32()

	// Log-normal around 320 ms; what is degraded took five times as long.
	took := 320 * math.Exp(rng.NormFloat64()*0.5)
	if t.visit.outcome == degraded {
		took *= 5
	}
	t.end = -int64(rng.IntN(200)) * int64(time.Millisecond)
	t.start = t.end - int64(min(took, 20_000)*float64(time.Millisecond))
}

// backendRequest is what one pod of a service sends. Its spans are grouped by
// instrumentation, as exporters do.
func (b *waveBuilder) backendRequest(service int, spans []placed) request {
	w := &writer{}
	w.message(requestResourceSpans, func() {
		w.message(resourceSpansResource, func() { b.backendResource(attrs{w, resourceAttributes}, service) })
		for r := roleServer; r <= roleProducer; r++ {
			var own []placed
			for _, p := range spans {
				if path[p.node].role == r {
					own = append(own, p)
				}
			}
			b.scope(w, scopes[r]+backends[service].language, backends[service].sdkVersion, own)
		}
		w.text(resourceSpansSchemaURL, schemaURL)
	})
	return request{w.buf, w.marks, w.whos}
}

// browserRequest is what an edge collector sends on for many browsers: one
// resource for each kind of browser.
func (b *waveBuilder) browserRequest(traces []trace) request {
	w := &writer{}
	for kind := range browsers {
		var interactions, others []placed
		for i := range traces {
			switch t := &traces[i]; {
			case t.browser != kind:
			case t.visit.interaction >= 0:
				interactions = append(interactions, placed{t, 0})
			default:
				others = append(others, placed{t, 0})
			}
		}
		if len(interactions)+len(others) == 0 {
			continue
		}
		w.message(requestResourceSpans, func() {
			w.message(resourceSpansResource, func() { browserResource(attrs{w, resourceAttributes}, browsers[kind]) })
			b.scope(w, "@felt/web", "0.1.0", interactions)
			b.scope(w, "@opentelemetry/instrumentation-fetch", "0.207.0", others)
			w.text(resourceSpansSchemaURL, schemaURL)
		})
	}
	return request{w.buf, w.marks, w.whos}
}

const schemaURL = "https://opentelemetry.io/schemas/1.44.0"

// scopes are the names of the instrumentations, by role; the language follows.
//
//nolint:gochecknoglobals // A table that is never written.
var scopes = [...]string{
	roleBrowser:  "",
	roleServer:   "io.opentelemetry.http-server-",
	roleClient:   "io.opentelemetry.http-client-",
	roleExternal: "com.example.payment-provider-",
	roleDatabase: "io.opentelemetry.db-",
	roleInternal: "com.example.shop-",
	roleProducer: "io.opentelemetry.messaging-",
}

func (b *waveBuilder) scope(w *writer, name, version string, spans []placed) {
	if len(spans) == 0 {
		return
	}
	w.message(resourceSpansScopeSpans, func() {
		w.message(scopeSpansScope, func() {
			w.text(scopeName, name)
			w.text(scopeVersion, version)
		})
		for _, p := range spans {
			w.message(scopeSpansSpans, func() { b.span(w, p.trace, p.node) })
		}
	})
}

func (b *waveBuilder) span(w *writer, t *trace, n int) {
	at := &path[n]
	took := t.end - t.start
	m := mark{startAt: t.start + took*at.from/1000, endAt: t.start + took*at.to/1000}
	m.traceID = w.bytes(spanTraceID, t.id[:])
	w.bytes(spanID, binary.BigEndian.AppendUint64(nil, t.spans[n]))
	if at.parent >= 0 {
		w.bytes(spanParent, binary.BigEndian.AppendUint64(nil, t.spans[at.parent]))
	}
	w.text(spanName, t.operations[n])
	kind := at.role.kind()
	if n == 0 && t.visit.interaction < 0 {
		kind = kindClient // a plain fetch
	}
	w.varint(spanKind, kind)
	m.start = w.fixed64(spanStart, 0)
	m.end = w.fixed64(spanEnd, 0)
	b.attributes(w, t, n)
	broken := at.onFailure && t.visit.outcome == failed
	if broken && at.role == roleExternal {
		m.event = writeException(w)
	}
	if broken {
		w.message(spanStatus, func() {
			w.text(statusMessage, "upstream timed out")
			w.varint(statusCode, 2)
		})
	}
	w.fixed32(spanFlags, 0x101)
	w.marks = append(w.marks, m)
}

// writeException writes the event of a failed call and returns the place of its
// time.
func writeException(w *writer) uint32 {
	var at uint32
	moved := w.message(spanEvents, func() {
		at = w.fixed64(eventTime, 0)
		w.text(eventName, "exception")
		a := attrs{w, eventAttributes}
		a.str("exception.type", "context.deadlineExceededError")
		a.str("exception.message", "payment provider did not answer within 2s")
	})
	return at + moved
}

// address is an IPv4 address as text.
func address(n uint32) string {
	return fmt.Sprintf("%d.%d.%d.%d", 10+n>>29, n>>16&255, n>>8&255, n&255)
}
