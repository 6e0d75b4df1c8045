package signal_test

import (
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/signal"
)

// at is a request that arrives in a tick, relative to start.
type at struct {
	tick felt.Tick
	md   pmetric.Metrics
}

// Every case by itself, and again with a snapshot and a restore after every tick.
func TestCases(t *testing.T) {
	a, b := instance{id: "a"}, instance{id: "b"}
	eu, us := instance{attrs: map[string]string{"region": "eu"}}, instance{attrs: map[string]string{"region": "us"}}
	for _, c := range []struct {
		name string
		keys string // of the signal
		sent []at
		want string // second, name, value; one line each
	}{
		// Gauges.
		{"a gauge is the mean of its instances", "", []at{{3, gauge(a, 2, 10)}, {4, gauge(b, 3, 20)}}, "10 it 15"},
		{"with a limit, the fullest instance", ", limit: 100", []at{{3, gauge(a, 2, 10)}, {4, gauge(b, 3, 20)}}, "10 it 20"},
		{"the sum of a gauge", ", statistic: sum", []at{{3, gauge(a, 2, 10)}, {4, gauge(b, 3, 20)}}, "10 it 30"},
		{"how many instances", ", statistic: count", []at{{3, gauge(a, 2, 10)}, {4, gauge(b, 3, 20)}}, "10 it 2"},
		{"the share of instances above the threshold", ", statistic: above, threshold: 15", []at{{3, gauge(a, 2, 10)}, {4, gauge(b, 3, 20)}}, "10 it 0.5"},
		{"p95 over instances", ", statistic: p95", []at{{3, gauge(a, 2, 10)}, {4, gauge(b, 3, 20)}}, "10 it 20"},
		{"the newest of an instance counts", "", []at{{3, gauge(a, 2, 10)}, {4, gauge(a, 3, 20)}}, "10 it 20"},
		{"what is sent again changes nothing", "", []at{{3, gauge(a, 2, 10)}, {14, gauge(a, 2, 99)}}, "10 it 10"},
		{"what comes out of order changes nothing", "", []at{{3, gauge(a, 2, 10)}, {14, gauge(a, 1, 99)}}, "10 it 10"},
		{"an instance counts while it is only slow", "", []at{{3, gauge(a, 2, 10)}, {4, gauge(b, 3, 20)}, {64, gauge(b, 63, 40)}}, "10 it 15\n70 it 25"},
		{"an instance that is gone no longer counts", "", []at{
			{3, gauge(a, 2, 10)},
			{4, gauge(b, 3, 20)},
			{13, gauge(a, 12, 10)},
			{14, gauge(b, 13, 20)},
			{53, gauge(b, 52, 40)},
		}, "10 it 15\n20 it 15\n60 it 40"},
		{"an instance that says it has no value no longer counts", "", []at{{3, gauge(a, 2, 10)}, {4, gauge(b, 3, 20)}, {13, noValue(gauge(a, 12, 0))}, {14, gauge(b, 13, 40)}}, "10 it 15\n20 it 40"},
		{"no value alone is no news", "", []at{{3, gauge(a, 2, 10)}, {13, noValue(gauge(a, 12, 0))}}, "10 it 10"},
		{"what is an hour old says nothing about now", "", []at{{3, gauge(a, -3600, 10)}}, ""},
		{"the rate of a gauge is that of a counter", ", statistic: rate", []at{{3, gauge(a, 2, 10)}, {13, gauge(a, 12, 30)}, {23, gauge(a, 22, 5)}}, "20 it 2\n30 it 0.5"},
		{"values that are no numbers are left out", "", []at{{3, gauge(a, 2, nan())}}, ""},

		// Which points.
		{"of one service", ", service: api, statistic: sum", []at{{3, gauge(instance{service: "api"}, 2, 1)}, {3, gauge(instance{service: "db"}, 2, 10)}}, "10 it 1"},
		{"of an attribute of the point", ", where: {region: eu}, statistic: sum", []at{{3, gauge(eu, 2, 1)}, {3, gauge(us, 2, 10)}}, "10 it 1"},
		{"of an attribute of the resource", ", where: {service.instance.id: {not: a}}, statistic: sum", []at{{3, gauge(a, 2, 1)}, {3, gauge(b, 2, 10)}}, "10 it 10"},
		{"of an attribute that is not there", ", where: {region: {exists: false}}, statistic: sum", []at{{3, gauge(eu, 2, 1)}, {3, gauge(a, 2, 10)}}, "10 it 10"},
		{"attributes make instances", ", statistic: sum", []at{{3, gauge(eu, 2, 1)}, {3, gauge(us, 2, 10)}}, "10 it 11"},

		// Sums.
		{"a counter is a rate", "", []at{{3, sum(a, 2, -100, 1000, isCumulative, true)}, {13, sum(a, 12, -100, 1050, isCumulative, true)}}, "10 it 9.80392\n20 it 5"},
		{"of a counter that began long ago only differences count", "", []at{{3, sum(a, 2, -9000, 1000, isCumulative, true)}, {13, sum(a, 12, -9000, 1050, isCumulative, true)}}, "20 it 5"},
		{"and of one that does not say when it began", "", []at{{3, sum(a, 2, -1, 1000, isCumulative, true)}, {13, sum(a, 12, -1, 1050, isCumulative, true)}}, "20 it 5"},
		{"rates add up over instances", "", []at{
			{3, sum(a, 2, -1, 0, isCumulative, true)},
			{3, sum(b, 2, -1, 0, isCumulative, true)},
			{13, sum(a, 12, -1, 50, isCumulative, true)},
			{14, sum(b, 12, -1, 30, isCumulative, true)},
			{23, sum(a, 22, -1, 60, isCumulative, true)},
		}, "20 it 8\n30 it 4"},
		{"a rate is taken over a second at least: a start a millisecond ago", "", []at{{3, sum(a, 2, 1.999, 40, isCumulative, true)}}, "10 it 40"},
		{"and a last word", "", []at{{13, sum(a, 12, 2, 50, isDelta, true)}, {21, sum(a, 12.001, 12, 3, isDelta, true)}}, "20 it 5\n30 it 3"},
		{"of moments in the same ten seconds their sum", "", []at{{3, sum(a, 2, 1.5, 1, isDelta, true)}, {4, sum(a, 4, 2, 4, isDelta, true)}}, "10 it 2"},
		{"a counter that goes down began again", "", []at{{3, sum(a, 2, -1, 1000, isCumulative, true)}, {13, sum(a, 12, -1, 40, isCumulative, true)}}, "20 it 4"},
		{"a counter that says so began again, although it is higher", "", []at{{3, sum(a, 2, -900, 10, isCumulative, true)}, {13, sum(a, 12, 5, 40, isCumulative, true)}}, "20 it 4"},
		{"a start that moves a little is none", "", []at{{3, sum(a, 2, -900, 10, isCumulative, true)}, {13, sum(a, 12, -899.5, 40, isCumulative, true)}}, "20 it 3"},
		{"a counter that stands still has a rate of zero", "", []at{{3, sum(a, 2, -900, 10, isCumulative, true)}, {13, sum(a, 12, -900, 10, isCumulative, true)}}, "20 it 0"},
		{"how much was added", ", statistic: count", []at{{3, sum(a, 2, -900, 10, isCumulative, true)}, {13, sum(a, 12, -900, 40, isCumulative, true)}, {14, sum(a, 13, -900, 45, isCumulative, true)}}, "20 it 35"},
		{"the busiest instance", ", statistic: max", []at{{3, sum(a, 2, -900, 10, isCumulative, true)}, {4, sum(b, 2, -900, 0, isCumulative, true)}, {13, sum(a, 12, -900, 40, isCumulative, true)}, {14, sum(b, 12, -900, 10, isCumulative, true)}}, "20 it 3"},
		{"differences need nothing before them", "", []at{{3, sum(a, 2, -8, 40, isDelta, true)}}, "10 it 4"},
		{"differences of one window are one", "", []at{{3, sum(a, 2, 0, 4, isDelta, true)}, {5, sum(a, 4, 2, 8, isDelta, true)}}, "10 it 3"},
		{"a difference without a start counts since the one before", "", []at{{3, sum(a, 2, -1, 4, isDelta, true)}, {13, sum(a, 12, -1, 20, isDelta, true)}}, "20 it 2"},
		{"a difference below zero makes no sense", "", []at{{3, sum(a, 2, -8, -40, isDelta, true)}}, ""},
		{"what goes up and down is a level, added up", "", []at{{3, sum(a, 2, -900, 7, isCumulative, false)}, {4, sum(b, 2, -900, 5, isCumulative, false)}}, "10 it 12"},
		{"a level in differences is their running sum", "", []at{{3, sum(a, 2, -8, 7, isDelta, false)}, {13, sum(a, 12, 2, -3, isDelta, false)}}, "10 it 7\n20 it 4"},
		{"after no value a counter goes on from where it was", ", statistic: count", []at{{3, sum(a, 2, -900, 10, isCumulative, true)}, {13, noValue(sum(a, 12, -900, 0, isCumulative, true))}, {23, sum(a, 22, -900, 15, isCumulative, true)}}, "30 it 5"},

		// Histograms.
		{"p95 of a histogram", "", []at{{3, histogram(a, 2, -8, isDelta, 0, 0, 90, 10, 0)}}, "10 it 3"},
		{"beyond the last bound it is the last bound", "", []at{{3, histogram(a, 2, -8, isDelta, 0, 0, 0, 0, 10)}}, "10 it 4"},
		{"instances are one distribution", "", []at{{3, histogram(a, 2, -8, isDelta, 0, 0, 90, 0, 0)}, {4, histogram(b, 2, -8, isDelta, 0, 0, 0, 10, 0)}}, "10 it 3"},
		{"the mean", ", statistic: mean", []at{{3, histogram(a, 2, -8, isDelta, 150, 0, 90, 10, 0)}}, "10 it 1.5"},
		{"the mean without a sum is that of the buckets", ", statistic: mean", []at{{3, histogram(a, 2, -8, isDelta, nan(), 0, 50, 50, 0)}}, "10 it 2.25"},
		{"the share above the threshold", ", statistic: above, threshold: 2", []at{{3, histogram(a, 2, -8, isDelta, 0, 0, 90, 5, 5)}}, "10 it 0.1"},
		{"the share above the last bound", ", statistic: above, threshold: 4", []at{{3, histogram(a, 2, -8, isDelta, 0, 0, 90, 5, 5)}}, "10 it 0.05"},
		{"observations a second", ", statistic: rate", []at{{3, histogram(a, 2, -8, isDelta, 0, 0, 90, 5, 5)}}, "10 it 10"},
		{"how many were observed", ", statistic: count", []at{{3, histogram(a, 2, -8, isDelta, 0, 0, 90, 5, 5)}, {13, histogram(a, 12, 2, isDelta, 0, 0, 0, 0, 0)}}, "10 it 100\n20 it 0"},
		{"of states the difference counts", ", statistic: above, threshold: 2", []at{{3, histogram(a, 2, -900, isCumulative, 0, 100, 100, 100, 0)}, {13, histogram(a, 12, -900, isCumulative, 0, 100, 130, 110, 0)}}, "20 it 0.25"},
		{"the mean of states", ", statistic: mean", []at{{3, histogram(a, 2, -900, isCumulative, 500, 100, 100, 100, 0)}, {13, histogram(a, 12, -900, isCumulative, 550, 100, 120, 100, 0)}}, "20 it 2.5"},
		{"a state with fewer of anything began again", ", statistic: count", []at{{3, histogram(a, 2, -1, isCumulative, 0, 5, 5, 0, 0)}, {13, histogram(a, 12, -1, isCumulative, 0, 0, 40, 0, 0)}}, "20 it 40"},
		{"nothing observed is no value", "", []at{{3, histogram(a, 2, -900, isCumulative, 0, 5, 5, 0, 0)}, {13, histogram(a, 12, -900, isCumulative, 0, 5, 5, 0, 0)}}, ""},
		{"p95 of an exponential histogram", "", []at{{3, exponential(a, 2, -8, isDelta, 0, 0, 0, 90, 10)}}, "10 it 3"},
		{"zeros are the lowest", ", statistic: above, threshold: 0.5", []at{{3, exponential(a, 2, -8, isDelta, 0, 0, 75, 20, 5)}}, "10 it 0.25"},
		{"scales are brought together", ", statistic: count", []at{{3, exponential(a, 2, -900, isCumulative, 1, 0, 0, 3, 4)}, {13, exponential(a, 12, -900, isCumulative, 0, 0, 2, 9, 1)}}, "20 it 5"},
		{"buckets finer than are kept are made coarser", ", statistic: max", []at{{3, exponential(a, 2, -8, isDelta, 20, 1<<20-1, 0, 5)}}, "10 it 2"},
		{"explicit and exponential histograms are one", "", []at{{3, histogram(a, 2, -8, isDelta, 0, 0, 90, 0, 0)}, {3, withUnit(exponential(b, 2, -8, isDelta, 0, 1, 0, 10), "s")}}, "10 it 3"},
		{"the greatest", ", statistic: max", []at{{3, histogram(a, 2, -8, isDelta, 0, 0, 90, 10, 0)}}, "10 it 4"},

		// Summaries.
		{"p95 of a summary is that quantile, weighted", "", []at{
			{3, summary(a, 2, -900, 10, 5, 0.5, 1, 0.95, 2)},
			{3, summary(b, 2, -900, 10, 5, 0.5, 1, 0.99, 4)},
			{13, summary(a, 12, -900, 40, 5, 0.5, 1, 0.95, 2)},
			{13, summary(b, 12, -900, 20, 5, 0.5, 1, 0.99, 4)},
		}, "20 it 2.5"},
		{"the mean of a summary", ", statistic: mean", []at{{3, summary(a, 2, -900, 10, 5)}, {13, summary(a, 12, -900, 20, 25)}}, "20 it 2"},
		{"a summary without it has none", "", []at{{3, summary(a, 2, -900, 10, 5, 0.5, 1)}, {13, summary(a, 12, -900, 20, 25, 0.5, 1)}}, ""},

		// What does not go together.
		{"units are not mixed", "", []at{{3, gauge(a, 2, 10)}, {4, withUnit(gauge(b, 3, 2000), "kBy")}}, "10 it 10"},
		{"types are not mixed", "", []at{{3, gauge(a, 2, 10)}, {4, withUnit(sum(b, 3, -8, 20, isDelta, true), "By")}}, "10 it 10"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, cut := range []bool{false, true} {
				m := newMachine(t, loadRules(t, 1, oneSignal(c.keys)), 1)
				m.cut = cut
				for _, s := range c.sent {
					m.until(s.tick - 1)
					m.send(s.md)
				}
				m.until(300)
				if got := m.told(); got != c.want {
					t.Errorf("cut %t: got\n%s\nwant\n%s", cut, got, c.want)
				}
			}
		})
	}
}

