package rules

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/felt-cx/felt"
)

// Options are what [Check] must be told, because files do not say it. The zero value of a
// field means its default.
type Options struct {
	// Today is the day against which reviews are held; zero: they are not looked at.
	Today felt.Instant
	// Kept is how long a server keeps what objectives are made of; default as
	// [felt.DefaultRetention] keeps hours and days.
	Kept        felt.Instant
	MaxFile     int // bytes of one file; default 1 MiB
	MaxJourneys int // default 2,000
	MaxSteps    int // of one journey; default 100
	MaxDays     int // of the calendar, and of maintenance; default 200
	MaxSinks    int // default 50
}

func (o Options) defaults() Options {
	if o.Kept == 0 {
		o.Kept = felt.DefaultRetention().BucketsLong
	}
	if o.MaxFile == 0 {
		o.MaxFile = 1 << 20
	}
	if o.MaxJourneys == 0 {
		o.MaxJourneys = 2000
	}
	if o.MaxSteps == 0 {
		o.MaxSteps = 100
	}
	if o.MaxDays == 0 {
		o.MaxDays = 200 // each window of each series looks through them
	}
	if o.MaxSinks == 0 {
		o.MaxSinks = 50
	}
	return o
}

// Check parses the files and tells everything that is wrong with them, all at once, in
// order of place: errors, which keep [Load] from giving a set, and warnings.
func Check(in felt.Inventory, o Options) []Problem {
	p := parse(in, o.defaults())
	p.check()
	for _, j := range p.journeys {
		p.checkWindows(j)
		if o.Today != 0 {
			p.checkReviewed(j)
		}
	}
	if o.Today != 0 {
		p.checkPast()
	}
	return p.sorted()
}

// nameMax is how long a name may be, in bytes; a question holds an app and a name.
const nameMax = 200

// The caps of one journey.
const (
	maxSegments = 8
	staleAfter  = 180 * felt.Day
)

// check holds what the files say together to what it means.
func (p *parsed) check() {
	if !p.affordable() {
		return // what comes would compare everything with everything
	}
	if n := len(p.journeys); n > p.options.MaxJourneys {
		p.errAt("too-many-journeys", p.place(p.journeys[p.options.MaxJourneys]), "", "%d journeys, more than %d", n, p.options.MaxJourneys)
	}
	p.checkDuplicateJourneys()
	p.checkServices()
	for _, j := range p.journeys {
		p.checkNames(j)
		p.checkSteps(j)
		p.checkMatches(j)
		p.checkEnds(j)
		p.checkThresholds(j)
		p.checkSegments(j)
		p.checkBusiness(j)
		p.checkSignals(j)
		p.checkSources(j)
		p.checkObjectives(j)
		p.checkClasses(j)
	}
	p.checkReach()
	p.checkCalendar()
	p.checkSinks()
	p.checkMaintenance()
	p.checkScore()
}

// err reports an error at the value of a part of the schema, named by its address.
func (p *parsed) err(check string, part any, suggestion, format string, a ...any) {
	p.errAt(check, p.place(part), suggestion, format, a...)
}

func (p *parsed) errAt(check string, at place, suggestion, format string, a ...any) {
	p.add(SeverityError, check, at.file, at.value, suggestion, format, a...)
}

func (p *parsed) warn(check string, part any, suggestion, format string, a ...any) {
	at := p.place(part)
	p.add(SeverityWarning, check, at.file, at.value, suggestion, format, a...)
}

func (p *parsed) checkDuplicateJourneys() {
	type id struct{ app, name string }
	first := map[id]*Journey{}
	for _, j := range p.journeys {
		if j.Name == "" {
			continue
		}
		before, twice := first[id{j.App, j.Name}]
		if !twice {
			first[id{j.App, j.Name}] = j
			continue
		}
		at := p.place(&before.Name)
		p.err("duplicate-journey", &j.Name, "give it another name or another app", "journey %q is there twice; first in %s:%d", j.Name, at.file, at.value.Line)
	}
}

// checkServices: a service belongs to one app, or its telemetry could not be named.
func (p *parsed) checkServices() {
	type owner struct {
		app  string
		part *string
	}
	first := map[string]owner{}
	for _, j := range p.journeys {
		if j.App == "" {
			continue
		}
		parts := []*string{&j.PrimaryService}
		for i := range j.Services {
			parts = append(parts, &j.Services[i])
		}
		for _, s := range parts {
			if *s == "" {
				continue
			}
			before, known := first[*s]
			if !known {
				first[*s] = owner{j.App, s}
				continue
			}
			if before.app != j.App {
				at := p.place(before.part)
				p.err("service-of-two-apps", s, "list it under one, or set service.namespace in its telemetry and list it under none",
					"service %q is listed under app %q and, in %s:%d, under %q", *s, j.App, at.file, at.value.Line, before.app)
			}
		}
	}
}

func (p *parsed) checkNames(j *Journey) {
	const asked = "a question asks as of=APP/NAME or of=journey:NAME"
	p.checkName(&j.Name, "journey", asked)
	p.checkName(&j.App, "app", asked)
	for i := range j.Steps {
		s := &j.Steps[i].Name
		if len(*s) > nameMax || strings.ContainsFunc(*s, unicode.IsControl) {
			p.err("bad-name", s, "", "step %q: want at most %d bytes of printable text", *s, nameMax)
		}
	}
}

