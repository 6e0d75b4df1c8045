package duckdb

import (
	"context"
	"testing"
	"time"

	"github.com/felt-cx/felt"
)

// TestRoom: the database has its memory while somebody asks, and not for ever.
func TestRoom(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, Options{Dir: t.TempDir(), MemoryLimit: "128MiB", QuietLimit: "64MiB"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.room.after = time.Millisecond
	limit := func() (v string) {
		if err := s.db.QueryRowContext(ctx, "SELECT current_setting('memory_limit')").Scan(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	until := func(want string) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); limit() != want; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("memory_limit is %s, want %s", limit(), want)
			}
		}
	}
	until("64.0 MiB")
	for range 2 {
		first, err := s.makeRoom(ctx)
		if err != nil {
			t.Fatal(err)
		}
		second, err := s.makeRoom(ctx)
		if err != nil {
			t.Fatal(err)
		}
		first()
		if got := limit(); got != "128.0 MiB" {
			t.Errorf("memory_limit is %s while somebody asks", got)
		}
		second()
		until("64.0 MiB")
	}
	if _, err := s.Impact(ctx, felt.Question{Scope: felt.Scope{Env: "e", Name: "n"}, Window: felt.Window{To: 1}}); err != nil {
		t.Fatal(err)
	}
	if got := limit(); got != "128.0 MiB" && got != "64.0 MiB" {
		t.Errorf("memory_limit is %s after a question", got)
	}
	until("64.0 MiB")
}
