package business

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// form is one event's data or one row, as named fields, and what is wrong with it.
type form struct {
	o        *Options
	get      func(name string) any // nil: not there; else a string, number, bool, list or object
	problems []Problem
	place    func(field string) Problem // a problem without its message
	source   string                     // who says it
	fallback string                     // names what has no name of its own
	time     felt.Instant               // of the event; 0 unknown
}

func (f *form) bad(field, message string) {
	p := f.place(field)
	p.Field, p.Message = field, message
	f.problems = append(f.problems, p)
}

// raw is a field's text, and whether it is there. A number is one as written.
func (f *form) raw(name string) (string, bool) {
	switch v := f.get(name).(type) {
	case nil:
		return "", false
	case string:
		return v, v != ""
	case json.Number:
		return v.String(), true
	}
	f.bad(name, "want a text")
	return "", false
}

// first is the first of several names that is there.
func (f *form) first(names ...string) (name, value string) {
	for _, n := range names {
		if v, ok := f.raw(n); ok {
			return n, v
		}
	}
	return names[0], ""
}

// text is a free text as it may be kept.
func (f *form) text(name string) string {
	v, _ := f.raw(name)
	return otlp.CleanText(v, f.o.Limits.Text)
}

// word is a text that names something, and so must be there as a whole.
func (f *form) word(name string) string {
	v, _ := f.raw(name)
	return f.checkWord(name, v)
}

func (f *form) checkWord(name, v string) string {
	v = strings.TrimSpace(v)
	switch {
	case len(v) > f.o.Limits.Name:
		f.bad(name, "is longer than "+strconv.Itoa(f.o.Limits.Name)+" bytes")
		return ""
	case !utf8.ValidString(v):
		f.bad(name, "is not UTF-8")
		return ""
	case strings.ContainsFunc(v, unicode.IsControl):
		f.bad(name, "has control characters")
		return ""
	}
	return otlp.CleanText(v, f.o.Limits.Name)
}

// needed is a word without which there is no row.
func (f *form) needed(name string) string {
	v, ok := f.raw(name)
	if !ok || strings.TrimSpace(v) == "" {
		if len(f.problems) == 0 || f.problems[len(f.problems)-1].Field != name {
			f.bad(name, "is needed")
		}
		return ""
	}
	return f.checkWord(name, v)
}

// oneOf is a word out of a list; "" is let through when it is not needed.
func (f *form) oneOf(name, v string, list ...string) string {
	if v != "" && !slices.Contains(list, v) {
		f.bad(name, "want one of "+strings.Join(list, ", "))
	}
	return v
}

// words is a list of words: a JSON list, or a text divided by spaces, semicolons or bars.
func (f *form) words(name string) []string {
	var list []string
	switch v := f.get(name).(type) {
	case nil:
	case string:
		list = strings.FieldsFunc(v, func(r rune) bool { return r == ' ' || r == ';' || r == '|' })
	case []any:
		for _, x := range v {
			s, ok := x.(string)
			if !ok {
				f.bad(name, "want a list of texts")
				return nil
			}
			list = append(list, s)
		}
	default:
		f.bad(name, "want a list of texts")
	}
	if len(list) > f.o.Limits.List {
		f.bad(name, "has more than "+strconv.Itoa(f.o.Limits.List)+" entries")
		return nil
	}
	var out []string
	for _, s := range list {
		if w := f.checkWord(name, s); w != "" && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// instant is a point in time; 0 when it is not there.
func (f *form) instant(name string) felt.Instant {
	v, ok := f.raw(name)
	if !ok {
		return 0
	}
	t, ok := parseInstant(strings.TrimSpace(v))
	if !ok {
		f.bad(name, "want a time with its zone, such as 2026-05-04T10:00:00Z, a day, or seconds or milliseconds since 1970")
	}
	return t
}

// lastInstant is the year 2116, as for telemetry.
const lastInstant = felt.Instant(4_607_366_400) * felt.Second

func parseInstant(s string) (felt.Instant, bool) {
	if s == "" {
		return 0, false
	}
	if allDigits(s) {
		n, err := strconv.ParseInt(s, 10, 64)
		switch {
		case err != nil || n <= 0:
			return 0, false
		case n < int64(lastInstant/felt.Second):
			return felt.Instant(n) * felt.Second, true
		case n > 1e11 && n < int64(lastInstant/1e6):
			return felt.Instant(n) * 1e6, true
		}
		return 0, false
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		if t, err = time.Parse(time.DateOnly, s); err != nil {
			return 0, false
		}
	}
	if sec := t.Unix(); sec <= 0 || sec >= int64(lastInstant/felt.Second) {
		return 0, false
	}
	return felt.InstantOf(t), true
}

// env is the environment; identities are hashed with it.
func (f *form) env() string {
	if v := f.word("env"); v != "" {
		return v
	}
	return otlp.DefaultEnv
}

// identity is the hash of who is meant: of an id, or as it was given out.
func (f *form) identity(level, env, hashed string, names ...string) felt.Hash {
	name, id := f.first(names...)
	given, ok := f.raw(hashed)
	switch {
	case id != "" && ok:
		f.bad(hashed, "give "+name+" or "+hashed+", not both")
	case ok:
		h, err := felt.ParseHash(strings.ToLower(strings.TrimSpace(given)))
		if err != nil || h.IsZero() {
			f.bad(hashed, "want 32 hex digits, as Felt shows customers")
		}
		return h
	case id == "":
	case !utf8.ValidString(id):
		f.bad(name, "is not UTF-8")
	case len(id) > f.o.Limits.Text:
		f.bad(name, "want a text of at most "+strconv.Itoa(f.o.Limits.Text)+" bytes")
	default:
		return otlp.Hash(f.o.Key, level, env, id)
	}
	return felt.Hash{}
}

func (f *form) customer(env string) felt.Hash {
	return f.identity(otlp.LevelUser, env, "customer_hash", "customer", "user.id", "user_id", "customer_id")
}

func (f *form) account(env string) felt.Hash {
	return f.identity(otlp.LevelAccount, env, "account_hash", "account", "account.id", "account_id")
}

// amount is money in minor units.
func (f *form) amount() (int64, string) {
	currency := strings.ToUpper(f.word("currency"))
	if currency != "" && !isCurrency(currency) {
		f.bad("currency", "want three letters, such as EUR")
		return 0, ""
	}
	major, hasMajor := f.raw("amount")
	minor, hasMinor := f.raw("amount_minor")
	name, text, n := "amount", major, decimals(currency)
	switch {
	case hasMajor && hasMinor:
		f.bad("amount_minor", "give amount or amount_minor, not both")
		return 0, ""
	case hasMinor:
		name, text, n = "amount_minor", minor, 0
	case !hasMajor:
		return 0, currency
	}
	if currency == "" {
		f.bad("currency", "is needed with an amount")
		return 0, ""
	}
	v, message := minorUnits(strings.TrimSpace(text), n)
	if message != "" {
		f.bad(name, message)
	}
	return v, currency
}

// id names the row for ever: by what its source calls it, else by the fallback.
func (f *form) id() string {
	_, name := f.first("id")
	if len(name) > f.o.Limits.Text {
		f.bad("id", "is longer than "+strconv.Itoa(f.o.Limits.Text)+" bytes")
	}
	if name != "" {
		return f.named(name)
	}
	return otlp.Hash(f.o.Key, "business.event", f.source, f.fallback).String()
}

// named is the id of what the source calls so.
func (f *form) named(name string) string {
	return otlp.Hash(f.o.Key, "business", f.source, name).String()
}
