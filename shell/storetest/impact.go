package storetest

import (
	"testing"

	"github.com/felt-cx/felt"
)

func customersNotTries(t *testing.T, s felt.Store) {
	var rows []felt.Interaction
	for c := 1; c <= 100; c++ {
		for range 2 + c%2 {
			rows = append(rows, try(len(rows), c, felt.OutcomeFailed, len(rows)))
		}
	}
	for c := 101; c <= 500; c++ {
		rows = append(rows, try(len(rows), c, felt.OutcomeSuccess, len(rows)))
	}
	write(t, s, batch(noon, rows...))
	im := impact(t, s, whole())
	wantDistinct(t, "customers", im.Customers, felt.Distinct{Total: 500, Failed: 100})
	wantDistinct(t, "sessions", im.Sessions, felt.Distinct{Total: 500, Failed: 100})
	wantDistinct(t, "accounts", im.Accounts, felt.Distinct{Total: 50, Failed: 10})
	if im.Counts != (felt.Counts{Success: 400, Failed: 250}) || im.Method != felt.MethodExact ||
		im.Interval != [2]int64{100, 100} || im.Identity != (felt.Identity{User: 500}) {
		t.Errorf("%+v", im)
	}
	if im.Recovered != 0 || im.Lost != 100 || im.Undecided != 0 {
		t.Errorf("recovered %d, lost %d, undecided %d; want 100 lost", im.Recovered, im.Lost, im.Undecided)
	}
}

func manyRetries(t *testing.T, s felt.Store) {
	rows := make([]felt.Interaction, 10_000)
	for i := range rows {
		rows[i] = try(i, 1, felt.OutcomeFailed, i/10)
	}
	write(t, s, batch(noon, rows...))
	im := impact(t, s, whole())
	wantDistinct(t, "customers", im.Customers, felt.Distinct{Total: 1, Failed: 1})
	if im.Counts.Failed != 10_000 {
		t.Errorf("%d tries, want 10,000", im.Counts.Failed)
	}
}

func nobody(t *testing.T, s felt.Store) {
	write(t, s, batch(noon,
		try(1, 0, felt.OutcomeFailed, 1),    // nobody known
		try(2, 1, felt.OutcomeCancelled, 2), // changed their mind
		try(3, 2, felt.OutcomeNone, 3),      // still open
		try(4, 3, felt.OutcomeAbandoned, 4),
		try(5, 4, felt.OutcomeDegraded, 5),
	))
	im := impact(t, s, whole())
	wantDistinct(t, "customers", im.Customers, felt.Distinct{Total: 2, Degraded: 1})
	if im.Counts != (felt.Counts{Failed: 1, Cancelled: 1, Open: 1, Abandoned: 1, Degraded: 1}) {
		t.Errorf("interactions: %+v", im.Counts)
	}
	if im.Recovered+im.Lost+im.Undecided != 0 {
		t.Errorf("nobody who is known failed: %+v", im)
	}
}

