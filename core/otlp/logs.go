package otlp

import (
	"cmp"
	"encoding/binary"

	"github.com/felt-cx/felt"
)

// logRecord is a log record as it stands in the request.
type logRecord struct {
	time, observed  uint64
	severity        uint64
	word, name      []byte
	body, trace, id []byte
}

// Logs packs one ExportLogsServiceRequest like Traces does.
func (p *Packer) Logs(body []byte, now felt.Instant) (Report, error) {
	return p.request(signalLogs, body, now)
}

func (p *Packer) scanLog(b []byte, l *logRecord) error {
	p.kvs = p.kvs[:0]
	var f field
	for i := 0; i < len(b); {
		n := next(b, i, &f)
		if n < 0 {
			return p.fault(b, i, n, "")
		}
		switch f.tag {
		case 1<<3 | wire64:
			l.time = f.num
		case 2<<3 | wireVarint:
			l.severity = f.num
		case 3<<3 | wireBytes:
			l.word = b[f.lo:f.hi]
		case 5<<3 | wireBytes:
			l.body = b[f.lo:f.hi]
		case 6<<3 | wireBytes:
			p.kvs = p.attribute(p.kvs, b, &f)
		case 9<<3 | wireBytes:
			l.trace = b[f.lo:f.hi]
		case 10<<3 | wireBytes:
			l.id = b[f.lo:f.hi]
		case 11<<3 | wire64:
			l.observed = f.num
		case 12<<3 | wireBytes:
			l.name = b[f.lo:f.hi]
		case 7<<3 | wireVarint, 8<<3 | wire32:
		default:
			if num := f.tag >> 3; num <= 12 && num != 4 {
				return p.wrongWire(b, i, &f, "")
			}
		}
		i = n
	}
	return nil
}

// logAttrs reads the attributes of a log record, and adds what they say of the customer's browser.
func (p *Packer) logAttrs(pt *part, l *logRecord) error {
	if err := p.attrs(pt, p.kvs, &p.attr, false); err != nil {
		return err
	}
	return p.derive(pt, &p.attr, p.attr.agent, len(l.trace) == 0)
}

// logRecord packs one log record. It needs no ids; wrong ones are left out.
func (p *Packer) logRecord(b []byte) error {
	var l logRecord
	if err := p.scanLog(b, &l); err != nil {
		return err
	}
	p.cleanIDs(&l)
	pt, err := p.logPart(&l)
	if err != nil {
		return err
	}
	if err := p.enter(pt); err != nil {
		return err
	}
	if err := p.logAttrs(pt, &l); err != nil {
		return err
	}
	if p.denied(&p.attr) {
		p.rep.RejectedLogs++
		return nil
	}
	at := p.now
	l.time = cmp.Or(l.time, l.observed)
	if p.beyond(&l.time) {
		p.rep.BeyondTimes++
		p.rep.RejectedLogs++
		return nil
	}
	if l.time != 0 {
		at = felt.Instant(l.time)
	}
	shift := felt.Instant(0)
	if at != p.now {
		shift = p.skew(p.attr.sentAt)
	}
	at, _, late := p.correct(plus(at, shift), plus(at, shift))
	if late {
		p.rep.Late++
		p.rep.RejectedLogs++
		return nil
	}
	if shift != 0 {
		p.rep.Skewed++
	}
	if l.time != 0 && l.time <= lastTime {
		p.attr.shiftStarted(at - felt.Instant(l.time))
	}
	if err := p.writeLog(pt, &l, at); err != nil {
		return err
	}
	p.rep.Logs++
	pt.count++
	p.newest = max(p.newest, at)
	return nil
}

