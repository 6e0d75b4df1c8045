package detect

import (
	"bytes"
	"container/heap"
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/rules"
)

// parcel is a try on its way: it arrives with its browser's next beat.
type parcel struct {
	at  felt.Tick
	row *felt.Interaction
}

type parcels []parcel

func (p parcels) Len() int           { return len(p) }
func (p parcels) Less(a, b int) bool { return p[a].at < p[b].at }
func (p parcels) Swap(a, b int)      { p[a], p[b] = p[b], p[a] }
func (p *parcels) Push(x any)        { *p = append(*p, x.(parcel)) }
func (p *parcels) Pop() any {
	x := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return x
}

// TestBrowsersForADay: every browser sends failures at once and successes with its own beat of
// ten seconds, from 0.3 tries a second at night to 50 at noon. Nothing is wrong, nothing is found.
func TestBrowsersForADay(t *testing.T) {
	const noon = 50.0
	w := newWorld(nil)
	var way parcels
	beat := map[uint64]felt.Tick{}
	found := w.run(86400+7200, func(second int) {
		share := 0.5 - 0.5*math.Cos(2*math.Pi*float64(second)/86400)
		for range w.poisson(0.3 * math.Pow(noon/0.3, share)) {
			o := felt.OutcomeSuccess
			if w.rng.Float64() < 0.02 {
				o = felt.OutcomeFailed
			}
			r := w.row("pay", o)
			who := uint64(w.rng.IntN(20_000)) // customers, each in a browser
			binary.BigEndian.PutUint64(r.Customer[:], (who+1)*0x9e3779b97f4a7c15)
			if o == felt.OutcomeFailed {
				w.give(r)
				continue
			}
			if _, ok := beat[who]; !ok {
				beat[who] = felt.Tick(w.rng.IntN(10))
			}
			wait := (beat[who] - w.now%10 + 20) % 10
			heap.Push(&way, parcel{w.now + wait, r})
		}
		for len(way) > 0 && way[0].at <= w.now {
			w.give(heap.Pop(&way).(parcel).row)
		}
	})
	for _, f := range opened(found) {
		t.Errorf("after %.1f h: %s", float64(f.Opened-start)/3600, f.Explanation)
	}
}

// TestARegionOfOneInAHundred: it fails wholly, and a finding names it within a minute, at each
// volume at which a minute holds some of its customers.
func TestARegionOfOneInAHundred(t *testing.T) {
	for _, perSecond := range []float64{20, 60} {
		var delays []felt.Tick
		for seed := range uint64(3) {
			w := newWorld(nil)
			w.rng.Uint64()
			for range seed {
				w.rng.Uint64()
			}
			traffic := func(failing float64) func(int) {
				return func(int) {
					w.many("pay", perSecond*0.99, 0.01, func(r *felt.Interaction) { r.Segments = region("us") })
					w.many("pay", perSecond*0.01, failing, func(r *felt.Interaction) { r.Segments = region("nz") })
				}
			}
			if quiet := opened(w.run(3600, traffic(0.01))); len(quiet) > 0 {
				t.Fatalf("before: %s", quiet[0].Explanation)
			}
			from := w.now
			delay := felt.Tick(9999)
			for _, f := range w.run(120, traffic(1)) {
				if f.Series.SegmentValue == "nz" || slices.Contains(f.Segments, felt.Segment{Key: "region", Value: "nz"}) {
					delay = f.Updated - from
					break
				}
			}
			delays = append(delays, delay)
		}
		slices.Sort(delays)
		if delays[1] > 60 {
			t.Errorf("%g a second: named after %v s", perSecond, delays)
		}
	}
}

// TestOneCustomerIsNotTheNews: among customers who do well one fails all day long, and retries.
func TestOneCustomerIsNotTheNews(t *testing.T) {
	for _, perSecond := range []float64{0.05, 1} {
		w := newWorld(nil)
		well := func(int) { w.many("pay", perSecond, 0.01, nil) }
		w.run(7200, well)
		found := w.run(1800, func(i int) {
			well(i)
			for range 6 {
				r := w.row("pay", felt.OutcomeFailed)
				r.Customer = felt.Hash{7}
				w.give(r)
			}
		})
		for _, f := range opened(found) {
			t.Errorf("%g a second: %s", perSecond, f.Explanation)
		}
	}
}

// TestItIsOver: a finding ends soon after the trouble, once, and a second trouble is found anew.
func TestItIsOver(t *testing.T) {
	w := newWorld(nil)
	at := func(share float64) func(int) { return func(int) { w.many("pay", 5, share, nil) } }
	w.run(3600, at(0.01))
	w.run(900, at(0.4))
	over := w.now
	first := w.found[0]
	w.run(1800, at(0.01))
	var ended []felt.Finding
	for _, f := range w.found {
		if f.Ended != 0 {
			ended = append(ended, f)
		}
	}
	if len(opened(w.found)) != 1 || len(ended) != 1 || ended[0].ID != first.ID || ended[0].Ended < over || ended[0].Ended > over+600 {
		t.Fatalf("opened %d, ended %d, the trouble at %d: %+v", len(opened(w.found)), len(ended), over, ended)
	}
	again := opened(w.run(120, at(0.4)))
	if len(again) != 1 || again[0].ID == first.ID || again[0].Baseline > 0.03 {
		t.Errorf("the second time: %+v", again)
	}
}

