package evidence

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/tell"
)

const (
	suspectsMax  = 8
	suspectLeast = .03
	clockSlack   = 30 * felt.Second // clocks differ: what began so long after may still have been before
	halfWeight   = 30 * felt.Minute // before first_bad: the time speaks half as much as right before
	controlLeast = 20               // tries on either side, to compare
	withinLeast  = 10               // of them, within the part that is hit
	freshAfter   = 10 * felt.Minute // in the time before: a release seen earlier is not new
)

// How much speaks for a suspect, before the time is looked at.
const (
	matchControl   = .95 // who was touched fares worse than who was not, in the same minutes
	matchLikely    = .6  // so it seems; too few to be sure
	matchEntangled = .5  // who was touched fares worse, but is hit for another reason too
	matchPlace     = .85 // no control, but what it touched left its band right then, and nothing that it calls
	matchSuffers   = .35 // no control; what it touched is out of its band, like what it calls
	matchPart      = .2  // no control; it takes part: only the time speaks
	matchElsewhere = .05
	matchCleared   = .02 // who was touched fares no worse
	matchService   = .75
	matchThird     = .8
	matchCallee    = .6 // as its callers see it; it says nothing itself
	matchVariant   = .7
	matchShared    = .6 // of the score of one service of several, where one part of the customers is hit
	sharedLeast    = .6 // that this part explains
)

// judging holds what suspects are judged by.
type judging struct {
	in   *Input
	seg  *segments
	c    *calls
	hit  []felt.SegmentShare
	list []felt.Suspect
}

// suspects are what may have caused it, likeliest first.
func suspects(in *Input, seg *segments, c *calls, hit []felt.SegmentShare) []felt.Suspect {
	j := &judging{in: in, seg: seg, c: c, hit: hit}
	for i := range in.Changes {
		j.change(&in.Changes[i])
	}
	j.releases()
	j.variants()
	j.services()
	slices.SortFunc(j.list, func(a, b felt.Suspect) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.At, a.At), strings.Compare(a.Kind, b.Kind),
			strings.Compare(a.What, b.What), strings.Compare(a.Change, b.Change))
	})
	return j.list[:min(len(j.list), suspectsMax)]
}

// weight is how much a time before first_bad speaks; 0 for what came after.
func weight(lead felt.Instant) float64 {
	switch {
	case lead < -clockSlack:
		return 0
	case lead < 0:
		return .5
	}
	return 1 / (1 + float64(lead)/float64(halfWeight))
}

// touched tells whether a try was touched by something, and whether it could have been: the others are its control.
type touched func(l *felt.Leaf) (is, could bool)

// change judges one change. What began after is none.
func (j *judging) change(ch *felt.Change) {
	lead := j.in.Incident.FirstBad - ch.Started
	w := weight(lead)
	if w == 0 {
		return
	}
	s := felt.Suspect{Kind: ch.Kind, Change: ch.ID, What: whatOf(ch), At: ch.Started, Lead: lead}
	if len(ch.Services) > 0 {
		s.Service = ch.Services[0]
	}
	match, why := j.compare(&s, j.touchedBy(ch), ch)
	if match < 0 {
		match, why = j.without(ch)
		s.Score = match * w
	} else {
		s.Score = match * (.7 + .3*w)
	}
	s.Text = s.What + ", " + tell.Elapsed(lead) + beforeOrAfter(lead) + ": " + why
	j.add(s)
}

func beforeOrAfter(lead felt.Instant) string {
	if lead < 0 {
		return " after the first failure"
	}
	return " before"
}

func (j *judging) add(s felt.Suspect) {
	if s.Score = math.Round(s.Score*1000) / 1000; s.Score >= suspectLeast {
		j.list = append(j.list, s)
	}
}

// whatOf is how people write a change: web@5f3c.
func whatOf(ch *felt.Change) string {
	name := strings.Join(ch.Services, "+")
	switch {
	case name != "" && ch.Version != "":
		return name + "@" + ch.Version
	case name != "" || ch.Version != "":
		return name + ch.Version
	case ch.Region != "":
		return ch.Region
	}
	return ch.ID
}

