package measure

import (
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"testing"

	"github.com/felt-cx/felt"
)

// TestMemoColumns: a memo is read as it was written, whatever is in it.
func TestMemoColumns(t *testing.T) {
	about := start.Instant()
	ends := []felt.Instant{
		about, about - 1, about + 1, about - 20*felt.Second - 123_456_789, about + 1<<39 - 1, about + 1<<39, about - 1<<39, about - 1<<39 - 1,
		about - felt.Day, about + felt.Day, 0, math.MinInt64, math.MaxInt64,
	}
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}} {
		m := newMemory()
		var want []memo
		for _, n := range order {
			for i, end := range ends {
				e := memo{
					key: uint64(len(want)+1) << 50, end: end, series: []uint32{7, 1<<16 + 3, math.MaxUint32}[n],
					version: []uint16{1, math.MaxUint16, 0}[n], verdict: verdict(17*n + i),
				}
				binary.LittleEndian.PutUint64(e.by[:], uint64(i+n)*0x9e3779b97f4a7c15)
				m.add(e, start, int64(n-1)<<40)
				want = append(want, e)
			}
		}
		check := func() {
			for i, e := range want {
				if got := m.nth(i); got != e {
					t.Fatalf("%d is %+v, want %+v", i, got, e)
				}
			}
		}
		check()
		for i := range want { // each is overwritten by what another one was
			e := want[(i+5)%len(want)]
			e.key = want[i].key
			m.set(i, e, int64(i))
			want[i] = e
		}
		check()
		for i := range want {
			if m.valueAt(i) != int64(i) {
				t.Fatalf("value of %d is %d", i, m.valueAt(i))
			}
		}
	}
}

// manyMemos remembers n interactions, as a busy partition does.
func manyMemos(n int) *memory {
	m := newMemory()
	series := make([]uint32, 300)
	for i := range series {
		series[i] = m.series.acquire(scopeKey{name: fmt.Sprint(i)})
	}
	for i := range n {
		known := start + felt.Tick(i/500)
		m.add(memo{
			key: memoNumber(i), end: known.Instant() - felt.Instant(i%1000)*felt.Second/100,
			series: series[i%len(series)], version: 1,
		}, known, 0)
	}
	return m
}

func memoNumber(i int) uint64 { return blend(uint64(i), 3) }

// TestMemoBytes: a memo takes what is said, within a tenth, however many there are.
func TestMemoBytes(t *testing.T) {
	if raced {
		t.Skip("takes more with the race detector")
	}
	for _, n := range []int{200_000, 240_000, 280_000} {
		before := heap()
		m := manyMemos(n)
		took := float64(heap()-before) / float64(n)
		t.Logf("%d memos: %.1f B each", n, took)
		if took > 1.1*memoBytes || took < 0.9*memoBytes {
			t.Errorf("of %d memos each takes %.1f bytes, and is said to take %d", n, took, memoBytes)
		}
		runtime.KeepAlive(m)
	}
}

// BenchmarkMemory adds, finds, and forgets a million interactions.
func BenchmarkMemory(b *testing.B) {
	const n = 1_000_000
	var m *memory
	b.Run("add", func(b *testing.B) {
		for b.Loop() {
			m = manyMemos(n)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/memo")
	})
	if m == nil {
		m = manyMemos(n)
	}
	b.Run("find", func(b *testing.B) {
		for b.Loop() {
			for i := range n {
				if p, _ := m.find(memoNumber(i * 7919 % n)); p < 0 {
					b.Fatal("not there")
				}
				if p, _ := m.find(memoNumber(i + n)); p >= 0 {
					b.Fatal("there")
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(2*n), "ns/find")
	})
	b.Run("forget", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			m = manyMemos(n)
			b.StartTimer()
			for m.n > 0 {
				m.forget()
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/memo")
	})
}
