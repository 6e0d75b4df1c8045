package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
	"github.com/felt-cx/felt/core/sketch"
)

const sec = felt.Second

// shop is a tape of a shop: n customers a second pay, and from bad to good (seconds)
// every second one of them fails.
func shop(t testing.TB, s felt.Settings, n int, until, bad, good felt.Tick) *tape {
	p := newTape(t, s)
	id := uint64(0)
	for tick := felt.Tick(1); tick <= until; tick++ {
		var list []span
		for i := range n {
			id++
			outcome := "success"
			if tick > bad && tick <= good && i%2 == 0 {
				outcome = "failed"
			}
			list = append(list, span{
				trace: id, id: id, end: felt.Instant(tick)*sec - sec, took: sec / 10, service: "shop", name: "POST /pay",
				kind: felt.SpanServer, interaction: "pay", outcome: outcome, user: fmt.Sprint("u", id),
			})
		}
		p.spans(tick, list...)
	}
	return p
}

func incidents(batches []felt.Batch) (out []felt.Incident) {
	for _, b := range batches {
		out = append(out, b.Incidents...)
	}
	return out
}

func findings(batches []felt.Batch) (out []felt.Finding) {
	for _, b := range batches {
		out = append(out, b.Findings...)
	}
	return out
}

func interactions(batches []felt.Batch) (out []felt.Interaction) {
	for _, b := range batches {
		out = append(out, b.Interactions...)
	}
	return out
}

func TestFaultOpensAndRecoveryResolves(t *testing.T) {
	s := felt.DefaultSettings()
	batches := shop(t, s, 5, 600, 120, 180).run(engine.New(s), 610, nil)

	list := incidents(batches)
	if len(list) == 0 {
		t.Fatal("no incident")
	}
	first, last := list[0], list[len(list)-1]
	if first.Status != felt.IncidentOpen || first.Opened > (start+140).Instant() {
		t.Errorf("opened %v at +%d s, want open within 20 s of the fault at +120", first.Status, felt.Tick(first.Opened/sec)-start)
	}
	if want := start.Instant() + 120*sec; first.FirstBad != want {
		t.Errorf("first_bad at %d, the first failure ended at %d", first.FirstBad, want)
	}
	if last.Status != felt.IncidentResolved || last.Recovered == 0 || last.FindingActive {
		t.Errorf("last row: %v, recovered %d, active %v; want resolved by itself", last.Status, last.Recovered, last.FindingActive)
	}
	want := int64(0) // 3 of 5 customers in each of 60 seconds
	for _, r := range interactions(batches) {
		if r.Outcome == felt.OutcomeFailed && r.End >= last.FirstBad {
			want++
		}
	}
	if got := last.Impact.Customers.Failed; got != want || want != 180 {
		t.Errorf("%d customers failed, want %d of 180", got, want)
	}
	for i := range list {
		if list[i].Version != int64(i+1) || list[i].ID != first.ID {
			t.Errorf("row %d is version %d of %s", i, list[i].Version, list[i].ID)
		}
	}
	var kinds []string
	for _, e := range last.Timeline {
		if e.Kind != "update" {
			kinds = append(kinds, e.Kind)
		}
	}
	if diff := cmp.Diff([]string{"first_bad", "opened", "finding_ended", "recovered", "resolved"}, kinds); diff != "" {
		t.Error(diff)
	}
	f := findings(batches)
	if !strings.Contains(f[0].Explanation, "tries failed in 1") || f[len(f)-1].Ended == 0 {
		t.Errorf("findings: %+v", f)
	}
}

