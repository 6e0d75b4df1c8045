package measure

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// Decision is a row of an interaction, what it replaces, and what its journeys need.
type Decision struct {
	felt.Interaction
	Was Was // of the version before; only when Version > 1
	// First: no version before had an outcome. What is withdrawn has none.
	First bool
	// Instance is the hash of the journey instance that the telemetry names; zero when none.
	Instance felt.Hash
	// Steps are the steps of journeys that this is a try of, under the inventory in force
	// when it was decided; nil when it is none.
	Steps []*rules.CompiledStep

	was   who  // by whom journeys were told of the version before
	moves bool // was is known
	late  bool // the version before was closed so long ago that journeys may have forgotten it
}

// Was is what the version before counted as.
type Was struct {
	Env, App, Name string
	Traffic        felt.Traffic
	End            felt.Instant
	Outcome        felt.Outcome
	Weight         float64
	ValueMinor     int64
	Withdrawn      bool // it counted as nothing
}

// Decided is what stage 1 of one partition decided in a tick: for each partition of
// stage 2 its share.
type Decided struct{ Parts []PartDecided }

// PartDecided is the share of one partition of stage 2.
type PartDecided struct {
	// Decisions are counted here: by session, else customer, else id.
	Decisions []Decision
	// Feeds are told here: by the journey's correlation key, which may be another partition
	// than the one that counts the decision.
	Feeds []Feed
}

// Feed is one decision for one journey. Decision points into another share of the same
// [Decided], and is read only.
type Feed struct {
	Step     *rules.CompiledStep
	Key      felt.Hash // the journey's correlation key; to be mixed with env, traffic and journey
	Decision *Decision
	// Gone: the version before was fed under this step and key, and this one is not, or with
	// other traffic: the try is to be forgotten, where it was fed with Decision.Was.Traffic.
	// It may also never have been fed. A decision that turned out to be a step of another
	// interaction (rule "step", outcome cancelled) is fed as usual, and means the same.
	Gone bool
}

// journeyKey is what ties a decision to the others of its journey; false when it has
// nothing that could.
func journeyKey(j *rules.CompiledJourney, d *Decision) (felt.Hash, bool) {
	return correlation(j, d, who{d.Session, d.Customer, d.Instance})
}

// who is what a version of an interaction can be correlated by, besides its trace.
type who struct{ session, customer, instance felt.Hash }

// correlation is the key of a version of an interaction. Of a journey of one step every try
// is a journey of its own, whatever it is correlated by.
func correlation(j *rules.CompiledJourney, d *Decision, w who) (felt.Hash, bool) {
	if len(j.Steps) == 1 {
		return felt.Hash(d.ID), true
	}
	h, further := w.session, w.customer
	switch j.Correlate.By {
	case "instance":
		h, further = w.instance, felt.Hash{}
	case "customer":
		h, further = w.customer, w.session
	case "trace":
		h, further = felt.Hash(d.Trace), felt.Hash{}
	}
	if h.IsZero() {
		h = further
	}
	return h, !h.IsZero()
}

// instanceOf is the hash of a journey instance's id: ids of one environment say nothing in
// another.
func instanceOf(env, id string) (h felt.Hash) {
	if id == "" {
		return h
	}
	b := binary.AppendUvarint(nil, uint64(len(env)))
	b = append(append(b, env...), id...)
	sum := sha256.Sum256(b)
	copy(h[:], sum[:])
	return h
}

// partitionOf is where stage 2 tells a journey with this correlation key, and counts what
// has this hash as its own.
func partitionOf(h felt.Hash, parts int) int {
	return int(binary.BigEndian.Uint32(h[:4]) % uint32(parts))
}

// partition is where stage 2 counts an interaction: by session, else customer, else id.
func partition(r *felt.Interaction, parts int) int {
	h := r.Session
	if h.IsZero() {
		h = r.Customer
	}
	if h.IsZero() {
		h = felt.Hash(r.ID)
	}
	return partitionOf(h, parts)
}

// feedAll tells journeys of the decisions of the tick, in order of the partitions that
// count them. It comes last: decisions do not move any more.
func (k *Tracker) feedAll() {
	for p := range k.out.Parts {
		list := k.out.Parts[p].Decisions
		for i := range list {
			k.feed(&list[i])
		}
	}
}

func (k *Tracker) feed(d *Decision) {
	if d.moves {
		k.feedGone(d)
	}
	for _, step := range d.Steps {
		if key, ok := journeyKey(step.Journey, d); ok {
			k.send(Feed{Step: step, Key: key, Decision: d})
		} else if d.Version == 1 {
			k.stats.Untied++
		}
	}
}

// mayMove tells whether some journey has been told of the decision under a weaker key than
// it asks for, so that a correction may tell it under another one: a service said how it ended
// and the browser, which comes later, knows the session. A derived decision may always move:
// an ancestor may know another session than the spans below it.
func (d *Decision) mayMove() bool {
	for _, s := range d.Steps {
		switch {
		case len(s.Journey.Steps) == 1, s.Journey.Correlate.By == "instance", s.Journey.Correlate.By == "trace":
		case s.Journey.Correlate.By == "customer":
			if d.IdentityLevel != felt.LevelUser && d.IdentityLevel != felt.LevelPseudonym {
				return true
			}
		case d.Session.IsZero():
			return true
		}
	}
	return false
}

// feedGone takes a correction out of where the version before was fed and this one is not:
// the customer's session became known, or another app decided.
func (k *Tracker) feedGone(d *Decision) {
	for _, step := range k.rules.Steps(d.Was.App, d.Name) {
		old, ok := correlation(step.Journey, d, d.was)
		if !ok {
			continue
		}
		key, _ := journeyKey(step.Journey, d)
		if key != old || d.Traffic != d.Was.Traffic || !slices.Contains(d.Steps, step) {
			k.send(Feed{Step: step, Key: old, Decision: d, Gone: true})
		}
	}
}

func (k *Tracker) send(f Feed) {
	part := &k.out.Parts[partitionOf(f.Key, k.parts)]
	part.Feeds = append(part.Feeds, f)
}

// clear empties it for the next tick, and keeps its memory.
func (d *Decided) clear() {
	for i := range d.Parts {
		p := &d.Parts[i]
		clear(p.Decisions)
		clear(p.Feeds)
		p.Decisions, p.Feeds = p.Decisions[:0], p.Feeds[:0]
	}
}
