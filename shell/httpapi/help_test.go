package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/sketch"
	"github.com/felt-cx/felt/shell/mem"
)

// The moment at which every test asks: ten minutes into an hour.
const (
	tick = felt.Tick(1_772_632_200) // 2026-03-04T13:50:00Z
	now  = felt.Instant(tick) * felt.Second
)

// engine is an [Engine] that tests move.
type engine struct {
	mu      sync.Mutex
	p       felt.Progress
	changed chan struct{}
}

func newEngine() *engine {
	return &engine{
		p:       felt.Progress{Seq: 4711, Tick: tick, CompleteUntil: now - 15*felt.Second},
		changed: make(chan struct{}),
	}
}

func (e *engine) Progress() felt.Progress {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.p
}

func (e *engine) Changed() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.changed
}

// move goes on by one tick, up to and including seq.
func (e *engine) move(seq felt.Seq) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.p.Seq, e.p.Tick, e.p.CompleteUntil = max(seq, e.p.Seq), e.p.Tick+1, e.p.CompleteUntil+felt.Second
	close(e.changed)
	e.changed = make(chan struct{})
}

// spy is a store that counts what it is asked and fails when told to.
type spy struct {
	Reader
	mu    sync.Mutex
	asked map[string]int
	fail  func(ctx context.Context, what string) error
}

func (s *spy) ask(ctx context.Context, what string) error {
	s.mu.Lock()
	s.asked[what]++
	fail := s.fail
	s.mu.Unlock()
	if fail != nil {
		return fail(ctx, what)
	}
	return nil
}

func (s *spy) Scopes(ctx context.Context, env, name string) ([]felt.Scope, error) {
	if err := s.ask(ctx, "scopes"); err != nil {
		return nil, err
	}
	return s.Reader.Scopes(ctx, env, name)
}

func (s *spy) ScopeStats(ctx context.Context, q felt.Question) ([]felt.ScopeStat, error) {
	if err := s.ask(ctx, "stats"); err != nil {
		return nil, err
	}
	return s.Reader.ScopeStats(ctx, q)
}

func (s *spy) Impact(ctx context.Context, q felt.Question) (felt.Impact, error) {
	if err := s.ask(ctx, "impact"); err != nil {
		return felt.Impact{}, err
	}
	return s.Reader.Impact(ctx, q)
}

func (s *spy) Incidents(ctx context.Context, env string, limit int, in ...felt.IncidentStatus) ([]felt.Incident, error) {
	if err := s.ask(ctx, "incidents"); err != nil {
		return nil, err
	}
	return s.Reader.Incidents(ctx, env, limit, in...)
}

func (s *spy) Objective(ctx context.Context, q felt.Question, slower felt.Instant) (felt.ObjectiveCounts, error) {
	if err := s.ask(ctx, "objective"); err != nil {
		return felt.ObjectiveCounts{}, err
	}
	return s.Reader.Objective(ctx, q, slower)
}

// The answers of a store to what these tests do not write rows for.
func (s *spy) Funnel(ctx context.Context, q felt.Question) (felt.Funnel, error) {
	if err := s.ask(ctx, "funnel"); err != nil || q.Name != "checkout" {
		return felt.Funnel{}, err
	}
	f := felt.Funnel{
		Steps: []felt.FunnelStep{
			{Name: "cart", Entered: 10, Completed: 8, Outcomes: felt.Counts{Success: 8, Failed: 2}, P50: 1e9, P90: 2e9, P99: 3e9},
			{Name: "coupon", Entered: 2, Completed: 1, With: []int64{1}, Outcomes: felt.Counts{Success: 1, Failed: 1}, P50: 1e9, P90: 1e9, P99: 1e9},
			{Name: "pay", Entered: 5, With: []int64{0, 0}},
		},
		Counts: felt.Counts{Success: 3, Degraded: 1, Failed: 1, Abandoned: 3, Open: 2}, Customers: felt.Distinct{Total: 9, Failed: 1, Degraded: 1},
	}
	f.Abandoned[felt.AbandonedAfterFailure], f.Abandoned[felt.AbandonedVoluntarily] = 1, 2
	return f, nil
}

