package mem

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/felt-cx/felt"
)

// Affected implements [felt.CustomerReader].
func (s *Store) Affected(_ context.Context, q felt.Question, limit int, page string) ([]felt.Affected, string, error) {
	if err := check(q); err != nil {
		return nil, "", err
	}
	if limit < 1 {
		limit = 100
	}
	after, err := affectedPage(page)
	if err != nil {
		return nil, "", err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	q = s.ofOneKind(q)
	if err := s.kept(q); err != nil {
		return nil, "", err
	}
	rows := s.matching(q)
	slices.SortFunc(rows, newestFirst)
	fates := s.fates(q, rows)
	of, again := map[felt.Hash]*felt.Affected{}, s.repeated(q)
	for _, r := range rows {
		if r.who.IsZero() || r.Outcome == felt.OutcomeNone {
			continue
		}
		if of[r.who] == nil {
			of[r.who] = &felt.Affected{Customer: r.who, Fate: fates[r.who]}
		}
		affect(of[r.who], r, again(scopeOf(r.Interaction)))
	}
	list := []felt.Affected{}
	for _, a := range of {
		if a.Failed+a.Degraded > 0 && (after == nil || mostFailures(*a, *after) > 0) {
			list = append(list, *a)
		}
	}
	slices.SortFunc(list, mostFailures)
	if len(list) <= limit {
		return list, "", nil
	}
	end := list[limit-1]
	return list[:limit], fmt.Sprintf("%016x%s", uint64(end.Failed), end.Customer), nil
}

func mostFailures(a, b felt.Affected) int {
	return cmp.Or(cmp.Compare(b.Failed, a.Failed), bytes.Compare(a.Customer[:], b.Customer[:]))
}

// affect adds an interaction to its customer; the newest comes first. Again: others tell its value.
func affect(a *felt.Affected, r hit, again bool) {
	a.Tries++
	if a.Account.IsZero() {
		a.Account = r.Account
	}
	if r.strength != felt.LevelNone && (a.Level == felt.LevelNone || r.strength < a.Level) {
		a.Level = r.strength
	}
	switch r.Outcome {
	case felt.OutcomeFailed:
		a.Failed++
		if a.Currency == "" {
			a.Currency = r.Currency
		}
		if r.Currency != "" && r.Currency == a.Currency && !again {
			a.ValueMinor += r.ValueMinor
		}
	case felt.OutcomeDegraded:
		a.Degraded++
	default:
		return
	}
	if a.First == 0 || r.End < a.First {
		a.First = r.End
	}
	a.Last = max(a.Last, r.End)
}

// affectedPage returns the last customer of the page before.
func affectedPage(page string) (*felt.Affected, error) {
	if page == "" {
		return nil, nil
	}
	raw, err := hex.DecodeString(page)
	if err != nil || len(raw) != 24 {
		return nil, fmt.Errorf("mem: page %q is not one that an earlier answer gave: %w", page, felt.ErrUnanswerable)
	}
	return &felt.Affected{Failed: int64(binary.BigEndian.Uint64(raw)), Customer: felt.Hash(raw[8:])}, nil
}

// Customer implements [felt.CustomerReader].
func (s *Store) Customer(_ context.Context, env string, id felt.Hash, w felt.Window, limit int) (felt.CustomerWay, error) {
	if limit < 1 {
		limit = 100
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	way := felt.CustomerWay{Customer: id}
	for level := felt.LevelSession; level > felt.LevelUser; level-- {
		if to, _, ok := s.leads(env, level, id); ok {
			way.Customer = to
		}
	}
	names := map[felt.Hash]bool{way.Customer: true}
	for key, l := range s.links {
		if to, strength, _ := s.leads(key.env, key.level, key.from); key.env == env && to == way.Customer {
			names[key.from] = true
			if way.Level == felt.LevelNone || strength < way.Level {
				way.Level = strength
			}
			way.Linked = append(way.Linked, l)
		}
	}
	slices.SortFunc(way.Linked, func(a, b felt.Link) int {
		return cmp.Or(cmp.Compare(b.Since, a.Since), cmp.Compare(a.FromLevel, b.FromLevel), bytes.Compare(a.From[:], b.From[:]))
	})
	found := s.customerRows(&way, env, w, limit)
	found = s.wayDays(&way, env, names, w) || found
	found = s.customerBusiness(&way, names, w) || found
	if id.IsZero() || !found && len(way.Linked) == 0 {
		return felt.CustomerWay{}, fmt.Errorf("mem: customer %q in %q: %w", id, env, felt.ErrNotFound)
	}
	return way, nil
}

// customerRows fills in what the customer did, and tells whether any is kept.
func (s *Store) customerRows(way *felt.CustomerWay, env string, w felt.Window, limit int) bool {
	var rows []hit
	found := false
	level := felt.LevelNone
	for i := range s.interactions.rows {
		r := &s.interactions.rows[i]
		if r.Env != env {
			continue
		}
		if r.Customer == way.Customer {
			found = true
			if r.IdentityLevel != felt.LevelNone && (level == felt.LevelNone || r.IdentityLevel < level) {
				level = r.IdentityLevel
			}
		}
		if who, _ := s.who(r); who == way.Customer && ended(r.End, w) {
			rows = append(rows, hit{Interaction: r})
		}
	}
	if len(way.Linked) == 0 {
		way.Level = level
	}
	slices.SortFunc(rows, newestFirst)
	for _, r := range rows {
		if r.Kind != felt.KindJourney {
			way.Counts.Add(r.Outcome, 1)
		}
		if way.Account.IsZero() {
			way.Account = r.Account
		}
		if len(way.Interactions) < limit {
			way.Interactions = append(way.Interactions, *r.Interaction)
		}
	}
	way.More = len(rows) > limit
	return found
}

// wayDays fills in the days, and tells whether any is kept.
func (s *Store) wayDays(way *felt.CustomerWay, env string, names map[felt.Hash]bool, w felt.Window) bool {
	found := false
	for _, d := range s.days.rows {
		if d.Env != env || !names[d.Customer] {
			continue
		}
		found = true
		if d.Day > w.From-felt.Day && d.Day < w.To {
			way.Days = append(way.Days, d)
		}
	}
	slices.SortFunc(way.Days, func(a, b felt.CustomerDay) int {
		return cmp.Or(cmp.Compare(b.Day, a.Day), cmp.Compare(a.Journey, b.Journey), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.App, b.App), bytes.Compare(a.Customer[:], b.Customer[:]))
	})
	return found
}

// customerBusiness fills in events and facts, and tells whether there are any at all.
func (s *Store) customerBusiness(way *felt.CustomerWay, names map[felt.Hash]bool, w felt.Window) bool {
	found := false
	for _, e := range s.business.rows {
		if !names[e.Customer] {
			continue
		}
		found = true
		if ended(e.Time, w) {
			way.Events = append(way.Events, e)
		}
	}
	slices.SortFunc(way.Events, func(a, b felt.BusinessEvent) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(a.ID, b.ID))
	})
	newest := map[string]felt.Fact{}
	for _, f := range s.customers.rows {
		if !names[f.Customer] {
			continue
		}
		found = true
		old, ok := newest[f.Key]
		if f.ValidFrom < w.To && (!ok || newerFact(f, old) > 0) {
			newest[f.Key] = f
		}
	}
	for _, f := range newest {
		way.Facts = append(way.Facts, f)
	}
	slices.SortFunc(way.Facts, func(a, b felt.Fact) int { return cmp.Compare(a.Key, b.Key) })
	return found
}

func newerFact(a, b felt.Fact) int {
	return cmp.Or(cmp.Compare(a.ValidFrom, b.ValidFrom), cmp.Compare(a.Value, b.Value),
		bytes.Compare(a.Customer[:], b.Customer[:]), bytes.Compare(a.Account[:], b.Account[:]))
}

func ended(at felt.Instant, w felt.Window) bool { return at >= w.From && at < w.To }
