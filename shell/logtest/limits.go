package logtest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	felt "github.com/felt-cx/felt"
)

// fill appends calls until the log is full, and returns what was acknowledged.
func fill(t *testing.T, l Log, m *maker, size int) []felt.Record {
	t.Helper()
	var kept []felt.Record
	for range 1 << 20 {
		recs := m.call(4, size)
		_, err := l.Append(t.Context(), recs...)
		if errors.Is(err, felt.ErrFull) {
			return kept
		}
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, recs...)
	}
	t.Fatal("the log has a size limit and never was full")
	return nil
}

// testFull: a full log takes nothing of a call, keeps what it has, and has room again
// after a trim.
func testFull(t *testing.T, open Open) {
	l, m := fresh(t, open, Limits{MaxBytes: 1 << 20, KeepBytes: 256 << 10}), newMaker(10)
	want := fill(t, l, m, 20_000)
	for range 3 {
		_, err := l.Append(t.Context(), m.record(1), m.telemetry(900<<10), m.record(1))
		wantErr(t, "a call that does not fit", err, felt.ErrFull)
	}
	small := m.control(1)
	p := must(t, l, small)
	want = append(want, small)
	same(t, "a full log", take(t, l, felt.All, 0, len(want)), want)
	if err := l.Trim(t.Context(), p.Seq); err != nil {
		t.Fatal(err)
	}
	rec := m.telemetry(300 << 10)
	must(t, l, rec)
	same(t, "after the trim", take(t, l, felt.All, p.Seq, 1), []felt.Record{rec})
	if _, err := l.Append(t.Context(), m.telemetry(2<<20)); !errors.Is(err, felt.ErrFull) {
		t.Fatalf("a record larger than the log: %v, want ErrFull", err)
	}
}

// testFullTakesTicks: a log that takes no telemetry takes ticks for a while longer, so
// that time passes and somebody gets to trim it; but not without end.
func testFullTakesTicks(t *testing.T, open Open) {
	l, m := fresh(t, open, Limits{MaxBytes: 1 << 20, KeepBytes: 256 << 10}), newMaker(15)
	var want []felt.Record
	for _, size := range []int{20_000, 2_000, 200} {
		for {
			rec := m.telemetry(size)
			_, err := l.Append(t.Context(), rec)
			if errors.Is(err, felt.ErrFull) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, rec)
		}
	}
	var p felt.Place
	for i := range 300 {
		m.at += felt.Second
		tick := felt.Record{Kind: felt.KindTick, Part: felt.Control, At: m.at, Data: []byte{}}
		if i%50 == 0 {
			_, err := l.Append(t.Context(), m.telemetry(200))
			wantErr(t, "telemetry for a full log", err, felt.ErrFull)
			_, err = l.Append(t.Context(), tick, m.telemetry(200))
			wantErr(t, "a tick with telemetry for a full log", err, felt.ErrFull)
			business := felt.Record{Kind: felt.KindBusiness, Part: felt.Control, At: m.at, Data: make([]byte, 200)}
			_, err = l.Append(t.Context(), business)
			wantErr(t, "business data for a full log", err, felt.ErrFull)
		}
		p = must(t, l, tick)
		want = append(want, tick)
	}
	same(t, "a full log with ticks", take(t, l, felt.All, 0, len(want)), want)
	for n := 0; ; n++ {
		q, err := l.Append(t.Context(), m.control(64<<10))
		if errors.Is(err, felt.ErrFull) {
			break
		}
		if err != nil || n == 64 {
			t.Fatalf("after %d commands of 64 KiB beyond the limit: error %v, want ErrFull", n, err)
		}
		p = q
	}
	if err := l.Trim(t.Context(), p.Seq); err != nil {
		t.Fatal(err)
	}
	rec := m.telemetry(20_000)
	must(t, l, rec)
	same(t, "after the trim", take(t, l, felt.All, p.Seq, 1), []felt.Record{rec})
}

