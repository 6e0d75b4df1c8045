package duckdb_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/duckdb"
	"github.com/felt-cx/felt/shell/mem"
	"github.com/felt-cx/felt/shell/storetest"
)

// Random histories and random questions: the same answers as from the store in memory,
// which looks at every row. Small limits make both estimate.
func TestSameAsMemory(t *testing.T) {
	ctx := context.Background()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			limit := int64(0)
			if seed%2 == 1 {
				limit = 40
			}
			const ticks = 80
			ref := mem.NewStore(mem.StoreOptions{ExactLimit: limit})
			s := open(t, duckdb.Options{ExactLimit: limit})
			if seed >= 2 {
				s.CopyAtMost(20)
			}
			batches := storetest.History(seed, ticks)
			for len(batches) > 0 {
				n := min(7, len(batches))
				for _, store := range []felt.Store{ref, s} {
					if err := store.Write(ctx, batches[:n]...); err != nil {
						t.Fatal(err)
					}
				}
				batches = batches[n:]
			}
			if err := storetest.Same(ctx, ref, s, seed, ticks, 25); err != nil {
				t.Error(err)
			}
		})
	}
}
