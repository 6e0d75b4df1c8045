package incident

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
)

const sinks = `
sinks:
  - name: oncall
    kind: webhook
    url: {env: HOOK}
    secret: {env: SECRET}
`

// life is a fault of two minutes at +60, seen at +80: every second 4 customers of 1..n come, and half of
// them fail. (Nobody comes in the second after it is seen.) Those who fail come back a minute after the fault.
func life(w *world, until felt.Tick, happens func(at felt.Tick)) {
	w.of(pay()).expected = 40
	w.run(until, func(at felt.Tick) {
		for i := range uint64(4) {
			o := felt.OutcomeSuccess
			if at >= 60 && at < 180 && i < 2 {
				o = felt.OutcomeFailed
			}
			w.try(pay(), uint64(at)*4+i+1, o)
		}
		if at == 475 || at == 477 { // two come back just before it is resolved
			w.try(pay(), uint64(at-345)*4+1, felt.OutcomeSuccess)
		}
		if at >= 240 && at < 300 { // those of the fault's first half
			for i := range uint64(2) {
				w.try(pay(), uint64(at-180)*4+i+1, felt.OutcomeSuccess)
			}
		}
		if happens != nil {
			happens(at)
		}
		if at == 80 {
			w.tick(w.page(pay(), func(f *felt.Finding) { f.ID, f.Since = "fnd-1", (start + 66).Instant() }))
		}
	})
}

func TestLifeOfAnIncident(t *testing.T) {
	w := newWorld(t)
	w.b.Rules(inventory(t, sinks))
	life(w, 2600, func(at felt.Tick) {
		switch at {
		case 481: // all are told when it is resolved, also what changed in the last minute
			for _, l := range w.b.list {
				if len(l.cohort.dirty) > 0 {
					t.Errorf("%d customers are not handed out", len(l.cohort.dirty))
				}
			}
		case 95:
			w.command(felt.Command{What: felt.CommandAcknowledge, Target: w.last().ID, Actor: "ann", Reason: "on it"})
		case 120:
			w.command(felt.Command{What: felt.CommandResolve, Target: w.last().ID, Actor: "ann"})
		case 150:
			w.command(felt.Command{What: felt.CommandMitigated, Target: w.last().ID, Actor: "ann", Reason: "rolled back"})
			w.command(felt.Command{What: felt.CommandCause, Target: w.last().ID, Actor: "ann", Reason: "a lock", Args: map[string]string{"change": "d1"}})
		}
	})
	r := w.last()
	if diff := cmp.Diff([]string{
		"+59 first_bad: first of the failures that stand out",
		"+80 opened: 40 of 100 tries failed",
		"+83 notified: oncall told: detected",
		"+90 notified: oncall told: reported, 60 customers (50.0 % of 120) failed so far; P2, before P3 (impact score 50)",
		"+95 acknowledged: acknowledged: on it ann",
		"+120 refused: not resolved: customers still fail, so a reason is needed ann",
		"+150 mitigated: mitigated: rolled back ann",
		"+150 cause: the cause: d1, a lock ann",
	}, story(r)[:8]); diff != "" {
		t.Error(diff)
	}
	if seconds(r.Recovered) != 180 || seconds(r.Resolved) != 480 || r.Status != felt.IncidentResolved {
		t.Errorf("recovered at %d, resolved at %d; %v", seconds(r.Recovered), seconds(r.Resolved), story(r))
	}
	if got := []felt.Tick{seconds(r.Detected), seconds(r.Opened), seconds(r.Notified), seconds(r.Acknowledged), seconds(r.Understood), seconds(r.Mitigated), seconds(r.Twentieth)}; !cmp.Equal(got, []felt.Tick{80, 80, 83, 95, 150, 150, 68}) {
		t.Errorf("times %v", got)
	}
	i := r.Impact
	if i.Customers.Failed != 238 || i.Recovered != 120 || i.Lost != 118 || i.Undecided != 0 || i.Sessions.Failed != 238 || i.Counts.Failed != 238 {
		t.Errorf("%+v", i)
	}
	var kinds []string
	for _, n := range w.told {
		kinds = append(kinds, n.Sink+" "+string(n.Kind))
	}
	if len(kinds) < 3 || kinds[0] != "oncall incident.detected" || kinds[len(kinds)-1] != "oncall incident.resolved" || strings.Count(strings.Join(kinds, " "), "detected") != 1 {
		t.Errorf("told %v", kinds)
	}
	harmed := map[felt.Hash]felt.IncidentCustomer{}
	for _, c := range w.hand {
		harmed[c.Customer] = c
	}
	back := 0
	for _, c := range harmed {
		if c.Failed != 1 || c.First != c.Last || c.Incident != r.ID {
			t.Fatalf("%+v", c)
		}
		back += one(c.RecoveredAt != 0)
	}
	if len(harmed) != 238 || back != 120 {
		t.Errorf("%d harmed, %d of them back", len(harmed), back)
	}
}

