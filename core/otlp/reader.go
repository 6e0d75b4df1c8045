package otlp

import (
	"encoding/binary"
	"fmt"

	"github.com/felt-cx/felt"
)

// Reader reads the blocks of one record after the other:
//
//	r.Reset(rec.Data)
//	for r.NextBlock() {
//		for r.Next(&event) { ... }
//		for r.NextPoint(&point) { ... }
//	}
//	err := r.Err()
//
// The zero Reader is ready for Reset. Not safe for concurrent use. It checks all that it
// reads: bytes that no packer made end in an error, never in a panic, and take no more
// memory than some times their length.
type Reader struct {
	data    []byte // blocks to come
	block   []byte // items of the current block
	at      int
	err     error
	static  [][]byte
	keys    segmentKeys
	pending []Attr // segments from standard attributes, of the event at hand
	guesses []Attr // and those that anything else overrides
	vendor  vendorWords
	kind    byte
	keyID   uint32

	buf    []byte // texts of the block
	texts  []rng  // of the dynamic texts, in buf
	traces []felt.TraceID
	ids    []felt.SpanID
	hashes []felt.Hash

	shapes    []readShape
	slots     []slot // of all shapes
	resources []readResource
	current   int // resource; -1 none
	scope     readScope
	lastTrace int
	lastTime  int64

	event      readEvent
	pointEvent Event
	metric     readMetric
}

// slot is one value of a shape.
type slot struct {
	key     Text
	segment Text
	typ     vtype
	role    role
}

type readShape struct{ first, hot, all int32 }

// readResource is a resource as the events below it see it.
type readResource struct {
	template Event
	explicit int // how many of the template's segments no standard attribute may override
	shape    int32
	values   int // where its values begin
}

type readScope struct {
	name, version Text
	shape         int32
	values        int
}

// readEvent says where the values of the event are that Next returned last.
type readEvent struct {
	typ       EventType
	shape     int32
	hot, cold int
	end       int
	hasTail   bool
	start     felt.Instant
	severity  Severity
	word      Text
	body      Value
}

// Reset starts reading data, which must not change while the reader is used.
func (r *Reader) Reset(data []byte) error {
	if r.static == nil {
		r.init()
	}
	r.data, r.block, r.at, r.err = data, nil, 0, nil
	r.clear()
	return nil
}

func (r *Reader) clear() {
	r.buf, r.texts = nil, r.texts[:0]
	r.traces, r.ids, r.hashes = r.traces[:0], r.ids[:0], r.hashes[:0]
	r.shapes, r.slots, r.resources = r.shapes[:0], r.slots[:0], r.resources[:0]
	r.current, r.lastTrace, r.lastTime = -1, -1, 0
	r.scope = readScope{shape: -1}
	r.event, r.metric = readEvent{shape: -1}, readMetric{bounds: r.metric.bounds[:0]}
}

// Err is the error that ended reading; it wraps [felt.ErrCorrupt].
func (r *Reader) Err() error { return r.err }

// Texts is the number of texts of the block: every Text is below it.
func (r *Reader) Texts() int { return len(r.static) + len(r.texts) }

// Text returns the bytes of a text of the current block, which must not be changed.
// A Text that the block does not have gives nothing.
func (r *Reader) Text(t Text) []byte {
	n := int(t) - len(r.static)
	if n < 0 {
		return r.static[t]
	}
	if n >= len(r.texts) {
		return nil
	}
	return r.buf[r.texts[n].lo:r.texts[n].hi:r.texts[n].hi]
}

// KeyID names the key with which the identities of the current block were hashed.
func (r *Reader) KeyID() uint32 { return r.keyID }

// corrupt ends reading.
func (r *Reader) corrupt(what string) bool {
	if r.err == nil {
		r.err = fmt.Errorf("telemetry block at byte %d: %s: %w", r.at, what, felt.ErrCorrupt)
	}
	r.data, r.at = nil, len(r.block)
	return false
}

