package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/felt-cx/felt/core/yaml"
)

// Problem is one thing wrong with the inventory, and how to mend it.
type Problem struct {
	File       string `json:"file"`
	Line       int    `json:"line"`     // from 1; 0 the file as a whole
	Column     int    `json:"column"`   // in characters, from 1; 0 likewise
	Severity   string `json:"severity"` // error: the inventory is not taken; warning: it is
	Check      string `json:"check"`    // name of the check, stable: unknown-key, unknown-step, ...
	Message    string `json:"message"`
	Suggestion string `json:"suggestion,omitempty"`
}

// The severities of a [Problem].
const (
	SeverityError   = "error"
	SeverityWarning = "warning"
)

// String is file:line:col: severity: message (suggestion) [check], as compilers write it.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	fmt.Fprintf(&b, ": %s: %s", p.Severity, p.Message)
	if p.Suggestion != "" {
		fmt.Fprintf(&b, " (%s)", p.Suggestion)
	}
	fmt.Fprintf(&b, " [%s]", p.Check)
	return b.String()
}

// Failed tells whether a problem is an error.
func Failed(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return p.Severity == SeverityError })
}

// place is where a value stands, and where its key does.
type place struct {
	file       string
	key, value yaml.Pos
	inside     yaml.Pos // where its text begins when it stands there as it is; else zero
}

// reporter collects problems.
type reporter struct{ problems []Problem }

func (r *reporter) add(severity, check, file string, at yaml.Pos, suggestion, format string, a ...any) {
	r.problems = append(r.problems, Problem{
		File: file, Line: at.Line, Column: at.Column, Severity: severity, Check: check,
		Message: fmt.Sprintf(format, a...), Suggestion: suggestion,
	})
}

// sorted are the problems in order of place, each once.
func (r *reporter) sorted() []Problem {
	slices.SortStableFunc(r.problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			strings.Compare(a.Check, b.Check), strings.Compare(a.Message, b.Message))
	})
	return slices.Compact(r.problems)
}

// nearest is a suggestion that names the known word nearest to s, or all of them when none is near.
func nearest(s string, known []string) string {
	if best := closest(s, known); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	if len(known) == 0 {
		return ""
	}
	const most = 12
	if len(known) > most {
		return fmt.Sprintf("known are %s and %d more", strings.Join(known[:most], ", "), len(known)-most)
	}
	return "known are " + strings.Join(known, ", ")
}

// closest is the known word nearest to s; "" when none is near enough to be meant.
func closest(s string, known []string) string {
	low := strings.ToLower(s)
	best, at := "", max(len(s)/3, 1)+1
	for _, k := range known {
		if d := distance(low, strings.ToLower(k), at); d < at {
			best, at = k, d
		}
	}
	return best
}

// distance is Damerau's and Levenshtein's, of neighbours swapped at most once; most when it is more.
func distance(a, b string, most int) int {
	if len(a)-len(b) >= most || len(b)-len(a) >= most || len(a) > 200 {
		return most
	}
	before, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, prev, row = prev, row, before
		row[0] = i + 1
		for j := range len(b) {
			cost := prev[j]
			if a[i] != b[j] {
				cost++
			}
			row[j+1] = min(cost, prev[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return min(row[len(b)], most)
}
