package worker

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/shell/mem"
)

// begin is when the logs of these tests begin: a whole minute.
const begin felt.Instant = 1_700_000_040 * felt.Second

func settings(clock felt.Clock) felt.Settings {
	s := felt.DefaultSettings()
	s.Clock = clock
	return s
}

// shopper makes the requests of a small shop: whole tries, tries whose browser span
// comes seconds after the back end's, tries that are never finished, log records.
type shopper struct {
	rnd    *rand.Rand
	packer *otlp.Packer
	traces uint64
	later  map[int][]ptrace.Traces // second -> what arrives then
}

func newShopper(seed uint64, clock felt.Clock) *shopper {
	return &shopper{
		rnd: rand.New(rand.NewPCG(seed, 7)), later: map[int][]ptrace.Traces{},
		packer: otlp.NewPacker(otlp.Options{
			Partitions: settings(clock).Partitions, Clock: clock, LateMax: felt.Day,
			Key: otlp.HashKey{ID: 1, Secret: []byte("0123456789abcdef0123456789abcdef")},
		}),
	}
}

func resource(r pcommon.Resource, service string) {
	r.Attributes().PutStr("service.namespace", "shop")
	r.Attributes().PutStr("service.name", service)
	r.Attributes().PutStr("service.version", "1.0")
}

// span adds one to a request.
func span(td ptrace.Traces, service string, trace uint64, id, parent byte, start, end felt.Instant) ptrace.Span {
	rs := td.ResourceSpans().AppendEmpty()
	resource(rs.Resource(), service)
	sp := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	var tid pcommon.TraceID
	binary.BigEndian.PutUint64(tid[:], trace*0x9e3779b97f4a7c15) // spread over the partitions
	binary.BigEndian.PutUint64(tid[8:], trace)
	sp.SetTraceID(tid)
	sp.SetSpanID(pcommon.SpanID{1, byte(trace >> 8), byte(trace), 0, 0, 0, 0, id})
	if parent > 0 {
		sp.SetParentSpanID(pcommon.SpanID{1, byte(trace >> 8), byte(trace), 0, 0, 0, 0, parent})
	}
	sp.SetName("POST /pay")
	sp.SetKind(ptrace.SpanKindServer)
	sp.SetStartTimestamp(pcommon.Timestamp(start))
	sp.SetEndTimestamp(pcommon.Timestamp(end))
	return sp
}

func try(sp ptrace.Span, name, customer, outcome string) {
	a := sp.Attributes()
	a.PutStr("felt.interaction.name", name)
	a.PutStr("user.id", customer)
	a.PutStr("session.id", "s-"+customer)
	if outcome != "" {
		a.PutStr("felt.interaction.outcome", outcome)
	}
}

// second makes what arrives in one second of the log, n tries of customers of whom
// those below failing fail.
func (s *shopper) second(sec, n, failing int, at felt.Instant) {
	reqs := s.later[sec]
	delete(s.later, sec)
	for range n {
		s.traces++
		c := s.rnd.IntN(60)
		customer, outcome := fmt.Sprintf("c%02d", c), "success"
		if c < failing {
			outcome = "failed"
		}
		td := ptrace.NewTraces()
		end := at - felt.Instant(s.rnd.IntN(900))*1e6
		start := end - felt.Instant(50+s.rnd.IntN(300))*1e6
		name := []string{"pay", "search"}[s.rnd.IntN(2)]
		switch s.rnd.IntN(6) {
		case 0: // the browser's span comes later than the back end's
			try(span(td, "api", s.traces, 2, 1, start+1e6, end-1e6), name, customer, "")
			browser := ptrace.NewTraces()
			try(span(browser, "web", s.traces, 1, 0, start, end), name, customer, outcome)
			when := sec + 1 + s.rnd.IntN(20)
			s.later[when] = append(s.later[when], browser)
		case 1: // never finished
			try(span(td, "api", s.traces, 2, 1, start, end), name, customer, "")
		case 2: // a tree
			try(span(td, "web", s.traces, 1, 0, start, end), name, customer, outcome)
			span(td, "api", s.traces, 2, 1, start+1e6, end-2e6)
			span(td, "db", s.traces, 3, 2, start+2e6, end-3e6)
		default:
			try(span(td, "web", s.traces, 1, 0, start, end), name, customer, outcome)
		}
		reqs = append(reqs, td)
	}
	for _, td := range reqs {
		body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
		if err == nil {
			_, err = s.packer.Traces(body, at)
		}
		if err != nil {
			panic(err)
		}
	}
	if s.rnd.IntN(3) == 0 {
		s.logRecord(at)
	}
}

