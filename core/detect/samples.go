package detect

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/forecast"
	"github.com/felt-cx/felt/core/signal"
)

const (
	// ahead is how far saturation is told in advance, and heldFor how long the forecast must hold.
	ahead   = 6 * felt.Hour
	heldFor = 60 * felt.Second
	// calmFor is how long the limit must not be near before that is over.
	calmFor = 5 * felt.Minute
	// samplesMax bounds the signals and KPIs that are judged.
	samplesMax = 20_000
)

// sampleKey names a signal or KPI.
type sampleKey struct {
	env, app, journey string
	kind              felt.SignalKind
	name              string
}

func compareSamples(a, b *sample) int {
	return cmp.Or(cmp.Compare(a.env, b.env), cmp.Compare(a.app, b.app), cmp.Compare(a.journey, b.journey),
		cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name))
}

// sample is the memory of one signal or KPI.
type sample struct {
	sampleKey
	value forecast.Value
	last  felt.Instant
	near  felt.Instant // since when the limit is near; 0 it is not
	calm  felt.Instant // since when it is not, while a finding of that lasts; 0 it is
	band  *lasting
	full  *lasting
}

type samples struct {
	by    map[sampleKey]*sample
	order []*sample
	dirty bool
	open  []signal.Sample
}

func newSamples() samples { return samples{by: map[sampleKey]*sample{}} }

// Sample takes a value of a signal or KPI; it is judged at the next judging.
func (d *Detector) Sample(v *signal.Sample) { d.samples.open = append(d.samples.open, *v) }

func (l *samples) waits() bool { return len(l.open) > 0 }

func (d *Detector) judgeSamples(t felt.Tick) {
	l := &d.samples
	for i := range l.open {
		v := &l.open[i]
		k := sampleKey{v.Env, v.App, v.Journey, v.Kind, v.Name}
		s := l.by[k]
		if s == nil {
			if len(l.by) >= samplesMax {
				continue
			}
			s = &sample{sampleKey: k}
			l.by[k], l.dirty = s, true
			l.order = append(l.order, s)
		}
		r := s.value.Step(v.Time, v.Value, &forecast.Rule{})
		s.last = v.Time
		d.judgeBand(s, t, v, &r)
		d.judgeLimit(s, t, v)
	}
	clear(l.open)
	l.open = l.open[:0]
	if l.dirty {
		slices.SortFunc(l.order, compareSamples)
		l.dirty = false
	}
}

func (s *sample) public() felt.Series {
	return felt.Series{Env: s.env, App: s.app, Name: s.journey, Kind: felt.KindJourney, Traffic: felt.TrafficCustomer}
}

// judgeBand tells when a value leaves its band towards where it is bad.
func (d *Detector) judgeBand(s *sample, t felt.Tick, v *signal.Sample, r *forecast.Reading) {
	f := s.band
	harmless := v.Bad == signal.BadUp && !r.Up || v.Bad == signal.BadDown && r.Up
	switch {
	case f == nil && r.Lasting && !harmless:
		f = &lasting{Finding: d.begin(s.public(), felt.FindingKPI, detectorKPI, t, s.name, s.kind.String())}
		f.Threshold, f.Since = forecast.Open, r.Since
		s.band = f
		fillBand(f, v, r)
		d.tell(f, t)
	case f != nil && !r.Lasting:
		s.band = nil
		d.end(f, t, "is over")
	case f != nil:
		fillBand(f, v, r)
		if t-f.Updated >= updateAfter {
			d.tell(f, t)
		}
	}
}

func fillBand(f *lasting, v *signal.Sample, r *forecast.Reading) {
	f.Statistic, f.Share, f.Baseline, f.Expected, f.N = r.Statistic, v.Value, r.Expected, r.Expected, whole(v.N)
	way := "above"
	if !r.Up {
		way = "below"
	}
	f.Explanation = fmt.Sprintf("%s %s is at %s%s, %s the %s that was expected (%s to %s is usual); evidence %.1f, %.1f opens a finding",
		v.Kind, v.Name, number(v.Value), unit(v.Unit), way, number(r.Expected), number(r.Low), number(r.High), r.Statistic, f.Threshold)
}

func unit(u string) string {
	if u == "" || u == "1" {
		return ""
	}
	return " " + u
}

// judgeLimit tells when a value is on its way to its limit, and gets there within hours.
func (d *Detector) judgeLimit(s *sample, t felt.Tick, v *signal.Sample) {
	if !v.HasLimit {
		return
	}
	early, mid, late, ok := s.value.Until(v.Limit, v.Time)
	full := v.Value >= v.Limit
	near := full || ok && mid-v.Time <= ahead
	switch {
	case !near:
		s.near = 0
	case s.near == 0:
		s.near = v.Time
	}
	switch {
	case near || s.full == nil:
		s.calm = 0
	case s.calm == 0:
		s.calm = v.Time
	}
	f := s.full
	switch {
	case f == nil && near && (full || v.Time-s.near >= heldFor):
		f = &lasting{Finding: d.begin(s.public(), felt.FindingSaturation, detectorLimit, t, s.name, s.kind.String())}
		f.Threshold, f.Since = float64(ahead/felt.Second), s.near
		s.full = f
	case f != nil && !near && v.Time-s.calm < calmFor:
		return // at its limit a value goes to and fro
	case f != nil && !near:
		s.full, s.calm = nil, 0
		d.end(f, t, "is over")
		return
	case f == nil || t-f.Updated < updateAfter:
		return
	}
	f.Statistic, f.Share, f.Baseline = math.Max(float64(mid-v.Time)/float64(felt.Second), 0), v.Value, v.Limit
	if full {
		f.Statistic = 0
		f.Explanation = fmt.Sprintf("%s %s is at %s%s, which is its limit of %s or more", v.Kind, v.Name, number(v.Value), unit(v.Unit), number(v.Limit))
	} else {
		f.Explanation = fmt.Sprintf("%s %s is at %s%s and gets to its limit of %s in %s (%s to %s)", v.Kind, v.Name, number(v.Value), unit(v.Unit),
			number(v.Limit), until(v.Time, mid), until(v.Time, early), until(v.Time, late))
	}
	d.tell(f, t)
}

func until(now, at felt.Instant) string { return span(felt.Tick(max(at-now, 0) / felt.Second)) }

// forgetSamples lets go of what told nothing for days.
func (d *Detector) forgetSamples(t felt.Tick) {
	d.samples.order = slices.DeleteFunc(d.samples.order, func(s *sample) bool {
		if s.last >= (t - keptFor).Instant() {
			return false
		}
		for _, f := range []*lasting{s.band, s.full} {
			if f != nil {
				d.gone = append(d.gone, f)
			}
		}
		delete(d.samples.by, s.sampleKey)
		return true
	})
}

func (l *samples) each(yield func(*lasting)) {
	for _, s := range l.order {
		for _, f := range []*lasting{s.band, s.full} {
			if f != nil {
				yield(f)
			}
		}
	}
}
