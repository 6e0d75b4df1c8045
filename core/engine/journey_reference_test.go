package engine_test

import (
	"cmp"
	"slices"

	"github.com/felt-cx/felt"
)

// What follows tells journeys a second time, from nothing but the last word on every
// interaction: one event after the other, each question answered by looking at all events
// so far. It is slow, plain, and shares no code with what it checks.

// refStep and refJourney are an inventory as the generator made it.
type refStep struct {
	name            string
	optional, async bool
	timeout, slow   felt.Instant // 0: none
}

type refJourney struct {
	name, correlate, goal string // goal: last_step, all_steps, or a step
	steps                 []refStep
	timeout, slowerThan   felt.Instant
	retriedIsFine         bool
	optionalIsFine        bool
	amount                int64
	currency              string
	perInteraction        bool
	app                   string
	required              []int
	entry                 map[string]bool
}

// prepare fills in what follows from the steps.
func (j *refJourney) prepare() {
	j.entry = map[string]bool{}
	for i, s := range j.steps {
		if len(j.required) == 0 {
			j.entry[s.name] = true
		}
		if !s.optional {
			j.required = append(j.required, i)
		}
	}
}

func (j *refJourney) step(name string) *refStep {
	for i := range j.steps {
		if j.steps[i].name == name {
			return &j.steps[i]
		}
	}
	return nil
}

// outcomeOf is how an interaction ended as a try of its step.
func (j *refJourney) outcomeOf(r *felt.Interaction) (felt.Outcome, string) {
	s := j.step(r.Name)
	if (r.Outcome == felt.OutcomeSuccess || r.Outcome == felt.OutcomeDegraded) && !s.async && s.timeout > 0 && r.End-r.Start > s.timeout {
		return felt.OutcomeFailed, "timeout"
	}
	return r.Outcome, r.Reason
}

func (j *refJourney) worked(tries []*felt.Interaction, step string) bool {
	return slices.ContainsFunc(tries, func(r *felt.Interaction) bool {
		o, _ := j.outcomeOf(r)
		return r.Name == step && (o == felt.OutcomeSuccess || o == felt.OutcomeDegraded)
	})
}

// needs lists the steps without which the goal is not reached, in order.
func (j *refJourney) needs() []string {
	var out []string
	for _, i := range j.required {
		if j.goal != "last_step" && j.goal != "all_steps" && i >= slices.IndexFunc(j.steps, func(s refStep) bool { return s.name == j.goal }) {
			break
		}
		out = append(out, j.steps[i].name)
	}
	if j.goal != "last_step" && j.goal != "all_steps" {
		out = append(out, j.goal)
	}
	return out
}

// awaits is the step that comes next on the way to the goal.
func (j *refJourney) awaits(tries []*felt.Interaction) *refStep {
	needs := j.needs()
	furthest := -1
	for i, s := range needs {
		if j.worked(tries, s) {
			furthest = i
		}
	}
	for _, s := range append(slices.Clone(needs[furthest+1:]), needs...) {
		if !j.worked(tries, s) {
			return j.step(s)
		}
	}
	return nil
}

// staysOpen is how long the journey waits after its last try.
func (j *refJourney) staysOpen(tries []*felt.Interaction) felt.Instant {
	s := j.awaits(tries)
	switch {
	case s == nil || s.timeout == 0:
		return j.timeout
	case s.async:
		return s.timeout
	}
	return max(s.timeout, j.timeout)
}

