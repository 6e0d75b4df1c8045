package otlp

import (
	"encoding/binary"
	"hash/maphash"
	"unicode/utf8"

	"github.com/felt-cx/felt"
)

// resource is the resource at hand.
type resource struct {
	raw     []byte
	hash    uint64
	seq     int
	env     []byte
	sentAt  felt.Instant
	written bool
	page    bool // a browser's own
	denied  bool // its sender may not speak for it
	traffic bool // it says itself what traffic it is of

	namespace, service, environment claim

	session []byte
	spread  uint64 // by which events without a trace are spread over partitions
}

// scope is the instrumentation scope at hand.
type scope struct {
	raw           []byte
	seq           int
	name, version []byte
}

// enterResource reads what of a resource is needed before its events.
func (p *Packer) enterResource(raw []byte) error {
	p.seqs++
	r := resource{raw: raw, seq: p.seqs, hash: maphash.Bytes(p.seed, raw), env: p.defaultEnv}
	p.resKVs = p.resKVs[:0]
	if err := p.collect(raw, 1, &p.resKVs, "resource"); err != nil {
		return err
	}
	envRank := int16(-1)
	for _, kv := range p.resKVs {
		key, val, err := p.splitKV(p.body[kv.lo:kv.hi])
		if err != nil {
			return err
		}
		v, err := p.anyOf(val)
		if err != nil {
			return err
		}
		if !utf8.Valid(key) {
			return p.bad(key, 0, "resource.attributes.key", "invalid UTF-8")
		}
		k := p.shapes.nestedKey(key)
		r.note(k, v)
		switch k.role {
		case roleField + role(FieldEnv):
			if v.kind == anyString && len(v.bytes) > 0 && (envRank < 0 || k.rank < envRank) {
				r.env, envRank = v.bytes[:min(len(v.bytes), p.opt.Limits.ValueBytes)], k.rank
				r.spread ^= spreadText(uint64(k.rank), v.bytes)
			}
		case roleField + role(FieldNamespace), roleField + role(FieldService):
			r.spread ^= spreadText(uint64(k.rank), v.bytes)
		case roleSession:
			if v.kind == anyString {
				r.session = v.bytes
			}
		case roleSentAt:
			r.sentAt = sentAt(v)
		}
	}
	p.judgeSender(&r)
	p.res = r
	return nil
}

