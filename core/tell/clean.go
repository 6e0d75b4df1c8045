package tell

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The most characters of what people read.
const (
	titleMax = 80
	nameMax  = 48 // of one name in a sentence
)

// clean takes out of a name what would break the line or hide or turn what stands around it: control
// and format characters (of them, the joiners that letters and emoji need stay), private ones, and
// more marks on one letter than any script has. What is no UTF-8 becomes the replacement character.
func clean(s string) string {
	var b strings.Builder
	marks, space := 0, true
	for _, r := range s {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u2028' || r == '\u2029':
			if !space {
				b.WriteByte(' ')
			}
			space = true
			continue
		case r != '\u200c' && r != '\u200d' && unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
			continue
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
			if marks++; marks > 3 {
				continue
			}
		default:
			marks = 0
		}
		space = false
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// cut shortens a text to so many characters, with an ellipsis at its end, at a word's end where
// that does not lose much.
func cut(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	runes := []rune(s)[:most-1]
	// A letter keeps its marks, or loses itself with them.
	for next := []rune(s)[len(runes)]; len(runes) > 0 && joined(next, runes[len(runes)-1]); {
		next, runes = runes[len(runes)-1], runes[:len(runes)-1]
	}
	for k := len(runes) - 1; k > most*2/3; k-- {
		if runes[k] == ' ' {
			runes = runes[:k]
			break
		}
	}
	return strings.TrimRight(string(runes), " ,.;:-/") + "…"
}

// joined tells whether two neighbours are one character to the eye.
func joined(next, last rune) bool {
	const zwj, vs16 = '\u200d', '\ufe0f'
	return unicode.Is(unicode.M, next) || next == zwj || last == zwj || next == vs16
}

// short is a name as it stands in a sentence.
func short(s string) string { return cut(clean(s), nameMax) }
