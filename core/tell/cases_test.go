package tell_test

import (
	"strings"
	"time"

	"github.com/felt-cx/felt"
)

// clock is a moment of the day on which all cases play.
func clock(hour, minute int) felt.Instant {
	return felt.InstantOf(time.Date(2026, 11, 21, hour, minute, 30, 0, time.UTC))
}

// checkout is the incident that all cases change.
func checkout() felt.Incident {
	return felt.Incident{
		ID: "inc-1", Kind: "failed", Env: "production", App: "shop", Journeys: []string{"checkout"}, Title: "Checkout", Source: "detected",
		Scopes: []felt.Scope{{Env: "production", App: "shop", Name: "checkout", Kind: felt.KindJourney}},
		Status: felt.IncidentOpen, Priority: "P2", Score: 55.6, Known: felt.Tick(clock(14, 27) / felt.Second),
		FirstBad: clock(14, 23), Detected: clock(14, 24), Opened: clock(14, 24),
		Impact: felt.Impact{
			Customers: felt.Distinct{Total: 13_290, Failed: 412, Degraded: 1200}, Recovered: 100, Lost: 0, Undecided: 312, Method: felt.MethodExact,
			Interval: [2]int64{412, 412}, Counts: felt.Counts{Success: 11_000, Failed: 900, Abandoned: 700},
		},
	}
}

func segment(explains float64, pairs ...string) felt.SegmentShare {
	s := felt.SegmentShare{Explains: explains, Bad: 3, N: 4200, Customers: 380}
	for k := 0; k < len(pairs); k += 2 {
		s.Where = append(s.Where, felt.Segment{Key: pairs[k], Value: pairs[k+1]})
	}
	return s
}

func deploy(score float64, lead felt.Instant) felt.Suspect {
	return felt.Suspect{Kind: "deploy", Change: "c1", What: "web@5f3c", Service: "web", At: clock(14, 23) - lead, Lead: lead, Score: score}
}

// kind makes it an incident of another kind, with a finding and without customers who failed.
func kind(k felt.FindingKind, f felt.Finding) func(i *felt.Incident) {
	return func(i *felt.Incident) {
		i.Kind, f.Kind, f.Paging = string(k), k, true
		i.Findings = []felt.Finding{f}
		i.Impact = felt.Impact{Method: felt.MethodExact, Customers: felt.Distinct{Total: 13_290}}
	}
}

func resolved(i *felt.Incident) {
	i.Status, i.Recovered, i.Resolved, i.Known = felt.IncidentResolved, clock(14, 41), clock(14, 46), felt.Tick(clock(14, 46)/felt.Second)
	i.Impact.Recovered, i.Impact.Lost, i.Impact.Undecided = 380, 20, 12
}

func customers(failed, total int64) func(i *felt.Incident) {
	return func(i *felt.Incident) { i.Impact.Customers = felt.Distinct{Total: total, Failed: failed} }
}

func nobody(i *felt.Incident) { i.Impact = felt.Impact{} }

func served(degraded int64) func(i *felt.Incident) {
	return func(i *felt.Incident) { i.Impact.Customers.Degraded = degraded }
}

func named(title string) func(i *felt.Incident) {
	return func(i *felt.Incident) { i.Title = title }
}

func declare(title string) func(i *felt.Incident) {
	return func(i *felt.Incident) { i.Source, i.Kind, i.Title = "declared", "", title }
}

func hit(list ...felt.SegmentShare) func(i *felt.Incident) {
	return func(i *felt.Incident) { i.SegmentsHit = list }
}

func suspects(list ...felt.Suspect) func(i *felt.Incident) {
	return func(i *felt.Incident) { i.Suspects = list }
}

func journeys(names ...string) func(i *felt.Incident) {
	return func(i *felt.Incident) {
		i.Journeys, i.Scopes = names, nil
		for _, n := range names {
			i.Scopes = append(i.Scopes, felt.Scope{Env: "production", App: "shop", Name: n, Kind: felt.KindJourney})
		}
	}
}

func titles(list ...string) func(i *felt.Incident) {
	return func(i *felt.Incident) { i.Titles = list }
}

func sketched(i *felt.Incident) {
	i.Impact.Method, i.Impact.Interval = felt.MethodEstimate, [2]int64{398, 425}
}

