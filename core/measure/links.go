package measure

import (
	"bytes"
	"cmp"
	"encoding/binary"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// linkAgain is after how long a link is written again although nothing has changed here:
// another partition may have seen the same installation with somebody else meanwhile.
const linkAgain = felt.Hour

// linkBytes is what a known link takes, with its key.
const linkBytes = 48

// links knows which links were written, so that each is written when it changes, not
// with every interaction.
type links struct {
	limit int
	known fifo[link] // the first ones go when there is no room
}

// linkKey is a weaker identity; an installation is asked for each of its sessions, because all
// of a session comes to the same partition, but not all of an installation. It is known by 64
// bits of hashes that nobody outside can choose.
type linkKey struct {
	env           string
	level         felt.IdentityLevel
	from, session felt.Hash
}

func (k *linkKey) number() uint64 {
	half := binary.LittleEndian.Uint64
	return blend(textSum(k.env), uint64(k.level), half(k.from[:8]), half(k.from[8:]), half(k.session[:8]), half(k.session[8:]))
}

type link struct {
	to           felt.Hash
	level        felt.IdentityLevel // of to
	since, wrote felt.Instant       // start of the newest interaction that says so, and of the one written
}

func newLinks(s felt.Settings) *links {
	l := &links{}
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
		out = l.logsIn(out, r, l.have(&k), now)
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

// have is what is known of a weaker identity; the zero link when nothing is.
func (l *links) have(k *linkKey) link {
	if v := l.known.get(k.number()); v != nil {
		return *v
	}
	return link{}
}

// see takes what was said of one weaker identity: the strongest counts, then the newest. So one
// that is a pseudonym's now and a user's then is the user's, and that is written once.
func (l *links) see(out []felt.Link, k linkKey, now link) []felt.Link {
	number := k.number()
	if have := l.known.get(number); have == nil {
		for l.known.live >= l.limit {
			l.known.pop()
		}
		l.known.push(number, now)
	} else {
		newer := cmp.Or(cmp.Compare(have.level, now.level), cmp.Compare(now.since, have.since), bytes.Compare(now.to[:], have.to[:]))
		switch {
		case newer <= 0:
			return out
		case have.to == now.to && now.since-have.wrote < linkAgain:
			have.since = now.since
			return out
		}
		*have = now
	}
	return append(out, felt.Link{Env: k.env, FromLevel: k.level, From: k.from, To: now.to, ToLevel: now.level, Since: now.since})
}

func (l *links) bytes() int { return l.known.bytes(linkBytes) }

func (l *links) save(e *codec.Encoder) {
	e.Len(l.known.live)
	l.known.each(func(number uint64, v *link) {
		e.Word(number)
		e.Fixed(v.to[:])
		e.Uint(uint64(v.level))
		e.Int(int64(v.since))
		e.Int(int64(v.since - v.wrote))
	})
}

func (l *links) load(d *codec.Decoder) {
	for n := d.Len(27); n > 0 && d.Err() == nil; n-- {
		number := d.Word()
		var v link
		copy(v.to[:], d.Fixed(16))
		v.level = felt.IdentityLevel(d.UintMax(uint64(felt.LevelPseudonym)))
		v.since = felt.Instant(d.Int())
		v.wrote = v.since - felt.Instant(d.Int())
		if number == 0 || l.known.get(number) != nil {
			d.Fail("link twice")
			return
		}
		l.known.push(number, v)
	}
}
