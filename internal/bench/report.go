package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"github.com/felt-cx/felt/internal/spangen"
)

// report writes the table of medians, and under it what follows from it.
func report(w io.Writer, o options, set *spangen.Set, cases []*benchCase) {
	fmt.Fprintf(w, "Medians of %d rounds of %v; %d different requests, %d spans each, %.0f B a span; %d in flight; %s; %s.\n\n",
		o.rounds, o.time, set.Requests(), spangen.SpansPerRequest,
		float64(set.Bytes())/float64(set.Requests()*spangen.SpansPerRequest), o.senders, runtime.Version(), cpuModel())
	fmt.Fprintln(w, "| Server | Protocol | GOMAXPROCS | CPU-s per million spans (least, most) | k spans/s | RSS, peak MiB | answer p50, p99 | drained in | others' cores | log B/span | disk B/span | sent back |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|---|---|---|")
	for _, c := range cases {
		cpu := c.all(func(m measurement) float64 { return m.cpuPerMillion })
		fmt.Fprintf(w, "| %s | %s | %d | **%.2f** (%.2f, %.2f) | %.0f | %.0f, %.0f | %v, %v | %v | %.2f | %s | %s | %.0f |\n",
			c.subject, c.protocol, c.procs, median(cpu), slices.Min(cpu), slices.Max(cpu),
			c.median(func(m measurement) float64 { return m.spansPerSec / 1000 }),
			c.median(func(m measurement) float64 { return m.rss }),
			c.median(func(m measurement) float64 { return m.peak }),
			c.duration(func(m measurement) time.Duration { return m.p50 }),
			c.duration(func(m measurement) time.Duration { return m.p99 }),
			c.duration(func(m measurement) time.Duration { return m.drained }),
			c.median(func(m measurement) float64 { return m.others }),
			c.feltOnly(func(m measurement) float64 { return m.logPerSpan }),
			c.feltOnly(func(m measurement) float64 { return m.diskPerSpan }),
			c.median(func(m measurement) float64 { return float64(m.busy) }))
	}
	fmt.Fprintln(w)
	ratios(w, cases)
	checks(w, cases)
}

// ratios compares Felt with the Collector, and two cores with one. The pairs of a
// round were measured one after the other, so it is the median of their ratios.
func ratios(w io.Writer, cases []*benchCase) {
	for _, c := range cases {
		if c.subject != subjectFelt {
			continue
		}
		for _, s := range []subject{subjectSpanmetrics, subjectPlain} {
			if other := find(cases, s, c.protocol, c.procs); other != nil {
				fmt.Fprintf(w, "- CPU of felt / %s, %s, GOMAXPROCS=%d: **%.2f**\n", s, c.protocol, c.procs, ratio(c, other))
			}
		}
	}
	for _, c := range cases {
		if one := find(cases, c.subject, c.protocol, 1); c.procs > 1 && one != nil {
			fmt.Fprintf(w, "- CPU of %s at GOMAXPROCS=%d / 1, %s: **%.2f**\n", c.subject, c.procs, c.protocol, ratio(c, one))
		}
	}
}

// checks says whether Felt counted right, round by round where it did not.
func checks(w io.Writer, cases []*benchCase) {
	right, all := 0, 0
	for _, c := range cases {
		for round, m := range c.results {
			switch m.checked {
			case "":
				continue
			case numbersTrue:
				right++
			default:
				fmt.Fprintf(w, "- %s, round %d: %s\n", c.name(), round+1, m.checked)
			}
			all++
		}
	}
	if all > 0 {
		fmt.Fprintf(w, "- Felt's customers and interactions were those that the generator knows in %d of %d measurements.\n", right, all)
	}
}

func find(cases []*benchCase, s subject, protocol string, procs int) *benchCase {
	for _, c := range cases {
		if c.subject == s && c.protocol == protocol && c.procs == procs {
			return c
		}
	}
	return nil
}

func ratio(c, other *benchCase) float64 {
	var all []float64
	for i := range c.results {
		all = append(all, c.results[i].cpuPerMillion/other.results[i].cpuPerMillion)
	}
	return median(all)
}

func (c *benchCase) all(of func(measurement) float64) []float64 {
	all := make([]float64, 0, len(c.results))
	for _, m := range c.results {
		all = append(all, of(m))
	}
	return all
}

func (c *benchCase) median(of func(measurement) float64) float64 { return median(c.all(of)) }

func (c *benchCase) duration(of func(measurement) time.Duration) time.Duration {
	ns := c.median(func(m measurement) float64 { return float64(of(m)) })
	return time.Duration(ns).Round(100 * time.Microsecond)
}

func (c *benchCase) feltOnly(of func(measurement) float64) string {
	if c.subject != subjectFelt {
		return ""
	}
	return fmt.Sprintf("%.0f", c.median(of))
}

// median of at least one number.
func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
