package duckdb

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/felt-cx/felt"
)

// manyRows is a batch with rows of two tables, the more the later.
func manyRows(k int) []felt.Batch {
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
	return []felt.Batch{
		{ID: felt.BatchID{Stage: 1, Tick: tick}, Operations: ops},
		{ID: felt.BatchID{Stage: 2, Tick: tick}, Interactions: rows, Cursor: felt.Cursor{Name: "engine", Seq: felt.Seq(tick), Tick: tick, Epoch: 1}},
	}
}

// TestDamaged: writes that have far too little memory damage the database in memory; it is opened again, and
// every row is there once.
func TestDamaged(t *testing.T) {
	ctx, writes := context.Background(), 12
	s, err := Open(ctx, Options{Dir: t.TempDir(), MemoryLimit: "512MiB", QuietLimit: "16MiB", WriteLimit: "16MiB", Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	wrote := 0
	for k := range writes {
		list := manyRows(k + 6)
		if err := s.Write(ctx, list...); err != nil {
			t.Fatalf("write %d: %v", k, err)
		}
		wrote += len(list[0].Operations)
		s.quiet() // as if time had passed
	}
	s.stats.mu.Lock()
	opens := s.stats.opens
	s.stats.mu.Unlock()
	if opens == 0 {
		t.Error("nothing was damaged")
	}
	c, err := s.Cursor(ctx, "engine")
	if err != nil || c.Tick != felt.Tick(writes+6) {
		t.Errorf("cursor %+v, %v", c, err)
	}
	if err := s.limit(ctx, "512MiB"); err != nil {
		t.Fatal(err)
	}
	if err := s.Exec(ctx, "CHECKPOINT"); err != nil {
		t.Error(err)
	}
	var n, m int
	err = s.db.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM operations), (SELECT count(*) FROM interactions)").Scan(&n, &m)
	if err != nil || n != wrote || m != writes*3000 {
		t.Errorf("%d of %d and %d of %d rows, %v", n, wrote, m, writes*3000, err)
	}
}

// TestDamagedForGood: a database that DuckDB itself has given up is opened again by the next write,
// as soon as those have left who ask.
func TestDamagedForGood(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, Options{Dir: t.TempDir(), MemoryLimit: "512MiB", QuietLimit: "64MiB"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	asking, err := s.db.Conn(ctx) // somebody asks meanwhile
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(50*time.Millisecond, func() { _ = asking.Close() })
	for k := range 4 {
		fails := k == 2
		s.fault = func(step int) error {
			if step == 2 && fails {
				fails = false
				return errors.New("FATAL Error: Failed: database has been invalidated because of a previous fatal error")
			}
			return nil
		}
		if err := s.Write(ctx, manyRows(k)...); err != nil {
			t.Fatalf("write %d: %v", k, err)
		}
	}
	var out strings.Builder
	for _, m := range s.Metrics() {
		if m.Name == "felt_store_reopened_total" {
			fmt.Fprint(&out, m.Value)
		}
	}
	if out.String() != "1" {
		t.Errorf("opened again %s times", &out)
	}
	var n int
	if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM interactions").Scan(&n); err != nil || n != 4*3000 {
		t.Errorf("%d rows, %v", n, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Write(ctx, manyRows(9)...); !errors.Is(err, felt.ErrUnavailable) {
		t.Errorf("a closed store says %v", err)
	}
}
