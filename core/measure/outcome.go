package measure

import (
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// The outcome rules that are not named by the inventory.
const (
	ruleExplicit  = "explicit"  // an outcome was sent
	ruleStatus    = "status"    // the status decided
	ruleThreshold = "threshold" // it worked, and took too long
	rulePending   = "pending"   // the page was hidden and nothing came any more
	ruleNested    = felt.RuleStep
)

// outcome is what a claim says, and by which rule: an error class that names an outcome
// goes before an outcome that was sent, and that before the status. But that a customer
// left, or changed their mind, only they know: no class changes it. A server span's HTTP
// status says nothing by itself: instrumentation sets the span's status from it (ERROR
// from 500 on), and who wants it otherwise writes an error class.
func (c *claim) outcome() (felt.Outcome, string) {
	left := c.sent == felt.OutcomeAbandoned || c.sent == felt.OutcomeCancelled
	switch {
	case c.class == leaving:
		return felt.OutcomeAbandoned, rulePending
	case c.ruling.outcome != felt.OutcomeNone && !left:
		return c.ruling.outcome, c.ruling.class
	case c.sent != felt.OutcomeNone:
		return c.sent, ruleExplicit
	case c.error:
		return felt.OutcomeFailed, ruleStatus
	}
	return felt.OutcomeSuccess, ruleStatus
}

// judge finishes a row with what the inventory in force says about it: thresholds, error
// class, journey and step.
func (k *Tracker) judge(r *felt.Interaction, c *claim, step *rules.CompiledStep) {
	r.RulesVersion = k.rules.Version
	r.Recoverable = !c.ruling.unrecoverable
	if c.ruling.class != "" {
		r.ErrorClass = c.ruling.class
	}
	if r.Outcome == felt.OutcomeAbandoned {
		r.AbandonedHow = leftHow(c.reason)
	}
	if step == nil {
		return
	}
	fillText(&r.Journey, step.Journey.Name)
	if r.Journey == step.Journey.Name {
		fillText(&r.Step, step.Name)
	}
	if r.ValueMinor != 0 {
		fillText(&r.Currency, step.Journey.Value.Currency)
	}
	limits := step.Limits(r.Segments)
	if r.AbandonedHow == felt.AbandonedVoluntarily && limits.Degraded > 0 && waited(r) > limits.Degraded {
		r.AbandonedHow = felt.AbandonedWhileSlow
	}
	if o, worse := tooSlow(r, limits); worse {
		r.Outcome, r.OutcomeRule = o, ruleThreshold
		fillText(&r.Reason, "slow")
	}
}

// waited is how long the customer waited: what they did not look at they did not wait for.
func waited(r *felt.Interaction) felt.Instant {
	if r.Visible > 0 {
		return felt.Instant(r.Visible)
	}
	return felt.Instant(r.Duration)
}

// tooSlow worsens a success, and nothing else, that took longer than it may.
func tooSlow(r *felt.Interaction, limits rules.Thresholds) (felt.Outcome, bool) {
	took := waited(r)
	switch {
	case r.Outcome != felt.OutcomeSuccess:
	case limits.Failed > 0 && took > limits.Failed:
		return felt.OutcomeFailed, true
	case limits.Degraded > 0 && took > limits.Degraded:
		return felt.OutcomeDegraded, true
	}
	return r.Outcome, false
}

// leftHow reads how a customer left from the reason that was sent: the browser SDK begins it
// with slow_ when the wait was already too long.
func leftHow(reason string) felt.AbandonedHow {
	switch {
	case strings.HasPrefix(reason, "slow_"), reason == "slow", reason == "while_slow":
		return felt.AbandonedWhileSlow
	case strings.HasPrefix(reason, "after_failure"):
		return felt.AbandonedAfterFailure
	}
	return felt.AbandonedVoluntarily
}
