// Bench judges a fleet of thousands of series for a month without a fault, then a smaller
// one with faults, and prints whom it would have woken and how fast.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/felt-cx/felt/internal/fleet"
)

func main() {
	var b fleet.Bench
	flag.Uint64Var(&b.Seed, "seed", 1, "of the traffic")
	flag.IntVar(&b.Series, "series", 6000, "series")
	flag.IntVar(&b.Days, "days", 30, "days")
	flag.Float64Var(&b.PerWeek, "per-week", 1, "false pages allowed in a week, over everything")
	flag.Float64Var(&b.Part, "part", 1, "how many times as many series there are: the thresholds are those of all")
	flag.BoolVar(&b.Faults, "faults", false, "with faults, three a day in every series after the first two days")
	flag.IntVar(&b.Values, "values", 0, "segment values of every series, each judged by its light test")
	flag.IntVar(&b.Took, "took", 0, "durations told of each window, at most: judged against what is usual")
	flag.IntVar(&b.Workers, "workers", 0, "0: one for each processor")
	list := flag.Int("list", 40, "pages and slow faults printed one by one, at most")
	flag.Parse()
	began := time.Now()
	r := b.Run()
	took := time.Since(began)
	terms := b.Terms()
	fmt.Printf("%d series, %d days, seed %d: %.3g windows, %.3g tries, in %.0f s; a finding opens at %.1f nats, pages at %.1f\n",
		b.Series, b.Days, b.Seed, float64(r.Windows), float64(r.Tries), took.Seconds(), terms.Rule.Open, terms.Rule.Page)
	r.Print(os.Stdout, *list)
}
