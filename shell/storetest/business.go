package storetest

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/felt-cx/felt"
)

func business(t *testing.T, s felt.Store) {
	write(t, s, batch(noon, try(1, 1, felt.OutcomeSuccess, 10)))
	event := func(id string, minor int64) felt.BusinessEvent {
		return felt.BusinessEvent{
			ID: id, Time: day + felt.Hour, Kind: "order", Customer: hash(1, 1), Journey: "pay", AmountMinor: minor, Currency: "EUR", Category: "é",
		}
	}
	fact := func(key, value string, from felt.Instant) felt.Fact {
		return felt.Fact{Customer: hash(1, 1), Key: key, Value: value, ValidFrom: from}
	}
	at := func(tick felt.Tick) felt.Batch {
		b := batch(tick)
		b.ID.Stage = 3
		return b
	}
	a, b := at(noon), at(noon+1)
	a.BusinessEvents = []felt.BusinessEvent{event("o-1", 100), event("o-1", 200), event("o-2", 300)}
	a.CustomerFacts = []felt.Fact{fact("plan", "free", day), fact("plan", "pro", day+1), fact("plan", "team", day)}
	b.BusinessEvents = []felt.BusinessEvent{event("o-2", 400), event("o-3", 500)}
	b.CustomerFacts = []felt.Fact{fact("plan", "max", day+1), fact("mrr_minor", "900", day)}
	write(t, s, a, b)
	write(t, s, a, b)
	way, err := s.Customer(t.Context(), Env, hash(1, 1), whole().Window, 10)
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]int64{}
	for _, e := range way.Events {
		sums[e.ID] += e.AmountMinor
		if want := event(e.ID, e.AmountMinor); e != want {
			t.Errorf("event %+v, want %+v", e, want)
		}
	}
	if want := map[string]int64{"o-1": 100, "o-2": 300, "o-3": 500}; !reflect.DeepEqual(sums, want) {
		t.Errorf("events %v, want %v: the first with an ID stands", sums, want)
	}
	newest := map[string]string{}
	for _, f := range way.Facts {
		newest[f.Key] = f.Value
	}
	if want := map[string]string{"plan": "max", "mrr_minor": "900"}; !reflect.DeepEqual(newest, want) {
		t.Errorf("facts %v, want %v: the newest written of a time stands", newest, want)
	}
}

// A file of orders is one batch.
func businessFile(t *testing.T, s felt.Store) {
	write(t, s, batch(noon, try(1, 1, felt.OutcomeSuccess, 10)))
	const rows = 100_000
	b := batch(noon)
	b.ID.Stage = 3
	for i := range rows {
		b.BusinessEvents = append(b.BusinessEvents, felt.BusinessEvent{
			ID: fmt.Sprint("order-", i%(rows-10)), Time: day + felt.Instant(i), Kind: "order", Customer: hash(1, 1+i%1000), AmountMinor: 1,
		})
		b.CustomerFacts = append(b.CustomerFacts, felt.Fact{Customer: hash(1, 1+i%1000), Key: "plan", Value: fmt.Sprint(i), ValidFrom: day})
	}
	write(t, s, b)
	b.ID.Tick++
	write(t, s, b) // the same file again
	way, err := s.Customer(t.Context(), Env, hash(1, 1), whole().Window, 10)
	if err != nil || len(way.Events) != rows/1000 {
		t.Errorf("%d events, %v; want %d", len(way.Events), err, rows/1000)
	}
	if len(way.Facts) != 1 || way.Facts[0].Value != fmt.Sprint(rows-1000) {
		t.Errorf("facts %+v; want the last of the file", way.Facts)
	}
}

func changes(t *testing.T, s felt.Store) {
	change := func(id string, started felt.Instant) felt.Change {
		return felt.Change{
			ID: id, Kind: "deploy", Env: Env, App: "shop", Services: []string{"a", "b"}, Version: "v2", Started: started, Author: "é\"",
		}
	}
	a, b := batch(noon), batch(noon+1)
	a.Changes = []felt.Change{
		change("c-1", day), change("c-2", day+5), change("c-3", day+5), change("late", day+felt.Hour), change("early", day-1),
		with(change("c-s", day), func(c *felt.Change) { c.Env = "staging" }),
	}
	ended := with(change("c-1", day), func(c *felt.Change) { c.Ended, c.Outcome = day+9, "succeeded" })
	b.Changes = []felt.Change{ended}
	write(t, s, a)
	write(t, s, b)
	got, err := s.Changes(t.Context(), Env, felt.Window{From: day, To: day + felt.Hour})
	if want := []felt.Change{a.Changes[1], a.Changes[2], ended}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
	}
	if got, err := s.Changes(t.Context(), "none", whole().Window); err != nil || len(got) != 0 {
		t.Errorf("changes of no environment: %v, %v", got, err)
	}
}
