package otlp

import (
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/felt-cx/felt"
)

// attrSet is what the attributes of one event come to.
type attrSet struct {
	node      int32
	hot, cold []byte // values in order of the shape
	mask      uint8  // which identities there are
	ids       [numLevels]rawID
	sentAt    felt.Instant
	env       []byte
	eventName []byte
	errorType Text
	flagKey   Text
	variant   Text
	state     Text   // a tracestate that stands in an attribute
	agent     []byte // the user agent, as sent
	agentRank int16
	started   int // place in hot of felt.interaction.started_ms, + 1; 0 none
}

// rawID is an identity before it is hashed.
type rawID struct {
	value []byte
	rank  int16
	num   [24]byte // holds value when it was sent as a number
}

func (a *attrSet) reset() {
	a.node, a.mask, a.sentAt = 0, 0, 0
	a.hot, a.cold = a.hot[:0], a.cold[:0]
	a.env, a.eventName, a.agent = nil, nil, nil
	a.errorType, a.flagKey, a.variant, a.state, a.started = 0, 0, 0, 0, 0
}

// any is an AnyValue: kind is the number of its field, 0 when it is empty.
type anyValue struct {
	kind  uint8
	num   uint64
	bytes []byte
}

const (
	anyString = 1
	anyBool   = 2
	anyInt    = 3
	anyDouble = 4
	anyArray  = 5
	anyKVList = 6
	anyBytes  = 7
)

// splitKV takes a KeyValue apart.
func (p *Packer) splitKV(kv []byte) (key, val []byte, err error) {
	// What every SDK writes: key, then value, both shorter than 128 bytes.
	if len(kv) >= 4 && kv[0] == 1<<3|wireBytes && kv[1] < 0x80 {
		k := 2 + int(kv[1])
		if k+2 <= len(kv) && kv[k] == 2<<3|wireBytes && kv[k+1] < 0x80 && k+2+int(kv[k+1]) == len(kv) {
			return kv[2:k], kv[k+2:], nil
		}
	}
	return p.splitKVSlow(kv)
}

func (p *Packer) splitKVSlow(kv []byte) (key, val []byte, err error) {
	var f field
	for i := 0; i < len(kv); {
		n := next(kv, i, &f)
		if n < 0 {
			return nil, nil, p.fault(kv, i, n, "attributes")
		}
		switch f.tag >> 3 {
		case 1, 2:
			if f.tag&7 != wireBytes {
				return nil, nil, p.wrongWire(kv, i, &f, "attributes")
			}
			if f.tag>>3 == 1 {
				key = kv[f.lo:f.hi]
			} else {
				val = kv[f.lo:f.hi]
			}
		}
		i = n
	}
	return key, val, nil
}

// anyOf takes an AnyValue apart.
func (p *Packer) anyOf(b []byte) (v anyValue, err error) {
	if len(b) >= 2 && b[1] < 0x80 {
		switch {
		case b[0] == anyString<<3|wireBytes && int(b[1]) == len(b)-2:
			return anyValue{kind: anyString, bytes: b[2:]}, nil
		case b[0] == anyInt<<3|wireVarint && len(b) == 2, b[0] == anyBool<<3|wireVarint && len(b) == 2:
			return anyValue{kind: b[0] >> 3, num: uint64(b[1])}, nil
		}
	}
	return p.anyOfSlow(b)
}

func (p *Packer) anyOfSlow(b []byte) (v anyValue, err error) {
	var f field
	for i := 0; i < len(b); {
		n := next(b, i, &f)
		if n < 0 {
			return v, p.fault(b, i, n, "attributes.value")
		}
		num := f.tag >> 3
		want := uint32(wireBytes)
		switch num {
		case anyBool, anyInt:
			want = wireVarint
		case anyDouble:
			want = wire64
		case anyString, anyArray, anyKVList, anyBytes:
		default:
			i = n
			continue
		}
		if f.tag&7 != want {
			return v, p.wrongWire(b, i, &f, "attributes.value")
		}
		v = anyValue{kind: uint8(num), num: f.num}
		if want == wireBytes {
			v.bytes = b[f.lo:f.hi]
		}
		i = n
	}
	return v, nil
}

