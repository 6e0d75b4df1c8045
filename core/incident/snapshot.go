package incident

import (
	"maps"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// Save appends the whole state. Call it between ticks.
func (b *Book) Save(e *codec.Encoder) {
	e.Int(int64(b.tick))
	e.JSON(b.stats)
	e.Len(len(b.order))
	for _, k := range b.order {
		e.String(k)
	}
	saveAll(e, b.commands)
	saveAll(e, b.changes)
	saveAll(e, b.silences)
	e.Len(len(b.pages))
	for _, p := range b.pages {
		e.String(p.env)
		e.String(p.app)
		e.Int(int64(p.began))
		e.Int(int64(p.at))
	}
	b.lately.save(e)
	b.releases.save(e)
	e.Len(len(b.list))
	for _, l := range b.list {
		l.save(e)
	}
	e.Len(len(b.found))
	for _, id := range slices.Sorted(maps.Keys(b.found)) {
		g := b.found[id]
		e.String(id)
		e.Int(int64(slices.Index(b.list, g.of)))
		for _, v := range []bool{g.paging, g.closed, g.muted} {
			e.Bool(v)
		}
		e.Int(g.hit)
		e.Int(g.n)
		e.Float(g.expected)
	}
}

func saveAll[T any](e *codec.Encoder, list []T) {
	e.Len(len(list))
	for i := range list {
		e.JSON(list[i])
	}
}

func loadAll[T any](d *codec.Decoder, list *[]T) {
	for n := d.Len(1); n > 0 && d.Err() == nil; n-- {
		var v T
		d.JSON(&v)
		*list = append(*list, v)
	}
}

// Load is the inverse of Save, into a new book. What is wrong shows in the decoder's error.
func (b *Book) Load(d *codec.Decoder) {
	b.tick = felt.Tick(d.Int())
	d.JSON(&b.stats)
	for n := d.Len(1); n > 0 && d.Err() == nil; n-- {
		k := d.String()
		b.order = append(b.order, k)
		b.keys[k] = true
	}
	loadAll(d, &b.commands)
	loadAll(d, &b.changes)
	loadAll(d, &b.silences)
	for n := d.Len(4); n > 0 && d.Err() == nil; n-- {
		b.pages = append(b.pages, page{d.String(), d.String(), felt.Instant(d.Int()), felt.Tick(d.Int())})
	}
	b.lately.load(d)
	b.releases.load(d)
	for n := d.Len(10); n > 0 && d.Err() == nil; n-- {
		l := b.load(d)
		b.list = append(b.list, l)
		for _, p := range l.parts {
			b.counted[p.scope] = append(b.counted[p.scope], p)
		}
	}
	for n := d.Len(7); n > 0 && d.Err() == nil; n-- {
		id, i := d.String(), d.Int()
		g := &finding{paging: d.Bool(), closed: d.Bool(), muted: d.Bool(), hit: d.Int(), n: d.Int(), expected: d.Float()}
		switch {
		case i >= 0 && i < int64(len(b.list)):
			g.of = b.list[i]
		case i != -1 || !g.closed:
			d.Fail("a finding of no incident")
		}
		b.found[id] = g
	}
}

func (l *live) save(e *codec.Encoder) {
	e.JSON(l.row)
	e.Len(len(l.parts))
	for _, p := range l.parts {
		saveScope(e, p.scope)
		e.Bool(p.harm)
		for _, n := range []int64{p.bad, int64(p.joined), p.echo, p.fled} {
			e.Int(n)
		}
		for _, n := range countFields(&p.counts) {
			e.Int(*n)
		}
		for _, v := range p.usual {
			e.Float(v)
		}
		e.Len(len(p.watched))
		for _, w := range p.watched {
			e.String(w.segment.Key)
			e.String(w.segment.Value)
			e.Float(w.usual)
			e.Int(w.bad)
			e.Int(w.n)
		}
	}
	l.cohort.save(e)
	l.heal.save(e)
	l.told.save(e)
	e.JSON(l.noted)
	for _, n := range []int64{int64(l.lasting), int64(l.joined), int64(l.last), int64(l.calm), int64(l.began), l.round, int64(l.notedAt)} {
		e.Int(n)
	}
	e.Len(len(l.services))
	for _, s := range l.services {
		e.String(s)
	}
	for _, v := range []bool{l.set, l.changed, l.counted, l.left} {
		e.Bool(v)
	}
}

func (b *Book) load(d *codec.Decoder) *live {
	l := &live{}
	d.JSON(&l.row)
	for n := d.Len(9); n > 0 && d.Err() == nil; n-- {
		p := &part{of: l, number: len(l.parts), scope: loadScope(d), harm: d.Bool(), bad: d.Int(), joined: felt.Tick(d.Int()), echo: d.Int(), fled: d.Int()}
		for _, n := range countFields(&p.counts) {
			*n = d.Int()
		}
		for i := range p.usual {
			p.usual[i] = d.Float()
		}
		for n := d.Len(5); n > 0 && d.Err() == nil; n-- {
			p.watched = append(p.watched, watch{felt.Segment{Key: d.String(), Value: d.String()}, d.Float(), d.Int(), d.Int()})
		}
		b.plan(p)
		l.parts = append(l.parts, p)
	}
	l.cohort = loadCohort(d)
	l.heal.load(d)
	l.told.load(d)
	d.JSON(&l.noted)
	l.lasting, l.joined, l.last = int(d.Int()), int(d.Int()), felt.Tick(d.Int())
	l.calm, l.began = felt.Instant(d.Int()), felt.Instant(d.Int())
	l.round, l.notedAt = d.Int(), felt.Tick(d.Int())
	for n := d.Len(1); n > 0 && d.Err() == nil; n-- {
		l.services = append(l.services, d.String())
	}
	l.set, l.changed, l.counted, l.left = d.Bool(), d.Bool(), d.Bool(), d.Bool()
	return l
}

// Resume takes up incidents that are not resolved, as they stood at the end of tick t: what is known of
// them but their customers, who are to be entered with [Book.Add] anew. Findings are those that had
// not ended: one of paging class without an incident has one that people resolved. What is stored says
// nothing of sessions and accounts: those are counted from now on. What was resolved does not open
// again.
func (b *Book) Resume(t felt.Tick, incidents []felt.Incident, findings []felt.Finding) {
	b.tick = t
	incidents = slices.Clone(incidents)
	slices.SortFunc(incidents, func(x, y felt.Incident) int {
		if x.Opened != y.Opened {
			return int(min(max(x.Opened-y.Opened, -1), 1))
		}
		return strings.Compare(x.ID, y.ID)
	})
	for _, row := range incidents {
		if row.Status != felt.IncidentResolved && b.find(row.ID) == nil {
			b.resume(t, row)
		}
	}
	for i := range findings {
		f := &findings[i]
		if b.found[f.ID] == nil && f.Ended == 0 && f.Paging {
			b.found[f.ID] = &finding{paging: true, closed: true, muted: true}
		}
	}
}

// Learned ends what Resume began: all tries that are stored were entered. Of the harmed whom they tell of
// rows are stored, which know more of them.
func (b *Book) Learned() {
	for _, l := range b.list {
		for _, who := range l.cohort.dirty {
			l.cohort.harmed[who].dirty = false
		}
		l.cohort.dirty = l.cohort.dirty[:0]
	}
}

func (b *Book) resume(t felt.Tick, row felt.Incident) {
	row = copyOf(&row)
	l := &live{row: row, cohort: newCohort(), last: felt.Tick(row.Opened / felt.Second), notedAt: t, noted: lean(&row), calm: row.Calmed()}
	l.set = peopleSet(row.Timeline)
	long := row.Silenced == "" && t.Instant()-row.Opened > waitForEvidence.Instant()
	l.told = told{since: t, first: row.Notified != 0 || long}
	l.told.adopt = l.told.first
	harm := map[felt.Scope]bool{}
	var parts []felt.Scope
	for i := range row.Findings {
		f := &row.Findings[i]
		if f.Ended == 0 {
			b.found[f.ID] = &finding{of: l, paging: f.Paging || f.Kind == "", hit: f.Hit, n: f.N, expected: f.Expected}
		}
		if f.Paging || f.Kind == "" { // those of an older version all were
			l.joined++
			l.lasting += one(f.Ended == 0)
			harm[scopeOf(f)] = harm[scopeOf(f)] || harmful(f.Kind)
			parts = append(parts, scopeOf(f))
		}
	}
	scopes := row.Scopes
	if len(scopes) == 0 && row.Source != sourceDeclared {
		scopes = parts
	}
	for _, s := range scopes {
		if l.part(s) != nil || len(l.parts) >= ScopesMax {
			continue
		}
		p := &part{of: l, number: len(l.parts), scope: s, joined: t, harm: harm[s] || row.Source == sourceDeclared}
		for i := range p.usual {
			p.usual[i] = -1
		}
		b.plan(p)
		l.parts = append(l.parts, p)
		b.counted[s] = append(b.counted[s], p)
		for i := range row.Findings {
			if f := &row.Findings[i]; f.Paging && scopeOf(f) == s {
				p.remember(f)
			}
		}
	}
	l.row.FindingActive = l.lasting > 0
	b.list = append(b.list, l)
}

// peopleSet tells from the timeline whether people have set the priority.
func peopleSet(timeline []felt.TimelineEntry) bool {
	for _, e := range slices.Backward(timeline) {
		if e.Kind == "priority" {
			return strings.HasPrefix(e.Text, "priority P")
		}
	}
	return false
}
