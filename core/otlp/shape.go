package otlp

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf8"
)

// vtype is the type of a stored value. Numbers are part of the format.
type vtype uint8

const (
	vText     vtype = 0 // dictionary index
	vUint     vtype = 1 // integer >= 0
	vNegative vtype = 2 // integer < 0, as -1-v
	vBool     vtype = 3 // one byte
	vDouble   vtype = 4 // eight bytes
	vBytes    vtype = 5 // length and bytes
	vJSON     vtype = 6 // dictionary index of an array or map as JSON
	vEmpty    vtype = 7 // nothing
	vNone     vtype = 8 // not stored: dropped, or an identity; never in a block
	numTypes        = 9
)

// keyInfo is what is known of one attribute key. It is found once per key.
type keyInfo struct {
	raw     string // as sent
	name    []byte // as stored
	segment string // of a segment
	id      int32
	role    role
	rank    int16 // place in the alias table: smaller wins
	act     action
	tooLong bool
	plain   bool // nothing to redact, no meaning
	direct  bool // a short text needs nothing but its action
}

// node is a list of keys and types, as one path from the root of a tree. An event's
// attributes walk down from the root; where they stop is the event's shape. Traffic
// repeats itself: the next key is nearly always the one that came the last time, which
// costs one comparison instead of a look-up.
type node struct {
	edges  []edge
	last   int32
	parent int32
	up     *keyInfo
	typ    vtype
}

type edge struct {
	raw   string // the key as sent
	plain bool   // of the key
	key   *keyInfo
	child [numTypes]int32 // by type; 0 none
}

// maxNodes bounds what a packer learns; then it forgets and learns anew.
const maxNodes = 1 << 14

// linearEdges is up to how many edges of a node are compared before asking the maps.
const linearEdges = 6

type edgeID struct{ node, key int32 }

// shapes is what a packer has learned of keys and their order.
type shapes struct {
	redact  Redaction
	limits  Limits
	aliases map[string]int16
	table   []alias
	keys    map[string]*keyInfo
	nodes   []node
	byKey   map[edgeID]int32
}

func (s *shapes) init(o *Options) {
	s.redact, s.limits = o.Redact, o.Limits
	s.table = aliases()
	s.aliases = make(map[string]int16, len(s.table))
	for i, a := range s.table {
		s.aliases[a.key] = int16(i)
	}
	s.forget()
}

func (s *shapes) forget() {
	s.keys = make(map[string]*keyInfo, 256)
	s.byKey = make(map[edgeID]int32, 256)
	s.nodes = append(s.nodes[:0], node{})
}

func (s *shapes) tooBig() bool { return len(s.nodes) > maxNodes || len(s.keys) > maxNodes }

// edge finds what leads from a node by a key; nil when the key is not UTF-8.
// It is valid until the next call.
func (s *shapes) edge(at int32, key []byte) *edge {
	n := &s.nodes[at]
	if int(n.last) < len(n.edges) {
		if e := &n.edges[n.last]; e.raw == string(key) {
			return e
		}
	}
	for i := range n.edges[:min(len(n.edges), linearEdges)] {
		if e := &n.edges[i]; e.raw == string(key) {
			n.last = int32(i)
			return e
		}
	}
	return s.edgeSlow(n, at, key)
}

func (s *shapes) edgeSlow(n *node, at int32, key []byte) *edge {
	k := s.key(key)
	if k == nil {
		return nil
	}
	i, ok := s.byKey[edgeID{at, k.id}]
	if !ok {
		i = int32(len(n.edges))
		n.edges = append(n.edges, edge{raw: k.raw, plain: k.plain, key: k})
		s.byKey[edgeID{at, k.id}] = i
	}
	n.last = i
	return &n.edges[i]
}

// child goes down an edge. The edge is not valid any more when a node was made.
func (s *shapes) child(at int32, e *edge, t vtype) int32 {
	if c := e.child[t]; c != 0 {
		return c
	}
	c := int32(len(s.nodes))
	e.child[t] = c
	s.nodes = append(s.nodes, node{parent: at, up: e.key, typ: t})
	return c
}

// key returns what is known of a key; nil when it is not UTF-8.
func (s *shapes) key(raw []byte) *keyInfo {
	if k, ok := s.keys[string(raw)]; ok {
		return k
	}
	if !utf8.Valid(raw) {
		return nil
	}
	k := s.describe(string(raw))
	k.id = int32(len(s.keys))
	s.keys[k.raw] = k
	return k
}

// nestedKey is key for the keys inside a map, of which one value may have millions:
// only so many are remembered. The key must be UTF-8.
func (s *shapes) nestedKey(raw []byte) *keyInfo {
	if k, ok := s.keys[string(raw)]; ok {
		return k
	}
	if s.tooBig() {
		return s.describe(string(raw[:min(len(raw), s.limits.KeyBytes+1)]))
	}
	return s.key(raw)
}

// segmentPrefix is in front of the key of a segment.
const segmentPrefix = "felt.segment."

