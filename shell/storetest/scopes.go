package storetest

import (
	"errors"
	"reflect"
	"testing"

	"github.com/felt-cx/felt"
)

// The steps of all scopes at once, of rows and of the buckets that stand for forgotten ones.
func scopePoints(t *testing.T, s felt.Store) {
	named := func(r felt.Interaction, app, name string) felt.Interaction {
		r.App, r.Name = app, name
		return r
	}
	journey := named(try(7, 7, felt.OutcomeAbandoned, 100), "shop", "pay")
	journey.Kind = felt.KindJourney
	write(t, s, counted(tickOf(7400),
		named(try(1, 1, felt.OutcomeFailed, 100), "shop", "pay"),
		named(try(2, 1, felt.OutcomeSuccess, 110), "shop", "pay"),
		named(try(3, 2, felt.OutcomeDegraded, 3700), "shop", "pay"),
		named(try(4, 2, felt.OutcomeSuccess, 3599), "admin", "pay"),
		named(try(5, 2, felt.OutcomeCancelled, 7200), "admin", "pay"), // outside
		with(try(6, 4, felt.OutcomeSuccess, 130), func(r *felt.Interaction) { r.Traffic = felt.TrafficBot }),
		journey,
	))
	scope := func(app string, kind felt.InteractionKind) felt.Scope {
		return felt.Scope{Env: Env, App: app, Name: "pay", Kind: kind}
	}
	want := []felt.ScopePoint{
		{Scope: scope("admin", felt.KindStep), Start: day, Counts: felt.Counts{Success: 1}},
		{Scope: scope("shop", felt.KindStep), Start: day, Counts: felt.Counts{Success: 1, Failed: 1}},
		{Scope: scope("shop", felt.KindStep), Start: day + felt.Hour, Counts: felt.Counts{Degraded: 1}},
		{Scope: scope("shop", felt.KindJourney), Start: day, Counts: felt.Counts{Abandoned: 1}},
	}
	q := hours(0, 2)
	check := func(when string) {
		t.Helper()
		if got, err := s.ScopePoints(t.Context(), q, felt.Hour); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", when, err, got, want)
		}
	}
	check("of rows")
	compact(t, s, day+3*felt.Hour)
	forget(t, s, 40)
	check("of what is forgotten")
	if _, err := s.ScopePoints(t.Context(), q, felt.Second/2); !errors.Is(err, felt.ErrUnanswerable) {
		t.Errorf("steps of half a second: %v", err)
	}
	q.Name = "never seen"
	if got, err := s.ScopePoints(t.Context(), q, felt.Hour); err != nil || len(got) != 0 {
		t.Errorf("of a name never seen: %+v, %v", got, err)
	}
}
