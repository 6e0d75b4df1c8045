package logtest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	felt "github.com/felt-cx/felt"
)

// allParts are the readers there can be.
func allParts() []felt.Part {
	parts := []felt.Part{felt.All, felt.Control}
	for p := range felt.Part(Partitions) {
		parts = append(parts, p)
	}
	return parts
}

// testOrder: every reader sees everything meant for it, unchanged, in log order, and
// Append returns the place of its last record.
func testOrder(t *testing.T, open Open) {
	l, m := fresh(t, open, Limits{}), newMaker(1)
	if p, err := l.Last(t.Context()); err != nil || p != (felt.Place{}) {
		t.Fatalf("Last of an empty log: %v, %v; want the zero Place", p, err)
	}
	var want []felt.Record
	ends := map[int]felt.Seq{}
	for range 150 {
		recs := m.call(6, 3000)
		want = append(want, recs...)
		p := must(t, l, recs...)
		if at := recs[len(recs)-1].At; p.At != at {
			t.Fatalf("Append returned arrival %d, want that of the last record, %d", p.At, at)
		}
		if last, err := l.Last(t.Context()); err != nil || last != p {
			t.Fatalf("Last: %v, %v; want what Append returned, %v", last, err, p)
		}
		ends[len(want)-1] = p.Seq
	}
	all := take(t, l, felt.All, 0, len(want))
	for i, seq := range ends {
		if all[i].Seq != seq {
			t.Fatalf("record %d has place %d; Append said %d", i, all[i].Seq, seq)
		}
	}
	for _, part := range allParts() {
		exp := ofPart(want, part)
		got := take(t, l, part, 0, len(exp))
		same(t, fmt.Sprintf("part %d", part), got, exp)
		for i, r := range ofPart(all, part) {
			if got[i].Seq != r.Seq {
				t.Fatalf("part %d sees record %d at place %d; All sees it at %d", part, i, got[i].Seq, r.Seq)
			}
		}
	}
	nothing(t, l, all[len(all)-1].Seq)
}

// testOneRecord: the smallest log.
func testOneRecord(t *testing.T, open Open) {
	l := fresh(t, open, Limits{})
	rec := felt.Record{Kind: felt.KindTick, Part: felt.Control, At: 5}
	p := must(t, l, rec)
	if p.Seq == 0 {
		t.Fatal("the first record has place 0, which stands before it")
	}
	same(t, "one record", take(t, l, 3, 0, 1), []felt.Record{rec})
	if again := must(t, l); again != p {
		t.Fatalf("appending nothing returned %v, want the newest place %v", again, p)
	}
	nothing(t, l, p.Seq)
}

// testConcurrent: calls from many goroutines do not mix, and each goroutine's stand
// in its order.
func testConcurrent(t *testing.T, open Open) {
	const callers, calls = 8, 40
	l := fresh(t, open, Limits{})
	var wg sync.WaitGroup
	total := make([]int, callers)
	for c := range callers {
		wg.Go(func() {
			for k := range calls {
				recs := make([]felt.Record, 1+(c+k)%5)
				for i := range recs {
					recs[i] = felt.Record{
						Kind: felt.KindTelemetry, Part: felt.Part((c + i) % Partitions), At: 1,
						Data: fmt.Appendf(nil, "%d %d %d %d", c, k, i, len(recs)),
					}
				}
				total[c] += len(recs)
				if _, err := l.Append(t.Context(), recs...); err != nil {
					t.Errorf("caller %d, call %d: %v", c, k, err)
					return
				}
			}
		})
	}
	n := 0
	wg.Wait()
	for _, k := range total {
		n += k
	}
	if t.Failed() {
		return
	}
	next := make([]int, callers)
	recs := take(t, l, felt.All, 0, n)
	for i := 0; i < len(recs); {
		var c, k, j, size int
		if _, err := fmt.Sscan(string(recs[i].Data), &c, &k, &j, &size); err != nil {
			t.Fatal(err)
		}
		if j != 0 || k != next[c] {
			t.Fatalf("record %d is %d of call %d of caller %d; want the first of call %d", i, j, k, c, next[c])
		}
		for j := range size {
			if got, want := string(recs[i+j].Data), fmt.Sprintf("%d %d %d %d", c, k, j, size); got != want {
				t.Fatalf("another call stands between the records of one: %q where %q should be", got, want)
			}
		}
		next[c]++
		i += size
	}
}

