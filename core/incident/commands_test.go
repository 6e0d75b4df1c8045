package incident

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/tell"
)

// opened is a world with one incident, at +1.
func opened(t *testing.T, text string) (*world, string) {
	w := newWorld(t)
	w.b.Rules(inventory(t, text))
	w.tries(pay(), 1, 30, felt.OutcomeFailed)
	w.tick(w.page(pay(), func(f *felt.Finding) { f.ID = "fnd-1" }))
	return w, w.last().ID
}

func in(seconds felt.Tick) string {
	return (start + seconds).Instant().Time().Format("2006-01-02T15:04:05Z07:00")
}

func TestCommands(t *testing.T) {
	for _, c := range []struct {
		name string
		give []felt.Command
		want func(r *felt.Incident) bool
		told string // last line of the story; "" as it was
	}{
		{
			"commander",
			[]felt.Command{{What: felt.CommandCommander, Args: map[string]string{"commander": "ann"}}},
			func(r *felt.Incident) bool { return r.Commander == "ann" },
			"commander: ann takes command bob",
		},
		{
			"commander gives back",
			[]felt.Command{
				{What: felt.CommandCommander, Args: map[string]string{"commander": "ann"}}, {What: felt.CommandCommander},
			},
			func(r *felt.Incident) bool { return r.Commander == "" },
			"commander: nobody is in command any more bob",
		},
		{
			"note",
			[]felt.Command{{What: felt.CommandNote, Reason: "looks like the cache", Args: map[string]string{"kind": "decision"}}},
			func(r *felt.Incident) bool { return true },
			"decision: looks like the cache bob",
		},
		{
			"a note of an unknown kind",
			[]felt.Command{{What: felt.CommandNote, Reason: "hm", Args: map[string]string{"kind": "resolved"}}},
			func(r *felt.Incident) bool { return r.Status == felt.IncidentOpen },
			"note: hm bob",
		},
		{"an empty note", []felt.Command{{What: felt.CommandNote}}, func(r *felt.Incident) bool { return true }, ""},
		{
			"cause",
			[]felt.Command{{What: felt.CommandCause, Reason: "a lock", Args: map[string]string{"service": "db"}}},
			func(r *felt.Incident) bool {
				return r.Understood != 0 && r.Cause == felt.Cause{Service: "db", Note: "a lock", ConfirmedBy: "bob"}
			},
			"cause: the cause: db, a lock bob",
		},
		{
			"priority",
			[]felt.Command{{What: felt.CommandPriority, Args: map[string]string{"priority": "P1"}}},
			func(r *felt.Incident) bool { return r.Priority == "P1" },
			"priority: priority P1 bob",
		},
		{
			"priority by the score again",
			[]felt.Command{
				{What: felt.CommandPriority, Args: map[string]string{"priority": "P1"}}, {What: felt.CommandPriority},
			},
			func(r *felt.Incident) bool { return r.Priority != "P1" },
			"priority: the priority follows the score again bob",
		},
		{"no priority", []felt.Command{{What: felt.CommandPriority, Args: map[string]string{"priority": "P9"}}}, func(r *felt.Incident) bool { return r.Priority != "P9" }, ""},
		{
			"noise",
			[]felt.Command{{What: felt.CommandVerdict, Args: map[string]string{"verdict": "noise"}, Reason: "a test"}},
			func(r *felt.Incident) bool {
				return r.Verdict == "noise" && r.Status == felt.IncidentResolved && r.Recovered == 0 && !r.FindingActive
			},
			"resolved: resolved: noise bob",
		},
		{
			"real",
			[]felt.Command{{What: felt.CommandVerdict, Args: map[string]string{"verdict": "real"}}},
			func(r *felt.Incident) bool { return r.Verdict == "real" && r.Status == felt.IncidentOpen },
			"verdict: verdict: real bob",
		},
		{"a duplicate of nothing", []felt.Command{{What: felt.CommandVerdict, Args: map[string]string{"verdict": "duplicate"}}}, func(r *felt.Incident) bool { return r.Verdict == "" }, ""},
		{"no command", []felt.Command{{What: "incident.explode"}}, func(r *felt.Incident) bool { return true }, ""},
		{"a known key", []felt.Command{
			{What: felt.CommandNote, Reason: "once", IdempotencyKey: "k"}, {What: felt.CommandNote, Reason: "twice", IdempotencyKey: "k"},
		}, func(r *felt.Incident) bool { return true }, "note: once bob"},
		{"another incident", []felt.Command{{What: felt.CommandNote, Reason: "hm", Target: "inc-0"}}, func(r *felt.Incident) bool { return true }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, id := opened(t, "")
			was := len(story(w.last()))
			for _, x := range c.give {
				x.Actor = "bob"
				if x.Target == "" {
					x.Target = id
				}
				w.command(x)
			}
			w.tick()
			r := w.last()
			lines := story(r)
			switch {
			case !c.want(&r):
				t.Errorf("%+v", r)
			case c.told == "" && len(lines) != was:
				t.Errorf("told %q", lines[was:])
			case c.told != "" && lines[len(lines)-1] != "+1 "+c.told:
				t.Errorf("told %q", lines[len(lines)-1])
			}
		})
	}
}