func (s *spy) Customer(ctx context.Context, _ string, id felt.Hash, _ felt.Window, limit int) (felt.CustomerWay, error) {
	if err := s.ask(ctx, "customer "+id.String()); err != nil {
		return felt.CustomerWay{}, err
	}
	if id != who(felt.LevelUser, 1) && id != who(felt.LevelSession, 1) {
		return felt.CustomerWay{}, felt.ErrNotFound
	}
	list := rows().Interactions[:3]
	journey := list[0]
	journey.Kind, journey.Name, journey.Outcome, journey.AbandonedHow = felt.KindJourney, "checkout", felt.OutcomeAbandoned, felt.AbandonedAfterFailure
	journey.Steps = []felt.StepState{{Name: "pay", Outcome: felt.OutcomeFailed, Start: now - felt.Minute, End: now, Tries: 2}}
	list = append([]felt.Interaction{journey}, list...)
	return felt.CustomerWay{
		Customer: who(felt.LevelUser, 1), Level: felt.LevelUser, Account: felt.Hash{7}, Counts: felt.Counts{Success: 1, Failed: 2},
		Linked:       []felt.Link{{Env: "production", FromLevel: felt.LevelSession, From: who(felt.LevelSession, 1), To: who(felt.LevelUser, 1), Since: now - felt.Hour}},
		Interactions: list[:min(limit, len(list))], More: limit < len(list),
		Days:   []felt.CustomerDay{{Day: now.Floor(felt.Day), Journey: "pay", FirstSeen: now - felt.Hour, Last: now, Sessions: 1, Tries: 3, Counts: felt.Counts{Success: 1, Failed: 2}}},
		Events: []felt.BusinessEvent{{ID: "o1", Time: now, Kind: "order", AmountMinor: 990, Currency: "EUR"}},
		Facts:  []felt.Fact{{Account: felt.Hash{7}, Key: "plan", Value: "pro", ValidFrom: now - felt.Day}},
	}, nil
}

func (s *spy) Affected(ctx context.Context, q felt.Question, _ int, page string) ([]felt.Affected, string, error) {
	if err := s.ask(ctx, "affected "+page); err != nil {
		return nil, "", err
	}
	one := felt.Affected{
		Customer: who(felt.LevelUser, 1), Level: felt.LevelUser, Account: felt.Hash{7}, Failed: 2, Tries: 3,
		First: now - 100*felt.Second, Last: now - 90*felt.Second, Fate: felt.FateRecovered, ValueMinor: -990, Currency: "=HYPERLINK(\"http://evil\")",
	}
	two := felt.Affected{Customer: who(felt.LevelSession, 2), Level: felt.LevelSession, Degraded: 1, Tries: 1, First: now, Last: now}
	switch {
	case q.Name != "pay":
		return nil, "", nil
	case page == "":
		return []felt.Affected{one}, "2", nil
	}
	return []felt.Affected{two}, "", nil
}

func (s *spy) Trace(ctx context.Context, id felt.TraceID) ([]felt.Span, []felt.Interaction, error) {
	if err := s.ask(ctx, "trace"); err != nil {
		return nil, nil, err
	}
	all := rows().Interactions
	switch id {
	case felt.TraceID{9, 4}: // failed
		return spans(), all[3:4], nil
	case felt.TraceID{9, 1}: // failed, without spans
		return nil, all[:1], nil
	case felt.TraceID{9, 5}: // good
		return nil, all[4:5], nil
	}
	return nil, nil, felt.ErrNotFound
}

func (s *spy) Changes(ctx context.Context, _ string, w felt.Window) ([]felt.Change, error) {
	if err := s.ask(ctx, "changes"); err != nil {
		return nil, err
	}
	c := felt.Change{ID: "d1", Kind: "deploy", Env: "production", App: "shop", Services: []string{"web"}, Version: "2", Previous: "1", Started: now - felt.Minute, Author: "ana"}
	if c.Started < w.From || c.Started >= w.To {
		return nil, nil
	}
	return []felt.Change{c}, nil
}