// TestCountsCustomersNotTries: 100 customers who fail two or three times and 400 who
// succeed are 100 of 500.
func TestCountsCustomersNotTries(t *testing.T) {
	s := felt.DefaultSettings()
	p := newTape(t, s)
	id := uint64(0)
	for c := range 500 {
		tries := 1
		if c < 100 {
			tries = 2 + c%2
		}
		for try := range tries {
			id++
			outcome := "success"
			if c < 100 {
				outcome = "failed"
			}
			tick := felt.Tick(1 + c%9 + try)
			p.spans(tick, span{
				trace: id, id: id, end: felt.Instant(tick)*sec - sec, took: sec / 10, service: "shop", name: "pay",
				interaction: "pay", outcome: outcome, user: fmt.Sprint("u", c), session: fmt.Sprint("s", c),
			})
		}
	}
	batches := p.run(engine.New(s), 60, nil)
	var failed, success sketch.Distinct
	counts := felt.Counts{}
	for _, b := range batches {
		for _, k := range b.Buckets {
			counts.Failed += k.Counts.Failed
			counts.Success += k.Counts.Success
			merge(t, &failed, k.Customers.Failed)
			merge(t, &success, k.Customers.Success)
		}
	}
	if failed.Count() != 100 || success.Count() != 400 || counts.Failed != 250 || counts.Success != 400 {
		t.Errorf("buckets: %d customers failed, %d succeeded; %+v tries", failed.Count(), success.Count(), counts)
	}
	list := incidents(batches)
	if len(list) == 0 {
		t.Fatal("no incident")
	}
	if got := list[len(list)-1].Impact.Customers; got != (felt.Distinct{Total: 500, Failed: 100}) {
		t.Errorf("incident: %+v", got)
	}
}

func merge(t *testing.T, d *sketch.Distinct, b []byte) {
	t.Helper()
	if b == nil {
		return
	}
	if err := d.MergeBinary(b); err != nil {
		t.Fatal(err)
	}
}

