package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/felt-cx/felt"
)

// counted is a batch with interactions and their buckets of 10 seconds.
func counted(tick felt.Tick, rows ...felt.Interaction) felt.Batch {
	b := batch(tick, rows...)
	for i := range rows {
		rows[i].Known = tick
		b.Buckets = append(b.Buckets, bucketOf(&rows[i]))
	}
	return b
}

// tickOf is the tick at a second of the suite's day.
func tickOf(second int) felt.Tick { return felt.TickOf(day + felt.Instant(second)*felt.Second) }

func compact(t *testing.T, s felt.Store, before felt.Instant) int64 {
	t.Helper()
	n, err := s.Compact(t.Context(), before, 2)
	if err != nil {
		t.Fatalf("compact: %v", err)
	}
	return n
}

// forget makes the store forget as if it were so long after the suite's day, in days.
func forget(t *testing.T, s felt.Store, days int) {
	t.Helper()
	if _, err := s.Retain(t.Context(), day+felt.Instant(days)*felt.Day, felt.DefaultRetention()); err != nil {
		t.Fatalf("retain: %v", err)
	}
}

func hours(from, to int) felt.Question {
	q := whole()
	q.From, q.To = day+felt.Instant(from)*felt.Hour, day+felt.Instant(to)*felt.Hour
	return q
}

func points1h(t *testing.T, s felt.Store, q felt.Question, by string) map[string]felt.Counts {
	t.Helper()
	list, err := s.Points(t.Context(), q, felt.Hour, by)
	if err != nil {
		t.Fatalf("points of %s by %q: %v", q, by, err)
	}
	got := map[string]felt.Counts{}
	for _, p := range list {
		key := fmt.Sprint((p.Start - day) / felt.Hour)
		for _, seg := range p.Segment {
			key += " " + seg.Value
		}
		got[key] = p.Counts
	}
	return got
}

func unanswerable(t *testing.T, s felt.Store, what string, q felt.Question) {
	t.Helper()
	if im, err := s.Impact(t.Context(), q); !errors.Is(err, felt.ErrUnanswerable) {
		t.Errorf("%s: %+v, %v; want ErrUnanswerable", what, im, err)
	}
}

// What is forgotten is answered from coarse rows; what became known since the newest of them,
// from interactions.
func forgotten(t *testing.T, s felt.Store) {
	var rows []felt.Interaction
	for i := 1; i <= 40; i++ {
		o := felt.OutcomeSuccess
		if i <= 10 {
			o = felt.OutcomeFailed
		}
		rows = append(rows, try(i, i, o, i*60))
	}
	rows = append(rows, try(41, 41, felt.OutcomeCancelled, 3650))
	write(t, s, counted(tickOf(3700), rows...))
	if compact(t, s, day+2*felt.Hour) == 0 {
		t.Error("nothing was compacted")
	}
	// Two hours later, in no bucket yet: one who failed before, one new.
	write(t, s, batch(tickOf(7300),
		with(try(50, 1, felt.OutcomeFailed, 7250), func(r *felt.Interaction) { r.Known = tickOf(7300) }),
		with(try(51, 99, felt.OutcomeFailed, 7251), func(r *felt.Interaction) { r.Known = tickOf(7300) })))
	keep := felt.Retention{Interactions: felt.Hour, Buckets10s: felt.Hour, Buckets1m: felt.Hour}
	if _, err := s.Retain(t.Context(), day+3*felt.Hour, keep); err != nil {
		t.Fatal(err)
	}
	q := hours(0, 3)
	im := impact(t, s, q)
	wantDistinct(t, "customers", im.Customers, felt.Distinct{Total: 41, Failed: 11})
	if im.Method != felt.MethodEstimate || im.Interval != [2]int64{11, 11} || im.Counts != (felt.Counts{Success: 30, Failed: 12, Cancelled: 1}) {
		t.Errorf("%+v; want an estimate of 11 (exact within a sketch) from buckets and newest rows", im)
	}
	cut := q
	cut.From += felt.Second // the rest of its hour is in no bucket of its own
	unanswerable(t, s, "a window that cuts a bucket whose interactions are forgotten", cut)
	cut = q
	cut.Where = []felt.Condition{{Key: "release", Op: felt.OpEquals, Values: []string{"v1"}}}
	unanswerable(t, s, "a release of what was forgotten", cut)
	q.Name = "never seen"
	if im := impact(t, s, q); im.Counts != (felt.Counts{}) {
		t.Errorf("a name never seen: %+v", im)
	}
}

