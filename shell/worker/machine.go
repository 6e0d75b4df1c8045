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
	numbers  *numbers        // of the engine; nil for most
	rules    *felt.Inventory // in force from this tick on; nil as before
	snapshot *snapshot       // taken right after this tick; nil for most
	rows     int             // about
	ready    bool            // everything that was on the log at the start has been read
	posting  *posting        // what the tick tells, on its way to the outbox; nil nothing
	past     bool            // the log's clock follows the data: more is behind it, or nobody waits
}

// numbers are what the engine says of itself.
type numbers struct {
	stats    engine.Stats
	metrics  []felt.Metric
	named    []engine.Operation
	settings felt.Settings
}

// statsEvery is how often the engine is asked for its numbers: it goes through all of
// its tables for them, and an import closes thousands of ticks a second.
const statsEvery = 500 * time.Millisecond

// fewBytes is how much telemetry a tick must have so that it is worth it to wake goroutines for its
// partitions and to wait for them, six times. A month of imported history is millions of ticks.
const fewBytes = 64 << 10

// machine is the engine with the records that have not been applied yet.
type machine struct {
	judging sync.Mutex // held while stage 3 changes, so that others may ask it
	w       *Worker
	eng     *engine.Engine

	tick felt.Tick // the last closed tick; 0 before the first
	seq  felt.Seq  // the last record that is inside a closed tick

	sent felt.Cursor // of the last item sent: all rows up to there are in front of what comes next
	torn bool        // rows of a closed tick were not sent: the state is ahead of the rows for ever

	open      felt.Tick       // the tick being gathered; 0 none
	openSeq   felt.Seq        // its last record
	parts     [][]felt.Record // telemetry not applied yet, by partition
	bytes     int             // of parts
	few       bool            // the tick being closed has so little that goroutines are not worth it
	early     bool            // some telemetry of the open tick has been applied already
	control   []felt.Record   // control records of the open tick
	made      made            // of the tick being closed
	lastSnap  time.Time
	lastStats time.Time
	told      bool // that everything that was there at the start is read
	rules     bool // the inventory was put on the log again since it was last handed on

	// After a loss of the state: ticks up to known are in the store, and telemetry that arrived
	// before reach is of nothing that is still open.
	known felt.Tick
	reach felt.Instant
}

// made is what the stages made of a tick. It is taken again for each: a month of imported history is millions
// of ticks, most with a row or two.
type made struct {
	out1    []engine.Out1
	out2    []engine.Out2
	batches []felt.Batch
}

// run reads until ctx ends (nil) or the log fails. Writing ends when nobody takes items
// from the queue any more.
func (m *machine) run(ctx, writing context.Context, queue chan<- item) error {
	m.w.machine.Store(m)
	for rec, err := range m.w.opts.Log.Read(ctx, felt.All, m.seq) {
		if err != nil {
			return fmt.Errorf("reading the log after %d: %w", m.openSeq, err)
		}
		if t := max(felt.TickOf(rec.At), m.tick+1); m.open == 0 {
			m.open = t
		} else if t > m.open {
			if err := m.closeUntil(ctx, t, queue); err != nil {
				return err
			}
			if m.torn {
				return nil
			}
			m.open = t
		}
		m.gather(rec)
		// No tick may come after the last record: an event log waits for more data, and a
		// log whose disk is full to the last takes none.
		if !m.told && rec.Seq >= m.w.start.Seq {
			m.told = m.send(ctx, queue, item{ready: true})
		}
	}
	// In the middle of a tick the state belongs to no place of the log; neither does it
	// when the log has moved on by nothing since the last snapshot.
	if m.tick > m.known && !m.early && !m.torn && m.seq > m.w.newestSnapshot() {
		m.send(writing, queue, item{snapshot: m.takeSnapshot()})
	}
	return nil
}

// gather holds a record of the open tick, and applies telemetry early when there is
// much of it, so that memory stays bounded however full a tick is.
func (m *machine) gather(rec felt.Record) {
	m.openSeq = rec.Seq
	switch rec.Kind {
	case felt.KindTelemetry:
		if rec.At < m.reach {
			m.w.count.passed.Add(1)
			return
		}
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
	case felt.KindSettings, felt.KindCommand, felt.KindClock, felt.KindInventory, felt.KindBusiness, felt.KindEvidence:
		m.control = append(m.control, rec)
	case felt.KindTick:
	}
}

