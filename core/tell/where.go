package tell

import (
	"slices"
	"strings"
	"unicode"

	"github.com/felt-cx/felt"
)

// What must hold of a segment or suspect, so that the first line names it.
const (
	explainsMost  = .5 // of all that is bad beyond the usual
	suspectEnough = .5
)

// Where says which customers are hit most, as "eu-west on web 5.2"; "" when it is all alike. The list begins
// with those most hit.
func Where(hit []felt.SegmentShare) string {
	var parts []felt.Segment
	for _, s := range hit {
		if s.Explains < explainsMost || len(parts)+len(s.Where) > 3 {
			break
		}
		for _, w := range s.Where {
			known := slices.ContainsFunc(parts, func(p felt.Segment) bool { return p.Key == w.Key })
			if !known && clean(w.Value) != "" {
				parts = append(parts, w)
			}
		}
		if len(parts) > 1 {
			break
		}
	}
	slices.SortStableFunc(parts, func(a, b felt.Segment) int { return rank(a.Key) - rank(b.Key) })
	words := make([]string, 0, len(parts))
	for k, p := range parts {
		words = append(words, phrase(p, k == 0))
	}
	return strings.Join(words, " ")
}

// The kinds of segment keys, in the order in which they are said.
const (
	keyPlace = iota
	keyOther
	keyGroup
	keyOn
)

func rank(key string) int {
	last := key[strings.LastIndexByte(key, '.')+1:]
	switch strings.ToLower(last) {
	case "region", "country", "city", "zone", "market", "continent", "locale":
		return keyPlace
	case "plan", "tier":
		return keyGroup
	case "release", "version", "browser", "os", "device", "device_class", "platform":
		return keyOn
	}
	return keyOther
}

// phrase is a segment in words; the first one of a place stands alone.
func phrase(s felt.Segment, first bool) string {
	value, key := short(s.Value), strings.ReplaceAll(short(s.Key), "_", " ")
	switch rank(s.Key) {
	case keyPlace:
		if first {
			return value
		}
		return "in " + value
	case keyGroup:
		return "on " + key + " " + value
	case keyOn:
		if strings.ContainsFunc(value, unicode.IsLetter) {
			return "on " + value
		}
		return "on " + key + " " + value
	}
	return "with " + key + " " + value
}

// suspicion says what it may come from; "" when too little speaks for it.
func suspicion(s *felt.Suspect) string {
	name := short(s.What)
	if s.Score < suspectEnough || name == "" {
		return ""
	}
	what := kindOf(s.Kind) + " " + name
	switch s.Kind {
	case "service", "third_party":
		return "it seems to come from " + what
	}
	const same = 30 * felt.Second
	switch {
	case s.At == 0:
		return "it seems to come with " + what
	case s.Lead > same:
		return Elapsed(s.Lead) + " after " + what
	case s.Lead < -same:
		return what + " followed " + Elapsed(s.Lead) + " later"
	}
	return "just when " + what + " began"
}

// kindOf is what people call a kind of suspect.
func kindOf(kind string) string {
	switch kind {
	case "config":
		return "configuration change"
	case "region":
		return "region change"
	case "":
		return "change"
	}
	return strings.ReplaceAll(clean(kind), "_", " ")
}