// spans are of a trace whose clocks disagree, with an orphan and a circle.
func spans() []felt.Span {
	sp := func(id, parent byte, start felt.Instant, name string) felt.Span {
		s := felt.Span{
			Env: "production", Service: "web", Release: "web@1", Trace: felt.TraceID{9, 4}, ID: felt.SpanID{id}, Name: name, Kind: felt.SpanServer,
			Start: now + start, End: now + start + felt.Second, Resource: []felt.Attribute{{Key: "service.name", Value: "web"}},
			Attributes: []felt.Attribute{{Key: "http.route", Value: "/pay"}},
		}
		if parent > 0 {
			s.Parent = felt.SpanID{parent}
		}
		return s
	}
	list := []felt.Span{
		sp(2, 1, -5, "child"), // started before its parent, says its clock
		sp(1, 0, 0, "root"), sp(3, 1, 10, "second child"), sp(4, 2, 20, "grandchild"),
		sp(5, 99, 30, "orphan"), sp(6, 7, 40, "circle"), sp(7, 6, 50, "circle's other half"), sp(8, 8, 60, "its own parent"),
	}
	list[3].Service, list[3].Status, list[3].Message = "pay-api", felt.SpanStatusError, "declined"
	list[3].Events = []felt.SpanNote{{Time: now, Name: "exception", Attributes: []felt.Attribute{{Key: "exception.type", Value: "Declined"}}}}
	list[3].Links = []felt.TraceID{{1}}
	return list
}

// world is an API over a store with known rows.
type world struct {
	t      testing.TB
	store  *mem.Store
	spy    *spy
	engine *engine
	opts   Options
	api    *API

	mu   sync.Mutex
	sent []felt.Command
	// take is what the engine makes of a command; nil: nothing.
	take func(felt.Command)
	full error
}

// newWorld fills a store: see rows for what is in it.
func newWorld(t testing.TB, change ...func(*world)) *world {
	t.Helper()
	w := &world{t: t, store: mem.NewStore(mem.StoreOptions{}), engine: newEngine()}
	if err := w.store.Write(t.Context(), rows()); err != nil {
		t.Fatal(err)
	}
	w.spy = &spy{Reader: w.store, asked: map[string]int{}}
	w.take = w.obey
	w.opts = Options{
		Store: w.spy, Commands: w, Engine: w.engine, Sights: sights, Version: "test", OTLPHTTP: "http://127.0.0.1:4318",
		Now: func() time.Time { return now.Time() },
		Health: func() Health {
			return Health{
				Ready: true, Parts: map[string]string{"log": "ok"}, Ingest: Totals{Spans: 12, Logs: 3, Points: 5}, Events: 15,
				Drops: map[string]int64{"rejected_too_old": 2}, Names: []felt.NameCount{{Name: "pay", Count: 9}},
				Metrics: []felt.NameCount{{Name: "queue.depth", Count: 4}, {Name: "pool.used", Count: 3}}, Last: now - 2*felt.Second,
			}
		},
	}
	for _, f := range change {
		f(w)
	}
	api, err := New(w.opts)
	if err != nil {
		t.Fatal(err)
	}
	w.api = api
	return w
}

// Append implements [Appender]: the engine takes the command in the next tick.
func (w *world) Append(_ context.Context, recs ...felt.Record) (felt.Place, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.full != nil {
		return felt.Place{}, w.full
	}
	var c felt.Command
	if err := json.Unmarshal(recs[0].Data, &c); err != nil {
		return felt.Place{}, err
	}
	w.sent = append(w.sent, c)
	place := felt.Place{Seq: w.engine.Progress().Seq + 1, At: now} // before anybody moves it
	if w.take != nil {
		w.take(c)
	}
	return place, nil
}

// obey does what a command says, beside the handler that waits for it.
func (w *world) obey(c felt.Command) {
	go func() {
		i, err := w.store.Incident(context.Background(), c.Target)
		if err != nil {
			w.t.Error(err)
			return
		}
		i.Version++
		switch c.What {
		case felt.CommandAcknowledge:
			i.Status, i.Acknowledged = felt.IncidentAcknowledged, c.Time
		case felt.CommandResolve:
			i.Status, i.Resolved = felt.IncidentResolved, c.Time
		}
		i.Timeline = append(i.Timeline, felt.TimelineEntry{At: c.Time, Kind: i.Status.String(), Text: c.Reason, Actor: c.Actor})
		w.putIncident(i)
		w.engine.move(w.engine.Progress().Seq + 1)
	}()
}

