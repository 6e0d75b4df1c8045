package incident

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/felt-cx/felt"
)

const journeys = `
journeys:
  - name: checkout
    title: Checkout
    app: shop
    criticality: 5
    services: [pay-svc, ledger]
    steps:
      - {name: cart}
      - {name: pay}
  - name: renew
    app: billing
    services: [bill-svc]
    steps:
      - {name: charge}
`

func journey(app, name string) felt.Scope {
	return felt.Scope{Env: "production", App: app, Name: name, Kind: felt.KindJourney}
}

// TestWhatBelongsTogether: two findings, so many seconds apart, are so many incidents.
func TestWhatBelongsTogether(t *testing.T) {
	apps := func(n int) func(w *world) {
		return func(w *world) {
			for i := range n {
				w.b.paged(w.now, &felt.Finding{Series: felt.Series{Env: "production", App: fmt.Sprint("app-", i)}}, w.now.Instant())
			}
		}
	}
	segment := func(key, value string) func(*felt.Finding) {
		return func(f *felt.Finding) { f.Segments = []felt.Segment{{Key: key, Value: value}} }
	}
	a, b := pay(), step("billing", "charge")
	for _, c := range []struct {
		name    string
		first   felt.Scope
		second  felt.Scope
		apart   felt.Tick
		more    func(*felt.Finding)
		happens func(w *world)
		want    int
	}{
		{"two apps at once", a, b, 0, nil, nil, 2},
		{"two apps within a minute", a, b, 30, nil, nil, 2},
		{"two apps, minutes apart", a, b, 240, nil, nil, 2},
		{"the same scope, hours later", a, a, 10_000, nil, nil, 1},
		{"two steps of a journey", step("shop", "cart"), a, 500, nil, nil, 1},
		{"a step and its journey", a, journey("shop", "checkout"), 3000, nil, nil, 1},
		{"one app, at once", step("x", "one"), step("x", "two"), 20, nil, nil, 1},
		{"one app, an hour apart", step("x", "one"), step("x", "two"), 3600, nil, nil, 2},
		{"the same release", a, step("other", "one"), 20, segment("release", "5.2"), nil, 1},
		{"the same region", a, step("other", "one"), 20, segment("region", "eu"), nil, 1},
		{"the same region, an hour apart", a, step("other", "one"), 3600, segment("region", "eu"), nil, 2},
		{"the same requests", a, b, 90, nil, func(w *world) {
			for c := range uint64(20) { // of whom another is known to each service
				same := func(r *felt.Interaction) { r.Trace = felt.TraceID{1, byte(c)} }
				w.try(a, c+1, felt.OutcomeFailed, same)
				w.try(b, c+101, felt.OutcomeFailed, same)
			}
		}, 1},
		{"the same customers, at once", a, b, 20, nil, func(w *world) {
			for c := range uint64(20) {
				w.try(a, c+1, felt.OutcomeFailed, func(r *felt.Interaction) { r.Trace[0] = 1 })
				w.try(b, c+1, felt.OutcomeFailed, func(r *felt.Interaction) { r.Trace[0] = 2 })
			}
		}, 1},
		{"other customers, at once", a, b, 20, nil, func(w *world) {
			w.tries(a, 1, 30, felt.OutcomeFailed)
			w.tries(b, 101, 130, felt.OutcomeFailed)
		}, 2},
		{"one app with twenty findings, and another", a, b, 20, nil, func(w *world) {
			for range 20 {
				w.b.paged(w.now, &felt.Finding{Series: felt.Series{Env: "production", App: "shop"}}, w.now.Instant())
			}
		}, 2},
		{"three apps at once", a, b, 20, nil, apps(1), 2},
		{"many apps at once", a, b, 20, nil, apps(3), 1},
		{"nothing heard of both", a, b, 20, func(f *felt.Finding) { f.Kind = felt.FindingSilent }, nil, 1},
		{"another environment", a, felt.Scope{Env: "staging", App: "shop", Name: "pay", Kind: felt.KindStep}, 0, nil, nil, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.b.Rules(inventory(t, journeys))
			if c.happens != nil {
				c.happens(w)
			}
			if c.more == nil {
				c.more = func(*felt.Finding) {}
			}
			first := w.page(c.first, c.more)
			if c.apart == 0 {
				w.tick(first, w.page(c.second, c.more))
			} else {
				w.tick(first)
				w.now += c.apart - 1
				w.tick(w.page(c.second, c.more))
			}
			if n := len(w.ids()); n != c.want {
				t.Errorf("%d incidents, want %d", n, c.want)
			}
		})
	}
}

