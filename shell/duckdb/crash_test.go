package duckdb_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/duckdb"
)

// crashRows are in each batch of the crash test.
const crashRows = 300

func crashBatch(tick felt.Tick) felt.Batch {
	b := felt.Batch{
		ID:     felt.BatchID{Engine: 1, Stage: 2, Tick: tick},
		Cursor: felt.Cursor{Name: "engine", Seq: felt.Seq(tick), Tick: tick, Epoch: 1},
	}
	for i := range crashRows {
		id := felt.InteractionID{byte(tick), byte(tick >> 8), byte(i), byte(i >> 8), 1}
		b.Interactions = append(b.Interactions, felt.Interaction{
			ID: id, Version: 1, Known: tick, FirstKnown: tick, Env: "production", App: "shop", Name: fmt.Sprint("name", tick%7),
			Kind: felt.KindStep, End: tick.Instant(), Outcome: felt.OutcomeSuccess, Customer: felt.Hash(id), Weight: 1,
		})
	}
	return b
}

// TestCrashChild is the process that TestCrash kills: it writes batches and says which
// are written, until it is killed.
func TestCrashChild(t *testing.T) {
	dir := os.Getenv("FELT_CRASH_DIR")
	if dir == "" {
		t.Skip("only as a child of TestCrash")
	}
	ctx := context.Background()
	s, err := duckdb.Open(ctx, duckdb.Options{Dir: dir, CheckpointThreshold: "300KB"}) // folds the WAL often
	if err != nil {
		t.Fatal(err)
	}
	tick := felt.Tick(0)
	if c, err := s.Cursor(ctx, "engine"); err == nil {
		tick = c.Tick
	}
	for {
		tick++
		if err := s.Write(ctx, crashBatch(tick)); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("written %d\n", tick)
	}
}

// A process is killed in the middle of writes: what it said was written is there, whole
// batches only, and the cursor agrees with the rows.
func TestCrash(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	for round := range 6 {
		written := crash(t, dir, 3+rand.IntN(25), time.Duration(rand.IntN(12))*time.Millisecond)
		s, err := duckdb.Open(ctx, duckdb.Options{Dir: dir})
		if err != nil {
			t.Fatalf("round %d: open after kill: %v", round, err)
		}
		c, err := s.Cursor(ctx, "engine")
		if err != nil || c.Tick < written {
			t.Errorf("round %d: cursor %+v, %v; the child had written tick %d", round, c, err, written)
		}
		q := felt.Question{Scope: felt.Scope{Env: "production"}, Window: felt.Window{To: felt.Day}}
		im, err := s.Impact(ctx, q)
		if want := int64(c.Tick) * crashRows; err != nil || im.Counts.Success != want || im.Customers.Total != want {
			t.Errorf("round %d: %d rows, %d customers, %v; the cursor says %d", round, im.Counts.Success, im.Customers.Total, err, want)
		}
		stats, err := s.ScopeStats(ctx, q)
		newest := felt.Instant(0)
		for _, st := range stats {
			newest = max(newest, st.Last)
		}
		if err != nil || newest != c.Tick.Instant() {
			t.Errorf("round %d: newest interaction at %d, %v; want %d", round, newest, err, c.Tick.Instant())
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// crash runs the child until it has written n more batches, waits a little so that the
// kill strikes anywhere in a write, and returns the last tick it said was written.
func crash(t *testing.T, dir string, n int, wait time.Duration) felt.Tick {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run", "^TestCrashChild$")
	child.Env = append(os.Environ(), "FELT_CRASH_DIR="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var last felt.Tick
	lines := bufio.NewScanner(out)
	for seen := 0; lines.Scan(); {
		var tick felt.Tick
		if _, err := fmt.Sscanf(lines.Text(), "written %d", &tick); err != nil {
			continue
		}
		last = tick
		if seen++; seen == n {
			time.AfterFunc(wait, func() { _ = child.Process.Kill() })
		}
	}
	err = child.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Fatalf("child ended by itself: %v", err)
	}
	return last
}

// TestLockChild opens a directory that is in use.
func TestLockChild(t *testing.T) {
	dir := os.Getenv("FELT_LOCK_DIR")
	if dir == "" {
		t.Skip("only as a child of TestLock")
	}
	_, err := duckdb.Open(context.Background(), duckdb.Options{Dir: dir})
	fmt.Println("open:", err)
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	open(t, duckdb.Options{Dir: dir})
	child := exec.Command(os.Args[0], "-test.run", "^TestLockChild$", "-test.v")
	child.Env = append(os.Environ(), "FELT_LOCK_DIR="+dir)
	out, err := child.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "data directory is in use by another process") {
		t.Errorf("%v: %s", err, out)
	}
}
