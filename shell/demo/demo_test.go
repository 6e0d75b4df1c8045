package demo

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
)

// simulate runs a demo to its end against a server, in no time.
func simulate(t *testing.T, s *received, o Options) (*Demo, felt.Instant) {
	t.Helper()
	s.t = t
	o.Client = s.client()
	d := mustNew(t, o)
	start := felt.InstantOf(time.Now())
	if err := d.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d, start
}

func TestTruthEqualsRecount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &received{}
		d, start := simulate(t, s, Options{For: 3 * time.Minute})
		list := s.decided()
		if len(list) < 6500 {
			t.Fatalf("%d interactions in 3 minutes, want about 7,800", len(list))
		}
		windows := map[string]felt.Window{
			"all":      {},
			"one min":  {From: start + felt.Minute, To: start + 2*felt.Minute},
			"at a ns":  {From: list[500].End, To: list[501].End + 1},
			"half":     {From: list[500].End},
			"excluded": {From: start, To: list[500].End},
		}
		for name := range d.names() {
			for title, w := range windows {
				got := d.Truth(felt.Scope{App: App, Name: name}, w)
				want := recount(list, name, w)
				want.Complete = w.From >= start
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%q, %s: (-recount +truth)\n%s", name, title, diff)
				}
			}
		}
		// Each ended at the very nanosecond that its span says.
		for i := range list {
			w := felt.Window{From: list[i].End, To: list[i].End + 1}
			name := list[i].attributes["felt.interaction.name"]
			if i%100 != 0 && name != webhook || list[i].attributes["user_agent.synthetic.type"] != "" {
				continue
			}
			if got := d.Truth(felt.Scope{Name: name}, w); got.Counts[outcomeOf(&list[i])] < 1 {
				t.Errorf("nothing at the end of %q %v", name, list[i].TraceID)
			}
		}
		if got := d.Truth(felt.Scope{App: "another"}, felt.Window{}); got.Customers.Total != 0 {
			t.Errorf("another app has %d customers", got.Customers.Total)
		}
		if d.Sending() {
			t.Error("still sending after Run")
		}
	})
}

// names are the names of all interactions, and none.
func (d *Demo) names() map[string]*interaction {
	m := catalog()
	m[""] = nil
	return m
}

func TestSameSeedSameShop(t *testing.T) {
	bodies := func(seed uint64) (all []string) {
		synctest.Test(t, func(t *testing.T) { // starts at the same moment each time
			s := &received{}
			simulate(t, s, Options{Seed: seed, For: time.Minute})
			for _, r := range s.requests {
				all = append(all, r.body)
			}
		})
		return all
	}
	one := bodies(7)
	if diff := cmp.Diff(one, bodies(7)); diff != "" {
		t.Error("the same seed and start gave another shop")
	}
	if cmp.Equal(one, bodies(8)) {
		t.Error("another seed gave the same shop")
	}
}

// What is advanced in one go happens as in small steps.
func TestStepsDoNotMatter(t *testing.T) {
	const start = 1_800_000_000 * felt.Second
	run := func(step felt.Instant) (list []try) {
		s := newShop(3, start, 100, 20, newFaults(start, felt.Second, felt.Minute))
		for at := start; at < start+felt.Minute; at += step {
			list = append(list, s.advance(at+step)...)
		}
		return list
	}
	same := cmp.Comparer(func(a, b try) bool {
		return a.trace == b.trace && a.start == b.start && a.end == b.end && a.outcome == b.outcome && a.visit.session == b.visit.session
	})
	if diff := cmp.Diff(run(felt.Minute), run(100*felt.Second/1000), same); diff != "" {
		t.Error(diff)
	}
}

