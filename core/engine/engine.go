package engine

import "github.com/felt-cx/felt"

// Version of the machine: part of every batch id and snapshot. It grows when the same
// log would give other rows.
const Version = 1

// Engine holds the machines of all three stages of one log. Stages of different
// partitions may be driven from different goroutines at once; everything else is for
// one goroutine.
type Engine struct {
	settings felt.Settings
	stage1   []*Stage1
	stage2   []*Stage2
	stage3   *Stage3
	tick     felt.Tick
}

// Out1 is what stage 1 of one partition hands over to stage 2.
type Out1 struct{}

// Out2 is what stage 2 of one partition hands over to stage 3.
type Out2 struct{}

// Stats are the engine's counters.
type Stats struct{}

// New returns an engine that has seen nothing. s.Partitions must be in 1..[felt.MaxParts].
func New(s felt.Settings) *Engine {
	e := &Engine{settings: s, stage3: &Stage3{}}
	for p := range s.Partitions {
		e.stage1 = append(e.stage1, &Stage1{part: felt.Part(p)})
		e.stage2 = append(e.stage2, &Stage2{part: felt.Part(p)})
	}
	return e
}

// Restore is the inverse of [Engine.AppendSnapshot]; [felt.ErrCorrupt] on anything else.
func Restore(s felt.Settings, snapshot []byte) (*Engine, error) { return New(s), nil }

// Partitions is the number of partitions of stages 1 and 2.
func (e *Engine) Partitions() int { return len(e.stage1) }

// Stage1 is the stage-1 machine of partition p.
func (e *Engine) Stage1(p int) *Stage1 { return e.stage1[p] }

// Stage2 is the stage-2 machine of partition p.
func (e *Engine) Stage2(p int) *Stage2 { return e.stage2[p] }

// Stage3 is the one stage-3 machine.
func (e *Engine) Stage3() *Stage3 { return e.stage3 }

// Control takes a control record of the tick that is being gathered. It takes effect
// when that tick is closed.
func (e *Engine) Control(rec felt.Record) error { return nil }

// Run closes tick t with all of its records, in one goroutine.
func (e *Engine) Run(t felt.Tick, recs []felt.Record) ([]felt.Batch, error) { return nil, nil }

// AppendSnapshot appends the whole state; only between ticks.
func (e *Engine) AppendSnapshot(dst []byte) []byte { return dst }

// Quiet tells that nothing is due at t: if it also has no record, it may be skipped.
func (e *Engine) Quiet(t felt.Tick) bool { return true }

// Next is the next tick at which something is due without any input; 0 when nothing is.
func (e *Engine) Next() felt.Tick { return 0 }

// CompleteUntil is the instant before which everything is in the rows; see [felt.Progress].
func (e *Engine) CompleteUntil(t felt.Tick) felt.Instant { return t.Instant() - e.settings.Settle }

// Stats returns the counters; only between ticks.
func (e *Engine) Stats() Stats { return Stats{} }

// Metrics implements [felt.Meter]; only between ticks.
func (e *Engine) Metrics() []felt.Metric { return nil }
