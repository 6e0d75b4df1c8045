package storetest

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/felt-cx/felt"
)

// journey is a customer's way through "checkout".
func journey(id, customer int, o felt.Outcome, at int, steps ...felt.StepState) felt.Interaction {
	r := try(id, customer, o, at)
	r.Kind, r.Name, r.Journey, r.Steps = felt.KindJourney, "checkout", "checkout", steps
	return r
}

// step is one that was tried so often and took so many seconds.
func step(name string, o felt.Outcome, tries int32, took int) felt.StepState {
	st := felt.StepState{Name: name, Outcome: o, Tries: tries}
	if tries > 0 {
		st.Start = day
		if o != felt.OutcomeNone {
			st.End = day + felt.Instant(took)*felt.Second
		}
	}
	return st
}

func funnel(t *testing.T, s felt.Store) {
	ctx := context.Background()
	ok, slow, bad, left, open := felt.OutcomeSuccess, felt.OutcomeDegraded, felt.OutcomeFailed, felt.OutcomeAbandoned, felt.OutcomeNone
	how := func(r felt.Interaction, how felt.AbandonedHow) felt.Interaction {
		r.AbandonedHow = how
		return r
	}
	write(t, s, batch(noon,
		journey(1, 1, ok, 100, step("old", ok, 1, 9), step("cart", ok, 1, 1), step("pay", ok, 2, 10)),
		journey(2, 2, slow, 110, step("cart", slow, 1, 2), step("voucher", open, 0, 0), step("pay", slow, 1, 20)),
		how(journey(3, 2, left, 120, step("cart", ok, 1, 3), step("voucher", open, 0, 0), step("pay", bad, 3, 5)), felt.AbandonedAfterFailure),
		how(journey(4, 3, left, 130, step("cart", ok, 1, 4), step("voucher", felt.OutcomeCancelled, 1, 1), step("pay", open, 0, 0)), felt.AbandonedVoluntarily),
		journey(5, 4, bad, 140, step("cart", bad, 1, 1), step("voucher", open, 0, 0), step("pay", open, 0, 0)),
		journey(6, 5, open, 150, step("cart", ok, 1, 5), step("voucher", open, 0, 0), step("pay", open, 1, 0)),
		anonymous(journey(7, 0, bad, 99, step("cart", bad, 1, 1)), 4),
		try(8, 4, ok, 140), with(try(9, 1, ok, 141), func(r *felt.Interaction) { r.Name = "checkout" }), // steps
		with(journey(10, 9, ok, 100, step("cart", ok, 1, 1)), func(r *felt.Interaction) { r.Traffic = felt.TrafficBot }),
		with(journey(11, 9, ok, 100, step("cart", ok, 1, 1)), func(r *felt.Interaction) { r.App = "admin" }),
		journey(12, 9, ok, 1000, step("cart", ok, 1, 1), step("late", ok, 1, 1)),
	))
	write(t, s, linked(noon+1, link(session, hash(2, 4), user, hash(1, 4), 1)))
	q := whole()
	q.App, q.Name, q.To = "shop", "checkout", day+1000*felt.Second
	sec := float64(felt.Second)
	want := felt.Funnel{
		Counts:    felt.Counts{Success: 1, Degraded: 1, Failed: 2, Abandoned: 2, Open: 1},
		Customers: felt.Distinct{Total: 4, Failed: 1, Degraded: 1},
		Abandoned: [4]int64{felt.AbandonedAfterFailure: 1, felt.AbandonedVoluntarily: 1},
		Steps: []felt.FunnelStep{
			{Name: "cart", Entered: 7, Completed: 5, Outcomes: felt.Counts{Success: 4, Degraded: 1, Failed: 2}, P50: 3 * sec, P90: 5 * sec, P99: 5 * sec},
			{Name: "voucher", Entered: 1, Outcomes: felt.Counts{Cancelled: 1}},
			{Name: "pay", Entered: 4, Completed: 2, Outcomes: felt.Counts{Success: 1, Degraded: 1, Failed: 1, Open: 1}, P50: 10 * sec, P90: 20 * sec, P99: 20 * sec},
			{Name: "old", Entered: 1, Completed: 1, Outcomes: felt.Counts{Success: 1}, P50: 9 * sec, P90: 9 * sec, P99: 9 * sec},
		},
	}
	got, err := s.Funnel(ctx, q)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
	}
	q.Where = []felt.Condition{{Key: "outcome", Op: felt.OpEquals, Values: []string{"success"}}}
	if got, err := s.Funnel(ctx, q); err != nil || got.Counts != (felt.Counts{Success: 1}) || len(got.Steps) != 3 {
		t.Errorf("of successes: %+v, %v", got, err)
	}
	q.Name, q.Where = "nothing", nil
	if got, err := s.Funnel(ctx, q); err != nil || !reflect.DeepEqual(got, felt.Funnel{}) {
		t.Errorf("of nothing: %+v, %v", got, err)
	}
	write(t, s, batch(noon+2, with(journey(20, 1, ok, 5), func(r *felt.Interaction) { r.Name = "signup" })))
	if _, err := s.Funnel(ctx, whole()); !errors.Is(err, felt.ErrUnanswerable) {
		t.Errorf("of two journeys: %v, want ErrUnanswerable", err)
	}
}

