package engine

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// TestAdoption: what lasts in the store goes on under its id or ends, nothing is told as new that
// was told before, and what only the detectors see opens when it is told first.
func TestAdoption(t *testing.T) {
	pay := felt.Series{Env: "production", App: "shop", Name: "pay", Kind: felt.KindStep}
	login, search, cart := pay, pay, pay
	login.Name, search.Name, cart.Name = "login", "search", "cart"
	at := func(id string, s felt.Series, kind felt.FindingKind, opened, updated, ended felt.Tick) felt.Finding {
		return felt.Finding{ID: id, Series: s, Kind: kind, Opened: opened, Since: opened.Instant() - felt.Second, Updated: updated, Ended: ended}
	}
	failed, slow := felt.FindingFailed, felt.FindingSlow
	var a adoption
	a.adopt(
		[]felt.Finding{
			at("same", pay, failed, 100, 200, 0),
			at("old", login, "", 110, 200, 0), // of a version that knew no kinds
			at("gone", search, failed, 120, 200, 0),
			at("other-kind", cart, slow, 130, 200, 0),
		},
		[]felt.Finding{
			at("same", pay, failed, 100, 200, 0), at("new-id", login, failed, 115, 200, 0), at("unknown", cart, failed, 90, 200, 0), at("brief", pay, slow, 95, 200, 0),
		},
	)
	line := func(list []felt.Finding) (out []string) {
		for _, f := range list {
			out = append(out, fmt.Sprintf("%s opened %d since %d updated %d ended %d", f.ID, f.Opened, f.Since/felt.Second, f.Updated, f.Ended))
		}
		return out
	}
	if !a.due() {
		t.Error("what no detector sees any more is to be ended at once")
	}
	step := func(want []string, tick felt.Tick, list ...felt.Finding) {
		t.Helper()
		e := &codec.Encoder{}
		a.save(e)
		b, again := adoption{}, &codec.Encoder{}
		d := codec.NewDecoder(e.B)
		b.load(d)
		b.save(again)
		if d.Err() != nil || d.Rest() != 0 || string(again.B) != string(e.B) {
			t.Fatalf("saved and loaded: %v, %d bytes left", d.Err(), d.Rest())
		}
		a = b
		if diff := cmp.Diff(want, line(a.told(tick, list))); diff != "" {
			t.Errorf("tick %d: %s", tick, diff)
		}
	}
	step([]string{"gone opened 120 since 119 updated 201 ended 201", "other-kind opened 130 since 129 updated 201 ended 201"}, 201)
	step([]string{
		"same opened 100 since 99 updated 210 ended 0", "old opened 110 since 109 updated 210 ended 0",
		"unknown opened 210 since 89 updated 210 ended 0", "brief opened 95 since 94 updated 210 ended 210",
	}, 210, at("same", pay, failed, 100, 210, 0), at("new-id", login, failed, 115, 210, 0), at("unknown", cart, failed, 90, 210, 0), at("brief", pay, slow, 95, 210, 210))
	step([]string{
		"unknown opened 210 since 89 updated 220 ended 0", "old opened 110 since 109 updated 220 ended 220", "fresh opened 220 since 219 updated 220 ended 0",
	}, 220, at("unknown", cart, failed, 90, 220, 0), at("new-id", login, failed, 115, 220, 220), at("fresh", login, failed, 220, 220, 0))
	step([]string{"unknown opened 210 since 89 updated 230 ended 230"}, 230, at("unknown", cart, failed, 90, 230, 230))
	if len(a.as)+len(a.ends)+len(a.open) > 0 || a.due() {
		t.Errorf("left over: %+v", a)
	}
}
