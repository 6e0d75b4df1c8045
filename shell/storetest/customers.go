package storetest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/felt-cx/felt"
)

// as changes whose an interaction is: its own customer, on a level, with a session and an
// installation.
func as(r felt.Interaction, customer felt.Hash, level felt.IdentityLevel, session, installation felt.Hash) felt.Interaction {
	r.Customer, r.IdentityLevel, r.Session, r.Installation = customer, level, session, installation
	return r
}

// anonymous is known by its session only.
func anonymous(r felt.Interaction, session int) felt.Interaction {
	return as(r, hash(2, session), felt.LevelSession, hash(2, session), felt.Hash{})
}

func linked(tick felt.Tick, links ...felt.Link) felt.Batch {
	b := batch(tick)
	b.ID.Stage = 1
	b.Links = links
	return b
}

func link(from felt.IdentityLevel, h felt.Hash, to felt.IdentityLevel, target felt.Hash, since int) felt.Link {
	return felt.Link{Env: Env, FromLevel: from, From: h, ToLevel: to, To: target, Since: day + felt.Instant(since)*felt.Second}
}

const (
	user         = felt.LevelUser
	pseudonym    = felt.LevelPseudonym
	installation = felt.LevelInstallation
	session      = felt.LevelSession
)

// Anonymous and then logged in is one customer, in every number of customers.
func linksEverywhere(t *testing.T, s felt.Store) {
	ctx := context.Background()
	ok, bad := felt.OutcomeSuccess, felt.OutcomeFailed
	write(t, s, batch(noon,
		anonymous(try(1, 0, bad, 100), 1), try(2, 1, ok, 200), // failed, logged in, succeeded: recovered
		anonymous(try(3, 0, bad, 100), 2), try(4, 2, bad, 150), anonymous(try(5, 0, ok, 160), 2), // failed twice, succeeded as nobody: recovered
		anonymous(try(6, 0, bad, 100), 3), try(7, 3, ok, 200), // no link: two customers, one lost
	))
	check := func(when string, total, failed, recovered, lost int64, id felt.Identity) {
		t.Helper()
		im := impact(t, s, whole())
		wantDistinct(t, when+": impact", im.Customers, felt.Distinct{Total: total, Failed: failed})
		if im.Recovered != recovered || im.Lost != lost || im.Undecided != 0 || im.Identity != id || im.Method != felt.MethodExact {
			t.Errorf("%s: recovered %d, lost %d, want %d and %d; %+v, want %+v", when, im.Recovered, im.Lost, recovered, lost, im.Identity, id)
		}
		st, err := s.ScopeStats(ctx, whole())
		if err != nil || len(st) != 1 {
			t.Fatalf("stats %v, %v", st, err)
		}
		wantDistinct(t, when+": stats", st[0].Customers, felt.Distinct{Total: total, Failed: failed})
		q := whole()
		q.From, q.To = day, day+felt.Day
		pt, err := s.Points(ctx, q, felt.Day, "")
		if err != nil || len(pt) != 1 {
			t.Fatalf("points %v, %v", pt, err)
		}
		wantDistinct(t, when+": points", pt[0].Customers, felt.Distinct{Total: total, Failed: failed})
		list, _, err := s.Affected(ctx, q, 100, "")
		if err != nil || int64(len(list)) != failed {
			t.Errorf("%s: %d affected, %v, want %d", when, len(list), err, failed)
		}
	}
	check("before", 6, 4, 1, 3, felt.Identity{User: 3, Session: 3})
	write(t, s, linked(noon+1, link(session, hash(2, 1), user, hash(1, 1), 1), link(session, hash(2, 2), user, hash(1, 2), 1),
		felt.Link{Env: "staging", FromLevel: session, From: hash(2, 3), To: hash(1, 3), Since: day}))
	check("after", 4, 3, 2, 1, felt.Identity{User: 3, Session: 1})
	write(t, s, linked(noon+2, link(session, hash(2, 3), user, hash(1, 3), 1)))
	check("all linked", 3, 3, 3, 0, felt.Identity{User: 3})
}

