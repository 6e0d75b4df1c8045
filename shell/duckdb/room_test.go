package duckdb

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/felt-cx/felt"
)

// TestRoomToWrite: what does not fit into the memory of quiet times is written all the same.
func TestRoomToWrite(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, Options{Dir: t.TempDir(), MemoryLimit: "512MiB", QuietLimit: "10MiB"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rows := make([]felt.Interaction, 200_000)
	for i := range rows {
		rows[i] = felt.Interaction{Version: 1, Env: "e", App: "a", Name: "n", Kind: felt.KindStep, End: felt.Instant(i), Outcome: felt.OutcomeSuccess, Weight: 1}
		binary.LittleEndian.PutUint64(rows[i].ID[:], uint64(i)*0x9e3779b97f4a7c15)
		copy(rows[i].Customer[:], rows[i].ID[:])
		rows[i].Customer[0] |= 1
	}
	if err := s.Write(ctx, felt.Batch{ID: felt.BatchID{Stage: 2, Tick: 1}, Interactions: rows}); err != nil {
		t.Fatal(err)
	}
	im, err := s.Impact(ctx, felt.Question{Scope: felt.Scope{Env: "e", Name: "n"}, Window: felt.Window{To: felt.Second}})
	if err != nil || im.Counts.Success != int64(len(rows)) {
		t.Errorf("%d of %d rows, %v", im.Counts.Success, len(rows), err)
	}
}

// TestRoomOfAHistory: what is of long ago is written with more memory and fewer checkpoints than what happens now, and
// neither limit stays.
func TestRoomOfAHistory(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, Options{
		Dir: t.TempDir(), MemoryLimit: "512MiB", QuietLimit: "24MiB", WriteLimit: "64MiB", ImportLimit: "128MiB",
		CheckpointThreshold: "16MiB", ImportThreshold: "32MiB",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	set := func() (limit, fold string) {
		t.Helper()
		if err := s.conn.QueryRowContext(ctx, "SELECT current_setting('memory_limit'), current_setting('checkpoint_threshold')").Scan(&limit, &fold); err != nil {
			t.Fatal(err)
		}
		return limit, fold
	}
	s.room.after = time.Hour
	for i, c := range []struct {
		at          time.Time
		limit, fold string
		kept        time.Duration
	}{
		{time.Now().Add(-30 * 24 * time.Hour), "128.0 MiB", "32.0 MiB", keepLong},
		{time.Now().Add(-2 * time.Hour), "128.0 MiB", "32.0 MiB", keepLong},
		{time.Now(), "64.0 MiB", "16.0 MiB", 0},
	} {
		s.fault = func(step int) error { // within the transaction: afterwards it may be quiet already
			if step == 1 {
				if limit, fold := set(); limit != c.limit || fold != c.fold || s.room.kept != c.kept {
					t.Errorf("write %d: memory_limit %s, checkpoint_threshold %s, freed kept for %s, want %s, %s and %s", i, limit, fold, s.room.kept, c.limit, c.fold, c.kept)
				}
			}
			return nil
		}
		tick := felt.TickOf(felt.InstantOf(c.at))
		row := felt.Interaction{ID: felt.InteractionID{byte(i)}, Version: 1, Env: "e", Name: "n", Kind: felt.KindStep, Outcome: felt.OutcomeSuccess, Weight: 1}
		if err := s.Write(ctx, felt.Batch{ID: felt.BatchID{Stage: 2, Tick: tick}, Interactions: []felt.Interaction{row}}); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"128.0 MiB", "512.0 MiB", "512.0 MiB"} { // a write that wants for room is not the only one
		failed := false
		s.fault = func(step int) error {
			if step == 2 && !failed {
				failed = true
				return errors.New("Out of Memory Error: injected")
			}
			return nil
		}
		tick := felt.TickOf(felt.InstantOf(time.Now())) + felt.Tick(2*i) + 1
		if err := s.Write(ctx, felt.Batch{ID: felt.BatchID{Stage: 2, Tick: tick}, Cursor: felt.Cursor{Name: "n", Seq: felt.Seq(2*i + 1)}}); err != nil {
			t.Fatal(err)
		}
		s.quiet()
		s.fault = func(step int) error {
			if limit, _ := set(); step == 1 && limit != want {
				t.Errorf("after %d writes that wanted for room memory_limit is %s, want %s", i+1, limit, want)
			}
			return nil
		}
		if err := s.Write(ctx, felt.Batch{ID: felt.BatchID{Stage: 2, Tick: tick + 1}, Cursor: felt.Cursor{Name: "n", Seq: felt.Seq(2*i + 2)}}); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(30 * time.Second); ; {
		if limit, _ := set(); limit == "24.0 MiB" {
			break
		} else if time.Now().After(end) {
			t.Fatalf("memory_limit stays %s", limit)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

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

// TestRoomToCompact: compacting takes more memory only when it cannot do without.
func TestRoomToCompact(t *testing.T) {
	ctx := context.Background()
	for _, fails := range []bool{false, true} {
		s, err := Open(ctx, Options{Dir: t.TempDir(), MemoryLimit: "128MiB", QuietLimit: "64MiB", WriteLimit: "80MiB", ImportLimit: "96MiB"})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		row := felt.Interaction{ID: felt.InteractionID{1}, Version: 1, Env: "e", App: "a", Name: "n", Kind: felt.KindStep, End: 1, Outcome: felt.OutcomeFailed, Weight: 1}
		bucket := felt.Bucket{Series: felt.Series{Env: "e", App: "a", Name: "n", Kind: felt.KindStep}, Width: 10, Counts: felt.Counts{Failed: 1}}
		if err := s.Write(ctx, felt.Batch{ID: felt.BatchID{Stage: 2, Tick: 1}, Interactions: []felt.Interaction{row}, Buckets: []felt.Bucket{bucket}}); err != nil {
			t.Fatal(err)
		}
		tries := 0
		s.fault = func(step int) error {
			if step != 2 {
				return nil
			}
			tries++
			limit, want := "", "96.0 MiB"
			if fails && tries > 1 {
				want = "128.0 MiB"
			}
			if err := s.conn.QueryRowContext(ctx, "SELECT current_setting('memory_limit')").Scan(&limit); err != nil || limit != want {
				t.Errorf("try %d is within %s, want %s (%v)", tries, limit, want, err)
			}
			if fails && tries == 1 {
				return errors.New("Out of Memory Error: injected")
			}
			return nil
		}
		n, err := s.Compact(ctx, felt.Day, 9)
		if err != nil || n == 0 || tries < 2 {
			t.Errorf("%d rows after %d tries, %v", n, tries, err)
		}
		s.room.mu.Lock()
		if s.room.raised != fails {
			t.Errorf("more memory taken: %v, needed: %v", s.room.raised, fails)
		}
		s.room.mu.Unlock()
		if im, err := s.Impact(ctx, felt.Question{Scope: felt.Scope{Env: "e", Name: "n"}, Window: felt.Window{To: felt.Hour}}); err != nil || im.Counts.Failed != 1 {
			t.Errorf("%d failed, %v", im.Counts.Failed, err)
		}
	}
}
