package otlp

import (
	"encoding/binary"
	"math"

	"github.com/felt-cx/felt"
)

// span is a span as it stands in the request.
type span struct {
	trace, id, parent []byte
	state, name       []byte
	kind              uint64
	start, end        uint64
	status            uint64
	message           []byte
}

// Tags of a Span's fields with their wire types.
const (
	tagTraceID    = 1<<3 | wireBytes
	tagSpanID     = 2<<3 | wireBytes
	tagState      = 3<<3 | wireBytes
	tagParent     = 4<<3 | wireBytes
	tagName       = 5<<3 | wireBytes
	tagKind       = 6<<3 | wireVarint
	tagStart      = 7<<3 | wire64
	tagEnd        = 8<<3 | wire64
	tagAttributes = 9<<3 | wireBytes
	tagEvents     = 11<<3 | wireBytes
	tagLinks      = 13<<3 | wireBytes
	tagStatus     = 15<<3 | wireBytes
)

// Traces packs one ExportTraceServiceRequest (protobuf) that arrived at now.
// On error, a [*BadRequestError], nothing of it stays in the packer.
func (p *Packer) Traces(body []byte, now felt.Instant) (Report, error) {
	return p.request(signalTraces, body, now)
}

// request walks the three levels that all signals have.
func (p *Packer) request(s signal, body []byte, now felt.Instant) (Report, error) {
	newest := p.newest
	if len(body) > math.MaxInt32 {
		return Report{}, &BadRequestError{What: "larger than 2 GiB"}
	}
	body = body[:len(body):len(body)]
	p.begin(body, now)
	p.where.signal = s
	return p.end(newest, p.walkRequest(body))
}

func (p *Packer) walkRequest(body []byte) error {
	var f field
	for i := 0; i < len(body); {
		n := next(body, i, &f)
		if n < 0 {
			return p.fault(body, i, n, "")
		}
		if f.tag>>3 == 1 {
			if f.tag&7 != wireBytes {
				return p.wrongWire(body, i, &f, "")
			}
			p.where.resource++
			p.where.scope, p.where.item, p.where.point = 0, 0, 0
			if p.slicing {
				p.slice(body[f.lo:f.hi])
			}
			if err := p.walkResource(body[f.lo:f.hi]); err != nil {
				return err
			}
		}
		i = n
	}
	return nil
}

// head checks the outer fields of a resource's or a scope's message, and returns its
// field 1, which says whose the rest is; nil when there is none.
func (p *Packer) head(b []byte) (raw []byte, err error) {
	var f field
	for i := 0; i < len(b); {
		n := next(b, i, &f)
		if n < 0 {
			return nil, p.fault(b, i, n, "")
		}
		if num := f.tag >> 3; num <= 3 && f.tag&7 != wireBytes {
			return nil, p.wrongWire(b, i, &f, "")
		} else if num == 1 {
			raw = b[f.lo:f.hi]
		}
		i = n
	}
	return raw, nil
}

// walkResource: the resource may come behind its spans, so it is looked for first.
func (p *Packer) walkResource(b []byte) error {
	raw, err := p.head(b)
	if err != nil {
		return err
	}
	if err := p.enterResource(raw); err != nil {
		return err
	}
	var f field
	for i := 0; i < len(b); {
		i = next(b, i, &f)
		if f.tag>>3 != 2 {
			continue
		}
		p.where.scope++
		p.where.item = 0
		if err := p.walkScope(b[f.lo:f.hi]); err != nil {
			return err
		}
	}
	return nil
}

func (p *Packer) walkScope(b []byte) error {
	raw, err := p.head(b)
	if err != nil {
		return err
	}
	if err := p.enterScope(raw); err != nil {
		return err
	}
	var f field
	for i := 0; i < len(b); {
		i = next(b, i, &f)
		if f.tag>>3 != 2 {
			continue
		}
		p.where.item++
		if p.shapes.tooBig() {
			p.forget()
		}
		if err := p.walkItem(b[f.lo:f.hi]); err != nil {
			return err
		}
	}
	return nil
}

