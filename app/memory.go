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
	"github.com/felt-cx/felt/shell/jetstream"
)

// The store's share of the memory that is asked for, and that of all that is not Go's where the
// system does not tell how much it is: the store, what it takes beside its limit, the program itself.
const (
	storeShare = 0.08
	leastQuiet = 24e6 // what the keeper of traces asks needs so much
	// leastMemory is what may be asked for; with less the store cannot even open its file.
	leastMemory = 64 << 20
	otherShare  = 0.48
	spareShare  = 0.06 // stays free, for what is needed in a hurry
	// askShare is the store's share while questions are asked: then the whole may be over.
	askShare = 0.75
	// writeShare is the store's share while it writes, and at least leastWrite: a checkpoint takes what
	// it may have, and one that has not enough damages the database in memory.
	writeShare = 0.125
	leastWrite = 64e6
	// beside is what a checkpoint takes in all, of what it may have: the allocator gives back a little later than it does.
	beside = 1.6
	// importShare and leastImport are the same while a history is written, as fast as it can be.
	importShare = 0.28
	leastImport = 144e6
	// foldShare is how large the store's WAL gets, of what it may have while it writes, before a checkpoint folds
	// it into the file: what that takes grows with it. mostFold bounds how long one keeps others waiting, and is the
	// size for a history.
	foldShare = 0.25
	mostFold  = 64e6
	// leastTail and tailShare are how much of the end of the log is kept in memory, of as much as
	// the log would keep.
	leastTail = 4 << 20
	tailShare = 1.0 / 64
)

// How far the limit stays above what is in use, and the share of the processors' time that
// collecting garbage may take before it is raised: when what is in use alone is near what was asked
// for, memory is taken rather than time.
const (
	leastRoom  = 1.08
	mostRoom   = 2.0
	costsMuch  = 0.1
	costsLess  = 0.05
	roomAbove  = 1.05 // factor of the room when collecting costs much
	roomBelow  = 0.97 // and when it costs little
	retuneWait = time.Second
)

// What of the program was only needed to start is let go of a minute later, and then what some rare work needed.
const (
	trimAfter = time.Minute
	trimEvery = 10 * time.Minute
)

// memory keeps the process near the memory that it was given, and says who owns how much.
type memory struct {
	limit int64 // of the whole process
	parts func() []felt.Metric
	store func() []felt.Metric
}

// tailBytes is how much of the end of the log is kept in memory.
func tailBytes(limit int64) int64 {
	return min(max(int64(tailShare*float64(limit)), leastTail), jetstream.DefaultTailBytes)
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
	before := debug.SetMemoryLimit(int64((1 - otherShare) * float64(m.limit)))
	defer debug.SetMemoryLimit(before)
	again := time.NewTicker(retuneWait)
	defer again.Stop()
	room, last := leastRoom, readRuntime()
	trim := time.NewTimer(trimAfter)
	defer trim.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-trim.C:
			trimProgram()
			trim.Reset(trimEvery)
		case <-again.C:
		}
		g := readRuntime()
		room = retune(room, collecting(last, g), g.allSeconds-last.allSeconds)
		last = g
		all, files := resident()
		debug.SetMemoryLimit(max(m.left(g, all, files), int64(room*float64(g.live))+int64(g.other)))
	}
}

// left is what Go may have of the memory that was asked for: what nobody else has, nor the store when it
// next writes, for then Go cannot give it back so quickly. all is the resident memory, files what of
// it is files.
func (m *memory) left(g goMemory, all, files uint64) int64 {
	if all <= g.held {
		return int64((1 - otherShare) * float64(m.limit))
	}
	others := max(float64(all-g.held), float64(files)+beside*writeShare*float64(m.limit))
	return int64((1-spareShare)*float64(m.limit) - others)
}

// collecting is how long processors collected garbage between two readings. The runtime takes the time
// on the clock; where others use the processors as well, only a part of that was its own.
func collecting(from, to goMemory) float64 {
	gc, busy, cpu := to.gcSeconds-from.gcSeconds, to.busySeconds-from.busySeconds, to.cpuSeconds-from.cpuSeconds
	if busy <= 0 || to.cpuSeconds <= 0 {
		return gc
	}
	return gc * min(cpu/busy, 1)
}