// NextBlock goes to the next block; false at the end or on an error. Texts of the
// block before are then gone: indices mean something else in every block.
func (r *Reader) NextBlock() bool {
	r.clear()
	r.block, r.at = nil, 0
	if len(r.data) == 0 || r.err != nil {
		return false
	}
	d := r.data
	if len(d) < fixedHeader {
		return r.corrupt("shorter than its header")
	}
	if d[0] != blockFormat {
		return r.corrupt(fmt.Sprintf("format %d, this build reads format %d", d[0], blockFormat))
	}
	r.kind = d[1]
	n := binary.LittleEndian.Uint32(d[2:])
	if r.kind > blockPoints || n < fixedHeader-6 || uint64(n) > uint64(len(d)-6) {
		return r.corrupt("bad header")
	}
	r.keyID = binary.LittleEndian.Uint32(d[6:])
	block := d[fixedHeader : 6+n]
	r.data = d[6+n:]
	return r.readTexts(block)
}

func (r *Reader) readTexts(b []byte) bool {
	count, at := uvarint(b, 0)
	if at < 0 {
		return r.corrupt("bad dictionary")
	}
	size, at := uvarint(b, at)
	if at < 0 || size > uint64(len(b)-at) || count > size {
		return r.corrupt("bad dictionary")
	}
	r.buf = b[at : at+int(size)]
	r.block, r.at = b[at+int(size):], 0
	i := 0
	for range count {
		n, j := uvarint(r.buf, i)
		if j < 0 || n > uint64(len(r.buf)-j) {
			return r.corrupt("bad dictionary")
		}
		r.texts = append(r.texts, rng{int32(j), int32(j + int(n))})
		i = j + int(n)
	}
	if i != len(r.buf) {
		return r.corrupt("bad dictionary")
	}
	return true
}

// uvarint reads one of the block's numbers; ok is false at its end.
func (r *Reader) uvarint() (uint64, bool) {
	if r.at < len(r.block) && r.block[r.at] < 0x80 {
		r.at++
		return uint64(r.block[r.at-1]), true
	}
	v, i := uvarintSlow(r.block, r.at)
	if i < 0 {
		return 0, r.corrupt("cut off")
	}
	r.at = i
	return v, true
}

// text reads the index of a text.
func (r *Reader) text() (Text, bool) {
	v, ok := r.uvarint()
	if !ok || v >= uint64(r.Texts()) {
		return 0, r.corrupt("a text that is not there")
	}
	return Text(v), true
}

// bytes reads n bytes.
func (r *Reader) bytes(n int) ([]byte, bool) {
	if n < 0 || n > len(r.block)-r.at {
		return nil, r.corrupt("cut off")
	}
	r.at += n
	return r.block[r.at-n : r.at], true
}

// Next reads the block's next span or log record into ev; false at the block's end.
func (r *Reader) Next(ev *Event) bool {
	if r.kind != blockEvents {
		return false
	}
	for r.at < len(r.block) {
		first := r.block[r.at]
		r.at++
		switch first & itemKind {
		case itemSpan:
			return r.span(first, ev)
		case itemLog:
			return r.log(first, ev)
		default:
			if !r.define(first) {
				return false
			}
		}
	}
	return false
}

// define reads an item that events refer to.
func (r *Reader) define(first byte) bool {
	switch first & itemKind {
	case itemShape:
		return r.shapeItem()
	case itemResource:
		return r.resourceItem(first)
	case itemUseResource:
		n, ok := r.uvarint()
		if !ok || n >= uint64(len(r.resources)) {
			return r.corrupt("a resource that is not there")
		}
		r.current = int(n)
		return true
	case itemScope:
		return r.scopeItem()
	}
	return r.corrupt("an item of another kind of block")
}

func (r *Reader) shapeItem() bool {
	hot, ok := r.uvarint()
	if !ok {
		return false
	}
	cold, ok := r.uvarint()
	if !ok || hot > uint64(len(r.block)) || cold > uint64(len(r.block)) {
		return r.corrupt("bad shape")
	}
	sh := readShape{first: int32(len(r.slots)), hot: int32(hot), all: int32(hot + cold)}
	for i := range sh.all {
		var s slot
		if s.key, ok = r.text(); !ok {
			return false
		}
		n := 1
		if i < sh.hot {
			n = 2
		}
		b, ok := r.bytes(n)
		if !ok {
			return false
		}
		s.typ = vtype(b[0])
		if n == 2 {
			s.role = role(b[1])
		}
		if s.typ > vEmpty || !validRole(s.role) {
			return r.corrupt("bad shape")
		}
		if s.role == roleSegment || s.role == roleDerived || s.role == roleGuess {
			if s.segment, ok = r.text(); !ok {
				return false
			}
		}
		r.slots = append(r.slots, s)
	}
	r.shapes = append(r.shapes, sh)
	return true
}

