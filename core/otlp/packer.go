package otlp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"hash/maphash"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/agent"
)

// Packer turns requests into records. It is not safe for concurrent use. What it
// learns about the shape of traffic it keeps, so that reusing one is much faster than
// making one.
//
// Its hash tables are seeded at random, so that nobody outside can choose texts that
// collide; the seed never shows in a block.
type Packer struct {
	opt        Options
	shapes     shapes
	seed       maphash.Seed
	salt       uint64
	static     []string
	hashes     []uint64 // of static
	events     []part
	points     []part
	newest     felt.Instant
	slices     []Slice // of the request at hand, but for the last
	slicing    bool    // it may be cut
	defaultEnv []byte
	seqs       int // names resources and scopes

	mac     hash.Hash
	people  memo // level, environment, identity -> its hash
	queries memo // database queries that need no cleaning

	// Of the request at hand.
	body     []byte
	now      felt.Instant
	rep      Report
	where    where
	res      resource
	scope    scope
	attr     attrSet // of the event
	sub      attrSet // of a span event, link, resource or scope
	kvs      []rng
	subs     []rng
	nested2  []rng
	extra    extraValues
	point    Point
	links    []rng
	resKVs   []rng
	scopeKVs []rng
	entries  []shapeEntry
	scratch  []byte
	query    []byte
	rendered []byte
	tail     []byte
	idKey    []byte
	number   []byte
	json     jsonWalk
	plain    keyInfo // a key without a meaning
	sender   Sender

	agents agent.Cache
	keys   derived
}

// rng is [lo, hi) of the body.
type rng struct{ lo, hi int32 }

// part collects one block: what one partition gets of the requests since Take.
type part struct {
	dict       dict
	traces     words16
	ids        words8
	hashes     words16
	resources  map[uint64]uint32
	shapeOf    []uint32 // by node: its place in the block + 1
	shapeNodes []int32  // by place: its node, -1 when the packer has forgotten it
	items      []byte
	lately     lately // of items
	count      int
	lastTime   int64
	lastTrace  int
	resSeq     int
	scopeSeq   int
	metricSeq  int
	bounds     []float64 // of the histogram point before
	mark       mark
}

// mark is how far a part was when a request began.
type mark struct {
	texts, traces, ids, hashes, resources, shapes, items, count, lastTrace int
	lastTime                                                               int64
}

// NewPacker returns an empty packer.
func NewPacker(o Options) *Packer {
	o.Limits = o.Limits.orDefault()
	o.Partitions = min(max(o.Partitions, 1), felt.MaxParts)
	p := &Packer{
		opt: o, seed: maphash.MakeSeed(), static: splitStatics(),
		events: make([]part, o.Partitions), points: make([]part, o.Partitions),
		defaultEnv: []byte(DefaultEnv),
		mac:        hmac.New(sha256.New, o.Key.Secret),
		keys:       derivedKeys(),
	}
	p.people, p.queries = newMemo(p.seed, memoSets), newMemo(p.seed, memoSets/8)
	p.salt = maphash.String(p.seed, "ids")
	p.hashes = make([]uint64, len(p.static))
	for i, s := range p.static {
		p.hashes[i] = maphash.String(p.seed, s)
	}
	p.shapes.init(&p.opt)
	for _, parts := range [][]part{p.events, p.points} {
		for i := range parts {
			parts[i].resources = make(map[uint64]uint32)
			p.reset(&parts[i])
		}
	}
	return p
}

func (p *Packer) reset(pt *part) {
	pt.dict.reset(p.seed, p.static, p.hashes)
	pt.traces.reset()
	pt.ids.reset()
	pt.hashes.reset()
	clear(pt.resources)
	clear(pt.shapeOf)
	pt.shapeNodes = pt.shapeNodes[:0]
	if pt.lately.far(len(pt.items), cap(pt.items)) {
		pt.items = nil
	}
	pt.items = pt.items[:0]
	pt.count, pt.lastTime, pt.lastTrace = 0, 0, -1
	pt.resSeq, pt.scopeSeq, pt.metricSeq = 0, 0, 0
	pt.bounds = pt.bounds[:0]
	pt.mark = mark{lastTrace: -1}
}

// begin prepares for a request; end either keeps it or takes it back.
func (p *Packer) begin(body []byte, now felt.Instant) {
	p.body, p.now, p.rep, p.where = body, now, Report{}, where{}
	p.slicing = p.opt.Slices && p.opt.Clock == felt.ClockEvent && len(p.slices) == 0 && p.empty()
	for _, parts := range [][]part{p.events, p.points} {
		for i := range parts {
			parts[i].setMark()
		}
	}
}

func (p *Packer) end(newest felt.Instant, err error) (Report, error) {
	p.rep.Reason = p.reason()
	p.body, p.sender = nil, Sender{}
	p.res.raw, p.scope.raw, p.scope.name, p.scope.version = nil, nil, nil, nil
	if err != nil {
		for _, parts := range [][]part{p.events, p.points} {
			for i := range parts {
				parts[i].rollback(p.salt)
			}
		}
		if p.slicing {
			p.slices = nil
		}
		p.newest = newest
		return Report{}, err
	}
	return p.rep, nil
}

