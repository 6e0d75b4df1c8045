package worker

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
)

// item is one closed tick on its way to the store.
type item struct {
	batches  []felt.Batch
	progress felt.Progress
	stats    engine.Stats
	metrics  []felt.Metric
	snapshot *snapshot // taken right after this tick; nil for most
}

// machine is the engine with the records that have not been applied yet.
type machine struct {
	w   *Worker
	eng *engine.Engine

	tick felt.Tick // the last closed tick; 0 before the first
	seq  felt.Seq  // the last record that is inside a closed tick

	open      felt.Tick       // the tick being gathered; 0 none
	openSeq   felt.Seq        // its last record
	parts     [][]felt.Record // telemetry not applied yet, by partition
	bytes     int             // of parts
	early     bool            // some telemetry of the open tick has been applied already
	control   []felt.Record   // control records of the open tick
	lastSnap  time.Time
	lastStats time.Time
}

// statsEvery is how often the engine's numbers are collected: there are many names.
const statsEvery = 900 * time.Millisecond

// run reads until ctx ends (nil) or the log fails.
func (m *machine) run(ctx context.Context, queue chan<- item) error {
	for rec, err := range m.w.opts.Log.Read(ctx, felt.All, m.seq) {
		if err != nil {
			return fmt.Errorf("reading the log after %d: %w", m.openSeq, err)
		}
		if t := felt.TickOf(rec.At); m.open == 0 {
			m.open = t
		} else if t > m.open {
			if err := m.closeUntil(ctx, t, queue); err != nil {
				return err
			}
			m.open = t
		}
		m.gather(rec)
	}
	if m.tick > 0 && !m.early { // else the state is between two ticks: the log has the rest
		m.send(context.WithoutCancel(ctx), queue, item{snapshot: m.snapshot(), progress: m.w.Progress()})
	}
	return nil
}

// gather holds a record of the open tick, and applies telemetry early when there is
// much of it, so that memory stays bounded however full a tick is.
func (m *machine) gather(rec felt.Record) {
	m.openSeq = rec.Seq
	switch rec.Kind {
	case felt.KindTelemetry:
		if int(rec.Part) >= len(m.parts) || rec.Part < 0 {
			m.w.count.bad.Add(1)
			m.w.opts.Logger.Error("record of a partition that this data directory does not have", "seq", rec.Seq, "part", rec.Part)
			return
		}
		m.parts[rec.Part] = append(m.parts[rec.Part], rec)
		m.bytes += len(rec.Data)
		if m.bytes >= m.w.opts.GatherBytes {
			m.apply()
			m.early = true
		}
	case felt.KindSettings, felt.KindCommand, felt.KindClock:
		m.control = append(m.control, rec)
	case felt.KindTick:
	}
	if rec.Seq >= m.w.start.Seq && m.w.opts.Settings.Clock == felt.ClockEvent {
		m.w.ready.Store(true) // an event log has no tick after its last record
	}
}

// apply hands the gathered telemetry to stage 1. A record that cannot be read is
// counted and passed over: it would be the same at every try.
func (m *machine) apply() {
	m.parallel(func(p int) {
		stage := m.eng.Stage1(p)
		for _, rec := range m.parts[p] {
			if err := stage.Apply(rec); err != nil {
				m.w.count.bad.Add(1)
				m.w.opts.Logger.Error("telemetry record passed over", "seq", rec.Seq, "err", err)
			}
		}
		clear(m.parts[p])
		m.parts[p] = m.parts[p][:0]
	})
	m.bytes = 0
}

// closeUntil closes the open tick and every later one before next at which something
// is due.
func (m *machine) closeUntil(ctx context.Context, next felt.Tick, queue chan<- item) error {
	m.apply()
	for _, rec := range m.control {
		if err := m.eng.Control(rec); err != nil {
			m.w.count.bad.Add(1)
			m.w.opts.Logger.Error("control record passed over", "seq", rec.Seq, "err", err)
		}
	}
	m.control, m.early = m.control[:0], false
	last := next - 1
	for t := m.open; t > 0 && t <= last; t = m.eng.Next() {
		if t <= m.tick { // cannot be: the engine would ask for the past
			return fmt.Errorf("engine asks for tick %d after %d", t, m.tick)
		}
		m.tick, m.seq = t, m.openSeq
		it := item{batches: m.step(t)}
		if t == last || m.eng.Next() == 0 || m.eng.Next() > last {
			m.finish(&it, last)
		} else {
			m.describe(&it, t)
		}
		if !m.send(ctx, queue, it) {
			return nil
		}
	}
	m.tick = last
	return nil
}

// finish describes the last item before the log's clock stands at the end of tick last.
func (m *machine) finish(it *item, last felt.Tick) {
	m.tick = last
	m.describe(it, last)
	now := m.w.opts.Now()
	if now.Sub(m.lastStats) >= statsEvery {
		m.lastStats = now
		it.stats, it.metrics = m.eng.Stats(), m.eng.Metrics()
	}
	if now.Sub(m.lastSnap) >= m.w.opts.SnapshotEvery {
		m.lastSnap = now
		it.snapshot = m.snapshot()
	}
}

func (m *machine) describe(it *item, t felt.Tick) {
	it.progress = felt.Progress{Seq: m.seq, Tick: t, CompleteUntil: m.eng.CompleteUntil(t)}
	for i := range it.batches {
		it.batches[i].Cursor = m.w.cursor(m.seq, t)
	}
}

// step runs the three stages over tick t, with a barrier between them.
func (m *machine) step(t felt.Tick) []felt.Batch {
	p := len(m.parts)
	out1, out2 := make([]engine.Out1, p), make([]engine.Out2, p)
	batches := make([]felt.Batch, 2*p+1)
	m.parallel(func(i int) { out1[i], batches[i] = m.eng.Stage1(i).Tick(t) })
	m.parallel(func(i int) { out2[i], batches[p+i] = m.eng.Stage2(i).Tick(t, out1...) })
	batches[2*p] = m.eng.Stage3().Tick(t, out2...)
	kept := batches[:0]
	for _, b := range batches {
		if !b.Empty() {
			kept = append(kept, b)
		}
	}
	return kept
}

// parallel calls f for every partition, spread over the workers, and waits for all.
func (m *machine) parallel(f func(p int)) {
	n, workers := len(m.parts), m.w.opts.Workers
	if workers <= 1 {
		for p := range n {
			f(p)
		}
		return
	}
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			for p := i; p < n; p += workers {
				f(p)
			}
		})
	}
	wg.Wait()
}

// send queues the item; false when ctx ended first. What was not sent is made again
// from the log by the next run.
func (m *machine) send(ctx context.Context, queue chan<- item, it item) bool {
	select {
	case queue <- it:
		return true
	default:
	}
	m.w.count.waits.Add(1)
	select {
	case queue <- it:
		return true
	case <-ctx.Done():
		return false
	}
}
