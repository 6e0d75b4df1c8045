package measure

import (
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/core/rules"
)

// Bounds of one trace. One that grows larger settles at the end of the tick; what comes
// afterwards is a trace of its own.
const (
	spansPerTrace  = 1 << 16
	claimsPerTrace = 1 << 12
	// keptShare is the share of the remembered interactions, 1 in so many, whose
	// claims are kept whole because their chain of parents never reached a root.
	keptShare = 16
)

// Tracker is stage 1 of one partition. It is for one goroutine.
type Tracker struct {
	settings felt.Settings
	rules    *rules.Set
	parts    int

	symbols *symbols
	block   block
	pool    pool
	byTrace map[felt.TraceID]*trace
	open    traces
	kept    traces
	loose   []*claim // claims without a trace, of this tick
	touched []*trace // with claims, looked at when the tick closes
	waiting []*trace // with an undecided interaction
	ops     *operations
	matcher matcher
	present present
	commons *commons
	edges   *edges
	memory  *memory
	pending *pendingBook
	names   map[string]int64 // unmapped metrics
	held    int              // spans and claims in all traces
	claims  int              // of them, claims
	out     Decided
	scratch scratch
	stats   Stats

	at    felt.Instant // arrival of the present record
	tick  felt.Tick    // to which it belongs
	shift felt.Tick    // of handing out buckets
	last  *trace       // of the event before
}

// NewTracker returns a tracker that has seen nothing.
func NewTracker(s felt.Settings) *Tracker {
	k := &Tracker{
		parts:   max(s.Partitions, 1),
		byTrace: map[felt.TraceID]*trace{},
		memory:  newMemory(),
		pending: newPendingBook(),
		commons: newCommons(),
		names:   map[string]int64{},
	}
	k.out.Parts = make([]PartDecided, k.parts)
	k.symbols = newSymbols(0)
	k.ops = newOperations()
	k.edges = newEdges()
	k.present = newPresent(k)
	k.Settings(s)
	k.Rules(nil)
	return k
}

// Settings takes new settings. The number of partitions stays.
func (k *Tracker) Settings(s felt.Settings) {
	k.settings = s
	ops := max(s.OpsMax/k.parts, 1)
	k.symbols.max = 8*ops + 1024
	k.ops.max, k.edges.max = ops, ops
}

// Rules puts an inventory in force, from the next event on. nil is an empty one.
func (k *Tracker) Rules(set *rules.Set) {
	if set == nil {
		set = &rules.Set{}
	}
	k.rules = set
	k.matcher.any = len(set.Journeys) > 0
	k.matcher.reset()
}

// Begin starts a block of events that arrived at the given instant.
func (k *Tracker) Begin(texts Texts, at felt.Instant) {
	k.block.begin(texts)
	k.ops.begin()
	k.at, k.tick, k.last = at, felt.TickOf(at), nil
}

// Event takes the next event of the block. A span without an interaction allocates
// nothing once the pools are warm.
func (k *Tracker) Event(ev *otlp.Event) {
	k.stats.Events++
	if k.at-ev.End > k.settings.JudgeLate {
		k.stats.Late++
	}
	if ev.Type == otlp.TypeLog {
		k.logRecord(ev)
		return
	}
	k.stats.Spans++
	t := k.traceOf(ev.Trace)
	if t.find(ev.Span) >= 0 {
		k.stats.Duplicates++
		return
	}
	s := span{
		id: ev.Span, parent: ev.Parent, start: int64(ev.Start), dur: int64(ev.End - ev.Start),
		claim: -1, kind: ev.Kind, error: ev.Status == otlp.StatusError,
	}
	s.op = k.operation(ev)
	if ev.Kind == felt.SpanClient || ev.Kind == felt.SpanProducer {
		s.peer = k.block.symbol(k.symbols, ev.Fields[otlp.FieldPeer])
	}
	k.ops.count(&s, ev.Fields[otlp.FieldInteraction] != 0)
	if ev.Fields[otlp.FieldInteraction] != 0 {
		s.claim = int32(len(t.claims))
		k.claim(t, k.newClaim(ev, nil))
	} else if by := k.match(ev, s.op); by != nil {
		s.claim = int32(len(t.claims))
		k.stats.Ruled++
		k.claim(t, k.newClaim(ev, by))
	}
	if ev.IDs != (otlp.IDs{}) {
		k.learn(t, ev)
	}
	t.traffic = max(t.traffic, ev.Traffic)
	k.pool.addSpan(t, s)
	k.held++
	if t.waiting || len(t.spans) >= spansPerTrace {
		k.touch(t)
	}
}

