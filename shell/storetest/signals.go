package storetest

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/felt-cx/felt"
)

// reading is a value of a signal of journey checkout at a second of the day.
func reading(name string, at int, v float64) felt.SignalPoint {
	end := day + felt.Instant(at)*felt.Second
	return felt.SignalPoint{
		Env: Env, App: "shop", Journey: "checkout", Name: name, Kind: felt.SignalTechnical,
		Service: "api", Metric: "http.server.request.duration", Statistic: "p95", Attributes: `http.route "/pay"`,
		Layer: felt.LayerApplication, StartTime: end - 10*felt.Second, Time: end, Known: felt.TickOf(end - 1),
		Value: v, N: 20, Temporality: 2, Unit: "s", Threshold: 0.5, HasThreshold: true, Limit: 8, HasLimit: true, Direction: "down",
	}
}

func writeSignals(t *testing.T, s felt.Store, tick felt.Tick, rows ...felt.SignalPoint) {
	t.Helper()
	b := batch(tick)
	b.ID.Stage = 3
	b.Signals = rows
	write(t, s, b)
}

func signalsOf(t *testing.T, s felt.Store, scope felt.Scope, w felt.Window, step felt.Instant) []felt.SignalLine {
	t.Helper()
	list, err := s.Signals(context.Background(), scope, w, step)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// What was written comes back, every field of the newest value, and its steps.
func signals(t *testing.T, s felt.Store) {
	scope := felt.Scope{Env: Env, App: "shop", Name: "checkout"}
	all := felt.Window{From: day, To: day + felt.Hour}
	if list := signalsOf(t, s, scope, all, felt.Minute); len(list) != 0 {
		t.Errorf("signals of nothing: %+v", list)
	}
	conversion := felt.SignalPoint{
		Env: Env, App: "shop", Journey: "checkout", Name: "conversion", Kind: felt.SignalKPI,
		StartTime: day, Time: day + felt.Minute, Known: felt.TickOf(day+felt.Minute) - 1, Value: 0.25, N: 40, Unit: "1", Direction: "up",
	}
	writeSignals(t, s, noon, reading("p95", 10, 0.25), reading("p95", 20, 0.75), conversion)
	writeSignals(t, s, noon+10, reading("p95", 70, 0.5), reading("pool", 70, -3))
	writeSignals(t, s, noon+10, reading("p95", 70, 9)) // written twice is written once
	want := []felt.SignalLine{
		{Last: reading("p95", 70, 0.5), Steps: []felt.SignalStep{
			{Start: day, Mean: 0.5, Min: 0.25, Max: 0.75, N: 2}, {Start: day + felt.Minute, Mean: 0.5, Min: 0.5, Max: 0.5, N: 1},
		}},
		{Last: reading("pool", 70, -3), Steps: []felt.SignalStep{{Start: day + felt.Minute, Mean: -3, Min: -3, Max: -3, N: 1}}},
		{Last: conversion, Steps: []felt.SignalStep{{Start: day, Mean: 0.25, Min: 0.25, Max: 0.25, N: 1}}},
	}
	if got := signalsOf(t, s, scope, all, felt.Minute); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// Which rows are in a question.
func signalScope(t *testing.T, s felt.Store) {
	anyApp := with(reading("anywhere", 30, 1), func(p *felt.SignalPoint) { p.App = "" })
	other := with(reading("other", 30, 1), func(p *felt.SignalPoint) { p.App = "desk" })
	staging := with(reading("staging", 30, 1), func(p *felt.SignalPoint) { p.Env = "staging" })
	search := with(reading("search", 30, 1), func(p *felt.SignalPoint) { p.Journey = "search" })
	writeSignals(t, s, noon, reading("p95", 10, 1), reading("p95", 20, 2), reading("p95", 30, 4), reading("later", 50, 1), anyApp, other, staging, search)
	names := func(scope felt.Scope, w felt.Window) []string {
		names := []string{}
		for _, l := range signalsOf(t, s, scope, w, 10*felt.Second) {
			names = append(names, l.Last.App+"/"+l.Last.Name)
		}
		return names
	}
	// A value that became known up to an instant is of the time before.
	w := felt.Window{From: day + 10*felt.Second, To: day + 30*felt.Second}
	for _, c := range []struct {
		scope felt.Scope
		want  []string
	}{
		{felt.Scope{Env: Env, App: "shop", Name: "checkout"}, []string{"/anywhere", "shop/p95"}},
		{felt.Scope{Env: Env, Name: "checkout"}, []string{"/anywhere", "desk/other", "shop/p95"}},
		{felt.Scope{Env: "staging", Name: "checkout"}, []string{"shop/staging"}},
		{felt.Scope{Env: Env, App: "desk", Name: "search"}, []string{}},
	} {
		if got := names(c.scope, w); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v: got %q, want %q", c.scope, got, c.want)
		}
	}
	scope := felt.Scope{Env: Env, App: "shop", Name: "checkout"}
	got := signalsOf(t, s, scope, w, 10*felt.Second)[1]
	if want := []felt.SignalStep{
		{Start: day + 10*felt.Second, Mean: 2, Min: 2, Max: 2, N: 1}, {Start: day + 20*felt.Second, Mean: 4, Min: 4, Max: 4, N: 1},
	}; !reflect.DeepEqual(got.Steps, want) {
		t.Errorf("steps %+v, want %+v", got.Steps, want)
	}
	// The newest value is told although it is from before the window.
	got = signalsOf(t, s, scope, felt.Window{From: day + felt.Hour, To: day + 2*felt.Hour}, felt.Minute)[2]
	if got.Last.Value != 4 || got.Steps != nil {
		t.Errorf("the last one: %+v", got)
	}
	if _, err := s.Signals(context.Background(), scope, w, felt.Second); !errors.Is(err, felt.ErrUnanswerable) {
		t.Errorf("steps of a second: %v", err)
	}
	if _, err := s.Retain(context.Background(), day+felt.Hour+25*felt.Second, felt.Retention{Buckets1m: felt.Hour}); err != nil {
		t.Fatal(err)
	}
	if got := signalsOf(t, s, scope, felt.Window{From: day, To: day + felt.Hour}, felt.Hour)[2]; len(got.Steps) != 1 || got.Steps[0].N != 1 {
		t.Errorf("after the others were forgotten: %+v", got)
	}
}
