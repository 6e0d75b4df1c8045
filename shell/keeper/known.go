package keeper

import "github.com/felt-cx/felt"

// known are the traces worth keeping, each until some time after the tick at which that
// became known. The oldest go when there are too many.
type known struct {
	max   int
	m     map[felt.TraceID]knownTrace
	queue []knownAt // in order of tick; entries may be out of date
	head  int
}

type knownTrace struct {
	tick felt.Tick    // newest at which it was named
	from felt.Instant // its spans are taken from here on, or were looked for a second time
}

type knownAt struct {
	trace felt.TraceID
	tick  felt.Tick
}

func newKnown(max int) *known { return &known{max: max, m: map[felt.TraceID]knownTrace{}} }

func (k *known) has(t felt.TraceID) bool {
	_, ok := k.m[t]
	return ok
}

// add remembers a trace that began at from, and reports whether it, or an earlier part
// of it, is new. evicted are traces given up for it.
func (k *known) add(t felt.TraceID, tick felt.Tick, from felt.Instant) (fresh bool, evicted int) {
	old, had := k.m[t]
	fresh = !had || from < old.from
	if had {
		from = min(from, old.from)
	}
	if !had || old.tick != tick {
		k.queue = append(k.queue, knownAt{t, tick})
	}
	k.m[t] = knownTrace{tick, from}
	for len(k.m) > k.max {
		evicted += k.pop()
	}
	return fresh, evicted
}

// expire forgets what became known up to a tick.
func (k *known) expire(upTo felt.Tick) {
	for k.head < len(k.queue) && k.queue[k.head].tick <= upTo {
		k.pop()
	}
}

// pop takes the oldest entry out; 1 when a trace went with it.
func (k *known) pop() int {
	e := k.queue[k.head]
	k.head++
	if k.head > 1024 && k.head > len(k.queue)/2 {
		k.queue = append(k.queue[:0], k.queue[k.head:]...)
		k.head = 0
	}
	if k.m[e.trace].tick != e.tick {
		return 0
	}
	delete(k.m, e.trace)
	return 1
}
