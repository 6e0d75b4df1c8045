package logtest

import (
	"bytes"
	"context"
	"sync"
	"testing"

	felt "github.com/felt-cx/felt"
)

// testBreak: a reader may stop anywhere, and the sequence can be ranged over again.
func testBreak(t *testing.T, open Open) {
	l, m := fresh(t, open, Limits{}), newMaker(5)
	recs := m.call(1, 10)
	for len(recs) < 5 {
		recs = append(recs, m.record(10))
	}
	must(t, l, recs...)
	seq := l.Read(t.Context(), felt.All, 0)
	for range 3 {
		n := 0
		for r, err := range seq {
			if err != nil {
				t.Fatal(err)
			}
			same(t, "read again", []felt.Record{r}, recs[n:n+1])
			if n++; n == 2 {
				break
			}
		}
	}
}

// testCancelled: an ended context ends readers without an error, and appends before
// they begin.
func testCancelled(t *testing.T, open Open) {
	l, m := fresh(t, open, Limits{}), newMaker(6)
	p := must(t, l, m.call(3, 10)...)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range l.Read(ctx, felt.All, 0) {
		if err != nil {
			t.Fatalf("an ended context must end the reader without an error: %v", err)
		}
		n++
		cancel()
	}
	if n != 1 {
		t.Fatalf("%d records came after the context ended", n-1)
	}
	for _, err := range l.Read(ctx, felt.All, 0) {
		t.Fatalf("a reader with an ended context yields nothing: %v", err)
	}
	_, err := l.Append(ctx, m.record(10))
	wantErr(t, "appending with an ended context", err, context.Canceled)
	nothing(t, l, p.Seq)
}

// testSizes: nothing, and 8 MiB, and a call of 20 MiB.
func testSizes(t *testing.T, open Open) {
	l := fresh(t, open, Limits{})
	big := func(n int, b byte) felt.Record {
		return felt.Record{Kind: felt.KindTelemetry, Part: felt.Part(b) % Partitions, At: 1, Data: bytes.Repeat([]byte{b}, n)}
	}
	want := []felt.Record{big(0, 0), big(8<<20, 1), big(0, 2), big(1, 3)}
	for _, r := range want {
		must(t, l, r)
	}
	call := []felt.Record{big(5<<20, 4), big(0, 5), big(5<<20, 6), big(5<<20, 7), big(16<<20, 8)}
	for i := range 5000 {
		call = append(call, big(3, byte(i)))
	}
	must(t, l, call...)
	want = append(want, call...)
	same(t, "sizes", take(t, l, felt.All, 0, len(want)), want)
}

// testInvalid: what is no record is refused, with everything it came with.
func testInvalid(t *testing.T, open Open) {
	l, m := fresh(t, open, Limits{}), newMaker(7)
	for _, bad := range []felt.Record{
		{Kind: 0, Part: felt.Control},
		{Kind: felt.KindEvidence + 1, Part: felt.Control},
		{Kind: felt.KindTelemetry, Part: felt.All},
		{Kind: felt.KindTelemetry, Part: -3},
		{Kind: felt.KindTelemetry, Part: felt.MaxParts},
	} {
		if _, err := l.Append(t.Context(), m.record(10), bad); err == nil {
			t.Errorf("kind %d, part %d was accepted", bad.Kind, bad.Part)
		}
	}
	nothing(t, l, 0)
}

// testSliceIsReused: the records belong to the log, the slice they came in does not.
func testSliceIsReused(t *testing.T, open Open) {
	l, m := fresh(t, open, Limits{}), newMaker(8)
	var want []felt.Record
	recs := make([]felt.Record, 3)
	for range 10 {
		for i := range recs {
			recs[i] = m.record(20)
		}
		want = append(want, recs...)
		must(t, l, recs...)
	}
	same(t, "slice used again", take(t, l, felt.All, 0, len(want)), want)
}

// testClosed: closing ends who waits, and is not an accident the second time.
func testClosed(t *testing.T, open Open) {
	l, m := fresh(t, open, Limits{}), newMaker(9)
	p := must(t, l, m.record(10))
	var wg sync.WaitGroup
	started := make(chan struct{})
	var ended error
	wg.Go(func() {
		for r, err := range l.Read(t.Context(), felt.All, 0) {
			if r.Seq == p.Seq {
				close(started)
			}
			ended = err
		}
	})
	<-started
	if err := l.Close(); err != nil {
		t.Fatalf("closing: %v", err)
	}
	wg.Wait()
	wantErr(t, "a reader of a log that was closed", ended, felt.ErrUnavailable)
	_, err := l.Append(t.Context(), m.record(10))
	wantErr(t, "appending to a closed log", err, felt.ErrUnavailable)
	_, err = l.Last(t.Context())
	wantErr(t, "Last of a closed log", err, felt.ErrUnavailable)
	for _, err := range l.Read(t.Context(), felt.All, 0) {
		wantErr(t, "reading a closed log", err, felt.ErrUnavailable)
	}
	if err := l.Close(); err != nil {
		t.Fatalf("closing again: %v", err)
	}
}
