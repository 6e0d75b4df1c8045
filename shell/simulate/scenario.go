package simulate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// Scenario is a world and what goes wrong in it. The tags are the schema of scenario
// files, which [Parse] reads strictly.
type Scenario struct {
	Title string  `yaml:"title" need:"" doc:"What happens, in a few words."`
	About string  `yaml:"about" doc:"What Felt should make of it."`
	Rate  float64 `yaml:"rate" range:">0" alt:"40" doc:"Interactions of customers a second, on the average of a week."`
	Shape string  `yaml:"shape" words:"daily flat" alt:"daily" doc:"Whether the rate follows day and week."`
	Noise float64 `yaml:"noise" range:"1..10" alt:"2.3" doc:"Standard deviation of the binomial z of the failures of a minute: 1 is a world without bursts."`
	Env   string  `yaml:"env" alt:"production" doc:"deployment.environment.name."`

	Apps    []AppConfig    `yaml:"apps" alt:"one shop" doc:"Who is in the world."`
	Faults  []Fault        `yaml:"faults" doc:"What goes wrong."`
	Changes []ChangeConfig `yaml:"changes" doc:"What is told to the server beside telemetry: deploys, launches, campaigns."`
}

// AppConfig is a business, or a fleet of them.
type AppConfig struct {
	Kind         string  `yaml:"kind" need:"" words:"shop hosting fleet" doc:"shop: apps shop, identity and media. hosting: apps panel, dns, deploy, billing and support. fleet: apps app-001, app-002, ..., the first the busiest."`
	Share        float64 `yaml:"share" range:">0" alt:"1" doc:"Of all interactions, against the others' shares."`
	Customers    int     `yaml:"customers" range:"1..10000000" alt:"50 for each interaction a second, at least 2000" doc:"People who may come."`
	Apps         int     `yaml:"apps" range:"1..3000" alt:"20" doc:"Of a fleet: how many."`
	Interactions int     `yaml:"interactions" range:"1..100" alt:"20" doc:"Of a fleet: how many each app has."`
	Skew         float64 `yaml:"skew" range:"0..3" alt:"1" doc:"Of a fleet: the exponent of Zipf's law by which the apps share the traffic."`
}

// Fault is one thing that goes wrong.
type Fault struct {
	Name  string `yaml:"name" need:"" doc:"Unique in the scenario."`
	Kind  string `yaml:"kind" need:"" words:"bad_release region_down slow_third_party silent_outage frontend_error creeping_saturation flapping noisy_customer paper_cuts late_and_duplicated clock_skew async_failures" doc:"What goes wrong."`
	Story string `yaml:"story" alt:"made of the rest" doc:"In words, for people who watch."`

	App          string   `yaml:"app" alt:"all" doc:"The app that it strikes."`
	Apps         []string `yaml:"apps" doc:"Several apps."`
	Interactions []string `yaml:"interactions" alt:"all that fit" doc:"The interactions that it strikes."`
	Service      string   `yaml:"service" doc:"The service in which it begins: only what goes through it is struck."`
	Peer         string   `yaml:"peer" doc:"Of slow_third_party: the host or database that is slow."`

	Start    *felt.Instant `yaml:"start" alt:"when somebody says so" doc:"After the beginning of the simulation, on the clock of the wall."`
	Duration felt.Instant  `yaml:"duration" alt:"2m" doc:"How long it lasts."`
	Every    felt.Instant  `yaml:"every" alt:"once" doc:"It comes again after this time."`
	Period   felt.Instant  `yaml:"period" alt:"1m" doc:"Of flapping: how long it is bad, and then good."`
	Delay    felt.Instant  `yaml:"delay" alt:"2m" doc:"Of late_and_duplicated: how late. Of clock_skew: how far the clocks are off."`

	Share    float64           `yaml:"share" range:"0..1" alt:"that of the kind" doc:"Of the tries (customers, senders) in its scope that it strikes."`
	Strength float64           `yaml:"strength" range:"0..1" alt:"that of the kind" doc:"Of the struck tries that fail; of slow_third_party: that are slow."`
	Rate     float64           `yaml:"rate" range:">0" alt:"5" doc:"Of noisy_customer: tries a second."`
	Mode     string            `yaml:"mode" words:"customers telemetry" alt:"customers" doc:"Of silent_outage: whether customers do not arrive, or their telemetry does not."`
	Segment  map[string]string `yaml:"segment" doc:"Only customers with these: region, plan, device, browser, release."`

	Version string `yaml:"version" alt:"made up" doc:"Of bad_release and frontend_error: the version that is bad."`
	Quiet   bool   `yaml:"quiet" alt:"false" doc:"Of bad_release and frontend_error: nobody tells the server of the deploy."`
}

