package demo

import (
	"container/heap"

	"github.com/felt-cx/felt"
)

// event is something that will happen.
type event struct {
	at  felt.Instant
	seq uint64 // of two at the same moment, the one that was added first happens first
	do  func()
}

// queue holds what will happen, the next first.
type queue struct {
	events events
	seq    uint64
}

// add enters something that happens at a moment.
func (q *queue) add(at felt.Instant, do func()) {
	q.seq++
	heap.Push(&q.events, event{at, q.seq, do})
}

// next takes out the next event; false when none is due by then.
func (q *queue) next(by felt.Instant) (event, bool) {
	if len(q.events) == 0 || q.events[0].at > by {
		return event{}, false
	}
	e, ok := heap.Pop(&q.events).(event)
	return e, ok
}

// events is a heap.
type events []event

func (e events) Len() int      { return len(e) }
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].seq < e[j].seq
}

// Push is called by the heap only.
func (e *events) Push(x any) {
	if v, ok := x.(event); ok {
		*e = append(*e, v)
	}
}

// Pop is called by the heap only.
func (e *events) Pop() any {
	last := len(*e) - 1
	v := (*e)[last]
	(*e)[last] = event{}
	*e = (*e)[:last]
	return v
}
