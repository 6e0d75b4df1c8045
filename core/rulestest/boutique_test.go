package rulestest_test

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
	"github.com/felt-cx/felt/core/otlp"
)

const boutique = "../../examples/boutique/"

// counts is what count.py says of the traces.
type counts struct {
	Traces                             int
	Steps, Journeys, Operations, Edges map[string]int64
}

// TestBoutique: telemetry that nobody here made, with no attribute of ours, gives the
// interactions, journeys, operations and edges that an independent script counts in the same
// files. FELT_BOUTIQUE and FELT_BOUTIQUE_COUNTS name other files and counts.
func TestBoutique(t *testing.T) {
	pattern, file := boutique+"testdata/*.csv.gz", boutique+"testdata/counts.json"
	if p := os.Getenv("FELT_BOUTIQUE"); p != "" {
		pattern, file = p, os.Getenv("FELT_BOUTIQUE_COUNTS")
	}
	var want counts
	if err := json.Unmarshal([]byte(read(t, file)), &want); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no traces: %v", err)
	}
	var spans []csvSpan
	traces := map[string]bool{}
	for _, f := range files {
		for _, s := range readSpans(t, f) {
			spans = append(spans, s)
			traces[s.trace] = true
		}
	}
	// As they arrived: a span is sent when it has ended.
	slices.SortStableFunc(spans, func(a, b csvSpan) int { return strings.Compare(a.end, b.end) })
	got := count(t, spans)
	got.Traces = len(traces)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-script +engine):\n%s", diff)
	}
}

// count runs the spans through an engine under the shipped inventory.
func count(t *testing.T, spans []csvSpan) counts {
	t.Helper()
	s := felt.DefaultSettings()
	e := engine.New(s)
	text, err := json.Marshal(felt.Inventory{Version: 1, Files: []felt.InventoryFile{{Name: "inventory.yaml", Text: read(t, boutique+"inventory.yaml")}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Control(felt.Record{Kind: felt.KindInventory, Part: felt.Control, Data: text}); err != nil {
		t.Fatal(err)
	}
	p := otlp.NewPacker(otlp.Options{Partitions: s.Partitions, Clock: felt.ClockEvent, Key: otlp.HashKey{ID: 1, Secret: []byte("0123456789abcdef")}})
	c := counts{Steps: map[string]int64{}, Journeys: map[string]int64{}, Operations: map[string]int64{}, Edges: map[string]int64{}}
	rows := map[felt.InteractionID]felt.Interaction{}
	run := func(tick felt.Tick, recs []felt.Record) {
		batches, err := e.Run(tick, recs)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range batches {
			for _, r := range b.Interactions {
				rows[r.ID] = r
			}
			for _, o := range b.Operations {
				if o.Count > 0 {
					c.Operations[o.Service+" "+o.Operation] += o.Count
				}
			}
			for _, g := range b.Edges {
				c.Edges[g.Caller+" "+g.Callee] += g.Count
			}
		}
	}
	var tick felt.Tick
	for i := 0; i < len(spans); {
		first := felt.TickOf(spans[i].at)
		for next := e.Next(); tick > 0 && next != 0 && next < first; next = e.Next() {
			run(next, nil)
		}
		tick = first
		var recs []felt.Record
		for ; i < len(spans) && felt.TickOf(spans[i].at) == tick; i++ {
			if _, err := p.TracesJSON(spans[i].request(t), spans[i].at); err != nil {
				t.Fatal(err)
			}
		}
		for _, r := range p.Take(nil) {
			r.At = tick.Instant() - 1
			recs = append(recs, r)
		}
		run(tick, recs)
	}
	for next := e.Next(); next != 0; next = e.Next() {
		run(next, nil)
	}
	for _, r := range rows {
		switch {
		case r.Outcome == felt.OutcomeCancelled:
		case r.Kind == felt.KindJourney:
			c.Journeys[r.Name+" "+r.Outcome.String()]++
		default:
			c.Steps[r.Name+" "+r.Outcome.String()]++
		}
	}
	return c
}

// csvSpan is one line of a trace file.
type csvSpan struct {
	trace, id, parent, service, name, start, end string
	at                                           felt.Instant
}

func readSpans(t *testing.T, file string) []csvSpan {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	replicaSet := regexp.MustCompile(`-[0-9a-f]{8,10}-[a-z0-9]{5}$`)
	var list []csvSpan
	lines := csv.NewReader(z)
	for {
		l, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		if l[0] == "TraceID" {
			continue
		}
		end, err := strconv.ParseInt(l[6], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, csvSpan{l[0], l[1], l[2], replicaSet.ReplaceAllString(l[3], ""), l[4], l[5], l[6], felt.Instant(end)})
	}
}

func (s *csvSpan) request(t *testing.T) []byte {
	t.Helper()
	parent := s.parent
	if parent == "root" {
		parent = ""
	}
	b, err := json.Marshal(map[string]any{"resourceSpans": []any{map[string]any{
		"resource": map[string]any{"attributes": []any{map[string]any{"key": "service.name", "value": map[string]any{"stringValue": s.service}}}},
		"scopeSpans": []any{map[string]any{"spans": []any{map[string]any{
			"traceId": s.trace, "spanId": s.id, "parentSpanId": parent, "name": s.name, "kind": 1,
			"startTimeUnixNano": s.start, "endTimeUnixNano": s.end,
		}}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}