// testConcurrentLarge: nor do calls that are too large for one piece of any log.
func testConcurrentLarge(t *testing.T, open Open) {
	const callers, calls, size = 4, 8, 5000
	l := fresh(t, open, Limits{})
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for range calls {
				recs := make([]felt.Record, size)
				for i := range recs {
					recs[i] = felt.Record{Kind: felt.KindTelemetry, Part: felt.Part(c), At: 1, Data: fmt.Append(nil, i)}
				}
				if _, err := l.Append(t.Context(), recs...); err != nil {
					t.Errorf("caller %d: %v", c, err)
				}
			}
		})
	}
	wg.Wait()
	recs := take(t, l, felt.All, 0, callers*calls*size)
	for i, r := range recs {
		if first := recs[i-i%size]; string(r.Data) != fmt.Sprint(i%size) || r.Part != first.Part {
			t.Fatalf("record %d is %s of caller %d; want %d of caller %d", i, r.Data, r.Part, i%size, first.Part)
		}
	}
}

// testResume: from any place, a reader goes on with exactly the rest.
func testResume(t *testing.T, open Open) {
	l, m := fresh(t, open, Limits{}), newMaker(2)
	var want []felt.Record
	for range 12 {
		recs := m.call(5, 100)
		want = append(want, recs...)
		must(t, l, recs...)
	}
	all := take(t, l, felt.All, 0, len(want))
	for i, r := range all[:len(all)-1] {
		for _, part := range []felt.Part{felt.All, 2} {
			exp := ofPart(want[i+1:], part)
			same(t, fmt.Sprintf("part %d after record %d", part, i), take(t, l, part, r.Seq, len(exp)), exp)
		}
	}
}

// testWait: readers that wait are handed what comes, each by itself.
func testWait(t *testing.T, open Open) {
	l, m := fresh(t, open, Limits{}), newMaker(3)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	type sight struct {
		part felt.Part
		rec  felt.Record
		err  error
	}
	seen := make(chan sight)
	var wg sync.WaitGroup
	for _, part := range allParts() {
		wg.Go(func() {
			for r, err := range l.Read(ctx, part, 0) {
				select {
				case seen <- sight{part, r, err}:
				case <-ctx.Done():
				}
			}
		})
	}
	for range 50 {
		rec := m.record(50)
		must(t, l, rec)
		want := 0
		for _, part := range allParts() {
			want += len(ofPart([]felt.Record{rec}, part))
		}
		for range want {
			s := <-seen
			if s.err != nil {
				t.Fatalf("part %d: %v", s.part, s.err)
			}
			same(t, fmt.Sprintf("part %d", s.part), []felt.Record{s.rec}, []felt.Record{rec})
		}
	}
	cancel()
	wg.Wait() // a reader ends with its context
}

// testBehind: a reader that stands still while much is appended misses nothing.
func testBehind(t *testing.T, open Open) {
	l, m := fresh(t, open, Limits{}), newMaker(4)
	first := m.record(10)
	must(t, l, first)
	want, got := []felt.Record{first}, []felt.Record{}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for r, err := range l.Read(ctx, felt.All, 0) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
		if len(got) == 1 || len(got) == 30 { // stand still twice
			for range 24 {
				rec := m.record(1 << 20)
				want = append(want, rec)
				must(t, l, rec)
			}
		}
		if len(got) == len(want) {
			break
		}
	}
	same(t, "a reader that fell behind", got, want)
}
