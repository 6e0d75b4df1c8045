package storetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/felt-cx/felt"
)

// about asks for several scopes of the suite's environment.
func about(first felt.Scope, also ...felt.Scope) felt.Question {
	q := whole()
	first.Env = Env
	q.Scope, q.Also = first, also
	return q
}

// Customers of a union are distinct, tries are told once, and what came of a failure is judged
// by the scope in which it was.
func severalScopes(t *testing.T, s felt.Store) {
	ok, bad := felt.OutcomeSuccess, felt.OutcomeFailed
	id := 0
	row := func(customer int, o felt.Outcome, at int, app, name string, kind felt.InteractionKind) felt.Interaction {
		id++
		return with(try(id, customer, o, at), func(r *felt.Interaction) {
			r.App, r.Name, r.Kind, r.ValueMinor, r.Currency = app, name, kind, 100, "EUR"
		})
	}
	step, journey := felt.KindStep, felt.KindJourney
	write(t, s, batch(noon,
		row(1, bad, 100, "shop", "pay", step), row(1, bad, 101, "shop", "checkout", journey), // one customer, twice told
		row(2, bad, 100, "shop", "pay", step), row(2, ok, 200, "shop", "pay", step), // recovered
		row(3, bad, 100, "shop", "address", step), row(3, ok, 200, "shop", "pay", step), // another thing: lost
		row(4, bad, 100, "shop", "address", step), row(4, bad, 150, "shop", "pay", step), row(4, ok, 200, "shop", "address", step), // the last is lost
		row(5, bad, 100, "admin", "login", journey), row(5, ok, 120, "shop", "pay", step), // nothing but its journey tells of it
		row(6, bad, 100, "shop", "checkout", journey), // failed though no step did
		row(7, bad, 100, "shop", "browse", step), row(8, bad, 100, "admin", "pay", step),
	))
	pay, address := felt.Scope{App: "shop", Name: "pay"}, felt.Scope{Env: Env, App: "shop", Name: "address", Kind: step}
	checkout, login := felt.Scope{App: "shop", Name: "checkout"}, felt.Scope{Name: "login"}
	q := about(pay, address, checkout, login, pay)
	im := impact(t, s, q)
	wantDistinct(t, "customers", im.Customers, felt.Distinct{Total: 6, Failed: 6})
	if im.Counts != (felt.Counts{Failed: 6, Success: 4}) || im.Recovered != 1 || im.Lost != 5 || im.Undecided != 0 {
		t.Errorf("tries %+v, recovered %d, lost %d, undecided %d", im.Counts, im.Recovered, im.Lost, im.Undecided)
	}
	if turned := impact(t, s, about(login, checkout, pay, address)); turned != im {
		t.Errorf("in another order: %+v, want %+v", turned, im)
	}
	list, _, err := s.Affected(t.Context(), q, 100, "")
	fates := map[felt.Hash]felt.Fate{}
	for _, a := range list {
		fates[a.Customer] = a.Fate
		if want := map[felt.Hash]int64{hash(1, 4): 200, hash(1, 6): 0}[a.Customer]; a.ValueMinor != want && (want != 0 || a.ValueMinor != 100) {
			t.Errorf("%+v: worth %d, want what the steps say", a, a.ValueMinor)
		}
	}
	want := map[felt.Hash]felt.Fate{}
	for c := 1; c <= 6; c++ {
		want[hash(1, c)] = felt.FateLost
	}
	want[hash(1, 2)] = felt.FateRecovered
	if err != nil || !reflect.DeepEqual(fates, want) {
		t.Errorf("affected: %v, %v; want %v", fates, err, want)
	}
	rows, _, err := s.Interactions(t.Context(), about(checkout, pay), felt.OutcomeFailed, 100, "")
	if err != nil || len(rows) != 5 {
		t.Errorf("%d interactions, %v; want all of both", len(rows), err)
	}
	points, err := s.Points(t.Context(), q, felt.Day, "")
	if err != nil || len(points) != 1 || points[0].Counts != im.Counts || points[0].Customers.Failed != 5 {
		t.Errorf("points: %+v, %v; want the tries of the impact", points, err)
	}
	if st, err := s.ScopeStats(t.Context(), q); err != nil || len(st) != 4 {
		t.Errorf("stats of %d scopes, %v; want 4", len(st), err)
	}
	if _, err := s.Funnel(t.Context(), about(checkout, login)); !errors.Is(err, felt.ErrUnanswerable) {
		t.Errorf("a funnel of two journeys: %v", err)
	}
	if _, err := s.Impact(t.Context(), about(pay, felt.Scope{Env: "staging", Name: "pay"})); !errors.Is(err, felt.ErrUnanswerable) {
		t.Errorf("scopes of two environments: %v, want ErrUnanswerable", err)
	}
}

