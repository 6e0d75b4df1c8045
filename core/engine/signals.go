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
