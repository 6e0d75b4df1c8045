package incident

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/measure"
	"github.com/felt-cx/felt/core/tell"
)

// What is held of changes.
const (
	ChangesMax  = 1000
	ReleasesMax = 10_000
	keptFor     = felt.Day
	nearBefore  = felt.Hour // a change so long before may be the cause
	nearAfter   = 2 * felt.Minute
	suspectsMax = 5
)

// release is a version of a service of an app that was seen in telemetry.
type release struct{ env, app, service, version string }

func compareReleases(x, y release) int {
	return cmp.Or(cmp.Compare(x.env, y.env), cmp.Compare(x.app, y.app), cmp.Compare(x.service, y.service), cmp.Compare(x.version, y.version))
}

type sighting struct {
	first felt.Instant // end of the first try
	last  felt.Tick
	fresh bool // the service had another one before
}

// releases are those seen in tries: a new one is a change, also when nobody told of it.
type releases struct {
	seen    map[release]*sighting
	version map[release]string // of a service, with version "": the one seen last for the first time
	n       int
}

func newReleases() releases {
	return releases{seen: map[release]*sighting{}, version: map[release]string{}}
}

func (l *releases) see(y *measure.Try) {
	k := release{y.Env, y.App, y.Service, y.Release}
	if s := l.seen[k]; s != nil {
		s.last = y.Known
		return
	}
	if len(l.seen) >= ReleasesMax {
		return
	}
	of := k
	of.version = ""
	_, before := l.version[of]
	l.seen[k] = &sighting{first: y.End, last: y.Known, fresh: before}
	l.version[of] = k.version
	l.n = len(l.seen)
}

// forget lets go of what was not seen for a day.
func (l *releases) forget(t felt.Tick) {
	for k, s := range l.seen {
		if s.last.Instant() > t.Instant()-keptFor {
			continue
		}
		delete(l.seen, k)
		of := k
		if of.version = ""; l.version[of] == k.version {
			delete(l.version, of)
		}
	}
	l.n = len(l.seen)
}

// changes lists the new ones that nobody told of, as changes.
func (l *releases) changes(env string, from, to felt.Instant, told []felt.Change) []felt.Change {
	var list []felt.Change
	for k, s := range l.seen {
		if !s.fresh || k.env != env || s.first < from || s.first > to {
			continue
		}
		known := slices.ContainsFunc(told, func(c felt.Change) bool {
			return c.Version == k.version && (c.App == k.app || slices.Contains(c.Services, k.service))
		})
		if !known {
			list = append(list, felt.Change{Kind: "release", Env: k.env, App: k.app, Services: []string{k.service}, Version: k.version, Started: s.first})
		}
	}
	slices.SortFunc(list, func(x, y felt.Change) int {
		return cmp.Or(cmp.Compare(x.Started, y.Started), cmp.Compare(x.App, y.App), cmp.Compare(x.Services[0], y.Services[0]), cmp.Compare(x.Version, y.Version))
	})
	return list
}

// Changes takes what people and machines said they changed.
func (b *Book) Changes(list []felt.Change) {
	for _, c := range list {
		if i := slices.IndexFunc(b.changes, func(o felt.Change) bool { return o.ID == c.ID && c.ID != "" }); i >= 0 {
			b.changes[i] = c
			continue
		}
		b.changes = append(b.changes, c)
	}
	if len(b.changes) > ChangesMax {
		slices.SortStableFunc(b.changes, func(x, y felt.Change) int { return cmp.Compare(x.Started, y.Started) })
		b.changes = slices.Delete(b.changes, 0, len(b.changes)-ChangesMax)
	}
}

// forget lets go of what is too old to have caused anything.
func (b *Book) forget(t felt.Tick) {
	b.changes = slices.DeleteFunc(b.changes, func(c felt.Change) bool { return max(c.Started, c.Ended) < t.Instant()-keptFor })
	if t%minute == 0 {
		b.releases.forget(t)
	}
}

