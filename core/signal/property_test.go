package signal_test

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"pgregory.net/rapid"

	"github.com/felt-cx/felt"
)

// sender is an instance as it really is: what it counted, how often it started.
type sender struct {
	instance
	temporality pmetric.AggregationTemporality
	begun       float64 // of the process
	last        float64 // when it was exported last
	values      []float64
	unsent      []float64 // observed since the last export
	sent        []pmetric.Metrics
}

var bounds = []float64{1, 2, 4}

// export makes the request for what the sender knows at a time.
func (s *sender) export(at float64, asHistogram bool) pmetric.Metrics {
	of, begun := s.values, s.begun
	if s.temporality == isDelta {
		of, begun = s.unsent, s.last
	}
	s.unsent, s.last = nil, at
	if !asHistogram {
		return sum(s.instance, at, begun, float64(len(of)), s.temporality, true)
	}
	counts := make([]uint64, len(bounds)+1)
	total := 0.0
	for _, v := range of {
		i, _ := slices.BinarySearch(bounds, v)
		counts[i]++
		total += v
	}
	return histogram(s.instance, at, begun, s.temporality, total, counts...)
}

// Whatever senders do (start again, send twice, late, in differences or in states), what is counted
// is what happened: but for what a process that ended had not sent yet.
func TestCountsWhatHappened(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		asHistogram := rapid.Bool().Draw(t, "histogram")
		m := newMachine(t, loadRules(t, 1, `
    signals:
      - {name: count, source: m, statistic: count}
      - {name: high, source: m, statistic: above, threshold: 2}
`), rapid.SampledFrom([]int{1, 4}).Draw(t, "partitions"))
		m.cut = rapid.Bool().Draw(t, "cut")
		senders := make([]*sender, rapid.IntRange(1, 4).Draw(t, "senders"))
		for i := range senders {
			senders[i] = &sender{
				instance:    instance{service: rapid.SampledFrom([]string{"api", "web"}).Draw(t, "service"), id: string(rune('a' + i))},
				temporality: rapid.SampledFrom([]pmetric.AggregationTemporality{isDelta, isCumulative}).Draw(t, "temporality"),
			}
		}
		happened := map[felt.Tick][]float64{} // by the window in which it became known
		for step := range felt.Tick(rapid.IntRange(1, 40).Draw(t, "steps")) {
			tick := 3 + 2*step
			m.until(tick - 1)
			s := senders[rapid.IntRange(0, len(senders)-1).Draw(t, "who")]
			window := (tick + 9) / 10 * 10
			switch rapid.SampledFrom([]string{"observe", "observe", "export", "export", "restart", "again", "old"}).Draw(t, "what") {
			case "observe":
				vs := rapid.SliceOfN(rapid.SampledFrom([]float64{0.5, 1, 1.5, 2, 3, 4, 9}), 1, 20).Draw(t, "values")
				s.values, s.unsent = append(s.values, vs...), append(s.unsent, vs...)
			case "export":
				happened[window] = append(happened[window], s.unsent...)
				md := s.export(float64(tick)-1, asHistogram)
				s.sent = append(s.sent, md)
				m.send(md)
			case "restart": // what was not sent is lost
				s.values, s.unsent, s.begun = nil, nil, float64(tick)-1.5
				s.last = s.begun
			case "again":
				if n := len(s.sent); n > 0 {
					m.send(s.sent[n-1])
				}
			case "old":
				if n := len(s.sent); n > 1 {
					m.send(s.sent[rapid.IntRange(0, n-2).Draw(t, "which")])
				}
			}
		}
		m.until(200)
		told, high := map[felt.Tick]float64{}, map[felt.Tick]float64{}
		for _, s := range m.samples {
			at := felt.Tick(s.Time/felt.Second) - start
			if s.Name == "count" {
				told[at] = s.Value
			} else {
				high[at] = s.Value
			}
		}
		for window, vs := range happened {
			if told[window] != float64(len(vs)) {
				t.Errorf("in the ten seconds up to %d: %g counted, %d happened", window, told[window], len(vs))
			}
			if !asHistogram || len(vs) == 0 {
				continue
			}
			above := 0.0
			for _, v := range vs {
				if v > 2 {
					above++
				}
			}
			if math.Abs(high[window]-above/float64(len(vs))) > 1e-12 {
				t.Errorf("in the ten seconds up to %d: share %g above, want %g of %d", window, high[window], above, len(vs))
			}
		}
		for window, n := range told {
			if n != 0 && happened[window] == nil {
				t.Errorf("in the ten seconds up to %d: %g counted, nothing happened", window, n)
			}
		}
	})
}

