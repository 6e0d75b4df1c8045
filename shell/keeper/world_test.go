package keeper

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/shell/mem"
)

const start = felt.Instant(1_777_888_000) * felt.Second

// world is a log that fills second by second, and an engine that is always right: it
// names traces when it is told to.
type world struct {
	t      testing.TB
	rnd    *rand.Rand
	log    *mem.Log
	store  *mem.Store
	packer *otlp.Packer
	n      uint64
	at     felt.Instant // end of the last whole second

	mu       sync.Mutex
	progress felt.Progress

	later map[felt.Tick][]func()           // what is sent then
	rows  map[felt.Tick][]felt.Interaction // what becomes known then
	kept  map[felt.TraceID]bool            // the truth: all traces, and whether they are worth keeping
}

func newWorld(t testing.TB, seed uint64) *world {
	return &world{
		t: t, rnd: rand.New(rand.NewPCG(seed, 1)), log: mem.NewLog(mem.LogOptions{}), store: mem.NewStore(mem.StoreOptions{}),
		packer: otlp.NewPacker(otlp.Options{Partitions: 4, Clock: felt.ClockWall, Key: otlp.HashKey{ID: 1, Secret: []byte("secret")}}),
		at:     start, later: map[felt.Tick][]func(){}, rows: map[felt.Tick][]felt.Interaction{}, kept: map[felt.TraceID]bool{},
	}
}

