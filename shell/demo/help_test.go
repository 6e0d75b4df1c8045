package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/felt-cx/felt"
)

// received is a server that takes OTLP/JSON and keeps it, span by span. It knows nothing
// of how the demo counts.
type received struct {
	t *testing.T
	// answer, when given, decides about a request before it is taken; nil takes it.
	answer func(n int, r *http.Request) (*http.Response, error)

	mu       sync.Mutex
	requests []arrival
	spans    map[string][]seenSpan
	order    []seenSpan
	logs     int
	points   int
}

type arrival struct {
	at   time.Time
	path string
	body string
	auth string
}

type seenSpan struct {
	at time.Time
	span
	service, sdk string
	attributes   map[string]string
}

func (s *received) client() *http.Client { return &http.Client{Transport: s} }

// RoundTrip implements [http.RoundTripper].
func (s *received) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.requests = append(s.requests, arrival{time.Now(), r.URL.Path, string(body), r.Header.Get("Authorization")})
	if s.answer != nil {
		res, err := s.answer(len(s.requests), r)
		if errors.Is(err, errTaken) {
			s.take(r.URL.Path, body)
			return nil, err
		}
		if res != nil || err != nil {
			return res, err
		}
	}
	s.take(r.URL.Path, body)
	return respond(r, http.StatusOK, "{}"), nil
}

// errTaken: the request is taken, but its answer is lost.
var errTaken = errors.New("connection reset")

func respond(r *http.Request, code int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{
		StatusCode: code, Status: http.StatusText(code), Header: h, Request: r, Body: io.NopCloser(strings.NewReader(body)),
	}
}

func (s *received) take(path string, body []byte) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	switch path {
	case "/v1/traces":
		var q tracesRequest
		if err := dec.Decode(&q); err != nil {
			s.t.Errorf("%s: %v", path, err)
		}
		for _, rs := range q.ResourceSpans {
			res := plain(rs.Resource.Attributes)
			for _, ss := range rs.ScopeSpans {
				for _, sp := range ss.Spans {
					s.span(seenSpan{time.Now(), sp, res["service.name"], res["telemetry.sdk.language"], plain(sp.Attributes)})
				}
			}
		}
	case "/v1/logs":
		s.logs++
	case "/v1/metrics":
		s.points++
	default:
		s.t.Errorf("path %s", path)
	}
}

// span keeps a span once.
func (s *received) span(sp seenSpan) {
	if s.spans == nil {
		s.spans = map[string][]seenSpan{}
	}
	for _, o := range s.spans[sp.TraceID] {
		if o.SpanID == sp.SpanID {
			return
		}
	}
	s.spans[sp.TraceID] = append(s.spans[sp.TraceID], sp)
	s.order = append(s.order, sp)
}

func plain(list []attribute) map[string]string {
	m := map[string]string{}
	for _, a := range list {
		switch {
		case a.Value.Text != nil:
			m[a.Key] = *a.Value.Text
		case a.Value.Int != nil:
			m[a.Key] = *a.Value.Int
		}
	}
	return m
}

// decided are the spans that decide an interaction: those with an outcome, and of traces
// without one those with a name.
func (s *received) decided() []seenSpan {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []seenSpan
	for _, sp := range s.order {
		named := sp.attributes["felt.interaction.name"] != ""
		_, said := sp.attributes["felt.interaction.outcome"]
		if said || named && sp.attributes["felt.interaction.name"] == webhook {
			list = append(list, sp)
		}
	}
	return list
}

func outcomeOf(sp *seenSpan) felt.Outcome {
	if o, ok := felt.ParseOutcome(sp.attributes["felt.interaction.outcome"]); ok {
		return o
	}
	if sp.Status != nil && sp.Status.Code == statusError {
		return felt.OutcomeFailed
	}
	return felt.OutcomeSuccess
}

func personOf(sp *seenSpan) string {
	if u := sp.attributes["user.id"]; u != "" {
		return "user " + u
	}
	return "session " + sp.attributes["session.id"]
}

// recount counts by hand what Truth counts.
func recount(list []seenSpan, name string, w felt.Window) Truth {
	customers, sessions := map[string]map[felt.Outcome]bool{}, map[string]map[felt.Outcome]bool{}
	var t Truth
	add := func(m map[string]map[felt.Outcome]bool, who string, o felt.Outcome) {
		if m[who] == nil {
			m[who] = map[felt.Outcome]bool{}
		}
		m[who][o] = true
	}
	for i := range list {
		sp := &list[i]
		if sp.attributes["user_agent.synthetic.type"] != "" || sp.End < w.From || w.To != 0 && sp.End >= w.To {
			continue
		}
		if name != "" && sp.attributes["felt.interaction.name"] != name {
			continue
		}
		o := outcomeOf(sp)
		t.Counts[o]++
		if o == felt.OutcomeCancelled {
			continue
		}
		add(customers, personOf(sp), o)
		if id := sp.attributes["session.id"]; id != "" {
			add(sessions, id, o)
		}
	}
	sum := func(m map[string]map[felt.Outcome]bool) (d felt.Distinct) {
		for _, had := range m {
			d.Total++
			if had[felt.OutcomeFailed] {
				d.Failed++
			}
			if had[felt.OutcomeDegraded] {
				d.Degraded++
			}
		}
		return d
	}
	t.Customers, t.Sessions = sum(customers), sum(sessions)
	return t
}

func mustNew(t *testing.T, o Options) *Demo {
	t.Helper()
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
