package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
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
			{Name: "voucher", Entered: 1, With: []int64{0}, Outcomes: felt.Counts{Cancelled: 1}},
			{Name: "pay", Entered: 4, Completed: 2, With: []int64{2, 0}, Outcomes: felt.Counts{Success: 1, Degraded: 1, Failed: 1, Open: 1}, P50: 10 * sec, P90: 20 * sec, P99: 20 * sec},
			{Name: "old", Entered: 1, Completed: 1, With: []int64{1, 0, 1}, Outcomes: felt.Counts{Success: 1}, P50: 9 * sec, P90: 9 * sec, P99: 9 * sec},
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

// Who comes in half-way completed this step and not the one before: conversion counts those
// who completed both, and so never is above 1.
func halfWay(t *testing.T, s felt.Store) {
	ok, none := felt.OutcomeSuccess, felt.OutcomeNone
	write(t, s, batch(noon,
		journey(1, 1, ok, 100, step("cart", none, 0, 0), step("pay", ok, 1, 1)),
		journey(2, 2, ok, 110, step("cart", none, 0, 0), step("pay", ok, 1, 1)),
		journey(3, 3, ok, 120, step("cart", ok, 1, 1), step("pay", ok, 1, 1)),
		journey(4, 4, felt.OutcomeFailed, 130, step("cart", ok, 1, 1), step("pay", felt.OutcomeFailed, 1, 1)),
	))
	q := whole()
	q.Name = "checkout"
	f, err := s.Funnel(t.Context(), q)
	if err != nil || len(f.Steps) != 2 || f.Steps[0].Completed != 2 || f.Steps[1].Completed != 3 || !slices.Equal(f.Steps[1].With, []int64{1}) {
		t.Errorf("%+v, %v", f, err)
	}
}

// checkFunnel holds a funnel to what is true of every one.
func checkFunnel(f felt.Funnel) error {
	for i, st := range f.Steps {
		if len(st.With) != i || st.Completed > st.Entered {
			return fmt.Errorf("step %d: %+v", i, st)
		}
		for k, n := range st.With {
			if n < 0 || n > min(st.Completed, f.Steps[k].Completed) {
				return fmt.Errorf("step %d: %d journeys completed it and step %d: %+v", i, n, k, f)
			}
		}
	}
	sum := 0.0
	for _, n := range f.Adjusted {
		sum += n
	}
	if c := f.Counts; f.Sampled != (sum > float64(c.Decided()+c.Cancelled+c.Open)) {
		return fmt.Errorf("sampled %v: %v of %+v", f.Sampled, f.Adjusted, c)
	}
	return nil
}

// Every answer that counts says whether some of what it counts stands for more than one.
func sampledAnswers(t *testing.T, s felt.Store) {
	ctx := t.Context()
	weigh := func(r felt.Interaction, name string, w float64) felt.Interaction {
		r.Name, r.Weight = name, w
		return r
	}
	write(t, s, batch(noon,
		weigh(journey(1, 1, felt.OutcomeSuccess, 10), "thin", 4), weigh(journey(2, 2, felt.OutcomeFailed, 20), "thin", 2.5),
		weigh(journey(3, 3, felt.OutcomeFailed, 80), "thin", 1), weigh(journey(4, 4, felt.OutcomeFailed, 10), "full", 1)))
	q := whole()
	q.Kind, q.From, q.To = felt.KindJourney, day, day+2*felt.Minute
	stats, err := s.ScopeStats(ctx, q)
	if err != nil || len(stats) != 2 || stats[0].Sampled || !stats[1].Sampled {
		t.Errorf("stats: %+v, %v", stats, err)
	}
	q.Name = "thin"
	points, err := s.Points(ctx, q, felt.Minute, "")
	if err != nil || len(points) != 2 || !points[0].Sampled || points[1].Sampled {
		t.Errorf("points: %+v, %v", points, err)
	}
	f, err := s.Funnel(ctx, q)
	if want := [felt.Outcomes]float64{felt.OutcomeSuccess: 4, felt.OutcomeFailed: 3.5}; err != nil || !f.Sampled || f.Adjusted != want {
		t.Errorf("funnel: %+v, %v; want %v", f, err, want)
	}
	q.Name = "full"
	if f, err := s.Funnel(ctx, q); err != nil || f.Sampled || f.Adjusted != [felt.Outcomes]float64{} {
		t.Errorf("funnel of what was all sent: %+v, %v", f, err)
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
