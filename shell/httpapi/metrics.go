package httpapi

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/felt-cx/felt"
)

// counters are the API's own numbers.
type counters struct {
	requests, refused, busy, timeouts, errors atomic.Int64
}

// Metrics implements [felt.Meter].
func (a *API) Metrics() []felt.Metric {
	c := func(name, help string, v int64) felt.Metric {
		return felt.Metric{Name: name, Help: help, Type: felt.MetricCounter, Value: float64(v)}
	}
	return []felt.Metric{
		c("felt_api_requests_total", "Requests to page and API.", a.counts.requests.Load()),
		c("felt_api_refused_total", "Requests refused because of their host, origin or token.", a.counts.refused.Load()),
		c("felt_api_busy_total", "Questions turned away because too many were being asked.", a.counts.busy.Load()),
		c("felt_api_timeouts_total", "Questions that took too long.", a.counts.timeouts.Load()),
		c("felt_api_errors_total", "Questions that failed.", a.counts.errors.Load()),
		{Name: "felt_api_live_pages", Help: "Open live streams.", Type: felt.MetricGauge, Value: float64(len(a.streams))},
		{Name: "felt_api_live_pages_max", Help: "Limit on open live streams.", Type: felt.MetricGauge, Value: float64(cap(a.streams))},
		{Name: "felt_api_lag_seconds", Help: "How far the rows are behind.", Type: felt.MetricGauge, Value: a.lag()},
	}
}

// metrics serves every part's numbers to Prometheus.
func (a *API) metrics() http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		meters(append([]felt.Meter{a}, a.opts.Meters...)),
	)
	return promhttp.HandlerFor(reg, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// meters is a Prometheus collector over the parts of Felt.
type meters []felt.Meter

// Describe implements [prometheus.Collector]: which metrics there are is known only when asked.
func (meters) Describe(chan<- *prometheus.Desc) {}

// Collect implements [prometheus.Collector]. Parts need not know of each other: what
// two of them call the same is added up, under the help of the first. Prometheus would
// refuse it otherwise.
func (ms meters) Collect(ch chan<- prometheus.Metric) {
	var order []string
	sums := map[string]felt.Metric{}
	first := map[string]felt.Metric{}
	for _, part := range ms {
		for _, m := range part.Metrics() {
			if f, ok := first[m.Name]; ok {
				m.Help, m.Type = f.Help, f.Type
			} else {
				first[m.Name] = m
			}
			id := fmt.Sprintf("%q%q", m.Name, m.Labels)
			if had, ok := sums[id]; ok {
				m.Value += had.Value
				if had.Histogram != nil && m.Histogram != nil {
					sum := had.Histogram.Copy()
					sum.Add(m.Histogram) // of other bounds: the first stands
					m.Histogram = sum
				}
			} else {
				order = append(order, id)
			}
			sums[id] = m
		}
	}
	for _, id := range order {
		ch <- collected(sums[id])
	}
}

func collected(m felt.Metric) prometheus.Metric {
	keys, values := make([]string, len(m.Labels)), make([]string, len(m.Labels))
	for i, l := range m.Labels {
		keys[i], values[i] = l.Key, strings.ToValidUTF8(l.Value, "\uFFFD")
	}
	kind := prometheus.GaugeValue
	if m.Type == felt.MetricCounter {
		kind = prometheus.CounterValue
	}
	desc := prometheus.NewDesc(m.Name, m.Help, keys, nil)
	var pm prometheus.Metric
	var err error
	if m.Histogram != nil {
		count, below := uint64(0), make(map[float64]uint64, len(m.Histogram.Upper))
		for i, n := range m.Histogram.Counts {
			if count += n; i < len(m.Histogram.Upper) {
				below[m.Histogram.Upper[i]] = count
			}
		}
		pm, err = prometheus.NewConstHistogram(desc, count, m.Histogram.Sum, below, values...)
	} else {
		pm, err = prometheus.NewConstMetric(desc, kind, m.Value, values...)
	}
	if err != nil {
		return prometheus.NewInvalidMetric(desc, err)
	}
	return pm
}
