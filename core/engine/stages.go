package engine

import "github.com/felt-cx/felt"

// Stage1 turns the events of one partition into interactions.
type Stage1 struct{ part felt.Part }

// Apply takes one telemetry record of the partition, in log order.
func (s *Stage1) Apply(rec felt.Record) error { return nil }

// Tick closes tick t.
func (s *Stage1) Tick(t felt.Tick) (Out1, felt.Batch) { return Out1{}, felt.Batch{} }

// Stage2 turns interactions into rows and buckets.
type Stage2 struct{ part felt.Part }

// Tick takes what all partitions of stage 1 made of tick t, in partition order.
func (s *Stage2) Tick(t felt.Tick, in ...Out1) (Out2, felt.Batch) { return Out2{}, felt.Batch{} }

// Stage3 judges, and keeps the incidents.
type Stage3 struct{}

// Tick takes what all partitions of stage 2 made of tick t, in partition order.
func (s *Stage3) Tick(t felt.Tick, in ...Out2) felt.Batch { return felt.Batch{} }

// Control takes a command or settings.
func (s *Stage3) Control(rec felt.Record) error { return nil }
