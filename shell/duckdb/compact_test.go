package duckdb_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/duckdb"
	"github.com/felt-cx/felt/shell/mem"
	"github.com/felt-cx/felt/shell/storetest"
)

// Random histories, compactions, corrections and retention: the same answers as from the
// store in memory, and the same counts as from one that keeps everything.
func TestCompactedSameAsMemory(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			limit := int64(0)
			if seed%2 == 1 {
				limit = 60 // so that estimates are made while interactions are there
			}
			n, err := storetest.Compacted(context.Background(), mem.NewStore(mem.StoreOptions{}),
				mem.NewStore(mem.StoreOptions{ExactLimit: limit}), open(t, duckdb.Options{ExactLimit: limit}), seed)
			if err != nil {
				t.Error(err)
			}
			if n < 3 {
				t.Errorf("only %d answers from coarse rows: this test does not test", n)
			}
		})
	}
}

// unlucky is a store whose transactions fail every now and then, and whose callers try again.
type unlucky struct {
	*duckdb.Store
	fail   bool
	faults int
}

func (u *unlucky) try(do func() error) error {
	for range 3 {
		u.fail = true
		if err := do(); err == nil || !errors.Is(err, storetest.ErrFault) {
			return err
		}
	}
	u.fail = false
	return do()
}

func (u *unlucky) Write(ctx context.Context, batches ...felt.Batch) error {
	return u.try(func() error { return u.Store.Write(ctx, batches...) })
}

func (u *unlucky) Compact(ctx context.Context, before felt.Instant, segmentMax int) (int64, error) {
	total := int64(0)
	err := u.try(func() error {
		n, err := u.Store.Compact(ctx, before, segmentMax)
		total += n
		return err
	})
	return total, err
}

// A Compact that fails before, in the middle of, or after one of its transactions is made again:
// nothing is lost or doubled.
func TestCompactFaults(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 3))
	u := &unlucky{Store: open(t, duckdb.Options{})}
	u.FailWrites(func(int) error {
		if u.fail && r.IntN(12) == 0 {
			u.faults++
			return storetest.ErrFault
		}
		return nil
	})
	_, err := storetest.Compacted(context.Background(), mem.NewStore(mem.StoreOptions{}), mem.NewStore(mem.StoreOptions{}), u, 8)
	if err != nil {
		t.Error(err)
	}
	if u.faults < 12 {
		t.Errorf("only %d faults: this test does not test", u.faults)
	}
}

// While one Compact reads, rows come: what it made is stale, and the next makes it again.
func TestCompactWhileWriting(t *testing.T) {
	ctx := context.Background()
	s := open(t, duckdb.Options{})
	const end = felt.Instant(7200) * felt.Second
	row := func(tick felt.Tick) felt.Batch {
		b := felt.Batch{ID: felt.BatchID{Stage: 2, Tick: tick}}
		bucket := felt.Bucket{
			Series: felt.Series{Env: "production", App: "shop", Name: "pay", Kind: felt.KindStep},
			Start:  felt.Hour, Width: 10, Known: tick, Counts: felt.Counts{Failed: 1},
		}
		bucket.Adjusted[felt.OutcomeFailed] = 1
		b.Buckets = []felt.Bucket{bucket}
		b.Interactions = []felt.Interaction{{
			ID: felt.InteractionID{byte(tick)}, Version: 1, Known: tick, Env: "production", App: "shop", Name: "pay", Kind: felt.KindStep,
			End: felt.Hour + 1, Outcome: felt.OutcomeFailed, Weight: 1,
		}}
		return b
	}
	if err := s.Write(ctx, row(1)); err != nil {
		t.Fatal(err)
	}
	wrote := false
	s.AtRead(func() {
		if !wrote {
			wrote = true
			if err := s.Write(ctx, row(2)); err != nil {
				t.Error(err)
			}
		}
	})
	if _, err := s.Compact(ctx, end, 9); err != nil || !wrote {
		t.Fatal(err, wrote)
	}
	q := felt.Question{Scope: felt.Scope{Env: "production"}, Window: felt.Window{To: felt.Day}}
	keep := felt.Retention{Interactions: felt.Hour, Buckets10s: felt.Hour}
	for _, before := range []felt.Instant{end, end + felt.Day} {
		if _, err := s.Retain(ctx, end+felt.Day, keep); err != nil {
			t.Fatal(err)
		}
		if im, err := s.Impact(ctx, q); err != nil || im.Counts.Failed != 2 {
			t.Errorf("%d failed, %v; want 2", im.Counts.Failed, err)
		}
		if _, err := s.Compact(ctx, before+felt.Hour, 9); err != nil {
			t.Fatal(err)
		}
	}
}
