package evidence

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
)

const (
	sparedMax   = 5
	sparedTries = 20  // at least, to say that somebody is not hit
	sparedBelow = .5  // of the lower end of those hit, the upper end of those who are not
	sparedNats  = 2.5 // that they are worse off than usual: more, and they are not spared
	scanDepth   = 2
)

// FlagKey is in front of a flag's name where that is the key of a segment.
const FlagKey = "flag."

// The keys of attributes that are no segments.
const (
	keyService = "service"
	keyRelease = "release"
	keyFlag    = FlagKey
)

// measure is what counts as bad.
type measure uint8

const (
	measureFailed measure = iota
	measureDegraded
	measureSlow
	measureLeft // did not get through: failed or left
	measureVolume
)

func (m measure) of(l *felt.Leaf) (bad, n float64) {
	n = float64(l.Counts.Decided())
	switch m {
	case measureDegraded:
		return float64(l.Counts.Degraded), n
	case measureSlow:
		return float64(l.Slow), n
	case measureLeft:
		return float64(l.Counts.Failed + l.Counts.Abandoned), n
	case measureVolume:
		return 0, n + float64(l.Counts.Cancelled)
	case measureFailed:
	}
	return float64(l.Counts.Failed), n
}

// customers are those hit, as the leaf knows them.
func (m measure) customers(l *felt.Leaf) int64 {
	switch m {
	case measureDegraded:
		return l.Degraded
	case measureSlow, measureVolume:
		return 0
	case measureFailed, measureLeft:
	}
	return l.Failed
}

// measuresOf are those to try for an incident's kind; the one with most evidence counts.
func measuresOf(kind string) []measure {
	switch felt.FindingKind(kind) {
	case felt.FindingFailed, felt.FindingBurn:
		return []measure{measureFailed}
	case felt.FindingDegraded:
		return []measure{measureDegraded, measureSlow}
	case felt.FindingSlow:
		return []measure{measureSlow, measureDegraded}
	case felt.FindingFunnel:
		return []measure{measureLeft}
	case felt.FindingDrop, felt.FindingSilent:
		return []measure{measureVolume}
	case felt.FindingKPI, felt.FindingSaturation:
	}
	return []measure{measureFailed, measureDegraded, measureSlow, measureVolume}
}

// segments is who is hit and who is not.
type segments struct {
	table   Table
	harmed  []int64 // customers of the cells, in their order
	measure measure
	answer  Answer
	excess  float64 // what is bad beyond the usual
	usual   []float64
}

// newSegments scans.
func newSegments(in *Input) *segments {
	var best *segments
	for _, m := range measuresOf(in.Incident.Kind) {
		s := tableOf(in, m)
		s.answer = Scan(s.table, scanDepth)
		if best == nil || s.answer.Whole.Gain > best.answer.Whole.Gain {
			best = s
		}
	}
	best.usual = baselines(best.table)
	best.excess = best.sum(func(int) bool { return true }).excess
	return best
}

// badOf is how many of how many are bad in a cell; of volumes: missing, of those expected.
func (s *segments) badOf(i int) (bad, n float64) {
	c := &s.table.Cells[i]
	if s.table.Volume {
		return max(0, c.Of-c.N), c.Of
	}
	return c.Bad, c.N
}

// valuesOf are the values of a leaf by attribute.
func valuesOf(l *felt.Leaf) map[string]string {
	v := map[string]string{keyService: l.Service, keyRelease: l.Release}
	for _, f := range l.Flags {
		if key, variant, ok := strings.Cut(f, "="); ok {
			v[keyFlag+key] = variant
		}
	}
	for _, s := range l.Segments {
		v[s.Key] = s.Value
	}
	return v
}

// attributesOf are those that tell anything apart, the fields first, then by name.
func attributesOf(lists ...[]felt.Leaf) []string {
	values := map[string]map[string]bool{}
	total := 0
	carry := map[string]int{}
	for _, list := range lists {
		for i := range list {
			if list[i].Rest {
				continue
			}
			total++
			for k, v := range valuesOf(&list[i]) {
				if v == "" {
					continue
				}
				if values[k] == nil {
					values[k] = map[string]bool{}
				}
				values[k][v] = true
				carry[k]++
			}
		}
	}
	var out []string
	for k, v := range values {
		if len(v) > 1 || carry[k] < total {
			out = append(out, k)
		}
	}
	rank := func(k string) int {
		switch {
		case k == keyRelease:
			return 0
		case strings.HasPrefix(k, keyFlag):
			return 1
		case k == keyService:
			return 3
		}
		return 2
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a, b)) })
	return out
}

