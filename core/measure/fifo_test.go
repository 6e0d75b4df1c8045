package measure

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
)

// TestFifo does at random what can be done with a fifo, and the same with a map and a slice.
func TestFifo(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var q fifo[int]
	var order []uint64
	model := map[uint64]int{}
	q.base = ring - 3000 // numbers wrap around
	for i := range 60_000 {
		key := uint64(1+rnd.IntN(4000)) * 64 // chains in the table
		switch op := rnd.IntN(20); {
		case op < 9:
			if _, ok := model[key]; !ok {
				q.push(key, i)
				model[key] = i
				order = append(order, key)
			}
		case op < 14:
			q.remove(key)
			delete(model, key)
			order = slices.DeleteFunc(order, func(k uint64) bool { return k == key })
		case op < 16 && len(order) > 0:
			q.pop()
			delete(model, order[0])
			order = order[1:]
		case i%5000 == 0:
			q.keep(func(v *int) bool { return *v%3 > 0 })
			maps.DeleteFunc(model, func(_ uint64, v int) bool { return v%3 == 0 })
			order = slices.DeleteFunc(order, func(k uint64) bool { _, ok := model[k]; return !ok })
		}
		if v := q.get(key); (v != nil) != slices.Contains(order, key) || v != nil && *v != model[key] {
			t.Fatalf("%d: key %d is %v, want %d", i, key, v, model[key])
		}
		if q.live != len(model) {
			t.Fatalf("%d: %d live, want %d", i, q.live, len(model))
		}
	}
	var got []uint64
	q.each(func(key uint64, _ *int) { got = append(got, key) })
	if diff := cmp.Diff(order, got); diff != "" || len(got) < 100 {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for range order {
		q.pop()
	}
	if q.n != 0 || len(q.blocks) > 1 || q.get(64) != nil {
		t.Errorf("%d places, %d blocks left", q.n, len(q.blocks))
	}
}

// TestShelf: stories are found, come due in order, and stand in line, whatever comes and goes.
func TestShelf(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var h shelf
	type known struct {
		n   int32
		due felt.Tick
	}
	model := map[felt.Hash]known{}
	seed := func(scope uint32) uint64 { return uint64(scope) }
	for i := range 30_000 {
		who := hash(string(rune('a' + rnd.IntN(700))))
		k, ok := model[who]
		switch n := h.find(1, keyOf(1, who), &who); {
		case (n != 0) != ok || n != k.n:
			t.Fatalf("%d: found %d, want %d", i, n, k.n)
		case !ok:
			k.n = h.add(1, who, seed)
			h.push(k.n, rnd.IntN(2) == 0)
		case rnd.IntN(3) == 0:
			h.remove(n, seed)
			delete(model, who)
			continue
		case rnd.IntN(2) == 0:
			h.unlink(n)
			h.push(n, rnd.IntN(2) == 0)
		}
		k.due = felt.Tick(rnd.IntN(1000))
		h.schedule(k.n, k.due)
		model[who] = k
		first := felt.Tick(0)
		for _, k := range model {
			sooner(&first, k.due)
		}
		if h.due() != first {
			t.Fatalf("%d: due at %d, want %d", i, h.due(), first)
		}
	}
	inLine := 0
	for _, l := range []line{h.open, h.ended} {
		last := int32(0)
		for n := l.oldest; n != 0; n = h.at(n).newer {
			if h.at(n).older != last {
				t.Fatal("the line is broken")
			}
			last = n
			inLine++
		}
		if l.newest != last {
			t.Fatal("the line has another end")
		}
	}
	if inLine != len(model) || h.n != len(model) || inLine < 100 {
		t.Errorf("%d in line, %d on the shelf, want %d", inLine, h.n, len(model))
	}
}

// TestSizes: what is said to be held is reckoned with these.
func TestSizes(t *testing.T) {
	got := []uintptr{unsafe.Sizeof(rested{}), unsafe.Sizeof(fifoEntry[sealedStory]{}), unsafe.Sizeof(fifoEntry[link]{})}
	if diff := cmp.Diff([]uintptr{restedBytes, sealedBytes, linkBytes}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
