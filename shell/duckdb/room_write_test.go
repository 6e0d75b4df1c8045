package duckdb

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/felt-cx/felt"
)

// TestWritesNeverWantForRoom: however little memory there is in quiet times, no write fails for want of it:
// one that did would leave rows in a part of their columns, and the next checkpoint would find them.
func TestWritesNeverWantForRoom(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, Options{Dir: t.TempDir(), MemoryLimit: "512MiB", QuietLimit: "24MiB"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	wrote := 0
	for k := range 20 {
		ops := make([]felt.OperationBucket, 20_000+k*700)
		for i := range ops {
			ops[i] = felt.OperationBucket{
				Env: "e", Service: fmt.Sprint("s", i%20), Operation: "op", Start: felt.Instant(i), Known: felt.Tick(k), Count: 1, Latency: make([]byte, 60),
			}
			binary.LittleEndian.PutUint64(ops[i].Latency, uint64(i*k)*0x9e3779b97f4a7c15)
		}
		rows := make([]felt.Interaction, 3000)
		for i := range rows {
			rows[i] = felt.Interaction{Version: 1, Env: "e", App: "a", Name: "n", Kind: felt.KindStep, End: felt.Instant(i), Outcome: felt.OutcomeSuccess, Weight: 1}
			binary.LittleEndian.PutUint64(rows[i].ID[:], uint64(k*len(rows)+i)*0x9e3779b97f4a7c15)
			copy(rows[i].Customer[:], rows[i].ID[:])
		}
		tick := felt.Tick(k + 1)
		err := s.write(ctx, []felt.Batch{
			{ID: felt.BatchID{Stage: 1, Tick: tick}, Operations: ops}, {ID: felt.BatchID{Stage: 2, Tick: tick}, Interactions: rows},
		})
		if err != nil {
			t.Fatalf("write %d: %v", k, err)
		}
		wrote += len(ops)
	}
	limit, end := "", time.Now().Add(30*time.Second)
	for limit != "24.0 MiB" {
		if err := s.db.QueryRowContext(ctx, "SELECT current_setting('memory_limit')").Scan(&limit); err != nil || time.Now().After(end) {
			t.Fatalf("when nobody writes any more memory_limit is %s, %v", limit, err)
		}
	}
	if err := s.limit(ctx, "512MiB"); err != nil {
		t.Fatal(err)
	}
	if err := s.Exec(ctx, "CHECKPOINT"); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM operations").Scan(&n); err != nil || n != wrote {
		t.Errorf("%d of %d rows, %v", n, wrote, err)
	}
}
