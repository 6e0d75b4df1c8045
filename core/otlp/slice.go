package otlp

import (
	"encoding/binary"

	"github.com/felt-cx/felt"
)

// Slice is what arrives at one moment of an event log.
type Slice struct {
	Records []felt.Record
	Newest  felt.Instant // newest event in it
}

// TakeSlices is [Packer.Take] for an event log, whose clock follows the data. A long past in one
// request would arrive all at once, at its end, and be too old to be judged. So a request whose
// resources stand in order of time is cut between them: in front of each one whose first event is
// of a later second than everything before it. A request in any other order is one slice.
// Requests that share the packer are not cut.
func (p *Packer) TakeSlices() []Slice {
	list := p.slices
	p.slices = nil
	newest := p.newest
	if recs := p.Take(nil); len(recs) > 0 {
		list = append(list, Slice{recs, newest})
	}
	return list
}

// slice ends the slice at hand when resource b begins later.
func (p *Packer) slice(b []byte) {
	if p.newest == 0 || felt.Instant(p.firstTime(b)).Floor(felt.Second) <= p.newest { //nolint:gosec // a wrong one is before everything
		return
	}
	newest := p.newest
	p.slices = append(p.slices, Slice{p.Take(nil), newest})
	for _, parts := range [][]part{p.events, p.points} {
		for i := range parts {
			parts[i].setMark()
		}
	}
}

// empty reports that Take would return nothing.
func (p *Packer) empty() bool {
	for _, parts := range [][]part{p.events, p.points} {
		for i := range parts {
			if parts[i].count > 0 {
				return false
			}
		}
	}
	return true
}

// firstTime is when the first span or log record of a resource's message ended; 0 when that is
// not to be seen at a glance. What is wrong with the message is told by whoever packs it.
func (p *Packer) firstTime(b []byte) uint64 {
	const (
		scopes  = 2<<3 | wireBytes
		items   = 2<<3 | wireBytes
		logTime = 1<<3 | wire64
	)
	tag := uint32(tagEnd)
	switch p.where.signal {
	case signalMetrics:
		return 0
	case signalLogs:
		tag = logTime
	case signalTraces:
	}
	item, ok := firstField(b, scopes)
	if ok {
		item, ok = firstField(item, items)
	}
	if at, found := firstField(item, tag); ok && found && len(at) == 8 {
		if t := binary.LittleEndian.Uint64(at); !badTime(t) {
			return t
		}
	}
	return 0
}

// firstField is the content of the first field with this tag.
func firstField(b []byte, tag uint32) ([]byte, bool) {
	var f field
	for i := 0; i < len(b); {
		n := next(b, i, &f)
		if n < 0 {
			return nil, false
		}
		if f.tag == tag {
			if tag&7 == wire64 {
				return b[n-8 : n], true
			}
			return b[f.lo:f.hi], true
		}
		i = n
	}
	return nil, false
}
