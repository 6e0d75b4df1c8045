package signal_test

import (
	"fmt"
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/felt-cx/felt"
)

// Ten seconds of 200 instances of one histogram that feeds four signals: from packed bytes to values.
func BenchmarkTenSeconds(b *testing.B) {
	m := newMachine(b, loadRules(b, 1, `
    signals:
      - {name: p95, source: m}
      - {name: rate, source: m, statistic: rate}
      - {name: above, source: m, statistic: above, threshold: 2, where: {service.instance.id: {exists: true}}}
      - {name: mean, source: m, statistic: mean}
`), 1)
	all := pmetric.NewMetrics()
	for i := range 200 {
		histogram(instance{id: fmt.Sprint(i)}, 0, -900, isCumulative, 5, 5, 90, 4, 1).ResourceMetrics().At(0).CopyTo(all.ResourceMetrics().AppendEmpty())
	}
	b.ReportAllocs()
	n := uint64(0)
	for b.Loop() {
		n++
		for i := range all.ResourceMetrics().Len() {
			p := all.ResourceMetrics().At(i).ScopeMetrics().At(0).Metrics().At(0).Histogram().DataPoints().At(0)
			when(p, float64(10*n)-1, -900, nil)
			p.BucketCounts().SetAt(1, 90*n)
		}
		body, err := pmetricotlp.NewExportRequestFromMetrics(all).MarshalProto()
		if err != nil {
			b.Fatal(err)
		}
		m.tick = start + felt.Tick(10*n)
		if _, err := m.packer.Metrics(body, m.tick.Instant()); err != nil {
			b.Fatal(err)
		}
		m.take(m.tick.Instant())
		m.close()
	}
	b.ReportMetric(float64(len(m.samples))/float64(n), "values/op")
	b.ReportMetric(float64(len(save(m.book)))/800, "snapshot-B/instance")
}
