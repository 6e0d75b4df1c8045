package httpapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
)

type traceInput struct {
	ID string `path:"id" doc:"32 hex digits"`
}

type traceOutput struct {
	Body struct {
		Stamp
		TraceID      string            `json:"trace_id"`
		Spans        []spanView        `json:"spans" doc:"Parents before their children, siblings in order of start"`
		Resources    []resourceView    `json:"resources" doc:"What the spans point to"`
		Interactions []InteractionView `json:"interactions"`
		Note         string            `json:"note,omitempty" doc:"Why there are no spans"`
	}
}

type spanView struct {
	SpanID      string            `json:"span_id"`
	ParentID    string            `json:"parent_id,omitempty"`
	Depth       int               `json:"depth" doc:"0 for a root, and for a span whose parent is not there"`
	Orphan      bool              `json:"orphan,omitempty" doc:"It names a parent that is not there"`
	Service     string            `json:"service"`
	Name        string            `json:"name"`
	Kind        string            `json:"kind"`
	Status      string            `json:"status" enum:"unset,ok,error"`
	Message     string            `json:"message,omitempty"`
	Start       string            `json:"start"`
	End         string            `json:"end"`
	OffsetMS    float64           `json:"offset_ms" doc:"From the trace's first start"`
	DurationMS  float64           `json:"duration_ms"`
	Interaction string            `json:"interaction,omitempty" doc:"Its name, when the span claims one"`
	Attributes  map[string]string `json:"attributes"`
	Resource    int               `json:"resource" doc:"Place in resources"`
	Events      []noteView        `json:"events"`
	Links       []string          `json:"links,omitempty" doc:"Trace ids"`
}