func (w *world) engine() felt.Progress {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.progress
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) trace() felt.TraceID {
	w.n++
	var id felt.TraceID
	binary.BigEndian.PutUint64(id[:], w.n*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(id[8:], w.n)
	return id
}

func (w *world) span(trace felt.TraceID, id byte, service string, change func(ptrace.Span)) {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", service)
	rs.Resource().Attributes().PutStr("host.name", "h1")
	sp := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	sp.SetTraceID(pcommon.TraceID(trace))
	sp.SetSpanID(pcommon.SpanID{7, 0, 0, 0, 0, 0, 0, id})
	if id > 1 {
		sp.SetParentSpanID(pcommon.SpanID{7, 0, 0, 0, 0, 0, 0, id - 1})
	}
	sp.SetName(service + " work")
	sp.SetStartTimestamp(pcommon.Timestamp(w.at - felt.Second/2 + felt.Instant(id)*1e6))
	sp.SetEndTimestamp(pcommon.Timestamp(w.at - felt.Second/4))
	change(sp)
	body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	w.check(err)
	_, err = w.packer.Traces(body, w.at)
	w.check(err)
}

func (w *world) logRecord(trace felt.TraceID, span byte, at felt.Instant) {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.Resource().Attributes().PutStr("service.name", "web")
	lr := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	lr.SetTraceID(pcommon.TraceID(trace))
	lr.SetSpanID(pcommon.SpanID{7, 0, 0, 0, 0, 0, 0, span})
	lr.SetTimestamp(pcommon.Timestamp(at))
	lr.SetSeverityText("ERROR")
	lr.Body().SetStr("card refused")
	lr.Attributes().PutInt("attempt", 2)
	body, err := plogotlp.NewExportRequestFromLogs(ld).MarshalProto()
	w.check(err)
	_, err = w.packer.Logs(body, w.at)
	w.check(err)
}

// visit is one trace of three spans and a log record, spread over up to wait seconds. It
// becomes known after decided seconds.
func (w *world) visit(outcome felt.Outcome, keep bool, wait, decided int) felt.TraceID {
	id, now := w.trace(), felt.TickOf(w.at)
	w.kept[id] = keep
	then := func(f func()) {
		at := now + felt.Tick(1+w.rnd.IntN(wait+1))
		w.later[at] = append(w.later[at], f)
	}
	begin := w.at - felt.Second/2
	w.span(id, 1, "web", func(sp ptrace.Span) {
		sp.Attributes().PutStr("http.route", "/pay")
		sp.Attributes().PutStr("user.id", "ann")
		sp.Attributes().PutStr("felt.interaction.name", "pay")
	})
	then(func() {
		w.span(id, 2, "api", func(sp ptrace.Span) {
			e := sp.Events().AppendEmpty()
			e.SetName("exception")
			e.SetTimestamp(pcommon.Timestamp(begin))
			e.Attributes().PutStr("exception.type", "Refused")
			sp.Links().AppendEmpty().SetTraceID(pcommon.TraceID{9})
			sp.Links().At(0).SetSpanID(pcommon.SpanID{9})
			sp.Status().SetCode(ptrace.StatusCodeError)
			sp.Status().SetMessage("refused")
		})
	})
	then(func() { w.span(id, 3, "db", func(ptrace.Span) {}) })
	w.later[now+1] = append(w.later[now+1], func() { w.logRecord(id, 1, begin+1) })
	known := now + felt.Tick(decided)
	w.rows[known] = append(w.rows[known], felt.Interaction{
		ID: felt.InteractionID(id), Version: 1, Known: known, FirstKnown: known, Env: "production", App: "shop", Name: "pay",
		Kind: felt.KindStep, Start: begin, End: w.at, Outcome: outcome, Trace: id, Weight: 1,
	})
	return id
}

// second lets a second pass: what is due arrives in it, and the engine closes it.
func (w *world) second(do func()) {
	if do != nil {
		do()
	}
	tick := felt.TickOf(w.at)
	for _, f := range w.later[tick] {
		f()
	}
	delete(w.later, tick)
	recs := []felt.Record{{Kind: felt.KindTick, Part: felt.Control, At: w.at}}
	for _, r := range w.packer.Take(nil) {
		r.At = w.at + felt.Second/2
		recs = append(recs, r)
	}
	place, err := w.log.Append(w.t.Context(), recs...)
	w.check(err)
	if rows := w.rows[tick]; rows != nil {
		w.check(w.store.Write(w.t.Context(), felt.Batch{
			ID: felt.BatchID{Engine: 2, Stage: 2, Tick: tick}, Interactions: rows,
			Cursor: felt.Cursor{Name: "engine", Seq: place.Seq, Tick: tick},
		}))
		delete(w.rows, tick)
	}
	w.at += felt.Second
	w.mu.Lock()
	w.progress = felt.Progress{Seq: place.Seq, Tick: tick}
	w.mu.Unlock()
}

// traffic lets seconds pass with some traces in each.
func (w *world) traffic(seconds int) {
	for range seconds {
		w.second(func() {
			for range 1 + w.rnd.IntN(4) {
				switch w.rnd.IntN(4) {
				case 0:
					w.visit(felt.OutcomeFailed, true, 20, 5+w.rnd.IntN(40))
				case 1:
					w.visit(felt.OutcomeDegraded, true, 5, 30)
				default:
					w.visit(felt.OutcomeSuccess, false, 20, 3)
				}
			}
		})
	}
}

func (w *world) quiet(seconds int) {
	for range seconds {
		w.second(nil)
	}
}

func (w *world) keeper(change ...func(*Options)) *Keeper {
	o := Options{Log: w.log, Store: w.store, Progress: w.engine, Share: -1}
	for _, c := range change {
		c(&o)
	}
	k, err := New(o)
	w.check(err)
	return k
}

// verify compares what is kept with the truth.
func (w *world) verify() {
	w.t.Helper()
	wrong := 0
	for id, keep := range w.kept {
		spans, _, err := w.store.Trace(w.t.Context(), id)
		if err != nil && !errors.Is(err, felt.ErrNotFound) {
			w.t.Fatal(err)
		}
		want := 0
		if keep {
			want = 3
		}
		if len(spans) != want {
			if wrong++; wrong < 5 {
				w.t.Errorf("trace %s has %d spans, want %d", id, len(spans), want)
			}
			continue
		}
		if keep {
			w.whole(spans)
		}
	}
	if wrong > 0 {
		w.t.Errorf("%d of %d traces are wrong", wrong, len(w.kept))
	}
}

// whole checks that nothing of a trace is missing.
func (w *world) whole(spans []felt.Span) {
	w.t.Helper()
	attr := func(list []felt.Attribute, key string) string {
		for _, a := range list {
			if a.Key == key {
				return a.Value
			}
		}
		return ""
	}
	var web, api felt.Span
	for _, s := range spans {
		switch s.Service {
		case "web":
			web = s
		case "api":
			api = s
		}
	}
	switch {
	case web.Service != "web" || web.Env != "production" || web.Interaction != "pay" || attr(web.Attributes, "http.route") != "/pay" ||
		attr(web.Resource, "host.name") != "h1" || attr(web.Attributes, "user.id") != "":
		w.t.Errorf("web: %+v", web)
	case len(web.Events) != 1 || attr(web.Events[0].Attributes, "log.body") != "card refused" || attr(web.Events[0].Attributes, "attempt") != "2" ||
		attr(web.Events[0].Attributes, "log.severity") != "ERROR":
		w.t.Errorf("log record of web: %+v", web.Events)
	case api.Parent != web.ID || api.Status != felt.SpanStatusError || api.Message != "refused" || len(api.Links) != 1 ||
		len(api.Events) != 1 || api.Events[0].Name != "exception" || attr(api.Events[0].Attributes, "exception.type") != "Refused":
		w.t.Errorf("api: %+v", api)
	}
}