func validRole(x role) bool {
	return x < roleField+role(NumFields) || x >= roleValue && x <= rolesStored
}

// shape reads the number of a shape.
func (r *Reader) shape() (int32, bool) {
	n, ok := r.uvarint()
	if !ok || n >= uint64(len(r.shapes)) {
		return 0, r.corrupt("a shape that is not there")
	}
	return int32(n), true
}

// skip passes over a value.
func (r *Reader) skip(t vtype) bool {
	switch t {
	case vBool:
		_, ok := r.bytes(1)
		return ok
	case vDouble:
		_, ok := r.bytes(8)
		return ok
	case vBytes:
		n, ok := r.uvarint()
		if !ok || n > uint64(len(r.block)) {
			return r.corrupt("cut off")
		}
		_, ok = r.bytes(int(n))
		return ok
	case vEmpty:
		return true
	default:
		_, ok := r.uvarint()
		return ok
	}
}

func (r *Reader) skipSlots(slots []slot) bool {
	for i := range slots {
		if !r.skip(slots[i].typ) {
			return false
		}
	}
	return true
}

func (r *Reader) hotSlots(shape int32) []slot {
	sh := r.shapes[shape]
	return r.slots[sh.first : sh.first+sh.hot]
}

func (r *Reader) coldSlots(shape int32) []slot {
	sh := r.shapes[shape]
	return r.slots[sh.first+sh.hot : sh.first+sh.all]
}

// hash reads the number of a hash, and the hash itself when it is new.
func (r *Reader) hash() (felt.Hash, bool) {
	n, ok := r.uvarint()
	if !ok || n > uint64(len(r.hashes)) {
		return felt.Hash{}, r.corrupt("a hash that is not there")
	}
	if n == uint64(len(r.hashes)) {
		b, ok := r.bytes(16)
		if !ok {
			return felt.Hash{}, false
		}
		r.hashes = append(r.hashes, felt.Hash(b))
	}
	return r.hashes[n], true
}

// identities reads the hashes of an event or resource over those it has already.
func (r *Reader) identities(ids *IDs) bool {
	b, ok := r.bytes(1)
	if !ok || b[0]>>numLevels != 0 {
		return r.corrupt("bad identities")
	}
	mask := b[0]
	for l := range numLevels {
		if mask>>l&1 == 0 {
			continue
		}
		h, ok := r.hash()
		if !ok {
			return false
		}
		switch l {
		case 0:
			ids.User = h
		case 1:
			ids.Pseudonym = h
		case 2:
			ids.Installation = h
		case 3:
			ids.Session = h
		default:
			ids.Account = h
		}
	}
	return true
}

func (r *Reader) resourceItem(first byte) bool {
	n := len(r.resources)
	if n < cap(r.resources) { // keep the slices of an earlier block
		r.resources = r.resources[:n+1]
	} else {
		r.resources = append(r.resources, readResource{})
	}
	res := &r.resources[n]
	keep := res.template
	res.template = Event{Weight: 1, Segments: keep.Segments[:0], Flags: keep.Flags[:0]}
	res.template.Fields[FieldEnv] = 1 // production
	if first&flagIDs != 0 && !r.identities(&res.template.IDs) {
		return false
	}
	var ok bool
	if res.shape, ok = r.shape(); !ok {
		return false
	}
	res.values = r.at
	res.explicit = 0
	if !r.apply(r.hotSlots(res.shape), &res.template, &res.explicit) || !r.skipSlots(r.coldSlots(res.shape)) {
		return false
	}
	res.template.Weight, res.template.Draw = 1, 0 // sampling is decided over events
	r.current = n
	return true
}

func (r *Reader) scopeItem() bool {
	var ok bool
	if r.scope.name, ok = r.text(); !ok {
		return false
	}
	if r.scope.version, ok = r.text(); !ok {
		return false
	}
	if r.scope.shape, ok = r.shape(); !ok {
		return false
	}
	r.scope.values = r.at
	return r.skipSlots(r.hotSlots(r.scope.shape)) && r.skipSlots(r.coldSlots(r.scope.shape))
}
