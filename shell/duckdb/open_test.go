package duckdb_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/duckdb"
)

// What is written is there after closing and opening, and ticks go on from there.
func TestReopen(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	for tick := felt.Tick(1); tick <= 3; tick++ {
		s, err := duckdb.Open(ctx, duckdb.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		for back := tick; back >= 1; back-- { // older ones are known
			if err := s.Write(ctx, crashBatch(back)); err != nil {
				t.Fatal(err)
			}
		}
		im, err := s.Impact(ctx, felt.Question{Scope: felt.Scope{Env: "production"}, Window: felt.Window{To: felt.Day}})
		if err != nil || im.Counts.Success != int64(tick)*crashRows {
			t.Errorf("open %d: %d rows, %v", tick, im.Counts.Success, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := s.Write(ctx, crashBatch(tick+1)); !errors.Is(err, felt.ErrUnavailable) {
			t.Errorf("write after close: %v", err)
		}
	}
}

func TestNewerSchema(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	s, err := duckdb.Open(ctx, duckdb.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Exec(ctx, "INSERT INTO migrations VALUES (999, 'x')"), s.Close()); err != nil {
		t.Fatal(err)
	}
	if s, err := duckdb.Open(ctx, duckdb.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "newer felt") {
		t.Errorf("a file of a newer build: %v", err)
		_ = s.Close()
	}
}

func TestOpenErrors(t *testing.T) {
	for _, dir := range []string{"", t.TempDir() + "/a?b", "/dev/null/x"} {
		if _, err := duckdb.Open(context.Background(), duckdb.Options{Dir: dir}); err == nil {
			t.Errorf("opened %q", dir)
		}
	}
}

// Nothing that a question can say reaches DuckDB as SQL, and what it could do there by
// mistake is little: no file is read or written, whether the settings are locked or not.
func TestLocked(t *testing.T) {
	outside := []string{
		"COPY scopes TO '/tmp/out.csv'", "SELECT * FROM read_csv('/etc/passwd')", "INSTALL httpfs", "LOAD httpfs", "ATTACH '/tmp/x.db'",
		"SET enable_external_access = true", "SET GLOBAL enable_external_access = true", "SET temp_directory = '/etc'",
	}
	locked := open(t, duckdb.Options{})
	for _, text := range append([]string{"SET threads = 9"}, outside...) {
		if err := locked.Exec(context.Background(), text); err == nil {
			t.Errorf("%s was allowed", text)
		}
	}
	moving := open(t, duckdb.Options{QuietLimit: "100MB"})
	for _, text := range outside {
		if err := moving.Exec(context.Background(), text); err == nil {
			t.Errorf("%s was allowed where the memory limit may change", text)
		}
	}
}

// Questions are answered while a write is under way, and end with their context.
func TestReadersDoNotWait(t *testing.T) {
	ctx := context.Background()
	s := open(t, duckdb.Options{})
	if err := s.Write(ctx, crashBatch(1)); err != nil {
		t.Fatal(err)
	}
	q := felt.Question{Scope: felt.Scope{Env: "production"}, Window: felt.Window{To: felt.Day}}
	asked := false
	s.FailWrites(func(step int) error {
		if step == 2 { // all rows are in the open transaction
			asked = true
			im, err := s.Impact(ctx, q)
			if err != nil || im.Counts.Success != crashRows {
				t.Errorf("during a write: %d rows, %v; want those that were committed", im.Counts.Success, err)
			}
			if _, err := s.ScopeStats(ctx, q); err != nil {
				t.Error(err)
			}
			_ = s.Metrics()
		}
		return nil
	})
	if err := s.Write(ctx, crashBatch(2)); err != nil || !asked {
		t.Fatal(err, asked)
	}
	s.FailWrites(nil)
	ended, stop := context.WithCancel(ctx)
	stop()
	if _, err := s.Impact(ended, q); !errors.Is(err, context.Canceled) {
		t.Errorf("a question whose context has ended: %v", err)
	}
	if err := s.Write(ended, crashBatch(3)); err == nil {
		t.Error("a write whose context has ended: no error")
	}
	if err := s.Write(ctx, crashBatch(3)); err != nil {
		t.Errorf("the same again: %v", err)
	}
	if im, err := s.Impact(ctx, q); err != nil || im.Counts.Success != 3*crashRows {
		t.Errorf("%d rows, %v; want three batches", im.Counts.Success, err)
	}
}

func TestMetrics(t *testing.T) {
	s := open(t, duckdb.Options{})
	if err := s.Write(context.Background(), crashBatch(1)); err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, m := range s.Metrics() {
		name := m.Name
		for _, l := range m.Labels {
			name += " " + l.Value
		}
		got[name] = m.Value
		if m.Help == "" || m.Type == 0 {
			t.Errorf("%s has no help or type", m.Name)
		}
	}
	if got["felt_store_rows_total interactions"] != crashRows || got["felt_store_bytes"] <= 0 || got["felt_store_memory_bytes"] <= 0 || got["felt_store_writes_total"] != 1 {
		t.Errorf("%v", got)
	}
}

// The end of the newest interaction outlives the interaction, and the process.
func TestLastOutlivesRetention(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	s, err := duckdb.Open(ctx, duckdb.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	const first, last = felt.Tick(7), felt.Tick(700) // of one name; far enough apart for it to be saved
	if err := s.Write(ctx, crashBatch(first), crashBatch(last)); err != nil {
		t.Fatal(err)
	}
	n, err := s.Retain(ctx, felt.Day, felt.Retention{Interactions: felt.Hour})
	if err != nil || n != 2*crashRows {
		t.Fatalf("removed %d, %v", n, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, duckdb.Options{Dir: dir})
	q := felt.Question{Scope: felt.Scope{Env: "production"}, Window: felt.Window{From: felt.Day, To: 2 * felt.Day}}
	st, err := s.ScopeStats(ctx, q)
	if err != nil || len(st) != 1 || st[0].Last != last.Instant() {
		t.Errorf("%+v, %v; want the last end at %d", st, err, last.Instant())
	}
}
