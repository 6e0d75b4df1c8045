package engine_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"os"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
)

var update = flag.Bool("update", false, "write the snapshots that fuzzing begins with")

// journeysTape ends with journeys that are open, ended, merged, sealed, and of two inventories.
func journeysTape(t *testing.T, s felt.Settings) *tape {
	t.Helper()
	p := newTape(t, s)
	p.inventory(0, 1, `
journeys:
  - name: checkout
    steps: [{name: cart}, {name: browse, optional: true}, {name: pay}]
    timeout: 60s
    value: {amount_minor: 1000, currency: EUR}
  - name: search
`)
	p.inventory(2350, 2, `
journeys:
  - name: checkout
    steps: [{name: cart}, {name: address}, {name: pay}]
    timeout: 5m
`)
	trace := uint64(0)
	state := ""
	try := func(tick felt.Tick, name, outcome, session, user string, end felt.Tick) {
		trace++
		p.spans(tick, span{
			trace: trace, id: 1, end: felt.Instant(end) * sec, took: sec, interaction: name, outcome: outcome,
			service: "shop", name: name, session: session, user: user, state: state,
		})
	}
	try(5, "cart", "", "a", "", 4) // sealed at the end
	try(9, "pay", "", "a", "u", 8)
	try(2000, "cart", "", "b", "", 1999) // two that become one
	try(2100, "pay", "failed", "b", "v", 2099)
	try(2110, "pay", "", "b", "v", 2109)
	try(2300, "browse", "", "b", "", 2050)
	try(2305, "search", "", "b", "v", 2304)
	try(2340, "cart", "", "c", "", 2339) // open, of the first inventory
	try(2380, "cart", "degraded", "d", "", 2379)
	state = "ot=th:c;rv:e0000000000001"
	try(2385, "cart", "", "e", "", 2384)
	return p
}

// TestCorpus writes what FuzzRestore begins with, and holds that it can be restored: a
// snapshot in the middle of an incident, and one with traces of every kind.
func TestCorpus(t *testing.T) {
	s := felt.DefaultSettings()
	s.Partitions, s.PendingAfter = 1, 10*sec // so that of two tries one is closed and one is open
	incident := shop(t, s, 2, 150, 130, 150)
	traces := newTape(t, s)
	traces.spans(1, span{trace: 1, id: 2, parent: 1, end: sec / 2, interaction: "pay", service: "shop", name: "pay", user: "u"})
	traces.spans(
		30,
		span{trace: 2, id: 2, parent: 1, end: 29 * sec, interaction: "pay", service: "shop", name: "pay", session: "s"},
		span{trace: 2, id: 3, parent: 2, end: 29 * sec, kind: felt.SpanClient, service: "shop", name: "call", peer: "bank"},
		span{trace: 3, id: 1, end: 29 * sec, outcome: "failed", interaction: "login", service: "web", name: "login", user: "v"},
	)
	traces.pending(2, span{trace: 4, id: 1, end: sec, took: sec, interaction: "pay", service: "web", user: "w", session: "x"})
	traces.pending(31, span{trace: 5, id: 1, end: 30 * sec, took: sec, interaction: "pay", service: "web", user: "w", session: "x"})
	traces.spans(31, span{trace: 6, id: 2, parent: 1, end: 30 * sec, interaction: "pay", service: "web", name: "pay", session: "y", state: "ot=th:c;rv:e0000000000001"})
	traces.pending(31, span{trace: 7, id: 1, end: 30 * sec, took: sec, interaction: "pay", service: "web", session: "y", state: "ot=th:8"})
	for name, c := range map[string]struct {
		tape  *tape
		until felt.Tick
	}{"incident": {incident, 148}, "traces": {traces, 32}, "journeys": {journeysTape(t, s), 2400}} {
		e := engine.New(s)
		c.tape.run(e, c.until, nil)
		b := e.AppendSnapshot(nil)
		if again, err := engine.Restore(s, b); err != nil || !bytes.Equal(again.AppendSnapshot(nil), b) {
			t.Errorf("%s: restored it is another one, %v", name, err)
		}
		file := "testdata/snapshot_" + name + ".hex"
		if *update {
			if err := os.WriteFile(file, []byte(hex.EncodeToString(b[2:len(b)-4])+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		// The format of a version of the engine never changes: a running server must
		// find its state again after an update.
		if string(text) != hex.EncodeToString(b[2:len(b)-4])+"\n" {
			t.Errorf("%s: another snapshot than the committed one: if its format or meaning changed, raise engine.Version and run with -update", file)
		}
	}
}
