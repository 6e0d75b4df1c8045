package logtest

import (
	"fmt"
	"testing"

	felt "github.com/felt-cx/felt"
)

// RunDurable tests what logs that survive their process must do besides [Run].
func RunDurable(t *testing.T, open Open) {
	t.Helper()
	t.Run("Reopen", func(t *testing.T) { testReopen(t, open) })
	t.Run("ReopenTrimmed", func(t *testing.T) { testReopenTrimmed(t, open) })
	t.Run("ReopenSmaller", func(t *testing.T) { testReopenSmaller(t, open) })
}

// testReopen: after closing and opening everything is at its place, and goes on.
func testReopen(t *testing.T, open Open) {
	dir, m := t.TempDir(), newMaker(20)
	var want []felt.Record
	var places []felt.Seq
	for round := range 5 {
		l := open(t, dir, Limits{})
		last, err := l.Last(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n := len(want); n > 0 && (last.Seq != places[n-1] || last.At != want[n-1].At) {
			t.Fatalf("round %d: Last is %v, want place %d at %d", round, last, places[n-1], want[n-1].At)
		}
		for range 10 {
			recs := m.call(4, 5000)
			want = append(want, recs...)
			if p := must(t, l, recs...); p.Seq <= last.Seq {
				t.Fatalf("round %d: place %d after place %d", round, p.Seq, last.Seq)
			}
		}
		got := take(t, l, felt.All, 0, len(want))
		same(t, fmt.Sprintf("round %d", round), got, want)
		for i, seq := range places {
			if got[i].Seq != seq {
				t.Fatalf("round %d: record %d moved from place %d to %d", round, i, seq, got[i].Seq)
			}
		}
		places = places[:0]
		for _, r := range got {
			places = append(places, r.Seq)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// testReopenTrimmed: what was let go of does not come back, and places go on.
func testReopenTrimmed(t *testing.T, open Open) {
	dir, m := t.TempDir(), newMaker(21)
	lim := Limits{MaxBytes: 4 << 20, KeepBytes: 1}
	l := open(t, dir, lim)
	var p felt.Place
	for range 50 {
		p = must(t, l, m.record(20_000))
	}
	if err := l.Trim(t.Context(), p.Seq); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir, lim)
	defer func() { _ = l.Close() }()
	if got := take(t, l, felt.All, 0, 1)[0]; got.Seq != p.Seq {
		t.Fatalf("the oldest record is %d, want the newest of before, %d", got.Seq, p.Seq)
	}
	if last, err := l.Last(t.Context()); err != nil || last != p {
		t.Fatalf("Last is %v, %v; want %v", last, err, p)
	}
	nothing(t, l, p.Seq)
}

// testReopenSmaller: a smaller limit loses nothing; the log is full until trimmed.
func testReopenSmaller(t *testing.T, open Open) {
	dir, m := t.TempDir(), newMaker(22)
	l := open(t, dir, Limits{MaxBytes: 4 << 20})
	var want []felt.Record
	for range 30 {
		rec := m.record(100_000)
		want = append(want, rec)
		must(t, l, rec)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir, Limits{MaxBytes: 1 << 20, KeepBytes: 512 << 10})
	defer func() { _ = l.Close() }()
	all := take(t, l, felt.All, 0, len(want))
	same(t, "under a smaller limit", all, want)
	_, err := l.Append(t.Context(), m.telemetry(10))
	wantErr(t, "appending to a log that is above its limit", err, felt.ErrFull)
	p := must(t, l, m.control(10)) // however far it is above
	if err := l.Trim(t.Context(), p.Seq); err != nil {
		t.Fatal(err)
	}
	must(t, l, m.telemetry(10))
}
