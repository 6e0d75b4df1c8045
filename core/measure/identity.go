package measure

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// identity derives the interaction's id from what makes it one: environment, trace,
// name and key. A log record without a trace has its session, else its customer, in
// place of the trace, and without a key it has its time: each is then one of its own.
func (c *claim) identity() felt.InteractionID {
	var buf [256]byte
	b := buf[:0]
	part := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	part(c.env)
	if !c.trace.IsZero() {
		part(string(c.trace[:]))
	} else {
		who := c.ids.Session
		if who.IsZero() {
			who, _ = customerOf(&c.ids)
		}
		part("log" + string(who[:]))
		if c.key == "" {
			b = binary.BigEndian.AppendUint64(b, uint64(c.end))
		}
	}
	part(c.name)
	part(c.key)
	sum := sha256.Sum256(b)
	var id felt.InteractionID
	copy(id[:], sum[:])
	return id
}

// customerOf climbs the identity ladder: the strongest identity there is.
func customerOf(ids *otlp.IDs) (felt.Hash, felt.IdentityLevel) {
	switch {
	case !ids.User.IsZero():
		return ids.User, felt.LevelUser
	case !ids.Pseudonym.IsZero():
		return ids.Pseudonym, felt.LevelPseudonym
	case !ids.Installation.IsZero():
		return ids.Installation, felt.LevelInstallation
	case !ids.Session.IsZero():
		return ids.Session, felt.LevelSession
	}
	return felt.Hash{}, felt.LevelNone
}

// fillIDs takes from o what ids lack.
func fillIDs(ids, o *otlp.IDs) {
	fill := func(dst, src *felt.Hash) {
		if dst.IsZero() {
			*dst = *src
		}
	}
	fill(&ids.User, &o.User)
	fill(&ids.Pseudonym, &o.Pseudonym)
	fill(&ids.Installation, &o.Installation)
	fill(&ids.Session, &o.Session)
	fill(&ids.Account, &o.Account)
}

// fillSegments takes from o the keys that segs lack. Both are sorted by key.
func fillSegments(segs, o []felt.Segment) []felt.Segment {
	n := len(segs)
	for _, s := range o {
		if !slices.ContainsFunc(segs[:n], func(have felt.Segment) bool { return have.Key == s.Key }) {
			segs = append(segs, s)
		}
	}
	if len(segs) > n {
		segs = tidySegments(segs)
	}
	return segs
}

// known collects the identities that the spans of a trace carry, so that an
// interaction whose own span names nobody can still be somebody's. Of several values the
// one on the smallest span id stands.
type known struct {
	env  symbol
	ids  otlp.IDs
	from [5]felt.SpanID
	next *known // of another environment: hashes differ between environments
}

func (n *known) levels() [5]*felt.Hash {
	return [5]*felt.Hash{&n.ids.User, &n.ids.Pseudonym, &n.ids.Installation, &n.ids.Session, &n.ids.Account}
}

// learn takes the identities of one span.
func (n *known) learn(ids *otlp.IDs, span felt.SpanID) {
	theirs := [5]*felt.Hash{&ids.User, &ids.Pseudonym, &ids.Installation, &ids.Session, &ids.Account}
	for i, mine := range n.levels() {
		if theirs[i].IsZero() {
			continue
		}
		if mine.IsZero() || binary.BigEndian.Uint64(span[:]) < binary.BigEndian.Uint64(n.from[i][:]) {
			*mine, n.from[i] = *theirs[i], span
		}
	}
}
