package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/sketch"
)

// History makes the batches of some minutes of two partitions from a seed: every kind of
// row that the port shows, corrections, names that repeat, identities that are missing.
// Small worlds, so that everything meets everything.
func History(seed uint64, ticks int) []felt.Batch {
	return makeHistory(seed, ticks, 10)
}

// makeHistory makes one with so many seconds between ticks.
func makeHistory(seed uint64, ticks int, gap felt.Tick) []felt.Batch {
	h := &history{rand: rand.New(rand.NewPCG(seed, 1)), gap: gap, left: map[felt.Part][]felt.Interaction{}}
	var list []felt.Batch
	start := felt.TickOf(day)
	for i := range ticks {
		tick := start + felt.Tick(i)*gap
		for part := range felt.Part(2) {
			list = append(list, h.stage2(part, tick))
		}
		list = append(list, h.stage3(tick))
	}
	for i := range list {
		list[i].Cursor = felt.Cursor{Name: "engine", Seq: felt.Seq(i + 1), Tick: list[i].ID.Tick, Epoch: 1}
	}
	return list
}

type history struct {
	rand *rand.Rand
	gap  felt.Tick
	n    int
	left map[felt.Part][]felt.Interaction // may still be corrected
	was  map[felt.InteractionID]felt.Interaction
}

// Values of conditions and segments; the odd ones are on purpose.
func plans() []string    { return []string{"pro", "free", "", "a\x1fb", "p'ro", "é"} }
func regions() []string  { return []string{"eu", "us"} }
func releases() []string { return []string{"", "v1", "v2"} }
func names() []string    { return []string{"pay", "search", "browse"} }

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func (h *history) interaction(tick felt.Tick) felt.Interaction {
	r := h.rand
	h.n++
	end := tick.Instant() - felt.Instant(r.IntN(40))*felt.Second + felt.Instant(r.IntN(3))
	if h.gap > 10 && r.IntN(8) == 0 {
		end -= felt.Instant(r.IntN(3*3600)) * felt.Second // comes late
	}
	row := felt.Interaction{
		ID: interactionID(h.n), Version: 1, Known: tick, FirstKnown: tick,
		Env: Env, App: pick(r, []string{"shop", "admin"}), Name: pick(r, names()), Kind: felt.InteractionKind(1 + r.IntN(2)),
		Start: end - felt.Second, End: end, Outcome: pick(r, []felt.Outcome{0, 1, 1, 1, 1, 2, 3, 3, 4, 5}),
		Duration: int64(r.IntN(30)) * 1e6, Weight: 1, Service: pick(r, regions()), Release: pick(r, releases()), Reason: pick(r, plans()),
		Customer: hash(1, r.IntN(40)), IdentityLevel: felt.IdentityLevel(r.IntN(5)), Session: hash(2, r.IntN(60)), Account: hash(3, r.IntN(5)),
	}
	row.FirstOutcome = row.Outcome
	if r.IntN(3) == 0 {
		row.Installation = hash(4, r.IntN(30))
	}
	if row.Name == "browse" && r.IntN(3) == 0 {
		row.Weight = float64(int(1) << r.IntN(4))
		if row.Weight > 1 {
			row.Draw = uint64(r.IntN(5)) // of the customer's sessions; 0 is none
		}
	}
	if row.Outcome == felt.OutcomeAbandoned {
		row.AbandonedHow = felt.AbandonedHow(r.IntN(4))
	}
	row.ValueMinor, row.Currency = int64(r.IntN(100)), pick(r, []string{"", "EUR", "USD"})
	if row.Kind == felt.KindJourney {
		row.Steps = h.steps(end)
	}
	if r.IntN(10) == 0 {
		row.Traffic = felt.Traffic(r.IntN(3))
	}
	if r.IntN(20) == 0 {
		row.Env = "staging"
	}
	if r.IntN(3) > 0 {
		row.Segments = append(row.Segments, felt.Segment{Key: "plan", Value: pick(r, plans())})
	}
	if r.IntN(2) > 0 {
		row.Segments = append(row.Segments, felt.Segment{Key: "region", Value: pick(r, regions())})
	}
	return row
}

// steps are those of a journey, of a definition that changes.
func (h *history) steps(end felt.Instant) []felt.StepState {
	r := h.rand
	var steps []felt.StepState
	for _, name := range []string{"cart", "address", "pay", "p'ay"}[r.IntN(3):] {
		st := felt.StepState{Name: name}
		if st.Tries = int32(r.IntN(3)); st.Tries > 0 {
			st.Start = end - felt.Instant(r.IntN(9))*felt.Second
			if st.Outcome = felt.Outcome(r.IntN(felt.Outcomes)); st.Outcome != felt.OutcomeNone {
				st.End = st.Start + felt.Instant(r.IntN(5))*felt.Second
			}
		}
		steps = append(steps, st)
	}
	return steps
}

