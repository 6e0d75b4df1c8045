package otlp

import (
	"fmt"
	"strconv"
	"time"
)

// where is the place in the request at which the walk is; -1 below what it has reached.
type where struct {
	signal   signal
	resource int
	scope    int
	item     int
	point    int
}

type signal uint8

const (
	signalTraces signal = iota
	signalLogs
	signalMetrics
)

func (w where) path(last string) string {
	outer := [...]string{"resource_spans", "resource_logs", "resource_metrics"}[w.signal]
	middle := [...]string{"scope_spans", "scope_logs", "scope_metrics"}[w.signal]
	inner := [...]string{"spans", "log_records", "metrics"}[w.signal]
	s := ""
	for _, part := range []struct {
		name string
		n    int
	}{{outer, w.resource}, {middle, w.scope}, {inner, w.item}, {"data_points", w.point}} {
		if part.n > 0 {
			s += part.name + "[" + strconv.Itoa(part.n-1) + "]."
		}
	}
	s += last
	if s != "" && s[len(s)-1] == '.' {
		s = s[:len(s)-1]
	}
	return s
}

// bad reports what is wrong at b[i:], where b is a part of the body.
func (p *Packer) bad(b []byte, i int, last, what string) error {
	return &BadRequestError{Path: p.where.path(last), Offset: cap(p.body) - cap(b) + max(i, 0), What: what}
}

// fault reports a fault that next returned for b[i:].
func (p *Packer) fault(b []byte, i, code int, last string) error {
	return p.bad(b, i, last, fault(-code).String())
}

func (p *Packer) wrongWire(b []byte, i int, f *field, last string) error {
	return p.bad(b, i, last, fmt.Sprintf("field %d has wire type %d", f.tag>>3, f.tag&7))
}

// reason is the sentence for partial success.
func (p *Packer) reason() string {
	r := &p.rep
	s := ""
	if r.RejectedSpans+r.RejectedLogs+r.RejectedPoints > 0 {
		s = "rejected " + p.rejected()
	}
	if r.CutWeights > 0 {
		if s != "" {
			s += "; "
		}
		s += strconv.FormatInt(r.CutWeights, 10) + " taken, but with less weight: their tracestate (ot=th) says that one stands for more than " +
			strconv.FormatFloat(p.mostWeight(), 'f', -1, 64) + ", which is the most here: sample less, or raise max_weight of the key, else --max-weight"
	}
	return s
}

// rejected says how many were rejected, why, and how to mend it.
func (p *Packer) rejected() (s string) {
	r := &p.rep
	add := func(n int64, what string) {
		if n > 0 {
			if s != "" {
				s += "; "
			}
			s += strconv.FormatInt(n, 10) + " " + what
		}
	}
	add(r.BadIDs, "with a trace id that is not 16 bytes or a span or parent id that is not 8 bytes, or all zero: send the ids of the trace context unchanged")
	add(r.ZeroTimes, "without a start or end time: set both, in nanoseconds since 1970")
	add(r.BeyondTimes, "with a time after the year 2116, which is out of range: send nanoseconds since 1970, and check the sender's clock")
	add(r.Denied, "of an app or environment that this key may not speak for: it names both on the resource (service.namespace, else service.name; deployment.environment.name), and nowhere else")
	late := "older than " + time.Duration(p.opt.LateMax).String() + ": import old data into a log with --clock event, and check the sender's clock"
	add(r.Late, late)
	add(r.BadPoints, "metric points without a time or value, or with too many buckets: send what the SDK made unchanged")
	return s
}
