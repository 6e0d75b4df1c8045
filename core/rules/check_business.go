package rules

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/felt-cx/felt"
)

func (p *parsed) checkBusiness(j *Journey) {
	v := &j.Value
	switch {
	case v.Currency == "" && (v.AmountMinor != 0 || v.Attribute != ""):
		p.err("bad-currency", v, "add currency: EUR, or another ISO 4217 code", "an amount without a currency")
	case v.Currency != "" && !isCurrency(v.Currency):
		p.err("bad-currency", &v.Currency, "three capital letters, as EUR", "%q is no ISO 4217 code", v.Currency)
	}
	for _, name := range sortedKeys(j.Links) {
		u, err := url.Parse(j.Links[name])
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			p.errAt("bad-link", p.place(mapKey{&j.Links, name}), "as https://example.com/runbook", "links.%s: %q is no http(s) address", name, j.Links[name])
		}
	}
	if j.Reviewed != "" {
		if _, err := time.Parse(time.DateOnly, j.Reviewed); err != nil {
			p.err("bad-date", &j.Reviewed, "as 2026-10-01", "reviewed: %q is no date", j.Reviewed)
		}
	}
}

func isCurrency(s string) bool {
	return len(s) == 3 && !strings.ContainsFunc(s, func(r rune) bool { return r < 'A' || r > 'Z' })
}

// checkReviewed: an inventory that nobody looks at tells yesterday's business.
func (p *parsed) checkReviewed(j *Journey) {
	if j.Reviewed == "" {
		if _, given := p.at[&j.Reviewed]; !given {
			p.warn("not-reviewed", j, "add reviewed: "+p.options.Today.Time().Format(time.DateOnly)+" when it is right", "journey %q was never reviewed", j.Name)
		}
		return
	}
	day, err := time.Parse(time.DateOnly, j.Reviewed)
	if err != nil {
		return
	}
	switch age := p.options.Today - felt.InstantOf(day); {
	case age > staleAfter:
		p.warn("not-reviewed", &j.Reviewed, "look at it and set the date", "journey %q was last reviewed %d days ago, more than %d", j.Name, age/felt.Day, staleAfter/felt.Day)
	case age < -felt.Day:
		p.warn("not-reviewed", &j.Reviewed, "", "the review of journey %q is in the future", j.Name)
	}
}

func (p *parsed) checkSignals(j *Journey) {
	kpis := make([]string, 0, len(j.KPIs))
	unique := p.unique("kpi")
	for i := range j.KPIs {
		unique(&j.KPIs[i].Name)
		kpis = append(kpis, j.KPIs[i].Name)
	}
	unique = p.unique("signal")
	for i := range j.Signals {
		s := &j.Signals[i]
		unique(&s.Name)
		switch {
		case s.Endangers == "":
			p.warn("signal-without-kpi", s, endangersHint(kpis), "signal %q endangers no KPI, so nobody knows what it is worth", s.Name)
		case !slices.Contains(kpis, s.Endangers):
			p.err("unknown-kpi", &s.Endangers, nearest(s.Endangers, kpis), "journey %q has no KPI %q", j.Name, s.Endangers)
		}
		if _, given := p.at[&s.Threshold]; given && len(s.Owners) == 0 && len(j.Owners) == 0 && j.Team == "" {
			p.warn("threshold-without-owner", &s.Threshold, "add owners to the signal or the journey", "nobody is told when signal %q passes its threshold", s.Name)
		}
	}
}

// endangersHint says how to make a signal endanger a KPI.
func endangersHint(kpis []string) string {
	if len(kpis) == 0 {
		return "add kpis: to the journey, and to the signal endangers: and the name of one"
	}
	return "add endangers: and the name of a KPI; known are " + strings.Join(kpis, ", ")
}

// unique reports a name that was there before.
func (p *parsed) unique(what string) func(name *string) {
	first := map[string]*string{}
	return func(name *string) {
		if *name == "" {
			return
		}
		if before, twice := first[*name]; twice {
			p.err("duplicate-name", name, "", "%s %q is there twice; first on line %d", what, *name, p.place(before).value.Line)
			return
		}
		first[*name] = name
	}
}

func (p *parsed) checkObjectives(j *Journey) {
	unique := p.unique("objective")
	for i := range j.Objectives {
		o := &j.Objectives[i]
		unique(&o.Name)
		if o.Kind == "latency" && o.Threshold == 0 {
			if _, given := p.at[&o.Threshold]; !given {
				p.err("bad-objective", o, "add threshold: 2s", "objective %q of kind latency has no threshold", o.Name)
			}
		}
		if o.Kind != "latency" && o.Threshold != 0 {
			p.err("bad-objective", &o.Threshold, "make its kind latency or leave the threshold out", "objective %q is not about latency", o.Name)
		}
	}
}

// checkWindows: an objective cannot be judged over a time of which nothing is left.
func (p *parsed) checkWindows(j *Journey) {
	for i := range j.Objectives {
		if o := &j.Objectives[i]; o.Window > p.options.Kept {
			p.err("objective-window", &o.Window, "at most "+formatDuration(p.options.Kept), "a window of %s, but only %s are kept", formatDuration(o.Window), formatDuration(p.options.Kept))
		}
	}
}

// reservedRules are the outcome rules that are Felt's own.
func reservedRules() []string {
	return []string{"explicit", "status", "threshold", "timeout", "goal", "failed_step", "only_step", "merged", "no_room", "withdrawn_journey", "step"}
}

func (p *parsed) checkClasses(j *Journey) {
	p.checkClassNames(j.ErrorClasses)
	for i := range j.Steps {
		p.checkClassNames(j.Steps[i].ErrorClasses)
	}
}

func (p *parsed) checkClassNames(classes []ErrorClass) {
	unique := p.unique("error class")
	for i := range classes {
		c := &classes[i]
		unique(&c.Name)
		if slices.Contains(reservedRules(), c.Name) {
			p.err("reserved-name", &c.Name, "say what the error is, as card_declined", "%q is the name of a rule of Felt itself", c.Name)
		}
	}
}
