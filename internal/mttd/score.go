package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/simulate"
)

// The gates of this measurement.
const (
	fast      = 30 // seconds of the ideal test below which a fault counts
	gateP50   = 20.
	gateP95   = 45.
	gateFound = .95
	gateWho   = .02 // customers may differ by this share from the truth
)

// fate is what came of one fault.
type fate struct {
	damage    simulate.Damage
	ideal     int // seconds; 0 it does not see it
	incidents []incident
	told      time.Time // zero: never
	delay     float64   // seconds from the twentieth customer until it was told; NaN without either
}

// result is what came of all of them.
type result struct {
	fates  []fate
	extra  []incident // of no fault
	who    []crowd
	nats   float64
	length time.Duration
	sent   simulate.Totals
	calls  map[string]int
}

// crowd is the customers of an incident, as told and as they were.
type crowd struct {
	incident    incident
	told, truth int64
}

func (c *crowd) off() float64 {
	return math.Abs(float64(c.told-c.truth)) / math.Max(float64(c.truth), 1)
}

// judge holds what the server said against the truth.
func judge(l *simulate.Ledger, list []incident, h *hook, nats float64) *result {
	r := &result{nats: nats, calls: h.count()}
	taken := map[string]bool{}
	for _, d := range l.Damages() {
		f := fate{damage: d, ideal: ideal(d.Before, d.During, nats), delay: math.NaN()}
		for _, i := range list {
			if belongs(i, &d) {
				f.incidents = append(f.incidents, i)
				taken[i.ID] = true
			}
		}
		for _, i := range f.incidents {
			if at := h.first(i.ID); !at.IsZero() && (f.told.IsZero() || at.Before(f.told)) {
				f.told = at
			}
		}
		if !f.told.IsZero() && d.Twentieth != 0 {
			f.delay = f.told.Sub(d.Twentieth.Time()).Seconds()
		}
		r.fates = append(r.fates, f)
	}
	for _, i := range list {
		if !taken[i.ID] {
			r.extra = append(r.extra, i)
		}
		r.who = append(r.who, crowd{i, i.Impact.Customers.Failed, truth(l, &i)})
	}
	return r
}

// belongs tells whether an incident is of a fault: of one of its apps, begun while it lasted or shortly after.
func belongs(i incident, d *simulate.Damage) bool {
	from, to := d.From.Time().Add(-30*time.Second), d.To.Time().Add(2*time.Minute)
	if i.Opened.Before(from) || i.FirstBad.After(to) || i.Opened.After(to) {
		return false
	}
	return slices.ContainsFunc(d.Scopes, func(s simulate.Scope) bool {
		return s.App == i.App || slices.ContainsFunc(i.Journeys, func(j struct {
			App  string `json:"app"`
			Name string `json:"name"`
			Kind string `json:"kind"`
		},
		) bool {
			return j.App == s.App
		})
	})
}

// calm are the times between its turns, which it does not count.
func (i *incident) calm() (list []felt.Window) {
	for _, s := range i.Calm {
		from, to, _ := strings.Cut(s, "/")
		f, err1 := time.Parse(time.RFC3339, from)
		t, err2 := time.Parse(time.RFC3339, to)
		if err1 == nil && err2 == nil {
			list = append(list, felt.Window{From: felt.InstantOf(f), To: felt.InstantOf(t)})
		}
	}
	return list
}

// truth is how many failed in an incident's scopes while it lasted, without the calm between its turns.
func truth(l *simulate.Ledger, i *incident) int64 {
	w := felt.Window{From: felt.InstantOf(i.FirstBad)}
	if i.Resolved != nil {
		w.To = felt.InstantOf(*i.Resolved)
	}
	scopes := make([]felt.Scope, 0, len(i.Journeys))
	for _, j := range i.Journeys {
		scopes = append(scopes, felt.Scope{App: j.App, Name: j.Name})
	}
	return l.Union(w, i.calm(), scopes...).Customers.Failed
}

