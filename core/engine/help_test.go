package engine_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
	"github.com/felt-cx/felt/core/otlp"
)

// start is the first tick of the tests: one at which buckets are handed out.
const start felt.Tick = 1_700_000_000

// span is one span of a test.
type span struct {
	trace, id, parent uint64
	end               felt.Instant // relative to start
	took              felt.Instant
	kind              felt.SpanKind
	failed            bool // status ERROR
	service, name     string
	interaction       string
	outcome           string
	user, session     string
	peer              string
	state             string // tracestate
}

// tape records what arrives, tick by tick, as a log would.
type tape struct {
	t      testing.TB
	packer *otlp.Packer
	parts  int
	recs   []felt.Record
	seq    felt.Seq
}

func newTape(t testing.TB, s felt.Settings) *tape {
	return &tape{t: t, parts: s.Partitions, packer: otlp.NewPacker(otlp.Options{
		Partitions: s.Partitions, Clock: felt.ClockWall, LateMax: felt.Day,
		Key: otlp.HashKey{ID: 1, Secret: []byte("0123456789abcdef")},
	})}
}

func (p *tape) add(at felt.Instant, recs ...felt.Record) {
	for _, r := range recs {
		p.seq++
		r.At, r.Seq = at, p.seq
		p.recs = append(p.recs, r)
	}
}

// arrive is the arrival inside a tick, given relative to start.
func arrive(tick felt.Tick) felt.Instant { return (start + tick).Instant() - felt.Second/2 }

// spans puts spans on the tape that arrive together in a tick.
func (p *tape) spans(tick felt.Tick, list ...span) {
	p.t.Helper()
	if len(list) == 0 {
		return
	}
	td := ptrace.NewTraces()
	for _, s := range list {
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", s.service)
		o := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		o.SetTraceID(traceID(s.trace))
		o.SetSpanID(spanID(s.id))
		if s.parent != 0 {
			o.SetParentSpanID(spanID(s.parent))
		}
		end := start.Instant() + s.end
		o.SetStartTimestamp(pcommon.Timestamp(end - s.took))
		o.SetEndTimestamp(pcommon.Timestamp(end))
		o.SetKind(ptrace.SpanKind(s.kind))
		o.SetName(s.name)
		o.TraceState().FromRaw(s.state)
		if s.failed {
			o.Status().SetCode(ptrace.StatusCodeError)
		}
		putAll(o.Attributes(), map[string]string{
			"felt.interaction.name": s.interaction, "felt.interaction.outcome": s.outcome,
			"user.id": s.user, "session.id": s.session, "peer.service": s.peer,
		})
	}
	body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	p.pack(tick, body, err, p.packer.Traces)
}

// event puts a log record without a trace on the tape.
func (p *tape) event(tick felt.Tick, name, outcome, session string, end felt.Instant) {
	p.t.Helper()
	ld := plog.NewLogs()
	o := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	o.SetTimestamp(pcommon.Timestamp(start.Instant() + end))
	putAll(o.Attributes(), map[string]string{
		"felt.interaction.name": name, "felt.interaction.outcome": outcome, "session.id": session,
	})
	body, err := plogotlp.NewExportRequestFromLogs(ld).MarshalProto()
	p.pack(tick, body, err, p.packer.Logs)
}

// pending puts the record of a page that is hidden on the tape: of a span that is open.
func (p *tape) pending(tick felt.Tick, list ...span) {
	p.t.Helper()
	ld := plog.NewLogs()
	for _, s := range list {
		rl := ld.ResourceLogs().AppendEmpty()
		rl.Resource().Attributes().PutStr("service.name", s.service)
		o := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		o.SetEventName("felt.interaction.pending")
		o.SetTimestamp(pcommon.Timestamp(start.Instant() + s.end))
		o.SetTraceID(traceID(s.trace))
		o.SetSpanID(spanID(s.id))
		o.Attributes().PutInt("felt.interaction.started_ms", int64((start.Instant()+s.end-s.took)/1e6))
		putAll(o.Attributes(), map[string]string{"felt.interaction.name": s.interaction, "user.id": s.user, "session.id": s.session, "felt.tracestate": s.state})
	}
	body, err := plogotlp.NewExportRequestFromLogs(ld).MarshalProto()
	p.pack(tick, body, err, p.packer.Logs)
}

