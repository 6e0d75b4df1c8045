package otlp

import (
	"encoding/binary"
	"math"

	"github.com/felt-cx/felt"
)

// writeSpan appends the span, whose attributes are in p.attr, to the part.
func (p *Packer) writeSpan(pt *part, s *span, trace *felt.TraceID, start, end felt.Instant) error {
	name, err := p.text(pt, s.name, actName, p.opt.Limits.ValueBytes)
	if err != nil {
		return err
	}
	extras, err := p.spanExtras(pt, s)
	if err != nil {
		return err
	}
	shape := p.shape(pt, p.attr.node)

	b := pt.items
	at := len(b)
	second := byte(clip(s.kind, 5)) | byte(clip(s.status, 2))<<3
	second |= boolByte(extras != 0)*flagExtras | boolByte(len(p.tail) > 0)*flagTail
	b = append(b, itemSpan, second)
	flags := byte(itemSpan)
	b, flags = pt.appendTrace(b, flags, trace, p.salt)
	b, flags = pt.appendSpanIDs(b, flags, s, p.salt)
	b = binary.AppendUvarint(b, zigzag(int64(start)-pt.lastTime))
	pt.lastTime = int64(start)
	b = binary.AppendUvarint(b, uint64(end-start))
	b = binary.AppendUvarint(b, uint64(name))
	b = binary.AppendUvarint(b, shape)
	if p.attr.mask != 0 {
		flags |= flagIDs
		b = p.appendIDs(b, pt, &p.attr, p.res.env)
	}
	b = append(b, p.attr.hot...)
	if extras != 0 {
		b = p.appendExtras(b, extras)
	}
	b = binary.AppendUvarint(b, uint64(len(p.attr.cold)+len(p.tail)))
	b = append(b, p.attr.cold...)
	b = append(b, p.tail...)
	b[at] = flags
	pt.items = b
	return nil
}

// clip is v, or 0 when it is not one of the known values.
func clip(v, most uint64) uint64 {
	if v > most {
		return 0
	}
	return v
}

// appendTrace writes the trace: nothing when it is that of the event before, else its
// place in the block, and the id when it is new.
func (pt *part) appendTrace(b []byte, flags byte, trace *felt.TraceID, salt uint64) ([]byte, byte) {
	if pt.lastTrace >= 0 && pt.traces.list[pt.lastTrace] == *trace {
		return b, flags | flagSameTrace
	}
	n, old := pt.traces.index((*[16]byte)(trace), salt)
	pt.lastTrace = n
	b = binary.AppendUvarint(b, uint64(n))
	if !old {
		b = append(b, trace[:]...)
	}
	return b, flags
}

// appendSpanIDs writes the ids of the span and its parent: 8 bytes the first time a
// block sees one, else how many ids ago that was.
func (pt *part) appendSpanIDs(b []byte, flags byte, s *span, salt uint64) ([]byte, byte) {
	b, old := pt.appendID(b, s.id, salt)
	if old {
		flags |= flagIDRef
	}
	if len(s.parent) == 8 && felt.SpanID(s.parent) != (felt.SpanID{}) {
		flags |= flagNoTrace // for spans: has a parent
		if b, old = pt.appendID(b, s.parent, salt); old {
			flags |= flagParentRef
		}
	}
	return b, flags
}

func (pt *part) appendID(b, id []byte, salt uint64) ([]byte, bool) {
	n, old := pt.ids.index(binary.LittleEndian.Uint64(id), salt)
	if old {
		return binary.AppendUvarint(b, uint64(len(pt.ids.list)-n)), true
	}
	return append(b, id...), false
}

// extraValues are what few spans have, and what a span's sub-messages bring up to it.
type extraValues struct {
	flags     [8]Attr
	nflags    int
	errorType Text
	weight    float64
	draw      uint64
	link      felt.TraceID
	message   Text
}

// spanExtras finds what few spans have, and packs events, links and tracestate into
// p.tail. It returns which extras there are.
func (p *Packer) spanExtras(pt *part, s *span) (extras byte, err error) {
	p.tail = p.tail[:0]
	x := &p.extra
	if len(s.message) > 0 {
		if x.message, err = p.text(pt, s.message, actKeep, p.opt.Limits.ValueBytes); err != nil {
			return 0, err
		}
		extras = extraMessage
	}
	extras |= p.weigh(pt, s.state)
	if len(p.subs) == 0 && len(p.links) == 0 && len(s.state) == 0 {
		return extras, nil
	}
	x.nflags, x.errorType, x.link = 0, 0, felt.TraceID{}
	if err = p.packTail(pt, s); err != nil {
		return 0, err
	}
	if !x.link.IsZero() {
		extras |= extraLink
	}
	if x.nflags > 0 {
		extras |= extraFlags
	}
	if x.errorType != 0 && p.attr.errorType == 0 {
		extras |= extraError
	}
	return extras, nil
}

