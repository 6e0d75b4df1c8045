package simulate

import (
	"math"

	"github.com/felt-cx/felt"
)

// meters is what services count between two reports.
type meters struct {
	list  []meter
	byOp  [][]int32 // the meters of an operation: of each of its services, and of its page
	since felt.Instant
}

// meter is one service (or page) of an app.
type meter struct {
	app, service string
	calls, fails int64
	sum          float64 // seconds
	buckets      [11]uint64
	errors       uint64 // of scripts in a page
}

// bounds of the histograms, in seconds.
func bounds() [10]float64 { return [10]float64{.05, .1, .2, .35, .5, .75, 1, 1.5, 3, 7.5} }

func newMeters(w *World) meters {
	m := meters{byOp: make([][]int32, len(w.ops))}
	known := map[reporterKey]int32{}
	of := func(app, service string) int32 {
		key := reporterKey{app, service, ""}
		i, ok := known[key]
		if !ok {
			i = int32(len(m.list)) //nolint:gosec // some thousands
			known[key] = i
			m.list = append(m.list, meter{app: app, service: service})
		}
		return i
	}
	for i, o := range w.ops {
		for _, s := range o.services {
			m.byOp[i] = append(m.byOp[i], of(o.app, s))
		}
		if o.page() {
			m.byOp[i] = append(m.byOp[i], of(o.app, pageService))
		}
	}
	return m
}

// count notes what a try was for those who worked on it.
func (m *meters) count(t *Try) {
	seconds := float64(t.End-t.Start) / float64(felt.Second)
	at := 0
	for _, b := range bounds() {
		if seconds > b {
			at++
		}
	}
	for hop, i := range m.byOp[t.op.id] {
		r := &m.list[i]
		if hop >= len(t.op.services) {
			r.calls++
			if t.origin == inPage && t.Outcome == felt.OutcomeFailed {
				r.errors++
			}
			continue
		}
		if t.origin == inPage {
			continue
		}
		r.calls++
		r.sum += seconds
		r.buckets[at]++
		if t.Outcome == felt.OutcomeFailed && hop <= int(t.origin) {
			r.fails++
		}
	}
}

// limitOfConnections is what a service's pool has.
const limitOfConnections = 100

// Metrics is what services and pages measured since the last time: of the application,
// the infrastructure under it and the pages. Ask every ten seconds or so.
func (e *Encoder) Metrics(now felt.Instant) []Body {
	m := &e.meters
	if m.since == 0 || m.since >= now {
		m.since = now - 10*felt.Second
	}
	since := m.since
	m.since = now
	var list []Body
	b := Body{Path: "/v1/metrics"}
	for i := range m.list {
		r := &m.list[i]
		if e.w.mute(r.app, now) {
			r.reset()
			continue
		}
		n := e.measure(&b, r, since, now)
		b.Points += n
		r.reset()
		const most = 2000
		if b.Points >= most {
			list = append(list, b)
			b = Body{Path: "/v1/metrics"}
		}
	}
	if b.Points > 0 {
		list = append(list, b)
	}
	return list
}

func (r *meter) reset() { *r = meter{app: r.app, service: r.service} }

// measure writes the metrics of one service.
func (e *Encoder) measure(b *Body, r *meter, since, now felt.Instant) (points int) {
	items := e.tmp[:0]
	version := serviceRelease
	if r.service == pageService {
		version = newRelease
		items = e.number(items, "browser.errors", "{error}", metricSum, since, now, float64(r.errors))
		items = e.number(items, "browser.page.views", "{view}", metricSum, since, now, float64(r.calls))
		points = 2
	} else {
		fill, backlog := e.w.pressure(r.app, r.service, now)
		load := float64(r.calls) / float64(now-since) * float64(felt.Second)
		wobble := float64(mix(uint64(now)^uint64(len(r.service))*0x51ed)%100) / 100 //nolint:gosec // after 1970
		connections := min(limitOfConnections, 12+load*.8+4*wobble+fill*(limitOfConnections-12))
		items = e.histogram(items, r, since, now)
		items = e.number(items, "http.server.requests.failed", "{request}", metricSum, since, now, float64(r.fails))
		items = e.number(items, "db.client.connection.count", "{connection}", metricGauge, since, now, math.Round(connections))
		items = e.number(items, "db.client.connection.max", "{connection}", metricGauge, since, now, limitOfConnections)
		items = e.number(items, "system.cpu.utilization", "1", metricGauge, since, now, min(.97, .2+.1*wobble+load/400+fill*.4))
		items = e.number(items, "messaging.queue.depth", "{message}", metricGauge, since, now, math.Round(load*2+10*wobble+backlog))
		points = 6
	}
	reporter := e.service(r.app, r.service, version)
	b.Data = e.header(b.Data, reporter, len(items))
	b.Data = append(b.Data, items...)
	e.tmp = items
	return points
}

