package rollup

import "github.com/felt-cx/felt"

// Firsts collects when the segment values of a window ended for the first time. Its zero
// value is empty.
type Firsts struct {
	seen map[Key]map[string]felt.Instant
}

// Add notes segments with which a name was seen, at first at that end.
func (f *Firsts) Add(env, app, name string, segments []felt.Segment, end felt.Instant) {
	if f.seen == nil {
		f.seen = map[Key]map[string]felt.Instant{}
	}
	for i, s := range segments {
		if repeated(segments[:i], s.Key) {
			continue
		}
		k := Key{env, app, name, s.Key}
		if f.seen[k] == nil {
			f.seen[k] = map[string]felt.Instant{}
		}
		if old, ok := f.seen[k][s.Value]; !ok || end < old {
			f.seen[k][s.Value] = end
		}
	}
}

// Admit admits them and returns what is new, in no order.
func (f *Firsts) Admit(to *Admitted, most int) []Value {
	var fresh []Value
	for k, values := range f.seen {
		list := make([]Seen, 0, len(values))
		for v, at := range values {
			list = append(list, Seen{v, at})
		}
		fresh = append(fresh, to.Admit(k, list, most)...)
	}
	return fresh
}

// Of several entries with one key the first counts.
func repeated(before []felt.Segment, key string) bool {
	for _, s := range before {
		if s.Key == key {
			return true
		}
	}
	return false
}

// SeriesOf are the series of single segment values in which an interaction counts. An
// empty value counts as no value.
func (a *Admitted) SeriesOf(whole felt.Series, segments []felt.Segment) []felt.Series {
	var list []felt.Series
	for i, s := range segments {
		if s.Value == "" || repeated(segments[:i], s.Key) {
			continue
		}
		of := whole
		of.SegmentKey = s.Key
		of.SegmentValue = a.As(Key{whole.Env, whole.App, whole.Name, s.Key}, s.Value)
		list = append(list, of)
	}
	return list
}
