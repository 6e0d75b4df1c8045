package engine

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/detect"
	"github.com/felt-cx/felt/core/measure"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/core/signal"
)

// Past judges stored interactions as stage 3 judged them when they came. A backtest is one, and so
// is the warm-up of an engine whose state is lost.
type Past struct {
	e      *Engine
	counts bool // the tries count for incidents too
	stored []felt.Finding
	seen   map[string]felt.Finding // that last, when they are to be compared with those stored
	tick   felt.Tick
	rows   []felt.Interaction // that became known in tick
	tries  []measure.Try
	refs   []*measure.Try
	values []felt.SignalPoint // that are not judged yet
	heard  map[service]string // services that sent interactions, and their apps
	silent map[service][]felt.Finding
	gone   []felt.Finding // apps found silent
	stood  []felt.Finding // when the clock stood still, in order
}

// NewPast returns what judges history under these settings and an inventory, whose zero value is
// an empty one. An inventory with errors is an error.
func NewPast(s felt.Settings, in felt.Inventory) (*Past, error) {
	e := New(s)
	if err := e.begin(in); err != nil {
		return nil, err
	}
	return &Past{e: e}, nil
}

// begin puts an inventory in force before the first tick.
func (e *Engine) begin(in felt.Inventory) error {
	if in.Version == 0 && len(in.Files) == 0 {
		return nil
	}
	set, problems := rules.Load(in)
	if set == nil {
		return fmt.Errorf("inventory of version %d: %v", in.Version, problems)
	}
	e.rules.put(in, set, nil)
	e.applyRules()
	return nil
}

// Known is what a store knows of the past of an engine whose state is lost.
type Known struct {
	Tick      felt.Tick       // all rows of ticks up to this one are stored
	Inventory felt.Inventory  // that was in force at its end; zero: not known
	Incidents []felt.Incident // that are not resolved
	Findings  []felt.Finding  // that have not ended
}

// Resume makes an engine that knows what is stored: give its Past all stored interactions up to
// k.Tick, in order, and [Past.End] it. Then run the engine from any earlier place of the log.
// Stage 3 makes nothing of ticks up to k.Tick, which were judged; stages 1 and 2 make their rows
// again, as far as what is read makes them, and whoever drives must not store them once more. No
// snapshot may be taken before k.Tick is past.
func Resume(s felt.Settings, k Known) (*Engine, *Past, error) {
	e := New(s)
	if err := e.begin(k.Inventory); err != nil {
		return nil, nil, err
	}
	e.stage3.known = k.Tick
	e.stage3.book.Resume(k.Tick, k.Incidents, k.Findings)
	p := &Past{e: e, counts: true, stored: k.Findings, seen: map[string]felt.Finding{}}
	for _, f := range k.Findings {
		if f.Detector == detect.DetectorApp && f.Ended == 0 {
			p.gone = append(p.gone, f)
		}
	}
	return e, p, nil
}

// Add takes interactions as [felt.HistoryReader] yields them, in its order. It returns what was
// found in the ticks before the last one it has seen.
func (p *Past) Add(list []felt.Interaction) []felt.Finding {
	var found []felt.Finding
	for i := range list {
		if r := &list[i]; r.Known != p.tick {
			found = append(found, p.close(r.Known)...)
			p.tick = r.Known
		}
		p.rows = append(p.rows, list[i])
	}
	return found
}

// Signals takes values of signals and KPIs as [felt.HistoryReader] yields them. Those of a tick
// come before any interaction of a later one.
func (p *Past) Signals(list []felt.SignalPoint) { p.values = append(p.values, list...) }

// Silences takes what was found silent in the time that is judged. What was heard of a service
// when is not stored: each counts as heard from its first interaction on, one that was found silent
// from the beginning, but where it was found silent.
func (p *Past) Silences(list []felt.Finding) {
	p.heard, p.silent = map[service]string{}, map[service][]felt.Finding{}
	for _, f := range list {
		if f.Detector == detect.DetectorClock {
			p.stood = append(p.stood, f)
			continue
		}
		if f.Detector == detect.DetectorApp {
			p.gone = append(p.gone, f)
			continue
		}
		of := service{f.Series.Env, f.About}
		p.silent[of] = append(p.silent[of], f)
		p.heard[of] = f.Series.App
	}
	slices.SortFunc(p.stood, func(a, b felt.Finding) int { return cmp.Compare(a.Since, b.Since) })
}

// stand passes over the times before tick t in which the clock stood still, and tells whether there
// were any.
func (p *Past) stand(t felt.Tick) (some bool) {
	for ; len(p.stood) > 0; p.stood = p.stood[1:] {
		from := felt.Tick(p.stood[0].Since / felt.Second)
		if from >= t {
			break
		}
		p.e.stage3.detector.Stood(from, p.stood[0].Ended)
		some = true
	}
	return some
}

