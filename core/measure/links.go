package measure

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// linkAgain is after how long a link is written again although nothing has changed here:
// another partition may have seen the same installation with somebody else meanwhile.
const linkAgain = felt.Hour

const linkBytes = 250 // of a known link, slack included

// links knows which links were written, so that each is written when it changes, not
// with every interaction.
type links struct {
	limit int
	known map[linkKey]link
	order []linkKey // as they became known; the first ones go when there is no room
	gone  int       // of order: those that went already
}

// linkKey is a weaker identity; an installation is asked for each of its sessions, because all
// of a session comes to the same partition, but not all of an installation.
type linkKey struct {
	env           string
	level         felt.IdentityLevel
	from, session felt.Hash
}

type link struct {
	to           felt.Hash
	since, wrote felt.Instant // start of the newest interaction that says so, and of the one written
}

func newLinks(s felt.Settings) *links {
	l := &links{known: map[linkKey]link{}}
	l.settings(s)
	return l
}

func (l *links) settings(s felt.Settings) { l.limit = max(s.KnownLinks/max(s.Partitions, 1), 1) }

// learn appends the links that a row tells and that are new.
func (l *links) learn(out []felt.Link, r *felt.Interaction) []felt.Link {
	if r.IdentityLevel != felt.LevelUser && r.IdentityLevel != felt.LevelPseudonym {
		return out
	}
	if !r.Session.IsZero() {
		out = l.see(out, linkKey{r.Env, felt.LevelSession, r.Session, felt.Hash{}}, r)
	}
	if !r.Installation.IsZero() {
		out = l.see(out, linkKey{r.Env, felt.LevelInstallation, r.Installation, r.Session}, r)
	}
	return out
}

func (l *links) see(out []felt.Link, k linkKey, r *felt.Interaction) []felt.Link {
	have, ok := l.known[k]
	switch {
	case !ok:
		l.order = append(l.order, k)
	case r.Start <= have.since:
		return out // what is known is newer
	case have.to == r.Customer && r.Start-have.wrote < linkAgain:
		have.since = r.Start
		l.known[k] = have
		return out
	}
	l.known[k] = link{r.Customer, r.Start, r.Start}
	for len(l.known) > l.limit {
		delete(l.known, l.order[l.gone])
		l.gone++
	}
	if l.gone > len(l.order)/2 {
		l.order, l.gone = append([]linkKey(nil), l.order[l.gone:]...), 0
	}
	return append(out, felt.Link{Env: k.env, FromLevel: k.level, From: k.from, To: r.Customer, ToLevel: r.IdentityLevel, Since: r.Start})
}

func (l *links) save(e *codec.Encoder) {
	e.Len(len(l.order) - l.gone)
	for _, k := range l.order[l.gone:] {
		v := l.known[k]
		e.String(k.env)
		e.Uint(uint64(k.level))
		e.Fixed(k.from[:])
		e.Hash(k.session)
		e.Fixed(v.to[:])
		e.Int(int64(v.since))
		e.Int(int64(v.since - v.wrote))
	}
}

func (l *links) load(d *codec.Decoder) {
	for n := d.Len(40); n > 0 && d.Err() == nil; n-- {
		k := linkKey{env: d.String(), level: felt.IdentityLevel(d.UintMax(uint64(felt.LevelSession)))}
		copy(k.from[:], d.Fixed(16))
		k.session = d.Hash()
		var v link
		copy(v.to[:], d.Fixed(16))
		v.since = felt.Instant(d.Int())
		v.wrote = v.since - felt.Instant(d.Int())
		if _, twice := l.known[k]; twice {
			d.Fail("link twice")
			return
		}
		l.known[k] = v
		l.order = append(l.order, k)
	}
}
