package rulestest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
)

// judge compares what came out with what is expected, and returns a sentence for each
// difference.
func judge(c *Case, out *outcome) []Failure {
	var fails []Failure
	if c.Expect.hasInteractions {
		fails = append(fails, out.list(c, "interaction", felt.KindStep, c.Expect.Interactions)...)
	}
	if c.Expect.hasJourneys {
		fails = append(fails, out.list(c, "journey", felt.KindJourney, c.Expect.Journeys)...)
	}
	for _, w := range c.Expect.Customers {
		fails = append(fails, out.crowd(c, &w)...)
	}
	if c.Expect.hasIncidents {
		fails = append(fails, out.alarms(c)...)
	}
	return fails
}

// list holds the rows of one kind against the lines of the test: each line takes its count of
// rows that fit, the most particular line first.
func (o *outcome) list(c *Case, what string, kind felt.InteractionKind, want []Row) []Failure {
	var rest []felt.Interaction
	for _, r := range o.rows {
		if r.Kind == kind {
			rest = append(rest, r)
		}
	}
	order := make([]*Row, len(want))
	for i := range want {
		order[i] = &want[i]
	}
	slices.SortStableFunc(order, func(a, b *Row) int { return cmp.Compare(b.given(), a.given()) })
	var fails []Failure
	for _, w := range order {
		missing := max(w.Count, 1)
		for missing > 0 {
			i := slices.IndexFunc(rest, func(r felt.Interaction) bool { return o.differs(w, &r) == "" })
			if i < 0 {
				fails = append(fails, Failure{c.Name, w.line, fmt.Sprintf("%d too few of: %s %s%s", missing, what, w, o.nearest(w, rest))})
				break
			}
			rest = slices.Delete(rest, i, i+1)
			missing--
		}
	}
	for i := range rest {
		fails = append(fails, Failure{c.Name, c.line, fmt.Sprintf("%s not expected: %s", what, o.words(&rest[i]))})
	}
	return fails
}

// nearest says how the most similar row differs.
func (o *outcome) nearest(w *Row, rest []felt.Interaction) string {
	for i := range rest {
		if rest[i].Name == w.Name {
			return "; there is " + o.words(&rest[i]) + ": " + o.differs(w, &rest[i])
		}
	}
	return ""
}

// differs says in what a row is not what the line expects; "" when it is.
func (o *outcome) differs(w *Row, r *felt.Interaction) string {
	for _, f := range []struct{ what, want, got string }{
		{"name", w.Name, r.Name},
		{"app", w.App, r.App},
		{"outcome", w.Outcome, word(r.Outcome)},
		{"reason", w.Reason, r.Reason},
		{"rule", w.Rule, r.OutcomeRule},
		{"abandoned", w.Abandoned, r.AbandonedHow.String()},
		{"customer", w.Customer, o.who(r)},
	} {
		if f.want != "" && f.want != f.got {
			return fmt.Sprintf("%s is %q, want %q", f.what, f.got, f.want)
		}
	}
	if w.Value != nil && *w.Value != r.ValueMinor {
		return fmt.Sprintf("value_minor is %d, want %d", r.ValueMinor, *w.Value)
	}
	if w.Took != 0 && int64(w.Took) != r.Duration {
		return fmt.Sprintf("it took %s, want %s", length(felt.Instant(r.Duration)), length(w.Took))
	}
	for _, name := range slices.Sorted(maps.Keys(w.Steps)) {
		i := slices.IndexFunc(r.Steps, func(s felt.StepState) bool { return s.Name == name })
		if i < 0 {
			return fmt.Sprintf("it has no step %q", name)
		}
		if got := stepWord(&r.Steps[i]); got != w.Steps[name] {
			return fmt.Sprintf("step %s is %s, want %s", name, got, w.Steps[name])
		}
	}
	return ""
}

func word(o felt.Outcome) string { return cmp.Or(o.String(), "open") }

func stepWord(s *felt.StepState) string {
	if s.Tries == 0 {
		return None
	}
	return word(s.Outcome)
}

// who names the customer of a row, links followed.
func (o *outcome) who(r *felt.Interaction) string {
	h := o.customer(r)
	return cmp.Or(o.names[h], h.String(), "nobody")
}

// customer is the row's customer, links followed as questions follow them: only for who is
// not known as a user.
func (o *outcome) customer(r *felt.Interaction) felt.Hash {
	if r.IdentityLevel == felt.LevelUser {
		return r.Customer
	}
	for _, h := range []felt.Hash{r.Customer, r.Session, r.Installation} {
		if to, ok := o.links[h]; ok && !h.IsZero() {
			if further, ok := o.links[to]; ok {
				return further
			}
			return to
		}
	}
	return r.Customer
}

// crowd counts distinct customers of customer traffic.
func (o *outcome) crowd(c *Case, w *Crowd) []Failure {
	all, failed, degraded := map[felt.Hash]bool{}, map[felt.Hash]bool{}, map[felt.Hash]bool{}
	for i := range o.rows {
		r := &o.rows[i]
		h := o.customer(r)
		if w.Of != "" && r.Name != w.Of || r.Traffic != felt.TrafficCustomer || h.IsZero() {
			continue
		}
		switch r.Outcome {
		case felt.OutcomeFailed:
			failed[h] = true
		case felt.OutcomeDegraded:
			degraded[h] = true
		case felt.OutcomeNone, felt.OutcomeCancelled:
			continue
		case felt.OutcomeSuccess, felt.OutcomeAbandoned:
		}
		all[h] = true
	}
	var fails []Failure
	for _, n := range []struct {
		what string
		want *int
		got  int
	}{{"customers", w.Total, len(all)}, {"failed customers", w.Failed, len(failed)}, {"degraded customers", w.Degraded, len(degraded)}} {
		if n.want != nil && *n.want != n.got {
			fails = append(fails, Failure{c.Name, w.line, fmt.Sprintf("%s of %s: %d, want %d", n.what, cmp.Or(w.Of, "everything"), n.got, *n.want)})
		}
	}
	return fails
}

// words describes a row.
func (o *outcome) words(r *felt.Interaction) string {
	s := fmt.Sprintf("%s %s of %s", r.Name, word(r.Outcome), o.who(r))
	if r.Reason != "" {
		s += " (" + r.Reason + ")"
	}
	if r.AbandonedHow != felt.AbandonedNot {
		s += " " + r.AbandonedHow.String()
	}
	var steps []string
	for i := range r.Steps {
		steps = append(steps, r.Steps[i].Name+" "+stepWord(&r.Steps[i]))
	}
	if len(steps) > 0 {
		s += " [" + strings.Join(steps, ", ") + "]"
	}
	return s
}

// given counts what a line says.
func (w *Row) given() int {
	n := len(w.Steps)
	for _, s := range []string{w.Name, w.App, w.Customer, w.Outcome, w.Reason, w.Rule, w.Abandoned} {
		if s != "" {
			n++
		}
	}
	return n
}

// String is the line in words.
func (w *Row) String() string {
	var b strings.Builder
	for _, f := range []struct{ key, value string }{
		{"name", w.Name}, {"outcome", w.Outcome}, {"reason", w.Reason}, {"rule", w.Rule}, {"abandoned", w.Abandoned}, {"customer", w.Customer},
	} {
		if f.value != "" {
			fmt.Fprintf(&b, "%s=%s ", f.key, f.value)
		}
	}
	return strings.TrimSpace(b.String())
}

func length(d felt.Instant) string { return fmt.Sprintf("%gs", float64(d)/float64(felt.Second)) }