// TestRecoveryIsOfCustomers: the finding ends while customers still fail, and then goes on although they
// do not.
func TestRecoveryIsOfCustomers(t *testing.T) {
	w := newWorld(t)
	life(w, 700, func(at felt.Tick) {
		if at == 100 {
			f := w.page(pay(), func(f *felt.Finding) { f.ID, f.Ended = "fnd-1", w.now })
			w.tick(f)
		}
		if at == 110 && w.last().FindingActive {
			t.Error("the finding goes on")
		}
		if at == 170 && w.last().Status != felt.IncidentOpen {
			t.Error("resolved because a finding ended")
		}
	})
	if r := w.last(); r.Status != felt.IncidentResolved || seconds(r.Recovered) != 180 {
		t.Errorf("%v, recovered at %d", r.Status, seconds(r.Recovered))
	}
	w = newWorld(t)
	life(w, 500, nil) // its finding never ends
	if r := w.last(); r.Status != felt.IncidentResolved || r.FindingActive {
		t.Errorf("%v", story(r))
	}
}

// TestNotEnoughCome: nobody fails any more, for hardly anybody comes.
func TestNotEnoughCome(t *testing.T) {
	w := newWorld(t)
	w.of(pay()).expected = 40
	w.run(1500, func(at felt.Tick) {
		n := uint64(4)
		if at >= 180 && at < 900 {
			n = 2
		}
		for i := range n {
			o := felt.OutcomeSuccess
			if at >= 60 && at < 180 && i < 2 {
				o = felt.OutcomeFailed
			}
			w.try(pay(), uint64(at)*4+i+1, o)
		}
		if at == 80 {
			w.tick(w.page(pay()))
		}
		if r := w.rows; at == 600 && (r[len(r)-1].Status != felt.IncidentOpen || !strings.Contains(r[len(r)-1].Recovery.Text, "120 customers came in the last minute of 240 expected")) {
			t.Errorf("%+v", r[len(r)-1].Recovery)
		}
	})
	if r := w.last(); r.Status != felt.IncidentResolved || seconds(r.Recovered) < 880 || seconds(r.Recovered) > 950 {
		t.Errorf("%v, recovered at %d", r.Status, seconds(r.Recovered))
	}
}

// TestFewCome: one a minute: thirty take half an hour, and it says so.
func TestFewCome(t *testing.T) {
	w := newWorld(t)
	w.run(2400, func(at felt.Tick) {
		if at < 100 {
			w.try(pay(), uint64(at)+1, felt.OutcomeFailed)
		} else if at%60 == 0 {
			w.try(pay(), uint64(at), felt.OutcomeSuccess)
		}
		if at == 80 {
			w.tick(w.page(pay()))
		}
		if at == 1000 {
			if r := w.last().Recovery; !r.Holds || !strings.Contains(r.Text, "outcomes of 30 needed have come, and at this pace the others take about") {
				t.Errorf("%+v", r)
			}
		}
	})
	if r := w.last(); r.Status != felt.IncidentResolved || seconds(r.Resolved) < 1800 {
		t.Errorf("%v at %d: %s", r.Status, seconds(r.Resolved), r.Recovery.Text)
	}
}