func sampled(i *felt.Incident) {
	i.Impact.Method = felt.MethodLowerBound
	i.Impact.Estimated = felt.EstimatedDistinct{
		Total: felt.EstimatedCount{Estimate: 132_900, Low: 130_000, High: 136_000}, Failed: felt.EstimatedCount{Estimate: 4120, Low: 3900, High: 4340},
		Degraded: felt.EstimatedCount{Estimate: 12_000, Low: 11_000, High: 13_000},
	}
}

// told is one case of the golden table.
type told struct {
	name    string
	changes []func(i *felt.Incident)
}

type changes = []func(i *felt.Incident)

func cases() []told {
	long := strings.Repeat("The way of a customer to what was paid for ", 5)
	return append([]told{
		{"failed", nil},
		{"failed, with all that is known", changes{hit(segment(.9, "release", "web 5.2", "region", "eu-west")), suspects(deploy(.9, 2*felt.Minute))}},
		{"failed: nobody yet", changes{customers(0, 1200)}},
		{"failed: nobody of one", changes{customers(0, 1)}},
		{"failed: not known", changes{nobody}},
		{"failed: one", changes{customers(1, 1)}},
		{"failed: one of many", changes{customers(1, 20_000)}},
		{"failed: two", changes{customers(2, 7)}},
		{"failed: everybody", changes{customers(20, 20)}},
		{"failed: nearly everybody", changes{customers(9999, 10_000)}},
		{"failed: ten million", changes{customers(10_000_000, 312_000_000)}},
		{"failed: more than came", changes{customers(5, 0)}},
		{"failed: estimated by sketches", changes{sketched}},
		{"failed: telemetry was sampled", changes{sampled}},
		{"failed: sampled, and nothing estimated", changes{func(i *felt.Incident) { i.Impact.Method = felt.MethodLowerBound }}},
		{"degraded", changes{kind(felt.FindingDegraded, felt.Finding{}), served(2100)}},
		{"degraded: one", changes{kind(felt.FindingDegraded, felt.Finding{}), served(1)}},
		{"degraded: tries only", changes{kind(felt.FindingDegraded, felt.Finding{Hit: 70, N: 1200, Baseline: .011, BaselineN: 90_000})}},
		{"degraded: not known", changes{kind(felt.FindingDegraded, felt.Finding{}), nobody}},
		{"degraded: and some failed", changes{kind(felt.FindingDegraded, felt.Finding{}), served(2100), func(i *felt.Incident) { i.Impact.Customers.Failed = 3 }}},
		{"degraded: and then they fail", changes{func(i *felt.Incident) {
			i.Kind, i.Findings = "degraded", []felt.Finding{{Kind: felt.FindingDegraded, Paging: true}, {Kind: felt.FindingFailed, Paging: true}}
		}}},
		{"degraded: sampled", changes{kind(felt.FindingDegraded, felt.Finding{}), served(2100), sampled}},
		{"degraded: by sketches", changes{kind(felt.FindingDegraded, felt.Finding{}), served(2100), sketched}},
		{"slow", changes{kind(felt.FindingSlow, felt.Finding{}), served(2100), hit(segment(.6, "country", "PT"))}},
		{"slow: tries only", changes{kind(felt.FindingSlow, felt.Finding{Hit: 70, N: 1200})}},
		{"slow: over", changes{kind(felt.FindingSlow, felt.Finding{}), served(2100), resolved}},
		{"drop", changes{kind(felt.FindingDrop, felt.Finding{Hit: 920, N: 920, Expected: 1400.4})}},
		{"drop: nobody came", changes{kind(felt.FindingDrop, felt.Finding{Expected: 37.2}), nobody}},
		{"drop: not known", changes{kind(felt.FindingDrop, felt.Finding{})}},
		{"drop: over", changes{kind(felt.FindingDrop, felt.Finding{Hit: 920, N: 920, Expected: 1400.4}), resolved}},
		{"drop: and some failed", changes{kind(felt.FindingDrop, felt.Finding{Hit: 920, N: 920, Expected: 1400.4}), customers(4, 900)}},
		{"funnel: left unfinished", changes{kind(felt.FindingFunnel, felt.Finding{Hit: 300, N: 500, Baseline: .1, BaselineN: 8000})}},
		{"funnel: they do not come on", changes{kind(felt.FindingFunnel, felt.Finding{Hit: 100, N: 100, Expected: 480})}},
		{"funnel: by its counts", changes{func(i *felt.Incident) { i.Kind, i.Impact.Customers.Failed = "funnel", 0 }}},
		{"funnel: not known", changes{kind(felt.FindingFunnel, felt.Finding{}), nobody}},
		{"funnel: they came on after it, and more", changes{kind(felt.FindingFunnel, felt.Finding{Hit: 681, N: 681, Share: 1.315, Expected: 518}), resolved}},
		{"funnel: over", changes{kind(felt.FindingFunnel, felt.Finding{Hit: 300, N: 500}), resolved}},
		{"silent", changes{kind(felt.FindingSilent, felt.Finding{About: "checkout-api", Expected: 702.3, Hit: 12})}},
		{"silent: of the whole app", changes{kind(felt.FindingSilent, felt.Finding{}), nobody}},
		{"silent: over", changes{kind(felt.FindingSilent, felt.Finding{About: "checkout-api", Expected: 702.3}), nobody, resolved}},
		{"burn", changes{kind(felt.FindingBurn, felt.Finding{About: "availability"}), customers(90, 40_000)}},
		{"burn: nobody counted", changes{kind(felt.FindingBurn, felt.Finding{About: "availability"}), nobody}},
		{"kpi", changes{kind(felt.FindingKPI, felt.Finding{About: "conversion"})}},
		{"saturation", changes{kind(felt.FindingSaturation, felt.Finding{About: "disk of the database"})}},
		{"saturation: nothing named", changes{kind(felt.FindingSaturation, felt.Finding{}), resolved}},
		{"a kind of a later version", changes{func(i *felt.Incident) { i.Kind = "puzzled" }, customers(0, 100)}},
	}, append(namesAndPlaces(long), lives()...)...)
}