type noteView struct {
	Time       string            `json:"time"`
	Name       string            `json:"name"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

type resourceView struct {
	Env        string            `json:"env"`
	Service    string            `json:"service"`
	Release    string            `json:"release,omitempty"`
	Attributes map[string]string `json:"attributes"`
}

// trace shows one trace: its spans when they are kept, and the interactions that name it.
func (a *API) trace(ctx context.Context, in *traceInput) (*traceOutput, error) {
	var id felt.TraceID
	if err := id.UnmarshalText([]byte(in.ID)); err != nil || id.IsZero() {
		return nil, huma.Error400BadRequest(fmt.Sprintf("trace id %.64q: want 32 hex digits, not all zero", in.ID))
	}
	out := &traceOutput{}
	b := &out.Body
	b.Stamp, b.TraceID = a.stamp(&Asked{ID: "trace-" + id.String()}), id.String()
	type found struct {
		spans []felt.Span
		tries []felt.Interaction
	}
	f, err := ask(ctx, a, func(ctx context.Context) (found, error) {
		spans, tries, err := a.opts.Store.Trace(ctx, id)
		if errors.Is(err, felt.ErrNotFound) {
			return found{}, huma.Error404NotFound("nothing is known of this trace. " + a.whichTraces())
		}
		return found{spans, tries}, err
	})
	if err != nil {
		return nil, err
	}
	b.Spans, b.Resources = tree(f.spans)
	b.Interactions = make([]InteractionView, 0, len(f.tries))
	for i := range f.tries {
		b.Interactions = append(b.Interactions, interactionOf(&f.tries[i]))
	}
	if len(f.spans) == 0 {
		b.Note = a.whyNoSpans(f.tries)
	}
	return out, nil
}

// whichTraces says of which traces the spans are kept.
func (a *API) whichTraces() string {
	k := a.opts.Keeping
	s := fmt.Sprintf("Spans are kept of traces with a failed or degraded interaction, and of %.3g %% of the others", 100*k.Share)
	if k.For > 0 {
		s += fmt.Sprintf(", for %.3g days", k.For.Hours()/24)
	}
	return s + fmt.Sprintf("; they are there about %s after the interaction", k.Behind.Round(time.Second))
}

// whyNoSpans tells a trace whose spans are still to come from one whose spans are not kept.
func (a *API) whyNoSpans(tries []felt.Interaction) string {
	behind := felt.Instant(a.opts.Keeping.Behind) + felt.Minute // it works in steps
	for i := range tries {
		hit := tries[i].Outcome == felt.OutcomeFailed || tries[i].Outcome == felt.OutcomeDegraded
		if hit && a.now()-tries[i].Known.Instant() < behind {
			return "the spans are not there yet: ask again in a minute. " + a.whichTraces()
		}
	}
	return "the spans of this trace are not kept. " + a.whichTraces()
}

// tree puts parents before their children. Spans come in order of start, and so do
// siblings; a circle of parents is cut open at its first span.
func tree(spans []felt.Span) ([]spanView, []resourceView) {
	at := make(map[felt.SpanID]int, len(spans))
	for i := range spans {
		at[spans[i].ID] = i
	}
	children, roots := make([][]int, len(spans)), []int(nil)
	for i := range spans {
		if p, ok := at[spans[i].Parent]; ok && p != i && !spans[i].Parent.IsZero() {
			children[p] = append(children[p], i)
		} else {
			roots = append(roots, i)
		}
	}
	t := treeWriter{spans: spans, children: children, done: make([]bool, len(spans)), places: map[string]int{}, resources: []resourceView{}}
	t.views = make([]spanView, 0, len(spans))
	for _, i := range roots {
		t.from(i)
	}
	for i := range spans { // those in circles
		t.from(i)
	}
	return t.views, t.resources
}

type treeWriter struct {
	spans     []felt.Span
	children  [][]int
	done      []bool
	views     []spanView
	places    map[string]int
	resources []resourceView
}

// from writes a span and what is under it. It keeps its own stack: a trace may be as deep
// as it is long.
func (t *treeWriter) from(root int) {
	type item struct{ span, depth int }
	for stack := []item{{root, 0}}; len(stack) > 0; {
		x := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if t.done[x.span] {
			continue
		}
		t.done[x.span] = true
		t.views = append(t.views, t.view(&t.spans[x.span], x.depth))
		below := t.children[x.span]
		for i := len(below) - 1; i >= 0; i-- {
			stack = append(stack, item{below[i], x.depth + 1})
		}
	}
}

func (t *treeWriter) view(s *felt.Span, depth int) spanView {
	v := spanView{
		SpanID: s.ID.String(), Depth: depth, Orphan: depth == 0 && !s.Parent.IsZero(), Service: s.Service, Name: s.Name,
		Kind: s.Kind.String(), Status: s.Status.String(), Message: s.Message,
		Start: stampTime(s.Start), End: stampTime(s.End),
		OffsetMS: float64(s.Start-t.spans[0].Start) / 1e6, DurationMS: float64(s.End-s.Start) / 1e6,
		Interaction: s.Interaction, Attributes: attributesOf(s.Attributes), Resource: t.resource(s), Events: make([]noteView, 0, len(s.Events)),
	}
	if !s.Parent.IsZero() {
		v.ParentID = s.Parent.String()
	}
	for _, e := range s.Events {
		v.Events = append(v.Events, noteView{stampTime(e.Time), e.Name, attributesOf(e.Attributes)})
	}
	for _, l := range s.Links {
		v.Links = append(v.Links, l.String())
	}
	return v
}

// resource is the place of a span's resource in the list.
func (t *treeWriter) resource(s *felt.Span) int {
	key := fmt.Sprintf("%q%q%q%q", s.Env, s.Service, s.Release, s.Resource)
	at, ok := t.places[key]
	if !ok {
		at = len(t.resources)
		t.places[key] = at
		t.resources = append(t.resources, resourceView{s.Env, s.Service, s.Release, attributesOf(s.Resource)})
	}
	return at
}

func attributesOf(list []felt.Attribute) map[string]string {
	m := make(map[string]string, len(list))
	for _, a := range list {
		m[a.Key] = a.Value
	}
	return m
}
