package fleet

import (
	"cmp"
	"runtime"
	"slices"
	"sync"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/cusum"
	"github.com/felt-cx/felt/core/detect"
)

// Bench says how a plan is judged.
type Bench struct {
	Plan
	PerWeek float64 // false pages allowed in a week over everything
	Part    float64 // how many times as many series are judged with these; 0: these are all
	Faults  bool    // disturb every series three times a day, after the first two days
	Values  int     // segment values of every series, each with its light test; 0 none
	Took    int     // durations told of a window at most; 0 none
	Workers int     // 0: as many as there are processors
}

// tests that a detector would count: every line has all of them.
func (b Bench) tests() float64 { return float64(b.Series) * float64(int(detect.Tests)+b.Values) }

// segmentTest is the light test of a segment value, beside those of a line.
const segmentTest = detect.Tests

// Terms are the terms on which every series is judged.
func (b Bench) Terms() detect.Terms {
	return detect.FleetTerms(max(b.Part, 1)*b.tests(), b.PerWeek/7)
}

// Alarm is one finding of a series.
type Alarm struct {
	Series    int
	PerWindow float64
	Test      detect.Test
	Opened    felt.Tick
	Paged     felt.Tick // 0: never
	Ended     felt.Tick // 0: lasts
	Reading   cusum.Reading
	Fault     bool // while, or within the hour after, something was wrong with the series
}

// Outcome is what came of one fault.
type Outcome struct {
	Fault
	Series    int
	PerWindow float64
	Ideal     felt.Tick // seconds from its start to the ideal test's page; 0 never
	Opened    felt.Tick // to the finding; 0 never
	Paged     felt.Tick // to the page; 0 never
	Already   bool      // a finding that should see it lasted since before: it tells nothing
}

// Result is what the detectors made of a plan.
type Result struct {
	Windows, Tries int64
	Alarms         []Alarm
	Outcomes       []Outcome
}

// Run judges every series.
func (b Bench) Run() Result {
	workers := b.Workers
	if workers <= 0 {
		workers = runtime.NumCPU()
	}
	next := make(chan int)
	parts := make([]Result, workers)
	var wait sync.WaitGroup
	for w := range parts {
		wait.Go(func() {
			for i := range next {
				b.judge(i, &parts[w])
			}
		})
	}
	for i := range b.Series {
		next <- i
	}
	close(next)
	wait.Wait()
	var all Result
	for _, p := range parts {
		all.Windows += p.Windows
		all.Tries += p.Tries
		all.Alarms = append(all.Alarms, p.Alarms...)
		all.Outcomes = append(all.Outcomes, p.Outcomes...)
	}
	slices.SortFunc(all.Alarms, func(a, b Alarm) int {
		return cmp.Or(cmp.Compare(a.Series, b.Series), cmp.Compare(a.Opened, b.Opened), cmp.Compare(a.Test, b.Test))
	})
	slices.SortFunc(all.Outcomes, func(a, b Outcome) int {
		return cmp.Or(cmp.Compare(a.Series, b.Series), cmp.Compare(a.Start, b.Start))
	})
	return all
}

// run is the judging of one series.
type run struct {
	series *Series
	faults []Fault
	open   map[detect.Test]*Alarm // further segment values count on from segmentTest
	lights []cusum.Light
	known  Counts // of the whole so far: what is believed of a value that is new
	ideal  *Ideal
	now    *Outcome
	after  felt.Tick // until then nothing is a false alarm
	out    *Result
}

func (b Bench) judge(i int, out *Result) {
	r := run{series: b.Line(i), out: out, open: map[detect.Test]*Alarm{}, lights: make([]cusum.Light, b.Values)}
	if b.Faults {
		r.faults = b.disturbances(i)
	}
	terms := b.Terms()
	var line detect.Line
	var c detect.Counts
	for range b.Windows() {
		r.begin(terms.Rule.Page)
		t, got := r.series.Next()
		c = detect.Counts{
			Success: got.Success, Degraded: got.Degraded, Failed: got.Failed,
			Timed: got.Success + got.Degraded, Slow: got.Slow, Took: r.series.took(c.Took[:0], min(got.Success+got.Degraded, int64(b.Took))),
			Before: -1,
		}
		out.Tries += got.Tries()
		r.segments(t, got, &terms.Rule)
		if r.ideal != nil {
			r.ideal.Step(t, got)
		}
		for _, e := range line.Step(t, &c, &terms) {
			r.take(t, e)
		}
		r.end(t)
	}
	out.Windows += int64(b.Windows())
	for _, a := range r.open {
		out.Alarms = append(out.Alarms, *a)
	}
}

