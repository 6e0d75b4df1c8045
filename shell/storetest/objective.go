package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/felt-cx/felt"
)

// objectiveOfLeft: who left after a failure was failed, and so is, until they come back, who has not gone
// on since the last step failed: that a journey is left is known only when its time-out has passed.
func objectiveOfLeft(t *testing.T, s felt.Store) {
	ok, bad, left, open := felt.OutcomeSuccess, felt.OutcomeFailed, felt.OutcomeAbandoned, felt.OutcomeNone
	how := func(r felt.Interaction, how felt.AbandonedHow) felt.Interaction {
		r.AbandonedHow = how
		return r
	}
	stuck := journey(6, 6, open, 105, step("cart", ok, 1, 5), step("pay", bad, 2, 9))
	write(t, s, batch(noon,
		journey(1, 1, ok, 100, step("cart", ok, 1, 1), step("pay", ok, 1, 2)),
		how(journey(2, 2, left, 101, step("cart", ok, 1, 1), step("pay", bad, 1, 2)), felt.AbandonedAfterFailure),
		how(journey(3, 3, left, 102, step("cart", ok, 1, 1)), felt.AbandonedVoluntarily),
		journey(4, 3, open, 103, step("cart", ok, 1, 1), step("pay", open, 0, 0)),
		journey(5, 5, open, 104, step("cart", bad, 3, 7), step("pay", ok, 1, 9), step("thanks", open, 0, 0)), // went on
		stuck, journey(7, 6, open, 106),
	))
	q := whole()
	q.Name, q.Kind, q.To = "checkout", felt.KindJourney, day+1000*felt.Second
	want := felt.ObjectiveCounts{
		Tries:     felt.ObjectiveCount{Decided: 4, Reached: 1, Failed: 2, Unfinished: 3},
		Customers: felt.ObjectiveCount{Decided: 4, Reached: 1, Failed: 2, Unfinished: 3},
		First:     day + 100*felt.Second,
	}
	if got, err := s.Objective(t.Context(), q, 0); err != nil || got != want {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
	}
	stuck.Version, stuck.Outcome, stuck.Steps = 2, felt.OutcomeDegraded, []felt.StepState{step("cart", ok, 1, 5), step("pay", ok, 3, 12)}
	write(t, s, batch(noon+1, stuck))
	want.Tries.Failed, want.Tries.Unfinished, want.Tries.Reached = 1, 2, 2
	want.Customers = want.Tries
	if got, err := s.Objective(t.Context(), q, 0); err != nil || got != want {
		t.Errorf("it worked in the end: %v\n got %+v\nwant %+v", err, got, want)
	}
}

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
