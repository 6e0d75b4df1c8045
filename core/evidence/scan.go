package evidence

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// MinGain is the evidence, in nats, below which no part is named.
const MinGain = 14

const (
	depthPenalty = .05 // of the evidence, for each attribute beyond the first
	moreShare    = .25 // a further cause has at least this share of the first one's evidence
	wholeShare   = .97 // everybody is hit when that explains so much of what parts would
	causesMax    = 3
	pseudoTries  = 20 // by which a leaf's own past is drawn to what its attributes let expect
	rateMin      = 1e-5
	rateMax      = .95
	attributes   = 10 // so many, those that tell most, are looked at in combination
	triplesOf    = 30 // so many pairs, the best, are looked at with a third attribute
)

// Cell is what all tries have in common that no attribute tells apart.
type Cell struct {
	Values  []string // one for each attribute of the table; "" none
	Bad, N  float64  // since it began: tries that were bad, of so many
	Was, Of float64  // before: the same
}

// Table is what a scan looks at.
type Table struct {
	Attributes []string
	Cells      []Cell
	// Volume: what is bad is that tries are missing. Bad, and Was, are not looked at: N came, and Of would have.
	Volume bool
	// Dispersion: how many times as much the counts vary as independent tries would; at least 1.
	Dispersion float64
}

// Part is a part of all tries: those that have the values, at the attributes of the numbers.
type Part struct {
	Where []At
	Gain  float64 // nats: how much better it explains what is bad than that nothing is special
	Theta float64 // by how much the odds of being bad (of a volume: what came) are multiplied in it
}

// At is a value of an attribute.
type At struct {
	Attribute int
	Value     string
}

// Answer is what a scan found.
type Answer struct {
	Causes []Part // those that stand out, the one that explains most first; none when everybody is hit alike
	Others []Part // that would explain it too, best first: alternatives to the first cause
	Whole  Part   // that everybody is hit
}

// Scan finds the parts that explain best what is bad. See the package's page.
func Scan(t Table, depth int) Answer {
	s := newScanner(t)
	a := Answer{Whole: s.whole()}
	found := s.search(depth)
	if len(found) == 0 || found[0].Gain < MinGain {
		return a
	}
	a.Others = found[:min(len(found), 12)]
	first, sum := found[0].Gain, 0.0
	for len(a.Causes) < causesMax && len(found) > 0 {
		gain := found[0].Gain
		if gain < max(MinGain, moreShare*first) && len(a.Causes) > 0 {
			break
		}
		best := s.settle(found, depth)
		if slices.ContainsFunc(a.Causes, func(p Part) bool { return slices.Equal(p.Where, best.Where) }) {
			break
		}
		a.Causes = append(a.Causes, best)
		sum += max(best.Gain, gain)
		s.accept(best)
		found = s.search(depth)
	}
	if a.Whole.Gain >= wholeShare*sum {
		a.Causes = nil
	}
	return a
}

// obs is what is fitted of a cell: seen of n with the usual share; of volumes, seen of usual expected.
type obs struct{ seen, n, usual float64 }

// scanner works on cells in numbers.
type scanner struct {
	volume bool
	spread float64
	names  []string // values, from 1; 0 none
	values [][]int32
	obs    []obs
	all    []int32
	taken  []bool // cells that an accepted cause explains
	attrs  int
}

func newScanner(t Table) *scanner {
	s := &scanner{volume: t.Volume, spread: max(t.Dispersion, 1), names: []string{""}, attrs: len(t.Attributes)}
	number := map[string]int32{"": 0}
	base := baselines(t)
	for i, c := range t.Cells {
		v := make([]int32, len(c.Values))
		for a, name := range c.Values {
			nr, ok := number[name]
			if !ok {
				nr = int32(len(s.names))
				number[name] = nr
				s.names = append(s.names, name)
			}
			v[a] = nr
		}
		s.values = append(s.values, v)
		if t.Volume {
			s.obs = append(s.obs, obs{seen: c.N, usual: c.Of})
		} else {
			s.obs = append(s.obs, obs{seen: c.Bad, n: c.N, usual: base[i]})
		}
		s.all = append(s.all, int32(i))
	}
	s.taken = make([]bool, len(s.all))
	return s
}

// fit finds by how much the odds (the volume) of cells are multiplied, and what that explains.
func (s *scanner) fit(cells []int32) (theta, gain float64) {
	if s.volume {
		theta, gain = s.fitVolume(cells)
	} else {
		theta, gain = s.fitRate(cells)
	}
	return theta, gain / s.spread
}

func (s *scanner) fitVolume(cells []int32) (float64, float64) {
	seen, usual := 0.0, 0.0
	for _, i := range cells {
		seen += s.obs[i].seen
		usual += s.obs[i].usual
	}
	if seen >= usual {
		return 1, 0
	}
	theta := max(seen, .5) / usual
	return theta, (seen*math.Log(theta) + usual*(1-theta)) / 2 // volumes vary twice as much as they would by chance
}