// What is no longer kept is not left out in silence.
func funnelForgotten(t *testing.T, s felt.Store) {
	ctx := context.Background()
	write(t, s, batch(noon, journey(1, 1, felt.OutcomeFailed, 10), journey(2, 2, felt.OutcomeFailed, 5*60*minute)))
	if _, err := s.Retain(ctx, day+6*felt.Hour, felt.Retention{Interactions: 2 * felt.Hour}); err != nil {
		t.Fatal(err)
	}
	q := whole()
	q.Name = "checkout"
	if _, err := s.Funnel(ctx, q); !errors.Is(err, felt.ErrUnanswerable) {
		t.Errorf("funnel: %v, want ErrUnanswerable", err)
	}
	if _, _, err := s.Affected(ctx, q, 10, ""); !errors.Is(err, felt.ErrUnanswerable) {
		t.Errorf("affected: %v, want ErrUnanswerable", err)
	}
	q.From = day + 4*felt.Hour
	if f, err := s.Funnel(ctx, q); err != nil || f.Counts.Failed != 1 {
		t.Errorf("funnel of what is kept: %+v, %v", f, err)
	}
	if list, _, err := s.Affected(ctx, q, 10, ""); err != nil || len(list) != 1 {
		t.Errorf("affected of what is kept: %+v, %v", list, err)
	}
}

// A journey that is under way is in no rate, and its later version takes its place.
func openJourneys(t *testing.T, s felt.Store) {
	ctx := context.Background()
	open := journey(1, 1, felt.OutcomeNone, 100, step("cart", felt.OutcomeSuccess, 1, 1))
	failed := journey(2, 1, felt.OutcomeFailed, 90)
	write(t, s, batch(felt.TickOf(day+felt.Hour), open, failed, journey(3, 2, felt.OutcomeNone, 110)))
	q := whole()
	q.Kind = felt.KindJourney
	im := impact(t, s, q)
	wantDistinct(t, "customers", im.Customers, felt.Distinct{Total: 1, Failed: 1})
	wantDistinct(t, "sessions", im.Sessions, felt.Distinct{Total: 1, Failed: 1})
	if im.Counts != (felt.Counts{Failed: 1, Open: 2}) || im.Counts.Decided() != 1 || im.Lost != 1 || im.Recovered != 0 || im.Sampled {
		t.Errorf("impact %+v", im)
	}
	st, err := s.ScopeStats(ctx, q)
	if err != nil || len(st) != 1 || st[0].Counts != im.Counts || st[0].Customers != im.Customers {
		t.Errorf("stats %+v, %v", st, err)
	}
	w := q
	w.From, w.To = day, day+felt.Hour
	pt, err := s.Points(ctx, w, felt.Hour, "")
	if err != nil || len(pt) != 1 || pt[0].Counts != im.Counts || pt[0].Customers != im.Customers {
		t.Errorf("points %+v, %v", pt, err)
	}
	if list, _, err := s.Interactions(ctx, q, felt.OutcomeNone, 10, ""); err != nil || len(list) != 3 || list[0].Outcome != felt.OutcomeNone {
		t.Errorf("list %+v, %v", list, err)
	}
	done := open
	done.Version, done.Outcome, done.End, done.Known = 2, felt.OutcomeSuccess, day+120*felt.Second, noon
	write(t, s, batch(noon, done))
	im = impact(t, s, q)
	if im.Counts != (felt.Counts{Failed: 1, Open: 1, Success: 1}) || im.Recovered != 1 {
		t.Errorf("after it was done: %+v", im)
	}
}

// A journey is never mixed with its steps.
func kinds(t *testing.T, s felt.Store) {
	ctx := context.Background()
	as := func(id int, name string, kind felt.InteractionKind) felt.Interaction {
		return with(try(id, id, felt.OutcomeFailed, 100+id), func(r *felt.Interaction) { r.Name, r.Kind = name, kind })
	}
	write(t, s, batch(noon,
		as(1, "pay", felt.KindStep), as(2, "pay", felt.KindJourney), as(3, "checkout", felt.KindJourney), as(4, "cart", felt.KindStep),
	))
	for _, c := range []struct {
		name string
		kind felt.InteractionKind
		want []int
	}{
		{"pay", 0, []int{1}},
		{"pay", felt.KindStep, []int{1}},
		{"pay", felt.KindJourney, []int{2}},
		{"checkout", 0, []int{3}},
		{"checkout", felt.KindStep, nil},
		{"", 0, []int{1, 4}},
		{"", felt.KindJourney, []int{2, 3}},
	} {
		q := whole()
		q.Name, q.Kind, q.From, q.To = c.name, c.kind, day, day+felt.Day
		n := int64(len(c.want))
		if got := impact(t, s, q).Customers.Failed; got != n {
			t.Errorf("impact of %q, kind %d: %d, want %d", c.name, c.kind, got, n)
		}
		pt, err := s.Points(ctx, q, felt.Day, "")
		sum := int64(0)
		for _, p := range pt {
			sum += p.Counts.Failed
		}
		if err != nil || sum != n {
			t.Errorf("points of %q, kind %d: %d, %v; want %d", c.name, c.kind, sum, err, n)
		}
		if list, _, err := s.Affected(ctx, q, 10, ""); err != nil || int64(len(list)) != n {
			t.Errorf("affected of %q, kind %d: %d, %v; want %d", c.name, c.kind, len(list), err, n)
		}
	}
	q := whole()
	if st, err := s.ScopeStats(ctx, q); err != nil || len(st) != 4 {
		t.Errorf("stats list every scope: %+v, %v", st, err)
	}
	if list, _, err := s.Interactions(ctx, q, felt.OutcomeNone, 10, ""); err != nil || len(list) != 4 {
		t.Errorf("a list has both kinds: %+v, %v", list, err)
	}
}
