package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/core/slo"
)

type objectivesInput struct {
	Of      string `query:"of" required:"true" maxLength:"512" doc:"A journey: NAME or APP/NAME" example:"checkout"`
	Env     string `query:"env" doc:"Environment" default:"production" maxLength:"256"`
	To      string `query:"to" doc:"RFC 3339, or Unix seconds or milliseconds: the moment at which every window ends; default now"`
	Traffic string `query:"traffic" enum:"customer,test,bot" default:"customer"`
}

type objectivesOutput struct {
	Body struct {
		Stamp
		Objectives []objectiveAnswer `json:"objectives" doc:"Worst budget first; empty when the journey has none"`
		Mend       string            `json:"mend,omitempty" doc:"When there are none: what to write"`
	}
}

// The states of an objective.
const (
	objectiveOK      = "ok"
	objectiveBurning = "burning"
	objectiveSpent   = "spent"
	objectiveUnknown = "unknown"
)

type objectiveAnswer struct {
	objectiveView
	State    string       `json:"state" enum:"ok,burning,spent,unknown" doc:"spent: the budget is overdrawn; burning: a burn rate has reached its factor; unknown is never good"`
	Sentence string       `json:"sentence" doc:"The state with its numbers"`
	Bad      int64        `json:"bad" doc:"In the objective's window"`
	N        int64        `json:"n" doc:"Of so many tries or customers, as count says"`
	Share    *float64     `json:"good_share" doc:"Share that was good; null when n is 0"`
	Budget   *budgetView  `json:"budget" doc:"null when nothing is known"`
	Burn     []burnView   `json:"burn"`
	Sampled  bool         `json:"sampled" doc:"Telemetry was sampled before it came here: shares hold, numbers are at least so"`
	Unknown  string       `json:"unknown,omitempty" doc:"Why nothing is known"`
	Method   string       `json:"method" enum:"exact,buckets" doc:"buckets: the window is longer than interactions are kept; who left after a failure is not among the bad ones then"`
	left     float64      // what answers are ordered by
	asked    felt.Instant // the window's start
}

type budgetView struct {
	Allowed   float64 `json:"allowed" doc:"How many of n may be bad"`
	Left      float64 `json:"left" doc:"Share of the budget that is left; below 0 when overdrawn"`
	CountLeft float64 `json:"count_left" doc:"How many more may be bad: tries or customers, as count says; below 0 when overdrawn"`
	Minutes   float64 `json:"minutes_left" doc:"The same as minutes of a whole outage at the usual volume"`
	KnownMS   float64 `json:"known_ms" doc:"Part of the window that rests on data, since the first try"`
}

type burnView struct {
	Window string   `json:"window" enum:"1h,6h,3d"`
	Rate   *float64 `json:"rate" doc:"Share of bad ones over the share allowed: at 1 the budget is used up when the window ends; null when nobody tried"`
	Factor float64  `json:"factor" doc:"At which it speaks"`
	Bad    int64    `json:"bad"`
	N      int64    `json:"n"`
}

// objectives tells what is left of a journey's error budgets, and how fast they burn.
func (a *API) objectives(ctx context.Context, in *objectivesInput) (*objectivesOutput, error) {
	q, asked, err := a.unscoped(ManyInput{WindowInput: WindowInput{Env: in.Env, To: in.To}, Traffic: in.Traffic})
	if err != nil {
		return nil, err
	}
	if q.Scope, err = a.journeyOf(ctx, in.Env, in.Of); err != nil {
		return nil, err
	}
	j := journeyNamed(a.opts.Rules().Set, q.App, q.Name)
	out := &objectivesOutput{}
	out.Body.Objectives = []objectiveAnswer{}
	longest := felt.Hour
	if j != nil {
		for i := range j.Objectives {
			longest = max(longest, objectiveWindow(&j.Objectives[i]))
		}
	}
	q.From = q.To - longest
	a.describe(asked, q, in.Of)
	out.Body.Stamp = a.stamp(asked)
	if j == nil || len(j.Objectives) == 0 {
		out.Body.Mend = fmt.Sprintf("journey %q has no objectives: write some into the inventory, as objectives: [{name: orders, target: 0.995}]", q.Name)
		return out, nil
	}
	for i := range j.Objectives {
		one, err := ask(ctx, a, func(ctx context.Context) (objectiveAnswer, error) { return a.objective(ctx, q, &j.Objectives[i]) })
		if err != nil {
			return nil, err
		}
		out.Body.Objectives = append(out.Body.Objectives, one)
	}
	slices.SortStableFunc(out.Body.Objectives, func(x, y objectiveAnswer) int { return cmp.Compare(x.left, y.left) }) // the unknown last
	return out, nil
}

func objectiveWindow(o *rules.Objective) felt.Instant {
	if o.Window <= 0 {
		return 28 * felt.Day
	}
	return o.Window
}

// tallied is a window of an objective.
type tallied struct {
	bad, n  int64
	first   felt.Instant
	sampled bool
	method  string
}