// cleanIDs leaves out ids that are none.
func (p *Packer) cleanIDs(l *logRecord) {
	if len(l.trace) != 0 && (len(l.trace) != 16 || felt.TraceID(l.trace).IsZero()) ||
		len(l.id) != 0 && (len(l.id) != 8 || felt.SpanID(l.id).IsZero()) {
		if !allZero(l.trace) || !allZero(l.id) {
			p.rep.DroppedIDs++
		}
		l.trace, l.id = nil, nil
	}
	if len(l.trace) == 0 {
		l.id = nil
	}
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// logPart is the partition of a record: its trace's, else its session's, else its resource's.
func (p *Packer) logPart(l *logRecord) (*part, error) {
	n := len(p.events)
	if len(l.trace) != 0 {
		return &p.events[partition(felt.TraceID(l.trace), n)], nil
	}
	session := p.res.session
	best := int16(-1)
	for _, r := range p.kvs {
		key, val, err := p.splitKV(p.body[r.lo:r.hi])
		if err != nil {
			return nil, err
		}
		k, ok := p.shapes.keys[string(key)]
		if !ok {
			k = p.shapes.key(key)
		}
		if k == nil || k.role != roleSession || best >= 0 && k.rank >= best {
			continue
		}
		v, err := p.anyOf(val)
		if err != nil {
			return nil, err
		}
		if v.kind == anyString && len(v.bytes) > 0 {
			session, best = v.bytes, k.rank
		}
	}
	if len(session) > 0 {
		return &p.events[partition(p.hash(int(roleSession-roleUser), p.res.env, session), n)], nil
	}
	var id [16]byte
	binary.LittleEndian.PutUint64(id[:], p.res.spread)
	return &p.events[partition(id, n)], nil
}

// writeLog appends the record, whose attributes are in p.attr, to the part.
func (p *Packer) writeLog(pt *part, l *logRecord, at felt.Instant) error {
	name := l.name
	if len(name) == 0 {
		name = p.attr.eventName
	}
	title, err := p.text(pt, name, actKeep, p.opt.Limits.ValueBytes)
	if err != nil {
		return err
	}
	word, err := p.text(pt, l.word, actKeep, p.opt.Limits.ValueBytes)
	if err != nil {
		return err
	}
	v, err := p.anyOf(l.body)
	if err != nil {
		return err
	}
	p.sub.reset()
	typ, err := p.value(pt, &p.sub, &p.plain, v)
	if err != nil {
		return err
	}
	shape := p.shape(pt, p.attr.node)
	extras := p.weigh(pt, nil)

	place := len(pt.items)
	second := byte(clip(l.severity, 24)) | boolByte(extras != 0)*flagExtras
	b, flags := pt.appendLogIDs(append(pt.items, itemLog, second), l, p.salt)
	b = binary.AppendUvarint(b, zigzag(int64(at)-pt.lastTime))
	pt.lastTime = int64(at)
	b = binary.AppendUvarint(b, uint64(title))
	b = binary.AppendUvarint(b, uint64(word))
	b = append(b, byte(typ))
	b = append(b, p.sub.cold...)
	b = binary.AppendUvarint(b, shape)
	if p.attr.mask != 0 {
		flags |= flagIDs
		b = p.appendIDs(b, pt, &p.attr, p.res.env)
	}
	b = append(b, p.attr.hot...)
	if extras != 0 {
		b = p.appendExtras(b, extras)
	}
	b = binary.AppendUvarint(b, uint64(len(p.attr.cold)))
	b = append(b, p.attr.cold...)
	b[place] = flags
	pt.items = b
	return nil
}

func (pt *part) appendLogIDs(b []byte, l *logRecord, salt uint64) ([]byte, byte) {
	flags := byte(itemLog)
	if len(l.trace) == 0 {
		flags |= flagNoTrace
	} else {
		b, flags = pt.appendTrace(b, flags, (*felt.TraceID)(l.trace), salt)
	}
	if len(l.id) == 0 {
		return b, flags | flagParentRef // no span id
	}
	b, old := pt.appendID(b, l.id, salt)
	return b, flags | boolByte(old)*flagIDRef
}

// log reads a log record.
func (r *Reader) log(first byte, ev *Event) bool {
	if r.at >= len(r.block) || r.current < 0 {
		return r.corrupt("a log record without a resource")
	}
	second := r.block[r.at]
	r.at++
	severity := second &^ flagExtras
	if severity > 24 {
		return r.corrupt("bad severity")
	}
	r.fromResource(ev, TypeLog)
	if severity >= byte(SeverityError) {
		ev.Status = StatusError
	}
	if first&flagNoTrace == 0 && !r.readTrace(first, ev) {
		return false
	}
	var ok bool
	if first&flagParentRef == 0 {
		if ev.Span, ok = r.id(first&flagIDRef != 0); !ok {
			return false
		}
	}
	d, ok := r.uvarint()
	if !ok {
		return false
	}
	r.lastTime += unzigzag(d)
	ev.Start, ev.End = felt.Instant(r.lastTime), felt.Instant(r.lastTime)
	if ev.Name, ok = r.text(); !ok {
		return false
	}
	r.event = readEvent{typ: TypeLog, start: ev.Start, severity: Severity(severity)}
	if r.event.word, ok = r.text(); !ok {
		return false
	}
	typ, ok := r.bytes(1)
	if !ok || vtype(typ[0]) > vEmpty {
		return r.corrupt("bad body")
	}
	if r.event.body, ok = r.value(vtype(typ[0])); !ok {
		return false
	}
	if ev.Status == StatusError && r.event.body.Kind == ValueText {
		ev.Fields[FieldStatusMessage] = r.event.body.Text
	}
	return r.readValues(first, second, ev)
}