// TestReopens: within two hours it is the same incident, later another one.
func TestReopens(t *testing.T) {
	for _, c := range []struct {
		after  felt.Tick
		reopen bool
	}{{7000, true}, {7300, false}} {
		w := newWorld(t)
		w.b.Rules(inventory(t, sinks))
		life(w, 500, nil)
		first := w.last()
		if first.Status != felt.IncidentResolved {
			t.Fatal(story(first))
		}
		for w.now < start+480+c.after {
			w.tick()
		}
		w.tries(pay(), 900_001, 900_030, felt.OutcomeFailed)
		w.tick(w.page(pay()))
		w.run(480+c.after+20, nil)
		r := w.last()
		if (r.ID == first.ID) != c.reopen || r.Status != felt.IncidentOpen || (r.Reopened != 0) != c.reopen {
			t.Errorf("after %d s: %s %v, reopened %d; it was %s", c.after, r.ID, r.Status, r.Reopened, first.ID)
		}
		if last := w.told[len(w.told)-1]; last.Kind != felt.NotifyDetected {
			t.Errorf("told %s", last.Kind)
		}
		if want := map[bool]int64{true: 267, false: 29}[c.reopen]; r.Impact.Customers.Failed != want {
			t.Errorf("%d failed, want %d", r.Impact.Customers.Failed, want)
		}
		if !c.reopen {
			continue
		}
		// What it lasted is 120 s, and now 20 s.
		if len(r.Calm) != 1 || seconds(r.Calm[0].From) != 180 || seconds(r.Calm[0].To) < 480+c.after-11 || r.ScoreParts[3].Name != "duration" || r.ScoreParts[3].Input > "3 min" {
			t.Errorf("well from %+v; %+v", r.Calm, r.ScoreParts[3])
		}
		w.b = cutOff(t, w.b, w.b.rules)
		again := NewBook(w.b.settings)
		again.Resume(w.now, []felt.Incident{r}, nil)
		if got := again.list[0].calm; got != r.Calmed() || got == 0 {
			t.Errorf("taken up again: %v of %v", got, r.Calmed())
		}
	}
}

// TestWellBetweenTurns: when people closed it and it went on, customers were not well in between; when they had
// recovered, they were until it became worse.
func TestWellBetweenTurns(t *testing.T) {
	at := func(n felt.Tick) felt.Instant { return (start + n).Instant() }
	ended := []felt.Finding{{Paging: true, Ended: start + 170}}
	for _, c := range []struct {
		name                       string
		recovered, resolved, began felt.Tick
		findings                   []felt.Finding
		want                       []felt.Window
	}{
		{"customers were back", 180, 480, 900, ended, []felt.Window{{From: at(180), To: at(900)}}},
		{"what never ended became worse", 180, 480, 60, nil, []felt.Window{{From: at(180), To: at(480)}}},
		{"just before it was resolved", 180, 480, 400, ended, []felt.Window{{From: at(180), To: at(400)}}},
		{"people closed it, and it went on", 0, 480, 900, []felt.Finding{{Paging: true}}, nil},
		{"people closed it, and it was over", 0, 480, 900, ended, []felt.Window{{From: at(480), To: at(900)}}},
	} {
		l := live{began: at(c.began)}
		if l.row.Resolved, l.row.Findings = at(c.resolved), c.findings; c.recovered != 0 {
			l.row.Recovered = at(c.recovered)
		}
		if l.rest(); !cmp.Equal(l.row.Calm, c.want) || l.calm != l.row.Calmed() {
			t.Errorf("%s: %v, %v", c.name, l.row.Calm, l.calm)
		}
	}
	l := live{}
	for n := range felt.Tick(80) {
		l.row.Recovered, l.began = at(100*n), at(100*n+50)
		l.rest()
	}
	if n := len(l.row.Calm); n != calmMost || l.row.Calm[0].From != at(0) || l.row.Calm[n-1].To != at(7950) {
		t.Errorf("%d times, from %v", n, l.row.Calm[0])
	}
}