// listen tells the detectors who was heard before tick t is judged.
func (p *Past) listen(t felt.Tick) {
	if p.silent != nil {
		p.hear(t)
	}
	for i := range p.gone {
		if f := &p.gone[i]; t%detect.Every == 0 && f.Opened <= t && (f.Ended == 0 || t < f.Ended) {
			p.e.stage3.detector.Missing(f.Series.Env, f.Series.App, felt.Tick(f.Since/felt.Second))
		}
	}
}

// hear tells them of those who are taken to be heard.
func (p *Past) hear(t felt.Tick) {
	for i := range p.rows {
		if r := &p.rows[i]; r.Service != "" {
			p.heard[service{r.Env, r.Service}] = r.App
		}
	}
	if t%detect.Every != 0 {
		return
	}
	for of, app := range p.heard {
		at := t
		for i := range p.silent[of] {
			at = silentAt(&p.silent[of][i], t, at)
		}
		for i := range p.gone {
			if f := &p.gone[i]; f.Series.Env == of.env && f.Series.App == app {
				at = silentAt(f, t, at)
			}
		}
		if at > t-detect.Every { // in this window, if it was the last before a silence
			p.e.stage3.detector.Heard(at, detect.Voice{Env: of.env, App: app, Service: of.name})
		}
	}
}

// silentAt is when it was heard last before tick t by a finding that it was silent; or, when it was not, at.
func silentAt(f *felt.Finding, t, at felt.Tick) felt.Tick {
	if f.Since < t.Instant() && (f.Ended == 0 || t < f.Ended) {
		return min(at, felt.Tick(f.Since/felt.Second))
	}
	return at
}

// End closes all ticks up to and including t, after the last Add.
func (p *Past) End(t felt.Tick) []felt.Finding {
	found := p.close(t + 1)
	p.tick = 0
	if p.seen != nil {
		list := slices.SortedFunc(maps.Values(p.seen), func(a, b felt.Finding) int { return cmp.Compare(a.ID, b.ID) })
		p.e.stage3.adopted.adopt(p.stored, list)
		p.e.stage3.book.Learned()
		p.e.stage3.detector.Relearn()
	}
	return found
}

// note keeps what lasts.
func (p *Past) note(found []felt.Finding) {
	for _, f := range found {
		if p.seen[f.ID] = f; f.Ended > 0 {
			delete(p.seen, f.ID)
		}
	}
}

// close judges the tick being gathered, and those after it and before next at which something
// is due.
func (p *Past) close(next felt.Tick) []felt.Finding {
	s := p.e.stage3
	p.tries, p.refs = p.tries[:0], p.refs[:0]
	for i := range p.rows {
		if y, ok := measure.PastTry(&p.rows[i], &p.e.settings); ok {
			p.tries = append(p.tries, y)
		}
	}
	for i := range p.tries {
		p.refs = append(p.refs, &p.tries[i])
		if p.counts {
			s.book.Add(&p.tries[i])
		}
	}
	var found []felt.Finding
	if p.tick > 0 {
		p.stand(p.tick)
		p.sample(p.tick)
		p.listen(p.tick)
		found = s.judge(p.tick, p.refs)
	}
	p.rows = p.rows[:0]
	for t := p.due(); t > 0 && t < next; t = p.due() {
		if p.stand(t) {
			continue
		}
		p.sample(t)
		p.listen(t)
		found = append(found, s.judge(t, nil)...)
	}
	if p.seen != nil {
		p.note(found)
	}
	return found
}

// due is the next tick at which there is something to judge without an interaction; 0 none.
func (p *Past) due() felt.Tick {
	t := p.e.stage3.detector.Due()
	if len(p.values) > 0 && (t == 0 || p.values[0].Known < t) {
		t = p.values[0].Known
	}
	return t
}

// sample hands on the values that became known up to tick t.
func (p *Past) sample(t felt.Tick) {
	n := 0
	for ; n < len(p.values) && p.values[n].Known <= t; n++ {
		v := signal.SampleOf(&p.values[n])
		p.e.stage3.detector.Sample(&v)
	}
	p.values = append(p.values[:0], p.values[n:]...)
}

// Settings are those in force.
func (p *Past) Settings() felt.Settings { return p.e.settings }

// Reach is how long before a moment the telemetry may have come of what is still open or can be
// corrected then, under the inventory in force: traces, interactions remembered, journeys of
// which one step followed another just in time.
func (e *Engine) Reach() felt.Instant {
	s := &e.settings
	longest := felt.Instant(0)
	if set := e.rules.current(); set != nil {
		for i := range set.Journeys {
			longest = max(longest, set.Journeys[i].Timeout*felt.Instant(max(len(set.Journeys[i].Steps), 1)))
		}
	}
	return max(s.Remember, longest+s.JourneyLate) + 2*s.Settle
}

// Inventory is the one in force.
func (p *Past) Inventory() felt.Inventory { return p.e.Inventory() }
