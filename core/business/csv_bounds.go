package business

import "bytes"

// crowded is the line, from 1, of the first record with more fields than [maxColumns]; 0: none
// has. It costs no memory, where reading such a record costs many times its length. It goes
// through quotes as encoding/csv does, which gives up a line at the first mistake in it.
func crowded(body []byte, comma byte) int {
	line, start, fields := 1, 1, 1
	for i := 0; i < len(body); {
		if body[i] == '"' {
			n, lines, closed := quoted(body[i:], comma)
			i, line = i+n, line+lines
			if !closed {
				i, start, fields = i+restOf(body[i:]), line+1, 1
				line++
				continue
			}
		} else if end := bytes.IndexAny(body[i:], string([]byte{comma, '"', '\n'})); end < 0 {
			return 0
		} else if i += end; body[i] == '"' {
			i, start, fields = i+restOf(body[i:]), line+1, 1
			line++
			continue
		}
		if i >= len(body) {
			return 0
		}
		switch body[i] {
		case comma:
			if fields++; fields > maxColumns {
				return start
			}
		case '\n':
			line++
			start, fields = line, 1
		}
		i++
	}
	return 0
}

// quoted is the length of a field in quotes, and how many ends of lines are in it. closed
// tells that a comma, the end of the line or of the body comes behind it.
func quoted(b []byte, comma byte) (n, lines int, closed bool) {
	for n = 1; ; {
		end := bytes.IndexByte(b[n:], '"')
		if end < 0 {
			return len(b), lines, true
		}
		lines += bytes.Count(b[n:n+end], []byte("\n"))
		n += end + 1
		switch rest := b[n:]; {
		case len(rest) > 0 && rest[0] == '"':
			n++
		case bytes.HasPrefix(rest, []byte("\r\n")):
			return n + 1, lines, true
		default:
			return n, lines, len(rest) == 0 || rest[0] == comma || rest[0] == '\n'
		}
	}
}

// restOf is the length of what is left of a line, with its end.
func restOf(b []byte) int {
	if n := bytes.IndexByte(b, '\n'); n >= 0 {
		return n + 1
	}
	return len(b)
}
