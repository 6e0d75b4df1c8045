package measure

import "github.com/felt-cx/felt/core/sketch"

// waits counts the spans of a cell and how long they took. Most cells see one span or two in
// the ten seconds that they are for, so there is no sketch for the first.
type waits struct {
	count int64
	first int64           // how long it took, while there is no sketch
	more  *sketch.Latency // of all, once there are two
}

// spareWaits are sketches for cells that need one. They hold on to their memory.
type spareWaits struct {
	list []*sketch.Latency
	one  sketch.Latency // of a cell that has none, while it is written
}

// sketchMemory is up to where a sketch keeps its memory for the next cell.
const sketchMemory = 2048

func (p *spareWaits) take() *sketch.Latency {
	if n := len(p.list); n > 0 {
		l := p.list[n-1]
		p.list = p.list[:n-1]
		return l
	}
	return &sketch.Latency{}
}

// drop lets go of those that nobody has needed since the last flush. Call it before give.
func (p *spareWaits) drop() {
	clear(p.list)
	p.list = p.list[:0]
}

func (p *spareWaits) give(w *waits) {
	if w.more != nil && w.more.Size() <= sketchMemory {
		w.more.Reset()
		p.list = append(p.list, w.more)
	}
	w.more = nil
}

func (w *waits) add(ns int64, spare *spareWaits) {
	w.count++
	if w.more == nil {
		if w.count == 1 {
			w.first = ns
			return
		}
		w.more = spare.take()
		w.more.Add(w.first, 1)
	}
	w.more.Add(ns, 1)
}

// appendBinary appends the sketch of all.
func (w *waits) appendBinary(b []byte, spare *spareWaits) []byte {
	if w.more != nil {
		return w.more.AppendBinary(b)
	}
	spare.one.Reset()
	if w.count > 0 {
		spare.one.Add(w.first, 1)
	}
	return spare.one.AppendBinary(b)
}

func (w *waits) size() int {
	if w.more == nil {
		return 0
	}
	return w.more.Size()
}

// waitsOf is what was saved with a number and a sketch.
func waitsOf(count int64, l sketch.Latency) waits {
	switch {
	case count == 1 && l.Count() == 1:
		return waits{count: 1, first: l.Min()}
	case count == 0 && l.Count() == 0:
		return waits{}
	}
	return waits{count: count, more: &l}
}

// pieces hands out room for many small pieces of bytes: in chunks, so that none of it is wasted
// and nothing is moved when there are more than was thought.
type pieces struct{ chunk []byte }

const pieceChunk = 16 << 10

// add appends one piece and returns it.
func (p *pieces) add(write func([]byte) []byte) []byte {
	if cap(p.chunk)-len(p.chunk) < pieceChunk/64 {
		p.chunk = make([]byte, 0, pieceChunk)
	}
	from := len(p.chunk)
	p.chunk = write(p.chunk)
	return p.chunk[from:len(p.chunk):len(p.chunk)]
}

// emptied is a list without what is in it, which keeps its room unless that was far too much.
func emptied[T any](list []T) []T {
	if cap(list) > 4*len(list)+1024 {
		return nil
	}
	return list[:0]
}
