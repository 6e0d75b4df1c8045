package sketch_test

import (
	"bytes"
	"testing"

	"github.com/felt-cx/felt/core/sketch"
)

// Bytes from a database may be anything. Either they are an error, or they are exactly
// what the sketch they decode to encodes to, and that sketch works.
func FuzzParseDistinct(f *testing.F) {
	for _, s := range named() {
		f.Add(s.bytes)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := sketch.ParseDistinct(b)
		if err != nil {
			if d.Count() != 0 || d.Size() > 64 {
				t.Fatalf("after %v: %d customers, %d bytes", err, d.Count(), d.Size())
			}
			return
		}
		if got := d.AppendBinary(nil); !bytes.Equal(got, b) {
			t.Fatalf("parsed %x, encodes to %x", b, got)
		}
		if d.Size() > 64<<10 {
			t.Fatalf("%d bytes take %d", len(b), d.Size())
		}
		n := d.Estimate()
		if low, high := d.Interval(0.95); !(float64(low) <= n && n <= float64(high)) {
			t.Fatalf("estimate %v is not in %d to %d", n, low, high)
		}
		some := crowdOf(9, 100)
		d.Merge(some)
		if err := some.MergeBinary(b); err != nil || !bytes.Equal(some.AppendBinary(nil), d.AppendBinary(nil)) {
			t.Fatalf("merged as bytes and as a sketch differ (%v)", err)
		}
	})
}

func FuzzParseLatency(f *testing.F) {
	for _, s := range named() {
		f.Add(s.bytes)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := sketch.ParseLatency(b)
		if err != nil {
			if l.Count() != 0 || l.Size() > 128 {
				t.Fatalf("after %v: %d durations, %d bytes", err, l.Count(), l.Size())
			}
			return
		}
		if got := l.AppendBinary(nil); !bytes.Equal(got, b) {
			t.Fatalf("parsed %x, encodes to %x", b, got)
		}
		if l.Size() > 20<<10 {
			t.Fatalf("%d bytes take %d", len(b), l.Size())
		}
		for _, q := range []float64{0, 0.5, 0.99, 1} {
			if v := l.Quantile(q); !(float64(l.Min()) <= v && v <= float64(l.Max())) {
				t.Fatalf("quantile %v is %v, not in %d to %d", q, v, l.Min(), l.Max())
			}
		}
		var other sketch.Latency
		other.Add(77, 3)
		other.Add(1e9, 1)
		l.Merge(&other)
		if err := other.MergeBinary(b); err != nil || !bytes.Equal(other.AppendBinary(nil), l.AppendBinary(nil)) {
			t.Fatalf("merged as bytes and as a sketch differ (%v)", err)
		}
	})
}
