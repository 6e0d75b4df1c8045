package analyse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/evidence"
)

// Store is what is asked.
//
//nolint:interfacebloat // It is the sum of the families of questions that are asked.
type Store interface {
	felt.CountReader
	felt.CustomerReader
	felt.OperationReader
	felt.SignalReader
	felt.FindingReader
	felt.IncidentReader
	felt.BusinessReader
}

// Engine tells how far the rows have come.
type Engine interface {
	Progress() felt.Progress
	Changed() <-chan struct{} // closed when Progress next moves
}

// Appender takes the answers.
type Appender interface {
	Append(ctx context.Context, recs ...felt.Record) (felt.Place, error)
}

// Options are given to [New]. The first three are needed; zero values take the default.
type Options struct {
	Store  Store
	Engine Engine
	Log    Appender

	Every   time.Duration // the least time between two looks for incidents; default 900 ms
	Timeout time.Duration // of all questions of one round; default 15 s
	AtOnce  int           // rounds under way at the same time; default 2
	Retry   time.Duration // after a failure, twice as long after each further one; default 1 s, at most 30 s
	Rest    int           // rounds but an incident's first wait until nothing was asked for so many times as long as the last one took; default 2, at most a minute

	Logger *slog.Logger // default discards
}

// rounds are when an incident is looked at, since it opened; then only when it grew.
func rounds() []felt.Instant {
	return []felt.Instant{0, 20 * felt.Second, felt.Minute, 3 * felt.Minute, 10 * felt.Minute, 30 * felt.Minute}
}

// Analyser is the loop. Make it with [New], run it once.
type Analyser struct {
	opts  Options
	slots chan struct{}
	wg    sync.WaitGroup

	mu    sync.Mutex
	known map[string]*incident
	last  pace
	rest  time.Time // wall clock: no further round before, but first ones

	count counters
}

// incident is what is known of one that is open.
type incident struct {
	round    int64
	next     int          // of rounds
	due      felt.Instant // log time; of the next round
	scopes   int
	reopened felt.Instant
	busy     bool
	failed   int
	notYet   time.Time // wall clock: not before
}

// pace is how the log's time moved between two looks.
type pace struct {
	tick felt.Tick
	at   time.Time
}

// New returns one that has not started.
func New(o Options) (*Analyser, error) {
	if o.Store == nil || o.Engine == nil || o.Log == nil {
		return nil, errors.New("analyse: Store, Engine and Log are needed")
	}
	orDefault(&o.Every, 900*time.Millisecond)
	orDefault(&o.Timeout, 15*time.Second)
	orDefault(&o.AtOnce, 2)
	orDefault(&o.Retry, time.Second)
	orDefault(&o.Rest, 2)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Analyser{
		opts: o, slots: make(chan struct{}, o.AtOnce), known: map[string]*incident{},
		count: newCounters(),
	}, nil
}