// number writes a metric with one point.
func (e *Encoder) number(dst []byte, name, unit string, kind int, since, now felt.Instant, v float64) []byte {
	var raw [64]byte
	point := appendFixed(raw[:0], pointStart, uint64(since)) //nolint:gosec // after 1970
	point = appendFixed(point, pointTime, uint64(now))       //nolint:gosec // after 1970
	point = appendDouble(point, pointDouble, v)
	var raw2 [96]byte
	data := appendBytes(raw2[:0], dataPoints, point)
	if kind == metricSum {
		data = appendVarint(data, dataTemporality, delta)
		data = appendVarint(data, dataMonotonic, 1)
	}
	return metricOf(dst, name, unit, kind, data)
}

func metricOf(dst []byte, name, unit string, kind int, data []byte) []byte {
	size := headerLen(len(name)) + len(name) + headerLen(len(unit)) + len(unit) + headerLen(len(data)) + len(data)
	dst = appendLength(dst, scopeItems, size)
	dst = appendBytes(dst, metricName, name)
	dst = appendBytes(dst, metricUnit, unit)
	return appendBytes(dst, kind, data)
}

// histogram writes how long a service's requests took.
func (e *Encoder) histogram(dst []byte, r *meter, since, now felt.Instant) []byte {
	point := appendFixed(nil, pointStart, uint64(since)) //nolint:gosec // after 1970
	point = appendFixed(point, pointTime, uint64(now))   //nolint:gosec // after 1970
	var count uint64
	for _, n := range r.buckets {
		count += n
	}
	point = appendFixed(point, bucketCount, count)
	point = appendDouble(point, bucketSum, r.sum)
	point = appendLength(point, bucketCounts, 8*len(r.buckets))
	for _, n := range r.buckets {
		point = appendRaw(point, n)
	}
	limits := bounds()
	point = appendLength(point, bucketBounds, 8*len(limits))
	for _, v := range limits {
		point = appendRaw(point, math.Float64bits(v))
	}
	data := appendBytes(nil, dataPoints, point)
	data = appendVarint(data, dataTemporality, delta)
	return metricOf(dst, "http.server.request.duration", "s", metricHistogram, data)
}

// pressure is how full a service's connections are because of a fault, 0 to 1, and what
// waits in its queue.
func (w *World) pressure(app, service string, at felt.Instant) (fullness, backlog float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.episodes {
		e := &w.episodes[i]
		f := &w.scenario.Faults[e.fault]
		if at < e.from || at >= e.to || !e.hits(w, app, service) {
			continue
		}
		switch f.Kind {
		case kindSaturation:
			if f.Service == service {
				fullness = max(fullness, fill(e, at))
			}
		case kindAsyncFailures:
			backlog += 3000 * fill(e, at)
		case kindThirdParty:
			fullness = max(fullness, .4)
		}
	}
	return fullness, backlog
}

// hits tells whether an episode reaches something that a service of an app does.
func (e *episode) hits(w *World, app, service string) bool {
	for i, o := range w.ops {
		if !e.reached[i] || o.app != app {
			continue
		}
		for _, s := range o.services {
			if s == service {
				return true
			}
		}
	}
	return false
}

// mute tells that nothing of an app is told at a moment.
func (w *World) mute(app string, at felt.Instant) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.episodes {
		e := &w.episodes[i]
		f := &w.scenario.Faults[e.fault]
		if f.Kind == kindSilent && f.Mode == modeTelemetry && f.Share >= 1 && at >= e.from && at < e.to {
			for j, o := range w.ops {
				if e.reached[j] && o.app == app {
					return true
				}
			}
		}
	}
	return false
}
