package analyse_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/analyse"
	"github.com/felt-cx/felt/shell/mem"
)

const opened = 20_000*felt.Day + 14*felt.Hour

// world is a store with an incident, an engine that moves when told, and a log.
type world struct {
	store *faulty
	log   *appender
	mu    sync.Mutex
	p     felt.Progress
	moved chan struct{}
	tick  felt.Tick // of the next batch
}

// faulty fails as long as it is told to, and counts what it is asked.
type faulty struct {
	felt.Store
	fail  atomic.Bool
	slow  atomic.Int64 // nanoseconds
	asked atomic.Int64
}

func (f *faulty) Leaves(ctx context.Context, q felt.LeafQuestion) ([]felt.Leaf, error) {
	f.asked.Add(1)
	if f.fail.Load() {
		return nil, errors.New("out of order")
	}
	select {
	case <-time.After(time.Duration(f.slow.Load())):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return f.Store.Leaves(ctx, q)
}

// appender keeps what is told.
type appender struct {
	mu   sync.Mutex
	fail bool
	list []felt.Evidence
}

func (l *appender) Append(_ context.Context, recs ...felt.Record) (felt.Place, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail {
		return felt.Place{}, felt.ErrFull
	}
	for _, r := range recs {
		var v felt.Evidence
		if err := json.Unmarshal(r.Data, &v); err != nil || r.Kind != felt.KindEvidence || r.Part != felt.Control {
			return felt.Place{}, fmt.Errorf("%+v: %w", r, err)
		}
		l.list = append(l.list, v)
	}
	return felt.Place{}, nil
}

func (l *appender) told() []felt.Evidence {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]felt.Evidence(nil), l.list...)
}

func (w *world) Progress() felt.Progress {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.p
}

func (w *world) Changed() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.moved
}

// to moves the engine to a second after the incident opened.
func (w *world) to(second felt.Tick) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.p.Tick = felt.Tick(opened/felt.Second) + second
	close(w.moved)
	w.moved = make(chan struct{})
}