// link leads from one of the identities of the world to another, also to a weaker one.
func (h *history) link(tick felt.Tick) felt.Link {
	r := h.rand
	l := felt.Link{Env: pick(r, []string{Env, Env, "staging"}), Since: tick.Instant() - felt.Instant(r.IntN(3))*felt.Minute}
	l.FromLevel = pick(r, []felt.IdentityLevel{felt.LevelPseudonym, felt.LevelInstallation, felt.LevelSession, felt.LevelSession})
	l.From = identityOf(r, l.FromLevel)
	l.ToLevel = pick(r, []felt.IdentityLevel{felt.LevelNone, felt.LevelUser, felt.LevelPseudonym, felt.LevelInstallation})
	l.To = identityOf(r, l.ToLevel)
	return l
}

func identityOf(r *rand.Rand, level felt.IdentityLevel) felt.Hash {
	switch level {
	case felt.LevelSession:
		return hash(2, r.IntN(60))
	case felt.LevelInstallation:
		return hash(4, r.IntN(30))
	default:
		return hash(1, r.IntN(40))
	}
}

func (h *history) stage2(part felt.Part, tick felt.Tick) felt.Batch {
	r := h.rand
	b := felt.Batch{ID: felt.BatchID{Engine: 1, Stage: 2, Part: part, Tick: tick}}
	for range r.IntN(12) {
		row := h.interaction(tick)
		b.Interactions = append(b.Interactions, row)
		h.left[part] = append(h.left[part], row)
	}
	for range r.IntN(3) {
		if len(h.left[part]) == 0 {
			break
		}
		at := r.IntN(len(h.left[part]))
		row := h.left[part][at]
		row.Version++
		row.Known, row.Outcome = tick, felt.Outcome(1+r.IntN(5))
		row.OutcomeRule = ""
		if r.IntN(4) == 0 {
			row.Outcome, row.OutcomeRule = felt.OutcomeCancelled, pick(r, []string{felt.RuleStep, felt.RuleMerged})
		}
		row.End += felt.Instant(r.IntN(3)*int(h.gap)/10) * felt.Second
		h.left[part][at] = row
		b.Interactions = append(b.Interactions, row)
	}
	for i := range b.Interactions {
		b.Buckets = append(b.Buckets, h.buckets(&b.Interactions[i])...)
	}
	for range r.IntN(4) {
		b.Operations = append(b.Operations, felt.OperationBucket{
			Env: Env, Service: pick(r, regions()), Operation: pick(r, names()), Kind: felt.SpanKind(r.IntN(3)), Release: pick(r, releases()),
			Start: tick.Instant().Floor(10 * felt.Second), Known: tick, Count: int64(r.IntN(5)), Errors: int64(r.IntN(2)), Latency: latency(int64(r.IntN(500))),
		})
		b.Edges = append(b.Edges, felt.EdgeBucket{
			Env: Env, Caller: pick(r, regions()), Callee: pick(r, names()), Peer: pick(r, releases()), ThirdParty: r.IntN(2) == 0,
			Start: tick.Instant().Floor(10 * felt.Second), Known: tick, Count: int64(r.IntN(5)), Latency: latency(int64(r.IntN(500))),
		})
	}
	return b
}

// buckets are the deltas of one interaction: what it was, taken back, and what it is.
func (h *history) buckets(r *felt.Interaction) []felt.Bucket {
	if h.was == nil {
		h.was = map[felt.InteractionID]felt.Interaction{}
	}
	var list []felt.Bucket
	if old, ok := h.was[r.ID]; ok && !old.Withdrawn() {
		b := bucketOf(&old)
		back := felt.Bucket{Series: b.Series, Start: b.Start, Width: b.Width, Known: r.Known}
		back.Counts.Add(old.Outcome, -1)
		back.Adjusted[old.Outcome] = -old.Weight
		list = append(list, back)
	}
	h.was[r.ID] = *r
	if r.Withdrawn() {
		return list
	}
	return append(list, bucketOf(r))
}