// Of what an interaction carries, its own user counts, else its pseudonym, its session, its
// installation, when they lead to something stronger.
func linkOrder(t *testing.T, s felt.Store) {
	row := func(id int, customer felt.Hash, level felt.IdentityLevel, sess, inst int) felt.Interaction {
		return as(try(id, 0, felt.OutcomeFailed, id), customer, level, hash(2, sess), hash(4, inst))
	}
	write(t, s, batch(noon,
		row(1, hash(1, 50), user, 1, 1),           // its own user, whatever its session says
		row(2, hash(5, 1), pseudonym, 1, 1),       // by its pseudonym
		row(3, hash(5, 2), pseudonym, 1, 2),       // by its session: its pseudonym leads nowhere
		row(4, hash(4, 1), installation, 9, 1),    // by its installation: its session leads nowhere
		row(5, hash(2, 2), session, 2, 0),         // to a pseudonym, which is linked
		row(6, hash(2, 3), session, 3, 0),         // to a pseudonym, which is not
		row(7, hash(5, 9), pseudonym, 3, 0),       // another pseudonym is not stronger
		row(8, hash(2, 4), session, 4, 0),         // over three links: two are followed
		row(9, felt.Hash{}, felt.LevelNone, 1, 0), // nobody, but in a session
		row(10, felt.Hash{}, felt.LevelNone, 9, 0),
	))
	write(t, s, linked(noon+1,
		link(session, hash(2, 1), user, hash(1, 3), 1),
		link(pseudonym, hash(5, 1), user, hash(1, 2), 1),
		link(installation, hash(4, 1), felt.LevelNone, hash(1, 4), 1), // LevelNone means user
		link(session, hash(2, 2), pseudonym, hash(5, 1), 1),
		link(session, hash(2, 3), pseudonym, hash(5, 3), 1),
		link(session, hash(2, 4), installation, hash(4, 4), 1), link(installation, hash(4, 4), pseudonym, hash(5, 4), 1), link(pseudonym, hash(5, 4), user, hash(1, 7), 1),
		link(session, hash(2, 9), session, hash(2, 1), 1), link(installation, hash(4, 2), session, hash(2, 1), 1), // not stronger: ignored
	))
	want := map[felt.Hash]felt.IdentityLevel{
		hash(1, 50): user, hash(1, 2): user, hash(1, 3): user, hash(1, 4): user, hash(5, 3): pseudonym, hash(5, 9): pseudonym, hash(5, 4): pseudonym,
	}
	list, _, err := s.Affected(context.Background(), whole(), 100, "")
	got := map[felt.Hash]felt.IdentityLevel{}
	for _, a := range list {
		got[a.Customer] = a.Level
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n got %v\nwant %v", err, got, want)
	}
	if im := impact(t, s, whole()); im.Identity != (felt.Identity{User: 4, Pseudonym: 3}) || im.Customers.Failed != 7 {
		t.Errorf("%+v of %+v", im.Identity, im.Customers)
	}
}

// The newest link to the strongest identity wins, in whatever order they come, also in the middle of a chain.
func linkNewest(t *testing.T, s felt.Store) {
	write(t, s, batch(noon, anonymous(try(1, 0, felt.OutcomeFailed, 1), 1), anonymous(try(2, 0, felt.OutcomeFailed, 2), 2)))
	check := func(when string, want ...felt.Hash) {
		t.Helper()
		list, _, err := s.Affected(context.Background(), whole(), 10, "")
		var got []felt.Hash
		for _, a := range list {
			got = append(got, a.Customer)
		}
		slices.SortFunc(want, func(a, b felt.Hash) int { return slices.Compare(a[:], b[:]) })
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", when, got, err, want)
		}
	}
	first, second := hash(2, 1), hash(2, 2)
	write(t, s, linked(noon+1, link(session, first, user, hash(1, 1), 50), link(session, second, pseudonym, hash(5, 1), 50)))
	check("linked", hash(1, 1), hash(5, 1))
	write(t, s, linked(noon+2, link(session, first, user, hash(1, 2), 40), link(session, first, user, hash(1, 3), 45)))
	check("older ones come later", hash(1, 1), hash(5, 1))
	write(t, s, linked(noon+3, link(session, first, user, hash(1, 5), 60), link(session, first, user, hash(1, 4), 55)))
	check("a newer one", hash(1, 5), hash(5, 1))
	write(t, s, linked(noon+4, link(pseudonym, hash(5, 1), user, hash(1, 6), 50)))
	check("the pseudonym is linked", hash(1, 5), hash(1, 6))
	write(t, s, linked(noon+5, link(pseudonym, hash(5, 1), user, hash(1, 7), 51)), linked(noon+6, link(session, first, pseudonym, hash(5, 1), 70)))
	check("again, and a weaker one comes", hash(1, 5), hash(1, 7))
	write(t, s, linked(noon+7, link(session, second, user, hash(1, 8), 70)))
	check("out of the chain", hash(1, 5), hash(1, 8))
}

