package engine

import (
	"encoding/binary"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/detect"
)

const silentFrom felt.Tick = 1_700_000_000

// rowsOf are those of an app with three tries a second.
func rowsOf(app string, from, to felt.Tick) (rows []felt.Interaction) {
	for known := from; known < to; known++ {
		for k := range uint64(3) {
			r := felt.Interaction{
				Env: "production", App: app, Name: "pay", Kind: felt.KindStep, Traffic: felt.TrafficCustomer, Outcome: felt.OutcomeSuccess,
				Service: app + "-api", Known: known, End: known.Instant() - felt.Second, Version: 1,
			}
			binary.BigEndian.PutUint64(r.ID[:], uint64(known)<<8|k+1) //nolint:gosec // a moment
			binary.BigEndian.PutUint64(r.Customer[:], uint64(known)*7919+k)
			rows = append(rows, r)
		}
	}
	return rows
}

func appSilent(app string, since, opened, ended felt.Tick) felt.Finding {
	return felt.Finding{
		ID: "fnd-stored", Kind: felt.FindingSilent, Detector: detect.DetectorApp, Paging: true, Since: since.Instant(), Opened: opened, Updated: opened, Ended: ended,
		Series: felt.Series{Env: "production", App: app, Traffic: felt.TrafficCustomer},
	}
}

// TestSilentAppIsTakenOver: an app is silent when the state of the engine is lost: its finding goes on under
// its id, and ends when the app is heard.
func TestSilentAppIsTakenOver(t *testing.T) {
	const end = silentFrom + 3600
	stored := appSilent("shop", end-600, end-480, 0)
	e, past, err := Resume(felt.DefaultSettings(), Known{Tick: end, Findings: []felt.Finding{stored}})
	if err != nil {
		t.Fatal(err)
	}
	past.Add(rowsOf("bank", silentFrom, end))
	past.End(end)
	var told []felt.Finding
	for at := end + 1; at < end+300; at++ {
		heard := []voice{{Env: "production", Service: "bank-api", App: "bank", Pulse: true}}
		if at >= end+200 {
			heard = append(heard, voice{Env: "production", Service: "shop-api", App: "shop"})
		}
		for _, f := range e.stage3.Tick(at, Out2{heard: heard}).Findings {
			if f.Kind == felt.FindingSilent {
				told = append(told, f)
			}
		}
		if at == end+190 && e.stage3.detector.Speaks("production", "shop", "") {
			t.Error("it is not heard")
		}
	}
	if len(told) == 0 {
		t.Fatal("it never ends")
	}
	for _, f := range told {
		if f.ID != stored.ID || f.Opened != stored.Opened || f.Series.App != "shop" {
			t.Errorf("%+v", f)
		}
	}
	if last := told[len(told)-1]; last.Ended < end+200 || last.Ended > end+220 {
		t.Errorf("it ends at +%d: %s", last.Ended-end, last.Explanation)
	}
}

// TestBacktestKnowsSilentApps: a backtest finds an app silent when it was found so, and no drop.
func TestBacktestKnowsSilentApps(t *testing.T) {
	const gone, back, end = silentFrom + 3600, silentFrom + 4600, silentFrom + 6000
	for _, known := range []bool{true, false} {
		past, err := NewPast(felt.DefaultSettings(), felt.Inventory{})
		if err != nil {
			t.Fatal(err)
		}
		var silences []felt.Finding
		if known {
			silences = append(silences, appSilent("shop", gone-1, gone+120, back))
		}
		past.Silences(silences)
		var found []felt.Finding
		found = append(found, past.Add(rowsOf("shop", silentFrom, gone))...)
		found = append(found, past.Add(rowsOf("shop", back, end))...)
		found = append(found, past.End(end)...)
		kinds := map[felt.FindingKind]int{}
		for _, f := range found {
			if f.Paging && f.Opened == f.Updated && f.Ended == 0 {
				kinds[f.Kind]++
			}
		}
		if known && (kinds[felt.FindingSilent] != 1 || kinds[felt.FindingDrop] != 0) || !known && kinds[felt.FindingSilent] != 0 {
			t.Errorf("known %v: %v", known, kinds)
		}
	}
}
