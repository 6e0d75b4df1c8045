package detect

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/felt-cx/felt"
)

// What makes a source regular, and then silent.
const (
	sourcesMax  = 20_000
	silentAfter = 30 // seconds
	regular     = 0.9
	regularFrom = 30 // windows
	fadeWindows = 60 // in which the past fades
)

// source is one service of an environment: whether anything at all is heard from it.
type source struct {
	env, service string
	heard        bool      // in the open window
	last         felt.Tick // last window with something
	at           felt.Tick // last tick with something
	with, all    float64   // windows with something, of all up to last; discounted
	gone         bool      // let go of
	found        *lasting
	voice        voice
	app          *app // it is of; nil not known
	only         bool // it is the only service that sends what its app's customers do

	blamed    *series // the series with the clearest drop while it is silent
	by        Event
	paging    bool
	lost, got float64
}

// sources are kept in order.
type sources struct {
	by    map[scope]*source
	order []*source
	dirty bool
	now   []*source // heard in the open window
}

func newSources() sources { return sources{by: map[scope]*source{}} }

func compareSources(a, b *source) int {
	return cmp.Or(cmp.Compare(a.env, b.env), cmp.Compare(a.service, b.service))
}

func (l *sources) of(env, service string) *source {
	s := l.by[scope{env, service}]
	if s == nil && len(l.by) < sourcesMax {
		s = &source{env: env, service: service}
		l.by[scope{env, service}] = s
		l.order = append(l.order, s)
		l.dirty = true
	}
	return s
}

// Heard notes that something was heard from a service, whatever it was: a span, a log record or
// a point of a metric.
// It was in tick t.
func (d *Detector) Heard(t felt.Tick, v Voice) {
	s := d.sources.of(v.Env, v.Service)
	if s == nil {
		return
	}
	if name := d.appOf(&v); s.app == nil || s.app.app != name {
		s.app = d.apps.of(v.Env, name)
	}
	if s.app != nil {
		s.app.hear(t, v.Pulse)
	}
	s.voice.hear(t, v.Pulse, s.found != nil && s.found.Paging)
	s.at = t
	if !s.heard {
		s.heard = true
		d.sources.now = append(d.sources.now, s)
	}
}

func (l *sources) heardAny() bool { return len(l.now) > 0 }

// close ends the window at t.
func (l *sources) close(t felt.Tick) {
	if l.dirty {
		slices.SortFunc(l.order, compareSources)
		l.dirty = false
	}
	for _, s := range l.now {
		windows := 1.0
		if s.last > 0 && s.found == nil { // its silence, once told, is not held against it
			windows = math.Min(math.Max(float64((t-s.last)/Every), 1), 1000)
		}
		fade := math.Pow(1-1.0/fadeWindows, windows)
		s.with, s.all = s.with*fade+1, s.all*fade+windows
		s.last, s.heard = t, false
	}
	l.now = l.now[:0]
}

func (s *source) share() float64 { return ratio(s.with, s.all) }

// usual tells that it used to be heard all the time.
func (s *source) usual() bool { return s.all >= regularFrom && s.share() >= regular }

// doubtful tells that nothing was heard in the last half of the window that ends at t from a
// source that used to be heard all the time.
func (s *source) doubtful(t felt.Tick) bool { return s.usual() && t-s.at >= Every/2 }

// quiet tells that nothing was heard in the last half of the window that ends at t from all of an
// environment, one of whose sources used to be heard all the time.
func (l *sources) quiet(env string, t felt.Tick) bool {
	doubtful := false
	i, _ := slices.BinarySearchFunc(l.order, env, func(s *source, env string) int { return cmp.Compare(s.env, env) })
	for ; i < len(l.order) && l.order[i].env == env; i++ {
		if t-l.order[i].at < Every/2 {
			return false
		}
		doubtful = doubtful || l.order[i].doubtful(t)
	}
	return doubtful
}

// blame notes a drop that may come of the source's silence.
func (s *source) blame(of *series, e *Event) {
	if s.blamed == nil || e.Statistic > s.by.Statistic {
		s.blamed, s.by = of, *e
	}
	s.paging = s.paging || e.Paging
	s.got += e.Hit
	s.lost += e.N
}

// judgeSources tells of the sources that fell silent, and that speak again. When all of an app is
// silent that is told of the app, and its sources are there to be read.
func (d *Detector) judgeSources(t felt.Tick) {
	least := d.least()
	for _, s := range d.sources.order {
		whole := d.watches() && s.app != nil && t-s.app.at >= silentAfter
		if whole && s.blamed != nil && s.paging {
			s.app.due = true
			s.app.lost, s.app.got = s.app.lost+s.lost, s.app.got+s.got
		}
		if whole {
			s.paging = false
		}
		s.only = !whole && d.watches() && s.voice.overdue(t, least) && d.alone(s, t)
		d.judgeSource(s, t)
		s.blamed, s.paging, s.only, s.lost, s.got = nil, false, false, 0, 0
	}
}

func (d *Detector) judgeSource(s *source, t felt.Tick) {
	f := s.found
	switch {
	case f != nil && t-s.at < silentAfter:
		s.found = nil
		d.end(f, t, "is over, telemetry comes again")
	case f == nil && (s.only || s.usual() && t-s.at >= silentAfter):
		of := felt.Series{Env: s.env, App: s.service, Traffic: felt.TrafficCustomer}
		if s.app != nil {
			of.App = s.app.app
		}
		if s.blamed != nil {
			of = s.blamed.public()
		}
		f = &lasting{Finding: d.begin(of, felt.FindingSilent, detectorQuiet, t, s.service)}
		f.Threshold, f.Since = OpenAt, s.at.Instant()
		s.found = f
		d.fillSource(s, t)
		d.tell(f, t)
	case f != nil:
		was := f.Paging
		d.fillSource(s, t)
		if f.Paging != was || t-f.Updated >= updateAfter {
			d.tell(f, t)
		}
	}
}

func (d *Detector) fillSource(s *source, t felt.Tick) {
	f := s.found
	f.Paging = f.Paging || s.paging || s.only
	text := fmt.Sprintf("nothing at all was heard from %s for %s, which used to send in %s of all windows of %d s",
		s.service, span(t-s.at), percent(s.share()), Every)
	switch {
	case s.blamed != nil:
		f.Series, f.Statistic = s.blamed.public(), s.by.Statistic
		f.Hit, f.N, f.Expected, f.Share = whole(s.got), whole(s.got), s.lost, ratio(s.got, s.lost)
		text += fmt.Sprintf("; %.0f customers were expected, %d came: what the others do is not known", s.lost, f.Hit)
	case s.only:
		text += "; it alone sends what customers do, so that is not known"
	}
	f.Explanation = text
}

// skip passes over a time of which nothing is known.
func (l *sources) skip(by felt.Tick) {
	for _, s := range l.order {
		if s.last > 0 {
			s.last, s.at = s.last+by, s.at+by
		}
	}
}

// forgetSources lets go of what was not heard for a day: it is gone for good.
func (d *Detector) forgetSources(t felt.Tick) {
	l := &d.sources
	l.order = slices.DeleteFunc(l.order, func(s *source) bool {
		if s.last >= t-liveFor || s.heard {
			return false
		}
		if s.found != nil {
			d.gone = append(d.gone, s.found)
		}
		s.gone = true
		delete(l.by, scope{s.env, s.service})
		return true
	})
}

func (l *sources) each(yield func(*lasting)) {
	for _, s := range l.order {
		if s.found != nil {
			yield(s.found)
		}
	}
}
