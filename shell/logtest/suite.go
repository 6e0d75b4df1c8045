package logtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	felt "github.com/felt-cx/felt"
)

// Log is what the suite tests.
type Log interface {
	felt.Log
	felt.Trimmer
	Close() error
}

// Limits are those under which a log is opened. Zero means none, or the default.
type Limits struct {
	MaxBytes  int64
	KeepBytes int64
	MaxAge    time.Duration
}

// Open opens the log of a directory; a failure ends the test.
type Open func(t *testing.T, dir string, lim Limits) Log

// Partitions is how many partitions the suite uses.
const Partitions = 4

// patience is how long a log may take for anything: a bound for broken logs, that a
// working one is far from.
const patience = time.Minute

// Run runs the suite; each test has a log of its own.
func Run(t *testing.T, open Open) {
	t.Helper()
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, open Open)
	}{
		{"Order", testOrder},
		{"OneRecord", testOneRecord},
		{"Concurrent", testConcurrent},
		{"ConcurrentLarge", testConcurrentLarge},
		{"Resume", testResume},
		{"Wait", testWait},
		{"Behind", testBehind},
		{"Break", testBreak},
		{"Cancelled", testCancelled},
		{"Sizes", testSizes},
		{"Invalid", testInvalid},
		{"SliceIsReused", testSliceIsReused},
		{"Closed", testClosed},
		{"Full", testFull},
		{"FullTakesTicks", testFullTakesTicks},
		{"FullUnderLoad", testFullUnderLoad},
		{"TrimWithinLimits", testTrimWithinLimits},
		{"TrimBySize", testTrimBySize},
		{"TrimAll", testTrimAll},
		{"TrimByAge", testTrimByAge},
		{"TrimWhileInUse", testTrimWhileInUse},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, open) })
	}
}

// fresh opens an empty log that is closed with the test.
func fresh(t *testing.T, open Open, lim Limits) Log {
	t.Helper()
	l := open(t, t.TempDir(), lim)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// must appends and returns the records with their Seqs as far as they are known: that
// of the last one.
func must(t *testing.T, l Log, recs ...felt.Record) felt.Place {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, err := l.Append(ctx, recs...)
	if err != nil {
		t.Fatalf("appending %d records: %v", len(recs), err)
	}
	return p
}

// take reads n records after a place.
func take(t *testing.T, l Log, part felt.Part, after felt.Seq, n int) []felt.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	recs, err := collect(ctx, l, part, after, n)
	if err != nil {
		t.Fatalf("reading part %d after %d: %v", part, after, err)
	}
	if len(recs) < n {
		t.Fatalf("reading part %d after %d: got %d of %d records within %v", part, after, len(recs), n, patience)
	}
	return recs
}

// collect reads up to n records, and checks that Seqs grow.
func collect(ctx context.Context, l Log, part felt.Part, after felt.Seq, n int) ([]felt.Record, error) {
	if n == 0 {
		return nil, nil
	}
	var recs []felt.Record
	last := after
	for r, err := range l.Read(ctx, part, after) {
		if err != nil {
			return recs, fmt.Errorf("after %d records: %w", len(recs), err)
		}
		if r.Seq <= last {
			return recs, fmt.Errorf("record %d after record %d", r.Seq, last)
		}
		last = r.Seq
		if recs = append(recs, r); len(recs) == n {
			break
		}
	}
	return recs, nil
}

// nothing checks that no more than want is in the log: it appends a record of its own
// and reads up to it.
func nothing(t *testing.T, l Log, after felt.Seq) {
	t.Helper()
	p := must(t, l, felt.Record{Kind: felt.KindTick, Part: felt.Control, At: 1 << 60})
	if got := take(t, l, felt.All, after, 1)[0]; got.Seq != p.Seq {
		t.Fatalf("found record %d (kind %d, part %d) that nobody should have appended", got.Seq, got.Kind, got.Part)
	}
}

// maker makes random records with a growing clock.
type maker struct {
	rng *rand.Rand
	at  felt.Instant
	n   uint64
}

func newMaker(seed uint64) *maker {
	return &maker{rng: rand.New(rand.NewPCG(seed, 7)), at: 1e18}
}

// record is numbered in its first bytes.
func (m *maker) record(size int) felt.Record {
	m.n++
	m.at += felt.Instant(m.rng.IntN(3)) * felt.Second / 10
	r := felt.Record{Kind: felt.KindTelemetry, Part: felt.Part(m.rng.IntN(Partitions)), At: m.at}
	if m.rng.IntN(5) == 0 {
		r.Part, r.Kind = felt.Control, felt.KindTick+felt.Kind(m.rng.IntN(4))
	}
	r.Data = fmt.Appendf(nil, "%08d", m.n)
	for len(r.Data) < size {
		r.Data = binary.LittleEndian.AppendUint64(r.Data, m.rng.Uint64())
	}
	return r
}

// telemetry is a record that a full log refuses.
func (m *maker) telemetry(size int) felt.Record {
	r := m.record(size)
	r.Kind, r.Part = felt.KindTelemetry, felt.Part(m.rng.IntN(Partitions))
	return r
}

// control is a record that has a reserve.
func (m *maker) control(size int) felt.Record {
	r := m.record(size)
	r.Kind, r.Part = felt.KindCommand, felt.Control
	return r
}

// call is the records of one Append.
func (m *maker) call(most, size int) []felt.Record {
	recs := make([]felt.Record, 1+m.rng.IntN(most))
	for i := range recs {
		recs[i] = m.record(m.rng.IntN(size))
	}
	return recs
}

// same compares what was read with what was appended, Seq aside.
func same(t *testing.T, what string, got, want []felt.Record) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: got %d records, want %d", what, len(got), len(want))
	}
	for i := range got {
		if err := equal(got[i], want[i]); err != nil {
			t.Fatalf("%s: record %d of %d: %v", what, i, len(got), err)
		}
	}
}

func equal(got, want felt.Record) error {
	if got.Kind != want.Kind || got.Part != want.Part || got.At != want.At {
		return fmt.Errorf("kind %d, part %d, at %d; want %d, %d, %d", got.Kind, got.Part, got.At, want.Kind, want.Part, want.At)
	}
	if !bytes.Equal(got.Data, want.Data) {
		return fmt.Errorf("its %d bytes of data are not the %d that were appended", len(got.Data), len(want.Data))
	}
	return nil
}

// ofPart is what a partition's reader sees of the records.
func ofPart(recs []felt.Record, part felt.Part) []felt.Record {
	var out []felt.Record
	for _, r := range recs {
		if part == felt.All || r.Part == part || r.Part == felt.Control {
			out = append(out, r)
		}
	}
	return out
}

// wantErr checks an error's kind.
func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: error %v, want %v", what, err, want)
	}
}