// tell simulates one key: all its interactions, in order of their ends.
func (j *refJourney) tell(all []*felt.Interaction) []felt.Interaction {
	slices.SortFunc(all, func(a, b *felt.Interaction) int {
		return cmp.Or(cmp.Compare(a.End, b.End), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	var out []felt.Interaction
	var open []*felt.Interaction
	var reached felt.Instant
	for _, r := range all {
		if len(open) > 0 {
			since := r.End - open[len(open)-1].End
			may := j.timeout
			if s := j.step(r.Name); s.timeout > 0 {
				may = s.timeout
			}
			if stays := j.staysOpen(open); since > stays { // it had ended before
				out = append(out, j.left(open, open[len(open)-1].End+stays))
				open = nil
			} else if since > may {
				out = append(out, j.left(open, open[len(open)-1].End+may))
				open = nil
			}
		} else if reached != 0 && r.End <= reached+j.timeout && !j.entry[r.Name] {
			continue // its page was loaded again
		}
		reached = 0
		open = append(open, r)
		if row, ended := j.ends(open); ended {
			if row.OutcomeRule == "goal" {
				reached = r.End
			}
			out = append(out, row)
			open = nil
		}
	}
	if len(open) > 0 {
		out = append(out, j.left(open, open[len(open)-1].End+j.staysOpen(open)))
	}
	return out
}

// ends tells whether the last of the tries ends the journey, and how.
func (j *refJourney) ends(tries []*felt.Interaction) (felt.Interaction, bool) {
	last := tries[len(tries)-1]
	outcome, reason := j.outcomeOf(last)
	s := j.step(last.Name)
	row := j.row(tries, last.End)
	works := outcome == felt.OutcomeSuccess || outcome == felt.OutcomeDegraded
	if len(j.steps) == 1 && !works {
		row.Outcome, row.Reason, row.ErrorClass, row.OutcomeRule = outcome, reason, last.ErrorClass, "only_step"
		if outcome == felt.OutcomeFailed {
			row.OutcomeRule = "failed_step"
		}
		if outcome == felt.OutcomeAbandoned {
			row.AbandonedHow = last.AbandonedHow
			if last.AbandonedHow == felt.AbandonedVoluntarily && j.slow(last) {
				row.AbandonedHow = felt.AbandonedWhileSlow
			}
		}
		return row, true
	}
	if outcome == felt.OutcomeFailed && !s.optional && (s.async || last.Outcome == felt.OutcomeFailed && !last.Recoverable) {
		row.Outcome, row.Reason, row.ErrorClass, row.OutcomeRule = outcome, reason, last.ErrorClass, "failed_step"
		return row, true
	}
	if !works {
		return row, false
	}
	switch j.goal {
	case "last_step":
		if last.Name != j.steps[j.required[len(j.required)-1]].name {
			return row, false
		}
	case "all_steps":
		for _, i := range j.required {
			if !j.worked(tries, j.steps[i].name) {
				return row, false
			}
		}
	default:
		if last.Name != j.goal {
			return row, false
		}
	}
	row.Outcome, row.OutcomeRule = felt.OutcomeSuccess, "goal"
	if why := j.longWay(tries, row); why != "" {
		row.Outcome, row.Reason = felt.OutcomeDegraded, why
	}
	return row, true
}

// longWay says why a journey that reached its goal was degraded; "" it was not.
func (j *refJourney) longWay(tries []*felt.Interaction, row felt.Interaction) string {
	found := map[string]bool{}
	for i, st := range row.Steps {
		failedBefore := false
		for _, r := range tries {
			o, _ := j.outcomeOf(r)
			if r.Name != st.Name {
				continue
			}
			if failedBefore && st.Outcome != felt.OutcomeFailed && (o == felt.OutcomeSuccess || o == felt.OutcomeDegraded) && !j.steps[i].optional && !j.retriedIsFine {
				found["retried"] = true
			}
			failedBefore = failedBefore || o == felt.OutcomeFailed
		}
		switch {
		case st.Outcome == felt.OutcomeFailed && j.steps[i].optional:
			found["optional_step_failed"] = !j.optionalIsFine || found["optional_step_failed"]
		case st.Outcome == felt.OutcomeFailed:
			found["step_failed"] = true
		case st.Outcome == felt.OutcomeDegraded && !j.steps[i].optional:
			found["step_degraded"] = true
		}
	}
	found["slow"] = j.slowerThan > 0 && row.End-row.Start > j.slowerThan
	for _, why := range []string{"step_degraded", "retried", "optional_step_failed", "step_failed", "slow"} {
		if found[why] {
			return why
		}
	}
	return ""
}

func (j *refJourney) slow(r *felt.Interaction) bool {
	s := j.step(r.Name)
	return s.slow > 0 && felt.Instant(r.Duration) > s.slow
}

// left is the row of a journey that nothing came for any more.
func (j *refJourney) left(tries []*felt.Interaction, end felt.Instant) felt.Interaction {
	row := j.row(tries, end)
	row.OutcomeRule = "timeout"
	last := tries[len(tries)-1]
	if last.Outcome == felt.OutcomeCancelled {
		row.Outcome, row.Reason, row.ErrorClass = felt.OutcomeCancelled, last.Reason, last.ErrorClass
		return row
	}
	if s := j.awaits(tries); s != nil && s.async {
		row.Outcome, row.Reason = felt.OutcomeFailed, "timeout"
		return row
	}
	row.Outcome = felt.OutcomeAbandoned
	if last.Outcome == felt.OutcomeAbandoned {
		row.Reason, row.ErrorClass = last.Reason, last.ErrorClass
	}
	row.AbandonedHow = felt.AbandonedVoluntarily
	for i := len(tries) - 1; i >= 0; i-- {
		r := tries[i]
		o, reason := j.outcomeOf(r)
		how := felt.AbandonedNot
		if o == felt.OutcomeFailed {
			how = felt.AbandonedAfterFailure
		} else if o == felt.OutcomeAbandoned && r.AbandonedHow != felt.AbandonedVoluntarily {
			how = r.AbandonedHow
		} else if o == felt.OutcomeDegraded || j.slow(r) {
			how = felt.AbandonedWhileSlow
		}
		if how != felt.AbandonedNot {
			row.AbandonedHow, row.Reason, row.ErrorClass = how, reason, r.ErrorClass
		}
		if how != felt.AbandonedNot || o != felt.OutcomeAbandoned {
			return row
		}
	}
	return row
}

// row is what a journey's row says however it ended.
func (j *refJourney) row(tries []*felt.Interaction, end felt.Instant) felt.Interaction {
	first, last := tries[0], tries[len(tries)-1]
	row := felt.Interaction{
		Env: first.Env, App: j.app, Name: j.name, Journey: j.name, Kind: felt.KindJourney, Traffic: first.Traffic,
		Start: first.Start, End: end, RulesVersion: first.RulesVersion,
	}
	if row.App == "" {
		row.App = first.App
	}
	level := felt.IdentityLevel(99)
	for _, r := range tries {
		row.Start = min(row.Start, r.Start)
		row.Weight = max(row.Weight, r.Weight)
		if r.IdentityLevel != felt.LevelNone && r.IdentityLevel <= level {
			level = r.IdentityLevel
			row.Customer, row.IdentityLevel, row.KeyID = r.Customer, r.IdentityLevel, r.KeyID
		}
		if row.Account.IsZero() {
			row.Account = r.Account
		}
		if row.Installation.IsZero() {
			row.Installation = r.Installation
		}
		if row.Session.IsZero() {
			row.Session = r.Session
		}
		if row.Release == "" {
			row.Release = r.Release
		}
		for _, s := range r.Segments {
			if !slices.ContainsFunc(row.Segments, func(h felt.Segment) bool { return h.Key == s.Key }) {
				row.Segments = append(row.Segments, s)
			}
		}
	}
	slices.SortFunc(row.Segments, func(a, b felt.Segment) int { return cmp.Compare(a.Key, b.Key) })
	row.Duration = int64(last.End - row.Start)
	row.ValueMinor, row.Currency = j.value(tries)
	for _, s := range j.steps {
		row.Steps = append(row.Steps, j.state(s.name, tries))
		for i, r := range tries {
			if o, _ := j.outcomeOf(r); r.Name == s.name && o == felt.OutcomeFailed &&
				slices.ContainsFunc(tries[i+1:], func(l *felt.Interaction) bool { return l.Name == s.name }) {
				row.Retries++
			}
		}
	}
	return row
}

func (j *refJourney) state(step string, tries []*felt.Interaction) felt.StepState {
	st := felt.StepState{Name: step}
	var counts, other *felt.Interaction
	for _, r := range tries {
		if r.Name != step {
			continue
		}
		if st.Tries++; st.Tries == 1 {
			st.Start = r.Start
		}
		if o, _ := j.outcomeOf(r); o == felt.OutcomeAbandoned || o == felt.OutcomeCancelled {
			other = r
		} else {
			counts = r
		}
	}
	if counts == nil {
		counts = other
	}
	if counts != nil {
		st.Outcome, _ = j.outcomeOf(counts)
		st.End = counts.End
	}
	return st
}

func (j *refJourney) value(tries []*felt.Interaction) (int64, string) {
	if j.perInteraction {
		sum, currency := int64(0), ""
		for _, r := range tries {
			o, _ := j.outcomeOf(r)
			v, c := r.ValueMinor, r.Currency
			if v == 0 {
				v, c = j.amount, j.currency
			}
			if o != felt.OutcomeSuccess && o != felt.OutcomeDegraded || v == 0 {
				continue
			}
			if currency == "" {
				currency = c
			}
			if c == currency {
				sum += v
			}
		}
		return sum, currency
	}
	for i := len(tries) - 1; i >= 0; i-- { // the goal's is the last one, when it was reached
		if tries[i].ValueMinor != 0 {
			return tries[i].ValueMinor, tries[i].Currency
		}
	}
	return j.amount, j.currency
}
