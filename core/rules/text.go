package rules

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// condition is a compiled [Text].
type condition struct {
	op    op
	text  string
	words []string
	regex *regexp.Regexp
	inner *condition
}

type op uint8

const (
	opEquals op = iota
	opPrefix
	opRegex
	opOneOf
	opPresent
	opAbsent
	opNot
)

// compile gives nil for nil. An expression that does not compile holds for nothing; loading has refused it.
func (t *Text) compile() *condition {
	switch {
	case t == nil:
		return nil
	case t.Not != nil:
		return &condition{op: opNot, inner: t.Not.compile()}
	case t.Exists != nil && *t.Exists:
		return &condition{op: opPresent}
	case t.Exists != nil:
		return &condition{op: opAbsent}
	case t.OneOf != nil:
		return &condition{op: opOneOf, words: t.OneOf}
	case t.Prefix != "":
		return &condition{op: opPrefix, text: t.Prefix}
	case t.Regex != "":
		re, err := regexp.Compile(t.Regex)
		if err != nil {
			return &condition{op: opOneOf}
		}
		return &condition{op: opRegex, text: t.Regex, regex: re}
	}
	return &condition{op: opEquals, text: t.Equals}
}

// holds asks for a text; there tells whether it is there at all.
func (c *condition) holds(s string, there bool) bool {
	switch c.op {
	case opEquals:
		return there && s == c.text
	case opPrefix:
		return there && strings.HasPrefix(s, c.text)
	case opRegex:
		return there && c.regex.MatchString(s)
	case opOneOf:
		return there && slices.Contains(c.words, s)
	case opPresent:
		return there
	case opAbsent:
		return !there
	case opNot:
		return !c.inner.holds(s, there)
	}
	return false
}

// exact lists the only texts for which it can hold; false when there are others.
func (c *condition) exact() ([]string, bool) {
	switch {
	case c == nil:
	case c.op == opEquals:
		return []string{c.text}, true
	case c.op == opOneOf:
		return c.words, true
	}
	return nil, false
}

// String is the condition as people write it.
func (c *condition) String() string {
	switch c.op {
	case opEquals:
		return strconv.Quote(c.text)
	case opPrefix:
		return "prefix " + strconv.Quote(c.text)
	case opRegex:
		return "regex " + strconv.Quote(c.text)
	case opOneOf:
		quoted := make([]string, len(c.words))
		for i, w := range c.words {
			quoted[i] = strconv.Quote(w)
		}
		return "one of " + strings.Join(quoted, ", ")
	case opPresent:
		return "present"
	case opAbsent:
		return "absent"
	case opNot:
		return "not " + c.inner.String()
	}
	return ""
}
