package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/felt-cx/felt"
)

// Run holds a store to the rules. open makes an empty store, and closes it when the test
// ends. Its limit of exact counts is at least 10,000 interactions, its recovery window
// 30 minutes.
func Run(t *testing.T, open func(t *testing.T) felt.Store) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s felt.Store)
	}{
		{"empty", empty},
		{"written twice is written once", twice},
		{"each line of ticks is its own", lines},
		{"a newer engine that reads the log again doubles nothing", newerEngine},
		{"stale epoch", stale},
		{"cursor", cursor},
		{"correction", correction},
		{"withdrawn", withdrawn},
		{"states", states},
		{"customers, not tries", customersNotTries},
		{"one customer, many retries", manyRetries},
		{"who is in no number", nobody},
		{"identity", identity},
		{"recovery", recovery},
		{"the last failure", lastFailure},
		{"recovery as of", recoveryAsOf},
		{"several scopes", severalScopes},
		{"several scopes, linked", severalLinked},
		{"sampled", sampled},
		{"sampled, estimated", sampledEstimate},
		{"sampled sessions, estimated", sampledSessions},
		{"links count everywhere", linksEverywhere},
		{"whose an interaction is", linkOrder},
		{"the newest link", linkNewest},
		{"links that are forgotten", linksForgotten},
		{"one customer, many sessions", manySessions},
		{"affected", affected},
		{"a customer's way", customerWay},
		{"funnel", funnel},
		{"funnel of who comes in half-way", halfWay},
		{"answers say that input was sampled", sampledAnswers},
		{"funnel of what was forgotten", funnelForgotten},
		{"gaps", gaps},
		{"objective", objective},
		{"objective of who left", objectiveOfLeft},
		{"open journeys", openJourneys},
		{"kinds", kinds},
		{"scope and window", scopeAndWindow},
		{"conditions", conditions},
		{"stats", scopeStats},
		{"points", points},
		{"points by segment", pointsBy},
		{"points of every scope", scopePoints},
		{"list", list},
		{"every field comes back", roundTrip},
		{"operations", operations},
		{"edges", edges},
		{"operations in steps", operationPoints},
		{"edges in steps", edgePoints},
		{"leaves", leaves},
		{"cohort", cohort},
		{"signals", signals},
		{"signals of a step, an app and a window", signalScope},
		{"incidents", incidents},
		{"findings", findings},
		{"business", business},
		{"a file of business rows", businessFile},
		{"changes", changes},
		{"traces", traces},
		{"kept traces", keptTraces},
		{"retain", retain},
		{"forgotten", forgotten},
		{"coarse rows", coarseRows},
		{"rows of segment values", segmentRows},
		{"late rows", lateRows},
		{"kept until compacted", keptUntilCompacted},
		{"customer days", customerDays},
		{"history", historyRows},
		{"history of what was replaced", historyReplaced},
		{"history in pieces", historyPieces},
		{"what lasts", lasting},
		{"history of signals", historySignals},
		{"questions that are none", refused},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

func empty(t *testing.T, s felt.Store) {
	ctx := context.Background()
	q := whole()
	if im := impact(t, s, q); im != (felt.Impact{Method: felt.MethodExact}) {
		t.Errorf("impact of nothing: %+v", im)
	}
	if st, err := s.ScopeStats(ctx, q); err != nil || len(st) != 0 {
		t.Errorf("stats of nothing: %v, %v", st, err)
	}
	if p, err := s.Points(ctx, q, felt.Day, ""); err != nil || len(p) != 0 {
		t.Errorf("points of nothing: %v, %v", p, err)
	}
	if l, next, err := s.Interactions(ctx, q, felt.OutcomeNone, 10, ""); err != nil || len(l) != 0 || next != "" {
		t.Errorf("list of nothing: %v, %q, %v", l, next, err)
	}
	if o, err := s.Operations(ctx, Env, "", q.Window); err != nil || len(o) != 0 {
		t.Errorf("operations of nothing: %v, %v", o, err)
	}
	if in, err := s.Incidents(ctx, Env, 10); err != nil || len(in) != 0 {
		t.Errorf("incidents of nothing: %v, %v", in, err)
	}
	if _, err := s.Incident(ctx, "inc-1"); !errors.Is(err, felt.ErrNotFound) {
		t.Errorf("unknown incident: %v, want ErrNotFound", err)
	}
	if _, err := s.Cursor(ctx, "engine"); !errors.Is(err, felt.ErrNotFound) {
		t.Errorf("unknown cursor: %v, want ErrNotFound", err)
	}
	if err := s.Write(ctx); err != nil {
		t.Errorf("write nothing: %v", err)
	}
}

func twice(t *testing.T, s felt.Store) {
	a := batch(noon, try(1, 1, felt.OutcomeFailed, 10), try(2, 2, felt.OutcomeSuccess, 11))
	a.Operations = []felt.OperationBucket{{Env: Env, Service: "pay", Start: day, Count: 5}}
	b := batch(noon+1, try(3, 3, felt.OutcomeSuccess, 12))
	write(t, s, a)
	write(t, s, a)
	write(t, s, a, b)
	write(t, s, a, b, b)
	older := batch(noon-5, try(4, 4, felt.OutcomeFailed, 13))
	write(t, s, older)
	if im := impact(t, s, whole()); im.Counts != (felt.Counts{Success: 2, Failed: 1}) {
		t.Errorf("got %+v, want 2 successes and 1 failure: rows are lost or doubled", im.Counts)
	}
	ops, err := s.Operations(context.Background(), Env, "", whole().Window)
	if err != nil || len(ops) != 1 || ops[0].Count != 5 {
		t.Errorf("operations: %+v, %v; want one with 5 calls", ops, err)
	}
}

func lines(t *testing.T, s felt.Store) {
	n := 0
	next := func(id felt.BatchID) felt.Batch {
		n++
		b := batch(id.Tick, try(n, n, felt.OutcomeSuccess, n))
		b.ID = id
		return b
	}
	write(t, s, next(felt.BatchID{Engine: 1, Stage: 2, Part: 0, Tick: noon}))
	write(t, s, next(felt.BatchID{Engine: 1, Stage: 2, Part: 1, Tick: noon}))
	write(t, s, next(felt.BatchID{Engine: 1, Stage: 1, Part: 0, Tick: noon - 3}))
	if got := impact(t, s, whole()).Counts.Success; got != 3 {
		t.Errorf("got %d rows, want 3: ticks grow along each (stage, partition)", got)
	}
	write(t, s, next(felt.BatchID{Engine: 1, Stage: 2, Part: 1, Tick: noon}))
	if got := impact(t, s, whole()).Counts.Success; got != 3 {
		t.Errorf("got %d rows, want 3: this tick was written", got)
	}
}

func stale(t *testing.T, s felt.Store) {
	ctx := context.Background()
	a := batch(noon, try(1, 1, felt.OutcomeSuccess, 10))
	a.Cursor.Epoch = 7
	write(t, s, a)
	b := batch(noon+1, try(2, 2, felt.OutcomeSuccess, 11))
	b.Cursor.Epoch = 6
	if err := s.Write(ctx, b); !errors.Is(err, felt.ErrStale) {
		t.Errorf("older epoch: %v, want ErrStale", err)
	}
	good := batch(noon+1, try(3, 3, felt.OutcomeSuccess, 11))
	good.Cursor.Epoch = 8
	if err := s.Write(ctx, good, b); !errors.Is(err, felt.ErrStale) {
		t.Errorf("older epoch behind a newer: %v, want ErrStale", err)
	}
	if got := impact(t, s, whole()).Counts.Success; got != 1 {
		t.Errorf("%d rows after refused writes, want 1", got)
	}
	write(t, s, good)
	if c, err := s.Cursor(ctx, "engine"); err != nil || c.Epoch != 8 {
		t.Errorf("cursor %+v, %v; want epoch 8", c, err)
	}
}

func cursor(t *testing.T, s felt.Store) {
	ctx := context.Background()
	at := func(seq felt.Seq, epoch uint64, snapshot string) felt.Batch {
		return felt.Batch{
			ID:     felt.BatchID{Engine: 1, Stage: 2, Tick: noon},
			Cursor: felt.Cursor{Name: "engine", Seq: seq, Tick: felt.Tick(seq), Snapshot: snapshot, Epoch: epoch},
		}
	}
	want := func(seq felt.Seq, epoch uint64, snapshot string) {
		t.Helper()
		c, err := s.Cursor(ctx, "engine")
		if w := at(seq, epoch, snapshot).Cursor; err != nil || c != w {
			t.Errorf("cursor %+v, %v; want %+v", c, err, w)
		}
	}
	write(t, s, at(1<<40, 1, "a"))
	want(1<<40, 1, "a")
	write(t, s, at(1<<40+5, 1, "b")) // the batch is known, the cursor moves all the same
	want(1<<40+5, 1, "b")
	write(t, s, at(1<<40+2, 3, "a")) // a new worker replays what is written
	want(1<<40+5, 3, "b")
	other := at(9, 1, "")
	other.Cursor.Name = "keeper"
	write(t, s, other)
	want(1<<40+5, 3, "b")
	if c, err := s.Cursor(ctx, "keeper"); err != nil || c.Seq != 9 {
		t.Errorf("cursor of another reader: %+v, %v", c, err)
	}
}

func correction(t *testing.T, s felt.Store) {
	first := try(1, 1, felt.OutcomeSuccess, 10)
	write(t, s, batch(noon, first, try(2, 2, felt.OutcomeSuccess, 10)))
	corrected := func(r felt.Interaction, version int32, o felt.Outcome) felt.Interaction {
		r.Version, r.Outcome, r.Known = version, o, r.Known+felt.Tick(version)
		return r
	}
	write(t, s, batch(noon+1, corrected(first, 2, felt.OutcomeFailed)))
	if got := impact(t, s, whole()).Counts; got != (felt.Counts{Success: 1, Failed: 1}) {
		t.Errorf("after one correction: %+v", got)
	}
	// Two versions in one write, also of one that is new.
	third := try(3, 3, felt.OutcomeSuccess, 11)
	write(t, s,
		batch(noon+2, corrected(first, 3, felt.OutcomeDegraded), third),
		batch(noon+3, corrected(first, 4, felt.OutcomeAbandoned), corrected(third, 2, felt.OutcomeFailed)))
	if got := impact(t, s, whole()).Counts; got != (felt.Counts{Success: 1, Abandoned: 1, Failed: 1}) {
		t.Errorf("after more corrections: %+v", got)
	}
	rows, _, err := s.Interactions(context.Background(), whole(), felt.OutcomeAbandoned, 10, "")
	if err != nil || len(rows) != 1 || rows[0].Version != 4 || rows[0].FirstOutcome != felt.OutcomeSuccess || rows[0].FirstKnown != first.Known {
		t.Errorf("corrected row: %+v, %v", rows, err)
	}
}

func states(t *testing.T, s felt.Store) {
	ctx := context.Background()
	at := func(tick felt.Tick, version int64, score float64) felt.Batch {
		b := batch(tick)
		b.ID.Stage = 3
		b.Incidents = []felt.Incident{{ID: "inc-1", Version: version, Env: Env, Status: felt.IncidentOpen, Score: score}}
		return b
	}
	write(t, s, at(noon, 1, 10), at(noon+1, 2, 20))
	write(t, s, at(noon+2, 5, 50))
	write(t, s, at(noon+3, 4, 40)) // an older version comes late
	if in, err := s.Incident(ctx, "inc-1"); err != nil || in.Version != 5 || in.Score != 50 {
		t.Errorf("incident %+v, %v; want version 5", in, err)
	}
	if list, err := s.Incidents(ctx, Env, 0); err != nil || len(list) != 1 {
		t.Errorf("%d incidents, %v; want 1", len(list), err)
	}
}
