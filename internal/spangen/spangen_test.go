package spangen

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// seen is what an independent reader finds in a stretch of a stream.
type seen struct {
	requests, spans, bytes int
	attributes             map[int]int // attributes of a span -> spans
	resourceAttributes     map[int]int
	traces                 map[pcommon.TraceID][]ptrace.Span
	requestsOf             map[pcommon.TraceID]map[int]bool
	servicesOf             map[pcommon.TraceID]map[string]bool
	lastService            map[pcommon.TraceID]string
	operations             map[string]map[string]bool
	truth                  Truth
}

func read(t testing.TB, st *Stream, requests int, now func(int) time.Time) *seen {
	t.Helper()
	s := &seen{
		attributes: map[int]int{}, resourceAttributes: map[int]int{},
		traces: map[pcommon.TraceID][]ptrace.Span{}, requestsOf: map[pcommon.TraceID]map[int]bool{},
		servicesOf: map[pcommon.TraceID]map[string]bool{}, lastService: map[pcommon.TraceID]string{},
		operations: map[string]map[string]bool{},
		truth:      Truth{ByName: map[string]Counts{}},
	}
	all := people{}
	byName := map[string]people{}
	for n := range requests {
		body := st.Next(nil, now(n))
		request := ptraceotlp.NewExportRequest()
		if err := request.UnmarshalProto(body); err != nil {
			t.Fatalf("request %d cannot be decoded: %v", n, err)
		}
		s.requests++
		s.bytes += len(body)
		for _, rs := range request.Traces().ResourceSpans().All() {
			s.resourceAttributes[rs.Resource().Attributes().Len()]++
			service := text(rs.Resource().Attributes(), "service.name")
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					s.span(n, service, span)
					if outcome := text(span.Attributes(), "felt.interaction.outcome"); outcome != "" {
						name := text(span.Attributes(), "felt.interaction.name")
						if byName[name] == nil {
							byName[name] = people{}
						}
						user := text(span.Attributes(), "user.id")
						all.add(outcome, user)
						byName[name].add(outcome, user)
					}
				}
			}
		}
	}
	s.truth.Requests, s.truth.Spans = s.requests, s.spans
	s.truth.All = all.counts()
	for name, p := range byName {
		s.truth.ByName[name] = p.counts()
	}
	return s
}

func (s *seen) span(request int, service string, span ptrace.Span) {
	s.spans++
	s.attributes[span.Attributes().Len()]++
	id := span.TraceID()
	if s.traces[id] == nil {
		s.requestsOf[id], s.servicesOf[id] = map[int]bool{}, map[string]bool{}
	}
	if s.operations[service] == nil {
		s.operations[service] = map[string]bool{}
	}
	s.traces[id] = append(s.traces[id], span)
	s.requestsOf[id][request] = true
	s.servicesOf[id][service] = true
	s.lastService[id] = service
	s.operations[service][span.Name()] = true
}

// people are the tries of each customer by outcome.
type people map[string]map[string]int

func (p people) add(outcome, user string) {
	if p[outcome] == nil {
		p[outcome] = map[string]int{}
	}
	p[outcome][user]++
}

func (p people) counts() (c Counts) {
	distinct := map[string]bool{}
	for outcome, users := range p {
		for user, tries := range users {
			distinct[user] = true
			c.Interactions += tries
			switch outcome {
			case "failed":
				c.Failed += tries
			case "degraded":
				c.Degraded += tries
			}
		}
	}
	c.Customers = len(distinct)
	c.CustomersFailed, c.CustomersDegraded = len(p["failed"]), len(p["degraded"])
	return c
}

func text(m pcommon.Map, key string) string {
	v, ok := m.Get(key)
	if !ok {
		return ""
	}
	return v.AsString()
}

func at(t time.Time) func(int) time.Time { return func(int) time.Time { return t } }

