package measure

import (
	"github.com/felt-cx/felt"
)

// Claimed says, for people, what one event of an open trace is to its interaction.
type Claimed struct {
	ID       felt.InteractionID
	Trace    felt.TraceID
	Span     felt.SpanID // of the span; of the span around it, for a log record
	Log      bool
	At       felt.Instant // its end
	Env, App string
	Name     string
	// Rule is journey/step of the rule that made it one; "" when it names itself.
	Rule string
	// Above is the interaction on the nearest ancestor that goes before; "" none. Same: it is
	// the same one, and the event is a part of it; otherwise it is a step of that.
	Above string
	Same  bool
	// Ends: it ends its interaction at once, having an outcome or no parent. Open: it does
	// not, and the chain of its parents ends in one that is not there; it waits.
	Ends, Open bool
	// Pending: the record of a page that was hidden; its interaction is abandoned if nothing ends it
	// in time.
	Pending bool
}

// Claims calls yield for every claim of a trace that is still open. Called before the first
// Tick it says how each stands before anything is waited for.
func (k *Tracker) Claims(yield func(Claimed)) {
	for t := k.open.first; t != nil; t = t.next {
		for _, c := range t.claims {
			told := c.claimed()
			if !c.terminal() {
				above, open := t.above(c)
				if open && above == nil {
					above = k.pending.above(t, c)
				}
				told.Open = open
				if above != nil {
					told.Above, told.Same = above.name, above.iid == c.iid
				}
			}
			yield(told)
		}
	}
	for _, c := range k.loose {
		yield(c.claimed())
	}
	for p := k.pending.open.first; p != nil; p = p.next {
		yield(p.claim.claimed())
	}
}

func (c *claim) claimed() Claimed {
	t := Claimed{
		ID: c.iid, Trace: c.trace, Span: c.id, Log: c.log, At: c.end,
		Env: c.env, App: c.app, Name: c.name,
		Ends: c.class > leaving, Pending: c.class == leaving,
	}
	if c.ruled {
		t.Rule = c.byJourney + "/" + c.byStep
	}
	return t
}