func TestTheShopLooksAsItShould(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &received{}
		_, start := simulate(t, s, Options{FaultAfter: -1, For: 5 * time.Minute})
		list := s.decided()
		var by [felt.Outcomes]float64
		var all, bots, webhooks, known float64
		for i := range list {
			switch {
			case list[i].attributes["user_agent.synthetic.type"] == "bot":
				bots++
				continue
			case list[i].attributes["felt.interaction.name"] == webhook:
				webhooks++
				continue
			case list[i].attributes["user.id"] != "":
				known++
			}
			all++
			by[outcomeOf(&list[i])]++
		}
		for _, c := range []struct {
			what           string
			got, low, high float64
		}{
			{"interactions a second", all / 300, 36, 44},
			{"failed", by[felt.OutcomeFailed] / all, .003, .01},
			{"degraded", by[felt.OutcomeDegraded] / all, .01, .03},
			{"known", known / all, .45, .7},
			{"bots", bots / all, .02, .04},
			{"webhooks", webhooks / all, .04, .06},
		} {
			if c.got < c.low || c.got > c.high || math.IsNaN(c.got) {
				t.Errorf("%s: %.4f, want %v to %v", c.what, c.got, c.low, c.high)
			}
		}
		// It must be in full swing at once.
		first := recount(list, "", felt.Window{From: start, To: start + 10*felt.Second})
		if n := first.Counts[felt.OutcomeSuccess]; n < 250 {
			t.Errorf("%d successes in the first 10 s, want about 400", n)
		}
		if s.logs == 0 || s.points == 0 {
			t.Errorf("%d requests of logs, %d of metrics; want some", s.logs, s.points)
		}
	})
}

func TestTracesHangTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &received{}
		simulate(t, s, Options{For: 90 * time.Second})
		outcomes := 0
		for id, spans := range s.spans {
			ids := map[string]seenSpan{}
			for _, sp := range spans {
				ids[sp.SpanID] = sp
			}
			roots := 0
			for _, sp := range spans {
				if sp.Start <= 0 || sp.End < sp.Start || felt.InstantOf(sp.at) < sp.End {
					t.Fatalf("trace %v: span %q from %d to %d, sent at %d", id, sp.Name, sp.Start, sp.End, sp.at.UnixNano())
				}
				if _, ok := sp.attributes["felt.interaction.outcome"]; ok {
					outcomes++
					if sp.sdk != "webjs" || sp.Parent != "" {
						t.Fatalf("trace %v: %s of %s says the outcome, parent %q", id, sp.Name, sp.service, sp.Parent)
					}
				}
				if sp.Parent == "" {
					roots++
					continue
				}
				above, ok := ids[sp.Parent]
				if !ok || sp.Start < above.Start || sp.End > above.End {
					t.Fatalf("trace %v: span %q is not inside its parent %q", id, sp.Name, above.Name)
				}
			}
			if roots != 1 {
				t.Fatalf("trace %v has %d roots", id, roots)
			}
		}
		if outcomes == 0 {
			t.Error("nothing says an outcome")
		}
	})
}

// A failure is reported at once, a success is held back, and the services come before it.
func TestWhenThingsAreReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &received{}
		d, start := simulate(t, s, Options{For: 2 * time.Minute})
		_ = d
		end := start + 2*felt.Minute - holdBack - felt.Second // the last ones go out early
		var latest felt.Instant
		for _, sp := range s.decided() {
			late := felt.InstantOf(sp.at) - sp.End
			if sp.sdk != "webjs" || sp.End > end {
				continue
			}
			latest = max(latest, late)
			if outcomeOf(&sp) == felt.OutcomeFailed && late > felt.Instant(stepEvery) {
				t.Fatalf("a failure was reported %v late", time.Duration(late))
			}
			if late > holdBack+felt.Instant(stepEvery) {
				t.Fatalf("an outcome was reported %v late", time.Duration(late))
			}
		}
		if latest < 2*felt.Second {
			t.Errorf("no success was held back for 2 s; the longest %v", time.Duration(latest))
		}
	})
}

