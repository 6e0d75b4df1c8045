package duckdb_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/sketch"
	"github.com/felt-cx/felt/shell/duckdb"
)

// A data directory of the version before: its rows are there, its ticks hold for every engine,
// its links lead somewhere, and its hours are made coarser.
func TestOldDirectory(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	// Interactions of three hours; of the first, the buckets are gone.
	err := duckdb.MakeOld(ctx, dir, `
		INSERT INTO scopes VALUES (1, 'production', 'shop', 'pay', 1, 0, 0);
		INSERT INTO interactions SELECT uuid(), 1, i, i, 3, 1, '', '', i * 1000000000, i * 1000000000, 3, 0, '', '', 1, '', false, 0, 5, 0, NULL, 1,
			md5(i::VARCHAR)::UUID, 4, NULL, NULL, md5(i::VARCHAR)::UUID, 1, uuid(), 1, 'web', '', '',
			chr(31) || 'plan' || chr(30) || 'pro' || chr(31), 0, '', '', 0 FROM range(3600, 14400, 60) r(i);
		INSERT INTO scopes VALUES (2, 'staging', 'shop', 'pay', 1, 0, 0), (3, 'staging', 'shop', 'checkout', 2, 0, 0);
		INSERT INTO interactions SELECT uuid(), 3, 9000, 8000 + i, CASE i WHEN 0 THEN 1 ELSE 0 END, 2 + i, '', '', 7e12, 8e12, 3, 0, '', '', 1, '', false, 0, 5, 0, NULL, 1,
			uuid(), 1, NULL, NULL, NULL, 1, uuid(), 1, 'web', '', '', '', 0, '', '', 0 FROM range(2) r(i);
		INSERT INTO buckets SELECT 1, '', '', i * 1000000000, 10, i + 10, 0, 0, 1, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL FROM range(7200, 14400, 60) r(i);
		INSERT INTO link_rows VALUES ('production', 4, md5('3600')::UUID, md5('user')::UUID, 5), ('production', 4, md5('3660')::UUID, md5('user')::UUID, 5);
		INSERT INTO ticks VALUES (1, 2, 0, 14400), (2, 2, 0, 14000), (1, 3, 0, 99);
		INSERT INTO cursors VALUES ('engine', 7, 14400, 'snap', 1)`)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, duckdb.Options{Dir: dir})
	old := crashBatch(1)
	old.ID = felt.BatchID{Engine: 3, Stage: 2, Tick: 14400}
	old.Cursor = felt.Cursor{}
	old.Links = []felt.Link{{Env: "production"}}
	if err := s.Write(ctx, old); err != nil {
		t.Fatal(err)
	}
	hours := func(from, to felt.Instant) felt.Question {
		return felt.Question{Scope: felt.Scope{Env: "production"}, Window: felt.Window{From: from * felt.Hour, To: to * felt.Hour}}
	}
	im, err := s.Impact(ctx, hours(1, 4))
	if err != nil || im.Counts != (felt.Counts{Failed: 180}) || im.Customers.Failed != 179 {
		t.Errorf("%+v, %v; want 180 failures, of 179 customers after links", im, err)
	}
	rows, _, err := s.Interactions(ctx, hours(1, 4), felt.OutcomeNone, 1, "")
	if err != nil || len(rows) != 1 || rows[0].Steps != nil || rows[0].Draw != 0 {
		t.Errorf("%+v, %v", rows, err)
	}
	// What was corrected before first versions were kept is judged by when and how it was first
	// known; a journey that was open at first, by its newest version.
	var past []string
	for batch, err := range s.History(ctx, 7999, 9001) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range batch {
			if r := &batch[i]; r.Env == "staging" {
				past = append(past, fmt.Sprintf("%d %s %s", r.Known, r.Kind, r.Outcome))
			}
		}
	}
	if fmt.Sprint(past) != "[8000 step success 9000 journey failed]" {
		t.Errorf("history of what was corrected: %q", past)
	}
	if c, err := s.Cursor(ctx, "engine"); err != nil || c.Seq != 7 {
		t.Errorf("cursor %+v, %v", c, err)
	}
	if n, err := s.Compact(ctx, 2*felt.Day, 5); err != nil || n == 0 {
		t.Errorf("compacted %d rows, %v", n, err)
	}
	if _, err := s.Retain(ctx, 40*felt.Day, felt.DefaultRetention()); err != nil {
		t.Fatal(err)
	}
	if im, err := s.Impact(ctx, hours(2, 4)); err != nil || im.Counts.Failed != 120 {
		t.Errorf("%+v, %v; want 120 from hours", im, err)
	}
	if im, err := s.Impact(ctx, hours(1, 4)); !errors.Is(err, felt.ErrUnanswerable) {
		t.Errorf("%+v, %v; the buckets of the first hour were gone before hours were made", im, err)
	}
	pro := hours(1, 4) // but by segment it is there
	pro.Where = []felt.Condition{{Key: "plan", Op: felt.OpEquals, Values: []string{"pro"}}}
	if im, err := s.Impact(ctx, pro); err != nil || im.Counts.Failed != 180 {
		t.Errorf("%+v, %v; want 180 from rows of plan=pro", im, err)
	}
	var d sketch.Distinct
	d.Add(felt.Hash{1})
	row := felt.Batch{ID: felt.BatchID{Stage: 2, Tick: 20000}, Buckets: []felt.Bucket{{
		Series: felt.Series{Env: "production", App: "shop", Name: "pay", Kind: felt.KindStep}, Start: 3 * felt.Hour, Width: 10,
		Counts: felt.Counts{Failed: 1}, Customers: felt.Sketches{Failed: d.AppendBinary(nil)},
	}}}
	if err := s.Write(ctx, row); err != nil {
		t.Fatal(err)
	}
	if im, err := s.Impact(ctx, hours(2, 4)); err != nil || im.Counts.Failed != 121 {
		t.Errorf("%+v, %v; want 121 with one that came late", im, err)
	}
}