func (pt *part) setMark() {
	pt.mark = mark{
		texts: len(pt.dict.ents), traces: len(pt.traces.list), ids: len(pt.ids.list), hashes: len(pt.hashes.list),
		resources: len(pt.resources), shapes: len(pt.shapeNodes), items: len(pt.items), count: pt.count,
		lastTrace: pt.lastTrace, lastTime: pt.lastTime,
	}
}

func (pt *part) rollback(salt uint64) {
	m := pt.mark
	pt.dict.truncate(m.texts)
	pt.traces.truncate(m.traces, salt)
	pt.ids.truncate(m.ids, salt)
	pt.hashes.truncate(m.hashes, salt)
	for h, n := range pt.resources {
		if int(n) >= m.resources {
			delete(pt.resources, h)
		}
	}
	for _, n := range pt.shapeNodes[m.shapes:] {
		if n >= 0 {
			pt.shapeOf[n] = 0
		}
	}
	pt.shapeNodes = pt.shapeNodes[:m.shapes]
	pt.items = pt.items[:m.items]
	pt.count, pt.lastTrace, pt.lastTime = m.count, m.lastTrace, m.lastTime
	pt.resSeq, pt.scopeSeq, pt.metricSeq = 0, 0, 0
	pt.bounds = pt.bounds[:0]
}

// forget makes room when traffic has brought too many shapes.
func (p *Packer) forget() {
	p.shapes.forget()
	for _, parts := range [][]part{p.events, p.points} {
		for i := range parts {
			clear(parts[i].shapeOf)
			for k := range parts[i].shapeNodes {
				parts[i].shapeNodes[k] = -1
			}
		}
	}
}

// Newest is the newest event time packed since Take; it moves an event log's clock.
func (p *Packer) Newest() felt.Instant { return p.newest }

// Size is the number of bytes that Take would return now, to within some bytes.
func (p *Packer) Size() int {
	n := 0
	for _, parts := range [][]part{p.events, p.points} {
		for i := range parts {
			if parts[i].count > 0 {
				n += len(parts[i].dict.buf) + len(parts[i].items) + maxHeader
			}
		}
	}
	return n
}

// Take appends one record per partition that has something, in order of partition,
// and empties the packer. At and Seq are left to the caller. The records own their data.
func (p *Packer) Take(dst []felt.Record) []felt.Record {
	for i := range p.events {
		pair := [2]*part{&p.events[i], &p.points[i]}
		size := 0
		for _, pt := range pair {
			size += pt.blockSize()
		}
		if size == 0 {
			continue
		}
		data := make([]byte, 0, size)
		for kind, pt := range pair {
			if pt.count > 0 {
				data = pt.appendBlock(data, byte(kind), p.opt.Key.ID)
				p.reset(pt)
			}
		}
		dst = append(dst, felt.Record{Kind: felt.KindTelemetry, Part: felt.Part(i), Data: data})
	}
	p.newest = 0
	return dst
}

// The block header: format, what is in it, length of the rest (4 bytes), key id (4
// bytes), then as varints the number of texts and their length.
const (
	blockFormat = 1
	blockEvents = 0
	blockPoints = 1
	fixedHeader = 10
	maxHeader   = fixedHeader + 2*binary.MaxVarintLen32
)

func (pt *part) blockSize() int {
	if pt.count == 0 {
		return 0
	}
	return fixedHeader + uvarintLen(uint64(len(pt.dict.ents))) + uvarintLen(uint64(len(pt.dict.buf))) + len(pt.dict.buf) + len(pt.items)
}

func (pt *part) appendBlock(dst []byte, kind byte, key uint32) []byte {
	dst = append(dst, blockFormat, kind)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(pt.blockSize()-6))
	dst = binary.LittleEndian.AppendUint32(dst, key)
	dst = binary.AppendUvarint(dst, uint64(len(pt.dict.ents)))
	dst = binary.AppendUvarint(dst, uint64(len(pt.dict.buf)))
	dst = append(dst, pt.dict.buf...)
	return append(dst, pt.items...)
}

// Items of a block: the lower 3 bits of their first byte.
const (
	itemResource    = 0 // defines the next resource, which becomes the current one
	itemUseResource = 1
	itemScope       = 2
	itemShape       = 3 // defines the next shape
	itemSpan        = 4
	itemLog         = 5
	itemMetric      = 6
	itemPoint       = 7
	itemKind        = 7 // mask

	// Flags of spans and logs.
	flagSameTrace = 0x08 // the trace of the event before
	flagIDRef     = 0x10 // the span id was seen before in this block
	flagNoTrace   = 0x20 // log records: neither trace nor span id. Spans: has a parent
	flagParentRef = 0x40 // spans: the parent's id was seen before. Logs: no span id
	flagIDs       = 0x80 // has identities

	// Second byte of a span: kind, status << 3, and
	flagExtras = 0x20
	flagTail   = 0x40

	// Extras: what few events have.
	extraWeight  = 0x01
	extraLink    = 0x02
	extraFlags   = 0x04
	extraError   = 0x08
	extraMessage = 0x10
	extraDraw    = 0x20 // never without a weight
	extraAll     = 0x3f
)