// ChangeConfig is something that is told to the server.
type ChangeConfig struct {
	Kind     string       `yaml:"kind" need:"" words:"deploy flag launch campaign config region traffic_peak maintenance fix" doc:"What kind of change."`
	App      string       `yaml:"app" doc:"The app that is changed."`
	Service  string       `yaml:"service" doc:"The service that is changed."`
	Version  string       `yaml:"version" doc:"What it is changed to."`
	Previous string       `yaml:"previous" doc:"What was before."`
	Region   string       `yaml:"region" doc:"Where, when not everywhere."`
	Author   string       `yaml:"author" doc:"Who did it."`
	Start    felt.Instant `yaml:"start" doc:"After the beginning of the simulation, on the clock of the wall."`
}

// The kinds of faults.
const (
	kindBadRelease    = "bad_release"
	kindRegionDown    = "region_down"
	kindThirdParty    = "slow_third_party"
	kindSilent        = "silent_outage"
	kindFrontend      = "frontend_error"
	kindSaturation    = "creeping_saturation"
	kindFlapping      = "flapping"
	kindNoisy         = "noisy_customer"
	kindPaperCuts     = "paper_cuts"
	kindLate          = "late_and_duplicated"
	kindSkew          = "clock_skew"
	kindAsyncFailures = "async_failures"
)

// Parse reads a scenario file strictly. All that is wrong is told at once, each with
// file:line:col; the scenario is right when there is no problem.
func Parse(name, text string) (Scenario, []rules.Problem) {
	var s Scenario
	line, problems := rules.Decode(name, text, &s)
	if rules.Failed(problems) {
		return s, problems
	}
	for _, p := range s.check() {
		at := 0
		switch {
		case p.fault >= 0:
			at = line(&s.Faults[p.fault])
		case p.change >= 0:
			at = line(&s.Changes[p.change])
		case p.app >= 0:
			at = line(&s.Apps[p.app])
		}
		problem := rules.Problem{File: name, Line: at, Severity: rules.SeverityError, Check: p.check, Message: p.message}
		if at > 0 {
			problem.Column = 1
		}
		problems = append(problems, problem)
	}
	return s, problems
}

// mistake is something wrong with a scenario, and with which part of it (-1: none).
type mistake struct {
	app, fault, change int
	check, message     string
}

func (m mistake) String() string { return m.message }

// check finds what the parts mean together. Defaults are filled in.
func (s *Scenario) check() (list []mistake) {
	s.defaults()
	seen := map[string]bool{}
	for i, a := range s.Apps {
		switch {
		case a.Kind != kindFleet && (a.Apps != 0 || a.Interactions != 0 || a.Skew != 0):
			list = append(list, mistake{i, -1, -1, "only-fleet", fmt.Sprintf("apps, interactions and skew are for a fleet; this is a %s", a.Kind)})
		case seen[a.Kind]:
			list = append(list, mistake{i, -1, -1, "app-twice", fmt.Sprintf("there is a %s already; give that one a greater share", a.Kind)})
		}
		seen[a.Kind] = true
	}
	sites := sitesOf(s)
	names := map[string]bool{}
	for i := range s.Faults {
		f := &s.Faults[i]
		if names[f.Name] {
			list = append(list, mistake{-1, i, -1, "fault-twice", fmt.Sprintf("there is another fault named %q", f.Name)})
		}
		names[f.Name] = true
		for _, m := range f.check(sites) {
			list = append(list, mistake{-1, i, -1, m[0], fmt.Sprintf("fault %q: %s", f.Name, m[1])})
		}
	}
	for i, c := range s.Changes {
		if c.App != "" && !slices.Contains(appNames(sites), c.App) {
			list = append(list, mistake{-1, -1, i, "unknown-app", noApp(c.App, sites)})
		}
	}
	return list
}

func (s *Scenario) defaults() {
	def(&s.Rate, 40)
	def(&s.Shape, "daily")
	def(&s.Noise, 2.3)
	def(&s.Env, "production")
	if len(s.Apps) == 0 {
		s.Apps = []AppConfig{{Kind: kindShop}}
	}
	for i := range s.Apps {
		def(&s.Apps[i].Share, 1)
	}
	for i := range s.Faults {
		s.Faults[i].defaults()
	}
}

