package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
	"github.com/felt-cx/felt/shell/mem"
)

// journeysText makes journeys of what shoppers do: most are open for a while, many come later than
// their steps.
const journeysText = `
journeys:
  - name: checkout
    app: shop
    steps: [{name: search, optional: true}, {name: pay}]
    timeout: 20s
    kpis: [{name: conversion, numerator: completed, denominator: begun, direction: up}]
  - name: look
    app: shop
    steps: [{name: search}, {name: chat}]
    timeout: 15s
`

// lived is what live judging made of a log: its findings, row by row, in a store with all else.
func lived(t *testing.T, recs []felt.Record) (*mem.Store, []string, felt.Tick) {
	t.Helper()
	store := mem.NewStore(mem.StoreOptions{})
	e := engine.New(settings(felt.ClockWall))
	var rows []string
	var open felt.Tick
	var gathered []felt.Record
	for i, r := range recs {
		r.Seq = felt.Seq(i + 1)
		if next := felt.TickOf(r.At); next > open {
			for tick := open; tick > 0 && tick < next; tick = e.Next() {
				batches, _ := e.Run(tick, gathered) // damaged records are passed over
				gathered = nil
				if err := store.Write(t.Context(), batches...); err != nil {
					t.Fatal(err)
				}
				for _, b := range batches {
					rows = append(rows, texts(t, b.Findings)...)
				}
			}
			open = next
		}
		gathered = append(gathered, r)
	}
	return store, rows, open
}

func texts(t *testing.T, list []felt.Finding) []string {
	t.Helper()
	var out []string
	for _, f := range list {
		b, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	return out
}

// faultyLog has a fault, corrections of what was said before, interactions that come late, and
// journeys.
func faultyLog(t *testing.T, seed uint64, seconds, perSecond int) []felt.Record {
	t.Helper()
	recs := shopLog(seed, felt.ClockWall, seconds, perSecond)
	data, err := json.Marshal(felt.Inventory{Version: 1, Files: []felt.InventoryFile{{Name: "journeys.yaml", Text: journeysText}}})
	if err != nil {
		t.Fatal(err)
	}
	rules := felt.Record{Kind: felt.KindInventory, Part: felt.Control, At: recs[0].At, Data: data}
	return slices.Insert(recs, 1, rules)
}

// TestBacktestIsLive: the same findings, byte by byte, from what is stored as when it came.
func TestBacktestIsLive(t *testing.T) {
	for seed := range uint64(2) {
		recs := faultyLog(t, seed, 300, 24)
		store, want, end := lived(t, recs)
		past, err := engine.NewPast(settingsOf(t, recs), inventoryOf(t, recs))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		corrected, journeys := 0, 0
		past.Silences(nil)
		err = through(t.Context(), store, past, 0, end, func(found []felt.Finding, batch []felt.Interaction) error {
			for i := range batch {
				if batch[i].Kind == felt.KindJourney {
					journeys++
				}
			}
			got = append(got, texts(t, found)...)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, texts(t, past.End(end))...)
		values := 0
		for batch := range store.SignalHistory(t.Context(), 0, end) {
			values += len(batch)
		}
		if values < 3 {
			t.Fatalf("%d values of the KPI", values)
		}
		rows, _, err := store.Interactions(t.Context(), felt.Question{Scope: felt.Scope{Env: "production"}, Window: felt.Window{To: end.Instant()}}, 0, 1e6, "")
		if err != nil {
			t.Fatal(err)
		}
		for i := range rows {
			if rows[i].Version > 1 && rows[i].Kind == felt.KindStep {
				corrected++
			}
		}
		if corrected < 20 || journeys < 100 || len(want) < 10 {
			t.Fatalf("%d corrected, %d journeys, %d rows of findings: too little to compare", corrected, journeys, len(want))
		}
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				t.Fatalf("row %d of %d:\n%.800s\nlive it was, of %d:\n%.800s", i, len(got), at(got, i), len(want), at(want, i))
			}
		}
	}
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "(none)"
}

