package simulate

import (
	"slices"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
)

// faultCase is a fault and what must be true of what it does.
type faultCase struct {
	yaml    string
	inside  func(t *Try) bool // whom it may strike
	effect  float64           // share of those that fail, or are degraded, by it
	by      float64           // and how exact that is
	outcome felt.Outcome
	reason  string
}

// What a fault does is what the scenario says: to whom, how often, while it lasts, and to
// nobody else; and the ledger's truth is a count over the tries by somebody else.
func TestFaults(t *testing.T) {
	pageApp := func(app string) func(*Try) bool {
		return func(t *Try) bool { return t.App() == app && t.op.page() }
	}
	for name, c := range map[string]faultCase{
		"bad_release": {
			"kind: bad_release, app: shop, service: payment, strength: 0.6",
			func(t *Try) bool { return t.Name() == "pay" }, .6, .06, felt.OutcomeFailed, "internal_error",
		},
		"rollout": {
			"kind: bad_release, app: shop, service: checkout-api, share: 0.5, strength: 0.8",
			func(t *Try) bool { return slices.Contains(t.op.services, "checkout-api") }, .4, .05, felt.OutcomeFailed, "internal_error",
		},
		"region_down": {
			"kind: region_down, segment: {region: us-east}, strength: 0.9",
			func(t *Try) bool { return t.region == 2 && t.op.by != byLog }, .9, .04, felt.OutcomeFailed, "region_unreachable",
		},
		"slow_third_party": {
			"kind: slow_third_party, app: shop, peer: api.cardworks.example, share: 0.9, strength: 0.8",
			func(t *Try) bool { return t.Name() == "pay" }, .72, .06, felt.OutcomeDegraded, "slow",
		},
		"third party times out": {
			"kind: slow_third_party, app: shop, peer: api.cardworks.example, share: 0.9, strength: 0.2",
			func(t *Try) bool { return t.Name() == "pay" }, .72, .06, felt.OutcomeFailed, "upstream_timeout",
		},
		"silent_outage": {
			"kind: silent_outage, app: shop, share: 0.8", pageApp("shop"), .8, .05, felt.OutcomeNone, "",
		},
		"frontend_error": {
			"kind: frontend_error, app: shop, interactions: [cart], segment: {browser: safari}, strength: 0.9, version: 5.3.0",
			func(t *Try) bool { return t.Name() == "cart" && (t.browser == 1 || t.browser == 5) }, .9, .06, felt.OutcomeFailed, "TypeError",
		},
		"flapping": {
			"kind: flapping, app: identity, interactions: [login], strength: 0.8, period: 30s",
			func(t *Try) bool { return t.Name() == "login" }, .4, .12, felt.OutcomeFailed, "connection_refused",
		},
		"paper_cuts": {
			"kind: paper_cuts, app: shop, share: 0.06",
			func(t *Try) bool { return t.App() == "shop" && (t.op.by == byBrowser || t.op.limit > 0) }, .077, .012, felt.OutcomeDegraded, "slow",
		},
		"async_failures": {
			"kind: async_failures, app: media, interactions: [scan], strength: 0.7",
			func(t *Try) bool { return t.Name() == "scan" }, .7, .2, felt.OutcomeFailed, "infrastructure_error",
		},
		"noisy_customer": {
			"kind: noisy_customer, app: shop, interactions: [cart], rate: 10, strength: 1",
			func(t *Try) bool { return t.Name() == "cart" && t.pestering }, 1, 0, felt.OutcomeFailed, "invalid_request",
		},
		"creeping_saturation": {
			"kind: creeping_saturation, app: shop, service: checkout-api",
			func(t *Try) bool { return slices.Contains(t.op.services, "checkout-api") }, .18, .06, felt.OutcomeFailed, "connection_pool_exhausted",
		},
		"late":  {"kind: late_and_duplicated", func(*Try) bool { return false }, 0, 0, felt.OutcomeFailed, "-"},
		"skew":  {"kind: clock_skew", func(*Try) bool { return false }, 0, 0, felt.OutcomeFailed, "-"},
		"plans": {"kind: region_down, segment: {region: us-east, plan: business}", func(t *Try) bool { return t.region == 2 && (t.known && t.plan == 2 || t.op.by == byWorker) }, .9, .1, felt.OutcomeFailed, "region_unreachable"},
	} {
		t.Run(name, func(t *testing.T) { c.check(t) })
	}
}