func TestCommands(t *testing.T) {
	s := felt.DefaultSettings()
	id := incidents(shop(t, s, 5, 150, 120, 150).run(engine.New(s), 150, nil))[0].ID
	cases := []struct {
		name     string
		commands func(p *tape)
		status   felt.IncidentStatus
		kinds    []string // of the timeline, but for updates
		rows     int      // of commands
	}{
		{
			"acknowledge", func(p *tape) {
				p.command(141, felt.Command{What: felt.CommandAcknowledge, Target: id, Actor: "ann"})
			},
			felt.IncidentAcknowledged,
			[]string{"first_bad", "opened", "acknowledged"},
			1,
		},
		{
			"acknowledge twice", func(p *tape) {
				p.command(141, felt.Command{What: felt.CommandAcknowledge, Target: id, Actor: "ann"})
				p.command(142, felt.Command{What: felt.CommandAcknowledge, Target: id, Actor: "bob"})
			},
			felt.IncidentAcknowledged,
			[]string{"first_bad", "opened", "acknowledged"},
			2,
		},
		{
			"resolve with a reason while it lasts", func(p *tape) {
				p.command(141, felt.Command{What: felt.CommandResolve, Target: id, Actor: "ann", Reason: "known"})
			},
			felt.IncidentResolved,
			[]string{"first_bad", "opened", "resolved"},
			1,
		},
		{
			"resolve without a reason while it lasts is refused", func(p *tape) {
				p.command(141, felt.Command{What: felt.CommandResolve, Target: id, Actor: "ann"})
			},
			felt.IncidentOpen,
			[]string{"first_bad", "opened", "refused"},
			1,
		},
		{
			"the same key is one command", func(p *tape) {
				p.command(141, felt.Command{What: felt.CommandResolve, Target: id, IdempotencyKey: "k"})
				p.command(142, felt.Command{What: felt.CommandResolve, Target: id, IdempotencyKey: "k", Reason: "late"})
			},
			felt.IncidentOpen,
			[]string{"first_bad", "opened", "refused"},
			1,
		},
		{
			"acknowledge after resolve changes nothing", func(p *tape) {
				p.command(141, felt.Command{What: felt.CommandResolve, Target: id, Reason: "known"})
				p.command(142, felt.Command{What: felt.CommandAcknowledge, Target: id})
			},
			felt.IncidentResolved,
			[]string{"first_bad", "opened", "resolved"},
			2,
		},
		{
			"another incident's id changes nothing", func(p *tape) {
				p.command(141, felt.Command{What: felt.CommandResolve, Target: "inc-0", Reason: "x"})
			},
			felt.IncidentOpen,
			[]string{"first_bad", "opened"},
			1,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := shop(t, s, 5, 160, 120, 160)
			c.commands(p)
			batches := p.run(engine.New(s), 160, nil)
			list := incidents(batches)
			last := list[len(list)-1]
			var kinds []string
			for _, e := range last.Timeline {
				if e.Kind != "update" {
					kinds = append(kinds, e.Kind)
				}
			}
			rows := 0
			for _, b := range batches {
				rows += len(b.Commands)
			}
			if last.Status != c.status || rows != c.rows {
				t.Errorf("%v with %d rows of commands, want %v with %d", last.Status, rows, c.status, c.rows)
			}
			if diff := cmp.Diff(c.kinds, kinds); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestCompleteUntil: it passes the end of an interaction once that is counted, and at
// the latest settle and a second after it, when nothing more comes.
func TestCompleteUntil(t *testing.T) {
	s := felt.DefaultSettings()
	for name, sp := range map[string]span{
		"at once": {trace: 1, id: 1, outcome: "failed"},
		"waiting": {trace: 1, id: 1, parent: 2},
	} {
		t.Run(name, func(t *testing.T) {
			p := newTape(t, s)
			sp.end, sp.took, sp.service, sp.name, sp.interaction, sp.user = 4*sec+sec/4, sec/10, "shop", "pay", "pay", "u"
			p.spans(5, sp)
			end := start.Instant() + sp.end
			e := engine.New(s)
			counted := felt.Tick(0)
			recs := p.recs
			for tick := start + 1; tick <= start+40; tick++ {
				var now []felt.Record
				if tick == start+5 {
					now = recs
				}
				batches, err := e.Run(tick, now)
				if err != nil {
					t.Fatal(err)
				}
				if len(interactions(batches)) > 0 {
					counted = tick
				}
				passed := e.CompleteUntil(tick) > end
				if passed && counted == 0 {
					t.Fatalf("+%d: complete until after the interaction, which is not counted", tick-start)
				}
				if late := tick.Instant() >= end+s.Settle+sec; late && !passed {
					t.Fatalf("+%d: not complete, settle and a second after the interaction", tick-start)
				}
			}
		})
	}
}

func TestOperationsAndEdges(t *testing.T) {
	s := felt.DefaultSettings()
	p := newTape(t, s)
	at := func(id, parent uint64, from, to felt.Instant, kind felt.SpanKind, service, name string) span {
		return span{trace: 1, id: id, parent: parent, end: to * sec / 10, took: (to - from) * sec / 10, kind: kind, service: service, name: name}
	}
	call := at(2, 1, 1, 9, felt.SpanClient, "web", "POST") // answered by 3
	call.peer = "shop.internal"
	third := at(6, 3, 5, 6, felt.SpanClient, "shop", "charge")
	third.peer, third.failed = "bank", true
	p.spans(2,
		at(1, 0, 0, 10, felt.SpanServer, "web", "GET /"),
		call,
		at(3, 2, 2, 8, felt.SpanServer, "shop", "POST /pay"),
		at(4, 3, 2, 4, felt.SpanInternal, "shop", "check"), // 4 and 5 overlap
		at(5, 3, 3, 5, felt.SpanInternal, "shop", "check"),
		third,
		at(6, 3, 5, 6, felt.SpanClient, "shop", "charge"), // delivered twice
	)
	batches := p.run(engine.New(s), 60, nil)
	var got []string
	for _, b := range batches {
		for _, o := range b.Operations {
			l := sketch.Latency{}
			if o.Latency != nil {
				if err := l.MergeBinary(o.Latency); err != nil {
					t.Fatal(err)
				}
			}
			got = append(got, fmt.Sprintf("%d %s %s %s n=%d/%d errors=%d self=%d", b.ID.Tick-start, o.Service, o.Operation, o.Kind,
				o.Count, l.Count(), o.Errors, o.SelfTime/int64(sec/10)))
		}
		for _, o := range b.Edges {
			got = append(got, fmt.Sprintf("%d %s -> %s %s %v n=%d errors=%d", b.ID.Tick-start, o.Caller, o.Callee, o.Peer, o.ThirdParty, o.Count, o.Errors))
		}
	}
	want := []string{
		"10 shop POST /pay server n=1/1 errors=0 self=0",
		"10 shop charge client n=1/1 errors=1 self=0",
		"10 shop check internal n=2/2 errors=0 self=0",
		"10 web GET / server n=1/1 errors=0 self=0",
		"10 web POST client n=1/1 errors=0 self=0",
		"20 shop POST /pay server n=0/0 errors=0 self=2",
		"20 shop charge client n=0/0 errors=0 self=1",
		"20 shop check internal n=0/0 errors=0 self=4",
		"20 web GET / server n=0/0 errors=0 self=2",
		"20 web POST client n=0/0 errors=0 self=2",
		"20 shop -> bank bank true n=1 errors=1",
		"20 web -> shop  false n=1 errors=0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSettingsAndMetrics(t *testing.T) {
	s := felt.DefaultSettings()
	p := shop(t, s, 5, 160, 120, 160)
	s.FloorClients = 100_000
	p.settings(100, s)
	p.metric(20, "queue.depth")
	p.event(30, "login", "failed", "s1", 29*sec)
	var e *engine.Engine
	batches := p.run(engine.New(felt.DefaultSettings()), 170, func(now *engine.Engine, _ felt.Tick) *engine.Engine {
		e = now
		return now
	})
	if len(findings(batches)) != 0 {
		t.Error("a finding below the floor of the new settings")
	}
	st := e.Stats()
	if st.Spans != 5*160 || st.Outcomes.Failed != 3*40+1 ||
		!slices.Equal(st.Unmapped, []felt.NameCount{{Name: "queue.depth", Count: 1}}) {
		t.Errorf("%+v", st)
	}
	if diff := cmp.Diff([]felt.NameCount{{Name: "shop/pay", Count: 800}, {Name: "unknown_service/login", Count: 1}}, st.Discovered); diff != "" {
		t.Error(diff)
	}
	want := []felt.NameCount{{Name: "production/shop/pay", Count: 800}, {Name: "production/unknown_service/login", Count: 1}}
	if diff := cmp.Diff(want, e.Discovered()); diff != "" {
		t.Error(diff)
	}
	seen := map[string]bool{}
	for _, m := range e.Metrics() {
		if id := fmt.Sprint(m.Name, m.Labels); seen[id] || !strings.HasPrefix(m.Name, "felt_engine_") || m.Help == "" {
			t.Errorf("metric %+v", m)
		} else {
			seen[id] = true
		}
	}
	wrong := s
	wrong.Partitions = 7
	q := newTape(t, s)
	q.settings(1, wrong)
	if err := e.Control(q.recs[0]); err == nil {
		t.Error("another number of partitions was accepted")
	}
}

// TestWhatNeedsNoRule: operations whose spans name their interaction are told apart from those
// that do not, over partitions and a snapshot; metrics that serve a journey, and interactions of
// bots, are not missing in the inventory either.
func TestWhatNeedsNoRule(t *testing.T) {
	s := felt.DefaultSettings()
	p := newTape(t, s)
	p.inventory(0, 1, "journeys:\n  - {name: checkout, signals: [{name: depth, source: queue.depth}]}\n")
	trace := uint64(0)
	serve := func(tick felt.Tick, operation string, n int, interaction string) {
		for range n {
			trace++
			p.spans(tick, span{
				trace: trace, id: 1, end: felt.Instant(tick) * sec, kind: felt.SpanServer, service: "web",
				name: operation, interaction: interaction, outcome: "success", session: "s",
			})
		}
	}
	serve(5, "POST /pay", 20, "pay")
	serve(5, "POST /login", 10, "login") // named until its next release
	serve(5, "GET /search", 17, "search")
	serve(6, "GET /search", 3, "")
	serve(6, "GET /cart", 20, "")
	p.metric(7, "queue.depth")
	p.metric(7, "cpu")
	serve(30, "POST /login", 10, "")
	serve(31, "POST /login", 4000, "login")
	var e *engine.Engine
	told := map[felt.Tick][]string{}
	p.run(engine.New(s), 40, func(now *engine.Engine, tick felt.Tick) *engine.Engine {
		for _, o := range now.Named() {
			told[tick] = append(told[tick], o.Env+" "+o.Service+" "+o.Name+" "+o.Kind.String())
		}
		e = now
		snapshot := now.AppendSnapshot(nil)
		again, err := engine.Restore(s, snapshot)
		if err != nil || !slices.Equal(again.AppendSnapshot(nil), snapshot) {
			t.Fatalf("tick %d is not restored: %v", tick, err)
		}
		e = again
		return e
	})
	const pay, login = "production web POST /pay server", "production web POST /login server"
	for tick, want := range map[felt.Tick][]string{start + 6: {login, pay}, start + 30: {pay}, start + 31: {login, pay}} {
		if diff := cmp.Diff(want, told[tick]); diff != "" {
			t.Errorf("tick +%d: %s", tick-start, diff)
		}
	}
	if st := e.Stats(); st.Points != 1 || !slices.Equal(st.Unmapped, []felt.NameCount{{Name: "cpu", Count: 1}}) {
		t.Errorf("metrics: %d %v", st.Points, st.Unmapped)
	}
}
