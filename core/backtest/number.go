package backtest

import (
	"math"
	"strconv"
	"strings"
)

// maxCount is more than any window holds, and far enough from the end of an int64 for sums.
const maxCount = 1e15

// parseInt reads plain digits; false for everything else.
func parseInt(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	var v int64
	for _, c := range b {
		c -= '0'
		if c > 9 {
			return 0, false
		}
		v = v*10 + int64(c)
	}
	return v, true
}

// parseFloat reads a number as people and programs write it; what says why it is none.
func parseFloat(b []byte) (v float64, what string) {
	v, err := strconv.ParseFloat(string(b), 64)
	switch {
	case err == nil && !math.IsInf(v, 0):
		return v, ""
	case len(b) == 0:
		return 0, "is empty"
	case strings.Count(string(b), ",") == 1 && !strings.Contains(string(b), "."):
		return 0, "is no number: want a point for decimals, and nothing between thousands"
	}
	return 0, "is no number"
}

// missing are the ways to write that nothing was measured.
func missing(b []byte) bool {
	switch len(b) {
	case 0:
		return true
	case 2:
		return equalFold(b, "na")
	case 3:
		return equalFold(b, "nan") || equalFold(b, "n/a")
	case 4:
		return equalFold(b, "null") || equalFold(b, "none")
	}
	return false
}

// equalFold compares ASCII; lower is in lower case.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