func (w *world) putIncident(i felt.Incident) {
	b := felt.Batch{ID: felt.BatchID{Engine: 1, Stage: 3, Tick: w.engine.Progress().Tick + 1}, Incidents: []felt.Incident{i}}
	if err := w.store.Write(context.Background(), b); err != nil {
		w.t.Error(err)
	}
}

func (w *world) commands() []felt.Command {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent
}

// answer is what came back.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	raw    string
	doc    map[string]any
}

// ask sends a request as curl would; change may make it another.
func (w *world) ask(method, target, body string, change ...func(*http.Request)) answer {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second) // a stream that should not be there ends too
	defer cancel()
	r := httptest.NewRequest(method, target, strings.NewReader(body)).WithContext(ctx)
	r.Host = "127.0.0.1:3358"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, f := range change {
		f(r)
	}
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, r)
	a := answer{t: w.t, status: rec.Code, header: rec.Header(), raw: rec.Body.String()}
	if strings.Contains(rec.Header().Get("Content-Type"), "json") {
		if err := json.Unmarshal(rec.Body.Bytes(), &a.doc); err != nil {
			w.t.Errorf("%s %s: not JSON: %v\n%s", method, target, err, a.raw)
		}
	}
	return a
}

func (w *world) get(target string, change ...func(*http.Request)) answer {
	w.t.Helper()
	return w.ask(http.MethodGet, target, "", change...)
}

// ok is get, where anything but 200 ends the test.
func (w *world) ok(target string) answer {
	w.t.Helper()
	a := w.get(target)
	if a.status != http.StatusOK {
		w.t.Fatalf("GET %s: %d %s", target, a.status, a.raw)
	}
	return a
}

func header(key, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(key, value) }
}

// at finds a value by its path, such as "journeys.0.name".
func (a answer) at(path string) any {
	a.t.Helper()
	var v any = a.doc
	for _, key := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			var ok bool
			if v, ok = x[key]; !ok {
				a.t.Errorf("%s: there is no %s in\n%s", path, key, a.raw)
				return nil
			}
		case []any:
			if key != "0" || len(x) == 0 {
				a.t.Errorf("%s: the list is empty in\n%s", path, a.raw)
				return nil
			}
			v = x[0]
		default:
			a.t.Errorf("%s: no object before %s in\n%s", path, key, a.raw)
			return nil
		}
	}
	return v
}

func who(level felt.IdentityLevel, n byte) felt.Hash { return felt.Hash{byte(level), n} }

// try is one interaction of shop/pay by a user.
func try(n byte, user byte, at felt.Instant, o felt.Outcome) felt.Interaction {
	return felt.Interaction{
		ID: felt.InteractionID{1, n}, Version: 1, Known: felt.TickOf(at) + 1, FirstKnown: felt.TickOf(at) + 1, FirstOutcome: o,
		Env: "production", App: "shop", Name: "pay", Kind: felt.KindStep, Start: at - 300*felt.Second/1000, End: at,
		Outcome: o, OutcomeRule: "explicit", Duration: 300e6, Weight: 1,
		Customer: who(felt.LevelUser, user), IdentityLevel: felt.LevelUser, Session: who(felt.LevelSession, user), KeyID: 1,
		Trace: felt.TraceID{9, n}, Span: felt.SpanID{8, n}, Service: "web", Release: "web@5f3c",
		Segments: []felt.Segment{{Key: "plan", Value: "pro"}, {Key: "region", Value: "eu"}},
	}
}