// namesAndPlaces are names that people give, segments and suspects.
func namesAndPlaces(long string) []told {
	return []told{
		{"name: 200 characters", changes{named(long[:200])}},
		{"name: 200 characters without a space", changes{named(strings.Repeat("x", 200))}},
		{"name: nothing", changes{named(""), journeys("")}},
		{"name: nothing at all", changes{named(""), func(i *felt.Incident) { i.App, i.Journeys, i.Scopes = "", nil, nil }}},
		{"name: only what cannot be seen", changes{named("\u200b\u202e \t")}},
		{"name: turned around and broken over lines", changes{named("Check\u202eout\n\r\nnow\u0000 <b>&amp;</b> *_`~")}},
		{"name: another script", changes{named("お支払い手続き")}},
		{"name: from the right", changes{named("تسجيل الدخول")}},
		{"name: many marks", changes{named("Ch" + strings.Repeat("\u0301", 40) + "eckout")}},
		{"name: families that must not be cut apart", changes{named(strings.Repeat("👩‍👩‍👧‍👦", 30))}},
		{"name: no UTF-8", changes{named("Check\xff\xfeout")}},
		{"several journeys", changes{journeys("checkout", "search", "login", "help")}},
		{"several journeys that people call one", changes{journeys("checkout", "pay"), titles("Checkout")}},
		{"several journeys, two titles", changes{journeys("checkout", "pay", "search"), titles("Checkout", "Search")}},
		{"several journeys, long", changes{named(long[:200]), journeys("checkout", "search")}},
		{"several journeys, over", changes{journeys("checkout", "search"), resolved}},
		{"another environment", changes{func(i *felt.Incident) { i.Env = "staging-eu" }}},
		{"another environment, long", changes{named(long[:200]), func(i *felt.Incident) { i.Env = long }}},
		{"segments: none", changes{hit()}},
		{"segments: too little", changes{hit(segment(.3, "region", "eu-west"))}},
		{"segments: one", changes{hit(segment(.8, "region", "eu-west"))}},
		{"segments: a release", changes{hit(segment(.8, "release", "5.2.1"))}},
		{"segments: a plan", changes{hit(segment(.8, "plan", "enterprise"))}},
		{"segments: any other", changes{hit(segment(.8, "payment_method", "card"))}},
		{"segments: two together", changes{hit(segment(.9, "release", "web 5.2", "region", "eu-west"), segment(.9, "plan", "pro"))}},
		{"segments: two alone", changes{hit(segment(.9, "browser", "Safari 17"), segment(.7, "region", "eu-west"))}},
		{"segments: the same key twice", changes{hit(segment(.9, "region", "eu-west"), segment(.7, "region", "eu-north"))}},
		{"segments: three", changes{hit(segment(.9, "plan", "pro", "region", "eu-west", "device_class", "phone"))}},
		{"segments: no value", changes{hit(segment(.9, "region", ""))}},
		{"segments: 200 characters", changes{hit(segment(.9, "region", long[:200]))}},
		{"suspect: none is sure enough", changes{suspects(deploy(.3, 2*felt.Minute))}},
		{"suspect: a deploy", changes{suspects(deploy(.7, 2*felt.Minute), deploy(.6, felt.Minute))}},
		{"suspect: hours ago", changes{suspects(deploy(.7, 3*felt.Hour+5*felt.Minute))}},
		{"suspect: just then", changes{suspects(deploy(.7, -20*felt.Second))}},
		{"suspect: afterwards", changes{suspects(deploy(.7, -3*felt.Minute))}},
		{"suspect: a flag", changes{suspects(felt.Suspect{Kind: "flag", What: "new-cart", At: 1, Lead: 45 * felt.Second, Score: .8})}},
		{"suspect: configuration", changes{suspects(felt.Suspect{Kind: "config", What: "tls 1.3 only", At: 1, Lead: 10 * felt.Minute, Score: .8})}},
		{"suspect: a release of telemetry", changes{suspects(felt.Suspect{Kind: "release", What: "web 5.2", At: 1, Lead: 2 * felt.Minute, Score: .8})}},
		{"suspect: a release, since when is not known", changes{suspects(felt.Suspect{Kind: "release", What: "web 5.2", Score: .8})}},
		{"suspect: a service", changes{suspects(felt.Suspect{Kind: "service", What: "payments", At: 1, Score: .8})}},
		{"suspect: a third party", changes{suspects(felt.Suspect{Kind: "third_party", What: "api.stripe.com", Score: .8})}},
		{"suspect: without a name", changes{suspects(felt.Suspect{Kind: "deploy", Score: .8})}},
		{"suspect: 200 characters", changes{suspects(felt.Suspect{Kind: "deploy", What: long[:200], At: 1, Lead: felt.Minute, Score: .8})}},
	}
}

