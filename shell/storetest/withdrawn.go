package storetest

import (
	"reflect"
	"testing"

	"github.com/felt-cx/felt"
)

// What never was an interaction of its own is in no answer, until a later version brings it
// back; in whatever batches its versions come, and however often.
func withdrawn(t *testing.T, s felt.Store) {
	next := func(r felt.Interaction, o felt.Outcome, rule string) felt.Interaction {
		r.Version++
		r.Known++
		r.Outcome, r.OutcomeRule = o, rule
		return r
	}
	back := func(r felt.Interaction, rule string) felt.Interaction { return next(r, felt.OutcomeCancelled, rule) }
	again := func(r felt.Interaction) felt.Interaction { return next(r, felt.OutcomeDegraded, "goal") }
	want := func(when string, kind felt.InteractionKind, counts felt.Counts, ids ...int) {
		t.Helper()
		q := whole()
		q.Kind, q.From, q.To = kind, day, day+felt.Day
		im := impact(t, s, q)
		if im.Counts != counts {
			t.Errorf("%s: counts %+v, want %+v", when, im.Counts, counts)
		}
		rows, _, err := s.Interactions(t.Context(), q, felt.OutcomeNone, 20, "")
		got := map[felt.InteractionID]bool{}
		for _, r := range rows {
			if r.Kind == kind {
				got[r.ID] = true
			}
		}
		all := map[felt.InteractionID]bool{}
		for _, id := range ids {
			all[interactionID(id)] = true
		}
		if err != nil || !reflect.DeepEqual(got, all) {
			t.Errorf("%s: listed %v, %v; want %v", when, got, err, all)
		}
		pt, err := s.Points(t.Context(), q, felt.Day, "")
		var sum felt.Counts
		for _, p := range pt {
			sum.Success, sum.Degraded, sum.Cancelled = sum.Success+p.Counts.Success, sum.Degraded+p.Counts.Degraded, sum.Cancelled+p.Counts.Cancelled
		}
		if err != nil || sum != counts {
			t.Errorf("%s: points %+v, %v; want %+v", when, sum, err, counts)
		}
	}
	ok := felt.OutcomeSuccess
	a, b, c, d := journey(1, 1, ok, 10), try(2, 2, ok, 11), journey(3, 3, ok, 12), journey(4, 4, ok, 13)
	mine := with(journey(5, 5, felt.OutcomeCancelled, 14), func(r *felt.Interaction) { r.OutcomeRule = "timeout" })
	write(t, s, batch(noon, a, b, mine))
	// A row that was there; one that comes and goes in a batch; one that comes, goes and comes.
	write(t, s, batch(noon+1, back(a, felt.RuleMerged), back(b, felt.RuleStep), c, back(c, felt.RuleMerged),
		d, back(d, felt.RuleMerged), again(back(d, felt.RuleMerged))))
	want("withdrawn", felt.KindJourney, felt.Counts{Degraded: 1, Cancelled: 1}, 4, 5)
	want("withdrawn", felt.KindStep, felt.Counts{})
	if list, err := s.Customer(t.Context(), Env, hash(1, 1), whole().Window, 10); err == nil && len(list.Interactions) > 0 {
		t.Errorf("on the customer's way: %+v", list)
	}
	// Back, in two batches of one write, which is repeated.
	two := []felt.Batch{
		batch(noon+2, again(back(a, felt.RuleMerged)), again(back(b, felt.RuleStep))),
		batch(noon+3, back(again(back(b, felt.RuleStep)), felt.RuleStep), again(back(c, felt.RuleMerged))),
	}
	write(t, s, two...)
	write(t, s, two...)
	want("back again", felt.KindJourney, felt.Counts{Degraded: 3, Cancelled: 1}, 1, 3, 4, 5)
	want("back again", felt.KindStep, felt.Counts{})
}
