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
	return sc.Env == q.Env && traffic == q.Traffic && (q.App == "" || sc.App == q.App) &&
		(q.Name == "" || sc.Name == q.Name) && (q.Kind == 0 || sc.Kind == q.Kind)
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
			who, strength := s.who(r)
			list = append(list, hit{r, who, strength})
		}
	}
	return list
}

// ofOneKind settles the kind of a question that leaves it open, for what sums over scopes:
// see [felt.Scope].
func (s *Store) ofOneKind(q felt.Question) felt.Question {
	if q.Kind != 0 {
		return q
	}
	step, journey := q, q
	step.Kind, journey.Kind = felt.KindStep, felt.KindJourney
	if q.Name != "" && !s.known(step) && s.known(journey) {
		return journey
	}
	return step
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
	t.customers.add(r.who, r.Outcome)
	t.sessions.add(r.Session, r.Outcome)
	t.accounts.add(r.Account, r.Outcome)
	if r.Outcome >= felt.OutcomeSuccess && r.Outcome <= felt.OutcomeFailed {
		t.waited = append(t.waited, r.Duration)
	}
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