// TestWhatTheTestsCountFromIsNoStorm: an app breaks minutes after three others did. Its test counts since a
// failure that happened by chance when they broke; but until now its customers fared well.
func TestWhatTheTestsCountFromIsNoStorm(t *testing.T) {
	w := newWorld(t)
	was := w.now
	for i := range 3 {
		w.tick(w.page(step(fmt.Sprint("app-", i), "one")))
	}
	if n := len(w.ids()); n != 3 {
		t.Fatalf("%d incidents of three apps", n)
	}
	w.try(pay(), 1, felt.OutcomeFailed)
	for c := uint64(2); w.now < was+150; c += 5 {
		w.tries(pay(), c, c+5, felt.OutcomeSuccess)
		w.tick()
	}
	w.tries(pay(), 10_000, 10_050, felt.OutcomeFailed)
	w.tick(w.page(pay(), func(f *felt.Finding) { f.Since = was.Instant() }))
	if n := len(w.ids()); n != 4 {
		t.Errorf("%d incidents, want one more: %s", n, story(w.last()))
	}
}

// TestStorm: five hundred findings of journeys that have nothing in common, at once, within a minute or
// one after the other over minutes, are at most three incidents.
func TestStorm(t *testing.T) {
	for _, a := range []struct {
		name  string
		ticks felt.Tick
	}{{"at once", 1}, {"over a minute", 6}, {"over five minutes", 30}} {
		rng := rand.New(rand.NewPCG(3, 4))
		w := newWorld(t)
		left := 500
		for i := range a.ticks {
			n := left / int(a.ticks-i)
			if i == 0 && a.ticks > 1 {
				n = 5 // those with the most customers are seen first
			}
			var list []felt.Finding
			for range n {
				left--
				app := fmt.Sprint("app-", left)
				list = append(list, w.page(step(app, fmt.Sprint("do-", rng.IntN(1000))), func(f *felt.Finding) {
					f.Since = start.Instant() - felt.Instant(rng.IntN(30))*felt.Second
				}))
			}
			w.tick(list...)
			w.now += 9
		}
		if left != 0 || len(w.ids()) > 3 {
			t.Errorf("%s: %d incidents", a.name, len(w.ids()))
		}
		open := 0
		for _, l := range w.b.list {
			open += len(l.row.Findings) + int(l.row.FindingsMore)
			if len(l.row.Scopes) > ScopesMax || len(l.row.Findings) > FindingsMax {
				t.Errorf("%d scopes, %d findings", len(l.row.Scopes), len(l.row.Findings))
			}
		}
		if open != 500 {
			t.Errorf("%s: %d findings are in incidents", a.name, open)
		}
	}
}

// TestOrderWithinATick: the same findings in any order make the same incidents.
func TestOrderWithinATick(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 30 {
		var scopes []felt.Scope
		for range 1 + rng.IntN(12) {
			scopes = append(scopes, step(fmt.Sprint("app-", rng.IntN(4)), fmt.Sprint("do-", rng.IntN(6))))
		}
		slices.SortFunc(scopes, compareScopes)
		scopes = slices.Compact(scopes)
		paging := rng.Uint64()
		play := func(order []int) string {
			w := newWorld(t)
			w.b.Rules(inventory(t, journeys))
			for round := range 3 {
				var list []felt.Finding
				for _, i := range order {
					list = append(list, w.page(scopes[i], func(f *felt.Finding) {
						f.ID = fmt.Sprint("fnd-", i)
						f.Paging = paging>>i&1 == 1 || round == 1
						if round == 2 {
							f.Ended = w.now
						}
					}))
				}
				w.tick(list...)
			}
			return asJSON(t, w.rows) + string(saved(w.b))
		}
		order := rng.Perm(len(scopes))
		want := play(order)
		if got := play(rng.Perm(len(scopes))); got != want {
			t.Fatalf("another order, other incidents:\n%s\n%s", got, want)
		}
	}
}

