package rollup

import (
	"fmt"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/sketch"
)

// The outcomes that have sketches, in the order of [felt.Sketches].
const (
	firstSketched = felt.OutcomeSuccess
	sketched      = 4
)

// The populations of a sum.
const (
	customers = iota
	sessions
	accounts
	populations
)

// Sum adds up buckets and interactions of one series. Its zero value is empty.
type Sum struct {
	Counts     felt.Counts
	Adjusted   [felt.Outcomes]float64
	ValueMinor [felt.Outcomes]int64
	Known      felt.Tick // of the newest row in it
	parts      [sketched]*part
}

// part is who had one outcome, and how long they waited.
type part struct {
	crowds  [populations]sketch.Distinct
	latency sketch.Latency
}

func (s *Sum) part(i int) *part {
	if s.parts[i] == nil {
		s.parts[i] = &part{}
	}
	return s.parts[i]
}

// Row is what a sum wants to know of an interaction.
type Row struct {
	Outcome                    felt.Outcome
	Weight                     float64
	ValueMinor, Duration       int64
	Customer, Session, Account felt.Hash
	Known                      felt.Tick
}

// RowOf takes it from an interaction.
func RowOf(r *felt.Interaction) Row {
	return Row{r.Outcome, r.Weight, r.ValueMinor, r.Duration, r.Customer, r.Session, r.Account, r.Known}
}

// Add adds one interaction.
func (s *Sum) Add(r *Row) {
	s.Counts.Add(r.Outcome, 1)
	s.Adjusted[r.Outcome] += max(r.Weight, 1)
	s.ValueMinor[r.Outcome] += r.ValueMinor
	s.Known = max(s.Known, r.Known)
	i := int(r.Outcome) - int(firstSketched)
	if i < 0 || i >= sketched {
		return
	}
	p := s.part(i)
	for n, h := range [populations]felt.Hash{r.Customer, r.Session, r.Account} {
		if !h.IsZero() {
			p.crowds[n].Add(h)
		}
	}
	p.latency.Add(r.Duration, 1)
}

// AddBucket adds a row of finer buckets.
func (s *Sum) AddBucket(b *felt.Bucket) error {
	s.Counts = sumCounts(s.Counts, b.Counts)
	for o := range s.Adjusted {
		s.Adjusted[o] += b.Adjusted[o]
		s.ValueMinor[o] += b.ValueMinor[o]
	}
	s.Known = max(s.Known, b.Known)
	for n, of := range [populations]*felt.Sketches{&b.Customers, &b.Sessions, &b.Accounts} {
		for i, enc := range each(of) {
			if len(enc) == 0 {
				continue
			}
			if err := s.part(i).crowds[n].MergeBinary(enc); err != nil {
				return fmt.Errorf("rollup: a crowd of %q: %w", b.Name, err)
			}
		}
	}
	for i, enc := range each(&b.Latency) {
		if len(enc) == 0 {
			continue
		}
		if err := s.part(i).latency.MergeBinary(enc); err != nil {
			return fmt.Errorf("rollup: latencies of %q: %w", b.Name, err)
		}
	}
	return nil
}

// Merge adds another sum, which it leaves as it is.
func (s *Sum) Merge(t *Sum) {
	s.Counts = sumCounts(s.Counts, t.Counts)
	for o := range s.Adjusted {
		s.Adjusted[o] += t.Adjusted[o]
		s.ValueMinor[o] += t.ValueMinor[o]
	}
	s.Known = max(s.Known, t.Known)
	for i, from := range t.parts {
		if from == nil {
			continue
		}
		p := s.part(i)
		for n := range from.crowds {
			p.crowds[n].Merge(&from.crowds[n])
		}
		p.latency.Merge(&from.latency)
	}
}