// A link goes when nothing can be kept under the weaker identity any more.
func linksForgotten(t *testing.T, s felt.Store) {
	write(t, s, batch(noon, anonymous(try(1, 0, felt.OutcomeFailed, 100), 1), anonymous(try(2, 0, felt.OutcomeFailed, 100), 2), try(3, 1, felt.OutcomeFailed, 100)))
	write(t, s, linked(noon+1, link(session, hash(2, 1), user, hash(1, 1), 100), link(session, hash(2, 2), user, hash(1, 1), 100-3*60*minute)))
	customers := func(keep felt.Retention, want int64) {
		t.Helper()
		if _, err := s.Retain(context.Background(), day+felt.Hour, keep); err != nil {
			t.Fatal(err)
		}
		if got := impact(t, s, whole()).Customers.Failed; got != want {
			t.Errorf("%+v: %d customers, want %d", keep, got, want)
		}
	}
	customers(felt.Retention{Interactions: 2 * felt.Hour}, 1)
	customers(felt.Retention{Interactions: 2 * felt.Hour, CustomerDays: felt.Day}, 1)
	customers(felt.Retention{Interactions: 2 * felt.Hour, CustomerDays: felt.Hour}, 2)
}

// One in whose name very many sessions were.
func manySessions(t *testing.T, s felt.Store) {
	const sessions = 1200
	rows := make([]felt.Interaction, sessions)
	links := make([]felt.Link, sessions)
	for i := range rows {
		rows[i] = anonymous(try(i, 0, felt.OutcomeFailed, i), i+1)
		links[i] = link(session, hash(2, i+1), user, hash(1, 1), i)
	}
	write(t, s, batch(noon, rows...), batch(noon+1, try(sessions, 2, felt.OutcomeFailed, 1)), linked(noon+1, links...))
	way, err := s.Customer(context.Background(), Env, hash(2, 7), whole().Window, 10)
	if err != nil || way.Customer != hash(1, 1) || len(way.Linked) != sessions || way.Counts.Failed != sessions || len(way.Interactions) != 10 || !way.More {
		t.Errorf("%v: customer %s, %d linked, %+v", err, way.Customer, len(way.Linked), way.Counts)
	}
	if im := impact(t, s, whole()); im.Customers.Failed != 2 || im.Counts.Failed != sessions+1 {
		t.Errorf("%+v", im)
	}
}

