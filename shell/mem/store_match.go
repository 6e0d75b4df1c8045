package mem

import (
	"slices"

	"github.com/felt-cx/felt"
)

// field returns what a condition or a split looks at, and whether the interaction has it.
func field(r *felt.Interaction, key string) (string, bool) {
	switch key {
	case "release":
		return r.Release, r.Release != ""
	case "service":
		return r.Service, r.Service != ""
	case "reason":
		return r.Reason, r.Reason != ""
	case "outcome":
		return r.Outcome.String(), r.Outcome != felt.OutcomeNone
	case "identity":
		return r.IdentityLevel.String(), true
	}
	for _, s := range r.Segments {
		if s.Key == key {
			return s.Value, true
		}
	}
	return "", false
}

func holds(r *felt.Interaction, c felt.Condition) bool {
	value, has := field(r, c.Key)
	equal := has && slices.Contains(c.Values, value)
	if c.Op == felt.OpNotEquals {
		return !equal
	}
	return equal
}

// inScope tells whether a scope is one that the question is about.
func inScope(sc felt.Scope, traffic felt.Traffic, q felt.Question) bool {
	return sc.Env == q.Env && traffic == q.Traffic && (q.App == "" || sc.App == q.App) &&
		(q.Name == "" || sc.Name == q.Name) && (q.Kind == 0 || sc.Kind == q.Kind)
}

func scopeOf(r *felt.Interaction) felt.Scope {
	return felt.Scope{Env: r.Env, App: r.App, Name: r.Name, Kind: r.Kind}
}

// matching returns the interactions that a question is about.
func (s *Store) matching(q felt.Question) []*felt.Interaction {
	var list []*felt.Interaction
	for i := range s.interactions.rows {
		r := &s.interactions.rows[i]
		if r.End < q.From || r.End >= q.To || !inScope(scopeOf(r), r.Traffic, q) {
			continue
		}
		all := true
		for _, c := range q.Where {
			all = all && holds(r, c)
		}
		if all {
			list = append(list, r)
		}
	}
	return list
}

// tally counts interactions and the distinct ones behind them.
type tally struct {
	counts    felt.Counts
	customers population
	sessions  population
	accounts  population
	waited    []int64 // durations of successes, degraded and failed ones
	sampled   bool    // an interaction stands for more than itself
}

// population is who had which outcome.
type population map[felt.Hash]map[felt.Outcome]bool

func (p population) add(h felt.Hash, o felt.Outcome) {
	if h.IsZero() || o == felt.OutcomeNone || o == felt.OutcomeCancelled {
		return
	}
	if p[h] == nil {
		p[h] = map[felt.Outcome]bool{}
	}
	p[h][o] = true
}

func (p population) distinct() felt.Distinct {
	d := felt.Distinct{Total: int64(len(p))}
	for _, had := range p {
		if had[felt.OutcomeFailed] {
			d.Failed++
		}
		if had[felt.OutcomeDegraded] {
			d.Degraded++
		}
	}
	return d
}

func newTally() *tally {
	return &tally{customers: population{}, sessions: population{}, accounts: population{}}
}

func (t *tally) add(r *felt.Interaction) {
	t.counts.Add(r.Outcome, 1)
	t.customers.add(r.Customer, r.Outcome)
	t.sessions.add(r.Session, r.Outcome)
	t.accounts.add(r.Account, r.Outcome)
	if r.Outcome >= felt.OutcomeSuccess && r.Outcome <= felt.OutcomeFailed {
		t.waited = append(t.waited, r.Duration)
	}
	t.sampled = t.sampled || r.Weight > 1
}

// quantile is the least duration that at least percent of all do not exceed; 0 when
// there is none.
func (t *tally) quantile(percent int) float64 {
	if len(t.waited) == 0 {
		return 0
	}
	slices.Sort(t.waited)
	rank := (len(t.waited)*percent + 99) / 100
	return float64(t.waited[rank-1])
}
