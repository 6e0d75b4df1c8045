package jetstream

import felt "github.com/felt-cx/felt"

// entry is one message of the stream.
type entry struct {
	message uint64
	recs    []felt.Record
	bytes   int64
}

// tail is the end of the log in memory: an unbroken run of messages up to the newest
// acknowledged one. Its owner locks.
type tail struct {
	limit   int64
	bytes   int64
	last    uint64 // newest message known to be in the stream
	entries []entry
	head    int           // entries before it are gone
	changed chan struct{} // closed when last grows
}

func newTail(limit int64, last uint64) tail {
	return tail{limit: limit, last: last, changed: make(chan struct{})}
}

// push adds the newest message. A gap before it (a message whose acknowledgement was
// lost) makes the tail begin anew, so that readers find the gap on disk.
func (t *tail) push(e entry) {
	if e.message <= t.last {
		return
	}
	if e.message != t.last+1 {
		t.clear()
	}
	t.advance(e.message)
	if e.bytes > t.limit {
		t.clear()
		return
	}
	t.entries = append(t.entries, e)
	t.bytes += e.bytes
	for t.bytes > t.limit {
		t.drop()
	}
	if t.head > 64 && t.head > len(t.entries)/2 {
		n := copy(t.entries, t.entries[t.head:])
		clear(t.entries[n:])
		t.entries, t.head = t.entries[:n], 0
	}
}

// forget lets go of the messages before first.
func (t *tail) forget(first uint64) {
	for t.head < len(t.entries) && t.entries[t.head].message < first {
		t.drop()
	}
}

// drop lets go of the oldest entry.
func (t *tail) drop() {
	t.bytes -= t.entries[t.head].bytes
	t.entries[t.head] = entry{}
	t.head++
}

// advance makes message the newest one, and wakes who waits.
func (t *tail) advance(message uint64) {
	t.last = message
	close(t.changed)
	t.changed = make(chan struct{})
}

func (t *tail) clear() {
	clear(t.entries)
	t.entries, t.head, t.bytes = t.entries[:0], 0, 0
}

// from appends to dst what the tail has from message next on. When it has nothing,
// behind says that the stream has it.
func (t *tail) from(dst []entry, next uint64) (got []entry, behind bool) {
	if next > t.last {
		return dst, false
	}
	live := t.entries[t.head:]
	if len(live) == 0 || next < live[0].message {
		return dst, true
	}
	return append(dst, live[next-live[0].message:]...), false
}
