package measure

import "github.com/felt-cx/felt"

// Stats are the counters of one tracker since it began; they survive a snapshot.
type Stats struct {
	Events, Spans, Logs, Points int64
	Claims                      int64 // events that are an interaction, or a part of one
	Ruled                       int64 // of them, by a rule of the inventory
	Untied                      int64 // tries that are a step of a journey, and have nothing that ties them to its others
	Duplicates                  int64 // spans and log records delivered again into an open trace
	Redelivered                 int64 // interactions delivered again after their trace had settled
	Late                        int64 // events older than judge_late at arrival
	Merged                      int64 // groups of claims that were a part or a step of another interaction
	UnknownOutcomes             int64
	Corrections                 int64
	Settled                     int64 // traces
	SettledEarly                int64 // of them, for want of room
	Forgotten                   int64 // interactions no longer remembered, for want of room
	Sweeps                      int64
	PendingRecords              int64       // of tries whose page was hidden
	PendingAnswered             int64       // tries of which the end came in time
	PendingAbandoned            int64       // tries closed because it did not
	PendingEarly                int64       // of them, before their time, for want of room
	PendingCorrected            int64       // tries of which the end came after they had been closed
	PendingRefused              int64       // records of no use: without a name, a trace or a span
	Outcomes                    felt.Counts // of first versions
}

// fields lists the counters in the order of the snapshot.
func (s *Stats) fields() []*int64 {
	return []*int64{
		&s.Events, &s.Spans, &s.Logs, &s.Points, &s.Claims, &s.Duplicates, &s.Redelivered, &s.Late, &s.Merged,
		&s.UnknownOutcomes, &s.Corrections, &s.Settled, &s.SettledEarly, &s.Forgotten, &s.Sweeps, &s.Ruled, &s.Untied,
		&s.PendingRecords, &s.PendingAnswered, &s.PendingAbandoned, &s.PendingEarly, &s.PendingCorrected, &s.PendingRefused,
		&s.Outcomes.Success, &s.Outcomes.Degraded, &s.Outcomes.Failed, &s.Outcomes.Abandoned,
		&s.Outcomes.Cancelled, &s.Outcomes.Open,
	}
}

// Add adds the counters of o.
func (s *Stats) Add(o Stats) {
	mine, theirs := s.fields(), o.fields()
	for i := range mine {
		*mine[i] += *theirs[i]
	}
}

func (s *Stats) decided(list []Decision) {
	for i := range list {
		if list[i].Version > 1 {
			s.Corrections++
		} else {
			s.Outcomes.Add(list[i].Outcome, 1)
		}
	}
}

// Held is how much a tracker holds at the moment.
type Held struct {
	Traces, Kept, Spans, Remembered, Texts, Operations, Cells int
	Pending, PendingClosed                                    int // tries whose page was hidden: open, and closed but remembered
	Bytes                                                     HeldBytes
	UnmappedMetrics                                           map[string]int64
}

// HeldBytes is about how much memory each part takes.
type HeldBytes struct {
	Traces, Claims, Remembered, Operations, Texts int
}

// Add adds the bytes of o.
func (b *HeldBytes) Add(o HeldBytes) {
	b.Traces += o.Traces
	b.Claims += o.Claims
	b.Remembered += o.Remembered
	b.Operations += o.Operations
	b.Texts += o.Texts
}

// What one of each takes, maps and slack of slices included.
const (
	spanBytes   = 80
	traceBytes  = 320
	claimBytes  = 310
	memoBytes   = 31 // with its place in the index; what few have is not counted
	closedBytes = 280
	opBytes     = 120
	cellBytes   = 60
	edgeBytes   = 80
	textBytes   = 64 // besides the text
)

func (k *Tracker) bytes() HeldBytes {
	b := HeldBytes{
		Traces: (k.held-k.claims)*spanBytes + (k.open.n+k.kept.n)*traceBytes, Claims: (k.claims+len(k.pending.of))*claimBytes + k.pending.closed.live*closedBytes,
		Remembered: k.memory.n * memoBytes, Operations: len(k.ops.ops) * opBytes,
		Texts: k.symbols.bytes + len(k.symbols.texts)*textBytes,
	}
	for i := range k.ops.cells {
		b.Operations += cellBytes + k.ops.cells[i].size()
	}
	for i := range k.edges.cells {
		b.Operations += edgeBytes + k.edges.cells[i].size()
	}
	return b
}

// Stats returns the counters.
func (k *Tracker) Stats() Stats { return k.stats }

// Held returns how much is held. The map is the tracker's own: do not write to it.
func (k *Tracker) Held() Held {
	return Held{
		Traces: k.open.n, Kept: k.kept.n, Spans: k.held, Remembered: k.memory.n, Texts: len(k.symbols.texts),
		Pending: len(k.pending.of), PendingClosed: k.pending.closed.live,
		Operations: len(k.ops.ops), Cells: len(k.ops.cells), Bytes: k.bytes(), UnmappedMetrics: k.names,
	}
}

// Operation is a kind of span of a service, over all of its releases.
type Operation struct {
	Env, Service, Name string
	Kind               felt.SpanKind
}

// Operations calls yield for every operation, once for each release: how many recent spans
// there were, and how many of them named their interaction.
func (k *Tracker) Operations(yield func(o Operation, recent, named int)) {
	for i := range k.ops.ops {
		op := &k.ops.ops[i]
		r, s := k.ops.resources[op.resource], k.symbols
		yield(Operation{s.text(r.env), s.text(r.service), s.text(op.name), op.kind}, int(op.recent), int(op.named))
	}
}

// Add adds the counters of o.
func (s *CounterStats) Add(o CounterStats) {
	s.Interactions += o.Interactions
	s.NotJudged += o.NotJudged
	s.OtherSeries += o.OtherSeries
	mine, theirs := s.JourneyStats.fields(), o.JourneyStats.fields()
	for i := range mine {
		*mine[i] += *theirs[i]
	}
}
