package rules

import (
	"regexp/syntax"

	"github.com/felt-cx/felt/core/yaml"
)

// What an inventory may cost whoever compiles it: a server that is asked to check a text of a
// stranger, and every engine that it rules. A text of 1 MiB could otherwise ask for gigabytes.
const (
	maxRegex        = 512     // bytes of one regular expression
	maxProgram      = 2000    // instructions that it compiles to
	maxPrograms     = 200_000 // of all of them, tables of characters counted; about 40 bytes each
	maxConditions   = 200     // of one match
	maxConditionsIn = 20_000  // of all files
)

// budget is what is left for the files that are read together.
type budget struct {
	conditions, programs int
	told                 bool // that there are too many
}

func newBudget() *budget { return &budget{conditions: maxConditionsIn, programs: maxPrograms} }

// condition counts one condition in; the first one too many is reported.
func (d *decoder) condition(n *yaml.Node) {
	if d.left.conditions--; d.left.conditions == -1 {
		d.fail("too-many-conditions", n.Pos, "list texts under one_of: they count as one", "the files have more than %d conditions", maxConditionsIn)
	}
}

// affordable tells whether an expression may be compiled, and reports it when not. tree is
// what it means.
func (d *decoder) affordable(tree *syntax.Regexp, n *yaml.Node, key string) bool {
	size, tables := programSize(tree)
	if size > maxProgram {
		d.left.programs -= tables + maxRegex/8 // reading it was work, too
		d.fail("large-regex", n.Pos, "repeat less: {1,20} writes what is before it down 20 times", "%s: compiles to about %d instructions, more than %d", key, size, maxProgram)
		return false
	}
	d.left.programs -= size + tables
	return !d.spent(n, key)
}

// spent tells whether there is no more to spend on expressions, and reports it once.
func (d *decoder) spent(n *yaml.Node, key string) bool {
	if d.left.programs >= 0 {
		return false
	}
	if !d.left.told {
		d.left.told = true
		d.fail("large-regex", n.Pos, "prefix and one_of cost nothing", "%s: the regular expressions of all files compile to more than %d instructions", key, maxPrograms)
	}
	return true
}

// programSize is at least how many instructions an expression compiles to, and what its tables
// of characters weigh, in instructions. It looks at every part once: repetition multiplies.
func programSize(re *syntax.Regexp) (size, tables int) {
	for _, sub := range re.Sub {
		s, t := programSize(sub)
		size, tables = size+s, tables+t
	}
	switch re.Op {
	case syntax.OpLiteral:
		size = max(len(re.Rune), 1)
	case syntax.OpCharClass:
		size, tables = 1, len(re.Rune)/8
	case syntax.OpCapture, syntax.OpStar:
		size += 2
	case syntax.OpPlus, syntax.OpQuest:
		size++
	case syntax.OpAlternate:
		size += len(re.Sub) - 1
	case syntax.OpRepeat: // x{2,4} becomes xx(x(x)?)?
		times := max(re.Min, re.Max, 1)
		size, tables = times*(size+1)+1, times*tables
	case syntax.OpConcat:
		size = max(size, 1)
	default: // what has no parts is one instruction
		size++
	}
	return size, tables
}

// affordable bounds what matches ask of every event, and reports those that ask too much.
func (p *parsed) affordable() bool {
	good := p.left.conditions >= 0 && p.left.programs >= 0
	for _, j := range p.journeys {
		good = p.affords(j.Match) && good
		for i := range j.Steps {
			good = p.affords(j.Steps[i].Match) && good
		}
	}
	return good
}

func (p *parsed) affords(m *Match) bool {
	n := conditionsOf(m)
	if n > maxConditions {
		p.err("too-many-conditions", m, "list texts under one_of: they count as one", "the match has %d conditions, more than %d", n, maxConditions)
	}
	return n <= maxConditions
}

func conditionsOf(m *Match) int {
	if m == nil {
		return 0
	}
	n := 0
	for _, t := range []*Pattern{m.Span, m.Log} {
		if t == nil {
			continue
		}
		n += len(t.Attributes)
		for _, given := range []bool{t.Service != nil, t.Name != nil, t.Kind != "", t.Status != "", t.HTTPStatus != nil, t.GRPCStatus != nil, t.Duration > 0} {
			if given {
				n++
			}
		}
	}
	if m.Interaction != "" {
		n++
	}
	for _, one := range m.Any {
		n += conditionsOf(one)
	}
	return n
}
