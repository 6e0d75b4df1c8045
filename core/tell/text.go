package tell

import (
	"fmt"
	"math"
	"strings"

	"github.com/felt-cx/felt"
)

// lineMax is how long a line below the first may be, in characters.
const lineMax = 300

// Text is a notification for places that have no blocks: a first line, and more lines below it.
func Text(n *felt.Notification) (head, body string) {
	i := &n.Incident
	switch n.Kind {
	case felt.NotifyTest:
		return "Felt: a test of sink " + short(n.Sink), "Nothing is wrong: somebody asked whether what Felt tells arrives here. It does."
	case felt.NotifyHeartbeat:
		return "Felt: alive", "Felt takes telemetry and judges it."
	case felt.NotifyResolved:
		head = "Resolved: "
	case felt.NotifyReported:
		head = "Update: "
	case felt.NotifyDetected:
		if i.Reopened != 0 {
			head = "Back again: "
		}
	}
	if i.Priority != "" {
		head += i.Priority + ": "
	}
	return head + Title(i), strings.Join(lines(n), "\n")
}

// lines are the body: the sentence, what is new, what speaks for whom, and where to look.
func lines(n *felt.Notification) []string {
	i := &n.Incident
	list := []string{Sentence(i)}
	add := func(what, text string) {
		if text = clean(text); text != "" {
			list = append(list, what+cut(text, lineMax))
		}
	}
	add("New: ", n.Why)
	if !over(i) {
		add("", became(&i.Impact))
	}
	add("Not hit: ", Spared(i.SegmentsSpared))
	for k := range i.Suspects[:min(len(i.Suspects), 2)] {
		add("Suspect: ", i.Suspects[k].Text)
	}
	for k := range i.Nodes {
		if i.Nodes[k].Origin {
			add("First: ", i.Nodes[k].Text)
			break
		}
	}
	if !over(i) {
		add("Until it resolves: ", i.Recovery.Text)
	}
	if i.Score > 0 {
		add("Impact score: ", Score(i))
	}
	add("", fmt.Sprintf("%s / %s, incident %s", orNone(i.Env), orNone(i.App), i.ID))
	return list
}

func orNone(s string) string {
	if s = short(s); s != "" {
		return s
	}
	return "not named"
}

// Score is the impact score with what it is made of: "72 of 100 (criticality 5 of 5; ...)".
func Score(i *felt.Incident) string {
	parts := make([]string, 0, len(i.ScoreParts))
	for _, p := range i.ScoreParts {
		if p.Weight > 0 && clean(p.Input) != "" {
			parts = append(parts, clean(p.Name)+": "+clean(p.Input))
		}
	}
	text := fmt.Sprintf("%.0f of 100", math.Round(i.Score))
	if len(parts) > 0 {
		text += " (" + strings.Join(parts, "; ") + ")"
	}
	return text
}

// Spared says which customers are as exposed as the others and not hit: at most three of them.
func Spared(list []felt.SegmentShare) string {
	var words []string
	for _, s := range list {
		if len(words) == 3 {
			break
		}
		var where []string
		for _, w := range s.Where {
			where = append(where, phrase(w, len(where) == 0))
		}
		if len(where) > 0 && s.N > 0 {
			words = append(words, fmt.Sprintf("%s (%s of %s tries)", strings.Join(where, " "), Count(s.Bad), Count(s.N)))
		}
	}
	return strings.Join(words, ", ")
}
