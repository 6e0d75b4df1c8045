package httpapi

import (
	"context"
	"slices"
	"sync"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/core/slo"
)

// overview keeps what the first page asks, so that many pages that follow the server cost what one
// costs. The window is counted anew when the rows have moved on, the last hour every ten seconds
// and the day every minute; each says in its answer when it ends.
type overview struct {
	mu     sync.Mutex // held while asking: the others want the same answer
	at     felt.Progress
	views  map[overviewKey]*viewed
	hours  map[overviewKey]*lastHour
	days   map[overviewKey]*lastDay
	hourly map[string]tallied // of objectives in the hour, by objectiveKey
	asked  map[string]felt.Instant
}

type viewed struct{ body nowBody }

type lastHour struct {
	at    felt.Instant // when it was asked, wall time
	to    felt.Instant
	asked *Asked
	stats map[felt.Scope]felt.ScopeStat
}

type lastDay struct {
	at, to  felt.Instant
	window  sparkWindow
	sparks  map[felt.Scope]sparkView
	changes []changeView
}

// How old a part may be.
const (
	hourEvery = 10 * felt.Second
	dayEvery  = felt.Minute
	// promisesBudget is how long a refresh of the hour may spend on objectives: each is a question of
	// its own. Those that were not asked are asked the next time.
	promisesBudget = felt.Second / 4
	slowEvery      = felt.Minute // those of latency, which change slowly
	// historyEvery is how often the same is made at most while history is taken in.
	historyEvery = 3 * felt.Second
	// keptViews is how many views are kept of one kind: pages that look at the past each have one.
	keptViews = 64
)

// of is what happened in the window, and in the hour before its end.
func (o *overview) of(ctx context.Context, a *API, key overviewKey, q felt.Question, asked *Asked) (*viewed, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if p := a.opts.Engine.Progress(); o.views == nil || o.at != p || len(o.views) > keptViews {
		o.at, o.views = p, map[overviewKey]*viewed{}
	}
	if v, ok := o.views[key]; ok {
		return v, nil
	}
	v := &viewed{}
	b := &v.body
	b.Stamp = a.stamp(asked)
	rows, everybody, err := a.journeyRows(ctx, q)
	if err != nil {
		return nil, err
	}
	hour, err := o.hour(ctx, a, key, q)
	if err != nil {
		return nil, err
	}
	b.Customers, b.Hour = everybody, hour.asked
	set := a.opts.Rules().Set
	b.Journeys = make([]nowJourney, 0, len(rows))
	for _, r := range rows {
		st := hour.stats[r.scope(q.Env)]
		n := nowJourney{JourneyView: r, Hour: hourView{st.Customers, outcomesOf(st.Counts)}}
		if q.To-q.From <= felt.Hour {
			n.Hour.Customers = atLeast(n.Hour.Customers, r.Customers)
		}
		if r.Kind == felt.KindJourney.String() && set != nil {
			n.Burn = burnOf(journeyNamed(set, r.App, r.Name), st, o.hourly, hour.to)
		}
		b.Journeys = append(b.Journeys, n)
	}
	o.views[key] = v
	return v, nil
}

// atLeast is an hour with no fewer customers than the window within it. It is counted less often,
// and at the beginning of an outage nobody believes a page on which 262 failed in five minutes and 253
// in the hour.
func atLeast(hour, window felt.Distinct) felt.Distinct {
	hour.Total = max(hour.Total, window.Total)
	hour.Failed = max(hour.Failed, window.Failed)
	hour.Degraded = max(hour.Degraded, window.Degraded)
	return hour
}

// fresh tells whether what was asked so long ago, wall time, may stand when the clock of the log
// has gone on by so much: in history that is taken in, days pass in a second.
func fresh(ago, passed, every felt.Instant) bool {
	return ago < every && (passed < every || ago < historyEvery)
}

