package yaml

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Parse reads one document. A text with nothing in it gives nil. With errors, the node is nil;
// a text that is not YAML at all gives one error, otherwise all are there, in order of place.
func Parse(text string) (*Node, []*Error) {
	p := &reader{}
	text = strings.TrimPrefix(text, "\ufeff")
	if err := p.admit(text); err != nil {
		return nil, []*Error{err}
	}
	p.lines = strings.Split(text, "\n")
	p.line = -1
	n := p.parse(text)
	if len(p.errs) > 0 {
		slices.SortStableFunc(p.errs, func(a, b *Error) int {
			if a.Pos.Line != b.Pos.Line {
				return a.Pos.Line - b.Pos.Line
			}
			return a.Pos.Column - b.Pos.Column
		})
		return nil, p.errs
	}
	return n, nil
}

// reader turns one text into nodes.
type reader struct {
	lines []string
	errs  []*Error

	line   int   // whose characters begin at starts; tokens come line by line
	starts []int // bytes; one more at the line's end
}

// at tells where each character of a line begins, and where the line ends.
func (p *reader) at(line int) []int {
	if p.line == line {
		return p.starts
	}
	p.line, p.starts = line, p.starts[:0]
	text := strings.TrimSuffix(p.lines[line-1], "\r")
	for i := range text {
		p.starts = append(p.starts, i)
	}
	p.starts = append(p.starts, len(text))
	return p.starts
}

// admit refuses what the parser must not see.
func (p *reader) admit(text string) *Error {
	if len(text) > MaxBytes {
		return &Error{Pos{1, 1}, fmt.Sprintf("the text has %d bytes; at most %d are read", len(text), MaxBytes)}
	}
	for line, l := range strings.Split(text, "\n") {
		column := 0
		for i, r := range l {
			column++
			if _, n := utf8.DecodeRuneInString(l[i:]); r == utf8.RuneError && n == 1 {
				return &Error{Pos{line + 1, column}, "this is not UTF-8"}
			}
			if (r < ' ' && r != '\t' && r != '\r') || r == 0x7f {
				return &Error{Pos{line + 1, column}, fmt.Sprintf("the control character U+%04X is not YAML", r)}
			}
		}
	}
	return nil
}

// parse runs the parser of the library. Should it panic, which is a fault of the library
// but no reason for a server to stop when it reloads its files, the text is refused.
func (p *reader) parse(text string) (n *Node) {
	at := Pos{1, 1}
	defer func() {
		if r := recover(); r != nil {
			p.errs = append(p.errs, &Error{at, "this YAML cannot be read; write it in a simpler way"})
			n = nil
		}
	}()
	tokens := lexer.Tokenize(text)
	p.forbid(tokens)
	if len(p.errs) > 0 {
		return nil
	}
	// Duplicate keys are found by us: the parser stops at the first.
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		p.syntax(err)
		return nil
	}
	var root *Node
	docs := 0
	for _, d := range file.Docs {
		if d.Body == nil {
			continue
		}
		if docs++; docs > 1 {
			p.fail(p.pos(d.GetToken()), "a second document begins here; want one document a file")
			return nil
		}
		at = p.pos(d.Body.GetToken())
		root = p.node(d.Body, at)
	}
	if root != nil && root.Kind == Null && root.Text == "" {
		return nil
	}
	return root
}

// maxErrors is how many errors of one text are worth telling.
const maxErrors = 100

func (p *reader) fail(at Pos, format string, a ...any) {
	if len(p.errs) == maxErrors {
		return
	}
	p.errs = append(p.errs, &Error{at, fmt.Sprintf(format, a...)})
}

// syntax reports an error of the parser at its token.
func (p *reader) syntax(err error) {
	var placed interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if errors.As(err, &placed) {
		at, what := p.pos(placed.GetToken()), placed.GetMessage()
		if p.indentedByTab(at) {
			what = "indent with spaces, not tabs"
		}
		p.fail(at, "%s", what)
		return
	}
	p.fail(Pos{1, 1}, "%s", err)
}

// indentedByTab tells whether a place is in what a line is indented by, and there is a tab.
func (p *reader) indentedByTab(at Pos) bool {
	line := p.lines[at.Line-1]
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	return at.Column <= len(indent) && indent[at.Column-1] == '\t'
}

// pos is where a token begins, held to the text: the library's places of tokens over several
// lines can be off.
func (p *reader) pos(t *token.Token) Pos {
	if t == nil || t.Position == nil {
		return Pos{1, 1}
	}
	line := min(max(t.Position.Line, 1), len(p.lines))
	return Pos{line, min(max(t.Position.Column, 1), len(p.at(line)))}
}

// forbid refuses what is not taken, nesting so deep that the parser, which is recursive,
// would overrun its stack, and maps so wide that it, which compares keys, would take minutes.
func (p *reader) forbid(tokens token.Tokens) {
	var o opened
	for i, t := range tokens {
		switch t.Type { //nolint:exhaustive // The others are what is taken.
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			p.fail(p.pos(t), "anchors, aliases and merge keys are not taken; write it out")
		case token.TagType:
			p.fail(p.pos(t), "tags are not taken; put text in quotes")
		case token.DirectiveType:
			p.fail(p.pos(t), "directives are not taken")
		case token.MappingStartType, token.SequenceStartType:
			o.flow = append(o.flow, 0)
		case token.MappingEndType, token.SequenceEndType:
			o.flow = o.flow[:max(len(o.flow)-1, 0)]
		case token.SequenceEntryType, token.MappingKeyType:
			o.block(t.Position.Column, 0)
		case token.MappingValueType:
			column := t.Position.Column
			if i > 0 && tokens[i-1].Position.Line == t.Position.Line {
				column = tokens[i-1].Position.Column
			}
			if o.block(column, 1) > MaxKeys {
				p.fail(p.pos(t), "more than %d keys in one map", MaxKeys)
				return
			}
		}
		if len(o.flow)+len(o.columns) > MaxDepth {
			p.fail(p.pos(t), "nested more than %d deep", MaxDepth)
			return
		}
	}
}

// opened are the maps and lists around a token: in blocks by the column in which they
// begin, inside of those in brackets; and the keys that each has so far.
type opened struct {
	columns, keys []int
	flow          []int
}

// block goes to a column, or stays in the brackets; it adds keys, and gives how many there are.
func (o *opened) block(column, keys int) int {
	if n := len(o.flow); n > 0 {
		o.flow[n-1] += keys
		return o.flow[n-1]
	}
	n := len(o.columns)
	for n > 0 && o.columns[n-1] > column {
		n--
	}
	if o.columns, o.keys = o.columns[:n], o.keys[:n]; n == 0 || o.columns[n-1] < column {
		o.columns, o.keys = append(o.columns, column), append(o.keys, 0)
		n++
	}
	o.keys[n-1] += keys
	return o.keys[n-1]
}