// What came with incidents is there in a directory of the version before: what else a command needs,
// and customers who were written when every state was a row.
func TestOldDirectoryOfIncidents(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	err := duckdb.MakeOld(ctx, dir, `
		INSERT INTO commands VALUES (5, 'ann', 'api', 'incident.acknowledge', 'inc-1', '', 'k');
		INSERT INTO incident_customers VALUES ('inc-1', '01000000-0000-0000-0000-000000000000'::UUID, NULL, 5, 6, 1, 0, 0, 0)`)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, duckdb.Options{Dir: dir})
	err = s.Write(ctx, felt.Batch{
		ID: felt.BatchID{Engine: 4, Stage: 3, Tick: 9},
		Commands: []felt.Command{
			{What: felt.CommandDeclare, Target: "inc-2", Args: map[string]string{"name": "pay", "title": "it's \xff"}},
			{What: felt.CommandNote},
		},
		IncidentCustomers: []felt.IncidentCustomer{{Incident: "inc-1", Customer: felt.Hash{1}, First: 5, Last: 8, Failed: 2}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Text(ctx, "SELECT string_agg(args, '|' ORDER BY happened DESC, what DESC) FROM commands")
	if want := `||{"name":"pay","title":"it's \ufffd"}`; err != nil || got != want {
		t.Errorf("args %s, %v; want %s", got, err, want)
	}
	list, _, err := s.Cohort(ctx, "inc-1", 0, "")
	if err != nil || len(list) != 1 || list[0].Failed != 2 {
		t.Errorf("cohort %+v, %v", list, err)
	}
	if n, err := s.Text(ctx, "SELECT count(*)::VARCHAR FROM new_cohort"); err != nil || n != "0" {
		t.Errorf("%s rows wait to be taken, %v", n, err)
	}
}