// expected is what is expected of seen, with the odds multiplied; and the derivative by the logarithm of it.
func (s *scanner) expected(cells []int32, theta float64) (e, slope float64) {
	for _, i := range cells {
		o := s.obs[i]
		p := theta * o.usual / (1 - o.usual + theta*o.usual)
		e += o.n * p
		slope += o.n * p * (1 - p)
	}
	return e, slope
}

func (s *scanner) fitRate(cells []int32) (float64, float64) {
	seen, n, usual := 0.0, 0.0, 0.0
	for _, i := range cells {
		seen += s.obs[i].seen
		n += s.obs[i].n
		usual += s.obs[i].n * s.obs[i].usual
	}
	if n < 3 || seen <= usual {
		return 1, 0
	}
	low, high := 0.0, math.Log(1e5)
	at := min(math.Log(seen/usual), high)
	for range 30 {
		e, slope := s.expected(cells, math.Exp(at))
		if e < seen {
			low = at
		} else {
			high = at
		}
		next := at + (seen-e)/max(slope, 1e-9)
		if next <= low || next >= high {
			next = (low + high) / 2
		}
		if math.Abs(next-at) < 1e-4 {
			break
		}
		at = next
	}
	theta, gain := math.Exp(at), 0.0
	for _, i := range cells {
		o := s.obs[i]
		gain += o.seen*at - o.n*math.Log(1-o.usual+theta*o.usual)
	}
	return theta, gain
}

func (s *scanner) whole() Part {
	theta, gain := s.fit(s.all)
	return Part{Gain: gain, Theta: theta}
}

// worth orders parts: what they explain, less for each further attribute.
func worth(p *Part) float64 { return p.Gain * (1 - depthPenalty*float64(len(p.Where)-1)) }

// search looks at all single values and pairs, and at the best pairs with a third; best first.
func (s *scanner) search(depth int) []Part {
	var single []Part
	for a := range s.attrs {
		single = s.cuboid(single, []int{a})
	}
	found := single
	if depth >= 2 {
		list := s.telling(single)
		for i, a := range list {
			for _, b := range list[i+1:] {
				found = s.cuboid(found, []int{min(a, b), max(a, b)})
			}
		}
	}
	order(found)
	if depth >= 3 {
		found = append(found, s.triples(found)...)
		order(found)
	}
	return found
}

func order(list []Part) {
	slices.SortFunc(list, func(a, b Part) int {
		return cmp.Or(cmp.Compare(worth(&b), worth(&a)), cmp.Compare(len(a.Where), len(b.Where)),
			slices.CompareFunc(a.Where, b.Where, func(x, y At) int {
				return cmp.Or(cmp.Compare(x.Attribute, y.Attribute), cmp.Compare(x.Value, y.Value))
			}))
	})
}

// telling are the attributes whose best value explains most.
func (s *scanner) telling(single []Part) []int {
	best := make([]float64, s.attrs)
	for _, p := range single {
		a := p.Where[0].Attribute
		best[a] = max(best[a], p.Gain)
	}
	list := make([]int, s.attrs)
	for a := range list {
		list[a] = a
	}
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(best[b], best[a]) })
	return list[:min(len(list), attributes)]
}

// cuboid adds the parts of all values that attributes have together.
func (s *scanner) cuboid(to []Part, attrs []int) []Part {
	groups := map[[3]int32][]int32{}
	for i, v := range s.values {
		key, whole := [3]int32{}, true
		for j, a := range attrs {
			key[j] = v[a]
			whole = whole && v[a] != 0
		}
		if whole {
			groups[key] = append(groups[key], int32(i))
		}
	}
	for key, cells := range groups {
		theta, gain := s.fit(cells)
		if gain <= 1 {
			continue
		}
		p := Part{Gain: gain, Theta: theta}
		for j, a := range attrs {
			p.Where = append(p.Where, At{a, s.names[key[j]]})
		}
		to = append(to, p)
	}
	return to
}

// triples looks at the best pairs with a third attribute.
func (s *scanner) triples(found []Part) []Part {
	cuboids := map[[3]int]bool{}
	pairs := 0
	for _, p := range found {
		if len(p.Where) != 2 {
			continue
		}
		if pairs++; pairs > triplesOf {
			break
		}
		for c := range s.attrs {
			three := []int{p.Where[0].Attribute, p.Where[1].Attribute, c}
			slices.Sort(three)
			if three[0] != three[1] && three[1] != three[2] {
				cuboids[[3]int(three)] = true
			}
		}
	}
	var list []Part
	for _, c := range slices.SortedFunc(maps.Keys(cuboids), func(a, b [3]int) int { return slices.Compare(a[:], b[:]) }) {
		list = s.cuboid(list, c[:])
	}
	return list
}