// logRecord takes a log record; one that is no interaction is only counted.
func (k *Tracker) logRecord(ev *otlp.Event) {
	k.stats.Logs++
	if string(k.block.bytes(ev.Name)) == PendingEvent {
		k.pendingRecord(ev)
		return
	}
	var by *rules.Candidate
	if ev.Fields[otlp.FieldInteraction] == 0 {
		if by = k.match(ev, noOperation); by == nil {
			return
		}
		k.stats.Ruled++
	}
	c := k.newClaim(ev, by)
	if c.trace.IsZero() {
		k.loose = append(k.loose, c)
		return
	}
	t := k.traceOf(ev.Trace)
	if slices.ContainsFunc(t.claims, func(o *claim) bool {
		return o.log && o.iid == c.iid && compareClaims(o, c) == 0
	}) {
		k.stats.Duplicates++
		return
	}
	k.claim(t, c)
}

// Point counts a metric that nothing maps: one that is no signal of a journey.
func (k *Tracker) Point(name otlp.Text) {
	n := k.block.own(name)
	if k.rules.Signal(n) {
		return
	}
	k.stats.Points++
	if _, ok := k.names[n]; !ok && len(k.names) >= 1000 {
		n = otherName
	}
	k.names[n]++
}

// operation returns the number of the span's operation.
func (k *Tracker) operation(ev *otlp.Event) uint32 {
	f := &ev.Fields
	texts := [3]otlp.Text{f[otlp.FieldEnv], f[otlp.FieldService], f[otlp.FieldRelease]}
	if texts != k.ops.texts || !k.ops.cached {
		env := k.block.symbol(k.symbols, texts[0])
		if env == symEmpty {
			env = k.symbols.named(otlp.DefaultEnv)
		}
		k.ops.resource = k.ops.resourceOf(resource{
			env, k.block.symbol(k.symbols, texts[1]), k.block.symbol(k.symbols, texts[2]),
		})
		k.ops.texts, k.ops.cached = texts, true
	}
	return k.ops.operation(k.ops.resource, k.block.symbol(k.symbols, ev.Name), ev.Kind)
}

// traceOf returns the open trace, made if need be, as the most recent one.
func (k *Tracker) traceOf(id felt.TraceID) *trace {
	t := k.last
	if t == nil || t.id != id {
		t = k.byTrace[id]
		if t != nil && t.kept && k.expired(t, k.tick) {
			k.drop(&k.kept, t)
			t = nil
		}
		if t == nil {
			t = k.pool.takeTrace()
			t.id, t.last = id, k.tick
			k.byTrace[id] = t
			k.open.push(t)
		}
		k.last = t
	}
	if t.kept {
		k.kept.remove(t)
		t.kept, t.last = false, k.tick
		k.open.push(t)
	} else if t.last != k.tick {
		t.last = k.tick
		k.open.remove(t)
		k.open.push(t)
	}
	return t
}

// expired tells that a kept trace is to be forgotten at a tick.
func (k *Tracker) expired(t *trace, at felt.Tick) bool {
	return at-t.last > ticks(k.settings.Remember)
}

// ticks is a length of time in ticks, rounded up.
func ticks(d felt.Instant) felt.Tick {
	return felt.Tick((max(d, 0) + felt.Second - 1) / felt.Second)
}

// claim enters a claim into its trace.
func (k *Tracker) claim(t *trace, c *claim) {
	k.stats.Claims++
	k.held++
	k.claims++
	t.claims = append(t.claims, c)
	g := t.join(c)
	g.dirty, g.decided = true, false
	k.touch(t)
}

// touch sees to it that the trace is looked at when the tick closes.
func (k *Tracker) touch(t *trace) {
	if !t.queued {
		t.queued = true
		k.touched = append(k.touched, t)
	}
}

// learn takes the span's identities for the interactions of its trace.
func (k *Tracker) learn(t *trace, ev *otlp.Event) {
	env := k.block.symbol(k.symbols, ev.Fields[otlp.FieldEnv])
	n := t.known
	for n != nil && n.env != env {
		n = n.next
	}
	if n == nil {
		n = k.pool.takeKnown()
		n.env, n.next = env, t.known
		t.known = n
	}
	n.learn(&ev.IDs, ev.Span)
}
