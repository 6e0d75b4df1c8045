package sketch

import (
	"math"
	"math/big"
	"testing"
)

// The tables are what their comments say, by exact arithmetic.
func TestBinTables(t *testing.T) {
	thirtyFive := big.NewInt(binsPerDoubling)
	for i, start := range binStarts[:binsPerDoubling] {
		// start is the least integer with start^35 >= 2^(63x35 + i).
		power := new(big.Int).Lsh(big.NewInt(1), uint(63*binsPerDoubling+i))
		s := new(big.Int).SetUint64(start)
		below := new(big.Int).Sub(s, big.NewInt(1))
		if s.Exp(s, thirtyFive, nil).Cmp(power) < 0 || below.Exp(below, thirtyFive, nil).Cmp(power) >= 0 {
			t.Errorf("binStarts[%d] = %#x is not 2^(63 + %d/35) rounded up", i, start, i)
		}
	}
	for c, guess := range binGuess {
		first := uint64(1)<<63 | uint64(c)<<57
		last := first | (1<<57 - 1)
		if binStarts[guess] > first || binStarts[guess+1] <= first || int(guess)+2 < len(binStarts) && binStarts[guess+2] <= last {
			t.Errorf("binGuess[%d] = %d: the 64th from %#x begins in another bin, or reaches beyond the next", c, guess, first)
		}
	}
}

// Bins touch, hold what is theirs, and their middles are within 1 % of both ends.
func TestBinsTile(t *testing.T) {
	for bin := range bins {
		low, high := lowest(bin), lowest(bin+1)-1
		if low > high { // between two integers, below 50 ns
			if low > 50 {
				t.Errorf("bin %d is empty, from %d to %d", bin, low, high)
			}
			continue
		}
		if binOf(low) != bin || binOf(high) != bin {
			t.Errorf("bin %d is from %d to %d, but they are in %d and %d", bin, low, high, binOf(low), binOf(high))
		}
		for _, end := range []float64{float64(low), float64(high)} {
			if math.Abs(middle(bin)-end) > 0.00991*end {
				t.Errorf("bin %d: its middle %v is not within 1 %% of %v", bin, middle(bin), end)
			}
		}
	}
	if lowest(0) != 0 || binOf(math.MaxInt64) != bins-1 {
		t.Errorf("the bins reach from %d to the bin of %d", lowest(0), binOf(math.MaxInt64))
	}
}