// cells are those of a part.
func (s *scanner) cells(where []At) []int32 {
	var list []int32
	for i := range s.values {
		if s.in(i, where) {
			list = append(list, int32(i))
		}
	}
	return list
}

func (s *scanner) in(cell int, where []At) bool {
	for _, w := range where {
		if s.names[s.values[cell][w.Attribute]] != w.Value {
			return false
		}
	}
	return true
}

// rest are the cells of a part that are not in a smaller one, nor explained already.
func (s *scanner) rest(cells []int32, smaller []At) []int32 {
	var list []int32
	for _, i := range cells {
		if !s.taken[i] && !s.in(int(i), smaller) {
			list = append(list, i)
		}
	}
	return list
}

// settle moves the best to a part around it, when the rest of that is worse too, or to one within
// it, when the rest is not.
func (s *scanner) settle(found []Part, depth int) Part {
	best := found[0]
	for range 4 {
		if wider, ok := s.wider(best, found); ok {
			best = wider
		} else if narrower, ok := s.narrower(best, found, depth); ok {
			best = narrower
		} else {
			break
		}
	}
	return best
}

func (s *scanner) wider(best Part, found []Part) (Part, bool) {
	for i := range best.Where {
		where := slices.Delete(slices.Clone(best.Where), i, i+1)
		at := slices.IndexFunc(found, func(p Part) bool { return slices.Equal(p.Where, where) })
		if len(where) == 0 || at < 0 {
			continue
		}
		theta, gain := s.fit(s.rest(s.cells(where), best.Where))
		if gain > 3 && math.Abs(math.Log(theta)) > .6*math.Abs(math.Log(best.Theta)) {
			return found[at], true
		}
	}
	return best, false
}

func (s *scanner) narrower(best Part, found []Part, depth int) (Part, bool) {
	if len(best.Where) >= depth {
		return best, false
	}
	cells := s.cells(best.Where)
	var inside []Part
	for _, p := range found {
		holds := func(w At) bool { return slices.Contains(p.Where, w) }
		if len(p.Where) == len(best.Where)+1 && !slices.ContainsFunc(best.Where, func(w At) bool { return !holds(w) }) {
			inside = append(inside, p)
		}
	}
	slices.SortStableFunc(inside, func(a, b Part) int { return cmp.Compare(b.Gain, a.Gain) })
	for _, p := range inside[:min(len(inside), 3)] {
		rest := s.rest(cells, p.Where)
		theta, gain := s.fit(rest)
		apart := s.size(rest) > .1*s.size(cells)
		if p.Gain > .9*best.Gain && apart && (math.Abs(math.Log(theta)) < math.Log(1.25) || gain < .02*best.Gain) {
			return p, true
		}
	}
	return best, false
}

// size is how many tries there are (of volumes: would have been).
func (s *scanner) size(cells []int32) float64 {
	n := 0.0
	for _, i := range cells {
		if s.volume {
			n += s.obs[i].usual
		} else {
			n += s.obs[i].n
		}
	}
	return n
}

// accept makes what a part explains the usual, so that what is left can be looked at.
func (s *scanner) accept(p Part) {
	cells := s.cells(p.Where)
	theta, _ := s.fit(cells)
	for _, i := range cells {
		o := &s.obs[i]
		s.taken[i] = true
		if s.volume {
			o.usual *= theta
		} else {
			o.usual = min(theta*o.usual/(1-o.usual+theta*o.usual), .99)
		}
	}
}

// baselines is the share of each cell that is usually bad: its own, drawn to what the values of its
// attributes let expect, each for itself. So a cell of which little is known, and a split that
// means nothing, have the baseline that they would have without it.
func baselines(t Table) []float64 {
	if t.Volume {
		return nil
	}
	was, of := 0.0, 0.0
	for _, c := range t.Cells {
		was += c.Was
		of += c.Of
	}
	global := (was + .5) / (of + 50) // of what is not known, one in a hundred
	prior := make([]float64, len(t.Cells))
	for i := range prior {
		prior[i] = global
	}
	for range 3 { // each attribute in turn: the values' shares come out as they were
		for a := range t.Attributes {
			type sum struct{ was, let float64 }
			sums := map[string]*sum{}
			for i, c := range t.Cells {
				v := sums[c.Values[a]]
				if v == nil {
					v = &sum{}
					sums[c.Values[a]] = v
				}
				v.was += c.Was
				v.let += c.Of * prior[i]
			}
			for i, c := range t.Cells {
				v := sums[c.Values[a]]
				prior[i] = min(prior[i]*(v.was+5)/(v.let+5), rateMax)
			}
		}
	}
	for i, c := range t.Cells {
		prior[i] = min(max((c.Was+pseudoTries*prior[i])/(c.Of+pseudoTries), rateMin), rateMax)
	}
	return prior
}