// Three scopes with customers who come in all of them, anonymous first and known later, against a count
// by hand.
func severalLinked(t *testing.T, s felt.Store) {
	r := rand.New(rand.NewPCG(7, 7))
	scopes := []felt.Scope{{App: "shop", Name: "pay"}, {App: "shop", Name: "search"}, {App: "admin", Name: "pay"}}
	var rows []felt.Interaction
	var links []felt.Link
	whose := map[int]int{} // session -> customer
	for i := range 400 {
		n := r.IntN(300) + 1
		row := with(try(i, 0, pick(r, []felt.Outcome{1, 1, 2, 3, 3, 4}), i), func(y *felt.Interaction) {
			of := pick(r, append(scopes, felt.Scope{App: "admin", Name: "search"}))
			y.App, y.Name, y.Session = of.App, of.Name, hash(2, n)
			y.Customer, y.IdentityLevel = hash(2, n), felt.LevelSession
			if known := r.IntN(3) == 0; known && whose[n] == 0 {
				whose[n] = r.IntN(60) + 1 // several sessions of one
				links = append(links, link(session, hash(2, n), user, hash(1, whose[n]), i))
			}
			if c := whose[n]; c > 0 && r.IntN(2) == 0 {
				y.Customer, y.IdentityLevel = hash(1, c), felt.LevelUser
			}
		})
		rows = append(rows, row)
	}
	write(t, s, batch(noon, rows...), linked(noon+1, links...))
	all, failed, degraded := map[int]bool{}, map[int]bool{}, map[int]bool{}
	session := map[felt.Hash]int{}
	for n := range 301 {
		session[hash(2, n)] = n
	}
	for i := range rows {
		y := &rows[i]
		if !slices.Contains(scopes, felt.Scope{App: y.App, Name: y.Name}) {
			continue
		}
		who := -session[y.Session]
		if c := whose[session[y.Session]]; c > 0 {
			who = c
		}
		all[who] = true
		if y.Outcome == felt.OutcomeFailed {
			failed[who] = true
		}
		if y.Outcome == felt.OutcomeDegraded {
			degraded[who] = true
		}
	}
	q := about(scopes[0], scopes[1:]...)
	want := felt.Distinct{Total: int64(len(all)), Failed: int64(len(failed)), Degraded: int64(len(degraded))}
	wantDistinct(t, "customers", impact(t, s, q).Customers, want)
	sum := int64(0)
	for _, of := range scopes {
		sum += impact(t, s, about(of)).Customers.Failed
	}
	if sum <= want.Failed {
		t.Errorf("the scopes share nobody: %d in all, %d together", sum, want.Failed)
	}
	list, _, err := s.Affected(context.Background(), q, 1000, "")
	harmed := 0
	for who := range all {
		if failed[who] || degraded[who] {
			harmed++
		}
	}
	if err != nil || len(list) != harmed {
		t.Errorf("%d affected, %v; want %d", len(list), err, harmed)
	}
}