// TestSilentIsNotGone: of two services one stops sending telemetry, and customers of the other
// stop coming. The first is told as silent, the second as a drop, whatever comes first.
func TestSilentIsNotGone(t *testing.T) {
	w := newWorld(nil)
	both := func(shop, bank bool) func(int) {
		return func(int) {
			w.many("pay", map[bool]float64{true: 5}[shop], 0.01, nil)
			for range w.poisson(map[bool]float64{true: 5}[bank]) {
				r := w.row("transfer", felt.OutcomeSuccess)
				r.App, r.Service = "bank", "teller"
				w.d.Heard(w.now, Voice{Env: "production", App: "bank", Service: "teller"})
				w.give(r)
			}
		}
	}
	w.run(3600, both(true, true))
	list := opened(w.run(300, both(true, false))) // the teller is not heard
	if kinds(list) != "silent silent " || list[0].Series.App != "bank" || list[0].About != "teller" || list[1].Series.App != "bank" || !list[1].Paging {
		t.Errorf("no telemetry from one source: %s, %+v", kinds(list), list)
	}
	w.run(3600, both(true, true))
	list = opened(w.run(300, both(false, true))) // web is heard, but nobody pays
	if len(list) != 1 || list[0].Kind != felt.FindingDrop || list[0].Series.Name != "pay" {
		t.Errorf("customers stop coming: %s, %+v", kinds(list), list)
	}
}

// TestTheCalendarIsKnown: a holiday of the inventory is no drop; the same day without it is.
func TestTheCalendarIsKnown(t *testing.T) {
	const text = `
journeys:
  - name: checkout
calendar:
  - {name: bank holiday, from: "2023-11-16T22:13:20Z", to: "2023-11-17T04:13:20Z", expect: fewer, factor: 0.2}
`
	set, problems := rules.Load(felt.Inventory{Version: 1, Files: []felt.InventoryFile{{Name: "a.yaml", Text: text}}})
	if set == nil {
		t.Fatal(problems)
	}
	holiday := (start + 2*86400).Instant() // 2023-11-16T22:13:20Z
	for _, known := range []bool{true, false} {
		rules := set
		if !known {
			rules = nil
		}
		w := newWorld(rules)
		play := func(long felt.Tick, level float64) []felt.Finding {
			list := w.run(int(long), func(int) { w.many("checkout", level, 0.01, nil) })
			return slices.DeleteFunc(list, func(f felt.Finding) bool { return f.Kind != felt.FindingDrop })
		}
		if list := opened(play(2*86400, 2)); len(list) > 0 {
			t.Fatalf("before: %s", list[0].Explanation)
		}
		if w.now.Instant() != holiday {
			t.Fatal("the days are not those of the calendar")
		}
		list := opened(play(6*3600, 0.4))
		switch {
		case known && len(list) > 0:
			t.Errorf("on the holiday: %s", list[0].Explanation)
		case !known && (len(list) == 0 || list[0].Kind != felt.FindingDrop):
			t.Errorf("on a day like any other: %s", kinds(list))
		}
		if known {
			if list := opened(play(3*3600, 2)); len(list) > 0 {
				t.Errorf("after the holiday: %s", list[0].Explanation)
			}
		}
	}
}

// TestACutChangesNothing: a detector that is saved and loaded in the middle of trouble goes on as
// if nothing had been.
func TestACutChangesNothing(t *testing.T) {
	play := func(cut bool) []felt.Finding {
		w := newWorld(nil)
		w.run(3600, func(int) { w.many("pay", 5, 0.01, func(r *felt.Interaction) { r.Segments = region("us") }) })
		w.run(600, func(i int) {
			w.many("pay", 5, 0.3, func(r *felt.Interaction) { r.Segments = region("us") })
			if cut && i%97 == 0 {
				w.d = cutAndRestore(t, w.d)
			}
		})
		w.run(900, func(int) { w.many("pay", 5, 0.01, nil) })
		return w.found
	}
	a, b := play(false), play(true)
	if len(a) == 0 || !slices.EqualFunc(a, b, func(x, y felt.Finding) bool {
		return x.ID == y.ID && x.Statistic == y.Statistic && x.Explanation == y.Explanation
	}) {
		t.Errorf("%d findings without a cut, %d with: not the same", len(a), len(b))
	}
}

func cutAndRestore(t *testing.T, d *Detector) *Detector {
	t.Helper()
	var e, again codec.Encoder
	d.Save(&e)
	out := New(d.settings)
	out.Rules(d.rules)
	dec := codec.NewDecoder(e.B)
	out.Load(dec)
	out.Save(&again)
	if dec.Err() != nil || dec.Rest() != 0 || !bytes.Equal(e.B, again.B) {
		t.Fatalf("restore: %v, %d bytes left", dec.Err(), dec.Rest())
	}
	return out
}
