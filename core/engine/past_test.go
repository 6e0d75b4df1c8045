package engine_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
)

// TestPastOfSignals: stored values of signals are judged without an interaction near them, and what
// they say lasts after a warm-up, so that it goes on under its id.
func TestPastOfSignals(t *testing.T) {
	var list []felt.SignalPoint
	for i := range felt.Tick(400) {
		known := start + 10*i - start%10
		list = append(list, felt.SignalPoint{
			Env: "production", App: "shop", Journey: "checkout", Name: "disk", Kind: felt.SignalTechnical, Metric: "disk", Statistic: "max",
			Time: known.Instant(), StartTime: (known - 10).Instant(), Known: known, Value: 0.5 + 0.002*float64(i), N: 1, Limit: 1, HasLimit: true, Direction: "down",
		})
	}
	end := list[len(list)-1].Known
	past, err := engine.NewPast(felt.DefaultSettings(), felt.Inventory{})
	if err != nil {
		t.Fatal(err)
	}
	past.Signals(list)
	var full felt.Finding
	for _, f := range past.End(end) {
		if f.Kind == felt.FindingSaturation {
			full = f
		}
	}
	if full.ID == "" || full.Ended != 0 {
		t.Fatalf("not found at its limit: %+v", full)
	}
	older := full
	older.ID, older.Opened = "fnd-stored", full.Opened-10
	e, past, err := engine.Resume(felt.DefaultSettings(), engine.Known{Tick: end, Findings: []felt.Finding{older}})
	if err != nil {
		t.Fatal(err)
	}
	past.Signals(list)
	past.End(end)
	if n := e.Stats().Findings; n == 0 {
		t.Error("nothing lasts after the warm-up")
	}
	for tick := end + 1; tick < end+20*86400; tick = max(tick+1, e.Next()) {
		batches, err := e.Run(tick, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range batches {
			for _, f := range b.Findings {
				if f.ID != older.ID || f.Opened != older.Opened {
					t.Fatalf("told as %s of %d, stored as %s of %d", f.ID, f.Opened, older.ID, older.Opened)
				}
				if f.Ended > 0 {
					return
				}
			}
		}
		if e.Next() == 0 {
			break
		}
	}
}

// TestPastWhereTheClockStood: a backtest knows when the server did not run, from what was told of it
// then, and finds no drop there; without that it would.
func TestPastWhereTheClockStood(t *testing.T) {
	begin := start - start%10
	var rows []felt.Interaction
	for i := range felt.Tick(3 * 3600) {
		if known := begin + i; i < 3600 || i > 2*3600 {
			for k := range 3 {
				r := felt.Interaction{
					Env: "production", App: "shop", Name: "pay", Kind: felt.KindStep, Traffic: felt.TrafficCustomer, Outcome: felt.OutcomeSuccess,
					Service: "web", Known: known, End: known.Instant() - felt.Second, Version: 1,
				}
				binary.BigEndian.PutUint64(r.ID[:], uint64(i)<<8|uint64(k)+1)
				r.ID[7] ^= byte(i * 37)
				r.Customer[0], r.Customer[6], r.Customer[7] = byte(k), byte(i>>8), byte(i)
				rows = append(rows, r)
			}
		}
	}
	stood := felt.Finding{Kind: felt.FindingSilent, Detector: "clock", Since: (begin + 3599).Instant(), Opened: begin + 7200, Ended: begin + 7200}
	for _, told := range [][]felt.Finding{nil, {stood}} {
		past, err := engine.NewPast(felt.DefaultSettings(), felt.Inventory{})
		if err != nil {
			t.Fatal(err)
		}
		past.Silences(told)
		drops, clocks := 0, 0
		for _, f := range append(past.Add(rows), past.End(begin+3*3600)...) {
			if f.Kind == felt.FindingDrop && f.Opened == f.Updated {
				drops++
			}
			if f.Detector == stood.Detector && f.Since == stood.Since && f.Ended == stood.Ended {
				clocks++
			}
		}
		if clocks != len(told) || (drops > 0) == (len(told) > 0) {
			t.Errorf("told of %d: %d drops, %d times the clock stood", len(told), drops, clocks)
		}
	}
}

// TestTheSameInventoryAgain: an engine that begins with what is stored meets the inventory in force again in the log.
// Journeys that are held by then are still of it, and a snapshot knows them.
func TestTheSameInventoryAgain(t *testing.T) {
	const text = "journeys:\n  - name: checkout\n    app: shop\n    criticality: 1\n    team: t\n    owners: [o]\n    steps: [{name: cart}, {name: pay}]\n"
	s := felt.DefaultSettings()
	e, past, err := engine.Resume(s, engine.Known{
		Tick: start, Inventory: felt.Inventory{Version: 3, Files: []felt.InventoryFile{{Name: "felt.yaml", Text: text}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	past.End(start)
	tape := newTape(t, s)
	tape.spans(5, span{trace: 1, id: 1, end: 4 * felt.Second, service: "shop", name: "cart", interaction: "cart", outcome: "success", session: "s"})
	tape.inventory(40, 3, text)
	held := 0
	for _, b := range tape.run(e, 60, nil) {
		for i := range b.Interactions {
			if r := &b.Interactions[i]; r.Kind == felt.KindJourney && r.Outcome == felt.OutcomeNone {
				held++
			}
		}
	}
	if held == 0 {
		t.Fatal("no journey is under way")
	}
	snapshot := e.AppendSnapshot(nil)
	again, err := engine.Restore(s, snapshot)
	if err != nil || !slices.Equal(again.AppendSnapshot(nil), snapshot) {
		t.Errorf("the snapshot is not restored: %v", err)
	}
}
