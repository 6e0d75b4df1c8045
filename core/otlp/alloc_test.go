package otlp_test

import (
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// TestNoAllocationPerSpan: once a packer has seen the traffic, a request costs no
// allocation, and neither does reading. Take makes one for each record.
func TestNoAllocationPerSpan(t *testing.T) {
	list, at := benchRequests(t, 40)
	p := testPacker()
	var recs []felt.Record
	pass := func() {
		for i, body := range list {
			if _, err := p.Traces(body, at); err != nil {
				t.Fatal(err)
			}
			if i%4 == 3 {
				recs = p.Take(recs[:0])
			}
		}
	}
	for range 3 { // tables grow to what they need; who shares a place in them is chance
		pass()
	}
	takes := float64(len(list) / 4)
	spans := float64(len(list) * 512)
	if n := testing.AllocsPerRun(3, pass); n > 4*takes+spans/1000 {
		t.Errorf("packing %.0f spans into %.0f records made %.0f allocations", spans, 4*takes, n)
	}
	if len(recs) != 4 {
		t.Fatalf("%d records", len(recs))
	}
	var r otlp.Reader
	var ev otlp.Event
	n := 0
	if allocs := testing.AllocsPerRun(3, func() {
		for _, rec := range recs {
			if err := r.Reset(rec.Data); err != nil {
				t.Fatal(err)
			}
			for r.NextBlock() {
				for r.Next(&ev) {
					n++
				}
			}
		}
	}); allocs > 0 {
		t.Errorf("reading made %.0f allocations", allocs)
	}
	if n != 4*4*512 {
		t.Errorf("read %d spans", n)
	}
}

// TestSizeOfASpan is the promise of the package page.
func TestSizeOfASpan(t *testing.T) {
	list, at := benchRequests(t, 40)
	p := testPacker()
	size := 0
	for _, body := range list {
		if _, err := p.Traces(body, at); err != nil {
			t.Fatal(err)
		}
		before := p.Size()
		taken := 0
		for _, rec := range p.Take(nil) {
			taken += len(rec.Data)
		}
		if taken > before || taken < before-8*16 {
			t.Errorf("Size said %d, Take gave %d", before, taken)
		}
		size += taken
	}
	if per := size / (len(list) * 512); per > 130 {
		t.Errorf("%d bytes a span, each request on its own in 4 partitions: 130 are the most", per)
	}
}
