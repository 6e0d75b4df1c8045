package incident

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

const start felt.Tick = 1_700_000_000

func finding(opened, updated, ended felt.Tick) felt.Finding {
	return felt.Finding{
		ID: fmt.Sprint("fnd-", opened), Series: felt.Series{Env: "production", App: "shop", Name: "pay", Kind: felt.KindStep},
		Since: (opened - 15).Instant(), Opened: opened, Updated: updated, Ended: ended, Explanation: "87 of 213 customers failed",
		Kind: felt.FindingFailed, Paging: true,
	}
}

func pay() felt.Scope {
	return felt.Scope{Env: "production", App: "shop", Name: "pay", Kind: felt.KindStep}
}

func nobody(felt.Series, func(uint64, felt.Outcome, felt.Instant, felt.Instant)) {}

func timeline(i felt.Incident) []string {
	var out []string
	for _, e := range i.Timeline {
		out = append(out, strings.TrimSuffix(fmt.Sprintf("%+d %s: %s %s", e.At/felt.Second-felt.Instant(start), e.Kind, e.Text, e.Actor), " "))
	}
	return out
}

// add enters customers from..to-1 with an outcome, at the end of a tick.
func add(b *Book, t felt.Tick, from, to uint64, o felt.Outcome) {
	for c := from; c < to; c++ {
		b.Add(pay(), c, o, t.Instant())
	}
}

func TestLifeOfAnIncident(t *testing.T) {
	b := NewBook()
	var rows []felt.Incident
	tick := func(t felt.Tick, f ...felt.Finding) {
		list, _ := b.Tick(t, f, func(of felt.Series, yield func(uint64, felt.Outcome, felt.Instant, felt.Instant)) {
			if of.Env+of.App+of.Name == "productionshoppay" {
				yield(1, felt.OutcomeFailed, (t - 40).Instant(), (t - 5).Instant())
				yield(2, felt.OutcomeSuccess, (t - 40).Instant(), (t - 20).Instant()) // before it began
				yield(3, felt.OutcomeSuccess, (t - 5).Instant(), (t - 5).Instant())
				yield(4, felt.OutcomeDegraded, (t - 4).Instant(), (t - 4).Instant())
			}
		})
		rows = append(rows, list...)
	}
	add(b, start, 90, 99, felt.OutcomeFailed) // there is no incident yet
	tick(start+10, finding(start+10, start+10, 0))
	if got := rows[0].Impact; got.Customers != (felt.Distinct{Total: 3, Failed: 1, Degraded: 1}) || got.Undecided != 1 || rows[0].Score < 33 || rows[0].Score > 34 {
		t.Errorf("at first: %+v, score %g", got, rows[0].Score)
	}
	add(b, start+11, 10, 13, felt.OutcomeFailed)
	add(b, start+10, 10, 11, felt.OutcomeSuccess) // before it failed: no recovery
	tick(start + 11)                              // numbers wait for the next judging
	if len(rows) != 1 {
		t.Fatalf("%d rows", len(rows))
	}
	b.Add(pay(), 50, felt.OutcomeFailed, (start - 6).Instant()) // ended before it began
	add(b, start+12, 1, 2, felt.OutcomeSuccess)                 // the first one recovers
	tick(start + 20)
	b.Command(felt.Command{What: felt.CommandAcknowledge, Target: rows[0].ID, Actor: "ann", Reason: "on it"})
	if b.Due() != start+21 {
		t.Errorf("a command is due at %d", b.Due())
	}
	tick(start + 23)
	tick(start+30, finding(start+10, start+30, 0))
	tick(start + 40) // nothing changed
	add(b, start+100, 20, 21, felt.OutcomeFailed)
	tick(start + 100) // a little
	add(b, start+105, 21, 22, felt.OutcomeFailed)
	if b.Due() != start+110 {
		t.Errorf("numbers are due at +%d", b.Due()-start)
	}
	tick(start + 110) // too little, and too soon to say so
	add(b, start+395, 22, 23, felt.OutcomeFailed)
	tick(start + 400) // long enough after the last number
	tick(start+500, finding(start+10, start+500, start+500))
	add(b, start+501, 70, 80, felt.OutcomeFailed) // resolved: no longer counted
	tick(start + 510)

	last := rows[len(rows)-1]
	want := []string{
		"-5 first_bad: first of the failures that stand out",
		"+10 opened: 87 of 213 customers failed",
		"+20 update: 4 of 6 customers failed so far",
		"+23 acknowledged: acknowledged: on it ann",
		"+100 update: 5 of 7 customers failed so far",
		"+400 update: 7 of 9 customers failed so far",
		"+500 recovered: 87 of 213 customers failed",
		"+500 resolved: resolved by itself: the finding has ended",
	}
	if diff := cmp.Diff(want, timeline(last)); diff != "" {
		t.Error(diff)
	}
	var story []string
	for _, r := range rows {
		story = append(story, fmt.Sprintf("+%d v%d %s active=%v failed=%d", r.Known-start, r.Version, r.Status, r.FindingActive, r.Impact.Customers.Failed))
	}
	if diff := cmp.Diff([]string{
		"+10 v1 open active=true failed=1",
		"+20 v2 open active=true failed=4",
		"+23 v3 acknowledged active=true failed=4",
		"+30 v4 acknowledged active=true failed=4",
		"+100 v5 acknowledged active=true failed=5",
		"+110 v6 acknowledged active=true failed=6",
		"+400 v7 acknowledged active=true failed=7",
		"+500 v8 resolved active=false failed=7",
	}, story); diff != "" {
		t.Error(diff)
	}
	if last.Acknowledged != (start+23).Instant() || last.Recovered != (start+500).Instant() || last.Resolved != last.Recovered ||
		last.Impact.Recovered != 1 || last.Impact.Undecided != 6 || last.Impact.Counts.Failed != 7 || len(last.Findings) != 1 {
		t.Errorf("%+v", last)
	}
	if unresolved, opened := b.Stats(); unresolved != 0 || opened != 1 || b.Due() != 0 {
		t.Errorf("%d unresolved of %d, due %d", unresolved, opened, b.Due())
	}
	tick(start+520, finding(start+520, start+520, 0))
	if n := rows[len(rows)-1]; n.ID == last.ID || n.Version != 1 {
		t.Errorf("a new finding right after: %s v%d", n.ID, n.Version)
	}
}

