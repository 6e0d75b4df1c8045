package incident

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/detect"
	"github.com/felt-cx/felt/core/measure"
	"github.com/felt-cx/felt/core/rules"
)

const start felt.Tick = 1_700_000_000

// world is what a book is told: tries, findings, and what the detectors would say of the windows.
type world struct {
	t     testing.TB
	b     *Book
	now   felt.Tick
	rows  []felt.Incident
	told  []felt.Notification
	hand  []felt.IncidentCustomer
	line  map[felt.Scope]*lineOf
	steps map[string][]string
	mute  map[string]bool // apps of which nothing is heard
	apart []felt.Segment  // that stand out wherever it is asked
}

// lineOf is what the detectors would know of a scope.
type lineOf struct {
	recent   []detect.Seen
	window   detect.Counts
	usual    float64
	expected float64
}

func newWorld(t testing.TB) *world {
	return &world{t: t, b: NewBook(felt.DefaultSettings()), now: start, line: map[felt.Scope]*lineOf{}}
}

func (w *world) Recent(of felt.Series, yield func(detect.Seen)) {
	if l := w.line[felt.Scope{Env: of.Env, App: of.App, Name: of.Name, Kind: of.Kind}]; l != nil {
		for _, v := range l.recent {
			yield(v)
		}
	}
}

func (w *world) Window(t felt.Tick, of felt.Scope) (detect.Window, bool) {
	l := w.line[of]
	if l == nil || t%every != 0 {
		return detect.Window{}, false
	}
	u := detect.Usual{Share: l.usual, Effective: .9}
	return detect.Window{Counts: l.window, Failed: u, Unfinished: detect.Usual{Effective: .9}, Expected: l.expected}, true
}

func (w *world) Apart(felt.Series) []felt.Segment { return w.apart }

func (w *world) Steps(_, app string) []string { return w.steps[app] }

func (w *world) Speaks(_, app, _ string) bool { return !w.mute[app] }

func (w *world) of(s felt.Scope) *lineOf {
	if w.line[s] == nil {
		w.line[s] = &lineOf{usual: .01, expected: -1}
	}
	return w.line[s]
}

func pay() felt.Scope { return step("shop", "pay") }

func step(app, name string) felt.Scope {
	return felt.Scope{Env: "production", App: app, Name: name, Kind: felt.KindStep}
}

func hashOf(n uint64) (h felt.Hash) {
	binary.BigEndian.PutUint64(h[:], n)
	h[15] = 1
	return h
}

// try lets a customer try at the end of the present tick.
func (w *world) try(s felt.Scope, customer uint64, o felt.Outcome, more ...func(*felt.Interaction)) {
	w.t.Helper()
	r := &felt.Interaction{
		Version: 1, Known: w.now, Env: s.Env, App: s.App, Name: s.Name, Kind: s.Kind, End: w.now.Instant() - felt.Second/2, Outcome: o,
		Customer: hashOf(customer), Session: hashOf(customer + 1e6), Service: "svc-" + s.App,
	}
	binary.BigEndian.PutUint64(r.Trace[:], customer<<20|uint64(w.now-start)+1)
	for _, f := range more {
		f(r)
	}
	w.b.Add(&measure.Try{Interaction: r, First: true, Judged: true})
	l := w.of(s)
	l.recent = append(l.recent, detect.Seen{Customer: max(half(r.Customer), 1), Outcome: o, First: r.End, Last: r.End})
	l.window.Success += int64(one(o == felt.OutcomeSuccess))
	l.window.Degraded += int64(one(o == felt.OutcomeDegraded))
	l.window.Failed += int64(one(o == felt.OutcomeFailed))
}

// tries lets customers from..to-1 try.
func (w *world) tries(s felt.Scope, from, to uint64, o felt.Outcome) {
	for c := from; c < to; c++ {
		w.try(s, c, o)
	}
}

// tick closes the present tick.
func (w *world) tick(findings ...felt.Finding) {
	out := w.b.Tick(w.now, findings, w)
	w.rows = append(w.rows, out.Incidents...)
	w.told = append(w.told, out.Notifications...)
	w.hand = append(w.hand, out.Cohort...)
	if w.now%every == 0 {
		for _, l := range w.line {
			l.window = detect.Counts{}
		}
	}
	w.now++
}

// run closes ticks up to start + until, each after what happens in it.
func (w *world) run(until felt.Tick, happens func(at felt.Tick)) {
	for w.now <= start+until {
		if happens != nil {
			happens(w.now - start)
		}
		w.tick()
	}
}

func (w *world) command(c felt.Command) { w.b.Command(c) }

func (w *world) last() felt.Incident {
	w.t.Helper()
	if len(w.rows) == 0 {
		w.t.Fatal("no incident")
	}
	return w.rows[len(w.rows)-1]
}

func (w *world) ids() map[string]bool {
	ids := map[string]bool{}
	for _, r := range w.rows {
		ids[r.ID] = true
	}
	return ids
}

// page is a finding of paging class of a scope that opens now.
func (w *world) page(s felt.Scope, more ...func(*felt.Finding)) felt.Finding {
	f := felt.Finding{
		ID: fmt.Sprint("fnd-", s.App, "-", s.Name, "-", w.now), Kind: felt.FindingFailed, Paging: true, Statistic: 20, Threshold: 11.5,
		Series: felt.Series{Env: s.Env, App: s.App, Name: s.Name, Kind: s.Kind}, N: 100, Hit: 40, Share: .4, Baseline: .01,
		Since: (w.now - 10).Instant(), Opened: w.now, Updated: w.now, Explanation: "40 of 100 tries failed",
	}
	for _, m := range more {
		m(&f)
	}
	return f
}

func inventory(t testing.TB, text string) *rules.Set {
	t.Helper()
	set, problems := rules.Load(felt.Inventory{Version: 7, Files: []felt.InventoryFile{{Name: "felt.yaml", Text: text}}})
	if set == nil {
		t.Fatal(problems)
	}
	return set
}

// story is the timeline, relative to start, without updates.
func story(i felt.Incident) []string {
	var out []string
	for _, e := range i.Timeline {
		if e.Kind != "update" {
			out = append(out, strings.TrimSpace(fmt.Sprintf("%+d %s: %s %s", e.At/felt.Second-felt.Instant(start), e.Kind, e.Text, e.Actor)))
		}
	}
	return out
}

func seconds(at felt.Instant) felt.Tick {
	if at == 0 {
		return 0
	}
	return felt.Tick(at/felt.Second) - start
}

func saved(b *Book) []byte {
	e := &codec.Encoder{}
	b.Save(e)
	return e.B
}

// cutOff is the book after a cut.
func cutOff(t testing.TB, b *Book, set *rules.Set) *Book {
	t.Helper()
	data := saved(b)
	n := NewBook(b.settings)
	n.Rules(set)
	d := codec.NewDecoder(data)
	if n.Load(d); d.Err() != nil || d.Rest() != 0 {
		t.Fatal(d.Err(), d.Rest())
	}
	if string(saved(n)) != string(data) {
		t.Fatal("saved again it is something else")
	}
	return n
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