// bucketOf is the bucket of one interaction: deltas merge, so it may stand alone.
func bucketOf(r *felt.Interaction) felt.Bucket {
	b := felt.Bucket{
		Series: felt.Series{Env: r.Env, App: r.App, Name: r.Name, Kind: r.Kind, Traffic: r.Traffic},
		Start:  r.End.Floor(10 * felt.Second), Width: 10, Known: r.Known,
	}
	b.Counts.Add(r.Outcome, 1)
	b.Adjusted[r.Outcome] = r.Weight
	for _, s := range []struct {
		to *felt.Sketches
		h  felt.Hash
	}{{&b.Customers, r.Customer}, {&b.Sessions, r.Session}, {&b.Accounts, r.Account}} {
		if s.h.IsZero() {
			continue
		}
		var d sketch.Distinct
		d.Add(s.h)
		place(s.to, r.Outcome, d.AppendBinary(nil))
	}
	place(&b.Latency, r.Outcome, latency(r.Duration/1e6))
	return b
}

func place(s *felt.Sketches, o felt.Outcome, enc []byte) {
	switch o {
	case felt.OutcomeSuccess:
		s.Success = enc
	case felt.OutcomeDegraded:
		s.Degraded = enc
	case felt.OutcomeFailed:
		s.Failed = enc
	case felt.OutcomeAbandoned:
		s.Abandoned = enc
	case felt.OutcomeNone, felt.OutcomeCancelled:
	}
}

func (h *history) stage3(tick felt.Tick) felt.Batch {
	b := felt.Batch{ID: felt.BatchID{Engine: 1, Stage: 3, Tick: tick}}
	for range h.rand.IntN(3) {
		b.Links = append(b.Links, h.link(tick))
	}
	if h.rand.IntN(3) == 0 {
		b.Incidents = []felt.Incident{{
			ID: fmt.Sprint("inc-", h.rand.IntN(4)), Version: int64(tick), Env: Env, Known: tick,
			Status: felt.IncidentStatus(1 + h.rand.IntN(3)), Score: float64(h.rand.IntN(5)), Opened: day,
		}}
	}
	return b
}

// question makes a random question about a History.
func question(r *rand.Rand, ticks int) felt.Question {
	second := func() felt.Instant { return day + felt.Instant(r.IntN(ticks*10+60)-45)*felt.Second }
	q := felt.Question{
		Scope:   felt.Scope{Env: pick(r, []string{Env, Env, Env, "staging"}), App: pick(r, []string{"", "shop"}), Name: pick(r, append(names(), "", "", "none"))},
		Window:  felt.Window{From: min(second(), second()), To: max(second(), second())},
		Traffic: pick(r, []felt.Traffic{0, 0, 0, 1, 2}),
	}
	switch r.IntN(4) {
	case 0:
		q.Window = whole().Window
	case 1:
		q.From, q.To = q.From.Floor(felt.Minute), q.To.Floor(felt.Minute)+felt.Minute
	}
	if r.IntN(5) == 0 {
		q.Kind = felt.InteractionKind(1 + r.IntN(2))
	}
	for r.IntN(3) == 0 { // about several
		q.Also = append(q.Also, felt.Scope{
			App: pick(r, []string{"", "shop", "admin"}), Name: pick(r, append(names(), "", "none")), Kind: felt.InteractionKind(r.IntN(3)),
		})
	}
	q.Except = leftOut(q.Window)
	if r.IntN(3) == 0 {
		q.AsOf = second() + felt.Instant(r.IntN(3000))*felt.Second
	}
	for r.IntN(3) == 0 {
		c := felt.Condition{Op: felt.Op(1 + r.IntN(3)), Key: pick(r, []string{"plan", "region", "release", "service", "reason", "outcome", "identity", "none"})}
		for range 1 + r.IntN(2)*int(c.Op/felt.OpIn) {
			c.Values = append(c.Values, pick(r, append(append(plans(), regions()...), "v1", "failed", "success", "user", "none")))
		}
		q.Where = append(q.Where, c)
	}
	return q
}

// leftOut are parts of a window, now and then.
func leftOut(w felt.Window) (list []felt.Window) {
	r := rand.New(rand.NewPCG(uint64(w.From), uint64(w.To)))
	for r.IntN(3) == 0 {
		at := func() felt.Instant {
			at := w.From + felt.Instant(r.Int64N(int64(max(w.To-w.From, felt.Second))))
			return at.Floor(pick(r, []felt.Instant{1, felt.Second, 10 * felt.Second, felt.Hour}))
		}
		a, b := at(), at()
		list = append(list, felt.Window{From: min(a, b), To: max(a, b)})
	}
	return list
}

