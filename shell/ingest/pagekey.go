package ingest

import (
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// PageKey is a key that stands in pages, for all to read: it lets them send telemetry, within its
// bounds, and nothing else. It is safe for concurrent use.
type PageKey interface {
	Name() string // in metrics; several keys may have one
	Expired() bool
	Origin(header string) bool // pages of this origin may send with it
	// Take counts a request of so many bytes in; otherwise it says after how long to come again.
	Take(bytes int64) time.Duration
	Spend(bytes int64) // counts bytes that were not known then
	// Scope is what it may speak for: apps and environments, nil: any; and how many interactions one of
	// its events may stand for at most. See [otlp.Sender].
	Scope() (apps, envs []string, maxWeight float64)
}

// PageKeys are the keys of pages.
type PageKeys struct {
	// Find returns the key with a secret, comparing in constant time.
	Find func(secret string) (PageKey, bool)
	// Origin tells that pages of an origin may send with some key: [CORS] allows these too.
	Origin func(header string) bool
}

// bearer is the token of an Authorization header; "" when there is none.
func bearer(header string) string {
	scheme, token, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// pageKey finds the key of a page.
func (d *Door) pageKey(token string) (PageKey, bool) {
	if d.opt.PageKeys.Find == nil || token == "" {
		return nil, false
	}
	return d.opt.PageKeys.Find(token)
}

// authorise says who sends, or why not. The key is nil when it is not one of a page.
func (x *exchange) authorise() (key PageKey, f *fault) {
	d, r := x.door, x.r
	token := bearer(r.Header.Get("Authorization"))
	key, ok := d.pageKey(token)
	if !ok {
		// Where nobody needs a token, one that is given should still be right: whoever tries out
		// a key wants to know.
		if d.opt.Auth == nil && d.opt.PageKeys.Find != nil && token != "" || !d.allowed(r.Header.Get("Authorization")) {
			x.w.Header().Set("WWW-Authenticate", "Bearer")
			return nil, errDenied()
		}
		return nil, nil
	}
	if key.Expired() {
		x.w.Header().Set("WWW-Authenticate", "Bearer")
		return key, faultf(resultExpired, "the ingest key of %q has expired: give the page a new one", key.Name())
	}
	if origin := r.Header.Get("Origin"); !key.Origin(origin) {
		if origin == "" {
			return key, faultf(resultOrigin, "the ingest key of %q is for pages of some origins, and this request names none", key.Name())
		}
		return key, faultf(resultOrigin, "the ingest key of %q is not for pages of %.100q: add the origin to the key", key.Name(), origin)
	}
	if wait := key.Take(max(r.ContentLength, 0)); wait > 0 {
		f = faultf(resultRate, "more than the ingest key of %q may send: send it again later, or raise its rate", key.Name())
		f.retry = int(min(max(math.Ceil(wait.Seconds()), 1), 3600))
		return key, f
	}
	return key, nil
}

// sender is what the request says of whoever sent it. Addresses are not looked at.
func (x *exchange) sender(key PageKey) otlp.Sender {
	h := x.r.Header
	s := otlp.Sender{Page: key != nil || h.Get("Origin") != "", UserAgent: h.Get("User-Agent")}
	for _, name := range x.door.opt.RegionHeaders {
		if s.Region = h.Get(name); s.Region != "" {
			break
		}
	}
	if key != nil {
		s.Apps, s.Envs, s.MaxWeight = key.Scope()
	}
	return s
}

// keyStats counts answers by key.
type keyStats struct {
	mu sync.Mutex
	of map[string]*keyCounts
}

type keyCounts struct {
	answers [results]atomic.Int64
	denied  atomic.Int64
	cut     atomic.Int64
}

// mostKeys bounds the names that have counts of their own, over all files that there ever were.
const mostKeys = 2000

func (s *keyStats) get(name string) *keyCounts {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = map[string]*keyCounts{}
	}
	c := s.of[name]
	if c == nil && len(s.of) >= mostKeys {
		name = "other"
		c = s.of[name]
	}
	if c == nil {
		c = &keyCounts{}
		s.of[name] = c
	}
	return c
}

// answer counts what a request with a key came to.
func (s *keyStats) answer(key PageKey, report *otlp.Report, f *fault) {
	if key == nil {
		return
	}
	c := s.get(key.Name())
	if f != nil {
		c.answers[f.result].Add(1)
		return
	}
	c.answers[resultOK].Add(1)
	add(&c.denied, report.Denied)
	add(&c.cut, report.CutWeights)
}

func (s *keyStats) metrics() []felt.Metric {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, 0, len(s.of))
	for name := range s.of {
		names = append(names, name)
	}
	slices.Sort(names)
	var list []felt.Metric
	for _, name := range names {
		c, key := s.of[name], felt.Segment{Key: "key", Value: name}
		for r := range results {
			if n := c.answers[r].Load(); n != 0 || r == resultOK {
				list = append(list, felt.Metric{
					Name: "felt_ingest_key_requests_total", Help: "Requests with an ingest key, by what came of them.", Type: felt.MetricCounter,
					Labels: []felt.Segment{key, {Key: "result", Value: r.String()}}, Value: float64(n),
				})
			}
		}
	}
	for _, name := range names {
		if n := s.of[name].denied.Load(); n != 0 {
			list = append(list, felt.Metric{
				Name: "felt_ingest_key_denied_total", Help: "Spans, log records and points of an app or environment that their key may not speak for.",
				Type: felt.MetricCounter, Labels: []felt.Segment{{Key: "key", Value: name}}, Value: float64(n),
			})
		}
	}
	for _, name := range names {
		if n := s.of[name].cut.Load(); n != 0 {
			list = append(list, felt.Metric{
				Name: "felt_ingest_key_cut_weights_total", Help: "Spans and log records that claimed to stand for more than their key lets them (max_weight).",
				Type: felt.MetricCounter, Labels: []felt.Segment{{Key: "key", Value: name}}, Value: float64(n),
			})
		}
	}
	return list
}

// mayOrigin tells that pages of an origin may see answers.
func (d *Door) mayOrigin(origin string) bool {
	for _, a := range d.opt.CORS.Origins {
		if a == "*" || strings.EqualFold(a, origin) {
			return true
		}
	}
	return d.opt.PageKeys.Origin != nil && d.opt.PageKeys.Origin(origin)
}
