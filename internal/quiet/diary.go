package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/core/tell"
	"github.com/felt-cx/felt/shell/simulate"
)

// opening is one time that an incident opened.
type opening struct {
	felt.Incident        // as it was then
	Again         bool   // it had been resolved
	As            string // what people would have read
}

// diary is what became of a life.
type diary struct {
	out      io.Writer // is told of each opening at once
	tries    int64
	minutes  map[string][]minute // of each app
	report   otlp.Report
	openings []opening
	last     map[string]felt.Incident
	findings map[string]felt.Finding
	series   map[felt.Series]bool
}

// minute is how many tries of customers ended in it, and failed.
type minute struct{ n, failed float64 }

func newDiary(out io.Writer) *diary {
	return &diary{out: out, minutes: map[string][]minute{}, last: map[string]felt.Incident{}, findings: map[string]felt.Finding{}, series: map[felt.Series]bool{}}
}

// try takes a try of a customer.
func (d *diary) try(t *simulate.Try) {
	d.tries++
	list := d.minutes[t.App()]
	m := int(max(t.End-monday, 0) / felt.Minute)
	for m >= len(list) {
		list = append(list, minute{})
	}
	v := &list[m]
	v.n++
	if t.Outcome == felt.OutcomeFailed {
		v.failed++
	}
	d.minutes[t.App()] = list
}

// restless is the standard deviation of the binomial z of the failures of a minute in an app, and
// how many fail in one.
func (d *diary) restless(app string) (sd, failed float64) {
	var n, hit, sum float64
	for _, v := range d.minutes[app] {
		n, hit = n+v.n, hit+v.failed
	}
	p, minutes := hit/n, 0.0
	for _, v := range d.minutes[app] {
		if v.n > 0 {
			sum += (v.failed - v.n*p) * (v.failed - v.n*p) / (v.n * p * (1 - p))
			minutes++
		}
	}
	return math.Sqrt(sum / minutes), hit / minutes
}

func (d *diary) read(b *felt.Batch) {
	for i := range b.Buckets {
		d.series[b.Buckets[i].Series] = true
	}
	for _, f := range b.Findings {
		d.findings[f.ID] = f
	}
	for _, in := range b.Incidents {
		before, known := d.last[in.ID]
		if !known || in.Reopened != before.Reopened {
			d.openings = append(d.openings, opening{in, known, tell.Sentence(&in)})
			fmt.Fprintf(d.out, "%s  %s %s: %s\n", clock(b.ID.Tick.Instant()), in.ID, in.App, d.openings[len(d.openings)-1].As)
			for i := range in.Findings {
				printFinding(d.out, &in.Findings[i])
			}
		}
		d.last[in.ID] = in
	}
}

// print tells all of it.
func (d *diary) print(out io.Writer, end felt.Instant, list bool) {
	days := float64(end-monday) / float64(felt.Day)
	fmt.Fprintf(out, "%.4g days, %d interactions of customers, %d spans, %d log records, %d points; %d series\n",
		days, d.tries, d.report.Spans, d.report.Logs, d.report.Points, len(d.series))
	sd, failed := d.restless("shop")
	fmt.Fprintf(out, "in the shop %.2g fail in a minute, and the binomial z of that has a standard deviation of %.2f\n", failed, sd)
	paging, kinds := 0, map[felt.FindingKind]int{}
	for _, f := range d.findings {
		kinds[f.Kind]++
		if f.Paging {
			paging++
		}
	}
	fmt.Fprintf(out, "%d findings, %d of paging class:", len(d.findings), paging)
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		fmt.Fprintf(out, " %s %d", k, kinds[k])
	}
	var open felt.Instant
	for _, o := range d.openings {
		last := d.last[o.ID]
		closed := last.Resolved
		if closed == 0 || closed < o.at() {
			closed = end
		}
		open += closed - o.at()
	}
	fmt.Fprintf(out, "\n%d incidents opened %d times, %s open in all\n", len(d.last), len(d.openings), time.Duration(open).Round(time.Second))
	for i := range d.openings {
		d.openings[i].print(out, d)
	}
	if list {
		d.list(out)
	}
}

// at is when it opened this time.
func (o *opening) at() felt.Instant { return max(o.Opened, o.Reopened) }

func clock(at felt.Instant) string { return at.Time().UTC().Format("Mon 02 15:04:05") }

func (o *opening) print(out io.Writer, d *diary) {
	how := ""
	if o.Again {
		how = " again"
	}
	last := d.last[o.ID]
	resolved := "open"
	if last.Resolved != 0 {
		resolved = "resolved after " + time.Duration(last.Resolved-o.at()).Round(time.Second).String()
	}
	fmt.Fprintf(out, "%s%s  %s  [%s]\n    last: %s\n", clock(o.at()), how, o.As, resolved, tell.Sentence(&last))
	for _, f := range last.Findings {
		printFinding(out, &f)
	}
}

func printFinding(out io.Writer, f *felt.Finding) {
	paging := ""
	if f.Paging {
		paging = " paging"
	}
	fmt.Fprintf(out, "    %s %s %s%s: %s (%.1f of %.1f nats, %d of %d, usual %.4g, expected %.4g, known by %d)\n      %s\n", clock(f.Opened.Instant()), f.Detector,
		f.Kind, paging, seriesName(f), f.Statistic, f.Threshold, f.Hit, f.N, f.Baseline, f.Expected, f.BaselineN, f.Explanation)
}

func seriesName(f *felt.Finding) string {
	s := &f.Series
	return fmt.Sprintf("%s/%s %s=%s about %q", s.App, s.Name, s.SegmentKey, s.SegmentValue, f.About)
}

// list tells all findings.
func (d *diary) list(out io.Writer) {
	all := slices.SortedFunc(maps.Values(d.findings), func(a, b felt.Finding) int {
		return cmp.Or(cmp.Compare(a.Opened, b.Opened), cmp.Compare(a.ID, b.ID))
	})
	fmt.Fprintln(out, "all findings:")
	for i := range all {
		printFinding(out, &all[i])
	}
}