// attrs walks attributes into a.
func (p *Packer) attrs(pt *part, kvs []rng, a *attrSet, server bool) error {
	a.reset()
	body, s := p.body, &p.shapes
	for _, r := range kvs {
		kv := body[r.lo:r.hi]
		e, val := s.expected(a.node, kv)
		if e == nil {
			key, v, err := p.splitKV(kv)
			if err != nil {
				return err
			}
			if e = s.edge(a.node, key); e == nil {
				return p.bad(key, 0, "attributes.key", "invalid UTF-8")
			}
			val = v
		}
		t, err := vText, error(nil)
		if n := len(val); e.plain && n > 2 && n < 0x80 && val[0] == anyString<<3|wireBytes && int(val[1]) == n-2 {
			raw := val[2:]
			h := pt.dict.hash(raw)
			text, ok := pt.dict.find(raw, h)
			if !ok {
				if text, err = p.newText(pt, raw, h, p.opt.Limits.ValueBytes); err != nil {
					return err
				}
			}
			a.cold = appendUvarint(a.cold, uint64(text))
		} else if t, err = p.attr1(pt, a, e.key, val, server); err != nil {
			return err
		}
		if c := e.child[t]; c != 0 {
			a.node = c
		} else {
			a.node = s.child(a.node, e, t)
		}
	}
	return nil
}

// appendUvarint is binary.AppendUvarint for numbers that are nearly always small.
func appendUvarint(b []byte, v uint64) []byte {
	if v < 0x80 {
		return append(b, byte(v))
	}
	if v < 0x4000 {
		return append(b, byte(v)|0x80, byte(v>>7))
	}
	return binary.AppendUvarint(b, v)
}

// expected takes a KeyValue apart if it has the key that came here the last time, and is
// written as every SDK does: key, then value, both shorter than 128 bytes.
func (s *shapes) expected(at int32, kv []byte) (e *edge, val []byte) {
	n := &s.nodes[at]
	if int(n.last) >= len(n.edges) {
		return nil, nil
	}
	e = &n.edges[n.last]
	k := len(e.raw) + 2
	if len(kv) < k+2 || kv[0] != 1<<3|wireBytes || int(kv[1]) != k-2 || k-2 >= 0x80 ||
		kv[k] != 2<<3|wireBytes || int(kv[k+1]) != len(kv)-k-2 || kv[k+1] >= 0x80 || string(kv[2:k]) != e.raw {
		return nil, nil
	}
	return e, kv[k+2:]
}

// attr1 deals with an attribute that is not the common case, a short text.
func (p *Packer) attr1(pt *part, a *attrSet, k *keyInfo, val []byte, server bool) (vtype, error) {
	if k.plain && len(val) >= 2 && val[0] == anyInt<<3|wireVarint && isUint(val[1:]) {
		a.cold = append(a.cold, val[1:]...)
		return vUint, nil
	}
	if n := len(val); k.direct && n > 2 && val[0] == anyString<<3|wireBytes && int(val[1]) == n-2 && n < 0x80 {
		text, err := p.text(pt, val[2:], k.act, p.opt.Limits.ValueBytes)
		if k.hot() {
			a.hot = appendUvarint(a.hot, uint64(text))
		} else {
			a.cold = appendUvarint(a.cold, uint64(text))
		}
		return vText, err
	}
	v, err := p.anyOf(val)
	if err != nil {
		return 0, err
	}
	if k.act == actDrop || k.role > rolesStored || k.act == actPeer && server {
		return p.unstored(pt, a, k, v)
	}
	return p.value(pt, a, k, v)
}

// isUint reports whether b is one varint of a number >= 0, as int64 goes: then it is
// already what a block holds.
func isUint(b []byte) bool {
	if len(b) > 9 {
		return false
	}
	for _, c := range b[:len(b)-1] {
		if c < 0x80 {
			return false
		}
	}
	return b[len(b)-1] < 0x80
}