func TestResolvedByPeopleWhileItLasts(t *testing.T) {
	b := NewBook()
	rows, _ := b.Tick(start+10, []felt.Finding{finding(start+10, start+10, 0)}, nobody)
	b.Command(felt.Command{What: felt.CommandResolve, Target: rows[0].ID, Actor: "ann", Reason: "known"})
	rows, commands := b.Tick(start+20, []felt.Finding{finding(start+10, start+20, 0)}, nobody)
	if len(rows) != 1 || rows[0].Status != felt.IncidentResolved || rows[0].Recovered != 0 || len(commands) != 1 {
		t.Fatalf("%+v %+v", rows, commands)
	}
	for _, f := range []felt.Finding{finding(start+10, start+30, 0), finding(start+10, start+40, start+40)} {
		if rows, _ := b.Tick(f.Updated, []felt.Finding{f}, nobody); len(rows) != 0 {
			t.Errorf("the finding goes on as %+v", rows)
		}
	}
}

func TestKeysAreForgottenOldestFirst(t *testing.T) {
	b := NewBook()
	for i := range KeysMax + 1 {
		b.Command(felt.Command{IdempotencyKey: fmt.Sprint(i)})
	}
	if _, commands := b.Tick(start, nil, nobody); len(commands) != KeysMax+1 {
		t.Errorf("%d commands", len(commands))
	}
	b.Command(felt.Command{IdempotencyKey: fmt.Sprint(KeysMax)}) // still known
	b.Command(felt.Command{IdempotencyKey: "0"})                 // forgotten
	b.Command(felt.Command{})
	b.Command(felt.Command{})
	if _, commands := b.Tick(start+1, nil, nobody); len(commands) != 3 || len(b.keys) != KeysMax {
		t.Errorf("%d commands, %d keys", len(commands), len(b.keys))
	}
}

// TestCrowdBecomesASketch: beyond the bound the number is an estimate, with its interval,
// and a snapshot holds it.
func TestCrowdBecomesASketch(t *testing.T) {
	b := NewBook()
	b.Tick(start+10, []felt.Finding{finding(start+10, start+10, 0)}, nobody)
	add(b, start+11, 0, 60_000, felt.OutcomeFailed)
	add(b, start+12, 50_000, ExactMax+20_000, felt.OutcomeDegraded)
	add(b, start+13, 0, 60_000, felt.OutcomeFailed)
	rows, _ := b.Tick(start+20, nil, nobody)
	i := rows[0].Impact
	near := func(got, want int64) bool { return got > want*97/100 && got < want*103/100 }
	if i.Method != felt.MethodEstimate || !near(i.Customers.Total, 120_000) || !near(i.Customers.Failed, 60_000) ||
		!near(i.Customers.Degraded, 70_000) || i.Interval[0] >= i.Customers.Failed || i.Interval[1] <= i.Customers.Failed {
		t.Errorf("%+v", i)
	}
	e := &codec.Encoder{}
	b.Save(e)
	d, restored, again := codec.NewDecoder(e.B), NewBook(), &codec.Encoder{}
	restored.Load(d)
	restored.Save(again)
	if d.Err() != nil || d.Rest() != 0 || string(again.B) != string(e.B) {
		t.Errorf("%v, %d bytes left", d.Err(), d.Rest())
	}
}