// Sampled input: 100 customers of whom each tried, and failed, four times; 10 % was kept.
func sampledEstimate(t *testing.T, s felt.Store) {
	var rows []felt.Interaction
	add := func(customer, tries int, o felt.Outcome) {
		for range tries {
			rows = append(rows, with(try(len(rows), customer, o, len(rows)), func(r *felt.Interaction) { r.Weight = 10 }))
		}
	}
	for c := 1; c <= 29; c++ { // as expected: 29.2 seen once, 4.9 twice, 0.4 three times
		add(c, 1, felt.OutcomeFailed)
	}
	for c := 30; c <= 34; c++ {
		add(c, 2, felt.OutcomeFailed)
	}
	add(35, 1, felt.OutcomeDegraded)
	add(35, 1, felt.OutcomeNone)
	add(0, 4, felt.OutcomeFailed)
	write(t, s, batch(noon, rows...))
	im := impact(t, s, whole())
	wantDistinct(t, "seen", im.Customers, felt.Distinct{Total: 35, Failed: 34, Degraded: 1})
	// f0 = 29² / (2·5·39/38 + 29/9) = 62.4; total: 30² / (2·5·40/39 + 30/9) = 66.2
	e := im.Estimated
	if !im.Sampled || im.Method != felt.MethodLowerBound || e.Failed.Estimate != 96 || e.Total.Estimate != 101 || e.Degraded.Estimate != 1 {
		t.Errorf("estimates %+v by %s", e, im.Method)
	}
	if e.Failed.Low < 34 || e.Failed.Low > 80 || e.Failed.High < 110 || e.Degraded.Low != 1 || e.Degraded.High < 10 || im.Interval != [2]int64{34, e.Failed.High} {
		t.Errorf("intervals %+v, %v", e, im.Interval)
	}
	if want := [felt.Outcomes]float64{felt.OutcomeFailed: 430, felt.OutcomeDegraded: 10, felt.OutcomeNone: 10}; im.Adjusted != want {
		t.Errorf("adjusted %v, want %v", im.Adjusted, want)
	}
	write(t, s, linked(noon+1, link(user+1, hash(1, 1), user, hash(1, 2), 1))) // a link of nobody's level changes nothing
	if again := impact(t, s, whole()); again != im {
		t.Errorf("after a link of nobody: %+v, want %+v", again, im)
	}
}

// Sampled sessions: one in five was kept, whole. How many tries were in one says nothing.
func sampledSessions(t *testing.T, s felt.Store) {
	var rows []felt.Interaction
	draws := uint64(0)
	session := func(customer int, weight float64, outcomes ...felt.Outcome) {
		draws++
		for _, o := range outcomes {
			rows = append(rows, with(try(len(rows), customer, o, len(rows)), func(r *felt.Interaction) { r.Weight, r.Draw = weight, draws }))
		}
	}
	ok, bad, slow := felt.OutcomeSuccess, felt.OutcomeFailed, felt.OutcomeDegraded
	for c := 1; c <= 40; c++ {
		session(c, 5, bad, ok, bad, bad, felt.OutcomeNone)
	}
	for c := 41; c <= 50; c++ {
		session(c, 5, bad, bad)
		session(c, 5, slow, bad)
	}
	session(51, 5, felt.OutcomeCancelled, felt.OutcomeNone)
	session(0, 5, bad)
	write(t, s, batch(noon, rows...))
	im := impact(t, s, whole())
	wantDistinct(t, "seen", im.Customers, felt.Distinct{Total: 50, Failed: 50, Degraded: 10})
	// f0 = 40² / (2·10·60/59 + 40/4) = 52.74; degraded: 10·9 / (2·10/9 + 10/4) = 19.06
	e := im.Estimated
	if !im.Sampled || im.Method != felt.MethodLowerBound || e.Failed.Estimate != 103 || e.Total != e.Failed || e.Degraded.Estimate != 29 {
		t.Errorf("estimates %+v by %s", e, im.Method)
	}
	if e.Failed.Low <= 50 || e.Failed.High < 120 || im.Interval != [2]int64{50, e.Failed.High} {
		t.Errorf("intervals %+v, %v", e, im.Interval)
	}
	// A draw counts with the least weight of what is asked for. A service that was not sampled has tries for
	// themselves: 51 more of one customer; of another one two, of which one was thinned further.
	draws += 2
	more := make([]felt.Interaction, 53)
	for i := range more {
		more[i] = try(1000+i, 60, bad, 1)
		if i > 50 {
			more[i] = with(try(1000+i, 61, bad, 1), func(r *felt.Interaction) { r.Weight, r.Draw = []float64{50, 5}[i-51], draws })
		}
	}
	write(t, s, batch(noon+1, more...))
	// f0 = 41² / (2·10·61/60 + 41/4) = 55; of 52 seen the one who was not sampled cannot be missed.
	if e := impact(t, s, whole()).Estimated; e.Failed.Estimate != 107 {
		t.Errorf("with others: %+v, want 107", e.Failed)
	}
	corrected := with(rows[0], func(r *felt.Interaction) { r.Version, r.Known, r.Draw = 2, noon+2, draws+1 })
	write(t, s, batch(noon+2, corrected))
	// The first customer now was seen twice: f0 = 40² / (2·11·62/61 + 40/4) = 49.4
	if e := impact(t, s, whole()).Estimated; e.Failed.Estimate != 101 {
		t.Errorf("corrected: %+v, want 101", e.Failed)
	}
}

