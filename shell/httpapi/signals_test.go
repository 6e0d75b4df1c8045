package httpapi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
)

const signalsInventory = `
journeys:
  - name: checkout
    app: shop
    owners: [payments]
    kpis:
      - {name: conversion, numerator: completed, denominator: begun, direction: up}
      - {name: goodwill, numerator: smiles}
    signals:
      - {name: calm, layer: application, source: http.server.request.duration, service: api, threshold: 0.8, endangers: conversion}
      - {name: slow, layer: application, source: http.server.request.duration, where: {http.route: {prefix: /pay}}, threshold: 0.5, endangers: conversion, business_risk: lost orders, typical_response: [rollback]}
      - {name: pool, layer: infrastructure, source: db.client.connection.count, limit: 100, endangers: conversion, owners: [dba]}
      - {name: free, source: disk.free, threshold: 10, direction: up, endangers: conversion}
      - {name: gone, source: queue.depth, threshold: 5, endangers: conversion}
      - {name: quiet, source: cache.hits, endangers: conversion}
      - {name: by ear, endangers: conversion}
  - name: bare
    app: shop
`

func measured(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, func(w *world) {
		health := w.opts.Health
		w.opts.Health = func() Health {
			h := health()
			h.Signals = []SignalTrouble{
				{Env: "production", App: "shop", Journey: "checkout", Name: "quiet", Why: "points of different types or units came"},
				{Env: "staging", App: "shop", Journey: "checkout", Name: "gone", Why: "elsewhere"},
			}
			return h
		}
		r := load(t, 7, signalsInventory)
		w.opts.Rules = func() Rules { return r }
	})
	b := felt.Batch{ID: felt.BatchID{Engine: 1, Stage: 3, Tick: tick + 1}}
	add := func(name string, ago felt.Instant, v float64, change ...func(*felt.SignalPoint)) {
		p := felt.SignalPoint{
			Env: "production", App: "shop", Journey: "checkout", Name: name, Kind: felt.SignalTechnical, Metric: "m", Statistic: "p95",
			Service: "api", StartTime: now - ago - 10*felt.Second, Time: now - ago, Known: tick, Value: v, N: 30, Unit: "s", Direction: "down",
		}
		for _, f := range change {
			f(&p)
		}
		b.Signals = append(b.Signals, p)
	}
	threshold := func(v float64, direction string) func(*felt.SignalPoint) {
		return func(p *felt.SignalPoint) { p.Threshold, p.HasThreshold, p.Direction = v, true, direction }
	}
	for i := range felt.Instant(6) {
		add("slow", i*10*felt.Second, 0.75-0.0625*float64(i), threshold(0.5, "down"))
	}
	add("calm", 0, 0.25, threshold(0.8, "down"))
	add("pool", 0, 91, func(p *felt.SignalPoint) {
		p.Limit, p.HasLimit, p.Unit, p.Statistic = 100, true, "{connection}", "max"
	})
	add("free", 0, 7, threshold(10, "up"), func(p *felt.SignalPoint) { p.Unit = "GiBy" })
	add("gone", 20*felt.Minute, 1, threshold(5, "down"))
	add("dropped", felt.Minute, 5)
	add("conversion", 30*felt.Second, 0.375, func(p *felt.SignalPoint) {
		p.Kind, p.Unit, p.Direction, p.N, p.Metric, p.Statistic, p.Service = felt.SignalKPI, "1", "up", 40, "", "", ""
	})
	if err := w.store.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestSignals(t *testing.T) {
	t.Parallel()
	w := measured(t)
	a := w.ok("/api/v1/signals?of=checkout&window=10m&step=1m")
	golden(t, "signals", a.raw)
	said := []string{}
	for i := 0; ; i++ {
		list, _ := a.at("signals").([]any)
		if i >= len(list) {
			break
		}
		s, _ := list[i].(map[string]any)
		said = append(said, fmt.Sprintf("%s %s: %s", s["state"], s["name"], s["sentence"]))
	}
	want := []string{
		"bad slow: 0.75 s, at or above its threshold of 0.5 s",
		"bad free: 7 GiBy, at or below its threshold of 10 GiBy",
		"ok calm: 0.25 s, below its threshold of 0.8 s",
		"known conversion: 37.5 %",
		"known pool: 91 {connection}, 91 % of its limit of 100 {connection}",
		"known dropped: 5 s",
		"no_data gone: no data since 13:30:00, 20m0s ago",
		"no_data quiet: no data: points of different types or units came",
		"not_measured goodwill: not measured: numerator: known are",
		"not_measured by ear: not measured: add source: and the name of a metric",
	}
	if len(said) != len(want) {
		t.Fatalf("got %d signals, want %d:\n%s", len(said), len(want), strings.Join(said, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(said[i], want[i]) {
			t.Errorf("%d: got  %s\nwant %s", i, said[i], want[i])
		}
	}
}

func TestSignalQuestions(t *testing.T) {
	t.Parallel()
	w := measured(t)
	if got := w.ok("/api/v1/signals?of=shop/checkout&window=1h").at("step"); got != "1m0s" {
		t.Errorf("steps of an hour: %v", got)
	}
	if got := w.ok("/api/v1/signals?of=shop/checkout").at("step"); got != "10s" {
		t.Errorf("steps of five minutes: %v", got)
	}
	if got, _ := w.ok("/api/v1/signals?of=bare").at("mend").(string); !strings.Contains(got, "kpis:") {
		t.Errorf("a journey without any: %q", got)
	}
	for query, want := range map[string]string{
		"of=checkout&step=1s":                  "multiple of 10s",
		"of=checkout&step=10s&window=30d":      "at most 10000",
		"of=checkout&step=soon":                "step",
		"of=checkout&where=a%3Db":              "where",
		"":                                     "of",
		"of=checkout&window=1h&from=177263208": "",
	} {
		a := w.get("/api/v1/signals?" + query)
		if a.status < 400 || a.status >= 500 || !strings.Contains(a.raw, want) {
			t.Errorf("%s: %d %s; want a refusal that says %q", query, a.status, a.raw, want)
		}
	}
}
