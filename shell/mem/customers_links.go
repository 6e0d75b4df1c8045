package mem

import (
	"bytes"
	"cmp"

	"github.com/felt-cx/felt"
)

// link keeps the best link of an identity: to the strongest, then the newest, and of two of
// the same time the greater hash, so that the order of partitions does not matter.
func (s *Store) link(l felt.Link) {
	l.ToLevel = l.Strong()
	if l.From.IsZero() || l.To.IsZero() || l.ToLevel >= l.FromLevel {
		return
	}
	key := linkKey{l.Env, l.FromLevel, l.From}
	old, ok := s.links[key]
	if !ok || cmp.Or(cmp.Compare(old.ToLevel, l.ToLevel), cmp.Compare(l.Since, old.Since), bytes.Compare(l.To[:], old.To[:])) > 0 {
		s.links[key] = l
	}
}

// leads follows the link of an identity, and that of what it leads to.
func (s *Store) leads(env string, level felt.IdentityLevel, h felt.Hash) (felt.Hash, felt.IdentityLevel, bool) {
	l, ok := s.links[linkKey{env, level, h}]
	if !ok {
		return h, level, false
	}
	if next, ok := s.links[linkKey{env, l.ToLevel, l.To}]; ok {
		l = next
	}
	return l.To, l.ToLevel, true
}

// who says whose an interaction is: its own user's; else whom its pseudonym, session or
// installation leads to, the first of them that leads to something stronger; else its own
// customer's.
func (s *Store) who(r *felt.Interaction) (felt.Hash, felt.IdentityLevel) {
	own := r.IdentityLevel
	switch own {
	case felt.LevelUser:
		return r.Customer, own
	case felt.LevelPseudonym:
		if who, level, ok := s.leads(r.Env, felt.LevelPseudonym, r.Customer); ok {
			return who, level
		}
	case felt.LevelNone:
		own = felt.LevelSession + 1
	case felt.LevelInstallation, felt.LevelSession:
	}
	if who, level, ok := s.leads(r.Env, felt.LevelSession, r.Session); ok && level < own {
		return who, level
	}
	if who, level, ok := s.leads(r.Env, felt.LevelInstallation, r.Installation); ok && level < own {
		return who, level
	}
	return r.Customer, r.IdentityLevel
}