func newSet(t testing.TB, c Config) *Set {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheLoadIsTheOneThatSpeedIsMeasuredWith(t *testing.T) {
	set := newSet(t, Config{Seed: 1, Requests: 100})
	if set.Requests() != 100 {
		t.Fatalf("%d requests, want 100", set.Requests())
	}
	s := read(t, set.Stream(1, 0), set.Requests(), at(noon))

	if want := 100 * SpansPerRequest; s.spans != want {
		t.Errorf("%d spans, want %d", s.spans, want)
	}
	if perSpan := float64(s.bytes) / float64(s.spans); perSpan < 690 || perSpan > 710 {
		t.Errorf("%.1f bytes a span, want about 699", perSpan)
	}
	if diff := cmp.Diff(map[int]int{AttributesPerSpan: s.spans}, s.attributes); diff != "" {
		t.Errorf("attributes of spans (-want +got):\n%s", diff)
	}
	if len(s.resourceAttributes) != 1 || s.resourceAttributes[AttributesPerResource] == 0 {
		t.Errorf("attributes of resources: %v, want %d everywhere", s.resourceAttributes, AttributesPerResource)
	}
	if got, want := s.truth.All.Interactions, s.spans/50; got != want {
		t.Errorf("%d interactions, want %d", got, want)
	}
	if got, want := s.truth.All.Failed, 10; got != want { // 1 % of 1,024
		t.Errorf("%d failed, want %d", got, want)
	}
	if len(s.operations) != 5 {
		t.Errorf("services %d, want 5", len(s.operations))
	}
	for service, ops := range s.operations {
		if len(ops) != 20 {
			t.Errorf("%s has %d operations, want 20", service, len(ops))
		}
	}
}

func TestATraceIsWholeAndItsBrowserIsLast(t *testing.T) {
	set := newSet(t, Config{Seed: 2, Requests: 40})
	s := read(t, set.Stream(7, 0), 40, at(noon))
	if want := 2 * TracesPerWave; len(s.traces) != want {
		t.Fatalf("%d traces, want %d", len(s.traces), want)
	}
	for id, spans := range s.traces {
		if len(spans) != SpansPerTrace || len(s.servicesOf[id]) != 5 || len(s.requestsOf[id]) < 5 {
			t.Fatalf("trace %s: %d spans of %d services in %d requests", id, len(spans), len(s.servicesOf[id]), len(s.requestsOf[id]))
		}
		if s.lastService[id] != "shop-web" {
			t.Fatalf("trace %s ends with %s", id, s.lastService[id])
		}
		checkTree(t, spans)
	}
}

// checkTree finds the parent of every span but one, and it lasts at least as long.
func checkTree(t *testing.T, spans []ptrace.Span) {
	t.Helper()
	byID := map[pcommon.SpanID]ptrace.Span{}
	for _, span := range spans {
		byID[span.SpanID()] = span
	}
	roots := 0
	for _, span := range spans {
		if span.EndTimestamp().AsTime().After(noon) || span.StartTimestamp().AsTime().Before(noon.Add(-21*time.Second)) {
			t.Fatalf("%s runs from %v to %v", span.Name(), span.StartTimestamp().AsTime(), span.EndTimestamp().AsTime())
		}
		for _, event := range span.Events().All() {
			if event.Timestamp() != span.EndTimestamp() {
				t.Fatalf("event of %s at %v", span.Name(), event.Timestamp().AsTime())
			}
		}
		if span.ParentSpanID().IsEmpty() {
			roots++
			continue
		}
		parent, ok := byID[span.ParentSpanID()]
		if !ok || parent.StartTimestamp() > span.StartTimestamp() || parent.EndTimestamp() < span.EndTimestamp() {
			t.Fatalf("%s is not within its parent", span.Name())
		}
	}
	if roots != 1 {
		t.Fatalf("%d roots", roots)
	}
}

func TestTheStreamKnowsTheTruth(t *testing.T) {
	// Few customers and several passes, so that customers come again.
	set := newSet(t, Config{Seed: 3, Requests: 20, Customers: 400, FailedShare: 0.1})
	st := set.Stream(1, 0)
	s := read(t, st, 5*20, at(noon))
	got := st.Truth()
	if diff := cmp.Diff(s.truth, got); diff != "" {
		t.Errorf("truth (-decoded +stream):\n%s", diff)
	}
	if got.All.Customers == got.All.Interactions || got.All.CustomersFailed == 0 {
		t.Errorf("nobody came twice, or nobody failed: %+v", got.All)
	}
}

func TestEveryPassIsNew(t *testing.T) {
	set := newSet(t, Config{Seed: 4, Requests: 20})
	one := read(t, set.Stream(1, 0), 3*20, at(noon))
	if want := 3 * TracesPerWave; len(one.traces) != want {
		t.Errorf("three passes have %d traces, want %d", len(one.traces), want)
	}
	two := read(t, set.Stream(2, 0), 20, at(noon))
	for id := range two.traces {
		if one.traces[id] != nil {
			t.Fatalf("trace %s is in two runs", id)
		}
	}
	// About 205 interactions a pass among 100,000 customers: hardly anybody twice.
	if c := one.truth.All; c.Customers < c.Interactions*95/100 {
		t.Errorf("%d interactions by only %d customers", c.Interactions, c.Customers)
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	a, b := newSet(t, Config{Seed: 5, Requests: 20}), newSet(t, Config{Seed: 5, Requests: 20})
	other := newSet(t, Config{Seed: 6, Requests: 20})
	sa, sb, so := a.Stream(9, 0), b.Stream(9, 0), other.Stream(9, 0)
	for n := range 40 {
		x, y, z := sa.Next(nil, noon), sb.Next(nil, noon), so.Next(nil, noon)
		if !bytes.Equal(x, y) {
			t.Fatalf("request %d differs with the same seed", n)
		}
		if bytes.Equal(x, z) {
			t.Fatalf("request %d is the same with another seed", n)
		}
	}
}

func TestLagHoldsBackTheBrowser(t *testing.T) {
	const lag = 2
	set := newSet(t, Config{Seed: 8, Requests: 60})
	st := set.Stream(1, lag)
	// 2 waves without a browser request, then 3 with the one of two waves before.
	step := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Second) }
	s := read(t, st, 2*19+3*20, step)
	whole := 0
	for id, spans := range s.traces {
		if s.lastService[id] != "shop-web" {
			continue
		}
		whole++
		if len(spans) != SpansPerTrace {
			t.Fatalf("trace %s has a root and only %d spans", id, len(spans))
		}
		root := spans[len(spans)-1]
		for _, span := range spans {
			if span.StartTimestamp() < root.StartTimestamp() || span.EndTimestamp() > root.EndTimestamp() {
				t.Fatalf("trace %s: the times of back end and browser do not fit", id)
			}
		}
	}
	if whole != 3*TracesPerWave {
		t.Errorf("%d whole traces, want %d", whole, 3*TracesPerWave)
	}
	if diff := cmp.Diff(s.truth, st.Truth()); diff != "" {
		t.Errorf("truth (-decoded +stream):\n%s", diff)
	}
}

