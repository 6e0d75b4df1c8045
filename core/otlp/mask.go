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

func look(b []byte) (t traits) {
	for _, c := range b {
		switch {
		case c-'0' < 10:
			t.digits++
		case c == '@':
			t.at = true
		case c == ':':
			t.colon = true
		case c == '%':
			t.percent = true
		case c == '?' || c == '#':
			t.cut = true
		}
	}
	return t
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
	return lo
}

// domainEnd is where the domain ends that begins at b[i], or 0 when there is none
// with a dot and a last label that is not a number (so that package@1.2.3 stays).
func domainEnd(b []byte, i int) int {
	hi, dot := i, -1
	for hi < len(b) && (isAlnum(b[hi]) || b[hi] == '-' || b[hi] == '.' || b[hi] >= utf8.RuneSelf) {
		if b[hi] == '.' {
			if hi+1 == len(b) || !isAlnum(b[hi+1]) && b[hi+1] < utf8.RuneSelf && b[hi+1] != '-' {
				break // the end of a sentence
			}
			dot = hi
		}
		hi++
	}
	if dot <= i {
		return 0
	}
	for _, c := range b[dot+1 : hi] {
		if c-'0' >= 10 {
			return hi
		}
	}
	return 0
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
