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

// try is a Seen of a series, in 24 bytes: there are hundreds of thousands.
type try struct {
	who    uint64
	end    felt.Instant
	known  uint32 // tick, good until 2106
	series uint32 // the outcome is in its highest bits
}

// seriesBits are those of [try.series] that are the series.
const seriesBits = 29

func makeTry(series uint32, o felt.Outcome, known felt.Tick, who uint64, end felt.Instant) try {
	return try{who: who, end: end, known: uint32(known), series: series<<(32-seriesBits)>>(32-seriesBits) | uint32(o)<<seriesBits}
}

func (y *try) of() uint32            { return y.series & (1<<seriesBits - 1) }
func (y *try) outcome() felt.Outcome { return felt.Outcome(y.series >> seriesBits) }

// fifo is a bounded list of tries, oldest first: a ring that grows up to its bound.
type fifo struct {
	ring   []try
	head   int // the oldest
	n      int
	places map[uint32][]int32 // by age, of each series; nil not made
	asked  int                // since the list changed
}

// scansMost is how often the list is gone through before it is put in order by series: all series
// may open a finding at once.
const scansMost = 8

func (q *fifo) changed() { q.places, q.asked = nil, 0 }

func (q *fifo) add(y try) {
	q.changed()
	if q.n == len(q.ring) && q.n < recentMax {
		ring := make([]try, min(max(2*q.n, 64), recentMax))
		for i := range q.n {
			ring[i] = *q.at(i)
		}
		q.ring, q.head = ring, 0
	}
	if q.n == len(q.ring) {
		q.drop()
	}
	q.n++
	*q.at(q.n - 1) = y
}

// at is one of those held, by age.
func (q *fifo) at(i int) *try { return &q.ring[(q.head+i)%len(q.ring)] }

func (q *fifo) drop() { q.head, q.n = (q.head+1)%len(q.ring), q.n-1 }

func (q *fifo) prune(before felt.Tick) {
	q.changed()
	for q.n > 0 && felt.Tick(q.at(0).known) < before {
		q.drop()
	}
}

// of calls yield for the tries of a series, oldest first.
func (q *fifo) of(id uint32, yield func(*try)) {
	if q.asked++; q.asked <= scansMost {
		for i := range q.n {
			if y := q.at(i); y.of() == id {
				yield(y)
			}
		}
		return
	}
	if q.places == nil {
		q.places = map[uint32][]int32{}
		for i := range q.n {
			of := q.at(i).of()
			q.places[of] = append(q.places[of], int32(i))
		}
	}
	for _, i := range q.places[id] {
		yield(q.at(int(i)))
	}
}

// recent are the tries of the last minutes: bad ones are kept apart, so that many good ones do
// not push them out.
type recent struct{ good, bad fifo }

func newRecent() recent { return recent{} }

func (r *recent) add(id uint32, t felt.Tick, s Seen) {
	q := &r.bad
	if s.Outcome == felt.OutcomeSuccess {
		q = &r.good
	}
	q.add(makeTry(id, s.Outcome, t, s.Customer, s.Last))
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
		if felt.Tick(y.known) > after && y.outcome() == o && (end == 0 || y.end < end) {
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
				yield(Seen{y.who, y.outcome(), y.end, y.end})
			}
		})
	}
}