func (s *shapes) describe(raw string) *keyInfo {
	k := s.describeKey(raw)
	k.plain = k.role == roleNone && k.act == actKeep
	switch k.act {
	case actKeep, actURL, actSQL:
		switch {
		case k.role == roleField+role(FieldErrorType), k.role == roleField+role(FieldEnv):
		case k.role < roleValue, k.role >= roleValue && k.role <= roleHTTP, k.role == roleTraffic:
			k.direct = true
		}
	case actDrop, actPeer, actName:
	}
	return k
}

func (s *shapes) describeKey(raw string) *keyInfo {
	k := &keyInfo{raw: raw, act: s.redact.keyAction(raw)}
	k.name, _ = cleanText(nil, []byte(raw), actKeep, s.limits.KeyBytes)
	if len(raw) > s.limits.KeyBytes || raw == "" {
		k.act, k.tooLong = actDrop, true
		return k
	}
	if i, ok := s.aliases[raw]; ok {
		k.role, k.rank, k.segment = s.table[i].role, i, s.table[i].seg
		if k.role >= roleUser && k.role <= roleAccount {
			k.act = actDrop // hashed, never kept
			return k
		}
	} else if seg, ok := strings.CutPrefix(raw, segmentPrefix); ok && seg != "" {
		k.role, k.segment = roleSegment, strings.ToLower(string(k.name[min(len(segmentPrefix), len(k.name)):]))
		if len(seg) > s.limits.SegmentKeyBytes {
			k.act, k.tooLong = actDrop, true
		}
	}
	if k.act == actDrop {
		k.role = roleNone
	}
	return k
}

// means reports whether a key has a role, without remembering the key.
func (s *shapes) means(key []byte) bool {
	if _, ok := s.aliases[string(key)]; ok {
		return true
	}
	n := len(key) - len(segmentPrefix)
	return n > 0 && n <= s.limits.SegmentKeyBytes && string(key[:len(segmentPrefix)]) == segmentPrefix
}

// stored reports whether values of this key are among the hot ones of a shape.
func (k *keyInfo) hot() bool { return k.role != roleNone && k.role <= rolesStored }

// shapeEntry is one value of a shape.
type shapeEntry struct {
	key  *keyInfo
	typ  vtype
	role role // roleNone for the loser of two keys with one meaning
}

// entries lists the stored values of a node, hot ones first, each in the order sent.
func (s *shapes) entries(dst []shapeEntry, at int32) (list []shapeEntry, hot int) {
	dst = dst[:0]
	for ; at != 0; at = s.nodes[at].parent {
		if n := &s.nodes[at]; n.typ != vNone {
			dst = append(dst, shapeEntry{n.up, n.typ, n.up.role})
		}
	}
	slices.Reverse(dst)
	slices.SortStableFunc(dst, func(a, b shapeEntry) int {
		if a.key.hot() == b.key.hot() {
			return 0
		}
		if a.key.hot() {
			return -1
		}
		return 1
	})
	for hot < len(dst) && dst[hot].key.hot() {
		hot++
	}
	for i := hot; i < len(dst); i++ {
		dst[i].role = roleNone
	}
	s.settle(dst[:hot])
	return dst, hot
}

// settle leaves each meaning to one key, and segments to as many as the limit allows.
func (s *shapes) settle(hot []shapeEntry) {
	segments := 0
	for i := range hot {
		a := &hot[i]
		for j := range hot {
			if b := hot[j]; i != j && sameMeaning(a.key, b.key) && (b.key.rank < a.key.rank || b.key.rank == a.key.rank && j < i) {
				a.role = roleNone
			}
		}
		if a.typ == vEmpty {
			a.role = roleNone
		}
		if a.role == roleSegment || a.role == roleDerived || a.role == roleGuess {
			if segments++; segments > s.limits.SegmentsPerEvent {
				a.role = roleNone
			}
		}
	}
}

func sameMeaning(a, b *keyInfo) bool {
	if a.role == roleMinor || a.role == roleValue {
		return b.role == roleMinor || b.role == roleValue
	}
	return a.role == b.role && a.segment == b.segment
}

// appendShape writes a shape: how many hot and cold values, and of each its key, type
// and role, and of segments their key.
func (s *shapes) appendShape(dst []byte, d *dict, list []shapeEntry, hot int) []byte {
	dst = append(dst, itemShape)
	dst = binary.AppendUvarint(dst, uint64(hot))
	dst = binary.AppendUvarint(dst, uint64(len(list)-hot))
	for i, e := range list {
		dst = binary.AppendUvarint(dst, uint64(d.clean(e.key.name)))
		if i >= hot {
			dst = append(dst, byte(e.typ))
			continue
		}
		dst = append(dst, byte(e.typ), byte(e.role))
		if e.role == roleSegment || e.role == roleDerived || e.role == roleGuess {
			dst = binary.AppendUvarint(dst, uint64(d.clean([]byte(e.key.segment))))
		}
	}
	return dst
}