func affected(t *testing.T, s felt.Store) {
	ctx := context.Background()
	ok, bad, slow := felt.OutcomeSuccess, felt.OutcomeFailed, felt.OutcomeDegraded
	worth := func(r felt.Interaction, minor int64, currency string) felt.Interaction {
		r.ValueMinor, r.Currency = minor, currency
		return r
	}
	write(t, s, batch(felt.TickOf(day+felt.Hour),
		worth(try(1, 1, bad, 100), 500, "EUR"), worth(try(2, 1, bad, 110), 700, "EUR"), worth(try(3, 1, bad, 90), 900, "USD"), worth(try(4, 1, bad, 120), 9, ""),
		try(5, 2, bad, 100), try(6, 2, slow, 200), worth(try(7, 2, ok, 80), 100, "EUR"),
		try(8, 3, slow, 300),
		try(9, 4, bad, 50*minute), try(10, 4, felt.OutcomeCancelled, 51*minute), try(11, 4, felt.OutcomeNone, 52*minute),
		try(12, 5, ok, 10), try(13, 5, felt.OutcomeAbandoned, 11), try(14, 0, bad, 12),
		with(try(15, 6, bad, 100), func(r *felt.Interaction) { r.Kind, r.Name = felt.KindJourney, "checkout" }),
	))
	at := func(sec int) felt.Instant { return day + felt.Instant(sec)*felt.Second }
	want := []felt.Affected{
		{Customer: hash(1, 1), Level: user, Account: hash(3, 1), Failed: 4, Tries: 4, First: at(90), Last: at(120), Fate: felt.FateLost, ValueMinor: 1200, Currency: "EUR"},
		{Customer: hash(1, 2), Level: user, Account: hash(3, 1), Failed: 1, Degraded: 1, Tries: 3, First: at(100), Last: at(200), Fate: felt.FateRecovered},
		{Customer: hash(1, 4), Level: user, Account: hash(3, 1), Failed: 1, Tries: 2, First: at(50 * minute), Last: at(50 * minute), Fate: felt.FateUndecided},
		{Customer: hash(1, 3), Level: user, Account: hash(3, 1), Degraded: 1, Tries: 1, First: at(300), Last: at(300)},
	}
	byHash := func(a, b felt.Affected) int { return slices.Compare(a.Customer[:], b.Customer[:]) }
	slices.SortFunc(want[1:3], byHash)
	for _, limit := range []int{0, 1, 2, 3, 4, 5} {
		var got []felt.Affected
		page := ""
		for range 5 {
			part, next, err := s.Affected(ctx, whole(), limit, page)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, part...)
			if page = next; page == "" {
				break
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("limit %d:\n got %+v\nwant %+v", limit, got, want)
		}
	}
	q := whole()
	q.Name = "checkout" // only a journey has the name
	if got, _, err := s.Affected(ctx, q, 10, ""); err != nil || len(got) != 1 || got[0].Customer != hash(1, 6) {
		t.Errorf("journey: %+v, %v", got, err)
	}
	q.Name = "nothing"
	if got, next, err := s.Affected(ctx, q, 10, ""); err != nil || len(got) != 0 || next != "" {
		t.Errorf("nothing: %+v, %v", got, err)
	}
	if _, _, err := s.Affected(ctx, whole(), 10, "nonsense"); !errors.Is(err, felt.ErrUnanswerable) {
		t.Errorf("page: %v", err)
	}
}