// apply hands the gathered telemetry to stage 1. A record that cannot be read is
// counted and passed over: it would be the same at every try.
func (m *machine) apply() {
	m.few = m.bytes < fewBytes && !m.early
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
// is due. When ctx ends before all of it is sent the machine is torn.
func (m *machine) closeUntil(ctx context.Context, next felt.Tick, queue chan<- item) error {
	m.apply()
	for _, rec := range m.control {
		if err := m.control3(rec); err != nil {
			m.w.count.bad.Add(1)
			m.w.opts.Logger.Error("control record passed over", "seq", rec.Seq, "err", err)
		}
		m.rules = m.rules || rec.Kind == felt.KindInventory
	}
	m.control, m.early = m.control[:0], false
	last := next - 1
	for t := m.open; t > 0 && t <= last; t = m.eng.Next() {
		if t <= m.tick { // cannot be: the engine would ask for the past
			return fmt.Errorf("engine asks for tick %d after %d", t, m.tick)
		}
		m.tick, m.seq = t, m.openSeq
		batches, notes := m.step(t)
		it := item{batches: batches, posting: m.w.hand(notes), past: m.eng.Settings().Clock == felt.ClockEvent}
		if t == m.open {
			m.judging.Lock()
			m.eng.Stood(t, next)
			m.judging.Unlock()
		}
		if t == last || m.eng.Next() == 0 || m.eng.Next() > last {
			m.finish(&it, last)
		} else {
			m.describe(&it, t)
		}
		if !m.send(ctx, queue, it) {
			m.torn = true
			return nil
		}
	}
	return nil
}

// control3 gives the engine a control record: some of them change what judges.
func (m *machine) control3(rec felt.Record) error {
	m.judging.Lock()
	defer m.judging.Unlock()
	return m.eng.Control(rec)
}

// sights asks what judges, between two of its ticks.
func (m *machine) sights(of felt.Scope) []felt.Sight {
	m.judging.Lock()
	defer m.judging.Unlock()
	return m.eng.Sights(of)
}

// silences asks likewise.
func (m *machine) silences() []felt.Silence {
	m.judging.Lock()
	defer m.judging.Unlock()
	return m.eng.Silences()
}

// finish describes the last item before the log's clock stands at the end of tick last.
func (m *machine) finish(it *item, last felt.Tick) {
	m.tick = last
	m.describe(it, last)
	now := m.w.opts.Now()
	// One at a time: they are large, and would wait one behind the other for a slow disk.
	if m.tick > m.known && now.Sub(m.lastSnap) >= m.w.opts.SnapshotEvery && !m.w.snapshotWaits.Swap(true) {
		m.lastSnap = now
		it.snapshot = m.takeSnapshot()
	}
	if it.snapshot != nil || now.Sub(m.lastStats) >= statsEvery {
		m.lastStats = now
		it.numbers = &numbers{m.eng.Stats(), m.eng.Metrics(), m.eng.Named(), m.eng.Settings()}
	}
}

// describe gives the item's last batch the cursor of tick t. The batches in front of it
// have the one before: a store without transactions that fails between two of them
// must not say that it has the tick.
func (m *machine) describe(it *item, t felt.Tick) {
	if m.rules {
		in := m.eng.Inventory()
		it.rules, m.rules = &in, false
	}
	it.progress = felt.Progress{Seq: m.seq, Tick: t, CompleteUntil: m.eng.CompleteUntil(t)}
	for i := range it.batches {
		it.batches[i].Cursor = m.sent
	}
	m.sent = m.w.cursor(m.seq, t)
	if n := len(it.batches); n > 0 {
		it.batches[n-1].Cursor = m.sent
	}
}

// step runs the three stages over tick t, with a barrier between them. What is in the store already
// makes no batch again, and was told before it was stored.
func (m *machine) step(t felt.Tick) (kept []felt.Batch, notes []felt.Notification) {
	p := len(m.parts)
	if m.made.batches == nil {
		m.made = made{make([]engine.Out1, p), make([]engine.Out2, p), make([]felt.Batch, 2*p+1)}
	}
	out1, out2, batches := m.made.out1, m.made.out2, m.made.batches
	m.parallel(func(i int) { out1[i], batches[i] = m.eng.Stage1(i).Tick(t) })
	m.parallel(func(i int) { out2[i], batches[p+i] = m.eng.Stage2(i).Tick(t, out1...) })
	m.judging.Lock()
	batches[2*p] = m.eng.Stage3().Tick(t, out2...)
	m.judging.Unlock()
	if t <= m.known {
		return nil, nil
	}
	n := 0
	for i := range batches {
		b := &batches[i]
		if m.eng.Settings().Clock != felt.ClockEvent { // nobody is woken for what was long ago
			notes = append(notes, b.Notifications...)
		}
		if !b.Empty() {
			n++
		}
	}
	if n == 0 {
		return nil, notes
	}
	kept = make([]felt.Batch, 0, n)
	for i := range batches {
		if !batches[i].Empty() {
			kept = append(kept, batches[i])
		}
	}
	return kept, notes
}

// parallel calls f for every partition, spread over the workers, and waits for all.
func (m *machine) parallel(f func(p int)) {
	n, workers := len(m.parts), m.w.opts.Workers
	if workers <= 1 || m.few {
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
// from the log by the next run; its snapshot is let go of.
func (m *machine) send(ctx context.Context, queue chan<- item, it item) bool {
	it.rows = rowCount(it)
	waited := false
	for m.w.waiting.full(&m.w.opts) {
		if !waited {
			m.w.count.waits.Add(1)
			waited = true
		}
		select {
		case <-m.w.waiting.room:
		case <-ctx.Done():
			m.w.dropSnapshot(it.snapshot)
			return false
		}
	}
	m.w.waiting.add(1, it.rows)
	queue <- it // has room: see [queueSize]
	return true
}
