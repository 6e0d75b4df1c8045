package rules

import (
	"slices"
	"strconv"
	"strings"
)

func (p *parsed) checkMatches(j *Journey) {
	p.checkMatch(j.Match)
	for i := range j.Steps {
		p.checkMatch(j.Steps[i].Match)
		p.checkClassPatterns(j.Steps[i].ErrorClasses)
	}
	p.checkClassPatterns(j.ErrorClasses)
	p.checkSameMatch(j)
}

func (p *parsed) checkMatch(m *Match) {
	if m == nil {
		return
	}
	given := 0
	for _, yes := range []bool{m.Interaction != "", m.Span != nil, m.Log != nil, m.Any != nil} {
		if yes {
			given++
		}
	}
	const one = "exactly one of interaction, span, log and any"
	if given != 1 {
		p.err("bad-match", m, "list several ways under any", "a match has %s; found %d", one, given)
	}
	if m.Any != nil && len(m.Any) == 0 {
		p.err("bad-match", &m.Any, "", "any is empty")
	}
	if m.App != "" && m.Interaction == "" {
		p.err("bad-match", &m.App, "a pattern asks for attributes: {service.namespace: ...}", "app goes with interaction only")
	}
	p.checkPattern(m.Span, false, true)
	p.checkPattern(m.Log, true, true)
	for _, one := range m.Any {
		p.checkMatch(one)
	}
}

func (p *parsed) checkClassPatterns(classes []ErrorClass) {
	for i := range classes {
		p.checkPattern(classes[i].Match, false, false)
	}
}

// checkPattern looks at one pattern; rule tells that it makes interactions of plain telemetry.
func (p *parsed) checkPattern(t *Pattern, log, rule bool) {
	if t == nil {
		return
	}
	narrow := t.Service != nil || t.Name != nil || len(t.Attributes) > 0
	rest := t.Kind != "" || t.Status != "" || t.HTTPStatus != nil || t.GRPCStatus != nil || t.Duration > 0
	switch {
	case !narrow && !rest:
		p.err("no-condition", t, "give service and name at least", "a pattern without a condition holds for everything")
	case rule && !narrow:
		p.warn("wide-match", t, "add service or name", "the pattern holds for telemetry of every service")
	}
	if log && t.Kind != "" {
		p.err("log-condition", &t.Kind, "", "a log record has no kind")
	}
	if log && t.Duration > 0 {
		p.err("log-condition", &t.Duration, "", "a log record has no duration")
	}
	p.checkCodes(t)
	identities := identityKeys()
	for _, k := range sortedKeys(t.Attributes) {
		if _, hashed := slices.BinarySearch(identities, k); hashed && !onlyExists(t.Attributes[k]) {
			p.errAt("hashed-identity", p.place(mapKey{&t.Attributes, k}), "ask {exists: true}", "attribute %s is hashed at the door: its text is not known", k)
		}
	}
}

// checkCodes: a code that is none can never hold.
func (p *parsed) checkCodes(t *Pattern) {
	for _, code := range words(t.HTTPStatus) {
		if n, err := strconv.Atoi(code); err != nil || n < firstHTTP || n > lastHTTP {
			p.err("bad-status", t.HTTPStatus, "codes are 100 to 599; {prefix: 5} is every 5xx", "http_status: %q is no HTTP status", code)
		}
	}
	for _, code := range words(t.GRPCStatus) {
		if _, ok := grpcName(code); !ok {
			p.err("bad-status", t.GRPCStatus, nearest(code, grpcNames()), "grpc_status: %q is no gRPC status", code)
		}
	}
}

// words are the texts that a condition compares with as a whole.
func words(t *Text) []string {
	switch {
	case t == nil:
		return nil
	case t.Not != nil:
		return words(t.Not)
	case t.OneOf != nil:
		return t.OneOf
	case t.Exists != nil || t.Prefix != "" || t.Regex != "" || t.Equals == "":
		return nil
	}
	return []string{t.Equals}
}

func onlyExists(t Text) bool {
	for t.Not != nil {
		t = *t.Not
	}
	return t.Exists != nil
}

