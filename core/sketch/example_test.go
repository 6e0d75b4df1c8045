package sketch_test

import (
	"fmt"

	"github.com/felt-cx/felt/core/sketch"
)

// Ten customers fail in one minute, and ten in the next, five of whom had failed before.
func ExampleDistinct_Merge() {
	var first, second sketch.Distinct
	for i := range uint64(10) {
		for range 3 { // everybody tries three times
			first.Add(customer(0, i))
			second.Add(customer(0, i+5))
		}
	}
	row := second.AppendBinary(nil) // as a store would keep it
	if err := first.MergeBinary(row); err != nil {
		fmt.Println(err)
	}
	low, high := first.Interval(0.95)
	fmt.Println(first.Count(), "customers, exactly:", low, "to", high)
	// Output: 15 customers, exactly: 15 to 15
}

func ExampleLatency_Quantile() {
	var l sketch.Latency
	for ms := range int64(1000) {
		l.Add(ms*1e6, 1)
	}
	fmt.Printf("%d waits, p95 %.0f ms, longest %d ms\n", l.Count(), l.Quantile(0.95)/1e6, l.Max()/1e6)
	// Output: 1000 waits, p95 944 ms, longest 999 ms
}