// rows is what the store knows: shop/pay, where of four users one fails twice and
// recovers and one fails; a degraded shop/search; "login" of two apps; a name with a
// slash; a journey; operations, an edge, an open incident and a resolved one.
func rows() felt.Batch {
	at := func(s felt.Instant) felt.Instant { return now - s*felt.Second }
	b := felt.Batch{ID: felt.BatchID{Engine: 1, Stage: 3, Tick: tick}}
	b.Interactions = []felt.Interaction{
		try(1, 1, at(100), felt.OutcomeFailed), try(2, 1, at(90), felt.OutcomeFailed), try(3, 1, at(80), felt.OutcomeSuccess),
		try(4, 2, at(70), felt.OutcomeFailed), try(5, 3, at(60), felt.OutcomeSuccess), try(6, 4, at(50), felt.OutcomeSuccess),
	}
	b.Interactions[3].Reason, b.Interactions[3].ClientOutcome, b.Interactions[3].ErrorClass = "card_declined", felt.OutcomeFailed, "payment"
	b.Interactions[3].Segments = []felt.Segment{{Key: "plan", Value: "free"}, {Key: "region", Value: "us"}}
	add := func(n byte, app, name string, kind felt.InteractionKind, o felt.Outcome, ago felt.Instant) {
		i := try(n, n, at(ago), o)
		i.App, i.Name, i.Kind = app, name, kind
		b.Interactions = append(b.Interactions, i)
	}
	add(20, "shop", "search", felt.KindStep, felt.OutcomeDegraded, 40)
	add(21, "shop", "login", felt.KindStep, felt.OutcomeSuccess, 30)
	add(22, "bank", "login", felt.KindStep, felt.OutcomeSuccess, 200)
	add(23, "shop", "GET /cart", felt.KindStep, felt.OutcomeSuccess, 20)
	add(24, "shop", "checkout", felt.KindJourney, felt.OutcomeSuccess, 10)
	var l sketch.Latency
	l.Add(20e6, 10)
	b.Operations = []felt.OperationBucket{{
		Env: "production", Service: "pay-api", Operation: "POST /pay", Kind: felt.SpanServer, Release: "pay@1",
		Start: at(100).Floor(10 * felt.Second), Known: tick, Count: 10, Errors: 3, Latency: l.AppendBinary(nil),
	}}
	b.Edges = []felt.EdgeBucket{
		{Env: "production", Caller: "web", Callee: "pay-api", Start: at(100).Floor(10 * felt.Second), Known: tick, Count: 10, Errors: 3, Latency: l.AppendBinary(nil)},
		{Env: "production", Caller: "web", Callee: "stripe", Peer: "api.stripe.com", ThirdParty: true, Start: at(100).Floor(10 * felt.Second), Known: tick, Count: 1},
	}
	finding := felt.Finding{
		ID: "f1", Kind: felt.FindingFailed, Paging: true, Expected: .2, Series: felt.Series{Env: "production", App: "shop", Name: "pay", Kind: felt.KindStep}, Detector: "failed_share", DetectorVersion: 1,
		Statistic: 1e-9, Threshold: 1e-6, N: 20, Hit: 10, Share: .5, Baseline: .01, BaselineN: 900, Since: at(110), Opened: tick - 90, Updated: tick,
		Explanation: "10 of 20 customers failed (1.0 % in the hour before)",
	}
	open := felt.Incident{
		ID: "inc-1", Version: 3, Known: tick, Kind: "failed", Env: "production", App: "shop", Journeys: []string{"pay"}, Source: "detected",
		Status: felt.IncidentOpen, FirstBad: at(110), Detected: at(90), Opened: at(90), Findings: []felt.Finding{finding}, FindingActive: true, Score: 50,
		Impact:   felt.Impact{Customers: felt.Distinct{Total: 3, Failed: 1}, Method: felt.MethodEstimate},
		Timeline: []felt.TimelineEntry{{At: at(110), Kind: "first_bad", Text: "first failures"}, {At: at(90), Kind: "opened", Text: "opened"}},
	}
	past := open
	past.ID, past.Version, past.Status, past.FindingActive = "inc-0", 9, felt.IncidentResolved, false
	past.FirstBad, past.Opened, past.Acknowledged, past.Recovered, past.Resolved = at(7200), at(7100), at(7000), at(6500), at(6400)
	past.Findings, past.Timeline = nil, nil
	b.Findings = []felt.Finding{finding}
	b.Incidents = []felt.Incident{open, past}
	return b
}

// sights is what the detectors of one series say of themselves.
func sights(of felt.Scope) []felt.Sight {
	return []felt.Sight{{
		Series:   felt.Series{Env: of.Env, App: "shop", Name: "pay", Kind: felt.KindStep},
		Detector: "failed_rate", Kind: felt.FindingFailed, Window: 120, Usual: .01, Known: 20_000, Needs: 2000, Wait: felt.Minute, Open: 14, Page: 22,
		Smallest: []felt.Effect{{Within: felt.Minute}, {Within: 5 * felt.Minute, Size: .02, OK: true}, {Within: 30 * felt.Minute, Size: .01, OK: true}},
	}}
}