func (c *faultCase) check(t *testing.T) {
	w := newWorld(t, "title: t\nshape: flat\nnoise: 1\nfaults: [{name: f, "+c.yaml+", start: 1m, duration: 4m}]", Options{Rate: 120})
	d, l, tries := live(t, w, EncoderOptions{}, 6*felt.Minute)
	from, to := w.opt.Start+felt.Minute, w.opt.Start+5*felt.Minute
	who := map[uint32]bool{}
	links := map[uint32]uint32{}
	for _, try := range tries { // as Felt links them, and from the tries alone
		if try.known && !try.Lost() {
			links[whoSession|try.session], links[try.installation()] = try.person, try.person
		}
	}
	var n, hit, spoiled float64
	var first felt.Instant
	for i := range tries {
		try := &tries[i]
		if try.Traffic != felt.TrafficCustomer {
			continue
		}
		in := c.inside(try) && try.Start >= from-milli && try.Start < to
		if try.episode >= 0 {
			if !in {
				t.Fatalf("%s/%s at %v is struck outside of the fault", try.App(), try.Name(), try.Start-w.opt.Start)
			}
			spoiled++
			number := try.who()
			if p, ok := links[number]; ok {
				number = p
			}
			who[number] = true
			if first == 0 {
				first = try.End
			}
		}
		if in {
			n++
			if try.Outcome == c.outcome && try.Reason == c.reason {
				hit++
			}
		}
	}
	if c.effect > 0 {
		near(t, "share that is struck", hit/n, c.effect, c.by)
	} else if spoiled > 0 {
		t.Errorf("%v tries are spoiled by what harms nobody", spoiled)
	}
	got := l.Damages()[0]
	if float64(got.Failed+got.Degraded+got.Missing) != spoiled || got.Customers != len(who) {
		t.Errorf("the truth has %d failed, %d degraded, %d missing of %d customers; counted %v of %d", got.Failed, got.Degraded, got.Missing, got.Customers, spoiled, len(who))
	}
	if got.First != nil && got.First.At != first {
		t.Errorf("first hit at %d, counted %d", got.First.At, first)
	}
	if len(got.Hits) >= 20 && got.Twentieth != got.Hits[19].At {
		t.Error("the twentieth is not the twentieth")
	}
	c.spans(t, d, &got)
}

// spans counts the fault's own failures over what was sent.
func (c *faultCase) spans(t *testing.T, d *door, got *Damage) {
	t.Helper()
	if c.outcome != felt.OutcomeFailed || got.Degraded > 0 && got.Failed == 0 {
		return
	}
	traces := map[felt.TraceID]bool{}
	for i := range d.spans {
		if s := &d.spans[i]; s.errorType == c.reason && s.Traffic == felt.TrafficCustomer {
			traces[s.Trace] = true
		}
	}
	if int64(len(traces)) != got.Failed {
		t.Errorf("%d traces have %s, the truth %d failed", len(traces), c.reason, got.Failed)
	}
}

func TestTelemetryOutage(t *testing.T) {
	w := newWorld(t, "title: t\nshape: flat\nfaults: [{name: f, kind: silent_outage, mode: telemetry, share: 1, app: identity, start: 1m, duration: 2m}]", Options{Rate: 60})
	e := NewEncoder(w, EncoderOptions{})
	d, l, tries := newDoor(t), NewLedger(w, 0), []Try(nil)
	for now := w.opt.Start; now < w.opt.Start+4*felt.Minute; now += 10 * felt.Second {
		tries = w.Advance(now)
		for i := range tries {
			if tries[i].Lost() {
				l.Miss(e, &tries[i])
			}
		}
		e.Put(tries)
		for _, b := range append(e.Take(now), e.Metrics(now)...) {
			d.take(&b, now)
			l.Accept(&b)
			out := now > w.opt.Start+75*felt.Second && now < w.opt.Start+3*felt.Minute
			if out && strings.Contains(string(b.Data), "auth-0") && b.Path == "/v1/metrics" {
				t.Fatal("identity still sends metrics")
			}
		}
	}
	for i := range d.spans {
		if s := &d.spans[i]; s.app == "identity" && s.Start > w.opt.Start+65*felt.Second && s.Start < w.opt.Start+175*felt.Second {
			t.Fatalf("identity still tells of %s", s.name)
		}
	}
	if got := l.Damages()[0]; got.Missing == 0 || got.Failed != 0 || got.Customers == 0 {
		t.Errorf("%+v", got)
	}
}

