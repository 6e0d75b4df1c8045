package app

import (
	"bytes"
	"runtime"
	"testing"
	"time"

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

// TestCollecting: what others had of the processors is not taken for the cost of collecting garbage.
func TestCollecting(t *testing.T) {
	for _, c := range []struct {
		what string
		to   goMemory
		want float64
	}{
		{"alone", goMemory{gcSeconds: 0.5, busySeconds: 2, cpuSeconds: 2}, 0.5},
		{"beside others", goMemory{gcSeconds: 0.5, busySeconds: 2, cpuSeconds: 0.5}, 0.125},
		{"with a library's threads", goMemory{gcSeconds: 0.5, busySeconds: 2, cpuSeconds: 4}, 0.5},
		{"not told", goMemory{gcSeconds: 0.5, busySeconds: 2}, 0.5},
	} {
		if got := collecting(goMemory{}, c.to); got != c.want {
			t.Errorf("%s: %g s, want %g", c.what, got, c.want)
		}
	}
	before := readRuntime()
	for began := time.Now(); before.cpuSeconds > 0 && cpuSeconds() <= before.cpuSeconds && time.Since(began) < time.Minute; {
		_ = bytes.Repeat([]byte("work"), 1000)
	}
	runtime.GC()
	after := readRuntime()
	if before.cpuSeconds > 0 && after.cpuSeconds <= before.cpuSeconds {
		t.Errorf("%g s of processors before, %g after working", before.cpuSeconds, after.cpuSeconds)
	}
	if after.gcSeconds <= 0 || after.busySeconds <= before.busySeconds || after.allSeconds <= before.allSeconds {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

// TestLeft: Go gets what the rest of the process does not have nor will when the store writes, and less the
// more that is.
func TestLeft(t *testing.T) {
	if g := readRuntime(); g.held == 0 || g.held < g.live+g.other {
		t.Errorf("Go holds %d bytes, of which %d and %d are in use", g.held, g.live, g.other)
	}
	const mega = 1 << 20
	m := &memory{limit: 1000 * mega}
	for _, c := range []struct{ held, all, files, want uint64 }{
		{300 * mega, 700 * mega, 70 * mega, 540 * mega},
		{300 * mega, 800 * mega, 70 * mega, 440 * mega},
		{300 * mega, 500 * mega, 70 * mega, 670 * mega}, // the store is idle
		{300 * mega, 301 * mega, 100 * mega, 640 * mega},
		{300 * mega, 200 * mega, 70 * mega, 520 * mega}, // of others nothing is known
		{300 * mega, 0, 0, 520 * mega},
	} {
		if got := m.left(goMemory{held: c.held}, c.all, c.files); got/mega != int64(c.want/mega) {
			t.Errorf("%+v: %d MiB, want %d", c, got/mega, c.want/mega)
		}
	}
}

// TestTail: the end of the log in memory grows with the memory, between bounds.
func TestTail(t *testing.T) {
	for limit, want := range map[int64]int64{1 << 20: 4 << 20, 512 << 20: 8 << 20, 64 << 30: 16 << 20} {
		if got := tailBytes(limit); got != want {
			t.Errorf("of %d bytes %d for the tail, want %d", limit, got, want)
		}
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
