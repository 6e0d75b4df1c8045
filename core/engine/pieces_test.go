package engine_test

import (
	"bytes"
	"errors"
	"testing"
	"testing/iotest"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/engine"
)

// paper takes a snapshot, and fails at one of its pieces.
type paper struct {
	bytes.Buffer
	n, failAt, largest int
}

func (p *paper) Write(b []byte) (int, error) {
	if p.n++; p.n == p.failAt {
		return 0, iotest.ErrTimeout
	}
	p.largest = max(p.largest, len(b))
	return p.Buffer.Write(b)
}

// TestSnapshotInPieces: the pieces are small and make the same snapshot; an error at any of them is
// told; and a snapshot is read however it is dealt out, up to where reading fails.
func TestSnapshotInPieces(t *testing.T) {
	s := felt.DefaultSettings()
	e := engine.New(s)
	for i, recs := range load(t, s, 3, 40, 4) {
		if _, err := e.Run(start+felt.Tick(i), recs); err != nil {
			t.Fatal(err)
		}
	}
	whole := e.AppendSnapshot([]byte("before"))[len("before"):]
	var p paper
	if err := e.WriteSnapshot(&p); err != nil || !bytes.Equal(p.Bytes(), whole) {
		t.Fatalf("%v, or other bytes: %d and %d", err, p.Len(), len(whole))
	}
	if p.n < 5 || p.largest > 2*codec.Piece {
		t.Errorf("%d pieces, the largest of %d bytes", p.n, p.largest)
	}
	for at := 1; at <= p.n; at++ {
		if err := e.WriteSnapshot(&paper{failAt: at}); !errors.Is(err, iotest.ErrTimeout) {
			t.Errorf("piece %d of %d fails: %v", at, p.n, err)
		}
	}
	restored, err := engine.RestoreFrom(s, iotest.HalfReader(bytes.NewReader(whole)), int64(len(whole)))
	if err != nil || !bytes.Equal(restored.AppendSnapshot(nil), whole) {
		t.Fatalf("read in halves: %v, or another state", err)
	}
	for n := 0; n < len(whole); n += 1 + len(whole)/50 {
		if _, err := engine.RestoreFrom(s, bytes.NewReader(whole[:n]), int64(len(whole))); !errors.Is(err, felt.ErrCorrupt) {
			t.Errorf("%d of %d bytes are there: %v", n, len(whole), err)
		}
		flaky := iotest.TimeoutReader(iotest.HalfReader(bytes.NewReader(whole)))
		if _, err := engine.RestoreFrom(s, flaky, int64(len(whole))); !errors.Is(err, iotest.ErrTimeout) || errors.Is(err, felt.ErrCorrupt) {
			t.Errorf("reading fails: %v", err)
		}
		flipped := bytes.Clone(whole)
		flipped[n] ^= 4
		if _, err := engine.RestoreFrom(s, bytes.NewReader(flipped), int64(len(whole))); !errors.Is(err, felt.ErrCorrupt) {
			t.Errorf("byte %d of %d is another: %v", n, len(whole), err)
		}
	}
}
