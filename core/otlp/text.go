package otlp

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/felt-cx/felt"
)

// text returns the index of what is kept of a text. A text that is in the dictionary
// as it stands has been checked and cleaned before, so that the work is done once for
// each distinct text of a block.
func (p *Packer) text(pt *part, raw []byte, act action, max int) (Text, error) {
	if len(raw) == 0 {
		return 0, nil
	}
	if act != actKeep {
		return p.cleanedText(pt, raw, act, max)
	}
	if len(raw) <= max {
		h := pt.dict.hash(raw)
		if t, ok := pt.dict.find(raw, h); ok {
			return t, nil
		}
		return p.newText(pt, raw, h, max)
	}
	return p.longText(pt, raw, act, max)
}

func (p *Packer) newText(pt *part, raw []byte, h uint64, max int) (Text, error) {
	if !utf8.Valid(raw) {
		return 0, p.bad(raw, 0, "", "invalid UTF-8")
	}
	if look(raw).clean() { // and not too long: text has seen to that
		return pt.dict.add(raw, h), nil
	}
	out, changed := cleanText(p.scratch[:0], raw, actKeep, max)
	p.scratch = out[:0]
	if !changed {
		return pt.dict.add(raw, h), nil
	}
	p.rep.RedactedValues++
	return pt.dict.clean(out), nil
}

func (p *Packer) longText(pt *part, raw []byte, act action, max int) (Text, error) {
	if !utf8.Valid(raw) {
		return 0, p.bad(raw, 0, "", "invalid UTF-8")
	}
	p.rep.CutValues++
	out, _ := cleanText(p.scratch[:0], raw, act, max)
	p.scratch = out[:0]
	return pt.dict.clean(out), nil
}

// cleanedText is text for keys with an action of their own.
func (p *Packer) cleanedText(pt *part, raw []byte, act action, max int) (Text, error) {
	switch {
	case act == actURL || act == actName && bytes.IndexByte(raw, '?') >= 0 && isPath(raw):
		n := cutAt(raw)
		if n < len(raw) {
			p.rep.RedactedValues++
			if !utf8.Valid(raw[n:]) {
				return 0, p.bad(raw, n, "", "invalid UTF-8")
			}
		}
		return p.text(pt, raw[:n], actKeep, max)
	case act == actSQL:
		return p.queryText(pt, raw, max)
	}
	return p.text(pt, raw, actKeep, max)
}

func cutAt(b []byte) int {
	n := len(b)
	if i := bytes.IndexByte(b, '?'); i >= 0 {
		n = i
	}
	if i := bytes.IndexByte(b[:n], '#'); i >= 0 {
		n = i
	}
	return n
}

func (p *Packer) queryText(pt *part, raw []byte, max int) (Text, error) {
	if len(raw) > max+maskWindow {
		if !utf8.Valid(raw) {
			return 0, p.bad(raw, 0, "", "invalid UTF-8")
		}
		p.rep.CutValues++
		raw = raw[:runeCut(raw, max+maskWindow)]
	}
	h := p.queries.hash(raw)
	if _, ok := p.queries.find(h); ok {
		return p.text(pt, raw, actKeep, max)
	}
	if !utf8.Valid(raw) {
		return 0, p.bad(raw, 0, "", "invalid UTF-8")
	}
	// The query first, then the addresses: masking first would take quotes away, and so
	// turn the text between two literals into a literal and the literals into text.
	p.query = cleanQuery(p.query[:0], raw)
	if !bytes.Equal(p.query, raw) {
		p.rep.RedactedValues++
		out, _ := cleanText(p.scratch[:0], p.query, actKeep, max)
		p.scratch = out[:0]
		return pt.dict.clean(out), nil
	}
	p.queries.put(h, felt.Hash{})
	return p.text(pt, raw, actKeep, max)
}

// cleanBytes is what is kept of a value of type bytes.
func (p *Packer) cleanBytes(b []byte) []byte {
	out, changed := cleanText(p.scratch[:0], b, actKeep, p.opt.Limits.ValueBytes)
	p.scratch = out[:0]
	if changed {
		p.rep.RedactedValues++
	}
	return out
}