func TestACustomerHasOneRegionAndPlan(t *testing.T) {
	set := newSet(t, Config{Seed: 9, Requests: 40, Customers: 60})
	s := read(t, set.Stream(1, 0), 400, at(noon))
	segments := map[string]string{}
	for _, spans := range s.traces {
		for _, span := range spans {
			region := text(span.Attributes(), "felt.segment.region")
			if region == "" {
				continue
			}
			user := text(span.Attributes(), "user.id")
			got := region + " " + text(span.Attributes(), "felt.segment.plan")
			if was, ok := segments[user]; ok && was != got {
				t.Fatalf("%s is %q and %q", user, was, got)
			}
			segments[user] = got
		}
	}
	if len(segments) < 55 {
		t.Errorf("%d customers, want nearly 60", len(segments))
	}
}

func TestBaggageCopiesTheNameOnly(t *testing.T) {
	set := newSet(t, Config{Seed: 10, Requests: 20, BaggageCopies: 4})
	s := read(t, set.Stream(1, 0), 20, at(noon))
	named, decided := 0, 0
	for _, spans := range s.traces {
		for _, span := range spans {
			if text(span.Attributes(), "felt.interaction.name") != "" {
				named++
			}
			if text(span.Attributes(), "felt.interaction.outcome") != "" {
				decided++
			}
		}
	}
	if named != 5*decided || decided != s.truth.All.Interactions {
		t.Errorf("%d spans have a name and %d an outcome", named, decided)
	}
	if len(s.attributes) != 1 || s.attributes[AttributesPerSpan] == 0 {
		t.Errorf("attributes of spans: %v", s.attributes)
	}
}

func TestBadConfigIsRefused(t *testing.T) {
	for name, c := range map[string]Config{
		"more interactions than roots": {InteractionShare: 0.06},
		"negative requests":            {Requests: -1},
		"fewer customers than classes": {Customers: 19},
		"more outcomes than tries":     {FailedShare: 0.7, DegradedShare: 0.4},
		"too many copies":              {BaggageCopies: 5},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func BenchmarkNext(b *testing.B) {
	set := newSet(b, Config{Seed: 1, Requests: 200})
	st := set.Stream(1, 0)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = st.Next(buf, noon)
		b.SetBytes(int64(len(buf)))
	}
}