func (w *world) write(t *testing.T, b felt.Batch) {
	t.Helper()
	w.tick++
	b.ID = felt.BatchID{Stage: 3, Tick: w.tick}
	if err := w.store.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

func row(version int64, status felt.IncidentStatus) felt.Incident {
	return felt.Incident{
		ID: "inc-1", Version: version, Kind: "failed", Env: "production", App: "shop", Journeys: []string{"pay"}, Status: status,
		Scopes:   []felt.Scope{{Env: "production", App: "shop", Name: "pay", Kind: felt.KindStep}},
		FirstBad: opened - felt.Minute, Opened: opened,
	}
}

// newWorld has two regions, of which one fails every try since a minute before the incident opened: each
// customer twice; and a deploy.
func newWorld(t *testing.T) *world {
	w := &world{store: &faulty{Store: mem.NewStore(mem.StoreOptions{})}, log: &appender{}, moved: make(chan struct{})}
	var b felt.Batch
	for i := range 7200 {
		end := opened - 2*felt.Hour + felt.Instant(i)*felt.Second
		region, o := [2]string{"eu", "us"}[i%2], felt.OutcomeSuccess
		if end >= opened-felt.Minute && region == "us" {
			o = felt.OutcomeFailed
		}
		b.Interactions = append(b.Interactions, felt.Interaction{
			ID: felt.InteractionID{byte(i), byte(i >> 8)}, Version: 1, Env: "production", App: "shop", Name: "pay", Kind: felt.KindStep,
			End: end, Outcome: o, Weight: 1, Duration: int64(felt.Second), Customer: felt.Hash{byte(i / 4), byte(i / 1024)}, IdentityLevel: felt.LevelUser,
			Service: "web", Release: "5.1", Segments: []felt.Segment{{Key: "region", Value: region}},
		})
	}
	b.Operations = []felt.OperationBucket{{Env: "production", Service: "web", Operation: "pay", Start: opened, Count: 5}}
	b.Edges = []felt.EdgeBucket{
		{Env: "production", Caller: "web", Callee: "api", Start: opened - felt.Minute, Count: 5},
		{Env: "production", Caller: "api", Callee: "db", Start: opened - felt.Minute, Count: 5},
	}
	b.Changes = []felt.Change{{ID: "chg-1", Kind: "deploy", Env: "production", App: "shop", Services: []string{"db"}, Version: "3", Started: opened - 2*felt.Minute}}
	w.write(t, b)
	return w
}

func (w *world) start(t *testing.T) {
	t.Helper()
	a, err := analyse.New(analyse.Options{Store: w.store, Engine: w, Log: w.log})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); a.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

// live moves the engine second by second, as the clock does.
func (w *world) live(from, to felt.Tick) {
	for s := from; s <= to; s++ {
		w.to(s)
		time.Sleep(time.Second)
	}
}

// Within a second of its row, an incident has its first answer; then at its rounds, and not once it is resolved.
func TestRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(t)
		w.live(-5, -1)
		w.write(t, felt.Batch{Incidents: []felt.Incident{row(1, felt.IncidentOpen)}})
		w.to(0)
		time.Sleep(time.Second)
		list := w.log.told()
		if len(list) != 1 {
			t.Fatalf("%d answers after a second", len(list))
		}
		v := list[0]
		if v.Incident != "inc-1" || v.Round != 1 || v.At != opened || v.From != opened-felt.Minute || len(v.Hit) != 1 {
			t.Fatalf("%+v", v)
		}
		h := v.Hit[0]
		if h.Where[0] != (felt.Segment{Key: "region", Value: "us"}) || h.Bad != 30 || h.N != 30 || h.OtherBad != 0 || h.Customers != 15 {
			t.Errorf("hit: %+v; want all 30 tries in us, of 15 customers", h)
		}
		if len(v.Suspects) != 1 || v.Suspects[0].Change != "chg-1" || v.Suspects[0].Score >= .5 {
			t.Errorf("suspects: %+v; want the deploy of the database, with little", v.Suspects)
		}
		if fmt.Sprint(v.Services) != "[web]" {
			t.Errorf("services %v", v.Services)
		}
		w.live(1, 200)
		var at []felt.Instant
		for _, v := range w.log.told() {
			at = append(at, (v.At-opened)/felt.Second)
		}
		if len(at) != 4 || at[1] < 20 || at[1] > 22 || at[2] < 60 || at[2] > 62 || at[3] < 180 || at[3] > 182 {
			t.Errorf("answers at %v", at)
		}
		more := row(2, felt.IncidentAcknowledged)
		more.Scopes = append(more.Scopes, felt.Scope{Env: "production", App: "shop", Name: "cart", Kind: felt.KindStep})
		w.write(t, felt.Batch{Incidents: []felt.Incident{more}})
		w.live(201, 205)
		if n := len(w.log.told()); n != 5 || w.log.told()[4].Round != 5 {
			t.Errorf("%d answers after it grew", n)
		}
		w.write(t, felt.Batch{Incidents: []felt.Incident{row(3, felt.IncidentResolved)}})
		w.live(206, 900)
		if n := len(w.log.told()); n != 5 {
			t.Errorf("%d answers after it was resolved", n)
		}
	})
}

// A store that fails is asked again, later each time; a log that is full gets the answer later.
func TestFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.fail.Store(true)
		w.write(t, felt.Batch{Incidents: []felt.Incident{row(1, felt.IncidentOpen)}})
		w.start(t)
		w.live(0, 60)
		if n := w.store.asked.Load(); n < 4 || n > 9 || len(w.log.told()) != 0 {
			t.Fatalf("asked %d times in a minute, told %d", n, len(w.log.told()))
		}
		w.store.fail.Store(false)
		w.log.fail = true
		w.live(61, 100)
		w.log.mu.Lock()
		w.log.fail = false
		w.log.mu.Unlock()
		w.live(101, 140)
		if list := w.log.told(); len(list) == 0 || list[0].Round != 1 {
			t.Fatalf("told %+v", list)
		}
	})
}