// hash is [Hash], remembered.
func (p *Packer) hash(level int, env, value []byte) felt.Hash {
	k := append(p.idKey[:0], levelName(level)...)
	k = append(k, 0)
	k = append(k, env...)
	k = append(k, 0)
	k = append(k, value...)
	p.idKey = k[:0]
	h := p.people.hash(k)
	if id, ok := p.people.find(h); ok {
		return id
	}
	p.mac.Reset()
	p.mac.Write(k)
	p.scratch = p.mac.Sum(p.scratch[:0])
	id := felt.Hash(p.scratch[:16])
	p.people.put(h, id)
	return id
}

// sentAt reads felt.sent_at: Unix milliseconds as a number or text, or RFC 3339.
// Zero when it is none.
func sentAt(v anyValue) felt.Instant {
	millis := millisOf(v)
	if v.kind == anyString && millis == 0 {
		if t, err := time.Parse(time.RFC3339Nano, string(v.bytes[:min(len(v.bytes), 64)])); err == nil {
			return felt.InstantOf(t)
		}
	}
	return felt.Instant(millis * 1e6)
}

// millisOf reads a moment as milliseconds since 1970; 0 for what is none. Micro- and nanoseconds
// are told by their size: as milliseconds they would lie thousands of years ahead.
func millisOf(v anyValue) float64 {
	const most = 9e15 / 1e3 // later ones do not fit into an Instant
	n := 0.0
	switch v.kind {
	case anyInt:
		n = float64(int64(v.num))
	case anyDouble:
		n = math.Float64frombits(v.num)
	case anyString:
		if f, err := strconv.ParseFloat(string(v.bytes[:min(len(v.bytes), 32)]), 64); err == nil {
			n = f
		}
	}
	switch {
	case n >= 1e17:
		n /= 1e6
	case n >= 1e14:
		n /= 1e3
	}
	if !(n > 0 && n < most) {
		return 0
	}
	return n
}

func appendMillis(dst []byte, millis float64) []byte {
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(millis))
}

// shiftStarted moves when a try began as its record's time was moved.
func (a *attrSet) shiftStarted(by felt.Instant) {
	if a.started == 0 || by == 0 {
		return
	}
	at := a.hot[a.started-1:]
	if was := math.Float64frombits(binary.LittleEndian.Uint64(at)); was > 0 {
		binary.LittleEndian.PutUint64(at, math.Float64bits(max(was+float64(by)/1e6, 0)))
	}
}

// nested renders an array or map as JSON, without what its keys or texts must not
// tell, and returns its text.
func (p *Packer) nested(pt *part, k *keyInfo, v anyValue) (Text, error) {
	out, err := p.appendJSON(p.rendered[:0], k.act, v, p.opt.Limits.Depth)
	p.rendered = out[:0]
	if err != nil {
		return 0, err
	}
	max := p.opt.Limits.ValueBytes
	if len(out) > max {
		p.rep.CutValues++
		out = out[:runeCut(out, max)]
	}
	return pt.dict.clean(out), nil
}

// jsonRoom is how much longer than a value may be its JSON is made at most: enough to
// see that it is too long, not so much that a large one costs more than its bytes.
const jsonRoom = 64

func (p *Packer) appendJSON(dst []byte, act action, v anyValue, depth int) ([]byte, error) {
	switch v.kind {
	case 0:
		return append(dst, "null"...), nil
	case anyString:
		return p.appendText(dst, act, v.bytes)
	case anyDouble:
		if f := math.Float64frombits(v.num); math.IsNaN(f) || math.IsInf(f, 0) {
			return append(appendNumber(append(dst, '"'), v), '"'), nil
		}
		return appendNumber(dst, v), nil
	case anyInt, anyBool:
		return appendNumber(dst, v), nil
	case anyBytes:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, p.cleanBytes(v.bytes))
		return append(dst, '"'), nil
	}
	if depth <= 0 {
		return dst, p.bad(v.bytes, 0, "attributes.value", "nested too deep: "+strconv.Itoa(p.opt.Limits.Depth)+" levels are the most")
	}
	if v.kind == anyArray {
		return p.appendArray(dst, act, v.bytes, depth-1)
	}
	return p.appendMap(dst, v.bytes, depth-1)
}

func (p *Packer) appendArray(dst []byte, act action, b []byte, depth int) ([]byte, error) {
	dst = append(dst, '[')
	first := len(dst)
	err := p.each(b, func(item []byte) error {
		v, err := p.anyOf(item)
		if err != nil {
			return err
		}
		if len(dst) > p.opt.Limits.ValueBytes+jsonRoom {
			return p.checkNested(v, depth)
		}
		if len(dst) > first {
			dst = append(dst, ',')
		}
		dst, err = p.appendJSON(dst, act, v, depth)
		return err
	})
	return append(dst, ']'), err
}

