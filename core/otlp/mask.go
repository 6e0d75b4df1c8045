package otlp

import (
	"bytes"
	"unicode/utf8"
)

// What stands for what was masked.
const (
	maskedEmail = "[email]"
	maskedCard  = "[card]"
)

// maskWindow is how many bytes over the limit of a text are looked at, so that an
// address that the cut would divide is seen whole.
const maskWindow = 320

// traits are what one look at a text finds, so that most texts need no second one.
type traits struct {
	at, colon, percent, cut bool
	digits                  int
}

// Classes of bytes, one bit each.
const (
	classDigit = 1 << iota
	classAt
	classColon
	classPercent
	classCut
)

// classes is the class of each ASCII byte; all others have none.
const classes = "" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x10\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" + // # %
	"\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x04\x00\x00\x00\x00\x10" + // 0-9 : ?
	"\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" + // @
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

func look(b []byte) traits {
	all, digits := byte(0), 0
	for _, c := range b {
		if c < 0x80 {
			class := classes[c]
			all |= class
			digits += int(class & classDigit)
		}
	}
	return traits{
		at: all&classAt != 0, colon: all&classColon != 0, percent: all&classPercent != 0, cut: all&classCut != 0,
		digits: digits,
	}
}

// clean reports whether a text with these traits has nothing to mask.
func (t traits) clean() bool {
	return !t.at && !t.percent && t.digits < minCard && !(t.colon && t.cut)
}

// cleanText appends to dst what is kept of a text, and reports whether that differs
// from it. max is the number of bytes kept. The result is its own clean text, but for
// what a cut leaves.
func cleanText(dst, b []byte, a action, max int) (out []byte, changed bool) {
	from := len(dst)
	if len(b) > max+maskWindow {
		b = b[:runeCut(b, max+maskWindow)]
		changed = true
	}
	t := look(b)
	if t.cut && (a == actURL || a == actName && isPath(b)) {
		b = b[:bytes.IndexAny(b, "?#")]
		changed = true
	}
	out = append(dst, b...)
	if t.colon && (t.cut || t.at) {
		out, changed = maskURLs(out, from, changed)
	}
	if t.at || t.percent {
		out, changed = maskEmails(out, from, changed)
	}
	if t.digits >= minCard {
		out, changed = maskCards(out, from, changed)
	}
	if len(out)-from > max {
		out = out[:from+runeCut(out[from:], max)]
		changed = true
	}
	return out, changed
}

// runeCut is the largest n <= max at which b[:n] ends with a whole rune.
func runeCut(b []byte, max int) int {
	if max >= len(b) {
		return len(b)
	}
	for n := max; n > max-utf8.UTFMax && n > 0; n-- {
		if utf8.RuneStart(b[n]) {
			return n
		}
	}
	return max
}

// isPath: "GET /a?b", "/a?b" and "https://h/a?b", but not "what now?".
func isPath(b []byte) bool {
	slash, mark := bytes.IndexByte(b, '/'), bytes.IndexAny(b, "?#")
	return slash >= 0 && slash < mark
}

// maskURLs removes user, password, query and fragment of every URL in out[from:].
func maskURLs(out []byte, from int, changed bool) ([]byte, bool) {
	for at := from; ; {
		n := bytes.Index(out[at:], []byte("://"))
		if n < 0 {
			return out, changed
		}
		start := at + n + 3
		end := start
		for end < len(out) && !endsURL(out[end]) {
			end++
		}
		w := start
		if authority := out[start:end]; len(authority) > 0 {
			if k := bytes.IndexAny(authority, "/?#"); k >= 0 {
				authority = authority[:k]
			}
			start += bytes.LastIndexByte(authority, '@') + 1
		}
		keep := end
		if k := bytes.IndexAny(out[start:end], "?#"); k >= 0 {
			keep = start + k
		}
		if keep-start != end-w {
			changed = true
			w += copy(out[w:], out[start:keep])
			out = append(out[:w], out[end:]...)
			end = w
		}
		at = end
	}
}