// TestScopesAreOneCrowd: who fails in two scopes of an incident is one customer, and the worst journey
// gives it its name.
func TestScopesAreOneCrowd(t *testing.T) {
	w := newWorld(t)
	w.b.Rules(inventory(t, journeys))
	extra := step("shop", "search")
	w.tries(pay(), 1, 31, felt.OutcomeFailed)
	w.tries(extra, 11, 51, felt.OutcomeFailed)
	w.tick(w.page(extra))
	w.tick(w.page(pay()))
	r := w.last()
	if len(w.ids()) != 1 || r.Impact.Customers.Failed != 50 || r.Impact.Counts.Failed != 70 {
		t.Errorf("%d incidents, %+v", len(w.ids()), r.Impact)
	}
	if r.Title != "Checkout" || len(r.Scopes) != 2 || r.Scopes[0] != pay() || r.Journeys[1] != "search" {
		t.Errorf("%q %v", r.Title, r.Scopes)
	}
}

// TestMissedCustomersAreNotHarmed: of a drop nobody is counted as harmed, until a finding says so.
func TestMissedCustomersAreNotHarmed(t *testing.T) {
	w := newWorld(t)
	w.tries(pay(), 1, 6, felt.OutcomeFailed)
	w.tick(w.page(pay(), func(f *felt.Finding) { f.Kind, f.Hit, f.Expected = felt.FindingDrop, 100, 400 }))
	if r := w.last(); r.Impact.Customers.Failed != 0 || r.Impact.Counts.Failed != 5 || r.ScoreParts[1].Input != "300 of 400 customers" {
		t.Errorf("%+v, %+v", r.Impact, r.ScoreParts)
	}
	w.tick(w.page(pay(), func(f *felt.Finding) { f.ID += "failed" }))
	if r := w.last(); r.Impact.Customers.Failed != 5 || r.Impact.Counts.Failed != 5 || r.Kind != "failed" {
		t.Errorf("%s %+v", r.Kind, r.Impact)
	}
}

// TestToBeRead: a finding that does not page opens nothing, joins what it is about, and opens it not again.
func TestToBeRead(t *testing.T) {
	w := newWorld(t)
	w.b.Rules(inventory(t, journeys))
	quiet := func(f *felt.Finding) { f.Paging = false }
	w.tick(w.page(step("shop", "cart"), quiet), w.page(step("far", "off"), quiet))
	if len(w.rows) != 0 {
		t.Fatal("opened")
	}
	w.tick(w.page(pay()))
	w.tick(w.page(step("shop", "cart"), quiet), w.page(step("far", "off"), quiet))
	if r := w.last(); len(r.Findings) != 2 || len(r.Scopes) != 1 {
		t.Errorf("%d findings, scopes %v", len(r.Findings), r.Scopes)
	}
}

// TestTriesAreToldOnce: a journey repeats what its steps did, so its tries are not counted again; its
// customers are.
func TestTriesAreToldOnce(t *testing.T) {
	w := newWorld(t)
	w.b.Rules(inventory(t, journeys))
	checkout := felt.Scope{Env: "production", App: "shop", Name: "checkout", Kind: felt.KindJourney}
	w.tries(pay(), 1, 31, felt.OutcomeFailed)
	w.tries(checkout, 1, 36, felt.OutcomeFailed)
	w.tick(w.page(checkout))
	if r := w.last(); r.Impact.Counts.Failed != 35 {
		t.Errorf("of the journey alone: %+v", r.Impact)
	}
	w.tick(w.page(pay()))
	if r := w.last(); len(r.Scopes) != 2 || r.Impact.Customers.Failed != 35 || r.Impact.Counts.Failed != 30 {
		t.Errorf("%v, %+v", r.Scopes, r.Impact)
	}
}
