package main

import (
	"fmt"
	"strconv"
	"strings"
)

// byteUnits in the order in which suffixes are tried.
var byteUnits = []struct { //nolint:gochecknoglobals // a table
	suffix string
	factor float64
}{
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"TiB", 1 << 40},
	{"KB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"TB", 1e12},
	{"B", 1},
}

// parseBytes reads a size such as 16MiB, 20GB or 4096.
func parseBytes(s string) (int64, error) {
	number, factor := strings.TrimSpace(s), 1.0
	for _, u := range byteUnits {
		if rest, ok := strings.CutSuffix(number, u.suffix); ok {
			number, factor = strings.TrimSpace(rest), u.factor
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || n < 0 || n*factor > 1<<62 {
		return 0, fmt.Errorf("size %q: want a number with a unit, such as 16MiB or 20GB", s)
	}
	return int64(n * factor), nil
}