// checkSameMatch: telemetry that is two steps of one journey is always the first.
func (p *parsed) checkSameMatch(j *Journey) {
	type way struct{ app, interaction string }
	named, matched := map[way]*Step{}, map[string]*Step{}
	for i := range j.Steps {
		st := &j.Steps[i]
		if st.Name == "" {
			continue
		}
		var part any = &st.Name
		if st.Match != nil {
			part = st.Match
		}
		for _, a := range alternatives(st, j.App) {
			w := way{a.app, a.interaction}
			if before := named[w]; before != nil && before != st && before.Name != st.Name {
				p.err("same-match", part, "", "interaction %q is step %q already", a.interaction, before.Name)
				break
			}
			named[w] = st
			if a.pattern == nil {
				continue
			}
			key := strings.Join(a.pattern.conditions(a.log), "\n")
			if before := matched[key]; before != nil && before != st {
				p.err("same-match", part, "", "the same telemetry is step %q already", before.Name)
				break
			}
			matched[key] = st
		}
	}
}

// checkReach: plain telemetry gets the name of the first rule that holds. A later rule that asks
// for the same, or for more of the same, gets none. A rule of an app leaves what says that it
// is of another one (service.namespace) to later rules.
func (p *parsed) checkReach() {
	type earlier struct {
		journey    *Journey
		step       *Step
		name, app  string
		conditions []string
	}
	seen := map[string][]earlier{}
	for _, j := range p.journeys {
		steps := j.Steps
		if len(steps) == 0 && j.Match != nil {
			steps = []Step{{Name: j.Name, Match: j.Match}}
		}
		for i := range steps {
			st := &steps[i]
			for _, a := range alternatives(st, j.App) {
				if a.pattern == nil || len(a.pattern.conditions(a.log)) == 1 {
					continue
				}
				now := a.pattern.conditions(a.log)
				group := strings.Join(a.pattern.operation(a.log), "\n")
				before := slices.IndexFunc(seen[group], func(e earlier) bool {
					return e.journey != j && e.name != a.interaction && (e.app == "" || e.app == a.app) && subset(e.conditions, now)
				})
				if before >= 0 {
					e := seen[group][before]
					p.err("unreachable-rule", a.source, "if it is the same thing, use match: {interaction: "+e.name+"} here; else put the narrower rule first",
						"everything that this could match is %s/%s already, in %s:%d", e.journey.Name, e.step.Name, p.place(e.journey).file, p.place(e.journey).value.Line)
				}
				seen[group] = append(seen[group], earlier{j, st, a.interaction, a.app, now})
			}
		}
	}
}

func subset(a, b []string) bool {
	for _, s := range a {
		if !slices.Contains(b, s) {
			return false
		}
	}
	return true
}

// operation is the part of a pattern by which patterns are compared with each other.
func (p *pattern) operation(log bool) []string {
	list := []string{"span"}
	if log {
		list[0] = "log"
	}
	if p.service != nil {
		list = append(list, "service "+p.service.String())
	}
	if p.name != nil {
		list = append(list, "name "+p.name.String())
	}
	return list
}

// conditions lists all that a pattern asks for, the same for patterns that ask for the same.
func (p *pattern) conditions(log bool) []string {
	list := p.operation(log)
	p.each(&Event{}, func(_ bool, c MissFailure) {
		if c.What != "service" && c.What != "name" {
			list = append(list, c.What+" "+c.Want)
		}
	})
	return list
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// identityKeys are the attributes that are hashed at the door, sorted. A test holds them to
// the alias table of core/otlp.
func identityKeys() []string {
	return []string{
		"account.id", "accountId", "account_id", "ai.session.id", "ai.user.authUserId", "ai.user.id",
		"app.installation.id", "app.user.id", "customer.id", "customerId", "customer_id", "dd.usr.id", "device.id",
		"enduser.id", "enduser.pseudo.id", "faro.user.id", "felt.account", "felt.session", "felt.user",
		"gf.session.id", "langfuse.user.id", "organization.id", "rum.session_id", "sentry.session_id",
		"sentry.user.id", "session-id", "session.id", "sessionId", "session_id", "splunk.rumSessionId", "user-id",
		"user.account_id", "user.anonymousId", "user.anonymous_id", "user.hash", "user.id", "userId", "user_id",
		"userid", "usr.anonymous_id", "usr.id",
	}
}
