package detect

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// DetectorApp names the findings that tell that nothing at all is heard of an app.
const DetectorApp = "app_telemetry"

// newFor is how long before or after the silence begins an app must begin to speak that took over from
// the silent one under another name.
const newFor felt.Tick = 10 * 60

// app is an app of an environment: whether anything at all is heard from any of its services.
type app struct {
	scope
	voice
	found *lasting
	moved bool // it goes on under another name, until it is heard again

	due       bool // its silence is known by other signs
	lost, got float64
}

// apps are kept in order.
type apps struct {
	by    map[scope]*app
	order []*app
	dirty bool
	until felt.Tick // up to here one may become overdue
}

func newApps() apps { return apps{by: map[scope]*app{}} }

func compareApps(a, b *app) int { return cmp.Or(cmp.Compare(a.env, b.env), cmp.Compare(a.app, b.app)) }

func (l *apps) of(env, name string) *app {
	a := l.by[scope{env, name}]
	if a == nil && len(l.by) < sourcesMax {
		a = &app{scope: scope{env, name}}
		l.by[a.scope] = a
		l.order = append(l.order, a)
		l.dirty = true
	}
	return a
}

func (l *apps) sort() {
	if l.dirty {
		slices.SortFunc(l.order, compareApps)
		l.dirty = false
	}
}

// inEnv lists those of an environment.
func (l *apps) inEnv(env string) []*app {
	l.sort()
	from, _ := slices.BinarySearchFunc(l.order, env, func(a *app, env string) int { return cmp.Compare(a.env, env) })
	to := from
	for to < len(l.order) && l.order[to].env == env {
		to++
	}
	return l.order[from:to]
}

func (a *app) hear(t felt.Tick, pulse bool) {
	a.voice.hear(t, pulse, a.found != nil)
	a.moved = false
}

// Voice is somebody who is heard.
type Voice struct {
	Env, Service string
	App          string // by their own word, else ""
	Pulse        bool   // by a point of a metric, which comes whether or not customers do
}

// appOf is the app of a voice: as it says, else as the inventory does, else the service is one.
func (d *Detector) appOf(v *Voice) string {
	if v.App != "" {
		return v.App
	}
	if d.rules != nil {
		return cmp.Or(d.rules.App(v.Service, ""), v.Service)
	}
	return v.Service
}

// least is the shortest silence that is told.
func (d *Detector) least() felt.Tick {
	return felt.Tick(cmp.Or(max(d.settings.SilentAfter, 0), SilentAfter) / felt.Second)
}

// watches tells whether silence means anything: in an event log time goes on by telemetry alone, and the
// end of a history is not the end of its app.
func (d *Detector) watches() bool { return d.settings.Clock != felt.ClockEvent }

// Awake tells that from now on the log goes by the wall clock. Who was heard in a history need not be
// there: each has to be heard once first.
func (d *Detector) Awake() {
	for _, a := range d.apps.order {
		a.rests = true
	}
	for _, s := range d.sources.order {
		s.voice.rests = true
	}
}

// Relearn forgets how apps and services are used to be heard: what was told of that was not what was
// heard.
func (d *Detector) Relearn() {
	for _, a := range d.apps.order {
		a.relearn()
	}
	for _, s := range d.sources.order {
		s.voice.relearn()
	}
}

// Missing tells that an app was found silent since then, and still was, in the window that ends next: from
// a store, for whoever judges the same time again.
func (d *Detector) Missing(env, name string, since felt.Tick) {
	if a := d.apps.of(env, name); a != nil {
		a.first, a.at, a.due = min(cmp.Or(a.first, since), since), since, true
	}
}

// Speaks tells whether telemetry comes from an app, or from one of its services.
func (d *Detector) Speaks(env, name, service string) bool {
	if service != "" {
		if s := d.sources.by[scope{env, service}]; s != nil {
			return s.found == nil && d.tick-s.at < silentAfter+d.least()
		}
	}
	a := d.apps.by[scope{env, name}]
	return a != nil && a.found == nil && (a.moved || d.tick-a.at < silentAfter+d.least())
}

// judgeApps tells of the apps that fell silent, and that speak again.
func (d *Detector) judgeApps(t felt.Tick) {
	l, least := &d.apps, d.least()
	l.sort()
	l.until = 0
	for _, a := range l.order {
		silent := a.due || d.watches() && !a.moved && a.overdue(t, least)
		f := a.found
		switch {
		case f != nil && t-a.at < silentAfter:
			a.found = nil
			d.end(f, t, "is over, telemetry comes again")
		case f == nil && !silent:
			if limit, ok := a.limit(t, least); ok && !a.moved {
				l.until = max(l.until, a.at+limit)
			}
		default:
			d.tellApp(a, t, least)
		}
		a.due, a.lost, a.got = false, 0, 0
	}
}

