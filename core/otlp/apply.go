package otlp

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"github.com/felt-cx/felt"
)

// segmentKeys are the keys of segments that come from fields.
type segmentKeys struct{ platform, region Text }

func (r *Reader) init() {
	for i, s := range splitStatics() {
		r.static = append(r.static, []byte(s))
		switch s {
		case "platform":
			r.keys.platform = Text(i)
		case "region":
			r.keys.region = Text(i)
		}
	}
}

// apply gives an event the values of its hot attributes, which stand at the reader's
// place. explicit is how many of its segments were given as segments.
func (r *Reader) apply(slots []slot, ev *Event, explicit *int) bool {
	r.pending, r.guesses = r.pending[:0], r.guesses[:0]
	flag := -1
	for i := range slots {
		s := &slots[i]
		switch {
		case s.role == roleNone || s.typ == vEmpty:
			if !r.skip(s.typ) {
				return false
			}
		case !wantsText(s.role):
			if !r.number(s, ev) {
				return false
			}
		case s.typ != vText && s.typ != vJSON:
			return r.corrupt("a text of another type")
		default:
			t, ok := r.text()
			if !ok {
				return false
			}
			if t != 0 {
				r.applyText(s, t, ev, explicit, &flag)
			}
		}
	}
	for _, a := range r.pending {
		setDerived(ev, a, *explicit)
	}
	for _, a := range r.guesses {
		if !slices.ContainsFunc(ev.Segments, func(b Attr) bool { return a.Key == b.Key }) {
			ev.Segments = append(ev.Segments, a)
		}
	}
	return true
}

func (r *Reader) applyText(s *slot, t Text, ev *Event, explicit, flag *int) {
	switch s.role {
	case roleTraffic:
		switch string(r.Text(t)) {
		case "bot":
			ev.Traffic = felt.TrafficBot
		case "test", "synthetic":
			ev.Traffic = felt.TrafficTest
		case "customer":
			ev.Traffic = felt.TrafficCustomer
		}
	case roleState:
		ev.stated(r.Text(t))
	case roleResult, roleAction, roleOperation, rolePhase, roleFailure:
		r.vendor.take(s.role, t)
	case roleSegment:
		setExplicit(ev, Attr{s.segment, t}, explicit)
	case roleDerived:
		r.pending = append(r.pending, Attr{s.segment, t})
	case roleGuess:
		r.guesses = append(r.guesses, Attr{s.segment, t})
	case roleFlagKey, roleVariant:
		if *flag < 0 {
			*flag = len(ev.Flags)
			ev.Flags = append(ev.Flags, Attr{})
		}
		if s.role == roleFlagKey {
			ev.Flags[*flag].Key = t
		} else {
			ev.Flags[*flag].Value = t
		}
	default:
		f := Field(s.role - roleField)
		ev.Fields[f] = t
		switch f {
		case FieldPlatform:
			r.pending = append(r.pending, Attr{r.keys.platform, t})
		case FieldRegion:
			r.pending = append(r.pending, Attr{r.keys.region, t})
		}
	}
}

// setExplicit puts a segment among the first ones of ev.Segments, which are explicit.
func setExplicit(ev *Event, a Attr, explicit *int) {
	at := len(ev.Segments)
	for i := range ev.Segments {
		if ev.Segments[i].Key == a.Key {
			at = i
		}
	}
	if at == len(ev.Segments) {
		ev.Segments = append(ev.Segments, a)
	}
	ev.Segments[at] = a
	if at >= *explicit {
		s := ev.Segments
		s[at], s[*explicit] = s[*explicit], s[at]
		*explicit++
	}
}

// setDerived sets a segment unless it was given explicitly.
func setDerived(ev *Event, a Attr, explicit int) {
	for i := range ev.Segments {
		if ev.Segments[i].Key == a.Key {
			if i >= explicit {
				ev.Segments[i] = a
			}
			return
		}
	}
	ev.Segments = append(ev.Segments, a)
}