func identity(t *testing.T, s felt.Store) {
	at := func(id, customer int, level felt.IdentityLevel) felt.Interaction {
		return with(try(id, customer, felt.OutcomeSuccess, id), func(r *felt.Interaction) { r.IdentityLevel = level })
	}
	write(t, s, batch(noon,
		at(1, 1, felt.LevelSession), at(2, 1, felt.LevelUser), at(3, 1, felt.LevelSession),
		at(4, 2, felt.LevelPseudonym), at(5, 3, felt.LevelInstallation), at(6, 4, felt.LevelSession),
		at(7, 5, felt.LevelSession), at(8, 6, felt.LevelNone),
	))
	want := felt.Identity{User: 1, Pseudonym: 1, Installation: 1, Session: 2}
	if got := impact(t, s, whole()).Identity; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// minutes of the recovery cases.
const minute = 60

func recovery(t *testing.T, s felt.Store) {
	ok, bad, slow := felt.OutcomeSuccess, felt.OutcomeFailed, felt.OutcomeDegraded
	rename := func(r felt.Interaction, name string) felt.Interaction {
		r.Name = name
		return r
	}
	write(t, s, batch(noon,
		try(1, 1, bad, 100), try(2, 1, ok, 101), // recovered
		try(3, 2, bad, 100), try(4, 2, slow, 100+30*minute), // recovered, in the last moment, slowly
		try(5, 3, bad, 100), try(6, 3, ok, 101+30*minute), // a second too late: lost
		try(7, 4, ok, 99), try(8, 4, bad, 100), // what went before does not count
		try(9, 5, bad, 100), try(10, 5, ok, 101), try(11, 5, bad, 102), // the last failure decides: lost
		try(12, 6, bad, 100), rename(try(13, 6, ok, 101), "search"), // another thing
		try(14, 7, bad, 100), try(15, 7, ok, 100), // not after
		try(16, 8, bad, 100), try(17, 8, felt.OutcomeAbandoned, 105), try(18, 8, felt.OutcomeCancelled, 106),
		with(try(19, 9, bad, 100), func(r *felt.Interaction) { r.Name = "search" }),
		try(20, 9, bad, 90), try(21, 9, ok, 95), // of all names the last failure was in search
		try(22, 10, bad, 100), with(try(23, 10, ok, 101), func(r *felt.Interaction) { r.Traffic = felt.TrafficBot }),
		try(24, 11, bad, 100), with(try(25, 11, ok, 101), func(r *felt.Interaction) { r.App = "admin" }),
	))
	q := whole()
	im := impact(t, s, q)
	if im.Customers.Failed != 11 || im.Recovered != 2 || im.Lost != 9 || im.Undecided != 0 {
		t.Errorf("failed %d = recovered %d + lost %d + undecided %d; want 11 = 2 + 9 + 0",
			im.Customers.Failed, im.Recovered, im.Lost, im.Undecided)
	}
	q.Name = "pay" // without search, customer 9 recovered
	if im := impact(t, s, q); im.Customers.Failed != 11 || im.Recovered != 3 || im.Lost != 8 {
		t.Errorf("pay: failed %d = recovered %d + lost %d + undecided %d; want 11 = 3 + 8 + 0",
			im.Customers.Failed, im.Recovered, im.Lost, im.Undecided)
	}
	// A success after the window of the question recovers; where does not narrow it.
	q.To = day + 101*felt.Second
	q.Where = []felt.Condition{{Key: "outcome", Op: felt.OpEquals, Values: []string{"failed"}}}
	if im := impact(t, s, q); im.Customers.Failed != 11 || im.Recovered != 4 || im.Lost != 7 {
		t.Errorf("window: failed %d = recovered %d + lost %d + undecided %d; want 11 = 4 + 7 + 0",
			im.Customers.Failed, im.Recovered, im.Lost, im.Undecided)
	}
}

// The last failure is the one that ended last, whatever its id; of two things that
// failed at the same moment, either may succeed.
func lastFailure(t *testing.T, s felt.Store) {
	var rows []felt.Interaction
	add := func(customer int, name string, o felt.Outcome, at int) {
		r := try(len(rows), customer, o, at)
		r.Name = name
		rows = append(rows, r)
	}
	recovered := int64(0)
	for c := 1; c <= 20; c++ { // even ones succeed with what failed last, odd ones with what failed before
		add(c, "search", felt.OutcomeFailed, 100-c%2)
		add(c, "pay", felt.OutcomeFailed, 99+c%2)
		add(c, "search", felt.OutcomeSuccess, 200)
		recovered += int64(1 - c%2)
	}
	for c := 21; c <= 40; c++ {
		add(c, "search", felt.OutcomeFailed, 100)
		add(c, "pay", felt.OutcomeFailed, 100)
		add(c, []string{"search", "pay"}[c%2], felt.OutcomeSuccess, 200)
		recovered++
	}
	write(t, s, batch(noon, rows...))
	if im := impact(t, s, whole()); im.Recovered != recovered || im.Recovered+im.Lost != 40 {
		t.Errorf("recovered %d, lost %d; want %d of 40", im.Recovered, im.Lost, recovered)
	}
}

func recoveryAsOf(t *testing.T, s felt.Store) {
	ok, bad := felt.OutcomeSuccess, felt.OutcomeFailed
	write(t, s, batch(felt.TickOf(day+20*felt.Minute),
		try(1, 1, bad, 100), try(2, 1, ok, 200),
		try(3, 2, bad, 100),
		try(4, 3, bad, 10*minute),
	))
	for _, c := range []struct {
		asOf                       int // seconds of the day; 0 = the log's time, 20 minutes
		recovered, lost, undecided int64
	}{
		{0, 1, 0, 2},
		{150, 0, 0, 3}, // the success is not yet there
		{200, 1, 0, 2},
		{100 + 30*minute - 1, 1, 0, 2},
		{100 + 30*minute, 1, 1, 1},
		{41 * minute, 1, 2, 0},
	} {
		q := whole()
		if c.asOf > 0 {
			q.AsOf = day + felt.Instant(c.asOf)*felt.Second
		}
		im := impact(t, s, q)
		if im.Recovered != c.recovered || im.Lost != c.lost || im.Undecided != c.undecided {
			t.Errorf("as of %d: recovered %d, lost %d, undecided %d; want %d, %d, %d",
				c.asOf, im.Recovered, im.Lost, im.Undecided, c.recovered, c.lost, c.undecided)
		}
	}
}

func sampled(t *testing.T, s felt.Store) {
	write(t, s, batch(noon, try(1, 1, felt.OutcomeSuccess, 1),
		with(try(2, 2, felt.OutcomeFailed, 2), func(r *felt.Interaction) { r.Weight = 10; r.Name = "search" })))
	if im := impact(t, s, whole()); im.Method != felt.MethodLowerBound {
		t.Errorf("method %q with sampled input, want lower_bound", im.Method)
	}
	q := whole()
	q.Name = "pay"
	if im := impact(t, s, q); im.Method != felt.MethodExact {
		t.Errorf("method %q of what was not sampled, want exact", im.Method)
	}
}

func scopeAndWindow(t *testing.T, s felt.Store) {
	row := func(id int, change func(*felt.Interaction)) felt.Interaction {
		return with(try(id, id, felt.OutcomeSuccess, 100), change)
	}
	write(t, s, batch(noon,
		row(1, func(*felt.Interaction) {}),
		row(2, func(r *felt.Interaction) { r.Env = "staging" }),
		row(3, func(r *felt.Interaction) { r.App = "admin" }),
		row(4, func(r *felt.Interaction) { r.Name = "search" }),
		row(5, func(r *felt.Interaction) { r.Kind = felt.KindJourney }),
		row(6, func(r *felt.Interaction) { r.Traffic = felt.TrafficBot }),
		row(7, func(r *felt.Interaction) { r.End += 10 * felt.Second }),
	))
	at := day + 100*felt.Second
	for _, c := range []struct {
		what   string
		change func(*felt.Question)
		want   int64
	}{
		{"all of production: its steps", func(*felt.Question) {}, 4},
		{"staging", func(q *felt.Question) { q.Env = "staging" }, 1},
		{"no such environment", func(q *felt.Question) { q.Env = "nowhere" }, 0},
		{"app", func(q *felt.Question) { q.App = "shop" }, 3},
		{"app and name", func(q *felt.Question) { q.App, q.Name = "shop", "pay" }, 2},
		{"name in any app", func(q *felt.Question) { q.Name = "pay" }, 3},
		{"unknown name", func(q *felt.Question) { q.Name = "' OR 1=1 --" }, 0},
		{"journeys", func(q *felt.Question) { q.Kind = felt.KindJourney }, 1},
		{"steps", func(q *felt.Question) { q.Kind = felt.KindStep }, 4},
		{"bots", func(q *felt.Question) { q.Traffic = felt.TrafficBot }, 1},
		{"from is in", func(q *felt.Question) { q.From = at + 10*felt.Second }, 1},
		{"to is out", func(q *felt.Question) { q.To = at }, 0},
		{"just in", func(q *felt.Question) { q.From, q.To = at, at+1 }, 3},
		{"backwards", func(q *felt.Question) { q.From, q.To = q.To, q.From }, 0},
	} {
		q := whole()
		c.change(&q)
		if got := impact(t, s, q).Customers.Total; got != c.want {
			t.Errorf("%s: %d customers, want %d", c.what, got, c.want)
		}
	}
}

func conditions(t *testing.T, s felt.Store) {
	odd := "a\x1fb\x1ec\x1dd'%_\\é"
	segments := func(id int, kv ...string) felt.Interaction {
		return with(try(id, id, felt.OutcomeSuccess, id), func(r *felt.Interaction) {
			for i := 0; i < len(kv); i += 2 {
				r.Segments = append(r.Segments, felt.Segment{Key: kv[i], Value: kv[i+1]})
			}
		})
	}
	write(t, s, batch(noon,
		segments(1, "plan", "pro", "region", "eu"),
		segments(2, "plan", "free", "region", "eu"),
		segments(3, "plan", "prof", "region", "us"),
		segments(4, "region", "pro"),
		segments(5),
		segments(6, "plan", "", "odd", odd),
		segments(7, "xplan", "pro", "plan2", "pro"),
		with(segments(8), func(r *felt.Interaction) { r.Release, r.Service, r.Reason = "v1.2", "api", "card declined" }),
		with(segments(9), func(r *felt.Interaction) { r.Outcome, r.IdentityLevel = felt.OutcomeFailed, felt.LevelSession }),
	))
	is, not, in := felt.OpEquals, felt.OpNotEquals, felt.OpIn
	for _, c := range []struct {
		want int64
		all  []felt.Condition
	}{
		{1, []felt.Condition{{Key: "plan", Op: is, Values: []string{"pro"}}}},
		{8, []felt.Condition{{Key: "plan", Op: not, Values: []string{"pro"}}}},
		{2, []felt.Condition{{Key: "plan", Op: in, Values: []string{"pro", "free", "gone"}}}},
		{0, []felt.Condition{{Key: "plan", Op: in}}},
		{1, []felt.Condition{{Key: "plan", Op: is, Values: []string{""}}}},
		{1, []felt.Condition{{Key: "plan", Op: is, Values: []string{"pro"}}, {Key: "region", Op: is, Values: []string{"eu"}}}},
		{1, []felt.Condition{{Key: "plan", Op: not, Values: []string{"pro"}}, {Key: "region", Op: is, Values: []string{"eu"}}}},
		{1, []felt.Condition{{Key: "odd", Op: is, Values: []string{odd}}}},
		{0, []felt.Condition{{Key: "odd", Op: is, Values: []string{"a"}}}},
		{0, []felt.Condition{{Key: "pro", Op: is, Values: []string{"region"}}}},
		{0, []felt.Condition{{Key: "plan') OR true --", Op: is, Values: []string{"') OR true --"}}}},
		{1, []felt.Condition{{Key: "release", Op: is, Values: []string{"v1.2"}}}},
		{8, []felt.Condition{{Key: "release", Op: not, Values: []string{"v1.2"}}}},
		{0, []felt.Condition{{Key: "release", Op: is, Values: []string{""}}}},
		{1, []felt.Condition{{Key: "service", Op: in, Values: []string{"api", "web"}}}},
		{1, []felt.Condition{{Key: "reason", Op: is, Values: []string{"card declined"}}}},
		{1, []felt.Condition{{Key: "outcome", Op: is, Values: []string{"failed"}}}},
		{8, []felt.Condition{{Key: "outcome", Op: not, Values: []string{"failed"}}}},
		{0, []felt.Condition{{Key: "outcome", Op: is, Values: []string{"sad"}}}},
		{9, []felt.Condition{{Key: "outcome", Op: not, Values: []string{"sad"}}}},
		{1, []felt.Condition{{Key: "identity", Op: is, Values: []string{"session"}}}},
	} {
		q := whole()
		q.Where = c.all
		if got := impact(t, s, q).Customers.Total; got != c.want {
			t.Errorf("%q: %d customers, want %d", c.all, got, c.want)
		}
	}
}
