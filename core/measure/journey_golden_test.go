package measure

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/rules"
)

const journeysFile = "testdata/journeys.txt"

// TestJourneys holds what is one journey, and how it ended, to a table that can be read.
func TestJourneys(t *testing.T) {
	text, err := os.ReadFile(journeysFile)
	if err != nil {
		t.Fatal(err)
	}
	cases := readGolden(t, string(text))
	head, _, _ := strings.Cut(string(text), "\n== ")
	out := strings.TrimRight(head, "\n") + "\n"
	for i := range cases {
		c := &cases[i]
		t.Run(c.name, func(t *testing.T) {
			got := runJourneys(t, c, nil, false)
			if diff := cmp.Diff(c.out, got); diff != "" && !*update {
				t.Errorf("%s:%d (-want +got):\n%s", journeysFile, c.line, diff)
			}
			for seed := range uint64(5) {
				if diff := cmp.Diff(got, runJourneys(t, c, rand.New(rand.NewPCG(seed, 1)), seed > 2)); diff != "" {
					t.Errorf("%s:%d: another order inside its ticks, or a cut, gives (-file order +shuffled):\n%s", journeysFile, c.line, diff)
				}
			}
			c.out = got
		})
		lines := append([]string{"", "== " + c.name}, c.comment...)
		lines = append(lines, c.in...)
		for _, o := range c.out {
			lines = append(lines, "-> "+o)
		}
		out += strings.Join(lines, "\n") + "\n"
	}
	if len(cases) < 60 {
		t.Errorf("%d cases, at least 60 wanted", len(cases))
	}
	if *update {
		if err := os.WriteFile(journeysFile, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// journeyCase is one case as it is played.
type journeyCase struct {
	t        *testing.T
	settings felt.Settings
	sets     []*rules.Set
	from     []felt.Tick // when each of the sets comes into force
	tries    []madeTry
}

type madeTry struct {
	tick felt.Tick
	name string
	Decision
}

func parseJourneys(t *testing.T, c *golden) *journeyCase {
	t.Helper()
	k := &journeyCase{t: t, settings: felt.DefaultSettings(), sets: []*rules.Set{{Version: 1}}, from: []felt.Tick{start}}
	k.settings.Partitions = 2
	for n, line := range c.in {
		words := strings.Fields(line)
		switch words[0] {
		case "set":
			for _, w := range words[1:] {
				key, value, _ := strings.Cut(w, "=")
				switch n := int(number(t, value)); key {
				case "open_journeys":
					k.settings.OpenJourneys = n
				case "journey_late":
					k.settings.JourneyLate = felt.Instant(n) * felt.Second
				case "journey_steps":
					k.settings.JourneySteps = n
				case "partitions":
					k.settings.Partitions = n
				default:
					t.Fatalf("set: %q", w)
				}
			}
		case "journey":
			set := k.sets[len(k.sets)-1]
			set.Journeys = append(set.Journeys, parseJourney(t, words[1:]))
		case "rules":
			k.sets = append(k.sets, &rules.Set{Version: int64(len(k.sets) + 1)})
			k.from = append(k.from, start+felt.Tick(number(t, words[1])))
		case "try":
			k.tries = append(k.tries, parseTry(t, n, words[1:]))
		default:
			t.Fatalf("%q", line)
		}
	}
	return k
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func parseJourney(t *testing.T, words []string) *rules.CompiledJourney {
	t.Helper()
	j := &rules.CompiledJourney{Last: -1}
	j.Name, j.Timeout = words[0], 30*felt.Minute
	j.Correlate.By, j.SuccessWhen.Rule = "session", "last_step"
	no := false
	secs := func(v string) felt.Instant { return felt.Instant(number(t, v) * 1e9) }
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "steps":
			for i, s := range strings.Split(value, ",") {
				s, timeout, timed := strings.Cut(s, "@")
				st := &rules.CompiledStep{Journey: j, Place: i, Name: strings.TrimRight(s, "?~"), Weight: float64(i + 1)}
				st.Interaction, st.Optional, st.Async = st.Name, strings.Contains(s, "?"), strings.Contains(s, "~")
				if timed {
					st.Timeout = secs(timeout)
				}
				if !st.Optional {
					j.Last = i
				}
				j.Steps = append(j.Steps, st)
			}
		case "timeout":
			j.Timeout = secs(value)
		case "correlate":
			j.Correlate.By = value
		case "goal":
			if step, ok := strings.CutPrefix(value, "step:"); ok {
				j.SuccessWhen = rules.SuccessWhen{Step: step}
			} else {
				j.SuccessWhen.Rule = value
			}
		case "slower":
			j.DegradedWhen.SlowerThan = secs(value)
		case "retried":
			j.DegradedWhen.Retried = &no
		case "optional":
			j.DegradedWhen.OptionalFailed = &no
		case "value":
			j.Value.AmountMinor, j.Value.Currency = int64(number(t, value)), "EUR"
		case "per":
			j.Value.Per = value
		case "app":
			j.App = value
		default:
			t.Fatalf("journey: %q", w)
		}
	}
	return j
}

func parseTry(t *testing.T, n int, words []string) madeTry {
	t.Helper()
	m := madeTry{tick: start + felt.Tick(number(t, words[0])), name: words[1]}
	d := &m.Decision
	d.Version, d.Env, d.App, d.Name, d.Kind, d.Weight = 1, "production", "shop", m.name, felt.KindStep, 1
	d.Recoverable, d.Outcome, d.OutcomeRule = true, felt.OutcomeSuccess, "status"
	copy(d.ID[:], fmt.Sprintf("%08d........", n)) // half of an id tells them apart
	copy(d.Trace[:], fmt.Sprintf("t%015d", n))
	d.End = m.tick.Instant() - felt.Second
	took := 1.0
	who := ""
	for _, w := range words[2:] {
		key, value, _ := strings.Cut(w, "=")
		if o, ok := felt.ParseOutcome(w); ok {
			d.Outcome = o
			continue
		}
		switch key {
		case "id":
			copy(d.ID[:], value+"................")
		case "trace":
			copy(d.Trace[:], value+"................")
		case "v":
			d.Version = int32(number(t, value))
		case "end":
			d.End = start.Instant() + felt.Instant(number(t, value)*1e9)
		case "took":
			took = number(t, value)
		case "session":
			d.Session = hash(value)
			who = value
		case "user", "pseudo":
			d.Customer = hash(value)
			d.IdentityLevel = map[string]felt.IdentityLevel{"user": felt.LevelUser, "pseudo": felt.LevelPseudonym}[key]
		case "install":
			d.Installation = hash(value)
		case "account":
			d.Account = hash(value)
		case "instance":
			d.Instance = hash(value)
		case "recoverable":
			d.Recoverable = value != "no"
		case "rule":
			d.OutcomeRule = value
		case "how":
			d.AbandonedHow = map[string]felt.AbandonedHow{"slow": felt.AbandonedWhileSlow, "failure": felt.AbandonedAfterFailure, "voluntarily": felt.AbandonedVoluntarily}[value]
		case "reason":
			d.Reason = value
		case "error":
			d.ErrorClass = value
		case "value":
			d.ValueMinor, d.Currency = int64(number(t, value)), "EUR"
		case "currency":
			d.Currency = value
		case "weight":
			d.Weight = number(t, value)
		case "draw":
			d.Draw = uint64(number(t, value))
		case "release":
			d.Release = value
		case "app":
			d.App = value
		case "env":
			d.Env = value
		case "traffic":
			d.Traffic = felt.TrafficBot
		default:
			if s, ok := strings.CutPrefix(key, "seg."); ok {
				d.Segments = append(d.Segments, felt.Segment{Key: s, Value: value})
			} else if s, ok := strings.CutPrefix(key, "flag."); ok {
				d.Flags = append(d.Flags, s+"="+value)
			} else {
				t.Fatalf("try: %q", w)
			}
		}
	}
	d.Start = d.End - felt.Instant(took*1e9)
	d.Duration = int64(d.End - d.Start)
	switch {
	case !d.Customer.IsZero():
	case !d.Installation.IsZero():
		d.Customer, d.IdentityLevel = d.Installation, felt.LevelInstallation
	case who != "":
		d.Customer, d.IdentityLevel = d.Session, felt.LevelSession
	}
	return m
}

// runJourneys plays a case. With rnd the tries of a tick come in another order; cut saves and
// restores after every tick.
func runJourneys(t *testing.T, c *golden, rnd *rand.Rand, cut bool) []string {
	t.Helper()
	k := parseJourneys(t, c)
	if rnd != nil {
		rnd.Shuffle(len(k.tries), func(i, j int) { k.tries[i], k.tries[j] = k.tries[j], k.tries[i] })
	}
	slices.SortStableFunc(k.tries, func(a, b madeTry) int { return int(a.tick - b.tick) })
	counters := make([]*Counter, k.settings.Partitions)
	for p := range counters {
		counters[p] = NewCounter(k.settings, p)
		counters[p].Rules(k.sets[:1]...)
	}
	fed := map[felt.InteractionID][]Feed{}
	var rows []felt.Interaction
	set, i := 0, 0
	for at := start; ; {
		in := Decided{Parts: make([]PartDecided, len(counters))}
		for ; i < len(k.tries) && k.tries[i].tick == at; i++ {
			feedTry(k.sets[set], &in, &k.tries[i], fed)
		}
		for p, c := range counters {
			rows = append(rows, c.Tick(at, in).Interactions...)
			c.Flush(at)
			if cut {
				var e codec.Encoder
				c.Save(&e)
				d := codec.NewDecoder(e.B)
				counters[p] = NewCounter(k.settings, p)
				counters[p].Rules(k.sets[:set+1]...)
				counters[p].Load(d)
				var again codec.Encoder
				counters[p].Save(&again)
				if d.Err() != nil || d.Rest() != 0 || string(again.B) != string(e.B) {
					t.Fatalf("+%d: saved and loaded is not the same: %v, %d bytes left", at-start, d.Err(), d.Rest())
				}
			}
		}
		if set+1 < len(k.sets) && k.from[set+1] <= at { // what the tick decided is fed
			set++
			for _, c := range counters {
				c.Rules(k.sets[:set+1]...)
			}
		}
		next := felt.Tick(0)
		for _, c := range counters {
			sooner(&next, c.Due())
		}
		if i < len(k.tries) {
			sooner(&next, k.tries[i].tick)
		}
		if set+1 < len(k.sets) {
			sooner(&next, k.from[set+1])
		}
		if next == 0 {
			break
		}
		at = next
	}
	for p, c := range counters {
		l := c.journeys
		if l.shelf.n != 0 || l.tries != 0 || l.packed != 0 || l.shelf.due() != 0 || l.shelf.open.oldest != 0 || l.shelf.ended.oldest != 0 ||
			len(l.cohorts.of) != 0 || l.cohorts.bytes != 0 || len(l.defs.of) != 0 || len(l.scopes.of) != 1 {
			t.Errorf("partition %d still holds %d stories, %d tries, %d bytes, %d cohorts, %d definitions, %d scopes", p,
				l.shelf.n, l.tries, l.packed, len(l.cohorts.of), len(l.defs.of), len(l.scopes.of)-1)
		}
		if limit := 2 * max(k.settings.OpenJourneys/k.settings.Partitions, 1); l.sealed.live > limit {
			t.Errorf("partition %d remembers %d sealed stories, at most %d are wanted", p, l.sealed.live, limit)
		}
		if l.tick(start+felt.Tick(felt.Day/felt.Second), nil); l.sealed.live != 0 {
			t.Errorf("partition %d remembers %d sealed stories after a day", p, l.sealed.live)
		}
	}
	return showJourneys(rows, counters)
}

// feedTry does what stage 1 does with a decision.
func feedTry(set *rules.Set, in *Decided, m *madeTry, fed map[felt.InteractionID][]Feed) {
	d := m.Decision
	d.Known = m.tick
	for _, f := range fed[d.ID] {
		d.Was = Was{f.Decision.Env, f.Decision.App, f.Decision.Name, f.Decision.Traffic, f.Decision.End, f.Decision.Outcome, f.Decision.Weight, f.Decision.ValueMinor, f.Decision.Withdrawn()}
	}
	part := &in.Parts[0]
	part.Decisions = append(part.Decisions, d)
	var now []Feed
	for _, j := range set.Journeys {
		for _, s := range j.Steps {
			key, ok := journeyKey(j, &d)
			if s.Interaction == m.name && ok {
				now = append(now, Feed{Step: s, Key: key, Decision: &d})
			}
		}
	}
	for _, f := range fed[d.ID] {
		if !slices.ContainsFunc(now, func(n Feed) bool {
			return n.Key == f.Key && n.Step.Name == f.Step.Name && n.Decision.Traffic == f.Decision.Traffic
		}) {
			in.Parts[partitionOf(f.Key, len(in.Parts))].Feeds = append(in.Parts[partitionOf(f.Key, len(in.Parts))].Feeds, Feed{f.Step, f.Key, &d, true})
		}
	}
	for _, f := range now {
		p := &in.Parts[partitionOf(f.Key, len(in.Parts))]
		p.Feeds = append(p.Feeds, f)
	}
	fed[d.ID] = now
}

func showJourneys(rows []felt.Interaction, counters []*Counter) []string {
	rows = slices.DeleteFunc(rows, func(r felt.Interaction) bool { return r.Kind != felt.KindJourney })
	slices.SortStableFunc(rows, func(a, b felt.Interaction) int {
		if a.Known != b.Known {
			return int(a.Known - b.Known)
		}
		return int(a.End - b.End)
	})
	names := map[felt.InteractionID]string{}
	var out []string
	for i := range rows {
		r := &rows[i]
		if names[r.ID] == "" {
			names[r.ID] = fmt.Sprint("#", len(names)+1)
		}
		out = append(out, showJourney(r, names[r.ID]))
	}
	var sum CounterStats
	for _, c := range counters {
		sum.Add(c.Stats())
	}
	for _, n := range []struct {
		what string
		n    int64
	}{{"sealed early", sum.SealedEarly}, {"too late", sum.JourneyTooLate}} {
		if n.n > 0 {
			out = append(out, fmt.Sprint(n.what, ": ", n.n))
		}
	}
	return out
}

func showJourney(r *felt.Interaction, name string) string {
	var b strings.Builder
	outcome := r.Outcome.String()
	if r.Outcome == felt.OutcomeNone {
		outcome = "open"
	}
	if r.AbandonedHow != felt.AbandonedNot {
		outcome += "(" + r.AbandonedHow.String() + ")"
	}
	fmt.Fprintf(&b, "%d %s%s v%d %s", r.Known-start, r.Name, name, r.Version, outcome)
	put := func(key string, v any) {
		if s := fmt.Sprint(v); s != "" && s != "0" && s != "[]" {
			b.WriteString(" " + key + "=" + strings.ReplaceAll(s, " ", "_"))
		}
	}
	put("rule", r.OutcomeRule)
	put("reason", r.Reason)
	put("error", r.ErrorClass)
	put("at", fmt.Sprintf("%g-%g", seconds(r.Start), seconds(r.End)))
	if r.Duration != int64(r.End-r.Start) {
		put("took", float64(r.Duration)/1e9)
	}
	if r.Version > 1 {
		put("first", fmt.Sprintf("%d:%s", r.FirstKnown-start, r.FirstOutcome))
	}
	put("retries", r.Retries)
	put("value", r.ValueMinor)
	put("currency", r.Currency)
	if r.Weight != 1 {
		put("weight", r.Weight)
	}
	put("draw", r.Draw)
	if r.RulesVersion != 1 && len(r.Steps) > 0 {
		put("rules", r.RulesVersion)
	}
	if r.App != "shop" {
		put("app", r.App)
	}
	if r.Env != "production" {
		put("env", r.Env)
	}
	if r.Traffic != felt.TrafficCustomer {
		put("traffic", r.Traffic)
	}
	if r.IdentityLevel != felt.LevelNone && r.IdentityLevel != felt.LevelSession {
		put("customer", r.IdentityLevel.String()+":"+unhash(r.Customer))
	}
	put("account", unhash(r.Account))
	put("install", unhash(r.Installation))
	put("session", unhash(r.Session))
	put("release", r.Release)
	for _, s := range r.Segments {
		put("seg."+s.Key, s.Value)
	}
	put("flags", strings.Join(r.Flags, ","))
	for _, s := range r.Steps {
		if s.Tries == 0 {
			fmt.Fprintf(&b, " %s:-", s.Name)
			continue
		}
		fmt.Fprintf(&b, " %s:%s", s.Name, s.Outcome)
		if s.Tries > 1 {
			fmt.Fprintf(&b, "*%d", s.Tries)
		}
		fmt.Fprintf(&b, "@%g-%g", seconds(s.Start), seconds(s.End))
	}
	return b.String()
}