// spreadText hashes a text the same way for ever (FNV-1a), unlike the packer's tables.
func spreadText(seed uint64, b []byte) uint64 {
	h := 14695981039346656037 ^ seed
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

func (p *Packer) enterScope(raw []byte) error {
	p.seqs++
	p.scope = scope{raw: raw, seq: p.seqs}
	p.scopeKVs = p.scopeKVs[:0]
	var f field
	for i := 0; i < len(raw); {
		n := next(raw, i, &f)
		if n < 0 {
			return p.fault(raw, i, n, "scope")
		}
		if num := f.tag >> 3; num >= 1 && num <= 3 {
			if f.tag&7 != wireBytes {
				return p.wrongWire(raw, i, &f, "scope")
			}
			switch num {
			case 1:
				p.scope.name = raw[f.lo:f.hi]
			case 2:
				p.scope.version = raw[f.lo:f.hi]
			default:
				p.scopeKVs = p.attribute(p.scopeKVs, raw, &f)
			}
		}
		i = n
	}
	return nil
}

// rng is the place in the body of b[lo:hi], a part of it.
func (p *Packer) rng(b []byte, lo, hi int) rng {
	base := cap(p.body) - cap(b)
	return rng{int32(base + lo), int32(base + hi)}
}

// keep adds a place to a list that is as long as a limit says at most, so that a message
// of a million parts takes no more memory than one of some.
func keep(list []rng, r rng, most int, over *int64) []rng {
	if len(list) >= most {
		*over++
		return list
	}
	return append(list, r)
}

// roledAttributes is how many attributes that mean something are kept over the limit.
const roledAttributes = 256

// attribute notes the place of an attribute, which f is in b. One that means something
// is kept although there are too many: who it was must not depend on the order sent.
func (p *Packer) attribute(list []rng, b []byte, f *field) []rng {
	most := p.opt.Limits.SpanAttributes
	if len(list) >= most && len(list) < most+roledAttributes && f.tag&7 == wireBytes && p.shapes.means(keyOf(b[f.lo:f.hi])) {
		most += roledAttributes
	}
	return keep(list, p.rng(b, f.lo, f.hi), most, &p.rep.DroppedAttributes)
}

// keyOf is the key of a KeyValue; nil when it has none or is damaged.
func keyOf(kv []byte) (key []byte) {
	var f field
	for i := 0; i < len(kv); {
		if i = next(kv, i, &f); i < 0 {
			return nil
		}
		if f.tag == 1<<3|wireBytes {
			key = kv[f.lo:f.hi]
		}
	}
	return key
}

// collect lists the places of a message's attributes, which have the given number.
func (p *Packer) collect(b []byte, num uint32, to *[]rng, last string) error {
	var f field
	for i := 0; i < len(b); {
		n := next(b, i, &f)
		if n < 0 {
			return p.fault(b, i, n, last)
		}
		if f.tag>>3 == num {
			if f.tag&7 != wireBytes {
				return p.wrongWire(b, i, &f, last)
			}
			*to = p.attribute(*to, b, &f)
		}
		i = n
	}
	return nil
}

// enter makes the resource and scope at hand the part's current ones.
func (p *Packer) enter(pt *part) error {
	if pt.resSeq != p.res.seq {
		if err := p.writeResource(pt); err != nil {
			return err
		}
		pt.resSeq = p.res.seq
		pt.scopeSeq = 0
	}
	if pt.scopeSeq != p.scope.seq {
		if err := p.writeScope(pt); err != nil {
			return err
		}
		pt.scopeSeq = p.scope.seq
	}
	return nil
}

func (p *Packer) writeResource(pt *part) error {
	if n, ok := pt.resources[p.res.hash]; ok {
		pt.items = append(pt.items, itemUseResource)
		pt.items = binary.AppendUvarint(pt.items, uint64(n))
		return nil
	}
	saved := p.rep
	if err := p.attrs(pt, p.resKVs, &p.sub, false); err != nil {
		return err
	}
	if err := p.deriveResource(pt, &p.sub); err != nil {
		return err
	}
	if p.res.written {
		p.rep = saved // counted once, not once per partition
	}
	p.res.written = true
	shape := p.shape(pt, p.sub.node)
	flags := byte(0)
	if p.sub.mask != 0 {
		flags = flagIDs
	}
	pt.items = append(pt.items, itemResource|flags)
	if p.sub.mask != 0 {
		pt.items = p.appendIDs(pt.items, pt, &p.sub, p.res.env)
	}
	pt.items = appendValues(pt.items, shape, &p.sub)
	pt.resources[p.res.hash] = uint32(len(pt.resources))
	return nil
}

// appendValues writes a shape and its values.
func appendValues(dst []byte, shape uint64, a *attrSet) []byte {
	dst = binary.AppendUvarint(dst, shape)
	dst = append(dst, a.hot...)
	return append(dst, a.cold...)
}

func (p *Packer) writeScope(pt *part) error {
	name, err := p.text(pt, p.scope.name, actKeep, p.opt.Limits.ValueBytes)
	if err != nil {
		return err
	}
	version, err := p.text(pt, p.scope.version, actKeep, p.opt.Limits.ValueBytes)
	if err != nil {
		return err
	}
	if err := p.attrs(pt, p.scopeKVs, &p.sub, false); err != nil {
		return err
	}
	shape := p.shape(pt, p.sub.node)
	pt.items = append(pt.items, itemScope)
	pt.items = binary.AppendUvarint(pt.items, uint64(name))
	pt.items = binary.AppendUvarint(pt.items, uint64(version))
	pt.items = appendValues(pt.items, shape, &p.sub)
	return nil
}
