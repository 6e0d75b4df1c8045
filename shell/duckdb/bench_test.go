package duckdb_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/sketch"
	"github.com/felt-cx/felt/shell/duckdb"
)

const (
	benchEnd    = 20_001 * felt.Day
	benchApps   = 10
	benchNames  = 20
	benchScopes = benchApps * benchNames
)

// fill makes n interactions over the 24 hours before benchEnd: 200 names, some a
// million customers, four million sessions, a third of which are anonymous, 2 % failed, 3 %
// degraded, in order of time.
func fill(b *testing.B, s *duckdb.Store, n int) {
	b.Helper()
	ctx := context.Background()
	first := felt.Batch{ID: felt.BatchID{Engine: 1, Stage: 2, Tick: felt.Tick(benchEnd / felt.Second)}}
	for i := range benchScopes {
		first.Interactions = append(first.Interactions, felt.Interaction{
			ID: felt.InteractionID{1, byte(i)}, Version: 1, Env: "production", App: fmt.Sprint("app", i/benchNames), Name: fmt.Sprint("name", i),
			Kind: felt.KindStep, End: benchEnd - 1, Outcome: felt.OutcomeSuccess, Weight: 1,
		})
	}
	if err := s.Write(ctx, first); err != nil {
		b.Fatal(err)
	}
	const chunk = 250_000
	gap := int64(24*felt.Hour) / int64(n)
	err := s.Exec(ctx, `CREATE TEMP TABLE people AS SELECT i, uuid() AS id FROM range(1000000) r(i);
		CREATE TEMP TABLE visits AS SELECT i, uuid() AS id FROM range(4000000) r(i)`)
	for from := 0; from < n && err == nil; from += chunk {
		err = s.Exec(ctx, fmt.Sprintf(`INSERT INTO interactions
			SELECT uuid(), 1, ended // 1000000000, ended // 1000000000, outcome,
				1 + (hash(row + 1) %% %d)::INTEGER, '', '', ended - 300000000, ended, outcome, 0,
				if(outcome = 3, 'card declined', ''), 'status', 1, '', false, 0, (hash(row + 2) %% 900000000)::BIGINT, 0, NULL, 1,
				if(visit %% 3 = 0, visits.id, people.id), if(visit %% 3 = 0, 4, 1), NULL, NULL, visits.id, 1, uuid(), hash(row + 5), 'web', 'v1.' || (row // 5000000), '',
				chr(31) || 'plan' || chr(30) || ['free', 'pro', 'team'][1 + (hash(row + 6) %% 3)::INTEGER] || chr(31) ||
				'region' || chr(30) || ['eu', 'us', 'ap', 'br'][1 + (hash(row + 7) %% 4)::INTEGER] || chr(31), 0, '', NULL, 0, NULL
			FROM (SELECT row, %d + row * %d + (hash(row + 8) %% 5000000000)::BIGINT AS ended,
				CASE WHEN hash(row + 9) %% 100 < 2 THEN 3 WHEN hash(row + 9) %% 100 < 5 THEN 2 WHEN hash(row + 9) %% 100 < 7 THEN 4 ELSE 1 END AS outcome,
				(pow((hash(row + 3) %% 1000000) / 1000000.0, 2) * 1000000)::BIGINT AS person, row // 5 AS visit
				FROM range(%d, %d) r(row))
			LEFT JOIN people ON people.i = person LEFT JOIN visits ON visits.i = visit`,
			benchScopes, benchEnd-24*felt.Hour-5*felt.Second, gap, from, min(from+chunk, n)))
	}
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Exec(ctx, "DROP TABLE people; DROP TABLE visits"); err != nil {
		b.Fatal(err)
	}
	if err := s.Exec(ctx, "CHECKPOINT"); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkQuestions asks each question of FELT_BENCH_ROWS interactions over 24 hours
// (20,000,000 take some 2 GB of disk and two minutes to make).
func BenchmarkQuestions(b *testing.B) {
	rows, err := strconv.Atoi(os.Getenv("FELT_BENCH_ROWS"))
	if err != nil {
		b.Skip("FELT_BENCH_ROWS is not a number of rows")
	}
	ctx := context.Background()
	s, err := duckdb.Open(ctx, duckdb.Options{Dir: b.TempDir(), ExactLimit: 1 << 40})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	began := time.Now()
	fill(b, s, rows)
	b.Logf("%d rows made in %v", rows, time.Since(began).Round(time.Second))
	last := func(d felt.Instant, name string) felt.Question {
		return felt.Question{Scope: felt.Scope{Env: "production", Name: name}, Window: felt.Window{From: benchEnd - d, To: benchEnd}}
	}
	where := func(q felt.Question) felt.Question {
		q.Where = []felt.Condition{{Key: "plan", Op: felt.OpEquals, Values: []string{"pro"}}}
		return q
	}
	several := func(q felt.Question) felt.Question { // as many as an incident is about at most
		for i := 1; i < 50; i++ {
			q.Also = append(q.Also, felt.Scope{App: fmt.Sprint("app", i/benchNames), Name: fmt.Sprint("name", i), Kind: felt.KindStep})
		}
		return q
	}
	list := func(q felt.Question, o felt.Outcome) func() error {
		return func() error { _, _, err := s.Interactions(ctx, q, o, 50, ""); return err }
	}
	impact := func(q felt.Question) func() error {
		return func() error { _, err := s.Impact(ctx, q); return err }
	}
	stats := func(q felt.Question) func() error {
		return func() error { _, err := s.ScopeStats(ctx, q); return err }
	}
	points := func(q felt.Question, step felt.Instant, by string) func() error {
		return func() error { _, err := s.Points(ctx, q, step, by); return err }
	}
	for _, c := range []struct {
		name string
		ask  func() error
	}{
		{"stats 5m, 200 names", stats(last(5*felt.Minute, ""))},
		{"stats 1h, 200 names", stats(last(felt.Hour, ""))},
		{"stats 24h, 200 names", stats(last(felt.Day, ""))},
		{"impact 5m, one name", impact(last(5*felt.Minute, "name7"))},
		{"impact 1h, one name", impact(last(felt.Hour, "name7"))},
		{"impact 1h, one name, plan=pro", impact(where(last(felt.Hour, "name7")))},
		{"impact 1h, all names", impact(last(felt.Hour, ""))},
		{"impact 5m, 50 names", impact(several(last(5*felt.Minute, "name0")))},
		{"impact 1h, 50 names", impact(several(last(felt.Hour, "name0")))},
		{"impact 24h, 50 names", impact(several(last(felt.Day, "name0")))},
		{"impact 24h, one name", impact(last(felt.Day, "name7"))},
		{"impact 24h, one name, plan=pro", impact(where(last(felt.Day, "name7")))},
		{"impact 24h, all names", impact(last(felt.Day, ""))},
		{"objective 24h, one name", func() error {
			_, err := s.Objective(ctx, last(felt.Day, "name7"), felt.Second)
			return err
		}},
		{"points 1h by 10s, one name", points(last(felt.Hour, "name7"), 10*felt.Second, "")},
		{"points 1h by 1m and region, one name", points(last(felt.Hour, "name7"), felt.Minute, "region")},
		{"points 24h by 5m, one name", points(last(felt.Day, "name7"), 5*felt.Minute, "")},
		{"points 24h by 5m, all names", points(last(felt.Day, ""), 5*felt.Minute, "")},
		{"list 1h failed, one name", list(last(felt.Hour, "name7"), felt.OutcomeFailed)},
		{"list 24h failed, one name", list(last(felt.Day, "name7"), felt.OutcomeFailed)},
		{"list 24h, all names", list(last(felt.Day, ""), felt.OutcomeNone)},
	} {
		b.Run(c.name, func(b *testing.B) {
			var took []time.Duration
			began := cpu()
			for b.Loop() {
				at := time.Now()
				if err := c.ask(); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(at))
			}
			b.ReportMetric(float64(cpu()-began)/1e6/float64(len(took)), "CPU-ms")
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2])/1e6, "p50-ms")
			b.ReportMetric(float64(took[len(took)-1])/1e6, "max-ms")
		})
	}
}

