package storetest

import (
	"context"
	"encoding/binary"
	"testing"

	"github.com/felt-cx/felt"
)

// Env is the environment of the suite's rows.
const Env = "production"

// day is where the suite's rows begin: a midnight, so that widths of buckets align.
const day = 20_000 * felt.Day

// hash makes the n-th identity of a kind; 0 is none.
func hash(kind byte, n int) felt.Hash {
	if n == 0 {
		return felt.Hash{}
	}
	// Spread as a keyed hash is, or sketches would be wrong.
	x := uint64(n)*0x9E3779B97F4A7C15 + uint64(kind)<<56
	x ^= x >> 29
	x *= 0xBF58476D1CE4E5B9
	x ^= x >> 32
	var h felt.Hash
	binary.BigEndian.PutUint64(h[:], x)
	binary.BigEndian.PutUint64(h[8:], uint64(n))
	h[15] ^= kind
	return h
}

// interactionID makes the n-th id.
func interactionID(n int) felt.InteractionID { return felt.InteractionID(hash(77, n+1)) }

// try is an interaction: customer n of journey step "pay" of app "shop", which ended at
// second at of the day.
func try(id, customer int, o felt.Outcome, at int) felt.Interaction {
	end := day + felt.Instant(at)*felt.Second
	return felt.Interaction{
		ID: interactionID(id), Version: 1, Known: felt.TickOf(end), FirstKnown: felt.TickOf(end), FirstOutcome: o,
		Env: Env, App: "shop", Name: "pay", Kind: felt.KindStep,
		Start: end - felt.Second, End: end, Outcome: o, Duration: int64(felt.Second), Weight: 1,
		Customer: hash(1, customer), IdentityLevel: felt.LevelUser,
		Session: hash(2, customer), Account: hash(3, (customer+9)/10),
	}
}

// with changes a row.
func with[T any](r T, change func(*T)) T {
	change(&r)
	return r
}

// batch is a batch of stage 2 with the engine's cursor.
func batch(tick felt.Tick, rows ...felt.Interaction) felt.Batch {
	return felt.Batch{
		ID:           felt.BatchID{Engine: 1, Stage: 2, Part: 0, Tick: tick},
		Cursor:       felt.Cursor{Name: "engine", Seq: felt.Seq(tick), Tick: tick, Epoch: 1},
		Interactions: rows,
	}
}

// whole asks about everything.
func whole() felt.Question {
	return felt.Question{Scope: felt.Scope{Env: Env}, Window: felt.Window{From: 0, To: 30_000 * felt.Day}}
}

// noon is a tick after all rows of a case.
const noon = felt.Tick((day + 12*felt.Hour) / felt.Second)

func write(t *testing.T, s felt.Store, batches ...felt.Batch) {
	t.Helper()
	if err := s.Write(context.Background(), batches...); err != nil {
		t.Fatalf("write: %v", err)
	}
}

func impact(t *testing.T, s felt.Store, q felt.Question) felt.Impact {
	t.Helper()
	im, err := s.Impact(context.Background(), q)
	if err != nil {
		t.Fatalf("impact of %s: %v", q, err)
	}
	return im
}

func wantDistinct(t *testing.T, what string, got, want felt.Distinct) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}
