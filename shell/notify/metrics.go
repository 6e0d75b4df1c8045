package notify

import (
	"cmp"
	"slices"

	"github.com/felt-cx/felt"
)

// counters are the sender's own numbers. Guarded by Sender.mu.
type counters struct {
	of         map[counted]uint64
	harm       map[string]*felt.Histogram // by sink
	early      uint64
	noteErrors uint64
}

// counted is what a counter counts.
type counted struct{ what, sink, kind string }

func newCounters() counters {
	return counters{of: map[counted]uint64{}, harm: map[string]*felt.Histogram{}}
}

func (c *counters) add(what, sink string, kind felt.NotificationKind) {
	c.of[counted{what, sink, string(kind)}]++
}

// observe measures how long it took from the moment when the twentieth customer was hurt until the
// sink had the first word of it, once an incident and sink. s.mu is held.
func (s *Sender) observe(e *entry, n *felt.Notification, now interface{ UnixNano() int64 }) {
	id := [2]string{e.Incident, e.Sink}
	if e.Kind != felt.NotifyDetected || s.harm[id] {
		return
	}
	s.harm[id] = true
	if n.Incident.Twentieth == 0 { // told before twenty were hurt
		s.count.early++
		return
	}
	h := s.count.harm[e.Sink]
	if h == nil {
		made := felt.NewHistogram(2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1800, 3600)
		h = &made
		s.count.harm[e.Sink] = h
	}
	h.Observe(max(0, float64(felt.Instant(now.UnixNano())-n.Incident.Twentieth)/float64(felt.Second)))
}

// Metrics implements [felt.Meter].
func (s *Sender) Metrics() []felt.Metric {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []felt.Metric
	help := map[string]string{
		"delivered": "Notifications that a sink has said it has.",
		"failed":    "Attempts to deliver that failed and are made again.",
		"dead":      "Notifications given up: refused for good, or tried too long.",
	}
	for c, n := range s.count.of {
		list = append(list, felt.Metric{
			Name: "felt_notify_" + c.what + "_total", Help: help[c.what], Type: felt.MetricCounter, Value: float64(n),
			Labels: []felt.Segment{{Key: "kind", Value: c.kind}, {Key: "sink", Value: c.sink}},
		})
	}
	for sink, h := range s.count.harm {
		list = append(list, felt.Metric{
			Name: "felt_notify_harm_to_sink_seconds", Type: felt.MetricHistogram, Histogram: h.Copy(),
			Help:   "From the moment when an incident had hurt twenty customers until the sink had its first notification, once an incident.",
			Labels: []felt.Segment{{Key: "sink", Value: sink}},
		})
	}
	now := s.opts.Now()
	for name, l := range s.lanes {
		oldest := 0.0
		for _, e := range l.waiting {
			oldest = max(oldest, now.Sub(e.At.Instant().Time()).Seconds())
		}
		sink := []felt.Segment{{Key: "sink", Value: name}}
		list = append(list,
			felt.Metric{Name: "felt_notify_waiting", Help: "Notifications that are to be delivered.", Type: felt.MetricGauge, Labels: sink, Value: float64(len(l.waiting))},
			felt.Metric{Name: "felt_notify_oldest_waiting_seconds", Help: "Age of the oldest notification that is to be delivered; 0 none.", Type: felt.MetricGauge, Labels: sink, Value: oldest})
	}
	list = append(list,
		felt.Metric{Name: "felt_notify_before_twentieth_total", Help: "First notifications of incidents that had not hurt twenty customers yet: they are not in felt_notify_harm_to_sink_seconds.", Type: felt.MetricCounter, Value: float64(s.count.early)},
		felt.Metric{Name: "felt_notify_note_errors_total", Help: "Times that what came of a notification could not be noted in the outbox.", Type: felt.MetricCounter, Value: float64(s.count.noteErrors)})
	slices.SortStableFunc(list, func(a, b felt.Metric) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), slices.CompareFunc(a.Labels, b.Labels, func(x, y felt.Segment) int { return cmp.Compare(x.Value, y.Value) }))
	})
	return list
}