func endsURL(c byte) bool {
	switch c {
	case ' ', '\t', '\n', '\r', '"', '\'', '<', '>', '`', '|', '\\', '{', '}':
		return true
	}
	return false
}

// maskEmails replaces e-mail addresses in out[from:], also with a percent-encoded @.
func maskEmails(out []byte, from int, changed bool) ([]byte, bool) {
	for i := from; i < len(out); i++ {
		sign := 0
		if out[i] == '@' {
			sign = 1
		} else if out[i] == '%' && len(out)-i > 2 && out[i+1] == '4' && out[i+2] == '0' {
			sign = 3
		}
		if sign == 0 {
			continue
		}
		lo := localStart(out, from, i)
		hi := domainEnd(out, i+sign)
		if lo == i || hi == 0 {
			continue
		}
		out = append(out[:lo], append([]byte(maskedEmail), out[hi:]...)...)
		i = lo + len(maskedEmail) - 1
		changed = true
	}
	return out, changed
}

func localStart(b []byte, from, at int) int {
	if at > from && b[at-1] == '"' { // "john doe"@example.com
		if n := bytes.LastIndexByte(b[from:at-1], '"'); n >= 0 {
			return from + n
		}
	}
	lo := at
	for lo > from && isLocal(b[lo-1]) {
		lo--
	}
	for lo < at && b[lo] == '\'' { // a quote around the address, not a part of it
		lo++
	}
	return lo
}

// domainEnd is where the domain ends that begins at b[i]: behind its last label that
// begins with a letter, as all top-level domains do; 0 when there is none behind a dot
// (so that package@1.2.3 stays).
func domainEnd(b []byte, i int) int {
	end, letter := 0, false
	for at, first := i, true; at < len(b); at++ {
		switch c := b[at]; {
		case c == '.' && at > i:
			first, letter = true, false
			continue
		case isAlnum(c) || c >= utf8.RuneSelf || c == '-' || c == '_':
			if first {
				letter = at > i && (c|0x20 >= 'a' && c|0x20 <= 'z' || c >= utf8.RuneSelf)
			}
			first = false
			if letter {
				end = at + 1
			}
			continue
		}
		break
	}
	return end
}

func isAlnum(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c-'0' < 10 }

func isLocal(c byte) bool {
	switch c {
	case '.', '_', '%', '+', '-', '\'', '!', '$', '~': // others are allowed, and are nearly always something else
		return true
	}
	return isAlnum(c) || c >= utf8.RuneSelf
}

// Card numbers have 13 to 19 digits.
const minCard, maxCard = 13, 19

// maskCards replaces card numbers in out[from:]: runs of digits, also in groups
// divided by one space or dash, that have a card's length, first digits and check digit.
func maskCards(out []byte, from int, changed bool) ([]byte, bool) {
	var digits [maxCard]byte
	for i := from; i < len(out); {
		if out[i]-'0' >= 10 {
			i++
			continue
		}
		n, end := 0, i
		for j := i; j < len(out); j++ {
			if c := out[j]; c-'0' < 10 {
				if n < maxCard {
					digits[n] = c - '0'
				}
				n++
				end = j + 1
			} else if c != ' ' && c != '-' || j+1 == len(out) || out[j+1]-'0' >= 10 {
				break
			}
		}
		if n >= minCard && n <= maxCard && isCard(digits[:n]) {
			out = append(out[:i], append([]byte(maskedCard), out[end:]...)...)
			i += len(maskedCard)
			changed = true
			continue
		}
		i = end
	}
	return out, changed
}

// isCard checks the first digits (so that times in nanoseconds are not cards) and
// Luhn's sum.
func isCard(d []byte) bool {
	first := int(d[0])*1000 + int(d[1])*100 + int(d[2])*10 + int(d[3])
	if !(d[0] >= 3 && d[0] <= 6 || first >= 2221 && first <= 2720) {
		return false
	}
	sum := 0
	for i := range d {
		v := int(d[len(d)-1-i])
		if i%2 == 1 {
			v *= 2
			if v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}
