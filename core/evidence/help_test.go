package evidence_test

import (
	"fmt"
	"math"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/evidence"
)

const (
	began felt.Instant = 20_000*felt.Day + 14*felt.Hour + 23*felt.Minute
	seen               = 10 * felt.Minute // since then
)

// world is a shop with regions, browsers and releases, its services, and what goes wrong.
type world struct {
	kind    string
	minutes int // of traffic before
	regions []string
	// share of tries that are bad, and of those that come (1), by leaf; since it began
	bad  func(region, browser, release string) float64
	come func(region, browser, release string) float64
	// the new release of the browser app is on this share of tries, since then
	rollout      float64
	rolledOut    felt.Instant
	flags        func(region, browser, release string) []string
	errs         map[string]float64 // share of errors by service, or by edge "a>b", since it began
	slow         map[string]float64 // factor of durations, the same
	changes      []felt.Change
	extraSegment bool
	rename       func(string) string
	quiet        map[string]felt.Instant // since when a node is out of its band, if not since it began
}

func usual(region, browser, _ string) float64 {
	return .008 + .002*float64(len(region)%2) + .002*float64(len(browser)%2)
}

func (w *world) name(s string) string {
	if w.rename == nil {
		return s
	}
	return w.rename(s)
}

// leaves are the tries of some minutes.
func (w *world) leaves(minutes float64, from felt.Instant, now bool) []felt.Leaf {
	var list []felt.Leaf
	for r, region := range w.regions {
		for b, browser := range []string{"chrome", "safari", "firefox"} {
			releases := map[string]float64{"5.1": 1}
			if now && w.rollout > 0 {
				releases = map[string]float64{"5.1": 1 - w.rollout, "5.2": w.rollout}
			}
			for _, release := range []string{"5.1", "5.2"} {
				n := minutes * 60 * releases[release] / float64(r+1) / float64(b+1)
				share := usual(region, browser, release)
				if now && w.come != nil {
					n *= w.come(region, browser, release)
				}
				if now && w.bad != nil {
					share = max(share, w.bad(region, browser, release))
				}
				if n < 1 {
					continue
				}
				l := felt.Leaf{Service: "web", Release: release, First: from, Segments: []felt.Segment{{Key: "region", Value: w.name(region)}, {Key: "browser", Value: w.name(browser)}}}
				if release == "5.2" {
					l.First = max(from, w.rolledOut)
				}
				if w.flags != nil {
					l.Flags = w.flags(region, browser, release)
				}
				failed := int64(math.Round(n * share))
				l.Counts = felt.Counts{Success: int64(math.Round(n)) - failed, Failed: failed}
				l.Failed = failed * 3 / 4
				list = append(list, w.split(l)...)
			}
		}
	}
	return list
}

// split adds a segment that means nothing.
func (w *world) split(l felt.Leaf) []felt.Leaf {
	if !w.extraSegment {
		return []felt.Leaf{l}
	}
	var list []felt.Leaf
	for i := range int64(4) {
		part := l
		share := func(n int64) int64 { return (n + 3 - i) / 4 }
		part.Counts = felt.Counts{Success: share(l.Counts.Success), Failed: share(l.Counts.Failed)}
		part.Segments = append([]felt.Segment{{Key: "bucket", Value: fmt.Sprint("b", i)}}, l.Segments...)
		list = append(list, part)
	}
	return list
}

// shop is who calls whom.
var shop = [][2]string{{"web", "api"}, {"api", "cart"}, {"api", "payments"}, {"payments", "ledger"}, {"payments", "bank.example"}, {"other", "stock"}}

