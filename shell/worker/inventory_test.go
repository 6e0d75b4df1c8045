package worker

import (
	"context"
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/mem"
)

// TestInventory: the worker tells the inventory under which its newest rows were made, also
// after it was started again, and takes business data to the engine.
func TestInventory(t *testing.T) {
	t.Parallel()
	text := "journeys:\n  - name: buy\n    steps:\n      - name: pay\n"
	in := felt.Inventory{Version: 7, Files: []felt.InventoryFile{{Name: "shop.yaml", Text: text}}, Actor: "ana"}
	record := func(kind felt.Kind, v any, at felt.Instant) felt.Record {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return felt.Record{Kind: kind, Part: felt.Control, At: at, Data: data}
	}
	tick := func(at felt.Instant) felt.Record { return felt.Record{Kind: felt.KindTick, Part: felt.Control, At: at} }
	recs := []felt.Record{
		tick(begin),
		record(felt.KindInventory, in, begin+felt.Second/2),
		record(felt.KindBusiness, felt.Business{Changes: []felt.Change{{ID: "d1", Kind: "deploy", Env: "production", Started: begin}}}, begin+felt.Second/2),
		tick(begin + felt.Second), tick(begin + 2*felt.Second),
	}
	log, last := fill(t, recs)
	store, dir := mem.NewStore(mem.StoreOptions{}), t.TempDir()
	for run := range 2 {
		w, err := New(Options{Log: log, Store: store, Settings: settings(felt.ClockWall), Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Inventory(); got.Version != 0 {
			t.Errorf("run %d: before the log is read the inventory is %+v", run, got)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.Run(ctx) }()
		for changed := w.Changed(); w.Progress().Seq < last-1; changed = w.Changed() { // the last tick is still open
			<-changed
		}
		if diff := cmp.Diff(in, w.Inventory()); diff != "" {
			t.Errorf("run %d: %s", run, diff)
		}
		if bad := value(w, "felt_worker_bad_records_total"); bad != 0 {
			t.Errorf("run %d: %v records were passed over", run, bad)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
}

// TestHold: the log is not trimmed past the place that another reader still needs.
func TestHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	log := &trimLog{world: w, check: func(felt.Seq) {}}
	opts := w.options(t.TempDir(), felt.ClockWall)
	hold := felt.Seq(0)
	opts.Log, opts.Hold = log, func() felt.Seq { return hold }
	worker, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	worker.saved = []savedSnapshot{{seq: 100, confirmed: true}, {seq: 200, confirmed: true}}
	for _, x := range []struct{ hold, want felt.Seq }{{0, 0}, {40, 40}, {100, 100}, {150, 100}, {math.MaxUint64, 100}} {
		log.trims, hold = nil, x.hold
		worker.trimLog(t.Context())
		var got felt.Seq
		if len(log.trims) > 0 {
			got = log.trims[0]
		}
		if got != x.want {
			t.Errorf("held at %d the log is trimmed up to %d, want %d", x.hold, got, x.want)
		}
	}
}