// sameRelease tells whether telemetry and a change mean the same release.
func sameRelease(release, version string, services []string) bool {
	if version == "" || release == "" {
		return false
	}
	bare := func(s string) string { return strings.TrimPrefix(strings.ToLower(s), "v") }
	if bare(release) == bare(version) {
		return true
	}
	service, rest, ok := strings.Cut(release, "@")
	return ok && bare(rest) == bare(version) && (len(services) == 0 || slices.Contains(services, service))
}

// sameFlag tells whether a change speaks of a flag: as key=variant, or by its key.
func sameFlag(ch *felt.Change, flag string) (is, could bool) {
	key, _, _ := strings.Cut(flag, "=")
	if flag == ch.Version {
		return true, true
	}
	if k, _, ok := strings.Cut(ch.Version, "="); ok && k == key {
		return false, true
	}
	return false, false
}

// touchedBy is how a change tells tries apart; nil when it does not.
func (j *judging) touchedBy(ch *felt.Change) touched {
	switch {
	case ch.Kind == "flag":
		return func(l *felt.Leaf) (is, could bool) {
			for _, f := range l.Flags {
				if is, could := sameFlag(ch, f); could {
					return is, true
				}
			}
			return false, false
		}
	case ch.Version != "":
		return func(l *felt.Leaf) (is, could bool) {
			if l.Release == "" || len(ch.Services) > 0 && l.Service != "" && !slices.Contains(ch.Services, l.Service) {
				return false, false
			}
			return sameRelease(l.Release, ch.Version, ch.Services), true
		}
	case ch.Region != "":
		return func(l *felt.Leaf) (is, could bool) {
			for _, s := range l.Segments {
				if strings.Contains(s.Key, "region") {
					return s.Value == ch.Region, true
				}
			}
			return false, false
		}
	}
	return nil
}

// fare is how the touched and the others fared since it began, of tries that within admits.
func (j *judging) fare(by touched, within func(*felt.Leaf) bool) (bad, n, otherBad, otherN float64) {
	m := j.seg.measure
	if m == measureVolume {
		return j.missing(by, within)
	}
	for i := range j.in.Leaves {
		l := &j.in.Leaves[i]
		is, could := by(l)
		if !could || l.Rest || within != nil && !within(l) {
			continue
		}
		if b, of := m.of(l); is {
			bad, n = bad+b, n+of
		} else {
			otherBad, otherN = otherBad+b, otherN+of
		}
	}
	return bad, n, otherBad, otherN
}

// missing is fare of a volume: those that did not come, of those expected.
func (j *judging) missing(by touched, within func(*felt.Leaf) bool) (bad, n, otherBad, otherN float64) {
	share := 0.0
	if d := j.in.Before.To - j.in.Before.From; d > 0 {
		share = float64(j.in.Since.To-j.in.Since.From) / float64(d)
	}
	sum := func(list []felt.Leaf) (of, other float64) {
		for i := range list {
			is, could := by(&list[i])
			_, v := measureVolume.of(&list[i])
			switch {
			case !could || list[i].Rest || within != nil && !within(&list[i]):
			case is:
				of += v
			default:
				other += v
			}
		}
		return of, other
	}
	came, otherCame := sum(j.in.Leaves)
	n, otherN = sum(j.in.LeavesBefore)
	n, otherN = n*share, otherN*share
	return max(0, n-came), n, max(0, otherN-otherCame), otherN
}

