package app

import (
	"runtime"
	"testing"

	"github.com/felt-cx/felt"
)

// TestRetune: the room grows while collecting garbage costs much, and shrinks again.
func TestRetune(t *testing.T) {
	room := leastRoom
	for range 50 {
		room = retune(room, 0.5, 1)
	}
	if room != mostRoom {
		t.Errorf("room %g after collecting took half of the time, want %g", room, mostRoom)
	}
	if got := retune(room, 0.08, 1); got != room {
		t.Errorf("room %g changed to %g at 8 %%", room, got)
	}
	if got := retune(room, 0, 0); got != room {
		t.Errorf("room %g changed to %g while nothing was done", room, got)
	}
	for range 50 {
		room = retune(room, 0.01, 1)
	}
	if room != leastRoom {
		t.Errorf("room %g after collecting took one percent, want %g", room, leastRoom)
	}
}

// TestMemoryAddsUp: the owners add up to the resident memory.
func TestMemoryAddsUp(t *testing.T) {
	runtime.GC()
	all, files := resident()
	if all == 0 {
		t.Skip("the system does not tell")
	}
	if files == 0 || files > all {
		t.Errorf("%d bytes of files in %d", files, all)
	}
	m := &memory{
		limit: 1 << 29,
		parts: func() []felt.Metric {
			return []felt.Metric{{Name: "felt_engine_bytes", Labels: []felt.Segment{{Key: "part", Value: "traces"}}, Value: 1000}}
		},
		store: func() []felt.Metric { return []felt.Metric{{Name: "felt_store_memory_bytes", Value: 2000}} },
	}
	sum, owners := 0.0, map[string]float64{}
	for _, x := range m.Metrics() {
		if x.Name == "felt_memory_bytes" {
			sum += x.Value
			owners[x.Labels[0].Value] = x.Value
		}
	}
	if after, _ := resident(); sum < float64(all)*0.95 || sum > float64(after)*1.05 {
		t.Errorf("owners add up to %g, resident are %d to %d", sum, all, after)
	}
	if owners["engine traces"] != 1000 || owners["store"] != 2000 || owners["heap in use otherwise"] <= 0 {
		t.Errorf("owners: %v", owners)
	}
}