// defaults are what a fault of its kind does when the file says no more.
func (f *Fault) defaults() {
	def(&f.Duration, 2*felt.Minute)
	def(&f.Period, felt.Minute)
	def(&f.Delay, 2*felt.Minute)
	def(&f.Rate, 5)
	def(&f.Mode, modeCustomers)
	share, strength := 1.0, .9
	switch f.Kind {
	case kindBadRelease:
		strength = .6
	case kindThirdParty:
		share, strength = .9, .8
	case kindSilent:
		share = .95
	case kindFlapping:
		strength = .5
	case kindPaperCuts:
		share, strength = .06, 1
	case kindLate:
		share = .3
	case kindSkew:
		share = .4
	case kindAsyncFailures:
		strength = .7
	}
	def(&f.Share, share)
	def(&f.Strength, strength)
	if f.Kind == kindFrontend {
		def(&f.Service, pageService)
	}
	if f.Kind == kindBadRelease || f.Kind == kindFrontend && f.Version != "" {
		def(&f.Version, "2026.11.2")
	}
	if f.App != "" && !slices.Contains(f.Apps, f.App) {
		f.Apps = append([]string{f.App}, f.Apps...)
	}
}

func def[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// check returns pairs of the check's name and what is wrong.
func (f *Fault) check(sites []*site) (list [][2]string) {
	add := func(check, format string, a ...any) { list = append(list, [2]string{check, fmt.Sprintf(format, a...)}) }
	for _, a := range f.Apps {
		if !slices.Contains(appNames(sites), a) {
			add("unknown-app", "%s", noApp(a, sites))
		}
	}
	for key, value := range f.Segment {
		known, ok := segmentValues()[key]
		switch {
		case !ok:
			add("unknown-segment", "there is no segment %q: want region, plan, device, browser or release", key)
		case !slices.Contains(known, value):
			add("unknown-segment", "nobody has %s %q: want %s", key, value, strings.Join(known, ", "))
		}
	}
	want := func(has bool, what string) {
		if !has {
			add("missing-key", "%s needs %s", f.Kind, what)
		}
	}
	switch f.Kind {
	case kindBadRelease:
		want(f.Service != "", "service: which one is released")
	case kindRegionDown:
		want(f.Segment["region"] != "", "segment: {region: NAME}")
	case kindThirdParty:
		want(f.Peer != "", "peer: who is slow")
	case kindFrontend:
		want(f.Segment["browser"] != "", "segment: {browser: NAME}")
	case kindNoisy:
		want(len(f.Apps) == 1 && len(f.Interactions) == 1, "one app and one interaction")
	case kindSaturation:
		want(f.Service != "", "service: whose database fills up")
	}
	if f.Every != 0 && f.Every <= f.Duration {
		add("every", "it would come again before it is over")
	}
	if len(list) == 0 && len(f.struck(sites)) == 0 {
		add("nothing-struck", "nothing in the scenario fits its app, interactions, service and peer: %s", f.offer(sites))
	}
	return list
}

// struck are the operations that the fault can reach.
func (f *Fault) struck(sites []*site) (list []*op) {
	for _, s := range sites {
		for _, o := range s.ops {
			if f.reaches(o) {
				list = append(list, o)
			}
		}
	}
	return list
}

// reaches tells whether an operation goes through what is broken.
func (f *Fault) reaches(o *op) bool {
	switch {
	case !f.named(o), f.Peer != "" && o.peer != f.Peer:
		return false
	case f.Kind == kindLate, f.Kind == kindSkew:
		return true
	case f.Kind == kindAsyncFailures:
		return o.by == byWorker
	case f.Kind == kindFrontend:
		return o.by == byBrowser
	case f.Kind == kindSilent:
		return o.page()
	}
	return o.by != byLog
}

// named tells whether the fault is about the operation, by its app, name and services.
func (f *Fault) named(o *op) bool {
	switch {
	case len(f.Apps) > 0 && !slices.Contains(f.Apps, o.app):
		return false
	case len(f.Interactions) > 0 && !slices.Contains(f.Interactions, o.name):
		return false
	case f.Service == pageService:
		return o.page()
	}
	return f.Service == "" || slices.Contains(o.services, f.Service)
}

// offer lists what there would be to strike.
func (f *Fault) offer(sites []*site) string {
	var interactions, services, peers []string
	for _, s := range sites {
		for _, o := range s.ops {
			if len(f.Apps) > 0 && !slices.Contains(f.Apps, o.app) {
				continue
			}
			interactions, services, peers = append(interactions, o.name), append(services, o.services...), append(peers, o.peer)
		}
	}
	return fmt.Sprintf("interactions %s; services %s; peers %s", few(interactions), few(services), few(peers))
}

// few lists the first of some words, each once.
func few(words []string) string {
	slices.Sort(words)
	words = slices.DeleteFunc(slices.Compact(words), func(s string) bool { return s == "" })
	const most = 25
	if len(words) > most {
		return strings.Join(words[:most], ", ") + ", ..."
	}
	return strings.Join(words, ", ")
}

func appNames(sites []*site) (list []string) {
	for _, s := range sites {
		list = append(list, s.apps...)
	}
	return list
}

func noApp(name string, sites []*site) string {
	return fmt.Sprintf("app %q is not in the scenario: there is %s", name, few(appNames(sites)))
}