// number reads a value whose meaning is a number, whatever its type.
func (r *Reader) number(s *slot, ev *Event) bool {
	n, f, isInt, ok := r.numberOf(s.typ)
	if !ok || f != f {
		return r.err == nil
	}
	switch s.role {
	case roleMinor:
		ev.Value = whole(f, n, isInt)
	case roleValue:
		if isInt {
			ev.Value = n
		} else {
			ev.Value = whole(math.Round(f*100), 0, false)
		}
	case roleVisible:
		if f >= 0 && f < 1e12 {
			ev.Visible = int64(f * 1e6)
		}
	case roleStarted:
		if f > 0 && f < 9e12 {
			ev.Started = felt.Instant(f * 1e6)
		}
	case roleRetries:
		ev.Retries = int32(min(max(f, 0), math.MaxInt32))
	case roleHTTP:
		if f >= 100 && f < 1000 {
			ev.HTTPCode = int32(f)
		}
	}
	return true
}

func whole(f float64, n int64, isInt bool) int64 {
	if isInt {
		return n
	}
	return int64(min(max(math.Round(f), -9e18), 9e18))
}

// numberOf reads a value as a number: n when isInt, and f in any case. ok is false
// when it is none, or when the block is cut off (then there is an error).
func (r *Reader) numberOf(t vtype) (n int64, f float64, isInt, ok bool) {
	switch t {
	case vUint, vNegative:
		u, ok := r.uvarint()
		n = int64(u)
		if t == vNegative {
			n = int64(^u)
		}
		return n, float64(n), true, ok
	case vDouble:
		b, ok := r.bytes(8)
		if !ok {
			return 0, 0, false, false
		}
		return 0, math.Float64frombits(binary.LittleEndian.Uint64(b)), false, true
	case vText:
		t, ok := r.text()
		if !ok {
			return 0, 0, false, false
		}
		return parseNumber(r.Text(t))
	}
	r.skip(t)
	return 0, 0, false, false
}

// parseNumber reads a number sent as text.
func parseNumber(b []byte) (n int64, f float64, isInt, ok bool) {
	if len(b) == 0 || len(b) > 32 {
		return 0, 0, false, false
	}
	if n, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		return n, float64(n), true, true
	}
	f, err := strconv.ParseFloat(string(b), 64)
	return 0, f, false, err == nil
}

// span reads a span.
func (r *Reader) span(first byte, ev *Event) bool {
	if r.at >= len(r.block) || r.current < 0 {
		return r.corrupt("a span without a resource")
	}
	second := r.block[r.at]
	r.at++
	r.fromResource(ev, TypeSpan)
	ev.Kind, ev.Status = felt.SpanKind(second&7), Status(second>>3&3)
	if ev.Kind > felt.SpanConsumer || ev.Status > StatusError || second&0x80 != 0 {
		return r.corrupt("bad span")
	}
	if !r.readTrace(first, ev) || !r.readIDs(first, ev) || !r.readTimes(ev) {
		return false
	}
	var ok bool
	if ev.Name, ok = r.text(); !ok {
		return false
	}
	r.event = readEvent{typ: TypeSpan, start: ev.Start, hasTail: second&flagTail != 0}
	return r.readValues(first, second, ev)
}

// fromResource begins an event with what its resource says.
func (r *Reader) fromResource(ev *Event, t EventType) {
	segments, flags := ev.Segments[:0], ev.Flags[:0]
	res := &r.resources[r.current]
	*ev = res.template
	ev.Segments, ev.Flags = append(segments, res.template.Segments...), append(flags, res.template.Flags...)
	ev.Type = t
}