// MergeWho adds those who are in another sum, which it leaves as it is, and nothing of what they did.
func (s *Sum) MergeWho(t *Sum) {
	for i, from := range t.parts {
		if from == nil {
			continue
		}
		p := s.part(i)
		for n := range from.crowds {
			p.crowds[n].Merge(&from.crowds[n])
		}
	}
}

// Reset empties the sum and keeps its memory for the next.
func (s *Sum) Reset() {
	parts := s.parts
	*s = Sum{parts: parts}
	for _, p := range parts {
		if p == nil {
			continue
		}
		for n := range p.crowds {
			p.crowds[n].Reset()
		}
		p.latency.Reset()
	}
}

// Bucket is the sum as a row.
func (s *Sum) Bucket(of felt.Series, start, width felt.Instant) felt.Bucket {
	b := felt.Bucket{
		Series: of, Start: start, Width: int32(width / felt.Second), Known: s.Known,
		Counts: s.Counts, Adjusted: s.Adjusted, ValueMinor: s.ValueMinor,
	}
	for i, p := range s.parts {
		if p == nil {
			continue
		}
		for n, to := range [populations]*felt.Sketches{&b.Customers, &b.Sessions, &b.Accounts} {
			if p.crowds[n].Count() > 0 {
				put(to, i, p.crowds[n].AppendBinary(nil))
			}
		}
		if p.latency.Count() > 0 {
			put(&b.Latency, i, p.latency.AppendBinary(nil))
		}
	}
	return b
}

func each(s *felt.Sketches) [sketched][]byte {
	return [sketched][]byte{s.Success, s.Degraded, s.Failed, s.Abandoned}
}

func put(s *felt.Sketches, i int, enc []byte) {
	switch i {
	case 0:
		s.Success = enc
	case 1:
		s.Degraded = enc
	case 2:
		s.Failed = enc
	default:
		s.Abandoned = enc
	}
}

func sumCounts(a, b felt.Counts) felt.Counts {
	return felt.Counts{
		Success: a.Success + b.Success, Degraded: a.Degraded + b.Degraded, Failed: a.Failed + b.Failed,
		Abandoned: a.Abandoned + b.Abandoned, Cancelled: a.Cancelled + b.Cancelled, Open: a.Open + b.Open,
	}
}

// Answer is what a question wants to know of a sum.
type Answer struct {
	Counts                        felt.Counts
	Adjusted                      [felt.Outcomes]float64
	Customers, Sessions, Accounts felt.Distinct
	Failed                        [2]int64 // 95 % interval of the customers who failed
	P50, P95, P99                 float64  // nanoseconds; of those who reached an end
}

// Answer unites the outcomes: who failed once and succeeded twice is one customer.
// That of no sum is zero.
func (s *Sum) Answer() Answer {
	if s == nil {
		return Answer{}
	}
	a := Answer{Counts: s.Counts, Adjusted: s.Adjusted}
	for n, to := range [populations]*felt.Distinct{&a.Customers, &a.Sessions, &a.Accounts} {
		var all sketch.Distinct
		for i, p := range s.parts {
			if p == nil {
				continue
			}
			all.Merge(&p.crowds[n])
			switch felt.Outcome(i) + firstSketched {
			case felt.OutcomeDegraded:
				to.Degraded = int64(p.crowds[n].Count())
			case felt.OutcomeFailed:
				to.Failed = int64(p.crowds[n].Count())
				if n == customers {
					low, high := p.crowds[n].Interval(0.95)
					a.Failed = [2]int64{int64(low), int64(high)}
				}
			default:
			}
		}
		to.Total = int64(all.Count())
	}
	var waits sketch.Latency
	for i, p := range s.parts {
		if p != nil && felt.Outcome(i)+firstSketched != felt.OutcomeAbandoned { // who left did not wait for an end
			waits.Merge(&p.latency)
		}
	}
	a.P50, a.P95, a.P99 = waits.Quantile(.5), waits.Quantile(.95), waits.Quantile(.99)
	return a
}
