package yaml

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// node converts what the parser made. A value that is not there is placed at its key (or).
func (p *reader) node(n ast.Node, or Pos) *Node {
	switch n := n.(type) {
	case *ast.MappingNode:
		at := p.pos(n.Start)
		if !n.IsFlowStyle && len(n.Values) > 0 {
			at = p.pos(n.Values[0].Key.GetToken())
		}
		return p.mapping(n.Values, at)
	case *ast.MappingValueNode:
		return p.mapping([]*ast.MappingValueNode{n}, p.pos(n.Key.GetToken()))
	case *ast.SequenceNode:
		list := &Node{Kind: List, Pos: p.pos(n.Start), Items: make([]*Node, 0, len(n.Values))}
		for _, v := range n.Values {
			list.Items = append(list.Items, p.node(v, list.Pos))
		}
		return list
	case *ast.LiteralNode:
		return &Node{Kind: Text, Pos: p.pos(n.Start), Text: n.Value.Value}
	case *ast.StringNode:
		return p.scalar(Text, n.Token, n.Value)
	case *ast.BoolNode:
		return p.scalar(Bool, n.Token, n.Token.Value)
	case *ast.IntegerNode:
		return p.scalar(Number, n.Token, n.Token.Value)
	case *ast.FloatNode:
		return p.scalar(Number, n.Token, n.Token.Value)
	case *ast.InfinityNode:
		return p.scalar(Number, n.Token, n.Token.Value)
	case *ast.NanNode:
		return p.scalar(Number, n.Token, n.Token.Value)
	case *ast.NullNode:
		if n.Token.Type == token.NullType {
			return p.scalar(Null, n.Token, n.Token.Value)
		}
		return &Node{Kind: Null, Pos: or}
	case nil:
		return &Node{Kind: Null, Pos: or}
	}
	at := p.pos(n.GetToken())
	p.fail(at, "%s is not taken here", strings.ToLower(n.Type().String()))
	return &Node{Kind: Null, Pos: at}
}

func (p *reader) mapping(values []*ast.MappingValueNode, at Pos) *Node {
	m := &Node{Kind: Map, Pos: at, Entries: make([]Entry, 0, len(values))}
	seen := make(map[string]Pos, len(values))
	for _, v := range values {
		pos := p.pos(v.Key.GetToken())
		key, ok := keyOf(v.Key)
		if !ok {
			p.fail(pos, "want a plain key")
			continue
		}
		if first, twice := seen[key]; twice {
			p.fail(pos, "the key %q is given twice; first on line %d", key, first.Line)
			continue
		}
		seen[key] = pos
		m.Entries = append(m.Entries, Entry{Key: key, Pos: pos, Value: p.node(v.Value, pos)})
	}
	return m
}

// keyOf is the text of a key.
func keyOf(k ast.MapKeyNode) (string, bool) {
	switch k := k.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.MappingKeyNode:
		if inner, ok := k.Value.(ast.MapKeyNode); ok {
			return keyOf(inner)
		}
		return "", false
	case ast.ScalarNode:
		if t := k.GetToken(); t != nil {
			return t.Value, true
		}
	}
	return "", false
}

func (p *reader) scalar(kind Kind, t *token.Token, text string) *Node {
	n := &Node{Kind: kind, Pos: p.pos(t), Text: text}
	in := n.Pos
	if t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType {
		in.Column++
	}
	starts := p.at(in.Line)
	if text != "" && in.Column < len(starts) && strings.HasPrefix(p.lines[in.Line-1][starts[in.Column-1]:], text) {
		n.Inside = in
	}
	return n
}
