package signal

import (
	"hash/fnv"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// close tells what the ten seconds of a series came to, and begins the next.
func (b *Book) close(x *series, t felt.Tick, tell func(Sample, felt.SignalPoint)) {
	defer x.close()
	if x.m.Role != rules.RoleSignal {
		b.feed(x, t)
		return
	}
	r, ok, why := x.told(t)
	if x.why = why; !ok {
		return
	}
	m := x.m
	compared := m.Statistic != "above"
	s := Sample{
		Env: x.env, App: m.Journey.App, Journey: m.Journey.Name, Name: m.Name, Kind: felt.SignalTechnical, Layer: m.Layer,
		Time: t.Instant(), Value: r.value, N: r.n, Unit: r.unit,
		HasThreshold: m.HasThreshold && compared, HasLimit: m.HasLimit && compared, Bad: badOf(m),
	}
	if s.HasThreshold {
		s.Threshold = m.Threshold
	}
	if s.HasLimit {
		s.Limit = m.Limit
	}
	tell(s, felt.SignalPoint{
		Env: s.Env, App: s.App, Journey: s.Journey, Name: s.Name, Kind: felt.SignalTechnical,
		Service: x.service, Metric: m.Metric, Statistic: x.statistic(), Attributes: m.Of(), Layer: m.Layer,
		StartTime: s.Time - Width, Time: s.Time, Known: t, Value: s.Value, N: s.N, Temporality: x.temporality,
		Unit: s.Unit, Threshold: s.Threshold, Limit: s.Limit, HasThreshold: s.HasThreshold, HasLimit: s.HasLimit,
		Direction: directionOf(s.Bad),
	})
}

// badOf is the way in which a signal gets worse: with a threshold or limit, upwards, when nobody says
// otherwise.
func badOf(m *rules.Measure) Bad {
	switch {
	case m.Direction == "up":
		return BadDown
	case m.Direction == "down", m.HasThreshold, m.HasLimit:
		return BadUp
	}
	return BadEither
}

func directionOf(b Bad) string {
	switch b {
	case BadDown:
		return "up"
	case BadUp:
		return "down"
	case BadEither:
	}
	return ""
}

// feed gives what a series came to, to the KPI of which it is a side.
func (b *Book) feed(x *series, t felt.Tick) {
	for _, c := range b.rules.KPIs() {
		if c.NumeratorMeasure != x.m && c.DenominatorMeasure != x.m {
			continue
		}
		k := b.kpi(kpiKey{x.env, c.Place}, t)
		if k == nil {
			return
		}
		k.touch(t)
		s := &k.num
		if x.m.Role == rules.RoleDenominator {
			s = &k.den
		}
		s.seen, s.unit, s.level = true, x.unit, x.shape == shapeLevel
		switch {
		case s.level:
			sum, ok := x.reported("sum", x.values(t))
			if ok {
				s.sum += sum.value
				s.n++
			}
		case x.m.Statistic == "sum" && x.shape == shapeDist:
			s.sum += x.total()
		default:
			s.sum += x.added
			if x.shape == shapeDist {
				s.unit = ""
			}
		}
	}
}

// tellKPI tells a KPI that is due, and begins to count anew.
func (b *Book) tellKPI(k *kpi, t felt.Tick, tell func(Sample, felt.SignalPoint)) {
	r, ok := k.value(t)
	from := k.told
	k.told = t
	k.num.reset()
	k.den.reset()
	if !ok {
		return
	}
	j := k.k.Journey
	s := Sample{
		Env: k.env, App: j.App, Journey: j.Name, Name: k.k.Name, Kind: felt.SignalKPI,
		Time: t.Instant(), Value: r.value, N: r.n, Unit: r.unit,
	}
	switch k.k.Direction {
	case "up":
		s.Bad = BadDown
	case "down":
		s.Bad = BadUp
	}
	tell(s, felt.SignalPoint{
		Env: s.Env, App: s.App, Journey: s.Journey, Name: s.Name, Kind: felt.SignalKPI,
		StartTime: from.Instant(), Time: s.Time, Known: t, Value: s.Value, N: s.N, Unit: s.Unit,
		Direction: k.k.Direction,
	})
}

// remembered are the business events of the last hour.
type remembered struct {
	ids  map[uint64]bool
	list []heldEvent // oldest first
}

type heldEvent struct {
	id uint64
	at felt.Tick
}

// remember notes an event; false when it was there before.
func (r *remembered) remember(id string, t felt.Tick) bool {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // never fails
	key := h.Sum64()
	if r.ids[key] {
		return false
	}
	n := 0
	for n < len(r.list) && (t.Instant()-r.list[n].at.Instant() > 2*eventsLate || len(r.list)-n >= eventsHeld) {
		delete(r.ids, r.list[n].id)
		n++
	}
	r.list = append(r.list[n:], heldEvent{key, t})
	r.ids[key] = true
	return true
}