func withUnit(md pmetric.Metrics, unit string) pmetric.Metrics {
	md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).SetUnit(unit)
	return md
}

// What a sample says of its signal.
func TestSample(t *testing.T) {
	m := newMachine(t, loadRules(t, 1, `
    signals:
      - {name: pool, source: m, layer: infrastructure, where: {region: eu}, threshold: 80, limit: 100}
      - {name: free, source: m, direction: up}
      - {name: high, source: m, statistic: above, threshold: 5}
`), 4)
	m.send(gauge(instance{attrs: map[string]string{"region": "eu"}}, 0, 7))
	m.until(0)
	want := []signal.Sample{
		{Name: "pool", Layer: felt.LayerInfrastructure, Value: 7, Unit: "By", Threshold: 80, HasThreshold: true, Limit: 100, HasLimit: true, Bad: signal.BadUp},
		{Name: "free", Value: 7, Unit: "By", Bad: signal.BadDown},
		{Name: "high", Value: 1, Unit: "1", Bad: signal.BadUp},
	}
	if len(m.samples) != len(want) {
		t.Fatalf("%+v", m.samples)
	}
	for i, w := range want {
		w.Env, w.App, w.Journey, w.Kind, w.Time, w.N = "production", "shop", "checkout", felt.SignalTechnical, start.Instant(), 1
		if m.samples[i] != w {
			t.Errorf("got  %+v\nwant %+v", m.samples[i], w)
		}
	}
	row := m.rows[0]
	if row.Service != "api" || row.Metric != "m" || row.Statistic != "max" || row.Attributes != `region "eu"` || row.Direction != "down" ||
		row.Time-row.StartTime != 10*felt.Second || row.Known != start || row.Kind != felt.SignalTechnical {
		t.Errorf("row %+v", row)
	}
}