// segmented has three hours of one customer a minute, by plan: pro and free come first, then
// team and one called other; every fifth has none.
func segmented() []felt.Interaction {
	var rows []felt.Interaction
	for i := range 180 {
		o := felt.OutcomeSuccess
		if i%10 == 0 {
			o = felt.OutcomeFailed
		}
		r := try(1000+i, 1+i%60, o, 60*i)
		plan := []string{"pro", "free", "team", "other", ""}[i%5]
		if plan != "" {
			r.Segments = []felt.Segment{{Key: "plan", Value: plan}, {Key: "region", Value: "eu"}, {Key: "plan", Value: "second of its key"}}
		}
		rows = append(rows, r)
	}
	return rows
}

func coarseRows(t *testing.T, s felt.Store) {
	write(t, s, counted(tickOf(3*3600), segmented()...))
	exact := impact(t, s, hours(0, 3))
	byHour := points1h(t, s, hours(0, 3), "")
	if n := compact(t, s, day+2*felt.Day); n == 0 {
		t.Error("nothing was compacted")
	}
	if n := compact(t, s, day+2*felt.Day); n != 0 {
		t.Errorf("compacting again wrote %d rows", n)
	}
	for _, days := range []int{3, 40, 399} { // 10 seconds, then minutes and interactions are gone
		forget(t, s, days)
		for _, q := range []felt.Question{hours(0, 3), hours(0, 24), hours(-240, 240)} {
			im := impact(t, s, q)
			if im.Customers != exact.Customers || im.Sessions != exact.Sessions || im.Accounts != exact.Accounts || im.Counts != exact.Counts {
				t.Errorf("after %d days, %s: %+v\nwant %+v", days, q, im, exact)
			}
		}
		if im := impact(t, s, hours(0, 24)); im.Method != felt.MethodExact {
			t.Errorf("after %d days a whole day is %s, want exact, from customer days", days, im.Method)
		}
		if got := points1h(t, s, hours(0, 3), ""); !reflect.DeepEqual(got, byHour) {
			t.Errorf("after %d days: points %v, want %v", days, got, byHour)
		}
		st, err := s.ScopeStats(t.Context(), hours(0, 24))
		if err != nil || len(st) != 1 || st[0].Counts != exact.Counts || st[0].Customers != exact.Customers {
			t.Errorf("after %d days: %+v, %v", days, st, err)
		}
	}
	unanswerable(t, s, "half an hour of long ago", felt.Question{
		Scope: whole().Scope, Window: felt.Window{From: day, To: day + felt.Hour/2},
	})
	forget(t, s, 402)
	unanswerable(t, s, "what is no longer kept at all", hours(0, 24))
}

func segmentRows(t *testing.T, s felt.Store) {
	plan := func(values ...string) felt.Question {
		q := hours(0, 3)
		q.Where = []felt.Condition{{Key: "plan", Op: felt.OpIn, Values: values}}
		return q
	}
	write(t, s, counted(tickOf(3*3600), segmented()...))
	pro, both := impact(t, s, plan("pro")), impact(t, s, plan("pro", "free"))
	region := points1h(t, s, hours(0, 3), "region")
	compact(t, s, day+2*felt.Day)
	forget(t, s, 40)
	for _, c := range []struct {
		q    felt.Question
		want felt.Impact
	}{{plan("pro"), pro}, {plan("pro", "free"), both}} {
		im := impact(t, s, c.q)
		if im.Customers != c.want.Customers || im.Counts != c.want.Counts || im.Method != felt.MethodEstimate {
			t.Errorf("%s: %+v\nwant %+v", c.q, im, c.want)
		}
		c.q.From, c.q.To = day, day+felt.Day // from the row of the day
		if im := impact(t, s, c.q); im.Customers != c.want.Customers || im.Counts != c.want.Counts {
			t.Errorf("%s: %+v\nwant %+v", c.q, im, c.want)
		}
	}
	// team came third, and one is called other: both count there.
	if im := impact(t, s, plan("other")); im.Counts != (felt.Counts{Success: 72}) {
		t.Errorf("plan=other: %+v, want 72", im.Counts)
	}
	want := map[string]felt.Counts{}
	for h := range 3 {
		want[fmt.Sprint(h, " pro")] = felt.Counts{Success: 6, Failed: 6}
		want[fmt.Sprint(h, " free")] = felt.Counts{Success: 12}
		want[fmt.Sprint(h, " other")] = felt.Counts{Success: 24}
	}
	if got := points1h(t, s, hours(0, 3), "plan"); !reflect.DeepEqual(got, want) {
		t.Errorf("by plan: %v\nwant %v", got, want)
	}
	for h := range 3 { // those without a region are in no row of a region
		delete(region, fmt.Sprint(h, " "))
	}
	if got := points1h(t, s, hours(0, 3), "region"); !reflect.DeepEqual(got, region) {
		t.Errorf("by region: %v\nwant %v", got, region)
	}
	unanswerable(t, s, "a value that is among others", plan("team"))
	unanswerable(t, s, "a value never seen, which may be among others", plan("none"))
	q := plan("none")
	q.Where[0].Key = "region"
	if im := impact(t, s, q); im.Counts != (felt.Counts{}) {
		t.Errorf("a value never seen, when there are no others: %+v", im)
	}
	for what, conditions := range map[string][]felt.Condition{
		"two conditions":  {{Key: "plan", Op: felt.OpEquals, Values: []string{"pro"}}, {Key: "region", Op: felt.OpEquals, Values: []string{"eu"}}},
		"another value":   {{Key: "plan", Op: felt.OpNotEquals, Values: []string{"pro"}}},
		"an empty value":  {{Key: "plan", Op: felt.OpEquals, Values: []string{""}}},
		"no value":        {{Key: "plan", Op: felt.OpIn}},
		"another segment": {{Key: "outcome", Op: felt.OpEquals, Values: []string{"failed"}}},
	} {
		q := hours(0, 3)
		q.Where = conditions
		unanswerable(t, s, what, q)
	}
}

