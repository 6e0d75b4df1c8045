package felt

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"
)

// Scope is what a question is about: environment, app and name. An empty App means
// any; an empty Name means all names.
type Scope struct {
	Env, App, Name string
	Kind           InteractionKind // 0: either
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
// "service", "outcome", "reason" and "identity" address the fields of that name;
// every other key is a segment.
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
type Question struct {
	Scope
	Window
	Where   []Condition // all must hold
	Traffic Traffic
	AsOf    Instant // log time for what is still open (undecided or lost); 0 = now
}

// ID is a stable name of the question: 16 hex digits over its canonical text. The
// order of Where does not matter.
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
	return fmt.Sprintf("env=%q app=%q name=%q kind=%s from=%d to=%d where=%v traffic=%s asof=%d",
		q.Env, q.App, q.Name, q.Kind, q.From, q.To, conds, q.Traffic, q.AsOf)
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
	Interval  [2]int64 // of Customers.Failed, 95 %; equal ends when exact
	Identity  Identity
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
}

// Point is one step of a series of one segment value.
type Point struct {
	Start         Instant
	Segment       []Segment // empty when not split
	Counts        Counts
	Customers     Distinct
	Sessions      Distinct
	P50, P95, P99 float64 // duration in nanoseconds; 0 when there is none
}

// OperationStat is one operation of a service in a window.
type OperationStat struct {
	Env, Service, Operation string
	Kind                    SpanKind
	Release                 string
	Count, Errors           int64
	P50, P95, P99           float64 // nanoseconds, from merged sketches (1 % relative error)
}
