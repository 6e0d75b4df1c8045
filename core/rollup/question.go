package rollup

import (
	"slices"

	"github.com/felt-cx/felt"
)

// Split is the segment key whose rows answer a question, and the values it asks for.
type Split struct {
	Key    string   // "" is the whole
	Values []string // none: every value
}

// SplitOf says which rows can answer a question that is split by a key ("" = not split);
// else why none can.
func SplitOf(q felt.Question, by string) (s Split, why string) {
	s.Key = by
	switch {
	case len(q.Where) > 1:
		return s, "buckets are kept by one condition only"
	case len(q.Where) == 1:
		c := q.Where[0]
		if c.Op == felt.OpNotEquals {
			return s, "buckets are kept by equal values, not by different ones"
		}
		if by != "" && by != c.Key {
			return s, "buckets are kept by one segment key at a time"
		}
		if len(c.Values) == 0 || slices.Contains(c.Values, "") {
			return s, "buckets are not kept for an empty value"
		}
		s.Key, s.Values = c.Key, c.Values
	}
	switch s.Key {
	case "release", "service", "reason", "outcome", "identity":
		return s, "buckets are kept by segment, not by " + s.Key
	}
	return s, ""
}

// Has tells whether a value, as it counts, is asked for.
func (s Split) Has(value string) bool {
	return value != "" && (len(s.Values) == 0 || slices.Contains(s.Values, value))
}
