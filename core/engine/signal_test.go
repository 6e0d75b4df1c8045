package engine_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
)

// counter puts the state of a counter of a service on the tape.
func (p *tape) counter(tick felt.Tick, service string, n int64) {
	p.t.Helper()
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", service)
	m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("shop.orders")
	s := m.SetEmptySum()
	s.SetIsMonotonic(true)
	s.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	o := s.DataPoints().AppendEmpty()
	o.SetStartTimestamp(pcommon.Timestamp(start.Instant() - felt.Hour))
	o.SetTimestamp(pcommon.Timestamp(arrive(tick) - felt.Second/2))
	o.SetIntValue(n)
	body, err := pmetricotlp.NewExportRequestFromMetrics(md).MarshalProto()
	p.pack(tick, body, err, p.packer.Metrics)
}

// Signals and KPIs come out of the whole machine: the same on one partition as on four, after a cut
// at every tick, and when quiet ticks are left out.
func TestSignals(t *testing.T) {
	play := func(parts int, cut bool) []string {
		s := felt.DefaultSettings()
		s.Partitions = parts
		p := newTape(t, s)
		p.inventory(0, 1, `journeys:
  - name: checkout
    steps: [{name: cart}, {name: pay}]
    signals: [{name: orders, source: shop.orders, threshold: 3}, {name: depth, source: queue.depth}]
    kpis: [{name: conversion, numerator: completed, denominator: begun, direction: up}, {name: orders, numerator: order}]
`)
		for tick := felt.Tick(1); tick < 60; tick += 5 {
			for i, service := range []string{"api", "web", "desk"} {
				p.counter(tick, service, int64(tick)*int64(i+1))
			}
		}
		p.metric(33, "queue.depth")
		for i := range 30 { // of thirty who begin, ten pay
			session := fmt.Sprint("s", i)
			p.event(felt.Tick(3+i/3), "cart", "success", session, felt.Second)
			if i%3 == 0 {
				p.event(felt.Tick(13+i/3), "pay", "success", session, 10*felt.Second)
			}
		}
		data, err := json.Marshal(felt.Business{Events: []felt.BusinessEvent{
			{ID: "1", Time: start.Instant(), Kind: "order"}, {ID: "2", Time: start.Instant(), Kind: "order"},
		}})
		if err != nil {
			t.Fatal(err)
		}
		p.add(arrive(4), felt.Record{Kind: felt.KindBusiness, Part: felt.Control, Data: data})
		batches := p.run(engine.New(s), 180, func(e *engine.Engine, _ felt.Tick) *engine.Engine {
			if !cut {
				return e
			}
			again, err := engine.Restore(s, e.AppendSnapshot(nil))
			if err != nil {
				t.Fatal(err)
			}
			return again
		})
		var lines []string
		for _, b := range batches {
			for _, r := range b.Signals {
				if b.ID.Stage != 3 || r.Known != b.ID.Tick {
					t.Errorf("row %+v of batch %s", r, b.ID)
				}
				lines = append(lines, fmt.Sprintf("%d %s %s %.4g", (r.Time-start.Instant())/felt.Second, r.Kind, r.Name, r.Value))
			}
		}
		return lines
	}
	want := strings.Split(`10 signal orders 6
20 signal orders 6
30 signal orders 6
40 signal orders 6
40 signal depth 1
50 signal orders 6
60 signal orders 6
60 kpi conversion 0.3333
60 kpi orders 2
120 kpi orders 0
180 kpi orders 0`, "\n")
	for _, c := range []struct {
		parts int
		cut   bool
	}{{1, false}, {4, false}, {4, true}} {
		if got := play(c.parts, c.cut); !slices.Equal(got, want) {
			t.Errorf("%d partitions, cut %t: got\n%s\nwant\n%s", c.parts, c.cut, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}