func TestStrikeHealEvery(t *testing.T) {
	w := newWorld(t, "title: t\nfaults: [{name: asked, kind: region_down, segment: {region: eu-west}}, {name: again, kind: flapping, start: 1m, every: 5m}]", Options{})
	if n := len(w.Episodes()); n != 1 {
		t.Fatalf("%d episodes before anything is asked", n)
	}
	if err := w.Strike("nothing", 0, 0); err == nil || !strings.Contains(err.Error(), "again, asked") {
		t.Errorf("no fault of that name: %v", err)
	}
	if err := w.Strike("asked", w.opt.Start+2*felt.Minute, felt.Minute); err != nil {
		t.Fatal(err)
	}
	struck := func(from, to felt.Instant) (n int) {
		for _, try := range lives(w, to) {
			if try.Reason == "region_unreachable" && try.Start >= w.opt.Start+from {
				n++
			}
		}
		return n
	}
	if n := struck(0, 2*felt.Minute-milli); n != 0 {
		t.Errorf("%d are struck before", n)
	}
	if n := struck(2*felt.Minute, 150*felt.Second); n < 50 {
		t.Errorf("only %d are struck", n)
	}
	w.Heal(0)
	if n := struck(150*felt.Second+milli, 4*felt.Minute); n != 0 {
		t.Errorf("%d are struck after it was healed", n)
	}
	lives(w, 20*felt.Minute)
	if n := len(w.Episodes()); n != 2 {
		t.Errorf("%d episodes, although all is healed", n)
	}
	w = newWorld(t, "title: t\nfaults: [{name: again, kind: flapping, start: 1m, every: 5m}]", Options{})
	lives(w, 12*felt.Minute)
	if n := len(w.Episodes()); n != 3 {
		t.Errorf("%d episodes in twelve minutes", n)
	}
	w.Skip(felt.Hour)
	if got := w.Now(); got != w.opt.Start+72*felt.Minute {
		t.Errorf("after a gap it is %v", got-w.opt.Start)
	}
	for _, try := range lives(w, 73*felt.Minute) {
		if try.Start < w.opt.Start+72*felt.Minute-15*felt.Second || try.End-try.Start > felt.Minute {
			t.Fatalf("a try from %v to %v", try.Start-w.opt.Start, try.End-w.opt.Start)
		}
	}
}

func TestMistakes(t *testing.T) {
	for yaml, want := range map[string]string{
		"about: x":             `title`,
		"title: t\nspeed: 2":   `2:1: error:`,
		"title: t\nrate: fast": "2:7: error:",
		"title: t\nfaults:\n  - {name: f, kind: bad_relaese}":                                                   `did you mean "bad_release"`,
		"title: t\nfaults:\n  - {name: f, kind: flapping, app: shopp}":                                          `test.yaml:3:1: error: fault "f": app "shopp" is not in the scenario: there is identity, media, shop`,
		"title: t\nfaults: [{name: f, kind: bad_release}]":                                                      "bad_release needs service",
		"title: t\nfaults: [{name: f, kind: bad_release, service: nobody}]":                                     "nothing in the scenario fits",
		"title: t\nfaults: [{name: f, kind: region_down, segment: {region: mars}}]":                             `nobody has region "mars"`,
		"title: t\nfaults: [{name: f, kind: flapping, segment: {colour: red}}]":                                 `there is no segment "colour"`,
		"title: t\nfaults: [{name: f, kind: flapping}, {name: f, kind: flapping}]":                              "another fault named",
		"title: t\nfaults: [{name: f, kind: noisy_customer}]":                                                   "needs one app and one interaction",
		"title: t\napps: [{kind: shop, apps: 3}]":                                                               "are for a fleet",
		"title: t\napps: [{kind: shop}, {kind: shop}]":                                                          "there is a shop already",
		"title: t\nchanges: [{kind: deploy, app: x}]":                                                           `app "x" is not in the scenario`,
		"title: t\nfaults: [{name: f, kind: flapping, start: 1m, duration: 5m, every: 1m}]":                     "before it is over",
		"title: t\nfaults: [{name: f, kind: flapping, start: 1m, duration: 5m, every: 1m, share: 2}]":           "share",
		"title: t\napps: [{kind: hosting}]\nfaults: [{name: f, kind: slow_third_party, peer: x, app: billing}]": "peers api.bank.example, postgresql",
	} {
		_, problems := Parse("test.yaml", yaml)
		var all strings.Builder
		for _, p := range problems {
			all.WriteString(p.String() + "\n")
		}
		if !strings.Contains(all.String(), want) {
			t.Errorf("%s\n got %s want %s", yaml, all.String(), want)
		}
	}
	s, _ := Parse("x.yaml", "title: t")
	for _, o := range []Options{{}, {Start: monday, Rate: -1}, {Start: monday, Rate: MaxRate + 1}, {Start: monday, Speed: -2}} {
		if _, err := New(s, o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
