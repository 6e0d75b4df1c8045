package yaml

import "fmt"

// MaxBytes is the size of the largest text that [Parse] reads.
const MaxBytes = 16 << 20

// MaxDepth is how deep maps and lists may be nested in each other.
const MaxDepth = 64

// MaxKeys is how many keys one map may have.
const MaxKeys = 2000

// Pos is a place in a text. Both count from 1; columns count characters.
type Pos struct{ Line, Column int }

// Kind says what a node is.
type Kind uint8

// The kinds of nodes.
const (
	Null Kind = iota + 1
	Text
	Number
	Bool
	List
	Map
)

// String is the kind in words, as in "found a list".
func (k Kind) String() string {
	switch k {
	case Null:
		return "nothing"
	case Text:
		return "text"
	case Number:
		return "a number"
	case Bool:
		return "a flag"
	case List:
		return "a list"
	case Map:
		return "a map"
	}
	return "something unknown"
}

// Node is a value. One is never a child of two others.
type Node struct {
	Kind    Kind
	Pos     Pos     // of its first character
	Text    string  // of a scalar; numbers and flags as they are written
	Inside  Pos     // where Text begins when it stands in the file as it is, on one line; else zero
	Items   []*Node // of a list
	Entries []Entry // of a map, in order; no key twice
}

// Entry is one key of a map and its value.
type Entry struct {
	Key   string
	Pos   Pos // of the key
	Value *Node
}

// Scalar tells whether the node is one value.
func (n *Node) Scalar() bool { return n.Kind == Text || n.Kind == Number || n.Kind == Bool }

// Error is one thing wrong with a text.
type Error struct {
	Pos     Pos
	Message string
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Pos.Line, e.Pos.Column, e.Message) }