// A store that hangs holds up nobody, and is given up.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.slow.Store(int64(time.Hour))
		w.write(t, felt.Batch{Incidents: []felt.Incident{row(1, felt.IncidentOpen)}})
		w.start(t)
		w.live(0, 10)
		w.store.slow.Store(0)
		w.live(11, 50)
		if len(w.log.told()) == 0 {
			t.Error("not a word after the time-out")
		}
	})
}

// The longer rounds take, the longer nothing is asked after one; an incident that nobody has looked at goes ahead.
func TestRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.slow.Store(int64(2 * time.Second)) // of each of two questions
		w.start(t)
		grows := row(1, felt.IncidentOpen)
		for s := felt.Tick(0); s < 120; s++ {
			grows.Version++
			grows.Scopes = append(grows.Scopes, felt.Scope{Env: "production", App: "shop", Name: fmt.Sprint("step ", s), Kind: felt.KindStep})
			w.write(t, felt.Batch{Incidents: []felt.Incident{grows}})
			w.live(s, s)
		}
		if n := len(w.log.told()); n < 8 || n > 12 {
			t.Errorf("%d answers in two minutes of rounds of four seconds; want one in twelve seconds", n)
		}
		fresh := row(1, felt.IncidentOpen)
		fresh.ID = "inc-2"
		w.write(t, felt.Batch{Incidents: []felt.Incident{fresh}})
		w.live(120, 126)
		if !slices.ContainsFunc(w.log.told(), func(v felt.Evidence) bool { return v.Incident == "inc-2" }) {
			t.Error("the new incident waits while what is known rests")
		}
	})
}

// While the log's time runs through a history, its incidents are left alone.
func TestHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.write(t, felt.Batch{Incidents: []felt.Incident{row(1, felt.IncidentOpen)}})
		w.to(-100_000)
		w.start(t)
		for s := felt.Tick(-90_000); s < 10_000; s += 600 {
			w.to(s)
			time.Sleep(time.Second)
		}
		if n := len(w.log.told()); n != 0 {
			t.Errorf("told %d times in a history", n)
		}
		w.live(10_000, 10_010)
		if n := len(w.log.told()); n != 1 {
			t.Errorf("told %d times after it", n)
		}
	})
}

// A restart goes on where the last answer was.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		known := row(1, felt.IncidentOpen)
		known.EvidenceAt = opened + 65*felt.Second
		w.write(t, felt.Batch{Incidents: []felt.Incident{known}})
		w.start(t)
		w.live(70, 170)
		if n := len(w.log.told()); n != 0 {
			t.Errorf("told %d times what is known", n)
		}
		w.live(171, 190)
		if list := w.log.told(); len(list) != 1 || list[0].Round != 4 {
			t.Errorf("told %+v; want the round of three minutes", list)
		}
	})
}

// A journey has no service of its own: those of its app's steps are looked at. Where one of its steps is in the
// incident too, that is what is asked about.
func TestJourney(t *testing.T) {
	for _, step := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			in := row(1, felt.IncidentOpen)
			journey := felt.Scope{Env: "production", App: "shop", Name: "checkout", Kind: felt.KindJourney}
			if in.Scopes = append([]felt.Scope{journey}, in.Scopes...); !step {
				in.Scopes = in.Scopes[:1]
			}
			w.write(t, felt.Batch{Incidents: []felt.Incident{in}})
			w.start(t)
			w.live(0, 1)
			list := w.log.told()
			if len(list) != 1 || fmt.Sprint(list[0].Services) != "[web]" || (len(list[0].Hit) == 1) != step {
				t.Errorf("step %v: %+v", step, list)
			}
		})
	}
}