// Same asks both stores, which hold the same [History] of so many ticks, n rounds of
// random questions, and returns the first difference in their answers.
func Same(ctx context.Context, a, b felt.Store, seed uint64, ticks, n int) error {
	r := rand.New(rand.NewPCG(seed, 2))
	for range n {
		q := question(r, ticks)
		step := felt.Instant(pick(r, []int{1, 10, 60, 7})) * felt.Second
		if q.To-q.From > felt.Day {
			step = felt.Day
		}
		by := pick(r, []string{"", "", "plan", "region", "release", "outcome", "identity"})
		outcome, limit := felt.Outcome(r.IntN(felt.Outcomes)), 1+r.IntN(9)
		who := identityOf(r, felt.IdentityLevel(r.IntN(5)))
		var states []felt.IncidentStatus
		if r.IntN(2) == 0 {
			states = append(states, felt.IncidentStatus(1+r.IntN(3)))
		}
		for _, ask := range []func(felt.Store) (any, error){
			func(s felt.Store) (any, error) { return s.Impact(ctx, q) },
			func(s felt.Store) (any, error) { return s.ScopeStats(ctx, q) },
			func(s felt.Store) (any, error) { return s.Points(ctx, q, step, by) },
			func(s felt.Store) (any, error) { return s.ScopePoints(ctx, q, step) },
			func(s felt.Store) (any, error) { return pages(ctx, s, q, outcome, limit) },
			func(s felt.Store) (any, error) { return harmed(ctx, s, q, limit) },
			func(s felt.Store) (any, error) {
				f, err := s.Funnel(ctx, q)
				return f, errors.Join(err, checkFunnel(f))
			},
			func(s felt.Store) (any, error) { return s.Objective(ctx, q, felt.Second/2) },
			func(s felt.Store) (any, error) { return customer(ctx, s, q.Env, who, q.Window, limit) },
			func(s felt.Store) (any, error) { return s.Scopes(ctx, q.Env, q.Name) },
			func(s felt.Store) (any, error) { return s.Operations(ctx, q.Env, "", q.Window) },
			func(s felt.Store) (any, error) { return s.Edges(ctx, q.Env, q.Window) },
			func(s felt.Store) (any, error) { return s.OperationPoints(ctx, q.Env, q.Window, step*10) },
			func(s felt.Store) (any, error) { return s.EdgePoints(ctx, q.Env, q.Window, step*10) },
			func(s felt.Store) (any, error) {
				return s.Leaves(ctx, felt.LeafQuestion{Question: q, Slower: int64(felt.Second), Limit: limit})
			},
			func(s felt.Store) (any, error) { return s.Incidents(ctx, q.Env, limit, states...) },
		} {
			if err := compare(ask, a, b); err != nil {
				return fmt.Errorf("%s step=%d by=%q outcome=%q who=%s limit=%d: %w", q, step/felt.Second, by, outcome, who, limit, err)
			}
		}
	}
	return nil
}

func compare(ask func(felt.Store) (any, error), a, b felt.Store) error {
	x, errX := ask(a)
	y, errY := ask(b)
	if errors.Is(errX, felt.ErrUnanswerable) && errors.Is(errY, felt.ErrUnanswerable) {
		return nil
	}
	if errX != nil || errY != nil {
		return fmt.Errorf("errors %w and %w", errX, errY)
	}
	vx, vy := reflect.ValueOf(x), reflect.ValueOf(y)
	if vx.Kind() == reflect.Slice && vx.Len() == 0 && vy.Len() == 0 {
		return nil
	}
	if !reflect.DeepEqual(x, y) {
		return fmt.Errorf("answers differ:\n%T %+v\n%T %+v", a, x, b, y)
	}
	return nil
}

// harmed reads up to four pages of customers.
func harmed(ctx context.Context, s felt.Store, q felt.Question, limit int) ([]felt.Affected, error) {
	var all []felt.Affected
	page := ""
	for range 4 {
		part, next, err := s.Affected(ctx, q, limit, page)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
		if page = next; page == "" {
			break
		}
	}
	return all, nil
}

// customer is one customer's way; nobody has none.
func customer(ctx context.Context, s felt.Store, env string, id felt.Hash, w felt.Window, limit int) (felt.CustomerWay, error) {
	way, err := s.Customer(ctx, env, id, w, limit)
	if errors.Is(err, felt.ErrNotFound) {
		return felt.CustomerWay{}, nil
	}
	return way, err
}

// pages reads up to four pages of a list.
func pages(ctx context.Context, s felt.Store, q felt.Question, o felt.Outcome, limit int) ([]felt.Interaction, error) {
	var all []felt.Interaction
	page := ""
	for range 4 {
		part, next, err := s.Interactions(ctx, q, o, limit, page)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
		if page = next; page == "" {
			break
		}
	}
	return all, nil
}