// print writes the report; the error names the gates that do not hold.
func (r *result) print(out io.Writer, listed bool) error {
	fmt.Fprintf(out, "sent %d interactions, %d spans in %s; told %v; the server wakes somebody at %.1f nats\n\n",
		r.sent.Interactions, r.sent.Spans, r.length, r.calls, r.nats)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "fault\tapp\ttries/s\thit\tideal s\t20th after s\ttold after 20th s\tincidents")
	for i := range r.fates {
		f := &r.fates[i]
		d := &f.damage
		twentieth := "-"
		if d.Twentieth != 0 {
			twentieth = fmt.Sprintf("%.0f", float64(d.Twentieth-d.From)/float64(felt.Second))
		}
		app := "-"
		if len(d.Scopes) > 0 {
			app = d.Scopes[0].App
		}
		fmt.Fprintf(w, "%s\t%s\t%.1f\t%d\t%s\t%s\t%s\t%d\n", d.Name, app, d.Before.Rate(), d.Customers, orNone(float64(f.ideal)), twentieth, seconds(f.delay), len(f.incidents))
	}
	_ = w.Flush()
	var problems []string
	gate := func(ok bool, format string, a ...any) {
		line := fmt.Sprintf(format, a...)
		if !ok {
			problems = append(problems, line)
			line += "   NOT HELD"
		}
		fmt.Fprintln(out, line)
	}
	fmt.Fprintln(out)
	quick, found, delays := r.quick()
	if quick > 0 {
		p50, p95 := quantile(delays, .5), quantile(delays, .95)
		gate(float64(found) >= gateFound*float64(quick), "told of %d of %d faults that the ideal test sees in under %d s (at least %.0f %%)", found, quick, fast, 100*gateFound)
		gate(p50 <= gateP50, "from the 20th customer to the webhook: p50 %.1f s of %d (at most %.0f)", p50, len(delays), gateP50)
		gate(p95 <= gateP95, "p95 %.1f s (at most %.0f)", p95, gateP95)
	}
	r.others(out)
	off := slices.DeleteFunc(slices.Clone(r.who), func(c crowd) bool { return c.off() <= gateWho })
	gate(len(off) == 0, "customers of %d of %d incidents are within %.0f %% of the truth", len(r.who)-len(off), len(r.who), 100*gateWho)
	for _, c := range off {
		fmt.Fprintf(out, "  %s: %d told, %d in truth: %s\n", c.incident.ID, c.told, c.truth, c.incident.Sentence)
	}
	if listed {
		for _, f := range r.fates {
			for _, i := range f.incidents {
				fmt.Fprintf(out, "  %s: score %.0f, %s, %s\n", f.damage.Name, i.Score, i.Status, i.Sentence)
			}
		}
	}
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, "; "))
	}
	return nil
}

// quick are the faults that an ideal test sees fast and that hurt twenty customers: how many, of how many
// somebody was told, and the delays of those.
func (r *result) quick() (n, found int, delays []float64) {
	for i := range r.fates {
		f := &r.fates[i]
		if !harmful(f.damage.Kind) || f.ideal == 0 || f.ideal >= fast || f.damage.Twentieth == 0 {
			continue
		}
		n++
		if !f.told.IsZero() {
			found++
			delays = append(delays, max(f.delay, 0)) // told before the twentieth was hurt
		}
	}
	return n, found, delays
}

// others lists what is beside the gates.
func (r *result) others(out io.Writer) {
	slow, slowFound, calm, woken, second := 0, 0, 0, 0, 0
	for i := range r.fates {
		f := &r.fates[i]
		switch {
		case !harmful(f.damage.Kind):
			calm++
			if len(f.incidents) > 0 {
				woken++
				fmt.Fprintf(out, "  woken for nothing by %s: %s\n", f.damage.Name, f.incidents[0].Sentence)
			}
			continue
		case f.ideal == 0 || f.ideal >= fast || f.damage.Twentieth == 0:
			slow++
			if !f.told.IsZero() {
				slowFound++
			}
		}
		if n := len(f.incidents); n > 1 {
			second += n - 1
			for _, x := range f.incidents[1:] {
				fmt.Fprintf(out, "  a further incident of %s: %s\n", f.damage.Name, x.Sentence)
			}
		}
	}
	fmt.Fprintf(out, "told of %d of %d slower faults; woken by %d of %d that hurt nobody, or one customer; %d further incidents of a fault\n", slowFound, slow, woken, calm, second)
	fmt.Fprintf(out, "incidents of no fault: %d\n", len(r.extra))
	for _, i := range r.extra {
		fmt.Fprintf(out, "  %s opened %s: %s\n", i.ID, i.Opened.Format(time.TimeOnly), i.Sentence)
	}
}

func orNone(v float64) string {
	if v == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f", v)
}

func seconds(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return fmt.Sprintf("%.1f", v)
}

// quantile is the smallest value that at least that share does not exceed; 0 of none.
func quantile(list []float64, q float64) float64 {
	if len(list) == 0 {
		return 0
	}
	list = slices.Sorted(slices.Values(list))
	return list[max(int(math.Ceil(q*float64(len(list)))), 1)-1]
}
