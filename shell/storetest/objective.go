package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/felt-cx/felt"
)

// objective: what a promise is judged by, in tries and in customers.
func objective(t *testing.T, s felt.Store) {
	ctx := context.Background()
	ok, slow, bad, left := felt.OutcomeSuccess, felt.OutcomeDegraded, felt.OutcomeFailed, felt.OutcomeAbandoned
	took := func(r felt.Interaction, seconds int64) felt.Interaction {
		r.Duration = seconds * int64(felt.Second)
		return r
	}
	write(t, s, batch(noon,
		took(try(1, 1, ok, 100), 2), took(try(2, 1, slow, 101), 3), took(try(3, 1, ok, 102), 4),
		took(try(4, 2, slow, 103), 4), try(5, 2, bad, 104), took(try(6, 3, bad, 105), 9),
		try(7, 4, left, 106), try(8, 5, felt.OutcomeCancelled, 107), try(9, 6, felt.OutcomeNone, 108),
		anonymous(try(10, 0, bad, 109), 1),
		with(try(11, 7, bad, 110), func(r *felt.Interaction) { r.Customer, r.IdentityLevel = felt.Hash{}, felt.LevelNone }),
		with(try(12, 8, bad, 110), func(r *felt.Interaction) { r.Traffic = felt.TrafficBot }),
		with(journey(13, 9, bad, 110), func(r *felt.Interaction) { r.Name = "pay" }),
		try(14, 9, bad, 1000),
	))
	write(t, s, linked(noon+1, link(session, hash(2, 1), user, hash(1, 1), 1)))
	q := whole()
	q.Name, q.To = "pay", day+1000*felt.Second
	want := felt.ObjectiveCounts{
		Tries:     felt.ObjectiveCount{Decided: 9, Reached: 4, Slow: 2, Failed: 4, Unfinished: 5},
		Customers: felt.ObjectiveCount{Decided: 4, Reached: 2, Slow: 2, Failed: 3, Unfinished: 4},
		First:     day + 100*felt.Second,
	}
	if got, err := s.Objective(ctx, q, 3*felt.Second); err != nil || got != want {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
	}
	want.Tries.Slow, want.Customers.Slow = 0, 0
	if got, err := s.Objective(ctx, q, 0); err != nil || got != want {
		t.Errorf("without a limit: %v\n got %+v\nwant %+v", err, got, want)
	}
	q.Kind = felt.KindJourney
	if got, err := s.Objective(ctx, q, 0); err != nil || got.Tries.Failed != 1 || got.Tries.Decided != 1 {
		t.Errorf("of the journey: %+v, %v", got, err)
	}
	q.Kind, q.Name = 0, "nothing"
	if got, err := s.Objective(ctx, q, 0); err != nil || got != (felt.ObjectiveCounts{}) {
		t.Errorf("of nothing: %+v, %v", got, err)
	}
	q.Name = "pay"
	write(t, s, batch(noon+2, with(try(20, 1, ok, 111), func(r *felt.Interaction) { r.Weight = 10 })))
	if got, err := s.Objective(ctx, q, 0); err != nil || !got.Sampled || got.Tries.Decided != 10 {
		t.Errorf("sampled: %+v, %v", got, err)
	}
	if _, err := s.Retain(ctx, day+6*felt.Hour, felt.Retention{Interactions: felt.Hour}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Objective(ctx, q, 0); !errors.Is(err, felt.ErrUnanswerable) {
		t.Errorf("of what was forgotten: %v, want ErrUnanswerable", err)
	}
}
