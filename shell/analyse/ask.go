package analyse

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/evidence"
)

const (
	beforeSpan  = 2 * felt.Hour    // held against what is bad
	sinceSpan   = 2 * felt.Hour    // of an incident that lasts longer, the last
	callsSpan   = felt.Hour        // of operations and edges, to know what is usual
	callsFirst  = 20 * felt.Minute // the same, of the first round: somebody waits for it
	callsMany   = 100              // services, from which on it is that for every round
	callsGuard  = 2 * felt.Minute  // before first_bad: may be bad already
	changesSpan = 6 * felt.Hour
	ahead       = 5 * felt.Second  // events may be so far ahead of the log's clock
	quietLeast  = 10 * felt.Minute // before an incident came back: at least so much is compared with
	windowsMax  = 90               // of operations and edges, since it began
	hopsMax     = 6                // from the customer's service on
	namedMax    = 3                // parts whose customers are counted
)

// asking asks the store about one incident.
type asking struct {
	ctx   context.Context
	store Store
	row   *felt.Incident
	now   felt.Instant
}

// input gathers all that is judged by. What cannot be answered, because the rows are not kept any
// longer, is left out.
func (q *asking) input(nr int64) (evidence.Input, error) {
	firstBad, quiet := episode(q.row)
	in := evidence.Input{Incident: *q.row, Round: nr, At: q.now, Scope: q.scope()}
	in.Incident.FirstBad = firstBad
	in.Since = felt.Window{From: max(firstBad.Floor(felt.Second), q.now-sinceSpan), To: q.now + ahead}
	in.Before = felt.Window{From: max(firstBad.Floor(felt.Minute)-beforeSpan, quiet), To: firstBad.Floor(felt.Second)}
	for _, ask := range []func(*evidence.Input) error{q.points, q.leaves, q.changes, q.findings, q.layers, q.calls} {
		if err := ask(&in); err != nil && !errors.Is(err, felt.ErrUnanswerable) {
			return in, err
		}
	}
	return in, nil
}

// episode is when what is bad now began, and since when nothing was bad before that: an incident that
// came back had its first failure long ago, and what was bad then is nothing to compare with.
func episode(row *felt.Incident) (firstBad, quiet felt.Instant) {
	firstBad = row.FirstBad
	if firstBad <= 0 {
		firstBad = row.Opened
	}
	if row.Reopened == 0 {
		return firstBad, 0
	}
	since := row.Reopened
	for _, f := range row.Findings {
		switch {
		case f.Ended == 0 && f.Since > firstBad:
			since = min(since, f.Since)
		case f.Ended != 0 && f.Ended.Instant() < row.Reopened:
			quiet = max(quiet, f.Ended.Instant())
		}
	}
	return since, min(quiet, since-quietLeast)
}

func (q *asking) question(w felt.Window) felt.Question {
	return felt.Question{Scope: q.scope(), Window: w}
}

// scope is the worst of the incident's steps, else of its journeys: a step's outcome is known at
// once, a journey's when the customer has left it, and a step says from which service it came.
func (q *asking) scope() felt.Scope {
	for _, s := range q.row.Scopes {
		if s.Kind == felt.KindStep {
			return s
		}
	}
	return q.row.Scope()
}

// points are the tries of the whole scope by minute; they also say how much they vary by themselves.
func (q *asking) points(in *evidence.Input) (err error) {
	in.PointStep = felt.Minute
	w := felt.Window{From: in.Before.From, To: in.Since.To}
	if in.Points, err = q.store.Points(q.ctx, q.question(w), in.PointStep, ""); err != nil {
		return fmt.Errorf("points: %w", err)
	}
	in.Dispersion = dispersion(in.Points, in.Before.To-in.PointStep)
	return nil
}