func (w *world) calls(in *evidence.Input) {
	in.CallsBefore, in.Calls = felt.Window{From: began - 62*felt.Minute, To: began - 2*felt.Minute}, felt.Window{From: began - 2*felt.Minute, To: began + seen}
	in.StepBefore, in.Step = felt.Minute, 30*felt.Second
	for _, now := range []bool{false, true} {
		window, step := in.CallsBefore, in.StepBefore
		if now {
			window, step = in.Calls, in.Step
		}
		for at := window.From; at < window.To; at += step {
			n := int64(step / felt.Second * 5)
			wobble := 1 + .03*math.Sin(float64(at/felt.Second))
			value := func(node string) (errs int64, factor float64) {
				since := began
				if q, ok := w.quiet[node]; ok {
					since = q
				}
				errs, factor = n/100, wobble
				if at >= since {
					errs = max(errs, int64(float64(n)*w.errs[node]))
					factor *= max(1, w.slow[node])
				}
				return errs, factor
			}
			done := map[string]bool{}
			for _, e := range shop {
				for _, service := range e {
					if done[service] || strings.Contains(service, ".") {
						continue
					}
					done[service] = true
					errs, f := value(service)
					p := felt.OperationPoint{Service: service, Operation: "run", Kind: felt.SpanServer, Release: map[string]string{"web": "5.1"}[service], Start: at, Count: n, Errors: errs, P50: 5e7 * f, P95: 2e8 * f, SelfTime: int64(3e7*f) * n}
					if now {
						in.Operations = append(in.Operations, p)
					} else {
						in.OperationsBefore = append(in.OperationsBefore, p)
					}
				}
				errs, f := value(e[0] + ">" + e[1])
				p := felt.EdgePoint{Caller: e[0], Callee: e[1], ThirdParty: strings.Contains(e[1], "."), Start: at, Count: n, Errors: errs, P50: 5e7 * f, P95: 2e8 * f}
				if now {
					in.Edges = append(in.Edges, p)
				} else {
					in.EdgesBefore = append(in.EdgesBefore, p)
				}
			}
		}
	}
}

func (w *world) input() evidence.Input {
	if w.regions == nil {
		w.regions = []string{"eu-west", "us-east", "ap"}
	}
	if w.minutes == 0 {
		w.minutes = 120
	}
	if w.kind == "" {
		w.kind = "failed"
	}
	in := evidence.Input{
		Incident: felt.Incident{ID: "inc-1", Kind: w.kind, Env: "production", App: "shop", Journeys: []string{"checkout"}, FirstBad: began},
		Scope:    felt.Scope{Env: "production", App: "shop", Name: "checkout"},
		Round:    1, At: began + seen, Changes: w.changes,
		Since:  felt.Window{From: began, To: began + seen},
		Before: felt.Window{From: began - felt.Instant(w.minutes)*felt.Minute, To: began},
	}
	in.LeavesBefore = w.leaves(max(0, float64(w.minutes)), in.Before.From, false)
	if w.rollout > 0 && w.rolledOut < began { // some tries on it before it went wrong
		for _, l := range w.leaves(2, w.rolledOut, true) {
			if l.Release == "5.2" {
				l.Counts.Success, l.Counts.Failed = l.Counts.Success+l.Counts.Failed, 0
				in.LeavesBefore = append(in.LeavesBefore, l)
			}
		}
	}
	if w.minutes < 0 {
		in.Before = felt.Window{}
	}
	in.Leaves = w.leaves(float64(seen/felt.Minute), began, true)
	w.calls(&in)
	return in
}

// story is what the evidence says, in lines.
func story(v *felt.Evidence) string {
	var b strings.Builder
	where := func(list []felt.Segment) string {
		var s []string
		for _, w := range list {
			s = append(s, w.Key+"="+w.Value)
		}
		return strings.Join(s, " & ")
	}
	for _, h := range v.Hit {
		fmt.Fprintf(&b, "hit %s: %d of %d (%.0f to %.0f %%), usually %.1f %%; others %d of %d; explains %.0f %%; %d customers\n",
			where(h.Where), h.Bad, h.N, 100*h.Low, 100*h.High, 100*h.Usual, h.OtherBad, h.OtherN, 100*h.Explains, h.Customers)
	}
	for _, h := range v.Spared {
		fmt.Fprintf(&b, "spared %s: %d of %d\n", where(h.Where), h.Bad, h.N)
	}
	for _, s := range v.Suspects {
		fmt.Fprintf(&b, "suspect %.2f %s %s\n", s.Score, s.Kind, s.Text)
	}
	for _, n := range v.Nodes {
		origin := ""
		if n.Origin {
			origin = ", origin"
		}
		fmt.Fprintf(&b, "node %s (depth %d%s)\n", n.Text, n.Depth, origin)
	}
	for _, i := range v.Indicators {
		fmt.Fprintf(&b, "moved %+ds %s %s: %s\n", (i.FirstOutOfBand-began)/felt.Second, i.Layer, i.Signal, i.Text)
	}
	return b.String()
}
