package measure

import (
	"bytes"
	"cmp"

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
	level        felt.IdentityLevel // of to
	since, wrote felt.Instant       // start of the newest interaction that says so, and of the one written
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
	now := link{to: r.Customer, level: r.IdentityLevel, since: r.Start, wrote: r.Start}
	if !r.Session.IsZero() {
		k := linkKey{r.Env, felt.LevelSession, r.Session, felt.Hash{}}
		out = l.logsIn(out, r, l.known[k], now)
		out = l.see(out, k, now)
	}
	if !r.Installation.IsZero() {
		out = l.see(out, linkKey{r.Env, felt.LevelInstallation, r.Installation, r.Session}, now)
	}
	return out
}

// logsIn links a pseudonym to the user of the same session, whichever came first.
func (l *links) logsIn(out []felt.Link, r *felt.Interaction, have, now link) []felt.Link {
	user, pseudonym := now, have
	if have.level == felt.LevelUser {
		user, pseudonym = have, now
	}
	if user.level != felt.LevelUser || pseudonym.level != felt.LevelPseudonym {
		return out
	}
	user.since, user.wrote = now.since, now.since
	return l.see(out, linkKey{r.Env, felt.LevelPseudonym, pseudonym.to, r.Session}, user)
}

// see takes what was said of one weaker identity: the strongest counts, then the newest.
func (l *links) see(out []felt.Link, k linkKey, now link) []felt.Link {
	have, ok := l.known[k]
	newer := cmp.Or(cmp.Compare(have.level, now.level), cmp.Compare(now.since, have.since), bytes.Compare(now.to[:], have.to[:]))
	switch {
	case !ok:
		l.order = append(l.order, k)
	case newer <= 0:
		return out
	case have.to == now.to && now.since-have.wrote < linkAgain:
		have.since = now.since
		l.known[k] = have
		return out
	}
	l.known[k] = now
	for len(l.known) > l.limit {
		delete(l.known, l.order[l.gone])
		l.gone++
	}
	if l.gone > len(l.order)/2 {
		l.order, l.gone = append([]linkKey(nil), l.order[l.gone:]...), 0
	}
	return append(out, felt.Link{Env: k.env, FromLevel: k.level, From: k.from, To: now.to, ToLevel: now.level, Since: now.since})
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
		e.Uint(uint64(v.level))
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
		v.level = felt.IdentityLevel(d.UintMax(uint64(felt.LevelPseudonym)))
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
