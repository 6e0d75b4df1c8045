package app

import (
	"bytes"
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"

	"github.com/felt-cx/felt"
)

// The store's share of the memory that is asked for, and Go's. The rest is the program
// itself, stacks, and what the store takes beside its limit.
const (
	storeShare = 0.22
	goShare    = 0.52
)

// overLive is how far the limit stays above what is in use: when that alone is more than was
// asked for, memory is taken rather than all of the processor for collecting garbage.
const overLive = 1.6

// memory keeps the process near the memory that it was given, and says who owns how much.
type memory struct {
	limit int64 // of the whole process
	parts func() []felt.Metric
	store func() []felt.Metric
}

func (a *App) memory() *memory {
	return &memory{limit: a.cfg.Memory, parts: a.worker.Metrics, store: a.store.Metrics}
}

// manage holds Go's heap near its share until ctx ends, and puts things back as they were. A limit
// given by GOMEMLIMIT stands.
func (m *memory) manage(ctx context.Context) {
	if os.Getenv("GOMEMLIMIT") != "" || m.limit <= 0 {
		<-ctx.Done()
		return
	}
	want := int64(goShare * float64(m.limit))
	before := debug.SetMemoryLimit(want)
	defer debug.SetMemoryLimit(before)
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
			debug.SetMemoryLimit(max(want, int64(overLive*float64(readRuntime().live))))
		}
	}
}

// goMemory is what Go's runtime has of the system, in bytes.
type goMemory struct {
	live    uint64 // objects that the last collection found in use
	objects uint64 // objects, garbage included
	idle    uint64 // spans in which there is nothing, not given back
	other   uint64 // stacks, tables, what is free inside of spans
}

func readRuntime() goMemory {
	names := []string{
		"/gc/heap/live:bytes", "/memory/classes/heap/objects:bytes", "/memory/classes/heap/free:bytes",
		"/memory/classes/heap/released:bytes", "/memory/classes/total:bytes",
	}
	samples := make([]metrics.Sample, len(names))
	for i, n := range names {
		samples[i].Name = n
	}
	metrics.Read(samples)
	v := make([]uint64, len(samples))
	for i := range samples {
		if samples[i].Value.Kind() == metrics.KindUint64 {
			v[i] = samples[i].Value.Uint64()
		}
	}
	g := goMemory{live: v[0], objects: v[1], idle: v[2]}
	g.other = v[4] - v[1] - v[2] - v[3]
	return g
}

// resident is the process' memory as Linux counts it: all of it, and what of that is files
// (the program itself). Zeros elsewhere.
func resident() (all, files uint64) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, 0
	}
	for line := range bytes.Lines(text) {
		name, rest, _ := strings.Cut(string(line), ":")
		kib, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		if err != nil {
			continue
		}
		switch name {
		case "VmRSS":
			all = kib << 10
		case "RssFile", "RssShmem":
			files += kib << 10
		}
	}
	return all, files
}

// Metrics implements [felt.Meter]: felt_memory_bytes by owner. The owners add up to the resident
// memory where the system tells it; "elsewhere" is what is left, the store's buffers and the
// allocator's slack for the most part.
func (m *memory) Metrics() []felt.Metric {
	g := readRuntime()
	all, files := resident()
	var out []felt.Metric
	left := float64(all)
	add := func(owner string, v float64) {
		left -= v
		out = append(out, felt.Metric{
			Name: "felt_memory_bytes", Help: "Resident memory by owner; the owners add up to all of it.", Type: felt.MetricGauge,
			Labels: []felt.Segment{{Key: "owner", Value: owner}}, Value: v,
		})
	}
	engine := 0.0
	for _, p := range m.parts() {
		if p.Name != "felt_engine_bytes" {
			continue
		}
		for _, l := range p.Labels {
			engine += p.Value
			add("engine "+l.Value, p.Value)
		}
	}
	add("heap in use otherwise", max(float64(g.live)-engine, 0))
	add("heap garbage", max(float64(g.objects)-max(float64(g.live), engine), 0))
	add("heap idle", float64(g.idle))
	add("runtime", float64(g.other))
	for _, p := range m.store() {
		if p.Name == "felt_store_memory_bytes" {
			add("store", p.Value)
		}
	}
	add("program", float64(files))
	if all > 0 {
		add("elsewhere", left)
	}
	return append(out, felt.Metric{
		Name: "felt_memory_limit_bytes", Help: "Memory that the process was asked to stay near.", Type: felt.MetricGauge, Value: float64(m.limit),
	})
}
