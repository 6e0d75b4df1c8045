package detect

import (
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
	values []value // in order of coming
}

// value is one value of a key: its name and its light test.
type value struct {
	name  string
	light cusum.Light
	hit   struck
	found *lasting
	// What its test said last: evidence, hits and tries since it began.
	stat, hits, tries float32
}

// valuesOf numbers the segment values of a try, and admits new ones.
func (d *Detector) valuesOf(s *series, y *measure.Try) (out [keysMax]uint8) {
	for i := range s.dims {
		text := segmentOf(y.Interaction, s.dims[i].key)
		if text == "" {
			continue
		}
		out[i] = d.admit(&s.dims[i], text)
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

// admit numbers a value, from 1. The last number of a full key is "other".
func (d *Detector) admit(m *dim, text string) uint8 {
	for i := range m.values {
		if m.values[i].name == text {
			return uint8(i + 1)
		}
	}
	most := min(max(d.settings.SegmentMax, 1), 250)
	if len(m.values) >= most || d.values >= ValuesMax {
		if n := len(m.values); n > 0 && m.values[n-1].name == otherValue {
			return uint8(n)
		}
		text = otherValue
	}
	if cap(m.values) == len(m.values) { // by eights: there are very many of these lists
		grown := make([]value, len(m.values), len(m.values)+8)
		copy(grown, m.values)
		m.values = grown
	}
	d.values++
	m.values = append(m.values, value{name: d.intern(text)})
	return uint8(len(m.values))
}

// intern keeps one copy of a text that many series have.
func (d *Detector) intern(text string) string {
	if s, ok := d.texts[text]; ok {
		return s
	}
	if len(d.texts) >= 100_000 {
		clear(d.texts)
	}
	d.texts[text] = text
	return text
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
			if e.mark == markFailed {
				c.hit[v]++
				m.values[v-1].hit.add(t, e.who)
			}
		}
		for j := range m.values {
			if n := c.n[j+1]; n > 0 {
				v := &m.values[j]
				r := v.light.Step(t, c.hit[j+1], n, prior, &d.light)
				v.stat, v.hits, v.tries = float32(r.Statistic), float32(r.Hit), float32(r.N)
				d.said = append(d.said, said{i, j, r})
				if r.Statistic <= 0 {
					v.hit = struck{}
				}
			}
		}
	}
}
