package storetest

import (
	"testing"

	"github.com/felt-cx/felt"
)

// A newer engine reads the log from an earlier place to warm up: what was written stays as it
// was, and its rows go on where those of the older engine ended.
func newerEngine(t *testing.T, s felt.Store) {
	of := func(engine uint16, tick felt.Tick, n int) felt.Batch {
		b := batch(tick, try(n, n, felt.OutcomeSuccess, n))
		b.ID.Engine = engine
		b.Operations = []felt.OperationBucket{{Env: Env, Service: "pay", Start: day, Count: 1}}
		return b
	}
	write(t, s, of(1, noon, 1), of(1, noon+1, 2))
	write(t, s, of(2, noon-1, 3), of(2, noon, 4))
	write(t, s, of(2, noon+1, 5), of(2, noon+2, 6))
	write(t, s, of(1, noon+2, 7)) // the older one was started once more
	if got := impact(t, s, whole()).Counts.Success; got != 3 {
		t.Errorf("got %d rows, want 3: of ticks noon, noon+1 and noon+2, each once", got)
	}
	rows, _, err := s.Interactions(t.Context(), whole(), felt.OutcomeNone, 10, "")
	if err != nil || len(rows) != 3 || rows[0].ID != interactionID(6) || rows[2].ID != interactionID(1) {
		t.Errorf("%v: %+v", err, rows)
	}
	ops, err := s.Operations(t.Context(), Env, "", whole().Window)
	if err != nil || len(ops) != 1 || ops[0].Count != 3 {
		t.Errorf("operations: %+v, %v; want one with 3 calls", ops, err)
	}
}
