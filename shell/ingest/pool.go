package ingest

import (
	"math/bits"
	"sync"
)

const (
	minClass = 8  // 256 bytes
	maxClass = 22 // 4 MiB; larger buffers are not kept
)

// bufferPool keeps the buffers of bodies, in powers of two. gRPC's own pool clears a
// buffer each time it is asked for one, which costs as much as copying the body into it;
// every byte handed out here is overwritten before it is read.
type bufferPool struct {
	classes [maxClass + 1]sync.Pool // *[]byte
}

// Get returns a buffer of this length, with anything in it.
func (p *bufferPool) Get(length int) *[]byte {
	class := max(bits.Len(uint(max(length-1, 0))), minClass)
	if class > maxClass {
		b := make([]byte, length)
		return &b
	}
	if buf, ok := p.classes[class].Get().(*[]byte); ok {
		*buf = (*buf)[:length]
		return buf
	}
	b := make([]byte, length, 1<<class)
	return &b
}

// Put takes a buffer back; nobody may use it any more.
func (p *bufferPool) Put(buf *[]byte) {
	if buf == nil {
		return
	}
	class := bits.Len(uint(cap(*buf))) - 1 //nolint:gosec // a capacity is not negative
	if class < minClass || class > maxClass || cap(*buf) != 1<<class {
		return
	}
	p.classes[class].Put(buf)
}
