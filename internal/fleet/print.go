package fleet

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/detect"
)

// testName is the word of reports.
func testName(t detect.Test) string {
	if t >= segmentTest {
		return "segment"
	}
	return t.String()
}

// volumes are the classes of reports, tries a window.
var volumes = [...]float64{0.1, 1, 10, 100, 1e9} //nolint:gochecknoglobals // a table

func class(perWindow float64) int {
	for i, v := range volumes {
		if perWindow < v {
			return i
		}
	}
	return len(volumes) - 1
}

// False are the alarms without a reason.
func (r *Result) False() (list []Alarm) {
	for _, a := range r.Alarms {
		if !a.Fault {
			list = append(list, a)
		}
	}
	return list
}

// Pages are those that page.
func Pages(list []Alarm) (pages []Alarm) {
	for _, a := range list {
		if a.Paged != 0 {
			pages = append(pages, a)
		}
	}
	return pages
}

// Score is how faults of one sort were found.
type Score struct {
	Of     int // that an ideal test sees
	Opened int
	Paged  int
	Delay  felt.Tick // median, of the pages; 0 none
	Ideal  felt.Tick // median of the same faults
	Ratio  float64   // Delay / Ideal
}

// ScoreOf sums the faults that are chosen.
func (r *Result) ScoreOf(choose func(Outcome) bool) (s Score) {
	var delays, ideals []felt.Tick
	for _, o := range r.Outcomes {
		if !choose(o) || o.Already {
			continue
		}
		s.Of++
		if o.Opened != 0 {
			s.Opened++
		}
		if o.Paged != 0 {
			s.Paged++
			delays, ideals = append(delays, o.Paged), append(ideals, o.Ideal)
		}
	}
	if len(delays) == 0 {
		return s
	}
	slices.Sort(delays)
	slices.Sort(ideals)
	s.Delay, s.Ideal = delays[len(delays)/2], ideals[len(ideals)/2]
	s.Ratio = float64(s.Delay) / float64(s.Ideal)
	return s
}

// Print writes the figures, and at most most lines of what to look at.
func (r *Result) Print(w io.Writer, most int) {
	alarms := r.False()
	pages := Pages(alarms)
	days := float64(r.Windows) * float64(Width) / 86400
	fmt.Fprintf(w, "findings without a reason: %d, %.2f per series in 30 days; of paging class: %d\n", len(alarms), float64(len(alarms))/days*30, len(pages))
	fmt.Fprintf(w, "  %-22s %8s %8s   tries a window below 0.1, 1, 10, 100, more\n", "test", "findings", "pages")
	for t := range segmentTest + 1 {
		var found, paged int
		var by [len(volumes)][2]int
		for _, a := range alarms {
			if min(a.Test, segmentTest) != t {
				continue
			}
			found++
			by[class(a.PerWindow)][0]++
			if a.Paged != 0 {
				paged++
				by[class(a.PerWindow)][1]++
			}
		}
		if found > 0 {
			fmt.Fprintf(w, "  %-22s %8d %8d   %v\n", testName(t), found, paged, by)
		}
	}
	for i, a := range pages {
		if i == most {
			fmt.Fprintf(w, "  ... and %d more\n", len(pages)-most)
			break
		}
		fmt.Fprintf(w, "  page: series %d (%.3g a window) %s at %s: %.1f nats, %.4g of %.4g since %d s, usual %.4g, known %.4g\n", a.Series, a.PerWindow, testName(a.Test),
			a.Paged.Instant().Time().Format(time.DateTime), a.Reading.Statistic, a.Reading.Hit, a.Reading.N, a.Paged-a.Reading.Since, a.Reading.Expected, a.Reading.Known)
	}
	r.printFaults(w, most)
}

func (r *Result) printFaults(w io.Writer, most int) {
	if len(r.Outcomes) == 0 {
		return
	}
	line := func(name string, choose func(Outcome) bool) {
		s := r.ScoreOf(choose)
		if s.Of > 0 {
			fmt.Fprintf(w, "  %-24s %6d  opened %.3f  paged %.3f  median delay %4d s  ideal %4d s  ratio %.2f\n",
				name, s.Of, float64(s.Opened)/float64(s.Of), float64(s.Paged)/float64(s.Of), s.Delay, s.Ideal, s.Ratio)
		}
	}
	fmt.Fprintln(w, "faults that the ideal test pages for in 20 minutes:")
	line("in under 30 s", func(o Outcome) bool { return o.Ideal < 30 })
	line("in under 2 min", func(o Outcome) bool { return o.Ideal >= 30 && o.Ideal < 120 })
	line("in under 20 min", func(o Outcome) bool { return o.Ideal >= 120 })
	for v := range 8 {
		line(fmt.Sprintf("value of %.0f %%, < 30 s", 100*valueShare(v)), func(o Outcome) bool { return o.Kind == SegmentFail && o.Value == v && o.Ideal < 30 })
		line(fmt.Sprintf("value of %.0f %%, slower", 100*valueShare(v)), func(o Outcome) bool { return o.Kind == SegmentFail && o.Value == v && o.Ideal >= 30 })
	}
	for k := FailStep; k <= SilentDrop; k++ {
		for _, size := range []float64{0.02, 0.05, 0.2, 0.3, 0.6, 0.98, 1} {
			name := fmt.Sprintf("%s %.0f %%", k, 100*size)
			line(name+", < 30 s", func(o Outcome) bool { return o.Kind == k && o.Size == size && o.Ideal < 30 })
			line(name+", slower", func(o Outcome) bool { return o.Kind == k && o.Size == size && o.Ideal >= 30 })
		}
	}
	for _, o := range r.Outcomes {
		if most == 0 {
			return
		}
		if o.Ideal < 30 && o.Paged == 0 && !o.Already {
			most--
			fmt.Fprintf(w, "  missed: series %d (%.3g a window) %s %.0f %% at %s, ideal %d s, opened %d s\n", o.Series, o.PerWindow, o.Kind, 100*o.Size,
				o.Start.Instant().Time().Format(time.DateTime), o.Ideal, o.Opened)
		}
	}
}