// value stores a value that is not the common case.
func (p *Packer) value(pt *part, a *attrSet, k *keyInfo, v anyValue) (vtype, error) {
	dst := &a.cold
	if k.hot() {
		dst = &a.hot
		if wantsText(k.role) {
			return p.hotText(pt, a, k, v)
		}
		if k.role == roleStarted {
			a.started = len(a.hot) + 1
			a.hot = appendMillis(a.hot, millisOf(v))
			return vDouble, nil
		}
	}
	switch v.kind {
	case anyString:
		text, err := p.text(pt, v.bytes, k.act, p.opt.Limits.ValueBytes)
		*dst = appendUvarint(*dst, uint64(text))
		return vText, err
	case anyInt:
		if int64(v.num) < 0 {
			*dst = appendUvarint(*dst, ^v.num)
			return vNegative, nil
		}
		*dst = appendUvarint(*dst, v.num)
		return vUint, nil
	case anyBool:
		*dst = append(*dst, boolByte(v.num != 0))
		return vBool, nil
	case anyDouble:
		*dst = binary.LittleEndian.AppendUint64(*dst, v.num)
		return vDouble, nil
	case anyBytes:
		b := p.cleanBytes(v.bytes)
		*dst = appendUvarint(*dst, uint64(len(b)))
		*dst = append(*dst, b...)
		return vBytes, nil
	case anyArray, anyKVList:
		text, err := p.nested(pt, k, v)
		*dst = appendUvarint(*dst, uint64(text))
		return vJSON, err
	}
	return vEmpty, nil
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// wantsText: the event reads it as text, so that a number is stored as one.
func wantsText(r role) bool {
	return r < roleValue || r == roleTraffic || r >= roleSegment && r != roleStarted
}

func (p *Packer) hotText(pt *part, a *attrSet, k *keyInfo, v anyValue) (vtype, error) {
	max := p.opt.Limits.ValueBytes
	if k.role == roleSegment || k.role == roleDerived || k.role == roleGuess {
		max = min(max, p.opt.Limits.SegmentBytes)
	}
	b := v.bytes
	switch v.kind {
	case anyString:
	case anyInt, anyBool, anyDouble:
		p.number = appendNumber(p.number[:0], v)
		b = p.number
	case anyArray, anyKVList:
		text, err := p.nested(pt, k, v)
		a.hot = appendUvarint(a.hot, uint64(text))
		if k.role == roleState && err == nil {
			a.stateAttr(pt, text)
		}
		return vJSON, err
	default:
		return vEmpty, nil
	}
	text, err := p.text(pt, b, k.act, max)
	if err != nil {
		return vText, err
	}
	a.hot = appendUvarint(a.hot, uint64(text))
	switch k.role {
	case roleField + role(FieldErrorType):
		a.errorType = text
	case roleField + role(FieldEnv):
		a.env = b[:min(len(b), max)]
		if v.kind != anyString {
			a.env = append([]byte(nil), b...)
		}
	case roleState:
		a.stateAttr(pt, text)
	case roleFlagKey:
		a.flagKey = text
	case roleVariant:
		a.variant = text
	}
	return vText, nil
}

func appendNumber(dst []byte, v anyValue) []byte {
	switch v.kind {
	case anyInt:
		return strconv.AppendInt(dst, int64(v.num), 10)
	case anyDouble:
		return strconv.AppendFloat(dst, math.Float64frombits(v.num), 'g', -1, 64)
	}
	return strconv.AppendBool(dst, v.num != 0)
}

// unstored deals with what leaves no value: identities, the sender's clock, and what
// redaction or a limit leaves out. Its text must be UTF-8 all the same.
func (p *Packer) unstored(pt *part, a *attrSet, k *keyInfo, v anyValue) (vtype, error) {
	switch {
	case k.tooLong:
		p.rep.DroppedAttributes++
	case k.role >= roleUser && k.role <= roleAccount:
		p.identity(a, k, v)
		return vNone, p.checkText(v)
	case k.role == roleSentAt:
		if v.kind != 0 {
			a.sentAt = sentAt(v)
		}
		return p.value(pt, a, &p.plain, v)
	case k.role == roleAgent && k.act != actDrop:
		if v.kind == anyString && (len(a.agent) == 0 || k.rank < a.agentRank) {
			a.agent, a.agentRank = v.bytes, k.rank
		}
		return p.value(pt, a, &p.plain, v)
	case k.role == roleEventName && k.act != actDrop:
		if v.kind == anyString {
			a.eventName = v.bytes
		}
		return p.value(pt, a, &p.plain, v)
	default:
		p.rep.RedactedValues++
	}
	return vNone, p.checkText(v)
}

func (p *Packer) checkText(v anyValue) error {
	if v.kind == anyString && !utf8.Valid(v.bytes) {
		return p.bad(v.bytes, 0, "attributes.value", "invalid UTF-8")
	}
	return nil
}

func (p *Packer) identity(a *attrSet, k *keyInfo, v anyValue) {
	level := int(k.role - roleUser)
	id := &a.ids[level]
	if a.mask>>level&1 != 0 && id.rank <= k.rank {
		return
	}
	switch v.kind {
	case anyString:
		if len(v.bytes) == 0 {
			return
		}
		id.value = v.bytes
	case anyInt:
		id.value = strconv.AppendInt(id.num[:0], int64(v.num), 10)
	default:
		return
	}
	id.rank = k.rank
	a.mask |= 1 << level
}

// shape returns the block's number for the node at which attributes stopped,
// writing the shape in front of the event when the block has not seen it.
func (p *Packer) shape(pt *part, at int32) uint64 {
	if int(at) >= len(pt.shapeOf) {
		pt.shapeOf = append(pt.shapeOf, make([]uint32, len(p.shapes.nodes)-len(pt.shapeOf))...)
	}
	if n := pt.shapeOf[at]; n != 0 {
		return uint64(n - 1)
	}
	var hot int
	p.entries, hot = p.shapes.entries(p.entries, at)
	pt.items = p.shapes.appendShape(pt.items, &pt.dict, p.entries, hot)
	pt.shapeNodes = append(pt.shapeNodes, at)
	pt.shapeOf[at] = uint32(len(pt.shapeNodes))
	return uint64(len(pt.shapeNodes) - 1)
}
