package sketch

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// After the header comes the number of bins that are not empty. If there are any, it is
// followed by the least duration, what the greatest is above it, what the sum is above
// count x least (high 64 bits, low 64 bits), and the bins, in ascending order: the first is the bin
// of the least duration and needs no number. A bin is twice its count, and one more if
// it does not follow on the bin before; then the number of empty bins between comes next.
// All are unsigned varints, of the shortest form. One duration takes some 12 bytes, a
// thousand some 200.

// AppendBinary appends the canonical encoding to dst. It is the same for the same durations.
func (l *Latency) AppendBinary(dst []byte) []byte {
	dst = append(dst, version, kindLatency)
	n := uint64(0)
	for range l.filled() {
		n++
	}
	dst = binary.AppendUvarint(dst, n)
	if n == 0 {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(l.min))
	dst = binary.AppendUvarint(dst, uint64(l.max-l.min))
	hi, lo := bits.Mul64(uint64(l.min), l.count)
	lo, borrow := bits.Sub64(l.sumLo, lo, 0)
	hi, _ = bits.Sub64(l.sumHi, hi, borrow)
	dst = binary.AppendUvarint(dst, hi)
	dst = binary.AppendUvarint(dst, lo)
	next := binOf(l.min)
	for bin, c := range l.filled() {
		if gap := uint64(bin - next); gap == 0 {
			dst = binary.AppendUvarint(dst, c<<1)
		} else {
			dst = binary.AppendUvarint(dst, c<<1|1)
			dst = binary.AppendUvarint(dst, gap)
		}
		next = bin + 1
	}
	return dst
}

// ParseLatency decodes what [Latency.AppendBinary] has written, which must be all of b.
func ParseLatency(b []byte) (Latency, error) {
	var l Latency
	err := l.MergeBinary(b)
	return l, err
}

// MergeBinary adds every duration of the encoded sketch b, as parsing and merging would, but
// without memory for the parsed one. After an error l is as it was before.
func (l *Latency) MergeBinary(b []byte) error {
	kind, err := kindOf(b)
	if err != nil {
		return err
	}
	if kind != kindLatency {
		return fmt.Errorf("%w of durations: its kind is %d, expected %d", ErrCorrupt, kind, kindLatency)
	}
	h, err := checkLatency(b)
	if err != nil {
		return fmt.Errorf("%w of durations: %w", ErrCorrupt, err)
	}
	if h.bins == 0 {
		return nil
	}
	// What the sum is above count x least, and count x least.
	hi, lo := bits.Mul64(uint64(h.min), h.count)
	lo, carry := bits.Add64(lo, h.aboveLo, 0)
	l.note(h.min, h.max, hi+h.aboveHi+carry, lo)
	if h.bins > narrowMax {
		l.cover(binOf(h.min), binOf(h.max))
	} else if len(l.counts) == 0 {
		l.counts = slices.Grow(l.counts, int(h.bins))
	}
	r := reader{b: h.rest}
	for bin := binOf(h.min); len(r.b) > 0; bin++ {
		c, gap := r.bin()
		bin += gap
		l.bump(bin, c)
	}
	return nil
}

// latencyHead is what precedes the bins, checked, and their counts added up.
type latencyHead struct {
	bins, count, aboveHi, aboveLo uint64
	min, max                      int64
	rest                          []byte
}

// checkLatency finds what AppendBinary cannot have written.
func checkLatency(b []byte) (h latencyHead, err error) {
	r := reader{b: b[headerSize:]}
	if h.bins = r.uvarint(); h.bins > 0 {
		low, spread := r.uvarint(), r.uvarint()
		h.aboveHi, h.aboveLo = r.uvarint(), r.uvarint()
		if low > math.MaxInt64 || spread > math.MaxInt64-low {
			return h, fmt.Errorf("the longest is more than %d ns", int64(math.MaxInt64))
		}
		h.min, h.max = int64(low), int64(low+spread)
		h.rest = r.b
	}
	bin, full := binOf(h.min)-1, false
	for i := range h.bins {
		c, gap := r.bin()
		bin += 1 + gap
		// The first check also ends the loop where the bytes do: then c is 0.
		if c == 0 || gap < 0 || bin > binOf(h.max) || i == 0 && gap > 0 {
			return h, fmt.Errorf("bin %d of %d is empty, not where it can be, or its varint is not the shortest", i, h.bins)
		}
		h.count += c
		full = full || c == countMax
	}
	switch {
	case r.bad:
		return h, fmt.Errorf("a varint is cut short or not the shortest")
	case len(r.b) > 0:
		return h, fmt.Errorf("%d bytes after its last bin", len(r.b))
	case h.bins > 0 && bin != binOf(h.max):
		return h, fmt.Errorf("its longest duration %d ns is not in its last bin", h.max)
	case h.bins > 0 && !full && !h.plausible():
		return h, fmt.Errorf("its sum does not agree with the shortest, the longest and the count")
	}
	return h, nil
}

// plausible tells whether the sum can be one of durations of which one is the shortest, one
// the longest, and the others between. It cannot be asked once a bin is full: the
// sum has gone on from there.
func (h *latencyHead) plausible() bool {
	spread := uint64(h.max - h.min)
	mostHi, mostLo := bits.Mul64(spread, h.count-1)
	tooMuch := h.aboveHi > mostHi || h.aboveHi == mostHi && h.aboveLo > mostLo
	tooLittle := h.aboveHi == 0 && h.aboveLo < spread
	return !tooMuch && !tooLittle
}

// reader takes varints off the front of b. After the first that is cut short or not the shortest
// form, it gives zeros and bad is set.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || n > 1 && r.b[n-1] == 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

// bin reads a count and the number of empty bins before it: a count of 0 or a gap of -1
// when there can be no such thing.
func (r *reader) bin() (count uint64, gap int) {
	v := r.uvarint()
	if v>>1 > countMax {
		return 0, 0
	}
	if v&1 == 1 {
		g := r.uvarint()
		if g == 0 || g >= bins {
			return 0, -1
		}
		gap = int(g)
	}
	return v >> 1, gap
}