func customerWay(t *testing.T, s felt.Store) {
	ctx := context.Background()
	ok, bad := felt.OutcomeSuccess, felt.OutcomeFailed
	rows := []felt.Interaction{
		anonymous(try(1, 0, bad, 100), 1),
		with(try(2, 1, ok, 200), func(r *felt.Interaction) { r.Account = felt.Hash{} }),
		as(try(3, 0, felt.OutcomeNone, 300), hash(5, 1), pseudonym, hash(2, 8), felt.Hash{}),
		with(try(4, 1, felt.OutcomeAbandoned, 400), func(r *felt.Interaction) { r.Kind, r.Name, r.Account = felt.KindJourney, "checkout", hash(3, 7) }),
		with(try(5, 1, ok, 500), func(r *felt.Interaction) { r.Traffic, r.Account = felt.TrafficTest, felt.Hash{} }),
	}
	others := []felt.Interaction{
		try(6, 2, bad, 100), with(try(7, 1, bad, 100), func(r *felt.Interaction) { r.Env = "staging" }),
		as(try(8, 0, bad, 100), hash(1, 3), user, hash(2, 1), felt.Hash{}), // another user in the same session
	}
	write(t, s, batch(noon, append(slices.Clone(rows), others...)...))
	write(t, s, linked(noon+1, link(session, hash(2, 1), pseudonym, hash(5, 1), 100), link(pseudonym, hash(5, 1), user, hash(1, 1), 150)))
	b := batch(noon + 1)
	b.BusinessEvents = []felt.BusinessEvent{
		{ID: "a", Time: day + felt.Second, Kind: "order", Customer: hash(5, 1)},
		{ID: "b", Time: day + 2*felt.Second, Kind: "ticket", Customer: hash(1, 1)},
		{ID: "c", Time: day - felt.Day, Kind: "order", Customer: hash(1, 1)},
		{ID: "d", Time: day, Kind: "order", Customer: hash(1, 2)},
	}
	b.CustomerFacts = []felt.Fact{
		{Customer: hash(1, 1), Key: "plan", Value: "pro", ValidFrom: day},
		{Customer: hash(2, 1), Key: "plan", Value: "free", ValidFrom: day - felt.Day},
		{Customer: hash(1, 1), Key: "plan", Value: "max", ValidFrom: day + 9*felt.Day},
		{Customer: hash(5, 1), Key: "band", Value: "high", ValidFrom: day},
	}
	write(t, s, b)
	w := felt.Window{From: day, To: day + felt.Hour}
	slices.Reverse(rows)
	want := felt.CustomerWay{
		Customer: hash(1, 1), Level: user, Account: hash(3, 7),
		Linked: []felt.Link{
			link(pseudonym, hash(5, 1), user, hash(1, 1), 150), link(session, hash(2, 1), pseudonym, hash(5, 1), 100),
		},
		Counts: felt.Counts{Success: 2, Failed: 1, Open: 1}, Interactions: rows,
		Events: []felt.BusinessEvent{b.BusinessEvents[1], b.BusinessEvents[0]}, Facts: []felt.Fact{b.CustomerFacts[3], b.CustomerFacts[0]},
	}
	for _, id := range []felt.Hash{hash(1, 1), hash(2, 1), hash(5, 1)} {
		got, err := s.Customer(ctx, Env, id, w, 5)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", id, err, got, want)
		}
	}
	got, err := s.Customer(ctx, Env, hash(1, 1), w, 2)
	if err != nil || len(got.Interactions) != 2 || !got.More || got.Counts != want.Counts || got.Account != want.Account {
		t.Errorf("two of them: %+v, %v", got, err)
	}
	got, err = s.Customer(ctx, Env, hash(1, 2), felt.Window{From: day + felt.Day, To: day + 2*felt.Day}, 5)
	if err != nil || got.Customer != hash(1, 2) || got.Level != user || len(got.Interactions)+len(got.Linked)+len(got.Events) > 0 {
		t.Errorf("known, but not in the window: %+v, %v", got, err)
	}
	for _, id := range []felt.Hash{hash(1, 99), {}} {
		if _, err := s.Customer(ctx, Env, id, w, 5); !errors.Is(err, felt.ErrNotFound) {
			t.Errorf("nobody: %v, want ErrNotFound", err)
		}
	}
	if _, err := s.Customer(ctx, "nowhere", hash(1, 1), w, 5); err != nil {
		t.Log("another environment:", err) // business rows have none: either is right
	}
}