// compare holds the touched against the others of the same minutes: of customers' tries, else of the
// calls of the service. Below 0: there is no control.
func (j *judging) compare(s *felt.Suspect, by touched, ch *felt.Change) (match float64, why string) {
	what := "tries"
	if by != nil {
		j.set(s, by)
	}
	enough := s.N >= controlLeast && s.ControlN >= controlLeast
	if !enough {
		if bad, n, otherBad, otherN := j.callsOf(ch); n >= controlLeast && otherN >= controlLeast {
			s.Bad, s.N, s.ControlBad, s.ControlN = bad, n, otherBad, otherN
			enough, by, what = true, nil, "calls"
		}
	}
	if !enough {
		s.ControlBad, s.ControlN = 0, 0
		return -1, ""
	}
	spread := max(j.in.Dispersion, 1)
	g := worse(float64(s.Bad), float64(s.N), float64(s.ControlBad), float64(s.ControlN)) / spread
	why = tell.Share(s.Bad, s.N) + " of " + tell.Count(s.N) + " " + what + " on it are bad, " +
		tell.Share(s.ControlBad, s.ControlN) + " of " + tell.Count(s.ControlN) + " that it did not touch in the same minutes"
	ratio := float64(s.Bad) * float64(s.ControlN) / (max(float64(s.ControlBad), .5) * float64(s.N))
	switch {
	case g >= MinGain && ratio >= 1.5:
		match = matchControl
	case g >= 4 && ratio >= 1.5:
		match = matchLikely
	default:
		return matchCleared, why + ": it fares no worse"
	}
	if by == nil {
		return match, why
	}
	return j.entangled(match, why, by)
}

func (j *judging) set(s *felt.Suspect, by touched) {
	bad, n, otherBad, otherN := j.fare(by, nil)
	s.Bad, s.N, s.ControlBad, s.ControlN = round(bad), round(n), round(otherBad), round(otherN)
}

// entangled looks whether the touched fare worse only because most of them belong to the part that is hit.
func (j *judging) entangled(match float64, why string, by touched) (float64, string) {
	if len(j.hit) == 0 {
		return match, why
	}
	where := j.hit[0].Where
	bad, n, otherBad, otherN := j.fare(by, func(l *felt.Leaf) bool {
		v := valuesOf(l)
		return !slices.ContainsFunc(where, func(w felt.Segment) bool { return v[w.Key] != w.Value })
	})
	switch name := whereText(where); {
	case n == 0:
		return matchCleared, why + ", but those that are hit (" + name + ") were not touched by it"
	case otherN < withinLeast && j.definedBy(where, by):
		return match, why // the part that is hit is just those it touched
	case n < withinLeast || otherN < withinLeast:
		return min(match, matchEntangled), why + "; it cannot be told apart from " + name
	case worse(bad, n, otherBad, otherN) < 2:
		return matchCleared, why + ", but within " + name + " the others fare the same"
	}
	return match, why
}

// definedBy tells whether a part is named by what the change touched: its release or flag, or region.
func (j *judging) definedBy(where []felt.Segment, by touched) bool {
	for _, w := range where {
		l := felt.Leaf{}
		switch {
		case w.Key == keyRelease:
			l.Release = w.Value
		case strings.HasPrefix(w.Key, keyFlag):
			l.Flags = []string{strings.TrimPrefix(w.Key, keyFlag) + "=" + w.Value}
		case w.Key == keyService:
			continue
		default:
			l.Segments = []felt.Segment{w}
		}
		if is, _ := by(&l); is {
			return true
		}
	}
	return false
}

func whereText(where []felt.Segment) string {
	var list []string
	for _, w := range where {
		list = append(list, w.Key+" "+w.Value)
	}
	return strings.Join(list, " and ")
}

// callsOf are the failed calls of a release of services, and of their other releases, in windows that began
// after it was there and it went wrong: only then both were there in the same minutes.
func (j *judging) callsOf(ch *felt.Change) (bad, n, otherBad, otherN int64) {
	if ch.Version == "" || j.in.Step <= 0 {
		return 0, 0, 0, 0
	}
	from := max(j.in.Incident.FirstBad-j.in.Step, ch.Started)
	for i := range j.in.Operations {
		p := &j.in.Operations[i]
		if !slices.Contains(ch.Services, p.Service) || p.Release == "" || p.Start < from {
			continue
		}
		if sameRelease(p.Release, ch.Version, ch.Services) {
			bad, n = bad+p.Errors, n+p.Count
		} else {
			otherBad, otherN = otherBad+p.Errors, otherN+p.Count
		}
	}
	return bad, n, otherBad, otherN
}