func (s *shopper) logRecord(at felt.Instant) {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	resource(rl.Resource(), "web")
	lr := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	lr.SetTimestamp(pcommon.Timestamp(at - 1e6))
	lr.Attributes().PutStr("felt.interaction.name", "chat")
	lr.Attributes().PutStr("session.id", fmt.Sprint("guest", s.rnd.IntN(9)))
	body, err := plogotlp.NewExportRequestFromLogs(ld).MarshalProto()
	if err == nil {
		_, err = s.packer.Logs(body, at)
	}
	if err != nil {
		panic(err)
	}
}

// shopLog is a log of so many seconds, with a fault in the middle, commands, a change of
// settings, a record that is damaged, and a quiet end in which everything comes due.
func shopLog(seed uint64, clock felt.Clock, seconds, perSecond int) []felt.Record {
	s := newShopper(seed, clock)
	var recs []felt.Record
	control := func(kind felt.Kind, at felt.Instant, v any) {
		data, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		recs = append(recs, felt.Record{Kind: kind, Part: felt.Control, At: at, Data: data})
	}
	tick := func(at felt.Instant) {
		if clock == felt.ClockWall {
			recs = append(recs, felt.Record{Kind: felt.KindTick, Part: felt.Control, At: at})
		}
	}
	start := begin
	for sec := range seconds {
		if clock == felt.ClockEvent && sec%9 == 5 {
			start += 25 * felt.Second // a gap, in which several ticks fall due
		}
		at := start + felt.Instant(sec)*felt.Second
		tick(at)
		if sec == 0 {
			control(felt.KindSettings, at, settings(clock))
		}
		failing := 0
		if sec > seconds/3 && sec < seconds*2/3 {
			failing = 35
		}
		for i := range 2 { // two group commits a second
			at += 400 * 1e6
			s.second(sec*2+i, perSecond/2, failing, at)
			for _, r := range s.packer.Take(nil) {
				r.At = at
				recs = append(recs, r)
			}
		}
		switch sec {
		case seconds / 2:
			changed := settings(clock)
			changed.Version, changed.Settle = 2, 9*felt.Second
			control(felt.KindSettings, at, changed)
			control(felt.KindCommand, at, felt.Command{Time: at, Actor: "ann", Via: "api", What: felt.CommandAcknowledge, Target: "inc-000000000000"})
		case seconds / 4:
			recs = append(recs, felt.Record{Kind: felt.KindTelemetry, Part: 1, At: at, Data: []byte("damaged")})
			recs = append(recs, felt.Record{Kind: felt.KindTelemetry, Part: 40, At: at, Data: []byte("of no partition")})
			recs = append(recs, felt.Record{Kind: felt.KindCommand, Part: felt.Control, At: at, Data: []byte("{")})
		}
	}
	const quiet = 40
	for i := range quiet {
		tick(start + felt.Instant(seconds+i)*felt.Second)
	}
	last := start + (felt.Instant(seconds)+quiet)*felt.Second
	return append(recs, felt.Record{Kind: felt.KindTick, Part: felt.Control, At: last})
}

// fill appends the records to a new log, and returns it and the place of the last record
// in a tick that is closed.
func fill(t testing.TB, recs []felt.Record) (*mem.Log, felt.Seq) {
	t.Helper()
	log := mem.NewLog(mem.LogOptions{})
	place, err := log.Append(context.Background(), recs...)
	if err != nil {
		t.Fatal(err)
	}
	return log, max(place.Seq, 1) - 1 // the last one opens a tick of its own
}

// reference makes the batches without a worker: the engine alone, in one goroutine.
func reference(t testing.TB, clock felt.Clock, recs []felt.Record) map[string]string {
	t.Helper()
	e := engine.New(settings(clock))
	rows := map[string]string{}
	var open felt.Tick
	var gathered []felt.Record
	for i, r := range recs {
		r.Seq = felt.Seq(i + 1)
		if next := felt.TickOf(r.At); next > open {
			for tick := open; tick > 0 && tick < next; tick = e.Next() {
				batches, _ := e.Run(tick, gathered) // damaged records are passed over
				gathered = nil
				if tick == open {
					e.Stood(open, next)
				}
				for _, b := range batches {
					rows[b.ID.String()] = encode(b)
				}
			}
			open = next
		}
		gathered = append(gathered, r)
	}
	return rows
}

// encode is the batch without its cursor.
func encode(b felt.Batch) string {
	b.Cursor = felt.Cursor{}
	j, err := json.Marshal(b)
	if err != nil {
		panic(err)
	}
	return string(j)
}

// differ compares two sets of batches.
func differ(t testing.TB, got, want map[string]string) {
	t.Helper()
	for _, id := range slices.Sorted(maps.Keys(want)) {
		if got[id] == "" {
			t.Errorf("batch %s is missing: %.200s", id, want[id])
			return
		}
		if got[id] != want[id] {
			t.Errorf("batch %s:\n%.3000s\nwant\n%.3000s", id, got[id], want[id])
			return
		}
	}
	for id := range got {
		if want[id] == "" {
			t.Errorf("batch %s is too many: %.3000s", id, got[id])
			return
		}
	}
}
