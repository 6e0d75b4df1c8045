package rules

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
)

// once reports a part of which all files together have one.
func (p *parsed) once(before, again any, what string) {
	if at, twice := p.at[before]; twice {
		p.err("given-twice", again, "say it in one file", "%s is there twice; first in %s:%d", what, at.file, at.value.Line)
	}
}

// checkSinks looks at the sinks of all files.
func (p *parsed) checkSinks() {
	unique := p.unique("sink")
	for _, s := range p.sinks {
		unique(&s.Name)
		p.checkName(&s.Name, "sink", "felt notify test takes it, and addresses hold it")
		p.checkAddress(s)
		p.checkKey(s)
		p.checkKind(s)
		p.checkWhen(s)
	}
	if n := len(p.sinks); n > p.options.MaxSinks {
		p.err("too-many-sinks", p.sinks[p.options.MaxSinks], "", "there are %d sinks, more than %d", n, p.options.MaxSinks)
	}
}

const howSecret = "write url: {env: NAME} or url: {file: PATH}"

// checkAddress looks at where a sink is. What could be a secret is not repeated in what is said.
func (p *parsed) checkAddress(s *Sink) {
	p.checkSecretPlace(&s.URL, "url")
	text := s.URL.Text
	switch u, err := url.Parse(text); {
	case text == "":
	case s.Kind == SinkSlack || strings.Contains(text, "hooks.slack.com"):
		p.err("secret-in-file", &s.URL, howSecret, "the address of a webhook of Slack is a secret: whoever has it can write to the channel, and the inventory is kept and shown")
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		p.err("bad-link", &s.URL, "as https://example.com/felt", "url is no http(s) address")
	case u.User != nil:
		p.err("secret-in-file", &s.URL, howSecret, "the address holds a password, and the inventory is kept and shown")
	case u.Scheme == "http" && !local(u.Hostname()):
		p.warn("plain-http", &s.URL, "write https://", "sink %q is told over the network without encryption", s.Name)
	}
	if s.Link == "" {
		return
	}
	if u, err := url.Parse(s.Link); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		p.err("bad-link", &s.Link, "as https://felt.example.com", "link: %q is no http(s) address", s.Link)
	}
}

// local tells whether a host is the same machine.
func local(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.IsLoopback()
}

// checkKey looks at the key of a signature.
func (p *parsed) checkKey(s *Sink) {
	p.checkSecretPlace(&s.Secret, "secret")
	switch {
	case s.Kind == SinkWebhook && !p.given(&s.Secret):
		p.warn("not-signed", s, "add secret: {env: NAME}", "who gets what webhook %q sends cannot tell that it is from Felt", s.Name)
	case s.Kind == SinkWebhook && s.Secret.Text != "":
		p.err("secret-in-file", &s.Secret, "write secret: {env: NAME} or secret: {file: PATH}", "a key does not belong into the inventory, which is kept and shown")
	}
}

// checkSecretPlace looks at the name of an environment variable: the value itself, or a shell's way to
// write it, are common slips.
func (p *parsed) checkSecretPlace(s *Secret, key string) {
	bad := func(i int, r rune) bool {
		letter := r == '_' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		return !letter && (i == 0 || r < '0' || r > '9')
	}
	for i, r := range s.Env {
		if bad(i, r) {
			p.err("bad-secret", &s.Env, "as "+key+": {env: FELT_"+strings.ToUpper(key)+"}: the name alone, without $", "%s.env is no name of an environment variable", key)
			return
		}
	}
	if strings.ContainsAny(s.File, "\x00\n") || strings.Contains(s.File, "://") {
		p.err("bad-secret", &s.File, "as "+key+": {file: /run/secrets/felt_"+key+"}", "%s.file is no path of a file", key)
	}
}

// checkKind reports keys that a sink of its kind does not have.
func (p *parsed) checkKind(s *Sink) {
	not := func(part any, given bool, key string) {
		if given {
			p.err("bad-sink", part, "leave it out", "a %s has no %s", s.Kind, key)
		}
	}
	low, what := minReports, "reports"
	switch s.Kind {
	case "":
		return
	case SinkHeartbeat:
		low, what = minHeartbeat, "heartbeats"
		not(&s.Link, s.Link != "", "link: it tells of no incident")
		not(&s.When, p.given(&s.When), "when: it tells of no incident")
	case SinkWebhook:
	case SinkSlack:
		if s.Mention != "" && !mentionable(s.Mention) {
			p.err("bad-sink", &s.Mention, "@here, @channel, or the id that Slack shows in the profile of a member (U...) or group (S...)", "mention: Slack calls nobody by %q", s.Mention)
		}
	}
	not(&s.Secret, s.Kind != SinkWebhook && p.given(&s.Secret), "secret: only a webhook is signed")
	not(&s.Mention, s.Kind != SinkSlack && s.Mention != "", "mention")
	switch {
	case s.Every == 0:
	case s.Every < low:
		p.err("bad-sink", &s.Every, "at least "+formatDuration(low), "%s every %s are too many", what, formatDuration(s.Every))
	case s.Every > maxEvery:
		p.err("bad-sink", &s.Every, "at most "+formatDuration(maxEvery), "%s every %s are too few to notice anything by", what, formatDuration(s.Every))
	}
}