// tellApp tells that an app is silent, unless it goes on under another name.
func (d *Detector) tellApp(a *app, t, least felt.Tick) {
	f := a.found
	if next := d.successor(a); next != nil {
		a.found, a.moved = nil, true
		if f != nil {
			d.end(f, t, "is over, it goes on as "+next.app)
		}
		return
	}
	if opens := f == nil; opens {
		of := felt.Series{Env: a.env, App: a.app, Traffic: felt.TrafficCustomer}
		f = &lasting{Finding: d.begin(of, felt.FindingSilent, DetectorApp, t)}
		f.Since, f.Paging = a.at.Instant(), true
		f.Threshold = float64(least)
		if limit, ok := a.limit(t, least); ok {
			f.Threshold = float64(limit)
		}
		a.found = f
		d.fillApp(a, t)
		d.tell(f, t)
		return
	}
	if t-f.Updated >= updateAfter {
		d.fillApp(a, t)
		d.tell(f, t)
	}
}

func (d *Detector) fillApp(a *app, t felt.Tick) {
	f := a.found
	f.Statistic = float64(t - a.at)
	text := fmt.Sprintf("no telemetry at all came from %s for %s", a.app, span(t-a.at))
	if usual := a.usual(); usual > 0 {
		text += fmt.Sprintf(", which was not silent for longer than %s before", span(max(usual, Every)))
	}
	if a.lost > 0 {
		f.Hit, f.N, f.Expected, f.Share = whole(a.got), whole(a.got), a.lost, ratio(a.got, a.lost)
		text += fmt.Sprintf("; %.0f customers were expected, %d came", a.lost, f.Hit)
	}
	text += ": what customers do is not known"
	others, heard := d.apps.inEnv(a.env), false
	for _, o := range others {
		heard = heard || t-o.at < silentAfter
	}
	if len(others) > 1 && !heard {
		text += "; nothing comes from any other app of " + a.env + " either, so it may be the way to Felt that is broken"
	}
	f.Explanation = text
}

// successor is an app that is new and does what a silent one did; nil none.
func (d *Detector) successor(a *app) *app {
	mine := d.seriesOf(a.env, a.app)
	for _, o := range d.apps.inEnv(a.env) {
		if o == a || o.first < a.at-newFor || o.first > a.at+newFor || o.at < a.at {
			continue
		}
		if len(mine) == 0 && len(d.seriesOf(o.env, o.app)) == 0 {
			return o
		}
		for _, s := range mine {
			if n := d.series[key{a.env, o.app, s.name, s.kind}]; n != nil && n.last > a.at {
				return o
			}
		}
	}
	return nil
}

// seriesOf lists the series of an app, while a window is judged: they are in order then.
func (d *Detector) seriesOf(env, name string) []*series {
	at := func(s *series, _ struct{}) int { return cmp.Or(cmp.Compare(s.env, env), cmp.Compare(s.app, name)) }
	from, _ := slices.BinarySearchFunc(d.order, struct{}{}, at)
	to := from
	for to < len(d.order) && at(d.order[to], struct{}{}) == 0 {
		to++
	}
	for from < to && d.order[from].name == "" { // the app as a whole
		from++
	}
	return d.order[from:to]
}

// alone tells that a service of several sends all that is known of an app's customers.
func (d *Detector) alone(s *source, t felt.Tick) bool {
	if s.app == nil || s.voice.came == 0 {
		return false
	}
	some := false
	for _, o := range d.seriesOf(s.env, s.app.app) {
		if o.kind != felt.KindStep || o.last < t-liveFor {
			continue
		}
		if o.source != s {
			return false
		}
		some = true
	}
	return some
}

// forgetApps lets go of those that were not heard for so long that nothing of them is remembered.
func (d *Detector) forgetApps(t felt.Tick) {
	l := &d.apps
	l.order = slices.DeleteFunc(l.order, func(a *app) bool {
		if a.at >= t-keptFor {
			return false
		}
		if a.found != nil {
			d.gone = append(d.gone, a.found)
		}
		delete(l.by, a.scope)
		return true
	})
}

func (l *apps) save(e *codec.Encoder) {
	order := slices.SortedFunc(slices.Values(l.order), compareApps)
	e.Int(int64(l.until))
	e.Len(len(order))
	for _, a := range order {
		e.String(a.env)
		e.String(a.app)
		a.voice.save(e)
		e.Bool(a.moved)
		saveOne(e, a.found)
	}
}

func (l *apps) load(d *codec.Decoder) {
	l.until = felt.Tick(d.Int())
	for n := d.Len(8); n > 0 && d.Err() == nil; n-- {
		a := l.of(d.String(), d.String())
		if a == nil {
			d.Fail("too many apps")
			return
		}
		a.voice.load(d)
		a.moved = d.Bool()
		a.found = loadOne(d)
	}
}

func (l *apps) each(yield func(*lasting)) {
	for _, a := range l.order {
		if a.found != nil {
			yield(a.found)
		}
	}
}