// without judges a change of which nobody was left untouched: by the place and the time.
func (j *judging) without(ch *felt.Change) (match float64, why string) {
	for _, service := range ch.Services {
		b := j.c.bad[service]
		if b == nil || b.first < ch.Started-clockSlack {
			continue
		}
		if !j.c.origin(&b.main) {
			return matchSuffers, "nobody was left untouched to compare with; " + service + " left its band after it, and so did what it calls"
		}
		return matchPlace, "nobody was left untouched to compare with, but " + b.main.name() + " left its band after it: " + b.main.change()
	}
	const only = "only the time speaks for it"
	switch {
	case len(ch.Services) == 0 && (ch.App == "" || ch.App == j.in.Incident.App):
		return matchPart, only
	case slices.ContainsFunc(ch.Services, j.takesPart):
		return matchPart, only + ": nothing tells who was touched by it from who was not"
	}
	return matchElsewhere, only + ": it does not take part in what is hit"
}

func (j *judging) takesPart(service string) bool {
	_, reached := j.c.depth[service]
	return reached || slices.Contains(j.in.services(), service)
}

// shared tells whether several services left their band, none because of another, while one part of the
// customers, that no release or flag tells apart, is hit: what is behind all of them is not one of them.
func (j *judging) shared() bool {
	if len(j.hit) == 0 || j.hit[0].Explains < sharedLeast {
		return false
	}
	for _, w := range j.hit[0].Where {
		if w.Key == keyRelease || w.Key == keyService || strings.HasPrefix(w.Key, keyFlag) {
			return false
		}
	}
	origins := map[string]bool{}
	for i := range j.c.out {
		if n := &j.c.out[i]; n.what != "calls" && !n.edge() && j.c.origin(n) {
			origins[n.service] = true
		}
	}
	return len(origins) > 1
}

// services are those where the walk from the customer's symptom ends.
func (j *judging) services() {
	done := map[string]bool{}
	shared := j.shared()
	for i := range j.c.out {
		n := &j.c.out[i]
		if n.what == "calls" || !j.c.origin(n) {
			continue
		}
		s := felt.Suspect{Kind: "service", What: n.service, Service: n.service, At: n.first, Bad: n.errors, N: n.n}
		match, callee := matchService, ""
		switch {
		case n.third:
			s.Kind, s.What, s.Service, match, callee = "third_party", n.callee, n.service, matchThird, n.callee
		case n.edge():
			s.What, s.Service, match, callee = n.callee, n.callee, matchCallee, n.callee
		default:
			n = &j.c.bad[n.service].main
			s.Bad, s.N = n.errors, n.n
		}
		key := s.Kind + "\x00" + cmp.Or(callee, s.Service)
		if done[key] || j.explained(s.Service, n) {
			continue
		}
		done[key] = true
		s.Lead = j.in.Incident.FirstBad - s.At
		s.Score = match * (1 - math.Exp(-n.strength/15))
		if s.Lead < -felt.Minute {
			s.Score *= .4
		}
		if hops, ok := j.c.linked[n.service]; ok {
			s.Score *= 1 - .2/float64(1+hops) // a symptom that was seen on its way speaks for it
		} else {
			s.Score *= .6 // what lies between it and the customer shows nothing, or is not known
		}
		if shared {
			s.Score *= matchShared
		}
		s.Text = n.text(j.in.At) + "; nothing that it calls is out of its band"
		if n.edge() {
			s.Text = n.text(j.in.At) + "; nothing nearer to the cause is out of its band"
		}
		if shared {
			s.Text += "; others left theirs too, so it may suffer from what hits " + whereText(j.hit[0].Where)
		}
		j.add(s)
	}
}

// explained tells whether a change of the service is suspected enough already.
func (j *judging) explained(service string, n *node) bool {
	return !n.edge() && slices.ContainsFunc(j.list, func(s felt.Suspect) bool { return s.Service == service && s.Score >= .5 })
}