// A p95 is off by its bucket's width at most, for any values and mixtures of buckets.
func TestP95WithinItsBucket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(t, loadRules(t, 1, oneSignal("")), 1)
		var all []float64
		for i := range rapid.IntRange(1, 4).Draw(t, "instances") {
			scale := rapid.Int32Range(0, 8).Draw(t, "scale")
			top := 1000.0
			if scale > 3 {
				top = 0.02 // or there would be more buckets than the door takes
			}
			vs := rapid.SliceOfN(rapid.Float64Range(0.01, top), 1, 50).Draw(t, "values")
			all = append(all, vs...)
			counts := map[int32]uint64{}
			low, high := int32(math.MaxInt32), int32(math.MinInt32)
			for _, v := range vs {
				b := int32(math.Ceil(math.Log2(v)*math.Exp2(float64(scale)))) - 1
				counts[b]++
				low, high = min(low, b), max(high, b)
			}
			list := make([]uint64, high-low+1)
			for b, n := range counts {
				list[b-low] = n
			}
			m.send(exponential(instance{id: string(rune('a' + i))}, -1, -10, isDelta, scale, low, 0, list...))
		}
		m.until(0)
		slices.SortFunc(all, cmp.Compare)
		exact := all[int(math.Ceil(0.95*float64(len(all))))-1]
		if len(m.samples) != 1 {
			t.Fatalf("%+v", m.samples)
		}
		// The widest bucket doubles; a quantile between two values may fall into the lower one's.
		if got := m.samples[0].Value; got < exact/2*(1-1e-9) || got > exact*2*(1+1e-9) {
			t.Errorf("p95 %g of %v, exactly %g", got, all, exact)
		}
	})
}

// How points are spread over partitions, in which order requests of a tick come, and where the state
// is cut must not matter.
func TestOneOrFourPartitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := `
    kpis:
      - {name: page time, numerator: {metric: m, statistic: sum}, denominator: m, direction: down}
    signals:
      - {name: default, source: m}
      - {name: rate, source: m, statistic: rate}
      - {name: api, source: m, service: api, statistic: mean}
`
		one, four := newMachine(t, loadRules(t, 1, body), 1, few), newMachine(t, loadRules(t, 1, body), 4, few)
		four.cut = true
		for tick := range felt.Tick(rapid.IntRange(1, 30).Draw(t, "ticks")) {
			one.until(4*tick - 1)
			four.until(4*tick - 1)
			var requests []pmetric.Metrics
			services := []string{"api", "web", "db", "mail"}
			for _, s := range services[:rapid.IntRange(0, len(services)).Draw(t, "services")] {
				in := instance{service: s, id: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "id")}
				n := rapid.Uint64Range(0, 1000).Draw(t, "n")
				requests = append(requests, histogram(in, float64(4*tick)-1, rapid.SampledFrom([]float64{-1, -100, float64(4*tick) - 3}).Draw(t, "begun"),
					rapid.SampledFrom([]pmetric.AggregationTemporality{isDelta, isCumulative}).Draw(t, "temporality"), float64(n)*1.1, n/4, n/2, n/8, n/16))
			}
			for i, md := range requests {
				one.send(md)
				four.send(requests[len(requests)-1-i])
			}
		}
		one.until(300)
		four.until(300)
		if !slices.Equal(one.samples, four.samples) {
			t.Errorf("one partition:\n%v\nfour:\n%v", one.samples, four.samples)
		}
		if a, b := one.book.Stats(), four.book.Stats(); a != b {
			t.Errorf("one partition: %+v, four: %+v", a, b)
		}
	})
}

// few makes room for fewer instances than there are.
func few(s *felt.Settings) { s.SignalInstances, s.SignalStreams = 5, 9 }