// segments judges the values of a window, each in the light of the whole.
func (r *run) segments(t felt.Tick, got Counts, rule *cusum.Rule) {
	if got.Tries() == 0 || len(r.lights) == 0 {
		return
	}
	prior := cusum.Prior{}
	if n := float64(r.known.Tries()); n > 0 {
		prior = cusum.Prior{Share: (float64(r.known.Failed) + 0.5) / (n + 50), Weight: 50}
	}
	for v, c := range r.series.split(got, len(r.lights)) {
		if c.Tries() == 0 {
			continue
		}
		reading := r.lights[v].Step(t, c.Failed, c.Tries(), prior, rule)
		r.take(t, detect.Event{Test: segmentTest + detect.Test(v), Reading: reading})
	}
	r.known.Success += got.Success + got.Degraded
	r.known.Failed += got.Failed
}

// begin starts the next fault when it is time.
func (r *run) begin(nats float64) {
	if r.now != nil || len(r.faults) == 0 || r.series.at < r.faults[0].Start {
		return
	}
	f := r.faults[0]
	r.faults = r.faults[1:]
	r.series.Fault(&f)
	r.ideal = NewIdeal(r.series, &f, nats)
	r.now = &Outcome{Fault: f, Series: r.series.Number, PerWindow: r.series.mean}
	r.after = f.Start + f.Long + 3600
}

// end closes the fault when its time is over.
func (r *run) end(t felt.Tick) {
	if r.now == nil || t < r.now.Start+r.now.Long {
		return
	}
	r.now.Ideal = r.ideal.Seen
	if r.now.Ideal != 0 {
		r.out.Outcomes = append(r.out.Outcomes, *r.now)
	}
	r.series.Fault(nil)
	r.now, r.ideal = nil, nil
}

// sees tells whether it is what a test should see.
func (f *Fault) sees(t detect.Test) bool {
	switch f.Kind {
	case SegmentFail:
		return t == segmentTest+detect.Test(f.Value)
	case DegradedStep:
		return t == detect.TestDegraded
	case SlowStep:
		return t == detect.TestSlow
	case SilentDrop:
		return t == detect.TestDrop
	case FailStep, FailRamp, FailFlap:
	}
	return t == detect.TestFailed
}

func (r *run) take(t felt.Tick, e detect.Event) {
	a := r.open[e.Test]
	if e.Opened {
		a = &Alarm{
			Series: r.series.Number, PerWindow: r.series.PerWindow, Test: e.Test, Opened: t, Reading: e.Reading,
			Fault: t <= r.after,
		}
		r.open[e.Test] = a
	}
	if a == nil {
		return
	}
	if e.Paging && a.Paged == 0 {
		a.Paged, a.Reading = t, e.Reading
	}
	if o := r.now; o != nil && t > o.Start && o.sees(e.Test) && e.Lasting {
		o.Already = o.Already || a.Opened <= o.Start
		if o.Opened == 0 {
			o.Opened = t - o.Start
		}
		if o.Paged == 0 && e.Paging {
			o.Paged = t - o.Start
		}
	}
	if e.Ended {
		a.Ended = t
		r.out.Alarms = append(r.out.Alarms, *a)
		delete(r.open, e.Test)
	}
}

// disturbances are the faults of a series: three a day, 20 minutes each.
func (b Bench) disturbances(i int) []Fault {
	p := b.Plan
	src := newSource(p.Seed^0xfa017, uint64(i))
	steps := []Fault{
		{Kind: FailStep, Size: 0.02},
		{Kind: FailStep, Size: 0.05},
		{Kind: FailStep, Size: 0.2},
		{Kind: FailStep, Size: 1},
		{Kind: FailRamp, Size: 0.3},
		{Kind: FailFlap, Size: 0.3},
		{Kind: DegradedStep, Size: 0.2},
		{Kind: DegradedStep, Size: 0.6},
		{Kind: SlowStep, Size: 0.2},
		{Kind: SlowStep, Size: 0.6},
		{Kind: SilentDrop, Size: 0.98},
		{Kind: SilentDrop, Size: 0.6},
	}
	for v := range b.Values {
		steps = append(steps, Fault{Kind: SegmentFail, Size: valueShare(v), Value: v})
	}
	var list []Fault
	for d := 2; d < p.Days; d++ {
		for third := range 3 {
			f := steps[src.Uint64()%uint64(len(steps))]
			f.Start = p.From() + felt.Tick(d*86400+third*28800+int(src.unit()*2400)*10)
			f.Long = 1200
			list = append(list, f)
		}
	}
	return list
}
