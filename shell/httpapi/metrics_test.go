package httpapi

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/felt-cx/felt"
)

// TestHistogram: Prometheus reads what was counted, of all parts together.
func TestHistogram(t *testing.T) {
	hist := func(values ...float64) felt.Metric {
		h := felt.NewHistogram(1, 10)
		for _, v := range values {
			h.Observe(v)
		}
		return felt.Metric{Name: "felt_x_seconds", Help: "X.", Type: felt.MetricHistogram, Labels: []felt.Segment{{Key: "sink", Value: "team"}}, Histogram: &h}
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(meters{meter{hist(.5, 5, 50)}, meter{hist(2)}})
	rec := httptest.NewRecorder()
	promhttp.HandlerFor(reg, promhttp.HandlerOpts{}).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	const want = `# HELP felt_x_seconds X.
# TYPE felt_x_seconds histogram
felt_x_seconds_bucket{sink="team",le="1"} 1
felt_x_seconds_bucket{sink="team",le="10"} 3
felt_x_seconds_bucket{sink="team",le="+Inf"} 4
felt_x_seconds_sum{sink="team"} 57.5
felt_x_seconds_count{sink="team"} 4
`
	if got := rec.Body.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
