package storetest

import (
	"errors"
	"reflect"
	"testing"

	"github.com/felt-cx/felt"
)

func keeperBatch(tick felt.Tick, spans ...felt.Span) felt.Batch {
	return felt.Batch{
		ID:     felt.BatchID{Engine: 1, Stage: felt.StageKeeper, Tick: tick},
		Cursor: felt.Cursor{Name: "keeper", Seq: felt.Seq(tick), Tick: tick, Epoch: 1}, Spans: spans,
	}
}

func traces(t *testing.T, s felt.Store) {
	ctx := t.Context()
	id, other := felt.TraceID(hash(9, 1)), felt.TraceID(hash(9, 2))
	span := func(of felt.TraceID, n byte, start felt.Instant) felt.Span {
		return felt.Span{Env: Env, Service: "api", Trace: of, ID: felt.SpanID{n}, Name: "GET /", Kind: felt.SpanServer, Start: start, End: start + 5}
	}
	full := felt.Span{
		Env: Env, Service: "web", Release: "v1", Trace: id, ID: felt.SpanID{1, 2, 3, 4, 5, 6, 7, 8}, Parent: felt.SpanID{0xff, 1}, Name: "pay é",
		Kind: felt.SpanClient, Status: felt.SpanStatusError, Message: "card \"declined\"", Start: day, End: day + felt.Second, Interaction: "pay",
		Attributes: []felt.Attribute{{Key: "http.route", Value: "/pay"}, {Key: "x", Value: "\x00\""}}, Resource: []felt.Attribute{{Key: "host", Value: "a"}},
		Events: []felt.SpanNote{{Time: day + 1, Name: "exception", Attributes: []felt.Attribute{{Key: "type", Value: "E"}}}},
		Links:  []felt.TraceID{other},
	}
	named := func(r felt.Interaction) felt.Interaction {
		r.Trace = id
		return r
	}
	first, journey := named(try(1, 1, felt.OutcomeFailed, 1)), named(try(2, 1, felt.OutcomeAbandoned, 1801))
	write(t, s, batch(noon, first, journey, try(3, 2, felt.OutcomeFailed, 1)))
	doubled := span(id, 7, day+3)
	doubled.Name = "came a second time"
	write(t, s, keeperBatch(noon, span(id, 7, day+3), full, doubled, span(other, 7, day)))
	write(t, s, keeperBatch(noon, span(id, 8, day+3)))            // skipped: the keeper began again after a crash
	write(t, s, keeperBatch(noon+1, doubled, span(id, 6, day+3))) // fetched once more, with a late one
	spans, list, err := s.Trace(ctx, id)
	if want := []felt.Span{full, span(id, 6, day+3), span(id, 7, day+3)}; err != nil || !reflect.DeepEqual(spans, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, spans, want)
	}
	if want := []felt.Interaction{journey, first}; !reflect.DeepEqual(list, want) {
		t.Errorf("interactions of the trace: %+v", list)
	}
	if _, _, err := s.Trace(ctx, felt.TraceID(hash(9, 3))); !errors.Is(err, felt.ErrNotFound) {
		t.Errorf("unknown trace: %v, want ErrNotFound", err)
	}
	if c, err := s.Cursor(ctx, "keeper"); err != nil || c.Tick != noon+1 {
		t.Errorf("cursor of the keeper: %+v, %v", c, err)
	}
	n, err := s.Retain(ctx, day+2*felt.Day, felt.Retention{Spans: felt.Day})
	if err != nil || n < 4 {
		t.Errorf("removed %d spans, %v", n, err)
	}
	if spans, list, err := s.Trace(ctx, id); err != nil || len(spans) != 0 || len(list) != 2 {
		t.Errorf("after the spans are gone: %d spans, %d interactions, %v", len(spans), len(list), err)
	}
}

func keptTraces(t *testing.T, s felt.Store) {
	trace := func(first, n byte) felt.TraceID { return felt.TraceID{first, n, 15: 1} }
	of := func(id int, tr felt.TraceID, o felt.Outcome, known felt.Tick) felt.Interaction {
		return with(try(id, 1, o, 100-id), func(r *felt.Interaction) { r.Trace, r.Known = tr, known })
	}
	write(t, s, batch(noon,
		of(1, trace(0x90, 1), felt.OutcomeDegraded, noon), of(2, trace(0x90, 1), felt.OutcomeFailed, noon), of(3, trace(0x90, 1), felt.OutcomeSuccess, noon),
		of(4, trace(0x7f, 2), felt.OutcomeSuccess, noon), of(5, trace(0x80, 3), felt.OutcomeSuccess, noon),
		of(6, trace(0xff, 4), felt.OutcomeDegraded, noon), of(7, felt.TraceID{}, felt.OutcomeFailed, noon),
		of(8, trace(1, 5), felt.OutcomeFailed, noon-1), of(9, trace(1, 6), felt.OutcomeFailed, noon+1),
		with(of(10, trace(1, 7), felt.OutcomeFailed, noon), func(r *felt.Interaction) { r.Traffic = felt.TrafficBot }),
		with(of(11, trace(0xa0, 8), felt.OutcomeFailed, noon), func(r *felt.Interaction) { r.Traffic = felt.TrafficTest }),
	))
	start := func(id int) felt.Instant { return try(id, 1, 0, 100-id).Start }
	failed := felt.KeptTrace{Trace: trace(0x90, 1), Reason: "failed", Start: start(2)}
	hit := []felt.KeptTrace{
		{Trace: trace(0xa0, 8), Reason: "failed", Start: start(11)}, {Trace: trace(0xff, 4), Reason: "degraded", Start: start(6)}, failed,
	}
	half := []felt.KeptTrace{hit[0], hit[1], {Trace: trace(0x7f, 2), Reason: "sample", Start: start(4)}, failed}
	for _, c := range []struct {
		share float64
		want  []felt.KeptTrace
	}{
		{0, hit},
		{-1, hit},
		{0.5, half},
		{1, []felt.KeptTrace{
			hit[0], hit[1],
			{Trace: trace(0x80, 3), Reason: "sample", Start: start(5)},
			half[2],
			{Trace: trace(0x90, 1), Reason: "failed", Start: start(3)},
		}},
	} {
		got, err := s.KeptTraces(t.Context(), noon-1, noon, c.share)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("share %v, %v\n got %+v\nwant %+v", c.share, err, got, c.want)
		}
	}
}
