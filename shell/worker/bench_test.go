package worker

import (
	"testing"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
	"github.com/felt-cx/felt/shell/mem"
)

// BenchmarkSnapshot takes and saves snapshots on the file system; "pause-ms" is how long the next
// tick waits for it.
func BenchmarkSnapshot(b *testing.B) {
	recs := shopLog(1, felt.ClockWall, 30, 4000)
	w, err := New(Options{
		Log: mem.NewLog(mem.LogOptions{}), Store: mem.NewStore(mem.StoreOptions{}), Dir: b.TempDir(), Settings: settings(felt.ClockWall),
	})
	if err != nil {
		b.Fatal(err)
	}
	m := &machine{w: w, eng: engine.New(settings(felt.ClockWall))}
	var tick felt.Tick
	var gathered []felt.Record
	for _, r := range recs {
		if t := felt.TickOf(r.At); t > tick {
			_, _ = m.eng.Run(tick, gathered)
			tick, gathered = t, nil
		}
		gathered = append(gathered, r)
	}
	m.tick = tick
	var pause time.Duration
	for b.Loop() {
		m.seq++
		from := time.Now()
		s := m.takeSnapshot()
		pause += time.Since(from)
		if err := w.saveSnapshot(s); err != nil {
			b.Fatal(err)
		}
		w.confirmSnapshots()
	}
	b.ReportMetric(float64(pause.Milliseconds())/float64(b.N), "pause-ms")
	b.ReportMetric(float64(w.count.snapshotBytes.Load())/1e6, "MB")
}