// settingsOf are the settings of a log's last record of them.
func settingsOf(t *testing.T, recs []felt.Record) (s felt.Settings) {
	t.Helper()
	for _, r := range recs {
		if r.Kind == felt.KindSettings {
			if err := json.Unmarshal(r.Data, &s); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s
}

func inventoryOf(t *testing.T, recs []felt.Record) (in felt.Inventory) {
	t.Helper()
	for _, r := range recs {
		if r.Kind == felt.KindInventory {
			if err := json.Unmarshal(r.Data, &in); err != nil {
				t.Fatal(err)
			}
		}
	}
	return in
}

// TestBacktestOfWorker: it judges by what is in force, and what it cannot answer it says.
func TestBacktestOfWorker(t *testing.T) {
	recs := faultyLog(t, 5, 100, 24)
	w := newWorld(t, recs)
	opts := w.options(t.TempDir(), felt.ClockWall)
	q := felt.BacktestQuestion{Window: felt.Window{To: w.until.Instant()}, FalsePages: 3}
	told := func(felt.BacktestProgress) {}
	bare, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bare.Backtest(t.Context(), q, told); !errors.Is(err, felt.ErrUnanswerable) {
		t.Errorf("a store without history: %v", err)
	}
	opts.Store = remembering{mem.NewStore(mem.StoreOptions{}), w.store}
	worker, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := worker.Backtest(t.Context(), q, told); !errors.Is(err, felt.ErrUnanswerable) {
		t.Errorf("before anything is stored: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(ctx) }()
	for until := time.Now().Add(time.Minute); worker.Progress().Tick < w.until && time.Now().Before(until); {
		time.Sleep(time.Millisecond)
	}
	a, err := worker.Backtest(t.Context(), q, told)
	if err != nil || len(a.Findings) == 0 || a.Settings.FalsePages != 3 || a.Settings.Version != 2 || a.Inventory != 1 {
		t.Errorf("%+v, %v", a, err)
	}
	gone, stop := context.WithCancel(t.Context())
	stop()
	if _, err := worker.Backtest(gone, q, told); err == nil {
		t.Error("goes on although nobody waits")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestBacktest: the answer to a question, with what was covered.
func TestBacktest(t *testing.T) {
	recs := faultyLog(t, 9, 300, 24)
	store, want, end := lived(t, recs)
	last := map[string]felt.Finding{}
	for _, text := range want {
		var f felt.Finding
		if err := json.Unmarshal([]byte(text), &f); err != nil {
			t.Fatal(err)
		}
		last[f.ID] = f
	}
	ask := func(q felt.BacktestQuestion, lead WarmUp) (felt.BacktestAnswer, []felt.BacktestProgress) {
		t.Helper()
		past, err := engine.NewPast(settingsOf(t, recs), inventoryOf(t, recs))
		if err != nil {
			t.Fatal(err)
		}
		var told []felt.BacktestProgress
		a, err := judgeAgain(t.Context(), store, past, q, lead, end, func(p felt.BacktestProgress) { told = append(told, p) })
		if err != nil {
			t.Fatal(err)
		}
		return a, told
	}
	all := felt.Window{From: begin - felt.Day, To: end.Instant() + felt.Day}
	a, told := ask(felt.BacktestQuestion{Window: all}, WarmUp{})
	if len(a.Findings) != len(last) || a.Rows < 3000 || a.LeadRows != 0 || a.Lead != 0 || a.Inventory != 1 ||
		a.From < begin-felt.Minute || a.From > begin || a.To != end.Instant() {
		t.Errorf("%d findings of %d, %+v", len(a.Findings), len(last), a)
	}
	for _, f := range a.Findings {
		if texts(t, []felt.Finding{f})[0] != texts(t, []felt.Finding{last[f.ID]})[0] {
			t.Errorf("%+v\nlive %+v", f, last[f.ID])
		}
	}
	if p := told[len(told)-1]; p.Rows != a.Rows || p.Of != a.Rows || p.At == 0 || told[0].Of != a.Rows {
		t.Errorf("progress %+v", told)
	}
	// Of the second half: what lasted in it is found as of before, which was read first.
	half := felt.Window{From: begin + 150*felt.Second, To: end.Instant()}
	b, _ := ask(felt.BacktestQuestion{Window: half}, WarmUp{})
	if b.Window != half || b.Rows+b.LeadRows != a.Rows || b.LeadRows < 1000 || b.Lead < 150*felt.Second || len(b.Findings) == 0 {
		t.Errorf("%+v", b)
	}
	for _, f := range b.Findings {
		if f.Ended > 0 && f.Ended <= felt.TickOf(half.From) || fmt.Sprint(f) != fmt.Sprint(last[f.ID]) {
			t.Errorf("%+v\nlive %+v", f, last[f.ID])
		}
	}
	// With hardly anything from before.
	if c, _ := ask(felt.BacktestQuestion{Window: half}, WarmUp{Rows: 10}); c.Rows != b.Rows || c.LeadRows >= b.LeadRows || c.LeadRows == 0 {
		t.Errorf("lead of %d rows for %d", c.LeadRows, c.Rows)
	}
	if d, told := ask(felt.BacktestQuestion{Window: felt.Window{From: 5, To: felt.Day}}, WarmUp{}); d.Rows != 0 || len(d.Findings) != 0 || len(told) == 0 || d.From != d.To {
		t.Errorf("of before there was anything: %+v", d)
	}
}

// TestBacktestTellsSilence: telemetry that was gone is told as that again, and not as customers who
// stayed away.
func TestBacktestTellsSilence(t *testing.T) {
	var recs []felt.Record
	gone := [2]felt.Instant{begin + 470*felt.Second, begin + 540*felt.Second}
	for _, r := range shopLog(31, felt.ClockWall, 600, 8) {
		if r.Kind != felt.KindTelemetry || r.At < gone[0] || r.At >= gone[1] {
			recs = append(recs, r)
		}
	}
	store, rows, end := lived(t, recs)
	want, silent := map[string]string{}, 0
	for _, text := range rows {
		var f felt.Finding
		if err := json.Unmarshal([]byte(text), &f); err != nil {
			t.Fatal(err)
		}
		want[f.ID] = fmt.Sprint(f.Kind, f.Series, f.About, f.Opened, f.Ended)
		if f.Kind == felt.FindingSilent {
			silent++
		}
	}
	if silent < 2 {
		t.Fatalf("live told %d rows of silence: %v", silent, want)
	}
	past, err := engine.NewPast(settingsOf(t, recs), felt.Inventory{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := judgeAgain(t.Context(), store, past, felt.BacktestQuestion{Window: felt.Window{To: end.Instant()}}, WarmUp{Span: 1000 * felt.Day}, end, func(felt.BacktestProgress) {})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range a.Findings {
		got[f.ID] = fmt.Sprint(f.Kind, f.Series, f.About, f.Opened, f.Ended)
	}
	differ(t, got, want)
}