// lives are the turns of an incident's life.
func lives() []told {
	day := func(at func(i *felt.Incident) *felt.Instant, by felt.Instant) func(i *felt.Incident) {
		return func(i *felt.Incident) { *at(i) += by }
	}
	begun := func(i *felt.Incident) *felt.Instant { return &i.FirstBad }
	return []told{
		{"since yesterday", changes{day(begun, -felt.Day)}},
		{"since last year", changes{day(begun, -365*felt.Day)}},
		{"since a time that is not known", changes{func(i *felt.Incident) { i.FirstBad = 0 }}},
		{"acknowledged", changes{func(i *felt.Incident) { i.Status = felt.IncidentAcknowledged }}},
		{"it looks well again", changes{func(i *felt.Incident) { i.Recovery.Since = clock(14, 26) }}},
		{"back again", changes{func(i *felt.Incident) { i.Reopened = clock(14, 26) }}},
		{"over", changes{resolved, hit(segment(.9, "region", "eu-west")), suspects(deploy(.9, 2*felt.Minute))}},
		{"over: everybody came back", changes{resolved, func(i *felt.Incident) { i.Impact.Recovered, i.Impact.Lost, i.Impact.Undecided = 412, 0, 0 }}},
		{"over: after a day", changes{resolved, day(begun, -26*felt.Hour)}},
		{"over: by people, before it had recovered", changes{resolved, func(i *felt.Incident) { i.Recovered = 0 }}},
		{"over: nobody was counted", changes{nobody, resolved, nobody}},
		{"over, after it was back", changes{func(i *felt.Incident) { i.Reopened = clock(14, 26) }, resolved}},
		{"declared without numbers", changes{declare("Nobody can pay"), nobody}},
		{"declared, and nobody has failed", changes{declare("Nobody can pay"), customers(0, 900)}},
		{"declared, and customers fail", changes{declare("Nobody can pay")}},
		{"declared, and they are served badly", changes{declare("Pay is slow"), customers(0, 900), served(90)}},
		{"declared without a title", changes{declare(""), nobody}},
		{"declared of nothing", changes{declare(""), nobody, func(i *felt.Incident) { i.App, i.Journeys, i.Scopes = "", nil, nil }}},
		{"declared, over", changes{declare("Nobody can pay"), resolved}},
		{"declared, and then detected", changes{declare("Nobody can pay"), func(i *felt.Incident) {
			i.Kind, i.Findings = "failed", []felt.Finding{{Kind: felt.FindingFailed, Paging: true}}
		}}},
	}
}