// BenchmarkLinks asks questions of FELT_BENCH_ROWS interactions over 24 hours, a third of
// them anonymous, first without links, then with a link for every anonymous session.
func BenchmarkLinks(b *testing.B) {
	rows, err := strconv.Atoi(os.Getenv("FELT_BENCH_ROWS"))
	if err != nil {
		b.Skip("FELT_BENCH_ROWS is not a number of rows")
	}
	ctx := context.Background()
	s, err := duckdb.Open(ctx, duckdb.Options{Dir: b.TempDir(), ExactLimit: 1 << 40})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	fill(b, s, rows)
	ask := func(links string) {
		for _, c := range []struct {
			name string
			d    felt.Instant
			of   string
		}{{"5m, one name", 5 * felt.Minute, "name7"}, {"1h, all names", felt.Hour, ""}, {"24h, one name", felt.Day, "name7"}, {"24h, all names", felt.Day, ""}} {
			q := felt.Question{Scope: felt.Scope{Env: "production", Name: c.of}, Window: felt.Window{From: benchEnd - c.d, To: benchEnd}}
			b.Run("impact "+c.name+", "+links, func(b *testing.B) {
				for b.Loop() {
					if _, err := s.Impact(ctx, q); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("stats "+c.name+", "+links, func(b *testing.B) {
				for b.Loop() {
					if _, err := s.ScopeStats(ctx, q); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("affected "+c.name+", "+links, func(b *testing.B) {
				for b.Loop() {
					if _, _, err := s.Affected(ctx, q, 50, ""); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
	ask("no links")
	err = s.Exec(ctx, `INSERT INTO links
		SELECT 'production', 4, session, 1, person, 0, person, 1
		FROM (SELECT session, md5((hash(session) % 1000000)::VARCHAR)::UUID AS person FROM interactions WHERE level = 4 GROUP BY session)`)
	if err != nil {
		b.Fatal(err)
	}
	ask("links")
}

// cpu is what the process has used, all threads.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkWrite writes a tick's rows at a time and reports CPU seconds per million rows.
func BenchmarkWrite(b *testing.B) {
	var latency sketch.Latency
	var crowd sketch.Distinct
	for i := range 30 {
		latency.Add(int64(i)*7e6, 1)
		crowd.Add([16]byte{byte(i), byte(i * 7), byte(i * 31), 9})
	}
	lat, people := latency.AppendBinary(nil), crowd.AppendBinary(nil)
	for _, c := range []struct {
		name string
		rows int
		make func(b *felt.Batch, tick felt.Tick, rows int)
	}{
		{"interactions, 2000 a tick", 2000, benchInteractions},
		{"interactions, 20000 a write", 20000, benchInteractions},
		{"operations, 3000 a tick", 3000, func(b *felt.Batch, tick felt.Tick, rows int) {
			b.Operations = make([]felt.OperationBucket, rows)
			for i := range b.Operations {
				b.Operations[i] = felt.OperationBucket{
					Env: "production", Service: strconv.Itoa(i % 300), Operation: "GET /" + strconv.Itoa(i), Kind: felt.SpanServer,
					Release: "v1.2.3", Start: tick.Instant(), Known: tick, Count: 30, Errors: 1, Latency: lat, SelfTime: 1e9,
				}
			}
		}},
		{"buckets, 1000 a tick", 1000, func(b *felt.Batch, tick felt.Tick, rows int) {
			b.Buckets = make([]felt.Bucket, rows)
			for i := range b.Buckets {
				b.Buckets[i] = felt.Bucket{
					Series: felt.Series{Env: "production", App: "shop", Name: strconv.Itoa(i), Kind: felt.KindStep},
					Start:  tick.Instant(), Width: 10, Known: tick, Counts: felt.Counts{Success: 30, Failed: 1},
					Customers: felt.Sketches{Success: people, Failed: people}, Sessions: felt.Sketches{Success: people, Failed: people},
					Latency: felt.Sketches{Success: lat},
				}
			}
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			ctx := context.Background()
			s, err := duckdb.Open(ctx, duckdb.Options{Dir: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			var used time.Duration
			var slowest time.Duration
			tick, rows := felt.Tick(1_700_000_000), 0
			for b.Loop() {
				tick++
				batch := felt.Batch{
					ID:     felt.BatchID{Engine: 1, Stage: 2, Tick: tick},
					Cursor: felt.Cursor{Name: "engine", Seq: felt.Seq(tick), Tick: tick, Epoch: 1},
				}
				c.make(&batch, tick, c.rows)
				runtime.GC()
				before, at := cpu(), time.Now()
				if err := s.Write(ctx, batch); err != nil {
					b.Fatal(err)
				}
				used += cpu() - before
				slowest = max(slowest, time.Since(at))
				rows += c.rows
			}
			b.ReportMetric(used.Seconds()/float64(rows)*1e6, "CPU-s/Mrow")
			b.ReportMetric(float64(slowest)/1e6, "max-ms")
		})
	}
}

// benchInteractions are interactions as the engine makes them.
func benchInteractions(b *felt.Batch, tick felt.Tick, rows int) {
	b.Interactions = make([]felt.Interaction, rows)
	for i := range b.Interactions {
		h := felt.Hash{byte(i), byte(i >> 8), byte(tick), byte(tick >> 8), 1}
		b.Interactions[i] = felt.Interaction{
			ID: felt.InteractionID(h), Version: 1, Known: tick, FirstKnown: tick, Env: "production", App: "shop",
			Name: strconv.Itoa(i % 200), Kind: felt.KindStep, Start: tick.Instant() - felt.Second, End: tick.Instant(), Outcome: felt.OutcomeSuccess,
			OutcomeRule: "status", Duration: int64(i) * 1e5, Weight: 1, Customer: h, IdentityLevel: felt.LevelUser, Session: h,
			Trace: felt.TraceID(h), Span: felt.SpanID{1, 2}, Service: "web", Release: "v1.2.3",
			Segments: []felt.Segment{{Key: "plan", Value: "pro"}, {Key: "region", Value: "eu"}},
		}
	}
}
