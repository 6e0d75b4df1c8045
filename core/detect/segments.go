package detect

import (
	"maps"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/cusum"
	"github.com/felt-cx/felt/core/measure"
)

// ValuesMax bounds the segment values of all series together; further ones are "other".
const ValuesMax = 500_000

// otherValue stands for all values that were not admitted.
const otherValue = "other"

// dim is one segment key of a series.
type dim struct {
	key    string
	values []value            // in order of coming
	found  map[uint8]*lasting // of few of them, by place
	odds   int                // of how many values something is odd
}

// note keeps what lasts of a value.
func (m *dim) note(value int, f *lasting) {
	if m.found == nil {
		m.found = map[uint8]*lasting{}
	}
	m.found[uint8(value)] = f
}

// each calls yield for what lasts of the values, in order.
func (m *dim) each(yield func(*lasting)) {
	if len(m.found) == 0 { // of nearly all, and sorting nothing takes memory too
		return
	}
	for _, i := range slices.Sorted(maps.Keys(m.found)) {
		yield(m.found[i])
	}
}

// value is one value of a key: its name and its light test, in 32 bytes. There may be half a million,
// so what speaks against one is held only while something does.
type value struct {
	name  *string // the one copy
	odd   *odd    // nil: nothing speaks against it
	level cusum.LightLevel
	last  uint32 // tick with a try
}

// odd is what speaks against a value, and whom it hit, in 48 bytes.
type odd struct {
	run cusum.LightRun
	hit struck
}

// light is the whole test.
func (v *value) light() cusum.Light {
	l := cusum.Light{LightLevel: v.level}
	if v.odd != nil {
		l.LightRun = v.odd.run
	}
	return l
}

// keep takes what is left of the test after a window, and lets go of what says nothing.
func (m *dim) keep(v *value, l *cusum.Light) {
	v.level = l.LightLevel
	switch {
	case !l.Nothing():
		m.oddOf(v).run = l.LightRun
	case v.odd != nil:
		v.odd = nil
		m.odds--
	}
}

// oddOf makes room for what speaks against a value.
func (m *dim) oddOf(v *value) *odd {
	if v.odd == nil {
		v.odd = &odd{}
		m.odds++
	}
	return v.odd
}

// valuesOf numbers the segment values of a try, and admits new ones.
func (d *Detector) valuesOf(t felt.Tick, s *series, y *measure.Try) (out [keysMax]uint8) {
	for i := range s.dims {
		text := segmentOf(y.Interaction, s.dims[i].key)
		if text == "" {
			continue
		}
		out[i] = d.admit(t, &s.dims[i], text)
	}
	return out
}

// segmentOf is the value of a segment key; the release is one too.
func segmentOf(r *felt.Interaction, key string) string {
	for i := range r.Segments {
		if r.Segments[i].Key == key {
			return r.Segments[i].Value
		}
	}
	if key == "release" {
		return r.Release
	}
	return ""
}

// admit numbers a value, from 1. When a key is full, the value that was not seen for longest makes
// room, if that is a day; else one number is for "other". So those that came first, releases long
// gone or what somebody made up, do not hide those of today.
func (d *Detector) admit(t felt.Tick, m *dim, text string) uint8 {
	if i := m.find(d.texts[text]); i > 0 {
		m.values[i-1].last = uint32(t)
		return i
	}
	most := min(max(d.settings.SegmentMax, 1), 250)
	if len(m.values) >= most || d.values >= ValuesMax {
		if v := m.idlest(); v != nil && felt.Tick(v.last) < t-liveFor {
			if v.odd != nil {
				m.odds--
			}
			*v = value{name: d.intern(text), last: uint32(t)}
			return m.find(v.name)
		}
		text = otherValue
		if i := m.find(d.texts[text]); i > 0 {
			m.values[i-1].last = uint32(t)
			return i
		}
	}
	if n := len(m.values); cap(m.values) == n { // by a few, for there are very many of these lists
		m.values = append(make([]value, 0, min(n+n/4, most)+1), m.values...)
	}
	d.values++
	m.values = append(m.values, value{name: d.intern(text), last: uint32(t)})
	return uint8(len(m.values))
}

// find is the number of the value with this name; 0 it has none. There is one copy of each name.
func (m *dim) find(name *string) uint8 {
	for i := range m.values {
		if m.values[i].name == name {
			return uint8(i + 1)
		}
	}
	return 0
}

// idlest is the value that was not seen for longest, of which nothing was found; nil when there is none.
func (m *dim) idlest() (v *value) {
	for i := range m.values {
		if o := &m.values[i]; m.found[uint8(i)] == nil && *o.name != otherValue && (v == nil || o.last < v.last) {
			v = o
		}
	}
	return v
}

// textsMost is how many texts are held before those of nobody are looked for.
const textsMost = 100_000

// intern keeps one copy of a text that many series have. Of the name of a value there is no other copy.
func (d *Detector) intern(text string) *string {
	if s := d.texts[text]; s != nil {
		return s
	}
	if len(d.texts) >= max(textsMost, 2*d.names) {
		d.sweep()
	}
	s := new(strings.Clone(text))
	d.texts[*s] = s
	return s
}

// sweep lets go of the texts that no value has.
func (d *Detector) sweep() {
	d.texts = map[string]*string{}
	for _, s := range d.order {
		for i := range s.dims {
			for j := range s.dims[i].values {
				name := s.dims[i].values[j].name
				d.texts[*name] = name
			}
		}
	}
	d.names = len(d.texts)
}

// tally counts a window by the values of one key.
type tally struct{ hit, n [256]int64 }

// said is what the light test of a value says.
type said struct {
	key, value int
	cusum.Reading
}

// stepValues gives the closed window to the light tests of all values seen in it.
func (d *Detector) stepValues(s *series, t felt.Tick) {
	d.said = d.said[:0]
	if len(s.open) == 0 {
		return
	}
	prior := cusum.Prior{Share: coldShare, Weight: priorWeight}
	if s.known >= priorWeight {
		prior.Share = max(s.base, leastShare)
	}
	for i := range s.dims {
		m, c := &s.dims[i], &d.tally
		*c = tally{}
		for j := range s.open {
			e := &s.open[j]
			v := e.values[i]
			if v == 0 || int(v) > len(m.values) {
				continue
			}
			c.n[v]++
			if e.mark() == markFailed {
				c.hit[v]++
				m.oddOf(&m.values[v-1]).hit.add(t, e.who)
			}
		}
		for j := range m.values {
			if n := c.n[j+1]; n > 0 {
				v := &m.values[j]
				l := v.light()
				r := l.Step(t, c.hit[j+1], n, prior, &d.light)
				d.said = append(d.said, said{i, j, r})
				if m.keep(v, &l); r.Statistic <= 0 && v.odd != nil {
					v.odd.hit = struck{}
				}
			}
		}
	}
}
