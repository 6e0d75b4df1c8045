package duckdb

import (
	"context"
	"testing"

	"github.com/felt-cx/felt"
)

// TestThreads: the threads of questions are there while somebody asks, and not for writes.
func TestThreads(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, Options{Dir: t.TempDir(), MemoryLimit: "128MiB", QuietLimit: "64MiB", Threads: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := func(n int) {
		t.Helper()
		var got int
		if err := s.db.QueryRowContext(ctx, "SELECT current_setting('threads')").Scan(&got); err != nil || got != n {
			t.Errorf("%d threads, %v; want %d", got, err, n)
		}
	}
	want(1)
	first, err := s.makeRoom(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want(3)
	second, err := s.makeRoom(ctx)
	if err != nil {
		t.Fatal(err)
	}
	first()
	want(3)
	if err := s.reopen(ctx); err != nil {
		t.Fatal(err)
	}
	want(3)
	second()
	want(1)
	if err := s.Write(ctx, felt.Batch{ID: felt.BatchID{Stage: 2, Tick: 1}, Operations: []felt.OperationBucket{{Env: "e"}}}); err != nil {
		t.Fatal(err)
	}
	want(1)
}

// BenchmarkRoom is what a question pays for memory and threads.
func BenchmarkRoom(b *testing.B) {
	s, err := Open(b.Context(), Options{Dir: b.TempDir(), MemoryLimit: "128MiB", QuietLimit: "64MiB"})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for b.Loop() {
		done, err := s.makeRoom(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		done()
	}
}
