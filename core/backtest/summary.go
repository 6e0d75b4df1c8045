package backtest

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/felt-cx/felt"
)

// WriteSummary writes for people what came of it.
func (r *Report) WriteSummary(w io.Writer, pages bool) error {
	out := bufio.NewWriter(w)
	r.head(out)
	r.alarms(out, pages)
	r.loudest(out, pages)
	r.least(out)
	r.score(out)
	r.oddities(out)
	if r.Seconds > 0 && len(r.Series) > 0 {
		fmt.Fprintf(out, "\n%s windows in %.1f s, %s a second on %s\n", thousands(r.Windows()), r.Seconds,
			thousands(int(float64(r.Windows())/r.Seconds)), plural(r.Cores, "core"))
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

func (r *Report) head(w io.Writer) {
	if len(r.Series) == 0 {
		fmt.Fprintln(w, "no series could be judged")
		return
	}
	var first, last felt.Instant
	of := map[Kind]int{}
	steps := map[felt.Instant]bool{}
	for i, s := range r.Series {
		if i == 0 || s.First < first {
			first = s.First
		}
		last = max(last, s.Last)
		of[s.Kind]++
		steps[s.Step] = true
	}
	var kinds []string
	for _, k := range []Kind{Counts, Values} {
		if of[k] > 0 {
			kinds = append(kinds, strconv.Itoa(of[k])+" of "+string(k))
		}
	}
	step := "several steps"
	if len(steps) == 1 {
		for d := range steps {
			step = time.Duration(d).String()
		}
	}
	fmt.Fprintf(w, "%s (%s), %s windows of %s, %.1f series-days, %s to %s UTC\n", plural2(len(r.Series), "series", "series"), strings.Join(kinds, ", "),
		thousands(r.Windows()), step, r.Days(), day(first), day(last))
}

func (r *Report) alarms(w io.Writer, pages bool) {
	if len(r.Series) == 0 {
		return
	}
	all, woke := 0, 0
	kinds := r.kinds()
	for _, t := range kinds {
		all, woke = all+t.alarms, woke+t.paging
	}
	days := max(r.Days(), 1e-9)
	fmt.Fprintf(w, "%s, %.3g per series-day", plural(all, "alarm"), float64(all)/days)
	if r.Budget != "" {
		fmt.Fprintf(w, "; %s would wake somebody under %q", thousands(woke), r.Budget)
	}
	fmt.Fprintln(w)
	if all == 0 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "\nkind\talarms\t")
	if pages {
		fmt.Fprint(t, "waking\t")
	}
	fmt.Fprintln(t, "per series-day\tin series\t")
	for _, k := range kinds {
		fmt.Fprintf(t, "%s\t%d\t", k.kind, k.alarms)
		if pages {
			fmt.Fprintf(t, "%d\t", k.paging)
		}
		fmt.Fprintf(t, "%.3g\t%d\t\n", float64(k.alarms)/days, k.series)
	}
	_ = t.Flush() // into memory
}

// loudShown is how many series are named.
const loudShown = 5

func (r *Report) loudest(w io.Writer, pages bool) {
	var loud []*Series
	for _, s := range r.Series {
		if len(s.told(pages)) > 0 {
			loud = append(loud, s)
		}
	}
	if len(loud) == 0 || len(r.Series) == 1 {
		return
	}
	slices.SortStableFunc(loud, func(a, b *Series) int { return cmp.Compare(len(b.told(pages)), len(a.told(pages))) })
	fmt.Fprintln(w, "\nloudest")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range loud[:min(len(loud), loudShown)] {
		by := map[string]int{}
		told := s.told(pages)
		for _, a := range told {
			by[a.Kind]++
		}
		var parts []string
		for _, k := range r.kinds() {
			if n := by[k.kind]; n > 0 {
				parts = append(parts, fmt.Sprintf("%s %d", k.kind, n))
			}
		}
		fmt.Fprintf(t, "  %s\t%s\t%.1f a day\t%s\n", clip(s.Name), plural(len(told), "alarm"), float64(len(told))/max(s.Days(), 1e-9), strings.Join(parts, ", "))
	}
	_ = t.Flush() // into memory
}

// least tells what would have been seen in the quietest, the middle and the busiest series.
func (r *Report) least(w io.Writer) {
	var with []*Series
	for _, s := range r.Series {
		if s.Kind == Counts {
			with = append(with, s)
		}
	}
	if len(with) == 0 {
		return
	}
	slices.SortStableFunc(with, func(a, b *Series) int { return cmp.Compare(a.Volume, b.Volume) })
	pick := []*Series{with[0], with[len(with)/2], with[len(with)-1]}
	fmt.Fprintln(w, "\nsmallest change that would be seen, half of the time")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  series\ta window\tkind\twithin 1 min\t5 min\t30 min")
	for _, s := range slices.Compact(pick) {
		for _, kind := range leastKinds(s) {
			fmt.Fprintf(t, "  %s\t%s\t%s", clip(s.Name), volume(s.Volume), kind)
			for _, within := range leastWithin() {
				fmt.Fprintf(t, "\t%s", s.effect(kind, within))
			}
			fmt.Fprintln(t)
		}
	}
	_ = t.Flush() // into memory
}

// volume writes a mean of counts.
func volume(v float64) string {
	if v >= 100 {
		return thousands(int(v + 0.5))
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// leastWithin are the times for which the smallest effect is told.
func leastWithin() []felt.Instant {
	return []felt.Instant{felt.Minute, 5 * felt.Minute, 30 * felt.Minute}
}

// leastKinds are the kinds that the file has columns for, and those of which something is told.
func leastKinds(s *Series) []string {
	out := slices.Clone(s.kinds)
	for _, l := range s.Least {
		if !slices.Contains(out, l.Kind) {
			out = append(out, l.Kind)
		}
	}
	return out
}

func (s *Series) effect(kind string, within felt.Instant) string {
	for _, l := range s.Least {
		if l.Kind == kind && l.Within == int64(within/felt.Second) {
			sign := "+"
			if kind == string(felt.FindingDrop) {
				sign = "-"
			}
			return fmt.Sprintf("%s%.2g %%", sign, 100*l.Effect)
		}
	}
	return "nothing"
}

func (r *Report) score(w io.Writer) {
	s := r.Score
	if s == nil {
		return
	}
	fmt.Fprintf(w, "\nagainst what really happened: %d of %s found", s.Found, plural(s.Faults, "fault"))
	if s.Found > 0 {
		fmt.Fprintf(w, ", median delay %.0f s", s.Delay)
	}
	fmt.Fprintf(w, ", %s false (%.3g per series-day), %d inside faults\n", plural(s.False, "alarm"), s.PerDay, s.Repeats)
	if s.Elsewhere > 0 {
		fmt.Fprintf(w, "%s of it %s about series that are not here\n", plural(s.Elsewhere, "row"), areOrIs(s.Elsewhere))
	}
}

// oddities tells what was not judged, and what was noticed; what many files share is told once.
func (r *Report) oddities(w io.Writer) {
	var notes, bad groups
	for _, s := range r.Series {
		for _, n := range s.Notes {
			notes.add(n, s.File)
		}
		for _, p := range s.Problems {
			bad.add(fmt.Sprintf("%s:%s", clip200(s.File), p.Error()), "")
		}
		if more := s.Bad - len(s.Problems); more > 0 {
			bad.add(fmt.Sprintf("%s: and %s more", clip200(s.File), plural(more, "row")), "")
		}
	}
	var skipped groups
	for _, f := range r.Skipped {
		skipped.add(f.Why, f.Name)
	}
	skipped.tell(w, "passed over")
	notes.tell(w, "noticed")
	bad.tell(w, "rows that cannot be read were left out")
	var broken groups
	for _, f := range r.Broken {
		broken.add(clip200(f.String()), "")
	}
	broken.tell(w, "files that cannot be judged")
}

// groups are sentences with the files they are true of, in order of the first.
type groups struct {
	order []string
	of    map[string][]string
}

func (g *groups) add(text, file string) {
	if g.of == nil {
		g.of = map[string][]string{}
	}
	if _, ok := g.of[text]; !ok {
		g.order = append(g.order, text)
		g.of[text] = nil
	}
	if file != "" {
		g.of[text] = append(g.of[text], file)
	}
}

func (g *groups) tell(w io.Writer, title string) {
	if len(g.order) == 0 {
		return
	}
	const most, files = 20, 3
	fmt.Fprintf(w, "\n%s\n", title)
	for i, text := range g.order {
		if i == most {
			fmt.Fprintf(w, "  and %d more\n", len(g.order)-most)
			return
		}
		of := g.of[text]
		switch n := len(of); {
		case n == 0:
			fmt.Fprintf(w, "  %s\n", text)
		case n <= files:
			fmt.Fprintf(w, "  %s: %s\n", names(of), text)
		default:
			fmt.Fprintf(w, "  %s and %s: %s\n", names(of[:files]), plural(n-files, "other"), text)
		}
	}
}

func names(files []string) string {
	var out []string
	for _, f := range files {
		out = append(out, clip200(f))
	}
	return strings.Join(out, ", ")
}

func day(at felt.Instant) string { return at.Time().Format("2006-01-02 15:04") }

func plural(n int, what string) string { return plural2(n, what, what+"s") }

func plural2(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

func areOrIs(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
