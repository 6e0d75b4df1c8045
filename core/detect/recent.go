package detect

import "github.com/felt-cx/felt"

// What is held of the last tries.
const (
	recentFor felt.Tick = 15 * 60
	recentMax           = 200_000 // of those that went well, and as many others
)

// Seen is one try of a customer, as far as an incident that opens wants to know: 0 is nobody
// known.
type Seen struct {
	Customer    uint64
	Outcome     felt.Outcome
	First, Last felt.Instant // the end of it
}

// try is a Seen of a series.
type try struct {
	series  uint32
	outcome felt.Outcome
	known   felt.Tick
	who     uint64
	end     felt.Instant
}

// fifo is a bounded list of tries, oldest first.
type fifo struct {
	list   []try
	head   int
	places map[uint32][]int32 // in list, by series; nil not made
	asked  int                // since the list changed
}

// scansMost is how often the list is gone through before it is put in order by series: all series
// may open a finding at once.
const scansMost = 8

func (q *fifo) changed() { q.places, q.asked = nil, 0 }

func (q *fifo) add(y try) {
	q.changed()
	if len(q.list)-q.head >= recentMax {
		q.head++
	}
	if q.head > 1024 && q.head > len(q.list)/2 {
		n := copy(q.list, q.list[q.head:])
		q.list, q.head = q.list[:n], 0
	}
	q.list = append(q.list, y)
}

func (q *fifo) prune(before felt.Tick) {
	q.changed()
	for q.head < len(q.list) && q.list[q.head].known < before {
		q.head++
	}
	if q.head == len(q.list) {
		q.list, q.head = q.list[:0], 0
	}
}

// of calls yield for the tries of a series, oldest first.
func (q *fifo) of(id uint32, yield func(*try)) {
	if q.asked++; q.asked <= scansMost {
		for i := q.head; i < len(q.list); i++ {
			if y := &q.list[i]; y.series == id {
				yield(y)
			}
		}
		return
	}
	if q.places == nil {
		q.places = map[uint32][]int32{}
		for i := q.head; i < len(q.list); i++ {
			q.places[q.list[i].series] = append(q.places[q.list[i].series], int32(i))
		}
	}
	for _, i := range q.places[id] {
		yield(&q.list[i])
	}
}

func (q *fifo) all() []try { return q.list[q.head:] }

// recent are the tries of the last minutes: bad ones are kept apart, so that many good ones do
// not push them out.
type recent struct{ good, bad fifo }

func newRecent() recent { return recent{} }

func (r *recent) add(id uint32, t felt.Tick, s Seen) {
	q := &r.bad
	if s.Outcome == felt.OutcomeSuccess {
		q = &r.good
	}
	q.add(try{id, s.Outcome, t, s.Customer, s.Last})
}

func (r *recent) prune(t felt.Tick) {
	r.good.prune(t - recentFor)
	r.bad.prune(t - recentFor)
}

// first is the end of the earliest try with the outcome that became known after a tick; 0
// none.
func (r *recent) first(id uint32, after felt.Tick, o felt.Outcome) felt.Instant {
	end := felt.Instant(0)
	r.bad.of(id, func(y *try) {
		if y.known > after && y.outcome == o && (end == 0 || y.end < end) {
			end = y.end
		}
	})
	return end
}

// Recent calls yield for what is held of the tries of a series: at most those of the last 15
// minutes, this tick included.
func (d *Detector) Recent(of felt.Series, yield func(Seen)) {
	s := d.series[key{of.Env, of.App, of.Name, of.Kind}]
	if s == nil {
		return
	}
	for _, q := range []*fifo{&d.recent.good, &d.recent.bad} {
		q.of(s.id, func(y *try) {
			if y.who != 0 {
				yield(Seen{y.who, y.outcome, y.end, y.end})
			}
		})
	}
}
