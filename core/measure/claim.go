package measure

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// class says how much a claim is worth when an interaction's outcome is decided.
type class uint8

const (
	derived  class = iota // no outcome, and a parent: it may be a part of something larger
	leaving               // its page said that it might be gone, and nothing came any more
	rooted                // no outcome, and no parent: nothing is larger
	explicit              // an outcome was sent
)

// claim is one event that is an interaction, or a part of one: it says so itself, or a rule
// of the inventory does. All claims with one id are one interaction. What claims have in common
// they share, and must not be written to; see [commons].
type claim struct {
	iid    felt.InteractionID
	trace  felt.TraceID
	id     felt.SpanID // of the span; of the span around it, for a log record
	parent felt.SpanID

	start, end felt.Instant
	arrived    felt.Instant
	weight     float64
	draw       uint64 // of the weight; 0 when that is 1
	value      int64
	visible    int64
	keyID      uint32
	log        bool
	class      class
	error      bool         // status ERROR
	sent       felt.Outcome // none when nothing, or nothing known, was sent
	key        string
	ids        otlp.IDs

	*origin
	*act
	*traits
	*detail
}

// origin is what all claims of one app's service have in common.
type origin struct{ env, app, service, release string }

// act is what the customer did, as it is called.
type act struct {
	name          string
	journey, step string
	currency      string
	traffic       felt.Traffic
	// ruled: a rule of the inventory made this claim; it did not name itself.
	ruled             bool
	byJourney, byStep string // of that rule
}

// traits are what many customers have in common.
type traits struct {
	segments []felt.Segment // sorted by key, one value each
	flags    []string       // key=variant, sorted
}

// detail is what a plain success has nothing of.
type detail struct {
	said      string // an outcome that is no known word
	reason    string
	errorType string
	message   string
	instance  felt.Hash // of the journey
	ruling    ruling
	retries   int32
}

// ruling is what the error classes of its step say of a claim. It is asked when the claim
// comes: attributes are there only then.
type ruling struct {
	class         string       // "" none matched
	outcome       felt.Outcome // none: as without it
	unrecoverable bool
}

// scopeKey is where an interaction counts.
type scopeKey struct {
	env, app, name string
	traffic        felt.Traffic
}

func (c *claim) scope() scopeKey { return scopeKey{c.env, c.app, c.name, c.traffic} }

// terminal tells that the claim ends its interaction at once.
func (c *claim) terminal() bool { return c.class != derived }

// why is the reason in a few words.
func (c *claim) why() string {
	if c.said != "" {
		return "unknown outcome \"" + c.said + "\""
	}
	return cmp.Or(c.reason, c.errorType, c.message)
}

// compareClaims orders by the right to decide: an outcome that was sent beats a derived
// one, then the later end, then the larger span id. What comes after that only makes
// the order total, so that the order of arrival never matters.
func compareClaims(a, b *claim) int {
	return cmp.Or(
		cmp.Compare(a.class, b.class),
		compareEnds(a.end, a.id, b.end, b.id),
		cmp.Compare(a.start, b.start),
		compareBools(a.log, b.log),
		cmp.Compare(a.sent, b.sent),
		compareBools(a.error, b.error),
		cmp.Compare(a.reason, b.reason),
		cmp.Compare(a.ruling.outcome, b.ruling.outcome),
		cmp.Compare(a.ruling.class, b.ruling.class),
		bytes.Compare(a.ids.User[:], b.ids.User[:]),
		bytes.Compare(a.ids.Session[:], b.ids.Session[:]),
	)
}

func compareEnds(aEnd felt.Instant, aID felt.SpanID, bEnd felt.Instant, bID felt.SpanID) int {
	return cmp.Or(cmp.Compare(aEnd, bEnd), bytes.Compare(aID[:], bID[:]))
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// parseOutcome reads an outcome as people write it: in any case, and by the words that
// other conventions have for the same thing.
func parseOutcome(word string) (felt.Outcome, bool) {
	word = strings.ToLower(strings.TrimSpace(word))
	switch word {
	case "failure", "fail", "error":
		return felt.OutcomeFailed, true
	case "succeeded", "ok", "completed":
		return felt.OutcomeSuccess, true
	case "canceled":
		return felt.OutcomeCancelled, true
	}
	return felt.ParseOutcome(word)
}

// unknownService is the app of telemetry that names neither namespace nor service, as
// OpenTelemetry's SDKs call it: what has no name cannot be asked for.
const unknownService = "unknown_service"

// readOutcome sets what was sent and what follows for the claim's class.
func (k *Tracker) readOutcome(c *claim, word string, vendor felt.Outcome) {
	switch {
	case word != "":
		c.class = explicit
		var known bool
		if c.sent, known = parseOutcome(word); !known {
			c.said = word
			k.stats.UnknownOutcomes++
		}
	case vendor != felt.OutcomeNone:
		c.class, c.sent = explicit, vendor
	case c.parent.IsZero():
		c.class = rooted
	}
}

// tidySegments sorts by key; of one key given twice the first value stands.
func tidySegments(list []felt.Segment) []felt.Segment {
	slices.SortStableFunc(list, func(a, b felt.Segment) int { return cmp.Compare(a.Key, b.Key) })
	return slices.CompactFunc(list, func(a, b felt.Segment) bool { return a.Key == b.Key })
}
