package measure

import (
	"cmp"
	"encoding/binary"

	"github.com/felt-cx/felt"
)

// commons lets claims share what they have in common: most of what a claim says has been said by
// thousands before.
type commons struct {
	origins map[origin]*origin
	acts    map[act]*act
	traits  map[string]*traits
	plain   *detail // of a claim that has none
	buf     []byte
	// The parts of the claim that is being made, before they are looked up.
	draft struct {
		origin
		act
		traits
		detail
	}
}

// commonsMax bounds what is kept of each kind for the claims to come. After a flood it is
// gathered anew.
const commonsMax = 1 << 12

func newCommons() *commons {
	return &commons{origins: map[origin]*origin{}, acts: map[act]*act{}, traits: map[string]*traits{}, plain: &detail{}}
}

// begin returns a claim with parts of its own, until finish.
func (m *commons) begin() *claim {
	d := &m.draft
	d.origin, d.act, d.detail = origin{}, act{}, detail{}
	d.traits = traits{d.segments[:0], d.flags[:0]}
	return &claim{origin: &d.origin, act: &d.act, traits: &d.traits, detail: &d.detail}
}

// finish has a claim share its parts. They are not written to any more.
func (m *commons) finish(c *claim) {
	c.origin, c.act = common(m.origins, c.origin), common(m.acts, c.act)
	m.setTraits(c)
	m.setDetail(c, *c.detail)
}

func common[T comparable](have map[T]*T, v *T) *T {
	if p := have[*v]; p != nil {
		return p
	}
	if len(have) >= commonsMax {
		clear(have)
	}
	p := new(T)
	*p = *v
	have[*p] = p
	return p
}

func (m *commons) setTraits(c *claim) {
	b := binary.AppendUvarint(m.buf[:0], uint64(len(c.segments)))
	text := func(t string) { b = append(binary.AppendUvarint(b, uint64(len(t))), t...) }
	for i := range c.segments {
		text(c.segments[i].Key)
		text(c.segments[i].Value)
	}
	for _, t := range c.flags {
		text(t)
	}
	m.buf = b
	p := m.traits[string(b)]
	if p == nil {
		if len(m.traits) >= commonsMax {
			clear(m.traits)
		}
		p = &traits{append([]felt.Segment(nil), c.segments...), append([]string(nil), c.flags...)} // nil for none
		m.traits[string(b)] = p
	}
	c.traits = p
}

// setDetail gives a claim its detail.
func (m *commons) setDetail(c *claim, d detail) {
	if d == (detail{}) {
		c.detail = m.plain
		return
	}
	c.detail = &d
}

// gone is the detail of a record of a page that was hidden, when nothing ends its try: how it
// stood is no error.
func (d *detail) gone() detail {
	return detail{reason: cmp.Or(d.reason, tabClosed), instance: d.instance, retries: d.retries}
}
