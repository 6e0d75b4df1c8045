package measure

import "math/bits"

// pool hands out what traces are made of, and takes it back: in a steady state a span
// allocates nothing.
type pool struct {
	spans   [48]stock[[]span]   // by size, see sizeClass
	indexes [25]stock[[]uint32] // by size: 1 << class
	traces  stock[*trace]
	known   stock[*known]
}

// pooled bounds how many of one size wait for the next use.
const pooled = 1 << 14

// stock is what waits for its next use.
type stock[T any] struct {
	list []T
	idle int // so many at least have waited all the time since trim
}

func (s *stock[T]) take() (v T, ok bool) {
	n := len(s.list) - 1
	if n < 0 {
		return v, false
	}
	v, s.list = s.list[n], s.list[:n]
	s.idle = min(s.idle, n)
	return v, true
}

func (s *stock[T]) give(v T, limit int) {
	if len(s.list) < limit {
		s.list = append(s.list, v)
	}
}

// trim lets go of what nobody has needed since it was called last.
func (s *stock[T]) trim() {
	n := len(s.list) - s.idle
	clear(s.list[n:cap(s.list)])
	s.list, s.idle = s.list[:n], n
}

// trim lets go of what was not needed since the last flush: a flood must not hold memory for ever.
func (p *pool) trim() {
	for i := range p.spans {
		p.spans[i].trim()
	}
	for i := range p.indexes {
		p.indexes[i].trim()
	}
	p.traces.trim()
	p.known.trim()
}

const smallest = 4

// sizeClass is the smallest class with room for n spans: for 4, 6, 8, 12, 16, 24 and so on.
func sizeClass(n int) int {
	double := bits.Len(uint((max(n, 1) - 1) / smallest))
	if double > 0 && n <= smallest*3/2<<(double-1) {
		return 2*double - 1
	}
	return 2 * double
}

// classSize is the room of a class.
func classSize(class int) int {
	if class%2 == 1 {
		return smallest * 3 / 2 << (class / 2)
	}
	return smallest << (class / 2)
}

func (p *pool) takeSpans(class int) []span {
	if class < len(p.spans) {
		if s, ok := p.spans[class].take(); ok {
			return s
		}
	}
	return make([]span, 0, classSize(class))
}

func (p *pool) giveSpans(s []span) {
	if cap(s) == 0 {
		return
	}
	// Only few of the large ones.
	if class := sizeClass(cap(s)); class < len(p.spans) {
		p.spans[class].give(s[:0], pooled>>max(0, class/2-3))
	}
}

func (p *pool) takeIndex(class int) []uint32 {
	if class < len(p.indexes) {
		if index, ok := p.indexes[class].take(); ok {
			clear(index)
			return index
		}
	}
	return make([]uint32, 1<<class)
}

func (p *pool) giveIndex(index []uint32) {
	if index == nil {
		return
	}
	if class := bits.Len(uint(len(index) - 1)); class < len(p.indexes) {
		p.indexes[class].give(index, pooled)
	}
}

func (p *pool) takeTrace() *trace {
	if t, ok := p.traces.take(); ok {
		return t
	}
	return &trace{}
}

func (p *pool) giveTrace(t *trace) {
	p.giveSpans(t.spans)
	p.giveIndex(t.index)
	p.giveKnown(t.known)
	*t = trace{}
	p.traces.give(t, pooled)
}

func (p *pool) takeKnown() *known {
	if k, ok := p.known.take(); ok {
		return k
	}
	return &known{}
}

func (p *pool) giveKnown(k *known) {
	for k != nil {
		next := k.next
		*k = known{}
		p.known.give(k, pooled)
		k = next
	}
}
