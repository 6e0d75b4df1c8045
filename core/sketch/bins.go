package sketch

import (
	"math"
	"math/bits"
)

// Bin 0 holds the duration 0. Each doubling from 1 ns on is divided into binsPerDoubling bins
// that grow by the same factor, 2^(1/35) = 1.020, so that the middle of a bin is within
// (1.020-1)/(1.020+1) = 0.99 % of everything in it. It is all done in integers: a logarithm
// may differ in its last bit from machine to machine, and so would the bytes.
const (
	binsPerDoubling = 35
	doublings       = 63 // of an int64
	bins            = 1 + binsPerDoubling*doublings
)

// binStarts[i] is 2^63 x 2^(i/35), rounded up: where the bins of a doubling begin, when it is
// scaled to the top of 64 bits. The last is above everything.
//
//nolint:gochecknoglobals // A table that is never written.
var binStarts = [binsPerDoubling + 1]uint64{
	0x8000000000000000, 0x828f69a92a6bd402, 0x852bef4e0b5e38bc, 0x87d5d40ea72ef913, 0x8a8d5c62b775133f,
	0x8d52ce208af3eb23, 0x9026708408bc0932, 0x93088c35d733a4b6, 0x95f96b52a7bed348, 0x98f95972a7c2e49f,
	0x9c08a3b117c43215, 0x9f2798b409617cbd, 0xa25688b444f3dbd0, 0xa595c585579e3855, 0xa8e5a29dca9b622c,
	0xac46751f849deee5, 0xafb893e056194c24, 0xb33c5772b14fbe47, 0xb6d21a2e8f056939, 0xba7a383a80bcfcbc,
	0xbe350f94f1673025, 0xc203001d9572e35d, 0xc5e46b9f0b307cd0, 0xc9d9b5d8ac7ff620, 0xcde3448892c5fc7e,
	0xd2017f75ce2995d4, 0xd634d07ad120e231, 0xda7da3901158d184, 0xdedc66d6df09010b, 0xe3518aa473ca6ae3,
	0xe7dd818d3a0d24f8, 0xec80c0704e4f1c07, 0xf13bbe833b3b83db, 0xf60ef55df1e0a045, 0xfafae106ff2f92bd,
	math.MaxUint64,
}

// binGuess is the bin that the start of each 64th of a doubling lies in. A 64th is narrower
// than any bin, so what lies in it is in that bin or the next.
//
//nolint:gochecknoglobals // A table that is never written.
var binGuess = [64]uint8{
	0, 0, 1, 2, 3, 3, 4, 5, 5, 6, 7, 8, 8, 9, 9, 10,
	11, 11, 12, 13, 13, 14, 14, 15, 16, 16, 17, 17, 18, 18, 19, 19,
	20, 20, 21, 22, 22, 23, 23, 24, 24, 24, 25, 25, 26, 26, 27, 27,
	28, 28, 29, 29, 30, 30, 30, 31, 31, 32, 32, 32, 33, 33, 34, 34,
}

// binOf is the bin of ns, which is not negative.
func binOf(ns int64) int {
	if ns == 0 {
		return 0
	}
	zeros := bits.LeadingZeros64(uint64(ns))
	scaled := uint64(ns) << zeros
	i := int(binGuess[scaled>>57&63])
	if scaled >= binStarts[i+1] {
		i++
	}
	return 1 + binsPerDoubling*(doublings-zeros) + i
}

// lowest is the shortest duration of a bin; of the one after the last, it is one more
// than the longest there is.
func lowest(bin int) int64 {
	switch {
	case bin == 0:
		return 0
	case bin >= bins:
		return math.MinInt64 // and less one, the longest
	}
	doubling, i := (bin-1)/binsPerDoubling, (bin-1)%binsPerDoubling
	drop := doublings - doubling
	scaled := binStarts[i]
	low := scaled >> drop
	if low<<drop != scaled {
		low++
	}
	return int64(low)
}

// middle is the point of a bin that is relatively nearest to all the durations in it.
func middle(bin int) float64 {
	low, high := float64(lowest(bin)), float64(lowest(bin+1)-1)
	if high <= low {
		return low
	}
	return 2 * low / (low + high) * high
}