// TestWorseAgain: a finding that never ended opens its incident again when customers fail again.
func TestWorseAgain(t *testing.T) {
	w := newWorld(t)
	life(w, 500, nil)
	calm := w.page(pay(), func(f *felt.Finding) { f.ID, f.N, f.Hit = "fnd-1", 1100, 50 })
	w.tick(calm)
	if w.last().Status != felt.IncidentResolved {
		t.Fatal("opened by what is usual")
	}
	worse := w.page(pay(), func(f *felt.Finding) { f.ID, f.N, f.Hit = "fnd-1", 1200, 110 })
	w.tick(worse)
	if r := w.last(); r.Status != felt.IncidentOpen || r.Reopened == 0 {
		t.Errorf("%v", story(r))
	}
}

// TestCutAnywhere: saved and loaded at any tick, the rest is the same.
func TestCutAnywhere(t *testing.T) {
	set := inventory(t, sinks)
	play := func(cut felt.Tick) string {
		w := newWorld(t)
		w.b.Rules(set)
		var all string
		life(w, 520, func(at felt.Tick) {
			switch at {
			case 70:
				w.b.Changes([]felt.Change{{ID: "d1", Kind: "deploy", Env: "production", App: "shop", Version: "v2", Started: (start + 40).Instant()}})
			case 82:
				w.b.Evidence(felt.Evidence{Incident: w.last().ID, Round: 1, At: w.now.Instant(), Suspects: []felt.Suspect{{Kind: "deploy", What: "shop@v2", Score: .9}}})
			case 130:
				w.command(felt.Command{What: felt.CommandSilence, Target: "s1", Reason: "known", Actor: "ann", Args: map[string]string{"app": "shop", "until": (start + 400).Instant().Time().Format("2006-01-02T15:04:05Z07:00")}})
			}
			if at == cut {
				w.b = cutOff(t, w.b, set)
			}
		})
		all += asJSON(t, w.rows) + asJSON(t, w.told) + asJSON(t, w.hand) + asJSON(t, w.b.Stats())
		return all
	}
	want := play(-1)
	for cut := felt.Tick(0); cut < 520; cut += 13 {
		if got := play(cut); got != want {
			t.Fatalf("cut at +%d", cut)
		}
	}
}

// TestDueIsEnough: ticks that nothing is due at may be left out.
func TestDueIsEnough(t *testing.T) {
	play := func(skip bool) string {
		w := newWorld(t)
		w.b.Rules(inventory(t, sinks))
		life(w, 81, nil)
		for w.now < start+9000 {
			if next := w.b.Due(); skip && w.now != next {
				w.now++
				continue
			}
			w.tick()
		}
		w.b.tick = w.now // when the last tick was is no difference
		return asJSON(t, w.rows) + asJSON(t, w.told) + asJSON(t, w.hand) + string(saved(w.b))
	}
	if play(true) != play(false) {
		t.Error("the ticks that were left out made a difference")
	}
}