// dispersion is how many times as much the failures of a minute varied before as independent ones would; 1 to 4.
func dispersion(points []felt.Point, before felt.Instant) float64 {
	bad, n := 0.0, 0.0
	var past []felt.Counts
	for _, p := range points {
		if p.Start < before && p.Counts.Decided() > 0 {
			past = append(past, p.Counts)
			bad, n = bad+float64(p.Counts.Failed), n+float64(p.Counts.Decided())
		}
	}
	share := bad / max(n, 1)
	if len(past) < 10 || share <= 0 || share >= 1 {
		return 1
	}
	sum := 0.0
	for _, c := range past {
		of := float64(c.Decided())
		d := float64(c.Failed) - of*share
		sum += d * d / (of * share * (1 - share))
	}
	return min(max(sum/float64(len(past)-1), 1), 4)
}

// leaves are all tries by what tells them apart, since it began and before.
func (q *asking) leaves(in *evidence.Input) (err error) {
	ask := felt.LeafQuestion{Question: q.question(in.Since), Slower: usualP95(in)}
	if in.Leaves, err = q.store.Leaves(q.ctx, ask); err != nil {
		return fmt.Errorf("tries by segment: %w", err)
	}
	ask.Question = q.question(in.Before)
	if in.LeavesBefore, err = q.store.Leaves(q.ctx, ask); err != nil {
		return fmt.Errorf("tries by segment, before: %w", err)
	}
	return nil
}

// usualP95 is what one in twenty exceeded before: the median of the minutes.
func usualP95(in *evidence.Input) int64 {
	var list []float64
	for _, p := range in.Points {
		if p.Start+in.PointStep <= in.Before.To && p.P95 > 0 {
			list = append(list, p.P95)
		}
	}
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return int64(math.Round(list[len(list)/2]))
}

func (q *asking) changes(in *evidence.Input) (err error) {
	w := felt.Window{From: in.Incident.FirstBad - changesSpan, To: q.now + ahead}
	if in.Changes, err = q.store.Changes(q.ctx, q.row.Env, w); err != nil {
		return fmt.Errorf("changes: %w", err)
	}
	return nil
}

// findings are those of the incident's journeys that lasted around its beginning, or since.
func (q *asking) findings(in *evidence.Input) error {
	ask := felt.FindingQuestion{Scope: felt.Scope{Env: q.row.Env, App: q.row.App}, Limit: 200}
	ask.Window = felt.Window{From: in.Incident.FirstBad - 15*felt.Minute, To: q.now + ahead}
	list, err := q.store.Findings(q.ctx, ask)
	if err != nil {
		return fmt.Errorf("findings: %w", err)
	}
	for _, f := range list {
		if slices.Contains(q.row.Journeys, f.Series.Name) {
			in.Findings = append(in.Findings, f)
		}
	}
	return nil
}

// layers are those of the journey's signals and KPIs.
func (q *asking) layers(in *evidence.Input) error {
	in.Layers = map[string]string{}
	if !slices.ContainsFunc(in.Findings, func(f felt.Finding) bool { return f.About != "" }) {
		return nil
	}
	for _, of := range q.row.Scopes[:min(len(q.row.Scopes), namedMax)] {
		of.Kind = 0
		lines, err := q.store.Signals(q.ctx, of, felt.Window{From: q.now - 10*felt.Minute, To: q.now}, 10*felt.Minute)
		if err != nil {
			return fmt.Errorf("signals: %w", err)
		}
		for _, l := range lines {
			layer := l.Last.Layer.String()
			if l.Last.Kind == felt.SignalKPI {
				layer = "business"
			}
			in.Layers[l.Last.Name] = layer
		}
	}
	return nil
}