func TestDeclared(t *testing.T) {
	w := newWorld(t)
	w.b.Rules(inventory(t, journeys+sinks))
	w.tries(pay(), 1, 10, felt.OutcomeFailed)
	for range 2 { // the second is the same
		w.command(felt.Command{What: felt.CommandDeclare, Target: "inc-mine", Actor: "ann", Reason: "phones ring", Time: w.now.Instant(), Args: map[string]string{
			"env": "production", "app": "shop", "name": "pay", "kind": "step", "title": "Cards are declined", "first_bad": in(-30), "priority": "P2",
		}})
	}
	w.tick()
	w.run(60, nil)
	r := w.last()
	if len(w.ids()) != 1 || r.Source != "declared" || r.Title != "Cards are declined" || r.Priority != "P2" || seconds(r.FirstBad) != -30 || r.Impact.Customers.Failed != 9 {
		t.Errorf("%+v", r)
	}
	if len(w.told) == 0 || w.told[0].Kind != felt.NotifyDetected || w.told[0].At != start+3 {
		t.Errorf("told %d", len(w.told))
	}
	w.run(1000, func(at felt.Tick) { w.try(pay(), uint64(at+100), felt.OutcomeSuccess) })
	if r = w.last(); r.Status != felt.IncidentOpen || !strings.Contains(r.Recovery.Text, "people have declared it, so people resolve it") {
		t.Errorf("%v: %s", r.Status, r.Recovery.Text)
	}
	w.tick(w.page(pay())) // and a finding joins it
	if len(w.ids()) != 1 {
		t.Error("a second one")
	}
	w.command(felt.Command{What: felt.CommandDeclare, Target: "inc-vague", Actor: "ann", Reason: "odd"})
	w.tick()
	w.run(1100, nil)
	i := slices.IndexFunc(w.rows, func(r felt.Incident) bool { return r.ID == "inc-vague" })
	if i < 0 || w.rows[i].Env != "production" || len(w.rows[i].Scopes) != 0 {
		t.Errorf("%d", i)
	}
}

func TestDuplicate(t *testing.T) {
	w, first := opened(t, "")
	w.now += 300
	other := step("billing", "charge")
	w.tick(w.page(other))
	second := w.last().ID
	w.command(felt.Command{What: felt.CommandVerdict, Target: second, Actor: "ann", Args: map[string]string{"verdict": "duplicate", "of": first}})
	w.tick()
	l := w.b.find(first)
	if w.b.find(second).open() || l.part(other) == nil || l.lasting != 2 {
		t.Errorf("%v; %d findings last", story(w.last()), l.lasting)
	}
	w.now += 20
	if w.tick(w.page(other)); len(w.ids()) != 2 || w.last().ID != first {
		t.Error("what comes later goes elsewhere")
	}
}