// tally counts one window that ends with the question's.
func (a *API) tally(ctx context.Context, q felt.Question, o *rules.Objective, span felt.Instant) (tallied, error) {
	q.From = q.To - span
	slower := felt.Instant(0)
	if o.Kind == slo.KindLatency {
		slower = o.Threshold
	}
	c, err := a.opts.Store.Objective(ctx, q, slower)
	if errors.Is(err, felt.ErrUnanswerable) && o.Kind != slo.KindLatency && o.Count != "customers" {
		return a.tallyBuckets(ctx, q, o)
	}
	if err != nil {
		return tallied{}, err
	}
	of := c.Tries
	if o.Count == "customers" {
		of = c.Customers
	}
	t := tallied{first: c.First, sampled: c.Sampled, method: "exact", bad: of.Failed, n: of.Decided}
	switch o.Kind {
	case slo.KindCompletion:
		t.bad = of.Unfinished
	case slo.KindLatency:
		t.bad, t.n = of.Slow, of.Reached
	}
	return t, nil
}

// tallyBuckets sums the counts of a window longer than interactions are kept.
func (a *API) tallyBuckets(ctx context.Context, q felt.Question, o *rules.Objective) (tallied, error) {
	points, err := a.opts.Store.Points(ctx, q, felt.Day, "")
	if err != nil {
		return tallied{}, err
	}
	t := tallied{method: "buckets"}
	for _, p := range points {
		bad, n := slo.Tally(o.Kind, p.Counts, 0)
		t.bad += bad
		t.n += n
		t.sampled = t.sampled || p.Sampled
		if t.first == 0 && n > 0 {
			t.first = p.Start
		}
	}
	return t, nil
}

// objective answers for one. What cannot be counted is unknown, and says why.
func (a *API) objective(ctx context.Context, q felt.Question, o *rules.Objective) (objectiveAnswer, error) {
	window := objectiveWindow(o)
	out := objectiveAnswer{
		objectiveView: objectiveView{o.Name, cmp.Or(o.Kind, slo.KindSuccess), o.Target, millis(window), millis(o.Threshold), cmp.Or(o.Count, "interactions")},
		State:         objectiveUnknown, Burn: []burnView{}, Method: "exact", left: math.Inf(1), asked: q.To - window,
	}
	all, err := a.tally(ctx, q, o, window)
	if errors.Is(err, felt.ErrUnanswerable) {
		out.Unknown = reasonOf(err)
		out.Sentence = "unknown: " + out.Unknown
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Bad, out.N, out.Sampled, out.Method = all.bad, all.n, all.sampled, all.method
	burning := slo.Pair{}
	for _, p := range slo.Pairs() {
		c, err := a.tally(ctx, q, o, p.Long)
		if err != nil {
			return out, err
		}
		v := burnView{Window: spanWords(p.Long), Factor: p.Factor, Bad: c.bad, N: c.n}
		if c.n > 0 {
			rate := float64(c.bad) / float64(c.n) / (1 - o.Target)
			v.Rate = &rate
			if burning.Factor == 0 && rate >= p.Factor && slo.Evidence(c.bad, c.n, 1-o.Target) {
				burning = p
			}
		}
		out.Burn = append(out.Burn, v)
	}
	known := felt.Instant(0)
	if all.first > 0 {
		known = min(q.To-all.first, window)
	}
	a.weigh(&out, slo.BudgetOf(o.Target, window, known, all.bad, all.n), burning)
	return out, nil
}

// weigh decides about the state and says it.
func (a *API) weigh(out *objectiveAnswer, g slo.Budget, burning slo.Pair) {
	if !g.OK {
		out.Unknown = "nobody tried since " + exactTime(out.asked)
		if out.Kind == slo.KindLatency {
			out.Unknown = "nobody reached the goal since " + exactTime(out.asked)
		}
		out.Sentence = "unknown: " + out.Unknown
		return
	}
	good := 1 - float64(g.Bad)/float64(g.N)
	out.Share, out.left = &good, g.Left
	out.Budget = &budgetView{g.Allowed, g.Left, g.Count, g.Minutes, millis(g.Known)}
	what := "tries"
	if out.Count == "customers" {
		what = "customers"
	}
	out.Sentence = fmt.Sprintf("%d of %d %s were not good in %s", g.Bad, g.N, what, spanWords(felt.Instant(out.WindowMS*1e6)))
	switch {
	case g.Left <= 0:
		out.State = objectiveSpent
		out.Sentence += fmt.Sprintf(", %s more than the %s allowed", number(-g.Count), number(g.Allowed))
	default:
		out.State = objectiveOK
		out.Sentence += fmt.Sprintf(" of %s allowed: %s more may go wrong, %.0f %% of the budget is left", number(g.Allowed), number(math.Floor(g.Count+1e-9)), 100*g.Left)
	}
	if burning.Factor == 0 {
		return
	}
	if out.State == objectiveOK {
		out.State = objectiveBurning
	}
	for _, b := range out.Burn {
		if b.Window == spanWords(burning.Long) && b.Rate != nil {
			out.Sentence += fmt.Sprintf("; it burns at %s times the rate that lasts, %d of %d in %s", number(*b.Rate), b.Bad, b.N, b.Window)
		}
	}
}

// number writes what may be large or small with three digits at most after the point.
func number(v float64) string {
	if math.Abs(v) >= 100 {
		return strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	}
	return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
}

// spanWords writes a length as people do: 1h, 3d.
func spanWords(i felt.Instant) string {
	switch {
	case i%felt.Day == 0:
		return strconv.FormatInt(int64(i/felt.Day), 10) + "d"
	case i%felt.Hour == 0:
		return strconv.FormatInt(int64(i/felt.Hour), 10) + "h"
	}
	return time.Duration(i).String()
}