// tableOf makes the scan's table of the leaves before and since.
func tableOf(in *Input, m measure) *segments {
	s := &segments{measure: m}
	s.table = Table{Attributes: attributesOf(in.Leaves, in.LeavesBefore), Volume: m == measureVolume, Dispersion: in.Dispersion}
	at := map[string]int{}
	cell := func(l *felt.Leaf) int {
		has := map[string]string{}
		if !l.Rest {
			has = valuesOf(l)
		}
		values := make([]string, len(s.table.Attributes))
		for i, a := range s.table.Attributes {
			values[i] = has[a]
		}
		key := strings.Join(values, "\x00")
		i, ok := at[key]
		if !ok {
			i = len(s.table.Cells)
			at[key] = i
			s.table.Cells = append(s.table.Cells, Cell{Values: values})
			s.harmed = append(s.harmed, 0)
		}
		return i
	}
	for i := range in.Leaves {
		bad, n := m.of(&in.Leaves[i])
		c := cell(&in.Leaves[i])
		s.table.Cells[c].Bad += bad
		s.table.Cells[c].N += n
		s.harmed[c] += m.customers(&in.Leaves[i])
	}
	share := 1.0 // of the time before, what has passed since
	if d := in.Before.To - in.Before.From; s.table.Volume && d > 0 {
		share = float64(in.Since.To-in.Since.From) / float64(d)
	}
	for i := range in.LeavesBefore {
		bad, n := m.of(&in.LeavesBefore[i])
		c := cell(&in.LeavesBefore[i])
		s.table.Cells[c].Was += bad
		s.table.Cells[c].Of += n * share
	}
	return s
}

// sums is how a part fared, and the others.
type sums struct {
	bad, n, otherBad, otherN, usual, excess float64
	customers                               int64
}

func (s *segments) sum(in func(i int) bool) sums {
	var r sums
	for i := range s.table.Cells {
		bad, n := s.badOf(i)
		if !in(i) {
			r.otherBad, r.otherN = r.otherBad+bad, r.otherN+n
			continue
		}
		r.bad, r.n = r.bad+bad, r.n+n
		r.customers += s.harmed[i]
		if s.table.Volume {
			r.excess += bad
		} else {
			r.usual += n * s.usual[i]
			r.excess += bad - n*s.usual[i]
		}
	}
	return r
}

// holds tells whether a cell has values.
func (s *segments) holds(i int, where []At) bool {
	for _, w := range where {
		if s.table.Cells[i].Values[w.Attribute] != w.Value {
			return false
		}
	}
	return true
}

func (s *segments) share(where []At) felt.SegmentShare {
	r := s.sum(func(i int) bool { return s.holds(i, where) })
	v := felt.SegmentShare{
		Bad: round(r.bad), N: round(r.n), Customers: r.customers, OtherBad: round(r.otherBad), OtherN: round(r.otherN),
	}
	if r.n > 0 && !s.table.Volume {
		if v.Usual = r.usual / r.n; v.Usual <= 2*rateMin { // that is the least a baseline can be
			v.Usual = 0
		}
	}
	if s.excess > 0 {
		v.Explains = min(max(r.excess/s.excess, 0), 1)
	}
	v.Low, v.High = wilson(r.bad, r.n)
	for _, w := range where {
		v.Where = append(v.Where, felt.Segment{Key: s.table.Attributes[w.Attribute], Value: w.Value})
	}
	return v
}

func round(v float64) int64 { return int64(math.Round(v)) }

// hit are the parts that stand out, the one that explains most first.
func (s *segments) hit() []felt.SegmentShare {
	var list []felt.SegmentShare
	for _, p := range s.answer.Causes {
		list = append(list, s.share(p.Where))
	}
	return list
}

// spared are single values that are as exposed as the others and fare as they always did, most tries
// first: those of attributes in which somebody stands out before others.
func (s *segments) spared() []felt.SegmentShare {
	if s.answer.Whole.Gain < MinGain && len(s.answer.Causes) == 0 {
		return nil
	}
	all := s.sum(func(int) bool { return true })
	low, _ := wilson(all.bad, all.n)
	named := map[int]bool{}
	for _, p := range s.answer.Causes {
		hit := s.share(p.Where)
		low = max(low, hit.Low)
		for _, w := range p.Where {
			named[w.Attribute] = true
		}
	}
	type found struct {
		felt.SegmentShare
		named bool
	}
	var list []found
	for a := range s.table.Attributes {
		for _, v := range s.valuesOf(a) {
			where := []At{{a, v}}
			r := s.sum(func(i int) bool { return s.holds(i, where) })
			if r.n < sparedTries || r.otherN <= 0 || s.worseThanUsual(r) > sparedNats {
				continue
			}
			if _, high := wilson(r.bad, r.n); high < sparedBelow*low {
				list = append(list, found{s.share(where), named[a]})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b found) int {
		if a.named != b.named {
			return map[bool]int{true: -1, false: 1}[a.named]
		}
		return cmp.Compare(b.N, a.N)
	})
	var out []felt.SegmentShare
	for _, f := range list[:min(len(list), sparedMax)] {
		out = append(out, f.SegmentShare)
	}
	return out
}

// worseThanUsual is what a part's numbers tell for that, in nats.
func (s *segments) worseThanUsual(r sums) float64 {
	spread := max(s.table.Dispersion, 1)
	if s.table.Volume {
		if r.bad <= 0 {
			return 0
		}
		return kl(r.bad/max(r.n, 1), .05, r.n) / (2 * spread)
	}
	usual := r.usual / r.n
	if r.bad/r.n <= usual {
		return 0
	}
	return kl(r.bad/r.n, usual, r.n) / spread
}

// valuesOf are the values of an attribute, in order.
func (s *segments) valuesOf(a int) []string {
	seen := map[string]bool{}
	var list []string
	for i := range s.table.Cells {
		if v := s.table.Cells[i].Values[a]; v != "" && !seen[v] {
			seen[v] = true
			list = append(list, v)
		}
	}
	slices.Sort(list)
	return list
}
