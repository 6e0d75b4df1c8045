package evidence

import (
	"cmp"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
)

// Input is what history says, as plain rows. Whatever is left out is not judged by.
type Input struct {
	Incident felt.Incident // kind, scope, first_bad, findings
	Round    int64
	At       felt.Instant // as of when the rows were asked

	// Scope is that of the tries below: of the incident's the one that tells most.
	Scope felt.Scope
	// Services from which customers' outcomes come, when the tries do not say: journeys have none.
	Customers []string

	// Tries of the scope since first_bad, and those held against them.
	Since, Before        felt.Window
	Leaves, LeavesBefore []felt.Leaf
	Dispersion           float64      // see [Table]; 0 not known
	Points               []felt.Point // of the whole scope, before and since
	PointStep            felt.Instant

	Changes  []felt.Change
	Findings []felt.Finding    // of signals and KPIs of the journeys, beside those of the incident
	Layers   map[string]string // of what findings are about, by name: infrastructure, application, experience, business

	// Operations and edges of the services that take part, cut into steps.
	Calls, CallsBefore           felt.Window
	Step, StepBefore             felt.Instant
	Operations, OperationsBefore []felt.OperationPoint
	Edges, EdgesBefore           []felt.EdgePoint
}

// Judge says what stands behind an incident. The same rows in any order give the same answer.
func Judge(in Input) felt.Evidence {
	v := felt.Evidence{Incident: in.Incident.ID, Round: in.Round, At: in.At, From: in.Since.From, Before: in.Before.From}
	slices.SortStableFunc(in.Leaves, byTries)
	seg := newSegments(&in)
	v.Hit, v.Spared = seg.hit(), seg.spared()
	c := newCalls(&in)
	v.Nodes = c.nodes(in.At)
	v.Services = c.services(in.services())
	v.Suspects = suspects(&in, seg, c, v.Hit)
	v.Indicators = indicators(&in, c)
	return v
}

func byTries(a, b felt.Leaf) int {
	return cmp.Or(cmp.Compare(b.Counts.Decided(), a.Counts.Decided()), cmp.Compare(b.Counts.Failed, a.Counts.Failed), strings.Compare(nameOf(&a), nameOf(&b)))
}

func nameOf(l *felt.Leaf) string {
	var b strings.Builder
	b.WriteString(l.Service + "\x00" + l.Release + "\x00" + strings.Join(l.Flags, "\x00"))
	for _, s := range l.Segments {
		b.WriteString("\x00" + s.Key + "\x00" + s.Value)
	}
	return b.String()
}

// services are those from which the customers' outcomes came, most tries first.
func (in *Input) services() []string {
	n := map[string]int64{}
	for _, list := range [][]felt.Leaf{in.Leaves, in.LeavesBefore} {
		for i := range list {
			if l := &list[i]; l.Service != "" {
				n[l.Service] += l.Counts.Decided()
			}
		}
	}
	if len(n) == 0 {
		return slices.Clone(in.Customers)
	}
	return mostFirst(n)
}

func mostFirst(n map[string]int64) []string {
	list := make([]string, 0, len(n))
	for s := range n {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(cmp.Compare(n[b], n[a]), cmp.Compare(a, b)) })
	return list
}
