package simulate

import (
	"cmp"
	"slices"
	"sync"

	"github.com/felt-cx/felt"
)

// EncoderOptions say how telemetry travels. The zero value of a field means its default.
type EncoderOptions struct {
	// HoldBack is how long browsers hold back what went well, at most; default 10 s.
	HoldBack felt.Instant
	// Bulk is for histories: everything is sent in order of its end, and nothing waits.
	// Late data and clocks that are off are for live telemetry only.
	Bulk bool
	// Lean leaves out what no customer is counted by: an interaction is one span.
	Lean bool
	// Spans of one request, about; default 512, or 8192 in bulk.
	Spans int
}

// Body is one OTLP request over HTTP: protobuf for Path. Tell [Ledger.Accept] when the
// server has taken it.
type Body struct {
	Path                string // /v1/traces, /v1/logs, /v1/metrics
	Data                []byte
	Spans, Logs, Points int
	entries             []entry
}

// How often things leave, on the clock of the wall.
const (
	slotLength  = felt.Second / 5
	bulkSlice   = 10 * felt.Second
	exportEvery = felt.Second // of services
)

// Encoder turns tries into requests. Services report each second, browsers failures at
// once and successes after up to HoldBack, so the browser's root span is mostly the last
// of its trace. The same tries give the same bytes. Not safe for concurrent use.
type Encoder struct {
	*writer
	opt    EncoderOptions
	slots  map[felt.Instant]*slot
	oldest felt.Instant // nothing is in a slot before
	pool   sync.Pool
	meters meters
	slice  int64 // of a history: that of the try
}

// slot is what leaves at the same moment.
type slot struct {
	arena   []byte
	parcels []parcel
}

// parcel is what one reporter says of one try.
type parcel struct {
	reporter int32
	logs     bool
	slice    int64 // of a history: the time by slices, so that it goes on within a request
	from, to int32 // in the arena
	items    int32
	bears    bool  // once it is in, the try is
	entry    entry // then
}

// NewEncoder makes the encoder of a world's tries.
func NewEncoder(w *World, o EncoderOptions) *Encoder {
	def(&o.HoldBack, 10*felt.Second)
	if o.Bulk {
		def(&o.Spans, 8192)
	}
	def(&o.Spans, 512)
	e := &Encoder{writer: newWriter(w, o.Lean), opt: o, slots: map[felt.Instant]*slot{}}
	e.meters = newMeters(w)
	return e
}

func (e *Encoder) at(due felt.Instant) *slot {
	k := (due + slotLength - 1).Floor(slotLength)
	if e.opt.Bulk {
		k = 0
	}
	s := e.slots[k]
	if s == nil {
		if got, ok := e.pool.Get().(*slot); ok {
			s = got
		} else {
			s = &slot{}
		}
		e.slots[k] = s
		if e.oldest == 0 || k < e.oldest {
			e.oldest = k
		}
	}
	return s
}

// Put takes tries in order of their end. What is lost in the world is left out.
func (e *Encoder) Put(tries []Try) {
	for i := range tries {
		if t := &tries[i]; !t.Lost() {
			e.put(t)
		}
	}
}

func (e *Encoder) put(t *Try) {
	e.begin(t)
	if e.opt.Bulk {
		e.slice = int64(t.End / bulkSlice)
	}
	e.meters.count(t)
	export := t.End.Floor(exportEvery) + exportEvery
	switch {
	case t.op.by == byLog:
		e.event(t, export)
	case t.op.by == byWorker:
		e.worker(t, export)
	case e.opt.Lean && t.op.by == bySpan:
		e.chain(t, export, 0, felt.Window{From: t.Start, To: t.End})
	default:
		e.page(t, export)
	}
}

// parcel adds what a reporter says of a try, to leave when it is due.
func (e *Encoder) parcel(due felt.Instant, reporter int32, logs bool, items int32, write func(dst []byte) []byte) *parcel {
	s := e.at(due)
	from := len(s.arena)
	s.arena = write(s.arena)
	s.parcels = append(s.parcels, parcel{
		reporter: reporter, logs: logs, items: items, slice: e.slice,
		from: int32(from), to: int32(len(s.arena)), //nolint:gosec // some megabytes
	})
	return &s.parcels[len(s.parcels)-1]
}

// bear lets the try be true once the parcel is accepted.
func (p *parcel) bear(e *writer, t *Try) { p.bears, p.entry = true, e.entry(t) }

// event is a log record that says that something is done.
func (e *Encoder) event(t *Try, due felt.Instant) {
	span := e.nextID()
	e.parcel(due, e.ops[t.op.id].services[0], true, 1, func(b []byte) []byte {
		return e.log(b, t, span, t.End, t.op.span, t.op.span)
	}).bear(e.writer, t)
}