// Troubles say why there is no value.
func TestTroubles(t *testing.T) {
	m := newMachine(t, loadRules(t, 1, oneSignal("")), 1, func(s *felt.Settings) { s.SignalInstances = 2 })
	why := func() string {
		list := m.book.Troubles()
		if len(list) == 0 {
			return ""
		}
		return list[0].Why
	}
	m.send(summary(instance{id: "a"}, -1, -900, 10, 5))
	m.close()
	m.send(summary(instance{id: "a"}, 1, -900, 20, 5))
	m.until(10)
	if !strings.Contains(why(), "statistic cannot be had") {
		t.Errorf("a summary without quantiles: %q", why())
	}
	m.send(gauge(instance{id: "b"}, 10, 1))
	m.close()
	if !strings.Contains(why(), "different types") {
		t.Errorf("a gauge beside a summary: %q", why())
	}
	m.send(summary(instance{id: "b"}, 11, -900, 10, 5))
	m.send(summary(instance{id: "c"}, 11, -900, 10, 5))
	m.close()
	if !strings.Contains(why(), "too many instances") {
		t.Errorf("three of two: %q", why())
	}
	if s := m.book.Stats(); s.Mixed != 1 || s.NoRoom != 1 || s.Instances != 2 {
		t.Errorf("%+v", s)
	}
	m.send(summary(instance{id: "a"}, 15, -900, 30, 5, 0.95, 3))
	m.until(20)
	if why() != "" || len(m.samples) != 1 {
		t.Errorf("after a value: %q, %v", why(), m.samples)
	}
}
