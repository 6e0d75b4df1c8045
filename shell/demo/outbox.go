package demo

import (
	"slices"

	"github.com/felt-cx/felt"
)

const (
	// holdBack is how long browsers hold back what went well, at most. Stock SDKs wait
	// up to ten seconds; the demo is for people who watch.
	holdBack = 3 * felt.Second
	// exportEvery is how often a service sends what it has.
	exportEvery = felt.Second
	// requestSpans is how many spans travel in one request.
	requestSpans = 512
)

// parcel waits to be sent.
type parcel struct {
	due felt.Instant
	reported
	entries []entry // what is true once this is accepted
}

// request is what is sent at once.
type request struct {
	path    string // /v1/traces, ...
	body    any
	entries []entry
	totals  totals
}

// outbox holds what was reported and is not sent yet.
type outbox struct {
	reporters
	parcels []parcel
	calls   map[*resource]int64 // of each service, since the start
}

func newOutbox() *outbox {
	return &outbox{reporters: newReporters(), calls: map[*resource]int64{}}
}

// put takes what is reported of a try.
func (o *outbox) put(t try) {
	page, services := o.report(t)
	sent := []entry{entryOf(&t)}
	for i, r := range services {
		p := parcel{due: t.end.Floor(exportEvery) + exportEvery, reported: r}
		if page == nil && i+1 == len(services) {
			p.entries = sent
		}
		o.calls[r.by]++
		o.parcels = append(o.parcels, p)
	}
	if page == nil {
		return
	}
	due := t.end
	if t.outcome != felt.OutcomeFailed {
		due += felt.Instant(t.ids % uint64(holdBack))
	}
	o.parcels = append(o.parcels, parcel{due, *page, sent})
}

// take takes out what is due, as requests.
func (o *outbox) take(now felt.Instant) []request {
	var due []parcel
	o.parcels = slices.DeleteFunc(o.parcels, func(p parcel) bool {
		if p.due <= now {
			due = append(due, p)
		}
		return p.due <= now
	})
	var list []request
	for len(due) > 0 {
		n, spans := 0, 0
		for n < len(due) && (n == 0 || spans+len(due[n].spans) <= requestSpans) {
			spans += len(due[n].spans)
			n++
		}
		list = append(list, pack(due[:n])...)
		due = due[n:]
	}
	return list
}

// takeAll takes out everything.
func (o *outbox) takeAll() []request { return o.take(1<<63 - 1) }

// pack makes requests of parcels: one of spans, and one of log records if there are any.
// What comes from the same reporter is put together.
func pack(parcels []parcel) []request {
	var order []*resource
	by := map[*resource]*reported{}
	traces := request{path: "/v1/traces"}
	logs := request{path: "/v1/logs"}
	for _, p := range parcels {
		r := by[p.by]
		if r == nil {
			r = &reported{by: p.by}
			by[p.by] = r
			order = append(order, p.by)
		}
		r.spans = append(r.spans, p.spans...)
		r.logs = append(r.logs, p.logs...)
		traces.entries = append(traces.entries, p.entries...)
		traces.totals.Spans += int64(len(p.spans))
		logs.totals.Logs += int64(len(p.logs))
	}
	var spans tracesRequest
	var records logsRequest
	for _, res := range order {
		r := by[res]
		spans.ResourceSpans = append(spans.ResourceSpans, resourceSpans{
			res, []scopeSpans{{scope{Name: scopeName}, r.spans}},
		})
		if len(r.logs) > 0 {
			records.ResourceLogs = append(records.ResourceLogs, resourceLogs{
				res, []scopeLogs{{scope{Name: scopeName}, r.logs}},
			})
		}
	}
	traces.body, logs.body = spans, records
	if len(records.ResourceLogs) == 0 {
		return []request{traces}
	}
	return []request{traces, logs}
}

// metrics is what the services say of themselves.
func (o *outbox) metrics(start, now felt.Instant) request {
	names := make([]string, 0, len(o.services))
	for name := range o.services {
		names = append(names, name)
	}
	slices.Sort(names)
	var body metricsRequest
	var n int64
	for _, name := range names {
		res := o.services[name]
		list := []metric{
			{Name: "shop.requests", Unit: "{request}", Sum: &numbers{
				Points: []point{{Start: start, Time: now, Int: o.calls[res]}}, Temporality: cumulative, Monotonic: true,
			}},
			{Name: "process.memory.usage", Unit: "By", Gauge: &numbers{
				Points: []point{{Time: now, Int: 64<<20 + o.calls[res]%1024<<10}},
			}},
		}
		n += int64(len(list))
		body.ResourceMetrics = append(body.ResourceMetrics, resourceMetrics{
			res, []scopeMetrics{{scope{Name: scopeName}, list}},
		})
	}
	return request{path: "/v1/metrics", body: body, totals: totals{Points: n}}
}