// hour counts the hour before the window's end.
func (o *overview) hour(ctx context.Context, a *API, key overviewKey, q felt.Question) (*lastHour, error) {
	wall := felt.InstantOf(a.opts.Now())
	key.length = felt.Hour // of every window the same
	if h, ok := o.hours[key]; ok && (key.to != 0 || fresh(wall-h.at, q.To-h.to, hourEvery)) {
		return h, nil
	}
	if o.hours == nil || len(o.hours) > keptViews {
		o.hours = map[overviewKey]*lastHour{}
	}
	q, asked := a.hourQuestion(q)
	list, err := ask(ctx, a, func(ctx context.Context) ([]felt.ScopeStat, error) { return a.opts.Store.ScopeStats(ctx, q) })
	if err != nil {
		return nil, err
	}
	h := &lastHour{at: wall, to: q.To, asked: asked, stats: make(map[felt.Scope]felt.ScopeStat, len(list))}
	for _, s := range list {
		h.stats[s.Scope] = s
	}
	if key.to == 0 {
		if err := o.promises(ctx, a, q, list); err != nil {
			return nil, err
		}
	}
	o.hours[key] = h
	return h, nil
}

// promises asks for the objectives, those that were not asked longest first, as long as there is time.
func (o *overview) promises(ctx context.Context, a *API, q felt.Question, list []felt.ScopeStat) error {
	set := a.opts.Rules().Set
	if set == nil {
		return nil
	}
	if o.hourly == nil || len(o.hourly) > 100*keptViews {
		o.hourly, o.asked = map[string]tallied{}, map[string]felt.Instant{}
	}
	type one struct {
		key   string
		o     *rules.Objective
		scope felt.Scope
	}
	var due []one
	start := felt.InstantOf(a.opts.Now())
	for _, s := range list {
		j := journeyNamed(set, s.App, s.Name)
		if j == nil || s.Kind != felt.KindJourney {
			continue
		}
		for i := range j.Objectives {
			key := objectiveKey(q.Env, j, &j.Objectives[i])
			if j.Objectives[i].Kind != slo.KindLatency || start-o.asked[key] >= slowEvery {
				due = append(due, one{key, &j.Objectives[i], s.Scope})
			}
		}
	}
	slices.SortStableFunc(due, func(x, y one) int { return int((o.asked[x.key] - o.asked[y.key]) / felt.Second) })
	for _, d := range due {
		if felt.InstantOf(a.opts.Now())-start > promisesBudget {
			return nil
		}
		of := q
		of.Scope = d.scope
		t, err := ask(ctx, a, func(ctx context.Context) (tallied, error) { return a.tally(ctx, of, d.o, felt.Hour) })
		if err != nil {
			return err
		}
		o.hourly[d.key], o.asked[d.key] = t, start
	}
	return nil
}

// day is what the sparks and the list of changes are made of.
func (o *overview) day(ctx context.Context, a *API, key overviewKey, q felt.Question) (*lastDay, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	wall := felt.InstantOf(a.opts.Now())
	key.length = felt.Day
	if d, ok := o.days[key]; ok && (key.to != 0 || fresh(wall-d.at, q.To-d.to, dayEvery)) {
		return d, nil
	}
	if o.days == nil || len(o.days) > keptViews {
		o.days = map[overviewKey]*lastDay{}
	}
	w := dayOf(q.To)
	of := q
	of.Window = w
	points, err := ask(ctx, a, func(ctx context.Context) ([]felt.ScopePoint, error) {
		return a.opts.Store.ScopePoints(ctx, of, sparkStep)
	})
	if err != nil {
		return nil, err
	}
	list, err := ask(ctx, a, func(ctx context.Context) ([]felt.Change, error) { return a.opts.Store.Changes(ctx, q.Env, w) })
	if err != nil {
		return nil, err
	}
	d := &lastDay{at: wall, to: q.To, window: sparkWindow{exactTime(w.From), exactTime(w.To), millis(sparkStep)}, sparks: sparksOf(points, w.From), changes: changesOf(list)}
	o.days[key] = d
	return d, nil
}
