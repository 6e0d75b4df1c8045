package fleet

import (
	"math"

	"github.com/felt-cx/felt"
)

// Kind is what goes wrong.
type Kind uint8

// The kinds of faults.
const (
	FailStep     Kind = iota + 1 // Size more of the tries fail
	FailRamp                     // more and more fail, Size after ten minutes
	FailFlap                     // Size more fail, every other minute
	DegradedStep                 // Size more are degraded
	SlowStep                     // Size more are slower than the limit
	SilentDrop                   // Size of the customers do not arrive
	SegmentFail                  // all tries of one segment value, which has Size of the traffic, fail
)

// String is the word of reports.
func (k Kind) String() string {
	return [...]string{"", "fail step", "fail ramp", "fail flap", "degraded step", "latency step", "silent drop", "segment fails"}[k]
}

// Fault is one disturbance of one series.
type Fault struct {
	Kind  Kind
	Size  float64 // share, 0..1
	Value int     // of SegmentFail
	Start felt.Tick
	Long  felt.Tick
}

// strength is how much of the fault's size there is in the window that ends at t.
func (f *Fault) strength(t felt.Tick) float64 {
	since := t - f.Start
	switch {
	case since <= 0 || since > f.Long:
		return 0
	case f.Kind == FailRamp:
		return f.Size * min(1, float64(since)/600)
	case f.Kind == FailFlap && (since-1)/60%2 == 1:
		return 0
	}
	return f.Size
}

// disturb applies the fault to the window that ends at s.at.
func (s *Series) disturb() {
	x := s.fault.strength(s.at)
	worse := func(r *restless) {
		if p := shareOf(r.base + (1-r.base)*x); x > 0 {
			r.share = p
		} else if s.at-s.fault.Start > 0 {
			r.share = shareOf(r.base)
		}
	}
	switch s.fault.Kind {
	case FailStep, FailRamp, FailFlap:
		worse(&s.failed)
	case DegradedStep:
		worse(&s.degraded)
	case SlowStep:
		worse(&s.slow)
	case SilentDrop:
		s.scaled = s.mean * (1 - x)
		s.none = math.Exp(-s.scaled)
	case SegmentFail: // in the values' own counts: see part
	}
}

// Ideal is a CUSUM that knows what is usual, how restless it is, and what the fault does.
type Ideal struct {
	series *Series
	fault  *Fault
	nats   float64
	sum    float64
	Seen   felt.Tick // after its start; 0 not yet
}

// NewIdeal returns the ideal test of a fault of a series: it wants so many nats.
func NewIdeal(s *Series, f *Fault, nats float64) *Ideal {
	return &Ideal{series: s, fault: f, nats: nats}
}

// Step takes the window that ended at t.
func (i *Ideal) Step(t felt.Tick, c Counts) {
	if i.Seen != 0 || t <= i.fault.Start {
		return
	}
	x := i.fault.strength(t)
	s := i.series
	switch i.fault.Kind {
	case FailStep, FailRamp, FailFlap:
		i.share(&s.failed, x, c.Failed, c.Tries())
	case DegradedStep:
		i.share(&s.degraded, x, c.Degraded, c.Tries()-c.Failed)
	case SlowStep:
		i.share(&s.slow, x, c.Slow, c.Tries()-c.Failed)
	case SegmentFail:
		part := s.values[i.fault.Value]
		i.share(&s.failed, 1, part.Failed, part.Tries())
	case SilentDrop:
		left := max(1-x, 0.001)
		i.sum += float64(c.Tries())*math.Log(left) + s.mean*(1-left)
	}
	i.sum = max(i.sum, 0)
	if i.sum >= i.nats {
		i.Seen = t - i.fault.Start
	}
}

func (i *Ideal) share(r *restless, x float64, hit, n int64) {
	if n == 0 || x <= 0 {
		return
	}
	p, q := r.base, min(r.base+(1-r.base)*x, 0.999)
	weight := 1 / (1 + float64(n-1)*r.rho)
	i.sum += weight * (float64(hit)*math.Log(q/p) + float64(n-hit)*math.Log((1-q)/(1-p)))
}