// What comes late counts at once, and once, whichever rows are left to take it in.
func lateRows(t *testing.T, s felt.Store) {
	n, total := 5000, int64(0)
	late := func(second int) {
		t.Helper()
		n, total = n+1, total+1
		b := counted(felt.Tick(n)+noon, try(n, n, felt.OutcomeFailed, second))
		write(t, s, b)
	}
	check := func(what string) {
		t.Helper()
		for _, q := range []felt.Question{hours(0, 24), hours(0, 2)} {
			if im := impact(t, s, q); im.Counts.Failed != total || im.Customers.Failed != total {
				t.Errorf("%s: %d failed of %d customers, want %d", what, im.Counts.Failed, im.Customers.Failed, total)
			}
		}
	}
	write(t, s, counted(noon, try(1, 1, felt.OutcomeFailed, 100), try(2, 2, felt.OutcomeFailed, 5000)))
	total = 2
	check("before anything is compacted")
	compact(t, s, day+26*felt.Hour)
	check("compacted")
	late(200)
	check("one that came late")
	if n := compact(t, s, day+5*felt.Day); n == 0 {
		t.Error("the hour that changed was not made again")
	}
	check("compacted again")
	forget(t, s, 4)
	check("without the rows of 10 seconds")
	late(300)
	check("late, when the rows of its time are gone")
	compact(t, s, day+9*felt.Day)
	check("and compacted once more")
	forget(t, s, 40)
	check("without interactions")
	b := counted(felt.Tick(n)+noon+9, try(n+9, n+9, felt.OutcomeFailed, 400))
	b.Interactions = nil // the bucket alone
	write(t, s, b)
	for _, q := range []felt.Question{hours(0, 24), hours(0, 2)} { // its customer is in no customer day
		if im := impact(t, s, q); im.Counts.Failed != total+1 {
			t.Errorf("a bucket, when its interactions are gone: %d failed, want %d", im.Counts.Failed, total+1)
		}
	}
}

// Nothing goes before it has been made coarser.
func keptUntilCompacted(t *testing.T, s felt.Store) {
	write(t, s, counted(noon, try(1, 1, felt.OutcomeFailed, 100)))
	forget(t, s, 20)
	if _, err := s.Retain(t.Context(), day+20*felt.Day, felt.Retention{Interactions: felt.Day}); err != nil {
		t.Fatal(err)
	}
	q := hours(0, 1)
	q.To -= felt.Minute // needs rows of 10 seconds
	if im := impact(t, s, q); im.Counts.Failed != 1 {
		t.Errorf("%+v: a row was lost", im)
	}
	compact(t, s, day+20*felt.Day)
	forget(t, s, 20)
	unanswerable(t, s, "compacted, and gone", q)
	if im := impact(t, s, hours(0, 1)); im.Counts.Failed != 1 {
		t.Errorf("%+v: a row was lost", im)
	}
}