// TestSilence: nobody is told while it holds, it says so, and when it ends they are told of what is still
// open.
func TestSilence(t *testing.T) {
	silence := func(w *world, until felt.Tick) {
		w.command(felt.Command{What: felt.CommandSilence, Target: "s1", Actor: "ann", Reason: "load test", Args: map[string]string{"app": "shop", "until": in(until)}})
	}
	w := newWorld(t)
	w.b.Rules(inventory(t, sinks))
	silence(w, 100)
	w.tick()
	w.tick(w.page(pay()))
	w.run(99, nil)
	if r := w.last(); len(w.told) != 0 || !strings.Contains(r.Silenced, "load test") || r.Notified != 0 || len(w.b.Silences()) != 1 {
		t.Errorf("%d told, silenced %q", len(w.told), r.Silenced)
	}
	w.run(110, nil)
	if r := w.last(); len(w.told) != 1 || r.Silenced != "" || seconds(r.Notified) != 100 {
		t.Errorf("%d told, notified at %d", len(w.told), seconds(r.Notified))
	}
	silence(w, 500)
	w.tick()
	w.command(felt.Command{What: felt.CommandResolve, Target: w.last().ID, Reason: "over"})
	w.run(120, nil)
	if len(w.told) != 1 {
		t.Error("told of the end under a silence")
	}
	w.command(felt.Command{What: felt.CommandUnsilence, Target: "s1", Actor: "ann"})
	w.command(felt.Command{What: felt.CommandUnsilence, Target: "s2", Actor: "ann"})
	for i, args := range []map[string]string{{"until": "soon"}, {"until": in(-5)}, {}} { // none of them is one
		w.command(felt.Command{What: felt.CommandSilence, Target: fmt.Sprint("bad", i), Reason: "x", Args: args})
	}
	w.command(felt.Command{What: felt.CommandSilence, Target: "bad", Args: map[string]string{"until": in(900)}})
	w.tick()
	if n := len(w.b.Silences()); n != 0 {
		t.Errorf("%d silences", n)
	}
}

// TestTold: evidence is not waited for longer than three ticks; reports come when something is worth one,
// not all the time.
func TestTold(t *testing.T) {
	w, id := opened(t, sinks)
	w.b.Evidence(felt.Evidence{Incident: id, Round: 1, At: w.now.Instant(), Suspects: []felt.Suspect{{Kind: "deploy", What: "web@5", Score: .9}}})
	w.tick()
	if len(w.told) != 1 || w.told[0].At != start+1 || w.told[0].Incident.Suspects[0].What != "web@5" || w.last().Notified != (start+1).Instant() {
		t.Fatalf("%+v", w.told)
	}
	w.b.Evidence(felt.Evidence{Incident: id, Round: 1, At: (start - 50).Instant(), Suspects: []felt.Suspect{{What: "old"}}})
	w.run(290, func(at felt.Tick) { w.try(pay(), uint64(at)+100, felt.OutcomeFailed) })
	for _, n := range w.told[1:] { // only that the priority rose
		if n.Kind != felt.NotifyReported || !strings.Contains(n.Why, ", before P") {
			t.Errorf("%s at +%d: %s", n.Kind, n.At-start, n.Why)
		}
	}
	n := len(w.told)
	w.run(1200, func(at felt.Tick) { w.try(pay(), uint64(at)+100, felt.OutcomeFailed) })
	if more := len(w.told) - n; more < 1 || more > 4 {
		t.Errorf("%d reports in a quarter of an hour", more)
	}
	keys := map[string]bool{}
	for _, n := range w.told {
		keys[n.Key] = true
	}
	if len(keys) != len(w.told) {
		t.Error("keys are not all different")
	}
}

func TestKeysAreForgottenOldestFirst(t *testing.T) {
	b := NewBook(felt.DefaultSettings())
	for i := range KeysMax + 1 {
		b.Command(felt.Command{IdempotencyKey: fmt.Sprint(i)})
	}
	if out := b.Tick(start, nil, nil); len(out.Commands) != KeysMax+1 {
		t.Errorf("%d commands", len(out.Commands))
	}
	b.Command(felt.Command{IdempotencyKey: fmt.Sprint(KeysMax)}) // still known
	b.Command(felt.Command{IdempotencyKey: "0"})                 // forgotten
	b.Command(felt.Command{})
	b.Command(felt.Command{})
	if out := b.Tick(start+1, nil, nil); len(out.Commands) != 3 || len(b.keys) != KeysMax {
		t.Errorf("%d commands, %d keys", len(out.Commands), len(b.keys))
	}
}

// TestWhatNeededAReasonIsNotAllClear: people close an incident that looks well while its findings last.
func TestWhatNeededAReasonIsNotAllClear(t *testing.T) {
	w := newWorld(t)
	life(w, 300, nil)
	r := w.last()
	if !r.Recovery.Holds || r.Recovery.Outcomes < r.Recovery.Needs || !r.FindingActive {
		t.Fatalf("finding active %v, %+v: the test tests nothing", r.FindingActive, r.Recovery)
	}
	w.command(felt.Command{What: felt.CommandResolve, Target: r.ID, Actor: "ann", Reason: "rolled back", Time: w.now.Instant()})
	w.tick()
	if r = w.last(); r.Status != felt.IncidentResolved || r.Recovered != 0 {
		t.Errorf("%s, recovered at %+d s: %s", r.Status, seconds(r.Recovered), tell.Sentence(&r))
	}
}