func (p *Packer) walkItem(b []byte) error {
	p.where.point = 0
	switch p.where.signal {
	case signalLogs:
		return p.logRecord(b)
	case signalMetrics:
		return p.metric(b)
	case signalTraces:
	}
	return p.span(b)
}

// scanSpan finds the fields of a span, without looking into its attributes.
func (p *Packer) scanSpan(b []byte, s *span) error {
	p.kvs, p.subs, p.links = p.kvs[:0], p.subs[:0], p.links[:0]
	base := int32(cap(p.body) - cap(b))
	var f field
	for i := 0; i < len(b); {
		// Nearly all fields: one byte of tag, one of length.
		c := b[i]
		if c&7 == wireBytes && c < 0x80 && i+1 < len(b) && b[i+1] < 0x80 {
			lo := i + 2
			if hi := lo + int(b[i+1]); hi <= len(b) {
				if c == tagAttributes && len(p.kvs) < p.opt.Limits.SpanAttributes {
					p.kvs = append(p.kvs, rng{base + int32(lo), base + int32(hi)})
					i = hi
					continue
				}
				if s.short(c, b[lo:hi]) {
					i = hi
					continue
				}
			}
		} else if (c == tagStart || c == tagEnd) && len(b)-i > 8 {
			at := binary.LittleEndian.Uint64(b[i+1:])
			if c == tagStart {
				s.start = at
			} else {
				s.end = at
			}
			i += 9
			continue
		}
		n := next(b, i, &f)
		if n < 0 {
			return p.fault(b, i, n, "")
		}
		switch f.tag {
		case tagAttributes:
			p.kvs = p.attribute(p.kvs, b, &f)
		case tagKind:
			s.kind = f.num
		default:
			if err := p.scanRare(b, i, &f, s); err != nil {
				return err
			}
		}
		i = n
	}
	return nil
}

// short notes a field of bytes, if it is one that spans always have.
func (s *span) short(tag byte, v []byte) bool {
	switch tag {
	case tagTraceID:
		s.trace = v
	case tagSpanID:
		s.id = v
	case tagParent:
		s.parent = v
	case tagName:
		s.name = v
	default:
		return false
	}
	return true
}

func (p *Packer) scanRare(b []byte, i int, f *field, s *span) error {
	switch f.tag {
	case tagTraceID, tagSpanID, tagParent, tagName:
		s.short(byte(f.tag), b[f.lo:f.hi])
	case tagStatus:
		return p.scanStatus(b[f.lo:f.hi], s)
	case tagState:
		s.state = b[f.lo:f.hi]
	case tagEvents:
		p.subs = keep(p.subs, p.rng(b, f.lo, f.hi), p.opt.Limits.EventsPerSpan, &p.rep.DroppedEvents)
	case tagLinks:
		p.links = keep(p.links, p.rng(b, f.lo, f.hi), p.opt.Limits.LinksPerSpan, &p.rep.DroppedEvents)
	case 10<<3 | wireVarint, 12<<3 | wireVarint, 14<<3 | wireVarint, 16<<3 | wire32:
	default:
		if f.tag>>3 <= 16 {
			return p.wrongWire(b, i, f, "")
		}
	}
	return nil
}

func (p *Packer) scanStatus(b []byte, s *span) error {
	var f field
	for i := 0; i < len(b); {
		n := next(b, i, &f)
		if n < 0 {
			return p.fault(b, i, n, "status")
		}
		switch f.tag {
		case 2<<3 | wireBytes:
			s.message = b[f.lo:f.hi]
		case 3<<3 | wireVarint:
			s.status = f.num
		default:
			if num := f.tag >> 3; num == 2 || num == 3 {
				return p.wrongWire(b, i, &f, "status")
			}
		}
		i = n
	}
	return nil
}

// badIDs: without these a span belongs nowhere.
func (s *span) badIDs() bool {
	return len(s.trace) != 16 || len(s.id) != 8 || felt.TraceID(s.trace).IsZero() || felt.SpanID(s.id).IsZero() ||
		len(s.parent) != 0 && len(s.parent) != 8
}