// calls are the operations and edges of the services that the customers' come past, found hop by hop.
func (q *asking) calls(in *evidence.Input) (err error) {
	firstBad := in.Incident.FirstBad.Floor(10 * felt.Second)
	span := callsSpan
	if in.Round == 1 {
		span = callsFirst
	}
	in.CallsBefore = felt.Window{From: firstBad - callsGuard - span, To: firstBad - callsGuard}
	in.Calls = felt.Window{From: max(firstBad-callsGuard, in.Since.From-callsGuard), To: q.now}
	in.StepBefore, in.Step = felt.Minute, stepOf(in.Calls)
	services := servicesOf(in.Leaves, in.LeavesBefore)
	if len(services) == 0 { // a journey alone: the services of all steps of its app
		ask := felt.LeafQuestion{Question: felt.Question{Scope: felt.Scope{Env: q.row.Env, App: q.row.App, Kind: felt.KindStep}, Window: in.Since}}
		steps, err := q.store.Leaves(q.ctx, ask)
		if err != nil {
			return fmt.Errorf("services of steps: %w", err)
		}
		services = servicesOf(steps)
		in.Customers = services
	}
	if len(services) == 0 {
		return nil
	}
	all, hop := slices.Clone(services), services
	for range hopsMax {
		edges, err := q.store.EdgePoints(q.ctx, q.row.Env, in.Calls, in.Step, hop...)
		if err != nil {
			return fmt.Errorf("edges: %w", err)
		}
		in.Edges = append(in.Edges, edges...)
		hop = nil
		for _, e := range edges {
			if e.Callee != "" && !e.ThirdParty && !slices.Contains(all, e.Callee) {
				all, hop = append(all, e.Callee), append(hop, e.Callee)
			}
		}
		if len(hop) == 0 {
			break
		}
	}
	if len(all) >= callsMany {
		in.CallsBefore.From = in.CallsBefore.To - callsFirst
	}
	if in.EdgesBefore, err = q.store.EdgePoints(q.ctx, q.row.Env, in.CallsBefore, in.StepBefore, all...); err != nil {
		return fmt.Errorf("edges, before: %w", err)
	}
	if in.Operations, err = q.store.OperationPoints(q.ctx, q.row.Env, in.Calls, in.Step, all...); err != nil {
		return fmt.Errorf("operations: %w", err)
	}
	if in.OperationsBefore, err = q.store.OperationPoints(q.ctx, q.row.Env, in.CallsBefore, in.StepBefore, all...); err != nil {
		return fmt.Errorf("operations, before: %w", err)
	}
	return nil
}

// stepOf cuts a window into at most windowsMax steps of whole tens of seconds.
func stepOf(w felt.Window) felt.Instant {
	step := 10 * felt.Second
	for _, next := range []felt.Instant{30 * felt.Second, felt.Minute, 5 * felt.Minute} {
		if (w.To-w.From)/step <= windowsMax {
			break
		}
		step = next
	}
	return step
}

// servicesOf are those from which outcomes came.
func servicesOf(lists ...[]felt.Leaf) []string {
	var list []string
	for _, leaves := range lists {
		for i := range leaves {
			if s := leaves[i].Service; s != "" && !slices.Contains(list, s) && len(list) < 20 {
				list = append(list, s)
			}
		}
	}
	return list
}

// customers counts the distinct customers behind the parts that are hit: leaves do not know who is in two of them.
func (q *asking) customers(w felt.Window, hit []felt.SegmentShare) error {
	for i := range hit[:min(len(hit), namedMax)] {
		ask := q.question(w)
		askable := true
		for _, s := range hit[i].Where {
			askable = askable && !strings.HasPrefix(s.Key, evidence.FlagKey)
			ask.Where = append(ask.Where, felt.Condition{Key: s.Key, Op: felt.OpEquals, Values: []string{s.Value}})
		}
		kind := felt.FindingKind(q.row.Kind)
		if !askable || kind == felt.FindingDrop || kind == felt.FindingSilent {
			continue
		}
		im, err := q.store.Impact(q.ctx, ask)
		switch {
		case errors.Is(err, felt.ErrUnanswerable):
			continue
		case err != nil:
			return fmt.Errorf("customers of a segment: %w", err)
		}
		hit[i].Customers = im.Customers.Failed
		if kind == felt.FindingDegraded || kind == felt.FindingSlow {
			hit[i].Customers = im.Customers.Degraded
		}
	}
	return nil
}