// worker is a trace of its own: a consumer and what it calls.
func (e *Encoder) worker(t *Try, due felt.Instant) {
	id, call := e.nextID(), e.nextID()
	items := int32(2)
	if e.opt.Lean {
		items = 1
	}
	e.parcel(due, e.reporterOf(t, 0), false, items, func(b []byte) []byte {
		b = e.inbound(b, t, 0, kindConsumer, id, 0, felt.Window{From: t.Start, To: t.End})
		if e.opt.Lean {
			return b
		}
		return e.outbound(b, t, 0, call, id, inset(t.Start, t.End, .08))
	}).bear(e.writer, t)
}

// reporterOf is who reports a hop: another version where a bad release is.
func (e *Encoder) reporterOf(t *Try, hop int) int32 {
	if t.bad != "" && int(t.badAt) == hop {
		return e.service(t.op.app, t.op.services[hop], t.bad)
	}
	return e.ops[t.op.id].services[hop]
}

// page is what a browser reports, and what comes behind it.
func (e *Encoder) page(t *Try, export felt.Instant) {
	due, skew, sent := e.delivery(t)
	root, call := e.nextID(), e.nextID()
	w := inset(t.Start, t.End, .04)
	alone := e.opt.Lean || t.origin == inPage
	items := int32(2)
	if alone {
		items = 1
	}
	reporter := e.pageOf(t)
	write := func(b []byte) []byte {
		b = e.outcome(b, t, root, skew, sent)
		if alone {
			return b
		}
		return e.request(b, t, root, call, w, skew, sent)
	}
	p := e.parcel(due, reporter, false, items, write)
	if t.op.by == byBrowser {
		p.bear(e.writer, t)
	}
	if t.twice() && !e.opt.Bulk {
		e.parcel(due+2*felt.Second, reporter, false, items, write)
	}
	if t.origin == inPage && !e.opt.Lean {
		e.parcel(due, reporter, true, 1, func(b []byte) []byte {
			return e.log(b, t, root, t.End+skew, "", "Uncaught "+t.Reason+": undefined is not a function")
		})
	}
	if !alone {
		e.chain(t, export, call, w)
	}
}

// delivery is when a browser sends, and how far its clock is off.
func (e *Encoder) delivery(t *Try) (due, skew, sent felt.Instant) {
	due = t.End
	if t.Outcome != felt.OutcomeFailed {
		due += felt.Instant(t.ids % uint64(e.opt.HoldBack)) //nolint:gosec // positive
	}
	if t.trouble < 0 || e.opt.Bulk {
		return due, 0, 0
	}
	f := &e.w.scenario.Faults[t.trouble]
	switch f.Kind {
	case kindLate:
		if t.ids>>20%3 != 1 {
			due += f.Delay/2 + felt.Instant(t.ids%uint64(f.Delay)) //nolint:gosec // positive
		}
	case kindSkew:
		skew = f.Delay
		if t.person%2 == 0 {
			skew = -skew
		}
		sent = due + skew
	}
	return due, skew, sent
}

// twice tells that the same is sent again later: its answer was lost.
func (t *Try) twice() bool { return t.late && t.ids>>20%3 != 0 }

// chain is one call after the other through the services, each inside the one before.
// Time is spent where it went wrong: what is called from there answers as always.
func (e *Encoder) chain(t *Try, due felt.Instant, parent uint64, w felt.Window) {
	for hop := range t.op.services {
		in := inset(w.From, w.To, .04)
		out := inset(in.From, in.To, .08)
		if t.origin >= 0 && hop >= int(t.origin) {
			out.To = min(out.To, out.From+t.op.typical/3)
		}
		id, call := e.nextID(), e.nextID()
		items := int32(2)
		if e.opt.Lean {
			items = 1
		}
		p := e.parcel(due, e.reporterOf(t, hop), false, items, func(b []byte) []byte {
			b = e.inbound(b, t, hop, kindServer, id, parent, in)
			if e.opt.Lean {
				return b
			}
			return e.outbound(b, t, hop, call, id, out)
		})
		if hop == 0 && t.op.by == bySpan {
			p.bear(e.writer, t)
		}
		if e.opt.Lean {
			return
		}
		if hop == int(t.origin) && t.Outcome == felt.OutcomeFailed {
			e.parcel(due, e.reporterOf(t, hop), true, 1, func(b []byte) []byte {
				return e.log(b, t, id, in.To, "", t.op.span+": "+t.Reason)
			})
		}
		if t.Outcome == felt.OutcomeFailed && hop >= int(t.origin) {
			return // nothing behind it is asked
		}
		parent, w = call, out
	}
}

// inset is a window with this share cut off at both ends.
func inset(from, to felt.Instant, share float64) felt.Window {
	cut := felt.Instant(float64(to-from) * share)
	return felt.Window{From: from + cut, To: to - cut}
}