// suspect names changes near the beginning of an incident that touched what is hit, until history
// has been asked.
func (b *Book) suspect(t felt.Tick, l *live) {
	r := &l.row
	if r.EvidenceAt != 0 {
		return
	}
	began := cmp.Or(l.began, r.FirstBad)
	from, to := began-nearBefore, began+nearAfter
	var list []felt.Suspect
	for _, c := range slices.Concat(b.changes, b.releases.changes(r.Env, from, to, b.changes)) {
		if c.Env != r.Env && c.Env != "" || c.Started < from || c.Started > to || c.Fixes != "" || c.Kind == "fix" {
			continue
		}
		if s, ok := b.near(l, &c); ok {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, compareSuspects)
	list = slices.Clip(list[:min(len(list), suspectsMax)])
	if !sameSuspects(list, r.Suspects) {
		r.Suspects, l.changed = list, true
	}
}

// near weighs a change by what it touched, and by when.
func (b *Book) near(l *live, c *felt.Change) (s felt.Suspect, ok bool) {
	touches := 0.0
	why := "only the time speaks for it so far"
	for _, p := range l.parts {
		if c.App != "" && c.App == p.scope.App {
			touches = max(touches, .15)
		}
		if slices.ContainsFunc(servicesOf(p.journeys, b.lately.service(p.scope)), func(v string) bool { return slices.Contains(c.Services, v) }) {
			touches = max(touches, .25)
			why = "it touched a service that carries what is hit; what else it touched is not compared yet"
		}
	}
	for i := range l.row.Findings {
		for _, v := range segmentsOf(&l.row.Findings[i]) {
			if v.Key == "release" && v.Value == c.Version && c.Version != "" || v.Key == "region" && v.Value == c.Region && c.Region != "" {
				touches = max(touches, .5)
				why = "what it touched stands out among what is hit"
			}
		}
	}
	if touches == 0 && (c.App != "" || len(c.Services) > 0) {
		return s, false
	}
	lead := cmp.Or(l.began, l.row.FirstBad) - c.Started
	close := 1 - float64(max(lead, -lead))/float64(nearBefore)
	s = felt.Suspect{Kind: c.Kind, Change: c.ID, What: whatOf(c), At: c.Started, Lead: lead, Score: touches + .2*max(0, close)}
	if len(c.Services) > 0 {
		s.Service = c.Services[0]
	}
	order := "before"
	if lead < 0 {
		order, lead = "after", -lead
	}
	s.Text = fmt.Sprintf("%s %s came %s %s the first harm: %s", c.Kind, s.What, tell.Elapsed(lead), order, why)
	return s, true
}

// whatOf is a change as people write it: web@5f3c.
func whatOf(c *felt.Change) string {
	name := c.App
	if len(c.Services) > 0 && c.Services[0] != "" {
		name = c.Services[0]
	}
	switch {
	case name != "" && c.Version != "":
		return name + "@" + c.Version
	case c.Version != "":
		return c.Version
	}
	return cmp.Or(name, c.Region, c.ID)
}

func (l *releases) save(e *codec.Encoder) {
	e.Len(len(l.seen))
	for _, k := range slices.SortedFunc(maps.Keys(l.seen), compareReleases) {
		s := l.seen[k]
		for _, v := range []string{k.env, k.app, k.service, k.version} {
			e.String(v)
		}
		e.Int(int64(s.first))
		e.Int(int64(s.last))
		e.Bool(s.fresh)
	}
	e.Len(len(l.version))
	for _, k := range slices.SortedFunc(maps.Keys(l.version), compareReleases) {
		for _, v := range []string{k.env, k.app, k.service, l.version[k]} {
			e.String(v)
		}
	}
}

func (l *releases) load(d *codec.Decoder) {
	for n := d.Len(7); n > 0 && d.Err() == nil; n-- {
		k := release{d.String(), d.String(), d.String(), d.String()}
		l.seen[k] = &sighting{felt.Instant(d.Int()), felt.Tick(d.Int()), d.Bool()}
	}
	for n := d.Len(4); n > 0 && d.Err() == nil; n-- {
		k := release{env: d.String(), app: d.String(), service: d.String()}
		l.version[k] = d.String()
	}
	l.n = len(l.seen)
}
