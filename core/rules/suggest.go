package rules

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/felt-cx/felt"
)

// Suggest writes the YAML of a journey that takes an operation in, for people to edit and put
// in a file: names that are seen and mapped by nothing. Empty service or name is left out;
// with both empty there is nothing to say, and it is "".
func Suggest(service, name string, kind felt.SpanKind, log bool) string {
	service, name = strings.ToValidUTF8(service, "?"), strings.ToValidUTF8(name, "?")
	if service == "" && name == "" {
		return ""
	}
	what := "span"
	if log {
		what = "log"
	}
	var b strings.Builder
	b.WriteString("journeys:\n  - name: " + quote(nameOf(service, name)) + "\n    match:\n      " + what + ":\n")
	if service != "" {
		b.WriteString("        service: " + quote(service) + "\n")
	}
	if name != "" {
		b.WriteString("        name: " + quote(name) + "\n")
	}
	if !log && kind != felt.SpanUnspecified {
		b.WriteString("        kind: " + kind.String() + "\n")
	}
	return b.String()
}

// SuggestInteraction writes the YAML of a journey of the interactions that telemetry itself
// names so; app may be empty. Without a name there is nothing to say, and it is "".
func SuggestInteraction(app, name string) string {
	app, name = strings.ToValidUTF8(app, "?"), strings.ToValidUTF8(name, "?")
	if name == "" {
		return ""
	}
	var b strings.Builder
	own := nameOf("", name)
	b.WriteString("journeys:\n  - name: " + quote(own) + "\n")
	if app != "" {
		b.WriteString("    app: " + quote(app) + "\n")
	}
	if own != name {
		b.WriteString("    match:\n      interaction: " + quote(name) + "\n")
	}
	return b.String()
}

// nameOf makes a name that a journey can have of what an operation is called: GET
// /cart/{id} of frontend becomes "get cart id".
func nameOf(service, name string) string {
	plain := func(s string) string {
		ok := func(r rune) rune {
			if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' && r != '.' {
				return ' '
			}
			return r
		}
		words := strings.Fields(strings.Map(ok, s))
		made := []rune(strings.ToLower(strings.Join(words, " ")))
		return strings.TrimSpace(string(made[:min(len(made), nameMax/4)]))
	}
	for _, s := range []string{name, service} {
		if made := plain(s); made != "" {
			return made
		}
	}
	return "unnamed"
}

// quote writes a text so that YAML reads it as the same text: plain where that is safe.
func quote(s string) string {
	plain := s != "" && s[0] >= 'a' && s[0] <= 'z' && s[len(s)-1] != ' '
	for _, r := range s {
		plain = plain && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == ' ' || r == '-' || r == '_' || r == '.' || r == '/')
	}
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		plain = false
	}
	if plain {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff:
			hex := "0000" + strconv.FormatInt(int64(r), 16)
			b.WriteString(`\u` + hex[len(hex)-4:])
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