// span packs one span.
func (p *Packer) span(b []byte) error {
	var s span
	if err := p.scanSpan(b, &s); err != nil {
		return err
	}
	if s.badIDs() {
		return p.reject(&p.rep.BadIDs)
	}
	if s.start == 0 || s.end == 0 {
		return p.reject(&p.rep.ZeroTimes)
	}
	if p.beyond(&s.start) || p.beyond(&s.end) {
		return p.reject(&p.rep.BeyondTimes)
	}
	trace := felt.TraceID(s.trace)
	pt := &p.events[partition(trace, len(p.events))]
	if err := p.enter(pt); err != nil {
		return err
	}
	server := s.kind == uint64(felt.SpanServer) || s.kind == uint64(felt.SpanConsumer)
	if err := p.attrs(pt, p.kvs, &p.attr, server); err != nil {
		return err
	}
	if p.denied(&p.attr) {
		p.rep.RejectedSpans++
		return nil
	}
	if err := p.derive(pt, &p.attr, p.attr.agent, len(s.parent) == 0); err != nil {
		return err
	}
	if s.end < s.start {
		s.end = s.start
		p.rep.ReversedTimes++
	}
	start, end := felt.Instant(s.start), felt.Instant(s.end)
	shift := p.skew(p.attr.sentAt)
	start, end, late := p.correct(plus(start, shift), plus(end, shift))
	if late {
		return p.reject(&p.rep.Late)
	}
	if shift != 0 {
		p.rep.Skewed++
	}
	if err := p.writeSpan(pt, &s, &trace, start, end); err != nil {
		return err
	}
	p.rep.Spans++
	pt.count++
	p.newest = max(p.newest, end)
	return nil
}

// reject counts a span that is not taken, and why.
func (p *Packer) reject(why *int64) error {
	*why++
	p.rep.RejectedSpans++
	return nil
}

// lastTime is in the year 2116. Later times are a mistake, and too near to where
// arithmetic with them would overflow.
const lastTime = math.MaxInt64 / 2

// badTime: not set, or of no use.
func badTime(t uint64) bool { return t == 0 || t > lastTime }

// beyond reports a time that cannot be taken. In a wall log that is none: the future is
// corrected, so that it need only fit.
func (p *Packer) beyond(t *uint64) bool {
	if *t > lastTime && p.opt.Clock == felt.ClockWall {
		*t = min(*t, math.MaxInt64)
		return false
	}
	return *t > lastTime
}

// plus moves a time; what would be after the last possible one is that one.
func plus(t, shift felt.Instant) felt.Instant {
	if shift > 0 && t > math.MaxInt64-shift {
		return math.MaxInt64
	}
	return t + shift
}

// partition spreads traces over partitions; the same way for ever.
func partition(t [16]byte, n int) int {
	if n == 1 {
		return 0
	}
	h := fold(binary.LittleEndian.Uint64(t[:8])^0xa0761d6478bd642f, binary.LittleEndian.Uint64(t[8:])^0xe7037ed1a0b428db)
	return int(h>>33) % n
}

// networkBound is what a request may take from the sender to the door before the two
// clocks are taken to differ.
const networkBound = felt.Second

// futureBound is how far after its arrival an event may lie.
const futureBound = 5 * felt.Second

// skew is by how much the sender's clock is behind the door's, by the event's own
// felt.sent_at or its resource's.
func (p *Packer) skew(sentAt felt.Instant) felt.Instant {
	if sentAt == 0 {
		sentAt = p.res.sentAt
	}
	if sentAt == 0 || p.opt.Clock != felt.ClockWall {
		return 0
	}
	d := p.now - sentAt
	if d >= -networkBound && d <= networkBound {
		return 0
	}
	return d
}

// correct clamps the future, and reports what is too late.
func (p *Packer) correct(start, end felt.Instant) (s, e felt.Instant, late bool) {
	if p.opt.Clock != felt.ClockWall {
		return start, end, false
	}
	if p.opt.LateMax > 0 && end < p.now-p.opt.LateMax {
		return start, end, true
	}
	if most := p.now + futureBound; end > most {
		end = most
		start = min(start, most)
		p.rep.ClampedFuture++
	}
	return start, end, false
}