func customerDays(t *testing.T, s felt.Store) {
	seg := func(r felt.Interaction, session int, pairs ...string) felt.Interaction {
		r.Session = hash(2, session)
		for i := 0; i < len(pairs); i += 2 {
			r.Segments = append(r.Segments, felt.Segment{Key: pairs[i], Value: pairs[i+1]})
		}
		r.Retries, r.ValueMinor = 1, 100
		return r
	}
	midnight := int(felt.Day / felt.Second)
	rows := []felt.Interaction{
		seg(try(1, 1, felt.OutcomeFailed, 100), 1, "plan", "free", "region", "eu"),
		seg(try(2, 1, felt.OutcomeFailed, 110), 1),
		seg(try(3, 1, felt.OutcomeDegraded, 120), 2, "plan", "p\x1fr", "platform", "ios"),
		seg(try(4, 1, felt.OutcomeFailed, midnight-10), 2, "plan", ""),
		seg(try(5, 1, felt.OutcomeSuccess, midnight+10), 3),
		seg(with(try(6, 1, felt.OutcomeFailed, 130), func(r *felt.Interaction) { r.Name, r.Kind = "checkout", felt.KindJourney }), 1),
		with(try(7, 1, felt.OutcomeFailed, 140), func(r *felt.Interaction) { r.Traffic = felt.TrafficTest }),
		with(try(8, 0, felt.OutcomeFailed, 150), func(r *felt.Interaction) { r.Session = felt.Hash{} }),
	}
	rows[0].Account, rows[3].Account, rows[2].IdentityLevel = hash(3, 7), felt.Hash{}, felt.LevelPseudonym
	write(t, s, counted(tickOf(2*midnight), rows...))
	compact(t, s, day+3*felt.Day)
	days := func() []felt.CustomerDay {
		t.Helper()
		way, err := s.Customer(t.Context(), Env, hash(1, 1), whole().Window, 100)
		if err != nil {
			t.Fatal(err)
		}
		return way.Days
	}
	first := felt.CustomerDay{
		Day: day, Env: Env, App: "shop", Customer: hash(1, 1), Account: hash(3, 1), Journey: "pay", Kind: felt.KindStep,
		FirstSeen: rows[0].Start, Last: rows[3].End, Sessions: 2, Tries: 4, Counts: felt.Counts{Degraded: 1, Failed: 3},
		Recovered: 3, Retries: 4, ValueMinor: 100, Platform: "ios", Region: "eu", Plan: "p\x1fr", IdentityLevel: felt.LevelUser,
	}
	journey := felt.CustomerDay{
		Day: day, Env: Env, App: "shop", Customer: hash(1, 1), Account: hash(3, 1), Journey: "checkout", Kind: felt.KindJourney,
		FirstSeen: rows[5].Start, Last: rows[5].End, Sessions: 1, Tries: 1, Counts: felt.Counts{Failed: 1}, Retries: 1, IdentityLevel: felt.LevelUser,
	}
	next := felt.CustomerDay{
		Day: day + felt.Day, Env: Env, App: "shop", Customer: hash(1, 1), Account: hash(3, 1), Journey: "pay", Kind: felt.KindStep,
		FirstSeen: rows[4].Start, Last: rows[4].End, Sessions: 1, Tries: 1, Counts: felt.Counts{Success: 1}, Retries: 1, ValueMinor: 100,
		IdentityLevel: felt.LevelUser,
	}
	if got, want := days(), []felt.CustomerDay{next, journey, first}; !reflect.DeepEqual(got, want) {
		t.Errorf("days\n got %+v\nwant %+v", got, want)
	}
	// The success of the next day turns out to be a failure: so the one before is not recovered.
	changed := rows[4]
	changed.Version, changed.Outcome, changed.Known = 2, felt.OutcomeFailed, tickOf(2*midnight)+1
	write(t, s, batch(changed.Known, changed))
	compact(t, s, day+9*felt.Day)
	first.Recovered = 2
	next.Counts, next.ValueMinor = felt.Counts{Failed: 1}, 0
	if got, want := days(), []felt.CustomerDay{next, journey, first}; !reflect.DeepEqual(got, want) {
		t.Errorf("days after a correction\n got %+v\nwant %+v", got, want)
	}
	forget(t, s, 300)
	if got := days(); len(got) != 3 {
		t.Errorf("%d days when interactions are gone, want 3", len(got))
	}
	forget(t, s, 402)
	if _, err := s.Customer(t.Context(), Env, hash(1, 1), whole().Window, 100); !errors.Is(err, felt.ErrNotFound) {
		t.Errorf("a customer of long ago: %v, want ErrNotFound", err)
	}
}