// metric puts a point on the tape.
func (p *tape) metric(tick felt.Tick, name string) {
	p.t.Helper()
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName(name)
	g := m.SetEmptyGauge().DataPoints().AppendEmpty()
	g.SetTimestamp(pcommon.Timestamp(arrive(tick)))
	g.SetIntValue(1)
	body, err := pmetricotlp.NewExportRequestFromMetrics(md).MarshalProto()
	p.pack(tick, body, err, p.packer.Metrics)
}

func (p *tape) pack(tick felt.Tick, body []byte, err error, pack func([]byte, felt.Instant) (otlp.Report, error)) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	rep, err := pack(body, arrive(tick))
	if err != nil || rep.Reason != "" {
		p.t.Fatal(err, rep.Reason)
	}
	p.add(arrive(tick), p.packer.Take(nil)...)
}

func (p *tape) command(tick felt.Tick, c felt.Command) {
	p.t.Helper()
	data, err := json.Marshal(c)
	if err != nil {
		p.t.Fatal(err)
	}
	p.add(arrive(tick), felt.Record{Kind: felt.KindCommand, Part: felt.Control, Data: data})
}

func (p *tape) inventory(tick felt.Tick, version int64, text string) {
	p.t.Helper()
	data, err := json.Marshal(felt.Inventory{Version: version, Files: []felt.InventoryFile{{Name: "felt.yaml", Text: text}}})
	if err != nil {
		p.t.Fatal(err)
	}
	p.add(arrive(tick), felt.Record{Kind: felt.KindInventory, Part: felt.Control, Data: data})
}

func (p *tape) settings(tick felt.Tick, s felt.Settings) {
	p.t.Helper()
	data, err := json.Marshal(s)
	if err != nil {
		p.t.Fatal(err)
	}
	p.add(arrive(tick), felt.Record{Kind: felt.KindSettings, Part: felt.Control, Data: data})
}

func putAll(m pcommon.Map, attrs map[string]string) {
	for k, v := range attrs {
		if v != "" {
			m.PutStr(k, v)
		}
	}
}

func traceID(n uint64) (id pcommon.TraceID) {
	copy(id[:], fmt.Sprintf("%016d", n))
	return id
}

func spanID(n uint64) (id pcommon.SpanID) {
	copy(id[:], fmt.Sprintf("%08d", n))
	return id
}

// run plays the tape up to a tick (relative to start), skipping quiet ticks. between is
// called after every tick and may replace the engine.
func (p *tape) run(e *engine.Engine, until felt.Tick, between func(*engine.Engine, felt.Tick) *engine.Engine) []felt.Batch {
	p.t.Helper()
	slices.SortStableFunc(p.recs, func(a, b felt.Record) int { return int(a.At - b.At) })
	var out []felt.Batch
	recs := p.recs
	for t := start; t <= start+until; t++ {
		n := 0
		for n < len(recs) && felt.TickOf(recs[n].At) == t {
			n++
		}
		if n == 0 && e.Quiet(t) {
			continue
		}
		batches, err := e.Run(t, recs[:n])
		if err != nil {
			p.t.Fatal(err)
		}
		out = append(out, batches...)
		recs = recs[n:]
		if between != nil {
			e = between(e, t)
		}
	}
	return out
}

// encode makes batches comparable byte for byte.
func encode(t testing.TB, batches []felt.Batch) []string {
	t.Helper()
	var out []string
	for _, b := range batches {
		data, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(data))
	}
	return out
}

// runParallel drives the stages from several goroutines, as a worker does, and gives
// what Run gives.
func runParallel(t testing.TB, e *engine.Engine, tick felt.Tick, recs []felt.Record, workers int) []felt.Batch {
	t.Helper()
	parts := e.Partitions()
	out1, out2 := make([]engine.Out1, parts), make([]engine.Out2, parts)
	batches := make([]felt.Batch, 2*parts+1)
	parallel := func(f func(p int)) {
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				for p := w; p < parts; p += workers {
					f(p)
				}
			})
		}
		wg.Wait()
	}
	parallel(func(p int) {
		for _, r := range recs {
			if r.Kind == felt.KindTelemetry && r.Part == felt.Part(p) {
				if err := e.Stage1(p).Apply(r); err != nil {
					t.Error(err)
				}
			}
		}
	})
	for _, r := range recs {
		if err := e.Control(r); err != nil {
			t.Error(err)
		}
	}
	parallel(func(p int) { out1[p], batches[p] = e.Stage1(p).Tick(tick) })
	parallel(func(p int) { out2[p], batches[parts+p] = e.Stage2(p).Tick(tick, out1...) })
	batches[2*parts] = e.Stage3().Tick(tick, out2...)
	return slices.DeleteFunc(batches, func(b felt.Batch) bool { return b.Empty() })
}