func (p *Packer) appendMap(dst []byte, b []byte, depth int) ([]byte, error) {
	dst = append(dst, '{')
	first := len(dst)
	err := p.each(b, func(item []byte) error {
		key, val, err := p.splitKV(item)
		if err != nil {
			return err
		}
		v, err := p.anyOf(val)
		if err != nil {
			return err
		}
		if !utf8.Valid(key) {
			return p.bad(key, 0, "attributes.value.key", "invalid UTF-8")
		}
		if len(dst) > p.opt.Limits.ValueBytes+jsonRoom {
			return p.checkNested(v, depth)
		}
		k := p.shapes.nestedKey(key)
		if k.act == actDrop {
			p.rep.RedactedValues++
			return p.checkNested(v, depth)
		}
		if len(dst) > first {
			dst = append(dst, ',')
		}
		dst = appendQuoted(dst, k.name)
		dst = append(dst, ':')
		dst, err = p.appendJSON(dst, k.act, v, depth)
		return err
	})
	return append(dst, '}'), err
}

// each calls f for each item of an ArrayValue or KeyValueList.
func (p *Packer) each(b []byte, f func(item []byte) error) error {
	var fl field
	for i := 0; i < len(b); {
		n := next(b, i, &fl)
		if n < 0 {
			return p.fault(b, i, n, "attributes.value")
		}
		if fl.tag>>3 == 1 {
			if fl.tag&7 != wireBytes {
				return p.wrongWire(b, i, &fl, "attributes.value")
			}
			if err := f(b[fl.lo:fl.hi]); err != nil {
				return err
			}
		}
		i = n
	}
	return nil
}

// checkNested holds what is not kept to the same rules as what is.
func (p *Packer) checkNested(v anyValue, depth int) error {
	if v.kind != anyArray && v.kind != anyKVList {
		return p.checkText(v)
	}
	if depth <= 0 {
		return p.bad(v.bytes, 0, "attributes.value", "nested too deep: "+strconv.Itoa(p.opt.Limits.Depth)+" levels are the most")
	}
	return p.each(v.bytes, func(item []byte) error {
		var err error
		if v.kind == anyKVList {
			var key []byte
			if key, item, err = p.splitKV(item); err != nil {
				return err
			}
			if !utf8.Valid(key) {
				return p.bad(key, 0, "attributes.value.key", "invalid UTF-8")
			}
		}
		inner, err := p.anyOf(item)
		if err != nil {
			return err
		}
		return p.checkNested(inner, depth-1)
	})
}

// appendText renders a text inside an array or map.
func (p *Packer) appendText(dst []byte, act action, b []byte) ([]byte, error) {
	if !utf8.Valid(b) {
		return dst, p.bad(b, 0, "attributes.value", "invalid UTF-8")
	}
	if act == actSQL {
		p.query = cleanQuery(p.query[:0], b[:runeCut(b, p.opt.Limits.ValueBytes+maskWindow)])
		b = p.query
	}
	out, changed := cleanText(p.scratch[:0], b, act, p.opt.Limits.ValueBytes)
	p.scratch = out[:0]
	if changed {
		p.rep.RedactedValues++
	}
	return appendQuoted(dst, out), nil
}

// appendQuoted appends a JSON string.
func appendQuoted(dst, b []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range b {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// appendHash writes a hash: its place in the block when it is there, else the next
// place and the hash.
func (p *Packer) appendHash(dst []byte, pt *part, h felt.Hash) []byte {
	n, old := pt.hashes.index((*[16]byte)(&h), p.salt)
	dst = binary.AppendUvarint(dst, uint64(n))
	if !old {
		dst = append(dst, h[:]...)
	}
	return dst
}

// appendIDs writes the identities of a: their mask and hashes.
func (p *Packer) appendIDs(dst []byte, pt *part, a *attrSet, env []byte) []byte {
	if len(a.env) > 0 {
		env = a.env
	}
	dst = append(dst, a.mask)
	for l := range numLevels {
		if a.mask>>l&1 != 0 {
			dst = p.appendHash(dst, pt, p.hash(l, env, a.ids[l].value))
		}
	}
	return dst
}
