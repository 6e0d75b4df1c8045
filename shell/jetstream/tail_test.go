package jetstream

import (
	"math/rand/v2"
	"testing"
)

// TestTail: whatever is pushed and forgotten, the tail hands out an unbroken run from
// the message asked for to the newest one, or says that the stream has it.
func TestTail(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		last := uint64(rng.IntN(3))
		tl := newTail(int64(rng.IntN(60)), last)
		for range 300 {
			switch rng.IntN(20) {
			case 0:
				last += 2 // an acknowledgement was lost
			case 1:
				tl.push(entry{message: last, bytes: 1}) // one comes twice
				continue
			case 2:
				tl.forget(last - min(last, uint64(rng.IntN(5))))
				continue
			default:
				last++
			}
			changed := tl.changed
			tl.push(entry{message: last, bytes: int64(rng.IntN(30))})
			select {
			case <-changed:
			default:
				t.Fatal("a push did not wake who waits")
			}
			if tl.bytes > tl.limit {
				t.Fatalf("%d bytes are held, at most %d may be", tl.bytes, tl.limit)
			}
			checkTail(t, &tl, last)
		}
	}
}

func checkTail(t *testing.T, tl *tail, last uint64) {
	t.Helper()
	if got, behind := tl.from(nil, last+1); len(got) > 0 || behind {
		t.Fatalf("after the newest: %d messages, behind %v", len(got), behind)
	}
	for next := last - min(last, 8); next <= last; next++ {
		got, behind := tl.from(nil, next)
		if behind != (len(got) == 0) {
			t.Fatalf("from %d of %d: %d messages, behind %v", next, last, len(got), behind)
		}
		for i, e := range got {
			if e.message != next+uint64(i) {
				t.Fatalf("from %d: message %d at %d", next, e.message, i)
			}
		}
		if len(got) > 0 && got[len(got)-1].message != last {
			t.Fatalf("from %d: ends at %d, want %d", next, got[len(got)-1].message, last)
		}
	}
}