func (r *Reader) readTrace(first byte, ev *Event) bool {
	if first&flagSameTrace == 0 {
		n, ok := r.uvarint()
		if !ok || n > uint64(len(r.traces)) {
			return r.corrupt("a trace that is not there")
		}
		if n == uint64(len(r.traces)) {
			b, ok := r.bytes(16)
			if !ok {
				return false
			}
			r.traces = append(r.traces, felt.TraceID(b))
		}
		r.lastTrace = int(n)
	}
	if r.lastTrace < 0 {
		return r.corrupt("no trace")
	}
	ev.Trace = r.traces[r.lastTrace]
	return true
}

func (r *Reader) readIDs(first byte, ev *Event) bool {
	var ok bool
	if ev.Span, ok = r.id(first&flagIDRef != 0); !ok {
		return false
	}
	if first&flagNoTrace != 0 {
		ev.Parent, ok = r.id(first&flagParentRef != 0)
	}
	return ok
}

// id reads a span id: one that the block has seen, or a new one.
func (r *Reader) id(ref bool) (felt.SpanID, bool) {
	if ref {
		n, ok := r.uvarint()
		if !ok || n == 0 || n > uint64(len(r.ids)) {
			return felt.SpanID{}, r.corrupt("a span id that is not there")
		}
		return r.ids[len(r.ids)-int(n)], true
	}
	b, ok := r.bytes(8)
	if !ok {
		return felt.SpanID{}, false
	}
	r.ids = append(r.ids, felt.SpanID(b))
	return felt.SpanID(b), true
}

func (r *Reader) readTimes(ev *Event) bool {
	d, ok := r.uvarint()
	if !ok {
		return false
	}
	r.lastTime += unzigzag(d)
	n, ok := r.uvarint()
	if !ok {
		return false
	}
	ev.Start = felt.Instant(r.lastTime)
	ev.End = ev.Start + felt.Instant(n)
	if ev.End < ev.Start {
		return r.corrupt("bad times")
	}
	return true
}

// readValues reads what spans and log records have in common: identities, attributes,
// extras; and passes over what only a closer look needs.
func (r *Reader) readValues(first, second byte, ev *Event) bool {
	var ok bool
	if r.event.shape, ok = r.shape(); !ok {
		return false
	}
	if first&flagIDs != 0 && !r.identities(&ev.IDs) {
		return false
	}
	r.event.hot = r.at
	r.vendor = vendorWords{}
	explicit := r.resources[r.current].explicit
	if hot := r.hotSlots(r.event.shape); len(hot) > 0 && !r.apply(hot, ev, &explicit) {
		return false
	}
	if second&flagExtras != 0 && !r.extras(ev) {
		return false
	}
	ev.settleDraw()
	if r.vendor != (vendorWords{}) {
		r.applyVendor(ev)
	}
	n, ok := r.uvarint()
	if !ok || n > uint64(len(r.block)-r.at) {
		return r.corrupt("cut off")
	}
	r.event.cold = r.at
	r.at += int(n)
	r.event.end = r.at
	return true
}

func (r *Reader) extras(ev *Event) bool {
	b, ok := r.bytes(1)
	if !ok || b[0]&^extraAll != 0 {
		return r.corrupt("bad extras")
	}
	mask := b[0]
	if !r.weight(mask, ev) {
		return false
	}
	if mask&extraLink != 0 {
		if b, ok = r.bytes(16); !ok {
			return false
		}
		ev.Link = felt.TraceID(b)
	}
	if mask&extraFlags != 0 && !r.flags(ev) {
		return false
	}
	if mask&extraError != 0 {
		t, ok := r.text()
		if !ok {
			return false
		}
		ev.Fields[FieldErrorType] = t
	}
	if mask&extraMessage != 0 {
		ev.Fields[FieldStatusMessage], ok = r.text()
	}
	return ok
}

func (r *Reader) flags(ev *Event) bool {
	b, ok := r.bytes(1)
	if !ok {
		return false
	}
	for range b[0] {
		var a Attr
		if a.Key, ok = r.text(); !ok {
			return false
		}
		if a.Value, ok = r.text(); !ok {
			return false
		}
		ev.Flags = append(ev.Flags, a)
	}
	return true
}