// TestWhoLeftBefore: journeys that were left during the fault count as left when their timeout has passed.
// That does not keep an incident open whose customers are back; where they leave is the harm it does.
func TestWhoLeftBefore(t *testing.T) {
	checkout := journey("shop", "checkout")
	for kind, want := range map[felt.FindingKind]felt.IncidentStatus{felt.FindingFailed: felt.IncidentResolved, felt.FindingFunnel: felt.IncidentOpen} {
		w := newWorld(t)
		w.b.Rules(inventory(t, journeys))
		w.run(600, func(at felt.Tick) {
			for i := range uint64(4) {
				o := felt.OutcomeSuccess
				if at >= 60 && at < 180 && i < 2 {
					o = felt.OutcomeFailed
				}
				w.try(checkout, uint64(at)*4+i+1, o)
			}
			if at >= 200 { // those of half an hour ago
				w.try(checkout, uint64(at)+1e5, felt.OutcomeAbandoned, func(r *felt.Interaction) { r.AbandonedHow = felt.AbandonedAfterFailure })
				w.of(checkout).window.Abandoned++
				w.of(checkout).window.Fled++
			}
			if at == 80 {
				w.tick(w.page(checkout, func(f *felt.Finding) { f.Kind = kind }))
			}
		})
		if r := w.last(); r.Status != want {
			t.Errorf("%s: %v, %s", kind, r.Status, r.Recovery.Text)
		}
	}
}

// TestASegmentMustRecoverToo: one customer in a hundred is in the region that fails wholly; in the whole
// that is nothing.
func TestASegmentMustRecoverToo(t *testing.T) {
	w := newWorld(t)
	w.of(pay()).usual = .02
	eu := func(r *felt.Interaction) { r.Segments = []felt.Segment{{Key: "region", Value: "eu"}} }
	w.run(1100, func(at felt.Tick) {
		for i := range uint64(20) {
			w.try(pay(), uint64(at)*21+i+1, felt.OutcomeSuccess)
		}
		if at%5 == 0 {
			o := felt.OutcomeSuccess
			if at >= 50 && at < 600 {
				o = felt.OutcomeFailed
			}
			w.try(pay(), uint64(at)*21+21, o, eu)
		}
		if at == 100 {
			w.tick(w.page(pay(), func(f *felt.Finding) { f.Series.SegmentKey, f.Series.SegmentValue = "region", "eu" }))
		}
		if r := w.rows; at == 590 && (r[len(r)-1].Status != felt.IncidentOpen || !strings.Contains(r[len(r)-1].Recovery.Text, "failed where it stood out")) {
			t.Errorf("%v %s", r[len(r)-1].Status, r[len(r)-1].Recovery.Text)
		}
	})
	if r := w.last(); r.Status != felt.IncidentResolved || seconds(r.Recovered) < 590 {
		t.Errorf("%v, recovered at %d: %s", r.Status, seconds(r.Recovered), r.Recovery.Text)
	}
}

// TestWhoLeftIsKnownLate: that journeys were left during the fault is known half an hour later, when it is
// over. That opens nothing, neither as a finding nor as a promise that is broken; who leaves later does.
func TestWhoLeftIsKnownLate(t *testing.T) {
	checkout := journey("shop", "checkout")
	for _, c := range []struct {
		kind  felt.FindingKind
		after felt.Tick
		open  bool
	}{
		{felt.FindingFunnel, 1900, false},
		{felt.FindingBurn, 1900, false},
		{felt.FindingFailed, 1900, true},
		{felt.FindingFunnel, 2300, true},
		{felt.FindingBurn, 2600, true},
	} {
		w := newWorld(t)
		w.b.Rules(inventory(t, journeys))
		life(w, 500, nil)
		first := w.last()
		late := func() felt.Finding {
			return w.page(checkout, func(f *felt.Finding) { f.ID, f.Kind, f.Hit, f.N = "fnd-late", c.kind, int64(w.now-start), 3000 })
		}
		for w.now < start+c.after {
			w.tick()
		}
		w.tick(late())
		w.b = cutOff(t, w.b, w.b.rules)
		for range 30 {
			w.tick()
		}
		w.tick(late()) // more of them
		if r := w.last(); (r.Status == felt.IncidentOpen) != c.open || len(w.ids()) != 1+one(c.open) {
			t.Errorf("%s after %d s: %v", c.kind, c.after, story(r))
		}
		if r := w.last(); !c.open && (r.ID != first.ID || len(r.Findings) != 2 || r.FindingActive) {
			t.Errorf("%s is not listed: %v", c.kind, story(r))
		}
	}
}
