package simulate

import (
	"testing"
	"time"

	"github.com/felt-cx/felt"
)

// monday is a Monday, 00:00 UTC.
var monday = felt.InstantOf(time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC))

func newWorld(t testing.TB, yaml string, o Options) *World {
	t.Helper()
	s, problems := Parse("test.yaml", yaml)
	for _, p := range problems {
		t.Fatal(p)
	}
	def(&o.Start, monday+12*felt.Hour)
	w, err := New(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestRate(t *testing.T) {
	for _, yaml := range []string{"title: t\nshape: flat", "title: t\nshape: flat\napps: [{kind: hosting}]", "title: t\nshape: flat\napps: [{kind: fleet}, {kind: shop}]"} {
		w := newWorld(t, yaml, Options{Rate: 100})
		n := 0
		for i := range 20 {
			for _, try := range w.Advance(w.opt.Start + felt.Instant(i)*felt.Minute) {
				if try.Traffic == felt.TrafficCustomer {
					n++
				}
			}
		}
		t.Log(float64(n)/19/60, yaml)
	}
}

func BenchmarkHistory(b *testing.B) {
	w := newWorld(b, "title: t\nshape: flat\napps: [{kind: shop}]", Options{Rate: 2000})
	e := NewEncoder(w, EncoderOptions{Bulk: true, Lean: true})
	l := NewLedger(w, 0)
	b.ReportAllocs()
	n, bytes := 0, 0
	for now := w.opt.Start; n < b.N; now += 10 * felt.Second {
		tries := w.Advance(now)
		n += len(tries)
		e.Put(tries)
		for _, body := range e.Flush() {
			bytes += len(body.Data)
			l.Accept(&body)
		}
	}
	b.ReportMetric(float64(bytes)/float64(n), "B/interaction")
}

func BenchmarkLive(b *testing.B) {
	w := newWorld(b, "title: t\nshape: flat\napps: [{kind: fleet, apps: 300}]", Options{Rate: 2000})
	e := NewEncoder(w, EncoderOptions{})
	l := NewLedger(w, 0)
	b.ReportAllocs()
	n, bytes, spans := 0, 0, 0
	for now := w.opt.Start; n < b.N; now += felt.Second / 5 {
		tries := w.Advance(now)
		n += len(tries)
		e.Put(tries)
		for _, body := range e.Take(now) {
			bytes += len(body.Data)
			spans += body.Spans
			l.Accept(&body)
		}
	}
	b.ReportMetric(float64(bytes)/float64(n), "B/interaction")
	b.ReportMetric(float64(spans)/float64(n), "spans/interaction")
}

func TestShipped(t *testing.T) {
	kinds := map[string]bool{}
	for _, name := range Names() {
		s, err := Shipped(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := New(s, Options{Start: monday}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		in, err := Inventory(s)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(in.Files) != len(s.Apps) {
			t.Errorf("%s: %d files for %d apps", name, len(in.Files), len(s.Apps))
		}
		for _, f := range s.Faults {
			kinds[f.Kind] = true
		}
	}
	if len(kinds) != 12 {
		t.Errorf("shipped scenarios have %d kinds of faults: %v", len(kinds), kinds)
	}
}
