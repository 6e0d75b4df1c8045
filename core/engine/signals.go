package engine

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/measure"
	"github.com/felt-cx/felt/core/signal"
)

// begun is a journey of customers that began.
type begun struct{ env, app, name string }

// begins lists the journeys that a stage 2 tells for the first time.
func begins(rows []felt.Interaction) []begun {
	var list []begun
	for i := range rows {
		r := &rows[i]
		if r.Kind == felt.KindJourney && r.Version == 1 && r.Traffic == felt.TrafficCustomer && !r.Withdrawn() {
			list = append(list, begun{r.Env, r.App, r.Name})
		}
	}
	return list
}

// listen gives the book of signals what all partitions have for it, and what came from outside,
// and returns what it tells at the end of the tick.
func (s *Stage3) listen(t felt.Tick, in []Out2) ([]signal.Sample, []felt.SignalPoint) {
	b := s.signals
	for _, o := range in {
		b.Points(o.points, o.refused)
		for _, j := range o.begun {
			b.Journey(j.env, j.app, j.name, signal.Begun, 1)
		}
		for i := range o.tries {
			ended(b, &o.tries[i])
		}
	}
	b.Business(t, s.business.Events)
	samples, rows := b.Tick(t)
	if s.next != nil {
		b.Rules(s.next)
		s.next = nil
	}
	return samples, rows
}

// ended counts a journey that ended; one that ended otherwise at first is taken back.
func ended(b *signal.Book, y *measure.Try) {
	if y.Kind != felt.KindJourney || !y.Judged {
		return
	}
	is, was := signal.WordOf(y.Outcome), signal.WordOf(y.Was)
	if is != was {
		b.Journey(y.Env, y.App, y.Name, is, 1)
		b.Journey(y.Env, y.App, y.Name, was, -1)
	}
}

// signalMetrics are the numbers of the book of signals.
func signalMetrics(s *signal.Stats) []felt.Metric {
	var out []felt.Metric
	for _, m := range []struct {
		what string
		n    int64
	}{
		{"taken", s.Points},
		{"first_or_last", s.Silent},
		{"duplicate", s.Again},
		{"out_of_order", s.Older},
		{"late", s.Late},
		{"senseless", s.Bad},
		{"mixed", s.Mixed},
		{"no_room", s.NoRoom},
	} {
		out = append(out, felt.Metric{
			Name: "felt_engine_signal_points_total", Help: "Points of mapped metrics, each signal that they feed for itself, by what became of them.", Type: felt.MetricCounter,
			Labels: []felt.Segment{{Key: "what", Value: m.what}}, Value: float64(m.n),
		})
	}
	counter := func(name, help string, n int64) {
		out = append(out, felt.Metric{Name: name, Help: help, Type: felt.MetricCounter, Value: float64(n)})
	}
	gauge := func(name, help string, n int) {
		out = append(out, felt.Metric{Name: name, Help: help, Type: felt.MetricGauge, Value: float64(n)})
	}
	counter("felt_engine_signal_resets_total", "Counters and distributions that began anew.", s.Resets)
	counter("felt_engine_signal_values_total", "Values of signals and KPIs that were told.", s.Values)
	counter("felt_engine_business_events_late_total", "Business events too old to count for a KPI.", s.LateEvents)
	gauge("felt_engine_signals", "Signals that are measured, and sides of KPIs.", s.Signals)
	gauge("felt_engine_signal_instances", "Instances of their metrics that are held.", s.Instances)
	gauge("felt_engine_kpis", "KPIs that are measured.", s.KPIs)
	return out
}
