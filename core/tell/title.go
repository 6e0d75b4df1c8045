package tell

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/felt-cx/felt"
)

// Title says what is wrong in a few words, at most 80 characters: "Checkout is failing". An environment
// other than production is named. What people have declared is in their words.
func Title(i *felt.Incident) string {
	end := ""
	if env := clean(i.Env); env != "" && env != "production" {
		end = " (" + cut(env, 20) + ")"
	}
	if i.Source == declared {
		if name := worst(i); !strings.EqualFold(name, clean(i.Scope().Name)) && name != nothing {
			return fit(name, end)
		}
		return fit(worst(i), others(i)+" "+isAre(i)+" reported broken"+end)
	}
	return fit(worst(i), others(i)+" "+verbOf(i)+end)
}

// fit cuts the first of two texts, so that both are a title.
func fit(name, rest string) string {
	return cut(name, max(titleMax-utf8.RuneCountInString(rest), titleMax/4)) + rest
}

// declared is the source of an incident that people have declared.
const declared = "declared"

// verbOf is what happens, as the end of a title.
func verbOf(i *felt.Incident) string {
	verb := isAre(i) + " "
	switch suffered(i) {
	case felt.FindingDegraded:
		return verb + "degraded"
	case felt.FindingSlow:
		return verb + "slow"
	case felt.FindingFunnel:
		return verb + "left unfinished"
	case felt.FindingDrop:
		return verb + "missing customers"
	case felt.FindingSilent:
		return verb + "not heard of"
	case felt.FindingBurn:
		return verb + "using up the error budget"
	case felt.FindingKPI:
		return verb + "off a business number"
	case felt.FindingSaturation:
		return verb + "near a limit"
	case felt.FindingFailed:
	}
	return verb + "failing"
}

// isAre is the form of to be that goes with what is hit.
func isAre(i *felt.Incident) string {
	switch many := len(called(i)) > 1; {
	case over(i) && many:
		return "were"
	case over(i):
		return "was"
	case many:
		return "are"
	}
	return "is"
}

func over(i *felt.Incident) bool { return i.Status == felt.IncidentResolved }

// suffered is what customers feel of an incident: that they fail, as soon as that stands out, else
// what it was opened for.
func suffered(i *felt.Incident) felt.FindingKind {
	failed := slices.ContainsFunc(i.Findings, func(f felt.Finding) bool { return f.Paging && f.Kind == felt.FindingFailed })
	if i.Kind == "" || failed {
		return felt.FindingFailed
	}
	return felt.FindingKind(i.Kind)
}

// nothing is what nobody has named.
const nothing = "Something"

// worst is what people call the worst of what is hit.
func worst(i *felt.Incident) string {
	for _, s := range []string{i.Title, i.Scope().Name, i.App} {
		if s = clean(s); s != "" {
			return s
		}
	}
	return nothing
}

// place is what people call where it hurts, in a sentence.
func place(i *felt.Incident) string {
	if i.Source != declared && worst(i) != nothing {
		return cut(worst(i), nameMax) + others(i)
	}
	for _, s := range []string{i.Scope().Name, i.App} {
		if s = short(s); s != "" {
			return s + others(i)
		}
	}
	return "what they came for"
}

// others says how many more are hit.
func others(i *felt.Incident) string {
	if n := len(called(i)); n > 1 {
		return fmt.Sprintf(" and %d more", n-1)
	}
	return ""
}

// called is what people call all that is hit: a journey and its steps have one title.
func called(i *felt.Incident) []string {
	if i.Titles != nil {
		return i.Titles
	}
	return i.Journeys
}