// mentionable tells whether Slack can call somebody by it.
func mentionable(s string) bool {
	if s == "@here" || s == "@channel" {
		return true
	}
	return len(s) >= 9 && strings.ContainsAny(s[:1], "USW") && !strings.ContainsFunc(s, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') })
}

// checkWhen looks at what a sink is told of.
func (p *parsed) checkWhen(s *Sink) {
	w := &s.When
	for _, l := range w.lists() {
		if p.given(l.list) && len(*l.list) == 0 {
			p.err("bad-sink", l.list, "leave it out for all", "when.%s is empty, so sink %q would be told of nothing", l.key, s.Name)
		}
	}
	p.checkApps(w.Apps)
	p.checkJourneyNames(w.Journeys)
	if why := p.neverTold(w); why != "" {
		p.warn("never-told", w, "", "sink %q is never told: %s", s.Name, why)
	}
}

// keyed is a list and what it is called.
type keyed struct {
	key  string
	list *[]string
}

func (w *SinkWhen) lists() []keyed {
	return []keyed{
		{"events", &w.Events},
		{"envs", &w.Envs},
		{"apps", &w.Apps},
		{"journeys", &w.Journeys},
		{"kinds", &w.Kinds},
		{"priorities", &w.Priorities},
	}
}

// neverTold says why conditions cannot hold together; "" when they can.
func (p *parsed) neverTold(w *SinkWhen) string {
	score := p.compileScore()
	ends := map[string]float64{"P1": 101, "P2": score.P1, "P3": score.P2, "P4": score.P3, "P5": score.P4}
	if len(w.Priorities) > 0 && !slices.ContainsFunc(w.Priorities, func(s string) bool { return ends[s] > w.MinScore || ends[s] == 0 }) {
		return "by its score, " + strings.Join(w.Priorities, " and ") + " is below min_score"
	}
	if len(w.Apps) == 0 || len(w.Journeys) == 0 {
		return ""
	}
	for _, j := range p.journeys {
		if slices.Contains(w.Journeys, j.Name) && (j.App == "" || slices.Contains(w.Apps, j.App)) {
			return ""
		}
	}
	return "none of the journeys is of one of the apps"
}

// checkApps reports what looks like a slip: apps need not be in the inventory.
func (p *parsed) checkApps(apps []string) {
	known := make([]string, 0, len(p.journeys))
	for _, j := range p.journeys {
		if j.App != "" && !slices.Contains(known, j.App) {
			known = append(known, j.App)
		}
	}
	for i := range apps {
		if best := closest(apps[i], known); best != "" && best != apps[i] && !slices.Contains(known, apps[i]) {
			p.warn("unknown-app", &apps[i], nearest(apps[i], known), "no journey is of app %q", apps[i])
		}
	}
}

// checkJourneyNames reports names that the inventory does not have.
func (p *parsed) checkJourneyNames(list []string) {
	names := make([]string, 0, len(p.journeys))
	for _, j := range p.journeys {
		names = append(names, j.Name)
	}
	for i := range list {
		if !slices.Contains(names, list[i]) {
			p.err("unknown-journey", &list[i], nearest(list[i], names), "the inventory has no journey %q", list[i])
		}
	}
}

// checkMaintenance looks at the windows of all files.
func (p *parsed) checkMaintenance() {
	unique := p.unique("maintenance")
	for _, m := range p.pauses {
		unique(&m.Name)
		p.checkOccasion(m.Name, m.Every, &m.From, &m.To, &m.Every)
		p.checkApps(m.Apps)
		p.checkJourneyNames(m.Journeys)
		for _, l := range []keyed{{"envs", &m.Envs}, {"apps", &m.Apps}, {"journeys", &m.Journeys}} {
			if p.given(l.list) && len(*l.list) == 0 {
				p.err("bad-day", l.list, "leave it out for all", "%s of maintenance %q is empty, so it would be about nothing", l.key, m.Name)
			}
		}
	}
	if n := len(p.pauses); n > p.options.MaxDays {
		p.err("too-many-days", p.pauses[p.options.MaxDays], "", "there are %d entries of maintenance, more than %d", n, p.options.MaxDays)
	}
}

// checkPast warns of what has ended: whoever reads it would think that it holds.
func (p *parsed) checkPast() {
	for _, m := range p.pauses {
		when, wrong := readDay(m.day())
		if wrong != nil || m.Every != "" {
			continue
		}
		if end := felt.InstantOf(when.from.Add(when.span)); end <= p.options.Today {
			p.warn("past-maintenance", &m.To, "take it out", "maintenance %q has ended", m.Name)
		}
	}
}

// checkScore looks at the weights and bounds of impact scores.
func (p *parsed) checkScore() {
	if p.score == nil {
		return
	}
	w := p.compileScore()
	weights, bounds := w.numbers()
	_, said := p.score.numbers()
	if !slices.ContainsFunc(weights, func(v *float64) bool { return *v > 0 }) {
		p.err("bad-score", p.score, "leave the weights out for those that are usual", "all weights are 0, so every score would be the same")
	}
	for i := 1; i < len(bounds); i++ {
		if *bounds[i] < *bounds[i-1] {
			continue
		}
		part := any(said[i])
		if !p.given(part) {
			part = said[i-1]
		}
		p.err("bad-score", part, "each is below the one before", "P%d begins at %g and P%d at %g, so nothing would be P%d", i, *bounds[i-1], i+1, *bounds[i], i+1)
	}
	p.checkSegmentValues()
}

func (p *parsed) checkSegmentValues() {
	var known []string
	for _, j := range p.journeys {
		known = append(known, j.SegmentBy...)
	}
	for _, key := range sortedKeys(p.score.SegmentValues) {
		at := p.place(mapKey{&p.score.SegmentValues, key})
		if len(p.score.SegmentValues[key]) == 0 {
			p.errAt("bad-score", at, "as "+key+": {gold: 1, basic: 0.3}", "segments.%s says of no value what it is worth", key)
		}
		if best := closest(key, known); best != "" && !slices.Contains(known, key) {
			p.add(SeverityWarning, "unknown-segment", at.file, at.value, nearest(key, known), "no journey is split by %q", key)
		}
	}
}
