package felt

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Scope is what a question is about: environment, app and name. An empty App means
// any; an empty Name means all names.
//
// A journey and its steps are the same customers counted twice, so what sums over scopes
// never mixes them. Where Kind is 0, it sums the steps; but when no step has the Name, the
// journey of that name. What lists (ScopeStats, Interactions) lists both kinds.
type Scope struct {
	Env, App, Name string
	Kind           InteractionKind // 0: see above
}

// Window is a half-open range of event time [From, To).
type Window struct {
	From, To Instant
}

// Op compares a segment or field with values.
type Op uint8

// The operators of a condition.
const (
	OpEquals Op = iota + 1
	OpNotEquals
	OpIn
)

// String is the operator as written in a question.
func (o Op) String() string {
	switch o {
	case OpEquals:
		return "="
	case OpNotEquals:
		return "!="
	case OpIn:
		return " in "
	}
	return "?"
}

// Condition narrows a question to interactions whose segment Key compares so. An
// interaction without the key matches only [OpNotEquals]. The keys "release",
// "service", "outcome", "reason" and "identity" address the fields of that name (identity
// as it was sent, before links); every other key is a segment.
type Condition struct {
	Key    string
	Op     Op
	Values []string // one, but for [OpIn]
}

// String is the condition as written in a question.
func (c Condition) String() string {
	if c.Op == OpIn {
		return c.Key + " in (" + strings.Join(c.Values, ",") + ")"
	}
	return c.Key + c.Op.String() + strings.Join(c.Values, ",")
}

// Question is a value: the same question always has the same ID, so that an answer in
// a sent report can be asked again.
//
// It may be about several scopes: the answer is about their union, in which an interaction
// that several of them name is one. Each scope settles an open Kind for itself.
//
//   - Who is distinct over all of them: a customer (session, account) who came in three scopes is
//     one. So are those of [Impact] and the list of [Affected].
//   - Tries are not told twice. Every interaction of a journey repeats what its steps did, so
//     what sums tries leaves the journeys of an app out when steps of that app are in scope:
//     Counts and Adjusted of Impact, ValueMinor of Affected, and all of Points, Leaves and
//     Objective, customers too. Tries, Failed and Degraded of Affected and what lists or
//     tells of each scope (Interactions, ScopeStats, ScopePoints) keep them.
//   - What came of a failure is judged by the scope in which it was: the same thing succeeded later.
//
// A funnel is about one journey: of several names it is [ErrUnanswerable]. So is every question about
// more than one environment.
type Question struct {
	Scope
	Also []Scope // further scopes, each of the environment of Scope; Env may be left out
	Window
	Except  []Window    // of the window, what is left out: nothing that ended in it counts
	Where   []Condition // all must hold
	Traffic Traffic
	AsOf    Instant // log time for what is still open (undecided or lost); 0 = now
}

// Scopes are all that the question is about, each once, in order of env, app, name and kind.
func (q Question) Scopes() []Scope {
	list := []Scope{q.Scope}
	for _, s := range q.Also {
		s.Env = cmp.Or(s.Env, q.Env)
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Scope) int {
		return cmp.Or(cmp.Compare(a.Env, b.Env), cmp.Compare(a.App, b.App), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
	})
	return slices.Compact(list)
}

// Journeys is the question about journeys only, whatever the kind of its scopes.
func (q Question) Journeys() Question {
	q.Kind, q.Also = KindJourney, slices.Clone(q.Also)
	for i := range q.Also {
		q.Also[i].Kind = KindJourney
	}
	return q
}

