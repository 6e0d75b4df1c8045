package engine

import (
	"cmp"
	"maps"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// adoption makes findings of an engine without its state those that the store has: what lasts there
// goes on under its own id, whatever the detectors call it after a warm-up, and what they do not
// see any more ends. The detectors may be another version than those that made it, or have seen
// less.
type adoption struct {
	as   map[string]felt.Finding // id of the detectors' -> the stored one; of it count ID, Opened and Since
	ends []felt.Finding          // stored, that no detector sees
	open map[string]bool         // that the detectors see and the store does not: they open when next told
}

// subject is what two findings must share to be one.
type subject struct {
	series felt.Series
	kind   felt.FindingKind
	about  string
}

func subjectOf(f *felt.Finding) subject {
	return subject{f.Series, cmp.Or(f.Kind, felt.FindingFailed), f.About} // there was one kind once
}

// adopt compares what lasts in the store with what lasts for the detectors.
func (a *adoption) adopt(stored, seen []felt.Finding) {
	*a = adoption{as: map[string]felt.Finding{}, open: map[string]bool{}}
	byID, bySubject := map[string]bool{}, map[subject]felt.Finding{}
	for _, f := range stored {
		byID[f.ID] = true
	}
	for _, f := range seen {
		if !byID[f.ID] {
			a.open[f.ID] = true
			bySubject[subjectOf(&f)] = f
		}
		delete(byID, f.ID) // found: it goes on by itself
	}
	for _, f := range stored {
		if !byID[f.ID] {
			continue
		}
		mine, ok := bySubject[subjectOf(&f)]
		if !ok {
			a.ends = append(a.ends, f)
			continue
		}
		delete(bySubject, subjectOf(&f))
		delete(a.open, mine.ID)
		a.as[mine.ID] = felt.Finding{ID: f.ID, Opened: f.Opened, Since: f.Since}
	}
}

// told puts the findings of tick t in terms of the store.
func (a *adoption) told(t felt.Tick, list []felt.Finding) []felt.Finding {
	if len(a.as)+len(a.ends)+len(a.open) == 0 {
		return list
	}
	for i := range list {
		f := &list[i]
		if a.open[f.ID] {
			delete(a.open, f.ID)
			if f.Ended == 0 {
				a.as[f.ID] = felt.Finding{ID: f.ID, Opened: t, Since: f.Since}
			}
		}
		as, ok := a.as[f.ID]
		if !ok {
			continue
		}
		if f.Ended > 0 {
			delete(a.as, f.ID)
		}
		f.ID, f.Opened, f.Since = as.ID, as.Opened, as.Since
	}
	for _, f := range a.ends {
		f.Updated, f.Ended = t, t
		f.Explanation = "ended: after a restart without their state the detectors do not see it any more"
		list = append(list, f)
	}
	a.ends = nil
	return list
}

// due tells that something is to be told at the next tick.
func (a *adoption) due() bool { return len(a.ends) > 0 }

func (a *adoption) save(e *codec.Encoder) {
	e.Len(len(a.as))
	for _, id := range slices.Sorted(maps.Keys(a.as)) {
		f := a.as[id]
		e.String(id)
		e.String(f.ID)
		e.Int(int64(f.Opened))
		e.Int(int64(f.Since))
	}
	e.Len(len(a.ends))
	for _, f := range a.ends {
		e.JSON(f)
	}
	e.Len(len(a.open))
	for _, id := range slices.Sorted(maps.Keys(a.open)) {
		e.String(id)
	}
}

func (a *adoption) load(d *codec.Decoder) {
	*a = adoption{as: map[string]felt.Finding{}, open: map[string]bool{}}
	for n := d.Len(4); n > 0 && d.Err() == nil; n-- {
		id := d.String()
		a.as[id] = felt.Finding{ID: d.String(), Opened: felt.Tick(d.Int()), Since: felt.Instant(d.Int())}
	}
	for n := d.Len(1); n > 0 && d.Err() == nil; n-- {
		var f felt.Finding
		d.JSON(&f)
		a.ends = append(a.ends, f)
	}
	for n := d.Len(1); n > 0 && d.Err() == nil; n-- {
		a.open[d.String()] = true
	}
}