// Take takes out what is due, as requests.
func (e *Encoder) Take(now felt.Instant) []Body {
	var list []Body
	if e.opt.Bulk {
		return e.Flush()
	}
	if e.oldest == 0 {
		return nil
	}
	for ; e.oldest <= now && len(e.slots) > 0; e.oldest += slotLength {
		list = e.pack(list, e.oldest)
	}
	if len(e.slots) == 0 {
		e.oldest = 0
	}
	return list
}

// Flush takes out everything.
func (e *Encoder) Flush() []Body {
	var list []Body
	keys := make([]felt.Instant, 0, len(e.slots))
	for k := range e.slots {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		list = e.pack(list, k)
	}
	e.oldest = 0
	return list
}

// pack makes requests of a slot: what comes from the same reporter is put together.
func (e *Encoder) pack(list []Body, k felt.Instant) []Body {
	s := e.slots[k]
	if s == nil {
		return list
	}
	delete(e.slots, k)
	if e.opt.Bulk {
		list = e.packBulk(list, s)
	} else {
		slices.SortStableFunc(s.parcels, byReporter)
		list = e.packAll(list, s, s.parcels)
	}
	s.arena, s.parcels = s.arena[:0], s.parcels[:0]
	e.pool.Put(s)
	return list
}

// byReporter puts traces before logs, and what one reporter says together.
func byReporter(a, b parcel) int {
	return cmp.Or(cmp.Compare(a.kind(), b.kind()), cmp.Compare(a.slice, b.slice), cmp.Compare(a.reporter, b.reporter))
}

func (p *parcel) kind() int {
	if p.logs {
		return 1
	}
	return 0
}

// logsWait is how long a log record of a history may be overtaken by spans that come
// after it: they are in other requests, and what waits for it must not time out.
const logsWait = 4 * felt.Minute

// packBulk makes requests of a history: as long as they may be without holding back a
// log record for long, and in each the time goes on in slices.
func (e *Encoder) packBulk(list []Body, s *slot) []Body {
	for rest := s.parcels; len(rest) > 0; {
		n, items := 0, 0
		var until int64 // no slice from here on
		for n < len(rest) && items < e.opt.Spans && (until == 0 || rest[n].slice < until) {
			if rest[n].logs && until == 0 {
				until = rest[n].slice + int64(logsWait/bulkSlice)
			}
			items += int(rest[n].items)
			n++
		}
		slices.SortStableFunc(rest[:n], byReporter)
		list = e.packAll(list, s, rest[:n])
		rest = rest[n:]
	}
	return list
}

// packAll makes requests of what is in order.
func (e *Encoder) packAll(list []Body, s *slot, rest []parcel) []Body {
	for len(rest) > 0 {
		n, items := 0, 0
		for n < len(rest) && rest[n].logs == rest[0].logs && (n == 0 || items+int(rest[n].items) <= e.opt.Spans) {
			items += int(rest[n].items)
			n++
		}
		list = append(list, e.body(s, rest[:n], items))
		rest = rest[n:]
	}
	return list
}

// body writes one request.
func (e *Encoder) body(s *slot, parcels []parcel, items int) Body {
	b := Body{Path: "/v1/traces", Spans: items}
	if parcels[0].logs {
		b = Body{Path: "/v1/logs", Logs: items}
	}
	size := 0
	for i := range parcels {
		size += int(parcels[i].to-parcels[i].from) + 8
	}
	b.Data = make([]byte, 0, size+size/4+512)
	for rest := parcels; len(rest) > 0; {
		n, size := 0, 0
		for n < len(rest) && rest[n].reporter == rest[0].reporter && rest[n].slice == rest[0].slice {
			size += int(rest[n].to - rest[n].from)
			if rest[n].bears {
				b.entries = append(b.entries, rest[n].entry)
			}
			n++
		}
		b.Data = e.header(b.Data, rest[0].reporter, size)
		for i := range rest[:n] {
			b.Data = append(b.Data, s.arena[rest[i].from:rest[i].to]...)
		}
		rest = rest[n:]
	}
	return b
}

// header begins the part of a request that one reporter says, with size bytes of items.
func (e *Encoder) header(b []byte, reporter int32, size int) []byte {
	r := &e.reporters[reporter]
	const scope = 2 + len(scopeName)
	inScope := headerLen(scope) + scope + size
	inResource := headerLen(len(r.body)) + len(r.body) + headerLen(inScope) + inScope
	b = appendLength(b, requestResource, inResource)
	b = appendBytes(b, resourceResource, r.body)
	b = appendLength(b, resourceScope, inScope)
	b = appendLength(b, scopeScope, scope)
	return appendBytes(b, scopeNameField, scopeName)
}