// Gaps are the parts of the window that are left out: in order of time, apart from one another, none empty.
func (q Question) Gaps() []Window {
	var list []Window
	for _, w := range q.Except {
		if w.From, w.To = max(w.From, q.From), min(w.To, q.To); w.From < w.To {
			list = append(list, w)
		}
	}
	slices.SortFunc(list, func(a, b Window) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	var gaps []Window
	for _, w := range list {
		if n := len(gaps); n > 0 && w.From <= gaps[n-1].To {
			gaps[n-1].To = max(gaps[n-1].To, w.To)
		} else {
			gaps = append(gaps, w)
		}
	}
	return gaps
}

// Windows are the parts of the window that the question is about, in order of time.
func (q Question) Windows() []Window {
	var list []Window
	from := q.From
	for _, g := range q.Gaps() {
		if g.From > from {
			list = append(list, Window{from, g.From})
		}
		from = g.To
	}
	if from < q.To {
		list = append(list, Window{from, q.To})
	}
	return list
}

// Check refuses what no store answers: an operator that is none, and scopes of several
// environments. The error is [ErrUnanswerable].
func (q Question) Check() error {
	for _, c := range q.Where {
		if c.Op < OpEquals || c.Op > OpIn {
			return fmt.Errorf("condition on %q has operator %d, which is none: use =, != or in: %w", c.Key, c.Op, ErrUnanswerable)
		}
	}
	for _, s := range q.Also {
		if s.Env != "" && s.Env != q.Env {
			return fmt.Errorf("scopes of environments %q and %q: ask about one environment: %w", q.Env, s.Env, ErrUnanswerable)
		}
	}
	return nil
}

// ID is a stable name of the question: 16 hex digits over its canonical text. The
// order of Where does not matter, nor that of scopes.
func (q Question) ID() string {
	sum := sha256.Sum256([]byte(q.String()))
	return hex.EncodeToString(sum[:8])
}

// String is the canonical text of the question.
func (q Question) String() string {
	conds := make([]string, len(q.Where))
	for i, c := range q.Where {
		conds[i] = fmt.Sprintf("%q%s%q", c.Key, c.Op, c.Values)
	}
	sort.Strings(conds)
	var about strings.Builder
	for i, s := range q.Scopes() {
		if i > 0 {
			about.WriteString("and ")
		}
		fmt.Fprintf(&about, "env=%q app=%q name=%q kind=%s ", s.Env, s.App, s.Name, s.Kind)
	}
	text := fmt.Sprintf("%sfrom=%d to=%d where=%v traffic=%s asof=%d", about.String(), q.From, q.To, conds, q.Traffic, q.AsOf)
	for _, g := range q.Gaps() {
		text += fmt.Sprintf(" but=%d-%d", g.From, g.To)
	}
	return text
}

// Distinct counts distinct members of a population: customers, sessions or accounts.
type Distinct struct {
	Total    int64 `json:"total"`
	Failed   int64 `json:"failed"`   // with at least one failed interaction
	Degraded int64 `json:"degraded"` // with at least one degraded interaction
}

// Method says how a number of customers was found.
type Method string

// The methods of an [Impact].
const (
	MethodExact      Method = "exact"
	MethodEstimate   Method = "estimate"
	MethodLowerBound Method = "lower_bound"
)

// Impact is the unique user impact of a scope: distinct customers, not attempts.
type Impact struct {
	Customers Distinct
	// Of Customers.Failed, judged from each customer's last failure in the scope:
	Recovered int64 // the same thing succeeded within the recovery window
	Lost      int64 // the window passed without
	Undecided int64 // still open
	Sessions  Distinct
	Accounts  Distinct
	Counts    Counts // interactions
	Method    Method
	// Interval of Customers.Failed, 95 %; equal ends when exact. Sketches cannot follow
	// links: an estimate counts identities, as many as customers or more, and the lower end
	// leaves room for every link of the environment to join two of them. A lower bound has its
	// upper end from Estimated.
	Interval [2]int64
	Identity Identity // after links
	// Sampled: some interactions in scope stand for more than one, because telemetry was
	// sampled before it came here. Customers then is what was seen, a lower bound
	// ([MethodLowerBound]); Estimated says how many there were, from the draws in which customers
	// were seen (see [Interaction]; zero when those seen were counted by sketches, which know no
	// draws), and Adjusted how many interactions, indexed by Outcome. All three are
	// zero when nothing was sampled.
	Sampled   bool
	Estimated EstimatedDistinct
	Adjusted  [Outcomes]float64
}

// EstimatedDistinct estimates distinct customers of sampled input.
type EstimatedDistinct struct {
	Total, Failed, Degraded EstimatedCount
}

// EstimatedCount is an estimate with its 95 % interval.
type EstimatedCount struct {
	Estimate, Low, High int64
}

// Affected is one customer hit in a scope.
type Affected struct {
	Customer         Hash
	Level            IdentityLevel
	Account          Hash
	Failed, Degraded int64
	Tries            int64   // all interactions in scope that have an outcome
	First, Last      Instant // ends of those that failed or were degraded
	Fate             Fate    // of the last failure
	ValueMinor       int64   // of the failed ones in Currency
	Currency         string  // of the newest failed one that has one
}

// Fate says what came of a customer's last failure.
type Fate uint8

// The fates of a failure.
const (
	FateNone      Fate = iota // did not fail
	FateRecovered             // the same thing succeeded within the recovery window
	FateLost                  // the window passed without
	FateUndecided             // it is still open
)

// String is the word used in answers; "" for none.
func (f Fate) String() string {
	switch f {
	case FateRecovered:
		return "recovered"
	case FateLost:
		return "lost"
	case FateUndecided:
		return "undecided"
	case FateNone:
	}
	return ""
}

// CustomerWay is what one customer did.
type CustomerWay struct {
	Customer     Hash // after links
	Level        IdentityLevel
	Account      Hash
	Linked       []Link          // what leads to this customer, newest first
	Counts       Counts          // interactions in the window of every kind of traffic, without journeys
	Interactions []Interaction   // steps and journeys, newest first
	More         bool            // there are further ones in the window
	Days         []CustomerDay   // that the window touches, newest first
	Events       []BusinessEvent // in the window, newest first
	Facts        []Fact          // the newest of each key as of the window's end, by key
}

// Funnel is how customers get through the steps of a journey. Every number counts journeys as
// they were seen, whatever their weight.
type Funnel struct {
	Steps     []FunnelStep // in order of the newest journey in the window; then, by name, those that it no longer has
	Counts    Counts       // of journeys; Open are still under way and in no rate
	Customers Distinct
	Abandoned [4]int64 // journeys, indexed by [AbandonedHow]
	// Sampled: some of the journeys stand for more than one, because telemetry was sampled before
	// it came here; every number above then is at least so. Adjusted says how many journeys there
	// were, indexed by Outcome; zero when nothing was sampled.
	Sampled  bool
	Adjusted [Outcomes]float64
}

// FunnelStep is one step of a funnel.
type FunnelStep struct {
	Name      string
	Entered   int64 // journeys in which it was tried
	Completed int64 // of them, success or degraded
	// With says for each step before this one (Steps[i] at i) how many journeys completed both.
	// It is never more than Completed of either.
	With     []int64
	Outcomes Counts // of the journeys in which it was tried, by the step's outcome
	// Quantiles of the time from the step's first try to its completion, in nanoseconds: the
	// least that at least that share does not exceed. 0 when none was completed.
	P50, P90, P99 float64
}

// Identity counts the customers of an answer by the level on which they are known.
type Identity struct {
	User         int64 `json:"user"`
	Pseudonym    int64 `json:"pseudonym"`
	Installation int64 `json:"installation"`
	Session      int64 `json:"session"`
}

// ScopeStat is one line of the list of journeys: what happened to one name in a window.
type ScopeStat struct {
	Scope
	Counts    Counts
	Customers Distinct
	Sessions  Distinct
	Last      Instant // end of its newest interaction, also outside the window; 0 never
	Sampled   bool    // some stand for more than one (see [Impact]): all numbers are at least so
}

// ScopePoint is one step of one scope.
type ScopePoint struct {
	Scope
	Start  Instant
	Counts Counts
}

// Point is one step of a series of one segment value.
type Point struct {
	Start         Instant
	Segment       []Segment // empty when not split
	Counts        Counts
	Customers     Distinct
	Sessions      Distinct
	P50, P95, P99 float64 // duration in nanoseconds; 0 when there is none
	Sampled       bool    // some stand for more than one (see [Impact]): all numbers are at least so
}

// OperationStat is one operation of a service in a window.
type OperationStat struct {
	Env, Service, Operation string
	Kind                    SpanKind
	Release                 string
	Count, Errors           int64
	P50, P95, P99           float64 // nanoseconds, from merged sketches (1 % relative error)
}

// OperationPoint is one operation of one release in one step.
type OperationPoint struct {
	Env, Service, Operation string
	Kind                    SpanKind
	Release                 string
	Start                   Instant
	Count, Errors           int64
	SelfTime                int64   // nanoseconds not spent in child spans, summed
	P50, P95                float64 // nanoseconds, from merged sketches (1 % relative error); 0 not known
}

// EdgePoint is one edge of the call graph in one step.
type EdgePoint struct {
	Env            string
	Caller, Callee string
	Peer           string // address or system named by the caller
	ThirdParty     bool   // the callee sent no span of its own
	Start          Instant
	Count, Errors  int64
	P50, P95       float64 // nanoseconds; 0 not known
}

// LeavesMax is how many leaves an answer has at most, unless the question says less.
const LeavesMax = 20_000

// LeafQuestion asks how tries fared by all by which they can be told apart at once.
type LeafQuestion struct {
	Question
	Slower int64 // nanoseconds: tries that reached their goal, but took longer, are [Leaf.Slow]; 0 none
	Limit  int   // leaves; [LeavesMax] when below 1 or above
}

// Leaf sums the tries that have all of these in common.
type Leaf struct {
	Service, Release string   // of the span that decided
	Flags            []string // key=variant, sorted
	Segments         []Segment
	Counts           Counts
	Slow             int64
	Failed, Degraded int64   // distinct customers, as they were sent: not through links
	First            Instant // the earliest end of a try
	Rest             bool    // what is over the limit, whatever it is
}

// SignalLine is one signal or KPI of a journey in a window.
type SignalLine struct {
	Last  SignalPoint  // the newest value up to the window's end, also from before the window
	Steps []SignalStep // in order of start; those without a value are left out
}

// SignalStep is what a signal was in one step.
type SignalStep struct {
	Start          Instant
	Mean, Min, Max float64 // of its values; a mean of quantiles is not a quantile of the whole
	N              int64   // values
}