// checkName holds a name to what questions and addresses can take; why says which.
func (p *parsed) checkName(part *string, what, why string) {
	s := *part
	switch {
	case s == "":
	case len(s) > nameMax:
		p.err("bad-name", part, "", "the name of the %s has %d bytes, more than %d", what, len(s), nameMax)
	case s != strings.TrimSpace(s):
		p.err("bad-name", part, "", "%s %q begins or ends with a space", what, s)
	default:
		for _, r := range s {
			if !nameRune(r) {
				p.err("bad-name", part, why, "%s %q: the character %q cannot be in it", what, s, r)
				return
			}
		}
	}
}

// nameRune tells what may be in the name of a journey or an app: not what separates them
// in questions.
func nameRune(r rune) bool {
	return unicode.IsPrint(r) && r != '/' && r != ':'
}

func (p *parsed) checkSteps(j *Journey) {
	if n := len(j.Steps); n > p.options.MaxSteps {
		p.err("too-many-steps", &j.Steps[p.options.MaxSteps], "", "%d steps, more than %d", n, p.options.MaxSteps)
	}
	if j.Match != nil && len(j.Steps) > 0 {
		p.err("match-and-steps", j.Match, "give match to a step", "a journey has steps or a match, not both")
	}
	names := make([]string, 0, len(j.Steps))
	first := map[string]*Step{}
	for i := range j.Steps {
		st := &j.Steps[i]
		if st.Name == "" {
			continue
		}
		names = append(names, st.Name)
		if before, twice := first[st.Name]; twice {
			p.err("duplicate-step", &st.Name, "", "step %q is there twice; first on line %d", st.Name, p.place(&before.Name).value.Line)
			continue
		}
		first[st.Name] = st
	}
	if len(j.Steps) == 0 {
		names = []string{j.Name}
	}
	known := func(part *string) {
		if *part == "" {
			return
		}
		for _, n := range names {
			if n == *part {
				return
			}
		}
		p.err("unknown-step", part, nearest(*part, names), "journey %q has no step %q", j.Name, *part)
	}
	known(&j.SuccessWhen.Step)
	for i := range j.ActionPlan {
		known(&j.ActionPlan[i].Step)
	}
}

// checkEnds: a journey must be able to reach its goal by itself.
func (p *parsed) checkEnds(j *Journey) {
	if len(j.Steps) == 0 {
		return
	}
	last := -1
	for i := range j.Steps {
		if !j.Steps[i].Optional {
			last = i
		}
	}
	if last < 0 {
		p.err("never-ends", &j.Steps, "make the step that is the goal required", "all steps of journey %q are optional, so it can never reach its goal", j.Name)
		return
	}
	goal := &j.Steps[last]
	for i := range j.Steps {
		if st := &j.Steps[i]; j.SuccessWhen.Rule == "step" && st.Name == j.SuccessWhen.Step && st.Name != "" {
			goal = st
			if st.Optional {
				p.err("never-ends", &j.SuccessWhen.Step, "make the step required or name another", "the goal %q is optional", st.Name)
				return
			}
		}
	}
	if goal.Async && goal.Timeout == 0 && goal.Name != "" {
		p.err("never-ends", &goal.Name, fmt.Sprintf("give step %q a timeout", goal.Name), "the goal %q is async and has no timeout: nobody would know when it is lost", goal.Name)
	}
}

func (p *parsed) checkThresholds(j *Journey) {
	order := func(t *Thresholds) {
		if t.Degraded > 0 && t.Failed > 0 && t.Degraded >= t.Failed {
			p.err("threshold-order", &t.Failed, "failed is the longer one", "degraded after %s, failed already after %s", formatDuration(t.Degraded), formatDuration(t.Failed))
		}
	}
	// The parts of thresholds are replaced together; a part that goes with that is easily missed.
	gap := func(t *Thresholds, what string, over Thresholds) {
		if t.Degraded != 0 && t.Failed == 0 && over.Failed != 0 {
			p.warn("threshold-gap", t, "repeat failed: "+formatDuration(over.Failed), "%s replaces both thresholds and so has no failed", what)
		}
		if t.Failed != 0 && t.Degraded == 0 && over.Degraded != 0 {
			p.warn("threshold-gap", t, "repeat degraded: "+formatDuration(over.Degraded), "%s replaces both thresholds and so has no degraded", what)
		}
	}
	order(&j.Thresholds)
	for i := range j.Steps {
		order(&j.Steps[i].Thresholds)
		gap(&j.Steps[i].Thresholds, "the step", j.Thresholds)
	}
	for i := range j.Overrides {
		o := &j.Overrides[i]
		order(&o.Thresholds)
		gap(&o.Thresholds, "the override", j.Thresholds)
		if at, given := p.at[&o.Where]; given && len(o.Where) == 0 {
			p.errAt("empty-where", at, "thresholds for everybody are the journey's own", "an override for everybody: where names no segment")
		}
	}
}

func (p *parsed) checkSegments(j *Journey) {
	if n := len(j.SegmentBy); n > maxSegments {
		p.err("too-many-segments", &j.SegmentBy[maxSegments], "every key multiplies what is stored", "%d segment keys, more than %d", n, maxSegments)
	}
	seen := map[string]bool{}
	for i := range j.SegmentBy {
		k := &j.SegmentBy[i]
		if seen[*k] {
			p.err("duplicate-name", k, "", "segment %q is there twice", *k)
		}
		seen[*k] = true
		if *k == "" {
			p.err("bad-name", k, "", "a segment key is empty")
		}
	}
}
