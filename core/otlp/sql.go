package otlp

import (
	"bytes"
	"strings"
)

// cleanQuery appends a database query without the values in it: literals of SQL and
// its relatives become ?, comments go; of JSON queries the string and number values
// become ?; of any other command (Redis) only the first word stays.
func cleanQuery(dst, b []byte) []byte {
	b = bytes.TrimSpace(b)
	switch {
	case len(b) == 0:
		return dst
	case b[0] == '{' || b[0] == '[':
		return cleanJSONQuery(dst, b)
	case isSQL(b):
		return cleanSQL(dst, b)
	}
	word, rest, _ := bytes.Cut(b, []byte(" "))
	dst = append(dst, word...)
	if len(rest) > 0 {
		dst = append(dst, " ?"...)
	}
	return dst
}

// isSQL goes by the first word.
func isSQL(b []byte) bool {
	b = bytes.TrimLeft(b, "( \t\r\n")
	if bytes.HasPrefix(b, []byte("--")) || bytes.HasPrefix(b, []byte("/*")) {
		return true
	}
	n := 0
	for n < len(b) && b[n]|0x20 >= 'a' && b[n]|0x20 <= 'z' {
		n++
	}
	switch strings.ToLower(string(b[:n])) {
	case "select", "insert", "update", "delete", "with", "merge", "replace", "upsert", "create", "alter", "drop",
		"truncate", "call", "exec", "execute", "begin", "start", "commit", "rollback", "savepoint", "release",
		"explain", "show", "values", "declare", "grant", "revoke", "copy", "lock", "use", "describe", "analyze",
		"match", "unwind", "return", "optional", "load", "from", "if", "do", "prepare", "deallocate", "vacuum":
		return true
	}
	return false
}

func isWord(c byte) bool { return isAlnum(c) || c == '_' || c == '$' || c >= 0x80 }

func cleanSQL(dst, b []byte) []byte {
	from, looked := len(dst), 0
	for i := 0; i < len(b); {
		c := b[i]
		if i >= looked {
			end, mail := mailEnd(b, i)
			if looked = end; mail {
				dst, i = append(dst, maskedEmail...), end
				continue
			}
		}
		word := len(dst) > from && isWord(dst[len(dst)-1])
		switch {
		case c == '\'':
			i = quoteEnd(b, i)
			dst = append(dst, '?')
		case c == '"' || c == '`':
			end := quoteEnd(b, i)
			if isName(b[i:end]) {
				dst = append(dst, b[i:end]...)
			} else {
				dst = append(dst, '?')
			}
			i = end
		case c == '-' && i+1 < len(b) && b[i+1] == '-':
			i = indexFrom(b, i, "\n")
		case c == '/' && i+1 < len(b) && b[i+1] == '*':
			i = indexFrom(b, i+2, "*/")
		case c == '$' && !word && dollarQuote(b, i) > 0:
			i = dollarQuote(b, i)
			dst = append(dst, '?')
		case c-'0' < 10 && !word:
			i = numberEnd(b, i)
			dst = append(dst, '?')
		case (c == ':' || c == '$' && !word) && isPlaceholder(b, i):
			dst = append(dst, c)
			for i++; i < len(b) && b[i]-'0' < 10; i++ {
				dst = append(dst, b[i])
			}
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst
}

// isPlaceholder: $1, :1.
func isPlaceholder(b []byte, i int) bool {
	if i+1 >= len(b) || b[i+1]-'0' >= 10 {
		return false
	}
	_, mail := mailEnd(b, i+1)
	return !mail
}

// mailEnd is the place behind the e-mail address that stands at b[i] without quotes; if
// there is none, behind what cannot be the beginning of one. Addresses are found before
// numbers are: an address without its numbers is none, and still says who. What begins
// a text or a comment ends an address.
func mailEnd(b []byte, i int) (end int, mail bool) {
	domain := func(at int) int {
		rest := b
		if n := bytes.Index(b[at:], []byte("--")); n >= 0 {
			rest = b[:at+n]
		}
		return domainEnd(rest, at)
	}
	at := i
	for ; at < len(b); at++ {
		c := b[at]
		if c == '-' && at+1 < len(b) && b[at+1] == '-' {
			break
		}
		if c == '%' && at > i && bytes.HasPrefix(b[at:], []byte("%40")) {
			if end = domain(at + 3); end > 0 {
				return end, true
			}
		}
		if !isAlnum(c) && c < 0x80 && c != '.' && c != '_' && c != '%' && c != '+' && c != '-' {
			break
		}
	}
	if at > i && at < len(b) && b[at] == '@' {
		if end = domain(at + 1); end > 0 {
			return end, true
		}
	}
	return at, false
}

// quoteEnd is the place behind the quoted text that begins at b[i]; without a closing
// quote that is the end.
func quoteEnd(b []byte, i int) int {
	q := b[i]
	for i++; i < len(b); i++ {
		switch {
		case b[i] == '\\' && q != '`':
			i++
		case b[i] == q:
			if i+1 < len(b) && b[i+1] == q {
				i++
				continue
			}
			return i + 1
		}
	}
	return len(b)
}

// isName: a quoted identifier, not a quoted value.
func isName(q []byte) bool {
	if len(q) < 3 || q[len(q)-1] != q[0] || q[1]-'0' < 10 {
		return false
	}
	for _, c := range q[1 : len(q)-1] {
		if !isWord(c) && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

// indexFrom is the place behind the next end, or the end of b.
func indexFrom(b []byte, i int, end string) int {
	n := bytes.Index(b[min(i, len(b)):], []byte(end))
	if n < 0 {
		return len(b)
	}
	return i + n + len(end)
}

// dollarQuote is the place behind $tag$...$tag$ at b[i], or 0.
func dollarQuote(b []byte, i int) int {
	n := bytes.IndexByte(b[i+1:], '$')
	if n < 0 || n > 0 && b[i+1]-'0' < 10 {
		return 0
	}
	tag := b[i : i+n+2]
	for _, c := range tag[1 : len(tag)-1] {
		if !isAlnum(c) && c != '_' {
			return 0
		}
	}
	return indexFrom(b, i+len(tag), string(tag))
}

func numberEnd(b []byte, i int) int {
	for i++; i < len(b); i++ {
		c := b[i]
		sign := (c == '+' || c == '-') && b[i-1]|0x20 == 'e' && i+1 < len(b) && b[i+1]-'0' < 10
		if !isAlnum(c) && c != '.' && !sign {
			break
		}
	}
	return i
}

// cleanJSONQuery keeps keys and structure.
func cleanJSONQuery(dst, b []byte) []byte {
	looked := 0
	for i := 0; i < len(b); {
		if i >= looked {
			end, mail := mailEnd(b, i)
			if looked = end; mail {
				dst, i = append(dst, maskedEmail...), end
				continue
			}
		}
		switch c := b[i]; {
		case c == '"' || c == '\'':
			end := quoteEnd(b, i)
			rest := bytes.TrimLeft(b[end:], " \t\r\n")
			if len(rest) > 0 && rest[0] == ':' {
				dst = append(dst, b[i:end]...)
			} else {
				dst = append(dst, '?')
			}
			i = end
		case c-'0' < 10 && (len(dst) == 0 || !isWord(dst[len(dst)-1])):
			i = numberEnd(b, i)
			dst = append(dst, '?')
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst
}
