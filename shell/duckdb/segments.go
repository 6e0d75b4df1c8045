package duckdb

import (
	"strings"

	"github.com/felt-cx/felt"
)

// Segments and flags are kept as one text, with control characters that stand in no
// sensible value between them. Where they do stand in one they are escaped, so that
// every text comes back as it was and a search never matches across a border.
const (
	unit   = "\x1f" // before, between and after entries
	pair   = "\x1e" // between key and value
	escape = "\x1d"
)

func escaped(s string) string {
	s = clean(s)
	if !strings.ContainsAny(s, unit+pair+escape) {
		return s
	}
	return strings.NewReplacer(escape, escape+"0", pair, escape+"1", unit, escape+"2").Replace(s)
}

func unescaped(s string) string {
	if !strings.Contains(s, escape) {
		return s
	}
	return strings.NewReplacer(escape+"0", escape, escape+"1", pair, escape+"2", unit).Replace(s)
}

// encodeSegments is "" for none. Of several entries with one key the first counts.
func encodeSegments(segments []felt.Segment) string {
	if len(segments) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(unit)
	for i, s := range segments {
		if repeated(segments[:i], s.Key) {
			continue
		}
		b.WriteString(escaped(s.Key) + pair + escaped(s.Value) + unit)
	}
	return b.String()
}

func repeated(before []felt.Segment, key string) bool {
	for _, s := range before {
		if s.Key == key {
			return true
		}
	}
	return false
}

func decodeSegments(text string) []felt.Segment {
	var out []felt.Segment
	for entry := range strings.SplitSeq(strings.Trim(text, unit), unit) {
		if key, value, ok := strings.Cut(entry, pair); ok {
			out = append(out, felt.Segment{Key: unescaped(key), Value: unescaped(value)})
		}
	}
	return out
}

// hasKey and hasSegment are what to search for in the text.
func hasKey(key string) string            { return unit + escaped(key) + pair }
func hasSegment(key, value string) string { return hasKey(key) + escaped(value) + unit }

func encodeList(list []string) string {
	if len(list) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(unit)
	for _, s := range list {
		b.WriteString(escaped(s) + unit)
	}
	return b.String()
}

func decodeList(text string) []string {
	if text == "" {
		return nil
	}
	parts := strings.Split(text[1:len(text)-1], unit)
	for i, p := range parts {
		parts[i] = unescaped(p)
	}
	return parts
}