// packTail packs events, links and tracestate into p.tail.
func (p *Packer) packTail(pt *part, s *span) error {
	p.tail = binary.AppendUvarint(p.tail, uint64(len(p.subs)))
	for _, r := range p.subs {
		if err := p.spanEvent(pt, p.body[r.lo:r.hi], felt.Instant(s.start)); err != nil {
			return err
		}
	}
	at := len(p.tail)
	p.tail = append(p.tail, 0) // the number of links: bad ones are left out
	for _, r := range p.links {
		ok, id, err := p.spanLink(pt, p.body[r.lo:r.hi])
		if err != nil {
			return err
		}
		if ok {
			p.tail[at]++
			if p.extra.link.IsZero() {
				p.extra.link = id
			}
		}
	}
	state, err := p.text(pt, s.state, actKeep, p.opt.Limits.ValueBytes)
	p.tail = binary.AppendUvarint(p.tail, uint64(state))
	return err
}

func (p *Packer) appendExtras(b []byte, extras byte) []byte {
	x := &p.extra
	b = append(b, extras)
	if extras&extraWeight != 0 {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x.weight))
	}
	if extras&extraDraw != 0 {
		b = binary.LittleEndian.AppendUint64(b, x.draw)
	}
	if extras&extraLink != 0 {
		b = append(b, x.link[:]...)
	}
	if extras&extraFlags != 0 {
		b = append(b, byte(x.nflags))
		for _, f := range x.flags[:x.nflags] {
			b = binary.AppendUvarint(b, uint64(f.Key))
			b = binary.AppendUvarint(b, uint64(f.Value))
		}
	}
	if extras&extraError != 0 {
		b = binary.AppendUvarint(b, uint64(x.errorType))
	}
	if extras&extraMessage != 0 {
		b = binary.AppendUvarint(b, uint64(x.message))
	}
	return b
}

// spanEvent packs one event of a span: time after the span's start, name, attributes.
func (p *Packer) spanEvent(pt *part, b []byte, start felt.Instant) error {
	var name []byte
	var at uint64
	p.nested2 = p.nested2[:0]
	var f field
	for i := 0; i < len(b); {
		n := next(b, i, &f)
		if n < 0 {
			return p.fault(b, i, n, "events")
		}
		switch f.tag {
		case 1<<3 | wire64:
			at = f.num
		case 2<<3 | wireBytes:
			name = b[f.lo:f.hi]
		case 3<<3 | wireBytes:
			p.nested2 = p.attribute(p.nested2, b, &f)
		default:
			if f.tag>>3 <= 3 {
				return p.wrongWire(b, i, &f, "events")
			}
		}
		i = n
	}
	text, err := p.text(pt, name, actKeep, p.opt.Limits.ValueBytes)
	if err != nil {
		return err
	}
	if err := p.attrs(pt, p.nested2, &p.sub, false); err != nil {
		return err
	}
	if p.sub.errorType != 0 && p.extra.errorType == 0 {
		p.extra.errorType = p.sub.errorType
	}
	if p.sub.flagKey != 0 && p.extra.nflags < len(p.extra.flags) {
		p.extra.flags[p.extra.nflags] = Attr{p.sub.flagKey, p.sub.variant}
		p.extra.nflags++
	}
	after := int64(0)
	if !badTime(at) {
		after = int64(at) - int64(start)
	}
	shape := p.shape(pt, p.sub.node)
	p.tail = binary.AppendUvarint(p.tail, zigzag(after))
	p.tail = binary.AppendUvarint(p.tail, uint64(text))
	p.tail = appendValues(p.tail, shape, &p.sub)
	return nil
}

// spanLink packs one link; false when its ids are bad, which is no reason to lose the span.
func (p *Packer) spanLink(pt *part, b []byte) (bool, felt.TraceID, error) {
	var trace, id, state []byte
	p.nested2 = p.nested2[:0]
	var f field
	for i := 0; i < len(b); {
		n := next(b, i, &f)
		if n < 0 {
			return false, felt.TraceID{}, p.fault(b, i, n, "links")
		}
		switch f.tag {
		case 1<<3 | wireBytes:
			trace = b[f.lo:f.hi]
		case 2<<3 | wireBytes:
			id = b[f.lo:f.hi]
		case 3<<3 | wireBytes:
			state = b[f.lo:f.hi]
		case 4<<3 | wireBytes:
			p.nested2 = p.attribute(p.nested2, b, &f)
		case 5<<3 | wireVarint, 6<<3 | wire32:
		default:
			if f.tag>>3 <= 6 {
				return false, felt.TraceID{}, p.wrongWire(b, i, &f, "links")
			}
		}
		i = n
	}
	if len(trace) != 16 || len(id) != 8 || felt.TraceID(trace).IsZero() {
		p.rep.DroppedEvents++
		return false, felt.TraceID{}, nil
	}
	text, err := p.text(pt, state, actKeep, p.opt.Limits.ValueBytes)
	if err != nil {
		return false, felt.TraceID{}, err
	}
	if err := p.attrs(pt, p.nested2, &p.sub, false); err != nil {
		return false, felt.TraceID{}, err
	}
	shape := p.shape(pt, p.sub.node)
	p.tail = append(p.tail, trace...)
	p.tail = append(p.tail, id...)
	p.tail = binary.AppendUvarint(p.tail, uint64(text))
	p.tail = appendValues(p.tail, shape, &p.sub)
	return true, felt.TraceID(trace), nil
}