func orDefault[T ~int | ~int64](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

// Run looks until ctx ends. It never fails: what went wrong is counted, and tried again.
func (a *Analyser) Run(ctx context.Context) {
	defer a.wg.Wait()
	for ctx.Err() == nil {
		changed := a.opts.Engine.Changed() // before looking, so that no move is missed
		looked := time.Now()
		a.look(ctx)
		rest := time.NewTimer(a.opts.Every - time.Since(looked))
		select {
		case <-rest.C:
		case <-ctx.Done():
			rest.Stop()
			return
		}
		again := time.NewTimer(2 * a.opts.Every) // what failed is tried again although nothing moves
		select {
		case <-changed:
		case <-again.C:
		case <-ctx.Done():
		}
		again.Stop()
	}
}

// look starts the rounds that are due.
func (a *Analyser) look(ctx context.Context) {
	p := a.opts.Engine.Progress()
	if p.Tick == 0 || a.history(p.Tick) {
		return
	}
	ctx2, cancel := context.WithTimeout(ctx, a.opts.Timeout)
	defer cancel()
	list, err := a.opts.Store.Incidents(ctx2, "", 0, felt.IncidentOpen, felt.IncidentAcknowledged)
	if err != nil {
		a.failed(ctx, "open incidents", err)
		return
	}
	now := p.Tick.Instant()
	for _, due := range a.due(list, now) {
		select {
		case a.slots <- struct{}{}:
		default:
			a.free(due.ID) // next time
			continue
		}
		a.wg.Go(func() {
			defer func() { <-a.slots }()
			a.round(ctx, &due, now)
		})
	}
}

// history tells whether the log's time runs much faster than the clock: a past is read, or the
// engine is catching up. Its incidents are not looked at: the rows of the next moment belong to another one.
func (a *Analyser) history(t felt.Tick) bool {
	const faster = 10
	was, now := a.last, pace{t, time.Now()}
	a.last = now
	if was.at.IsZero() {
		return false
	}
	moved := time.Duration((t - was.tick).Instant())
	return moved > faster*max(now.at.Sub(was.at), time.Second)
}

// due takes up what is open and lets go of what is not; it returns those whose round is due.
func (a *Analyser) due(open []felt.Incident, now felt.Instant) []felt.Incident {
	a.mu.Lock()
	defer a.mu.Unlock()
	still := make(map[string]bool, len(open))
	var list []felt.Incident
	first := 0 // of the list are looked at for the first time
	for i := range open {
		row := &open[i]
		still[row.ID] = true
		in := a.known[row.ID]
		if in == nil {
			in = takeUp(row)
			a.known[row.ID] = in
		}
		if row.Reopened > in.reopened {
			in.due, in.next, in.reopened = now, 0, row.Reopened
		}
		if len(row.Scopes) > in.scopes {
			in.due, in.scopes = now, len(row.Scopes)
		}
		if in.busy || in.due == 0 || in.due > now || time.Now().Before(in.notYet) {
			continue
		}
		fresh := in.round == 0 && in.failed == 0 // somebody waits for it
		switch {
		case !fresh && time.Now().Before(a.rest):
			a.count.rested++
			continue
		case fresh:
			list = slices.Insert(list, first, *row)
			first++
		default:
			list = append(list, *row)
		}
		in.busy = true
	}
	for id, in := range a.known {
		if !still[id] && !in.busy {
			delete(a.known, id)
		}
	}
	a.count.open = len(open)
	return list
}

// began is when the incident's present episode did: it opened, or came back.
func began(row *felt.Incident) felt.Instant { return max(row.Opened, row.Reopened) }

// takeUp goes on where an earlier run has ended: its last answer is in the row.
func takeUp(row *felt.Incident) *incident {
	in := &incident{scopes: len(row.Scopes), reopened: row.Reopened}
	for in.next < len(rounds()) && row.EvidenceAt >= began(row)+rounds()[in.next] {
		in.next++
		in.round++
	}
	in.due = dueOf(in.next, row)
	return in
}

// dueOf is when a round is due; 0 never.
func dueOf(next int, row *felt.Incident) felt.Instant {
	if next >= len(rounds()) {
		return 0
	}
	return max(began(row)+rounds()[next], 1)
}

func (a *Analyser) free(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known[id].busy = false
}

// round asks, judges and tells, once.
func (a *Analyser) round(ctx context.Context, row *felt.Incident, now felt.Instant) {
	start := time.Now()
	a.mu.Lock()
	in := a.known[row.ID]
	nr := in.round + 1
	a.mu.Unlock()
	err := a.answer(ctx, row, nr, now)
	a.mu.Lock()
	in.busy = false
	a.rest = time.Now().Add(min(time.Duration(a.opts.Rest)*time.Since(start), time.Minute))
	if err != nil {
		in.failed++
		in.notYet = time.Now().Add(min(a.opts.Retry<<min(in.failed-1, 10), 30*time.Second))
	} else {
		in.failed, in.round = 0, nr
		for in.next < len(rounds()) && began(row)+rounds()[in.next] <= now {
			in.next++
		}
		if in.due <= now {
			in.due = dueOf(in.next, row)
		}
	}
	a.mu.Unlock()
	if err != nil {
		a.failed(ctx, row.ID, err)
		return
	}
	a.count.answered(time.Since(start), row.EvidenceAt < began(row), time.Since(began(row).Time()))
	a.opts.Logger.Debug("what stands behind an incident is told", "incident", row.ID, "round", nr, "took", time.Since(start))
}

func (a *Analyser) answer(ctx context.Context, row *felt.Incident, nr int64, now felt.Instant) error {
	ctx, cancel := context.WithTimeout(ctx, a.opts.Timeout)
	defer cancel()
	q := asking{ctx: ctx, store: a.opts.Store, row: row, now: now}
	in, err := q.input(nr)
	if err != nil {
		return err
	}
	v := evidence.Judge(in)
	if err := q.customers(in.Since, v.Hit); err != nil {
		return err
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	if _, err := a.opts.Log.Append(ctx, felt.Record{Kind: felt.KindEvidence, Part: felt.Control, Data: data}); err != nil {
		return fmt.Errorf("put on the log: %w", err)
	}
	return nil
}

func (a *Analyser) failed(ctx context.Context, what string, err error) {
	if ctx.Err() != nil {
		return
	}
	a.count.errors.Add(1)
	a.opts.Logger.Warn("what stands behind an incident is asked again", "about", what, "err", err)
}
