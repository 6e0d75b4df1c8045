package simulate

import "github.com/felt-cx/felt"

// event is something that will happen.
type event struct {
	at    felt.Instant
	seq   uint64 // of two at the same moment, the one that was added first happens first
	kind  eventKind
	about int32 // the visit, or the episode
}

type eventKind uint8

const (
	evArrive eventKind = iota // somebody may come
	evBot                     // a bot does something
	evProbe                   // a synthetic test does
	evBegin                   // a visit's next try begins
	evEnd                     // and ends
	evNoisy                   // the noisy customer of an episode tries again
)

// queue is a heap of what will happen, the next first.
type queue struct {
	events []event
	seq    uint64
}

func (e *event) before(o *event) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }

// add enters something that happens at a moment.
func (q *queue) add(at felt.Instant, kind eventKind, about int32) {
	q.seq++
	q.events = append(q.events, event{at, q.seq, kind, about})
	i := len(q.events) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !q.events[i].before(&q.events[up]) {
			break
		}
		q.events[i], q.events[up] = q.events[up], q.events[i]
		i = up
	}
}

// next takes out the next event; false when none is due by then.
func (q *queue) next(by felt.Instant) (event, bool) {
	if len(q.events) == 0 || q.events[0].at > by {
		return event{}, false
	}
	first := q.events[0]
	last := len(q.events) - 1
	q.events[0] = q.events[last]
	q.events = q.events[:last]
	for i := 0; ; {
		least := i
		for _, down := range [2]int{2*i + 1, 2*i + 2} {
			if down < last && q.events[down].before(&q.events[least]) {
				least = down
			}
		}
		if least == i {
			return first, true
		}
		q.events[i], q.events[least] = q.events[least], q.events[i]
		i = least
	}
}