// The detector's own sum: at least 20 customers in the minute, and so many of them
// failed that chance is out of question, well before 30 s have passed.
func TestTheFaultIsSeenInTime(t *testing.T) {
	for seed := range uint64(2) {
		synctest.Test(t, func(t *testing.T) {
			s := &received{}
			d, start := simulate(t, s, Options{Seed: seed + 1, For: 4 * time.Minute, FaultFor: time.Minute})
			w, ok := d.faults.latest(felt.InstantOf(time.Now()))
			if !ok || w.From != start+45*felt.Second || w.To != w.From+felt.Minute {
				t.Fatalf("fault %v, started %v", w, start)
			}
			list := s.decided()
			named := map[string][]seenSpan{}
			for _, sp := range list {
				name := sp.attributes["felt.interaction.name"]
				named[name] = append(named[name], sp)
			}
			minute := func(at felt.Instant, name string) (n, k int64) {
				m := recount(arrived(named[name], at), name, felt.Window{From: at - felt.Minute, To: at})
				return m.Customers.Total, m.Customers.Failed
			}
			if n, k := minute(w.From+15*felt.Second, faultName); n < 40 || tail(n, k, .015) > 1e-6 {
				t.Errorf("seed %d: 15 s after the fault %d of %d customers failed: chance %.2g", seed, k, n, tail(n, k, .015))
			}
			for at := start + 20*felt.Second; at < start+4*felt.Minute; at += 10 * felt.Second {
				for name := range d.names() {
					if name == "" || name == faultName && at > w.From && at < w.To+65*felt.Second {
						continue
					}
					if n, k := minute(at, name); n >= 20 && tail(n, k, .01) < 1e-6 && float64(k) > .03*float64(n) {
						t.Errorf("seed %d: false alarm at %v: %q, %d of %d", seed, time.Duration(at-start), name, k, n)
					}
				}
			}
			hit := recount(list, faultName, w)
			if hit.Customers.Failed < 80 || float64(hit.Customers.Failed) > .6*float64(hit.Customers.Total) {
				t.Errorf("seed %d: %d of %d customers hit", seed, hit.Customers.Failed, hit.Customers.Total)
			}
			if tries := hit.Counts[felt.OutcomeFailed]; tries < hit.Customers.Failed*5/4 {
				t.Errorf("seed %d: %d failed tries of %d customers: too few retries", seed, tries, hit.Customers.Failed)
			}
			after := recount(list, faultName, felt.Window{From: w.To + 5*felt.Second})
			if float64(after.Customers.Failed) > .04*float64(after.Customers.Total) {
				t.Errorf("seed %d: %d of %d customers fail after the fault", seed, after.Customers.Failed, after.Customers.Total)
			}
			for i := range list {
				sp := &list[i]
				if sp.attributes["felt.interaction.reason"] == "payment_timeout" &&
					(sp.attributes["felt.segment.region"] != faultRegion || sp.Start < w.From || sp.Start >= w.To) {
					t.Fatalf("seed %d: the fault strikes %v", seed, sp.attributes)
				}
			}
		})
	}
}

// arrived is what had come in by a moment.
func arrived(list []seenSpan, by felt.Instant) (some []seenSpan) {
	for _, sp := range list {
		if felt.InstantOf(sp.at) <= by {
			some = append(some, sp)
		}
	}
	return some
}

// tail is the chance of k or more of n at share p.
func tail(n, k int64, p float64) float64 {
	sum := 0.0
	for i := k; i <= n; i++ {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(i + 1))
		c, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(a - b - c + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return sum
}

func TestFaultsComeAgain(t *testing.T) {
	const start = 1_800_000_000 * felt.Second
	f := newFaults(start, 45*felt.Second, 2*felt.Minute)
	at := func(d time.Duration) felt.Instant { return start + felt.Instant(d) }
	for _, c := range []struct {
		at      time.Duration
		strikes bool
	}{
		{0, false},
		{45*time.Second - 1, false},
		{45 * time.Second, true},
		{165*time.Second - 1, true},
		{165 * time.Second, false},
		{10*time.Minute + 45*time.Second - 1, false},
		{10*time.Minute + 45*time.Second, true},
		{24*time.Hour + 45*time.Second, true},
	} {
		if got := f.strikes(at(c.at)); got != c.strikes {
			t.Errorf("after %v: strikes %v", c.at, got)
		}
	}
	if w, _ := f.next(at(0)); w.From != at(45*time.Second) {
		t.Errorf("next %v", w)
	}
	if w, _ := f.next(at(45 * time.Second)); w.From != at(10*time.Minute+45*time.Second) {
		t.Errorf("next %v", w)
	}
	if w, ok := f.latest(at(12 * time.Minute)); !ok || w.From != at(10*time.Minute+45*time.Second) {
		t.Errorf("latest %v", w)
	}
	long := newFaults(start, 0, 20*felt.Minute)
	if !long.strikes(at(19*time.Minute)) || long.strikes(at(21*time.Minute)) || !long.strikes(at(25*time.Minute)) {
		t.Error("a long fault has no calm after it")
	}
	for _, never := range []faults{{}, newFaults(start, -1, felt.Minute), newFaults(start, 0, 0)} {
		_, next := never.next(start)
		if never.strikes(start) || next {
			t.Errorf("%+v strikes", never)
		}
	}
}

func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &received{t: t}
		d := mustNew(t, Options{Client: s.client()})
		ended := make(chan error)
		go func() { ended <- d.Run(t.Context()) }()
		time.Sleep(10 * time.Second) // the bubble's clock: nothing is left to luck
		d.Stop()
		d.Stop()
		if err := <-ended; err != nil || d.Sending() {
			t.Fatalf("Run: %v; sending %v", err, d.Sending())
		}
		n := len(s.requests)
		time.Sleep(time.Minute)
		if len(s.requests) != n {
			t.Error("sent after the end")
		}
		// Whatever the services reported has its outcome too.
		said := map[string]bool{}
		for _, sp := range s.decided() {
			said[sp.TraceID] = true
		}
		for id, spans := range s.spans {
			if !said[id] {
				t.Errorf("trace %v (%s) was cut in two", id, spans[0].Name)
			}
		}
		if d.Run(t.Context()) == nil {
			t.Error("a second Run was allowed")
		}
	})
}

func TestEndOfContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &received{t: t, answer: func(_ int, r *http.Request) (*http.Response, error) {
			return respond(r, http.StatusServiceUnavailable, "", "Retry-After", "60"), nil
		}}
		d := mustNew(t, Options{Client: s.client()})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		begun := time.Now()
		if err := d.Run(ctx); err != nil || time.Since(begun) != 10*time.Second {
			t.Errorf("Run: %v after %v", err, time.Since(begun))
		}
		if got := d.Truth(felt.Scope{}, felt.Window{}); got.Customers.Total != 0 {
			t.Errorf("%d customers, although nothing was accepted", got.Customers.Total)
		}
	})
}

// After a long pause the shop does not make up for all of it.
func TestLongPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &received{}
		s.answer = func(n int, r *http.Request) (*http.Response, error) {
			if n == 100 {
				return respond(r, 429, "", "Retry-After", "300"), nil
			}
			return nil, nil //nolint:nilnil // takes it
		}
		_, start := simulate(t, s, Options{For: 8 * time.Minute, FaultAfter: -1, Rate: 10})
		list := s.decided()
		if n := len(list); n > (3*60+30+10)*12 {
			t.Errorf("%d interactions in 3.5 minutes", n)
		}
		last := list[len(list)-1].End
		if last < start+8*felt.Minute-5*felt.Second {
			t.Errorf("the shop lags behind by %v", time.Duration(start+8*felt.Minute-last))
		}
	})
}

func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logs bytes.Buffer
		s := &received{t: t}
		s.answer = func(n int, r *http.Request) (*http.Response, error) {
			if n%10 == 3 {
				return respond(r, http.StatusBadRequest, "spans[3]: truncated"), nil
			}
			return nil, nil //nolint:nilnil // takes it
		}
		d, _ := simulate(t, s, Options{For: time.Minute, FaultAfter: -1, Logger: slog.New(slog.NewTextHandler(&logs, nil))})
		got, want := d.Truth(felt.Scope{}, felt.Window{From: 1}), recount(s.decided(), "", felt.Window{From: 1})
		if diff := cmp.Diff(want, got); diff != "" || d.ledger.delivered().Refused == 0 {
			t.Errorf("refused %d; (-recount +truth)\n%s", d.ledger.delivered().Refused, diff)
		}
		if !strings.Contains(logs.String(), "spans[3]: truncated") {
			t.Error("the log does not say why")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := &received{t: t, answer: func(_ int, r *http.Request) (*http.Response, error) {
			return respond(r, http.StatusUnauthorized, "no token"), nil
		}}
		err := mustNew(t, Options{Client: s.client(), Token: "abc"}).Run(t.Context())
		if !errors.Is(err, errDenied) || !strings.Contains(err.Error(), "no token") {
			t.Errorf("err %v", err)
		}
		if s.requests[0].auth != "Bearer abc" {
			t.Errorf("auth %q", s.requests[0].auth)
		}
	})
}

func TestOptions(t *testing.T) {
	for _, o := range []Options{{Customers: -1}, {Rate: -1}, {Rate: math.NaN()}, {Rate: 1e9}, {FaultFor: -1}, {For: -1}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	_, err := New(Options{Customers: -1, For: -1})
	if err == nil || !strings.Contains(err.Error(), "customers") || !strings.Contains(err.Error(), "for:") {
		t.Errorf("not every problem at once: %v", err)
	}
}