// retune is the room above what is in use, after collecting garbage has taken so much of the
// processors' time.
func retune(room, collecting, all float64) float64 {
	switch {
	case all <= 0:
		return room
	case collecting > costsMuch*all:
		return min(room*roomAbove, mostRoom)
	case collecting < costsLess*all:
		return max(room*roomBelow, leastRoom)
	}
	return room
}

// goMemory is what Go's runtime has of the system, in bytes.
type goMemory struct {
	live    uint64 // objects that the last collection found in use
	objects uint64 // objects, garbage included
	idle    uint64 // spans in which there is nothing, not given back
	other   uint64 // stacks, tables, what is free inside of spans
	held    uint64 // all of it, what was given back left out

	// Since the process began: collecting, but in time that nobody wanted, at work, and all that there was of
	// processors, as the runtime sees it; and what the system gave to the process, 0 where it does not tell.
	gcSeconds, busySeconds, allSeconds, cpuSeconds float64
}

func readRuntime() goMemory {
	names := []string{
		"/gc/heap/live:bytes", "/memory/classes/heap/objects:bytes", "/memory/classes/heap/free:bytes",
		"/memory/classes/heap/released:bytes", "/memory/classes/total:bytes",
		"/cpu/classes/gc/total:cpu-seconds", "/cpu/classes/total:cpu-seconds", "/cpu/classes/gc/mark/idle:cpu-seconds", "/cpu/classes/idle:cpu-seconds",
	}
	samples := make([]metrics.Sample, len(names))
	for i, n := range names {
		samples[i].Name = n
	}
	metrics.Read(samples)
	v, seconds := make([]uint64, len(samples)), make([]float64, len(samples))
	for i := range samples {
		switch samples[i].Value.Kind() {
		case metrics.KindUint64:
			v[i] = samples[i].Value.Uint64()
		case metrics.KindFloat64:
			seconds[i] = samples[i].Value.Float64()
		case metrics.KindBad, metrics.KindFloat64Histogram:
		}
	}
	g := goMemory{live: v[0], objects: v[1], idle: v[2], gcSeconds: seconds[5] - seconds[7], allSeconds: seconds[6]}
	g.busySeconds, g.cpuSeconds = g.allSeconds-seconds[8], cpuSeconds()
	g.held = v[4] - v[3]
	g.other = g.held - v[1] - v[2]
	return g
}

// cpuSeconds is the time that processors have worked for this process; 0 where Linux does not tell.
func cpuSeconds() float64 {
	text, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0
	}
	// After the name, which may hold anything, in parentheses: the 12th and 13th field, in 1/100 s.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 13 {
		return 0
	}
	user, err := strconv.ParseUint(string(fields[11]), 10, 64)
	system, err2 := strconv.ParseUint(string(fields[12]), 10, 64)
	if err != nil || err2 != nil {
		return 0
	}
	return float64(user+system) / 100
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
	type owner struct {
		name  string
		bytes float64
	}
	var list []owner
	engine := 0.0
	for _, p := range m.parts() {
		if p.Name != "felt_engine_bytes" {
			continue
		}
		for _, l := range p.Labels {
			engine += p.Value
			list = append(list, owner{"engine " + l.Value, p.Value})
		}
	}
	for _, p := range m.store() {
		if p.Name == "felt_store_memory_bytes" {
			list = append(list, owner{"store", p.Value})
		}
	}
	live := max(float64(g.live), engine)
	list = append(
		list, owner{"heap in use otherwise", live - engine}, owner{"heap garbage", max(float64(g.objects)-live, 0)},
		owner{"runtime", float64(g.other)}, owner{"program", float64(files)}, owner{"heap idle", float64(g.idle)},
	)
	left := float64(all)
	for _, o := range list {
		left -= o.bytes
	}
	if all > 0 {
		// What is idle is resident only in part; how much of it, nobody tells.
		idle := &list[len(list)-1].bytes
		unused := min(max(-left, 0), *idle)
		*idle -= unused
		list = append(list, owner{"elsewhere", left + unused})
	}
	out := make([]felt.Metric, 0, len(list)+1)
	for _, o := range list {
		out = append(out, felt.Metric{
			Name: "felt_memory_bytes", Help: "Resident memory by owner; the owners add up to all of it.", Type: felt.MetricGauge,
			Labels: []felt.Segment{{Key: "owner", Value: o.name}}, Value: o.bytes,
		})
	}
	return append(out, felt.Metric{
		Name: "felt_memory_limit_bytes", Help: "Memory that the process was asked to stay near.", Type: felt.MetricGauge, Value: float64(m.limit),
	})
}