// testFullUnderLoad: with many callers at the limit, what was acknowledged is there
// and what was refused is not.
func testFullUnderLoad(t *testing.T, open Open) {
	l := fresh(t, open, Limits{MaxBytes: 1 << 20})
	var mu sync.Mutex
	acknowledged := map[string]int{} // first record's number -> records
	refused := map[string]bool{}
	var wg sync.WaitGroup
	for c := range 6 {
		wg.Go(func() {
			m := newMaker(100 + uint64(c)) //nolint:gosec // small
			m.n = uint64(c) * 1_000_000    //nolint:gosec // small
			for range 60 {
				recs := m.call(3, 8000)
				_, err := l.Append(t.Context(), recs...)
				mu.Lock()
				switch {
				case err == nil:
					acknowledged[string(recs[0].Data[:8])] = len(recs)
				case errors.Is(err, felt.ErrFull):
					for _, r := range recs {
						refused[string(r.Data[:8])] = true
					}
				default:
					t.Errorf("append: %v", err)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	n := 0
	for _, k := range acknowledged {
		n += k
	}
	if len(refused) == 0 || n == 0 {
		t.Fatalf("%d records acknowledged, %d refused: both must happen", n, len(refused))
	}
	recs := take(t, l, felt.All, 0, n)
	for i := 0; i < len(recs); {
		name := string(recs[i].Data[:8])
		k, ok := acknowledged[name]
		if !ok {
			t.Fatalf("record %s was not acknowledged (refused: %v) and is there", name, refused[name])
		}
		delete(acknowledged, name)
		i += k
	}
}

// testTrimWithinLimits: what is young and small enough stays, whatever the caller
// could do without.
func testTrimWithinLimits(t *testing.T, open Open) {
	l, m := fresh(t, open, Limits{MaxBytes: 64 << 20, KeepBytes: 32 << 20, MaxAge: time.Hour}), newMaker(11)
	if err := l.Trim(t.Context(), 100); err != nil {
		t.Fatalf("trimming an empty log: %v", err)
	}
	recs := m.call(1, 10)
	for len(recs) < 40 {
		recs = append(recs, m.record(1000))
	}
	var p felt.Place
	for _, r := range recs {
		p = must(t, l, r)
	}
	for _, upTo := range []felt.Seq{0, 1, p.Seq, p.Seq + 1_000_000} {
		if err := l.Trim(t.Context(), upTo); err != nil {
			t.Fatal(err)
		}
		same(t, "within the limits", take(t, l, felt.All, 0, len(recs)), recs)
	}
}

// testTrimBySize: over KeepBytes the oldest go, never beyond the place given.
func testTrimBySize(t *testing.T, open Open) {
	l, m := fresh(t, open, Limits{MaxBytes: 8 << 20, KeepBytes: 512 << 10}), newMaker(12)
	var want []felt.Record
	for range 100 {
		rec := m.record(30_000)
		want = append(want, rec)
		must(t, l, rec)
	}
	all := take(t, l, felt.All, 0, len(want))
	for _, k := range []int{0, 10, 11, 40} { // far from KeepBytes: the place decides
		if err := l.Trim(t.Context(), all[k].Seq); err != nil {
			t.Fatal(err)
		}
		left := take(t, l, felt.All, 0, 1)[0]
		if left.Seq > all[k+1].Seq {
			t.Fatalf("trimmed up to %d, and record %d after it is gone: the oldest is %d", all[k].Seq, all[k+1].Seq, left.Seq)
		}
		if k > 0 && left.Seq < all[k-1].Seq {
			t.Fatalf("trimmed up to %d, and record %d far before it is still there", all[k].Seq, left.Seq)
		}
		same(t, "after the place", take(t, l, felt.All, all[k].Seq, len(want)-k-1), want[k+1:])
		// A reader that stood before the cut goes on with what is left.
		if got := take(t, l, felt.All, all[0].Seq, 1)[0]; k > 1 && got.Seq != left.Seq {
			t.Fatalf("a reader from before the cut goes on at %d, want %d", got.Seq, left.Seq)
		}
	}
	last := all[len(all)-1]
	if err := l.Trim(t.Context(), last.Seq+1_000_000); err != nil {
		t.Fatal(err)
	}
	if p, err := l.Last(t.Context()); err != nil || p.Seq != last.Seq {
		t.Fatalf("Last after a trim: %v, %v; want %d", p, err, last.Seq)
	}
	left := take(t, l, felt.All, 0, 1)[0]
	if size := int64(last.Seq-left.Seq) / int64(all[1].Seq-all[0].Seq) * 30_000; size > 600<<10 || size < 200<<10 {
		t.Fatalf("about %d bytes are left; want about 512 KiB", size)
	}
}

// testTrimAll: the newest record stays even when nothing may be kept.
func testTrimAll(t *testing.T, open Open) {
	l, m := fresh(t, open, Limits{MaxBytes: 1 << 20, KeepBytes: 1}), newMaker(14)
	var p felt.Place
	for range 10 {
		p = must(t, l, m.record(1000))
		if err := l.Trim(t.Context(), p.Seq+1); err != nil {
			t.Fatal(err)
		}
		if got := take(t, l, felt.All, 0, 1)[0].Seq; got != p.Seq {
			t.Fatalf("the oldest left is %d, want the newest, %d", got, p.Seq)
		}
	}
	nothing(t, l, p.Seq)
}

// testTrimByAge: on the log's own clock, older than MaxAge goes.
func testTrimByAge(t *testing.T, open Open) {
	l := fresh(t, open, Limits{MaxAge: time.Hour})
	var all []felt.Place
	for i := range 20 {
		all = append(all, must(t, l, felt.Record{Kind: felt.KindTick, Part: felt.Control, At: 1e18 + felt.Instant(i)*10*felt.Minute}))
	}
	end := all[len(all)-1]
	if err := l.Trim(t.Context(), all[3].Seq); err != nil {
		t.Fatal(err)
	}
	if got := take(t, l, felt.All, 0, 1)[0].Seq; got > all[4].Seq {
		t.Fatalf("trimmed up to %d, the oldest left is %d", all[3].Seq, got)
	}
	if err := l.Trim(t.Context(), end.Seq); err != nil {
		t.Fatal(err)
	}
	if got := take(t, l, felt.All, 0, 1)[0]; got.At != end.At-felt.Hour {
		t.Fatalf("the oldest left is %d minutes old, want 60", (end.At-got.At)/felt.Minute)
	}
	// All of it old but the newest: that one stays, and with it the clock.
	p := must(t, l, felt.Record{Kind: felt.KindTick, Part: felt.Control, At: end.At + felt.Day})
	if err := l.Trim(t.Context(), p.Seq); err != nil {
		t.Fatal(err)
	}
	if got := take(t, l, felt.All, 0, 1)[0].Seq; got != p.Seq {
		t.Fatalf("the oldest left is %d, want the newest, %d", got, p.Seq)
	}
}

// testTrimWhileInUse: appends, a reader and trims at once; the reader, whose place is
// the one trimmed to, misses nothing.
func testTrimWhileInUse(t *testing.T, open Open) {
	const n = 300
	l, m := fresh(t, open, Limits{MaxBytes: 2 << 20, KeepBytes: 256 << 10}), newMaker(13)
	var want []felt.Record
	for range n {
		want = append(want, m.record(20_000))
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		for _, r := range want {
			for {
				_, err := l.Append(ctx, r)
				if err == nil {
					break
				}
				if !errors.Is(err, felt.ErrFull) || ctx.Err() != nil {
					t.Errorf("append: %v", err)
					return
				}
			}
		}
	})
	var got []felt.Record
	for r, err := range l.Read(ctx, felt.All, 0) {
		if err != nil {
			t.Error(err)
			break
		}
		if got = append(got, r); len(got) == n {
			break
		}
		if len(got)%10 == 0 {
			if err := l.Trim(ctx, r.Seq); err != nil {
				t.Error(err)
				break
			}
		}
	}
	wg.Wait()
	same(t, "a reader beside trims", got, want)
}
