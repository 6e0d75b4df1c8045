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
	from := len(dst)
	for i := 0; i < len(b); {
		c := b[i]
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
		case c == ':' && i+1 < len(b) && b[i+1]-'0' < 10 || c == '$' && i+1 < len(b) && b[i+1]-'0' < 10 && !word:
			dst = append(dst, c) // a placeholder: $1, :1
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
	for i := 0; i < len(b); {
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
