package mem

import (
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/estimate"
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
	if sc.Env != q.Env || traffic != q.Traffic {
		return false
	}
	return named(sc, q.Scope) || slices.ContainsFunc(q.Also, func(of felt.Scope) bool { return named(sc, of) })
}

// named tells whether a scope is, but for its environment, one that another one names.
func named(sc, of felt.Scope) bool {
	return (of.App == "" || sc.App == of.App) && (of.Name == "" || sc.Name == of.Name) && (of.Kind == 0 || sc.Kind == of.Kind)
}

func scopeOf(r *felt.Interaction) felt.Scope {
	return felt.Scope{Env: r.Env, App: r.App, Name: r.Name, Kind: r.Kind}
}

// hit is an interaction in scope, and whose it is after links.
type hit struct {
	*felt.Interaction
	who      felt.Hash
	strength felt.IdentityLevel
}

// decided tells whether it is one of those that rates and customers are counted from.
func (h hit) decided() bool {
	return h.Outcome >= felt.OutcomeSuccess && h.Outcome <= felt.OutcomeAbandoned
}

// matching returns the interactions that a question is about.
func (s *Store) matching(q felt.Question) []hit {
	var list []hit
	gaps := q.Gaps()
	for i := range s.interactions.rows {
		r := &s.interactions.rows[i]
		if r.End < q.From || r.End >= q.To || slices.ContainsFunc(gaps, func(w felt.Window) bool { return ended(r.End, w) }) || !inScope(scopeOf(r), r.Traffic, q) {
			continue
		}
		all := true
		for _, c := range q.Where {
			all = all && holds(r, c)
		}
		if all {
			who, strength := s.who(r)
			list = append(list, hit{r, who, strength})
		}
	}
	return list
}

// ofOneKind settles the kind of a question that leaves it open, for what sums over scopes:
// see [felt.Scope].
func (s *Store) ofOneKind(q felt.Question) felt.Question {
	settle := func(of felt.Scope) felt.Scope {
		if of.Kind != 0 {
			return of
		}
		of.Env = q.Env
		step, journey := felt.Question{Scope: of, Traffic: q.Traffic}, felt.Question{Scope: of, Traffic: q.Traffic}
		step.Kind, journey.Kind = felt.KindStep, felt.KindJourney
		if of.Name != "" && !s.known(step) && s.known(journey) {
			return journey.Scope
		}
		return step.Scope
	}
	also := q.Also
	q.Scope, q.Also = settle(q.Scope), nil
	for _, of := range also {
		q.Also = append(q.Also, settle(of))
	}
	return q
}

// repeated tells of which scopes the tries are told by others: those of a journey, where steps of its
// app are in scope as well. See [felt.Question].
func (s *Store) repeated(q felt.Question) func(felt.Scope) bool {
	if len(q.Also) == 0 { // of one kind
		return func(felt.Scope) bool { return false }
	}
	apps := map[string]bool{}
	for key := range s.last {
		if key.Kind == felt.KindStep && inScope(key.Scope, key.traffic, q) {
			apps[key.App] = true
		}
	}
	return func(sc felt.Scope) bool { return sc.Kind == felt.KindJourney && apps[sc.App] }
}

// tries are the interactions from which tries are summed.
func (s *Store) tries(q felt.Question) []hit {
	again := s.repeated(q)
	return slices.DeleteFunc(s.matching(q), func(h hit) bool { return again(scopeOf(h.Interaction)) })
}

// known tells whether anything that the question is about was ever seen.
func (s *Store) known(q felt.Question) bool {
	for key := range s.last {
		if inScope(key.Scope, key.traffic, q) {
			return true
		}
	}
	return false
}

// tally counts interactions and the distinct ones behind them.
type tally struct {
	counts    felt.Counts
	customers population
	sessions  population
	accounts  population
	waited    []int64 // durations of successes, degraded and failed ones
	weights   estimate.Weights
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

func (t *tally) add(r hit) {
	t.counts.Add(r.Outcome, 1)
	t.weights.Add(r.Outcome, r.Weight, 1)
	t.addWho(r)
	if r.Outcome >= felt.OutcomeSuccess && r.Outcome <= felt.OutcomeFailed {
		t.waited = append(t.waited, r.Duration)
	}
}

// addWho adds whose it was.
func (t *tally) addWho(r hit) {
	t.customers.add(r.who, r.Outcome)
	t.sessions.add(r.Session, r.Outcome)
	t.accounts.add(r.Account, r.Outcome)
}

// quantile is the least duration that at least percent of all do not exceed; 0 when
// there is none.
func (t *tally) quantile(percent int) float64 { return quantile(t.waited, percent) }

func quantile(took []int64, percent int) float64 {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	rank := (len(took)*percent + 99) / 100
	return float64(took[rank-1])
}
