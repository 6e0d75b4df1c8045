package duckdb

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	duck "github.com/duckdb/duckdb-go/v2"

	"github.com/felt-cx/felt"
)

// table says how the rows of one kind of facts reach their table. The values of a row
// are in the order of the columns in the first files of sql.
type table struct {
	name string
	len  func(*felt.Batch) int
	row  func(w *writing, b *felt.Batch, i int, to []driver.Value) []driver.Value
}

// tables are the facts that are only ever appended.
func tables() []table {
	return []table{
		{"operations", func(b *felt.Batch) int { return len(b.Operations) }, operationRow},
		{"edges", func(b *felt.Batch) int { return len(b.Edges) }, edgeRow},
		{"signals", func(b *felt.Batch) int { return len(b.Signals) }, signalRow},
		{"customer_days", func(b *felt.Batch) int { return len(b.CustomerDays) }, customerDayRow},
		{"new_cohort", func(b *felt.Batch) int { return len(b.IncidentCustomers) }, incidentCustomerRow},
		{"new_events", func(b *felt.Batch) int { return len(b.BusinessEvents) }, businessEventRow},
		{"new_facts", func(b *felt.Batch) int { return len(b.CustomerFacts) }, customerFactRow},
		{"commands", func(b *felt.Batch) int { return len(b.Commands) }, commandRow},
		{"spans", func(b *felt.Batch) int { return len(b.Spans) }, spanRow},
		{"link_rows", func(b *felt.Batch) int { return len(b.Links) }, linkRow},
	}
}

// append puts the rows of one kind into the open transaction.
func (w *writing) append(_ context.Context, t table) error {
	n := 0
	for _, b := range w.batches {
		n += t.len(b)
	}
	if n == 0 {
		return nil
	}
	return w.appender(t.name, func(add func(row []driver.Value) error) error {
		var row []driver.Value
		for _, b := range w.batches {
			for i := range t.len(b) {
				row = t.row(w, b, i, row[:0])
				if err := add(row); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// appender opens DuckDB's appender on the writer's connection, where it takes part in
// the open transaction, and flushes it.
func (w *writing) appender(table string, fill func(add func([]driver.Value) error) error) error {
	err := w.s.conn.Raw(func(raw any) error {
		conn, ok := raw.(driver.Conn)
		if !ok {
			return fmt.Errorf("connection is a %T, not DuckDB's", raw)
		}
		app, err := duck.NewAppenderFromConn(conn, "", table)
		if err != nil {
			return fmt.Errorf("open appender: %w", err)
		}
		n := int64(0)
		err = fill(func(row []driver.Value) error {
			n++
			if err := app.AppendRow(row...); err != nil {
				return fmt.Errorf("append row %d: %w", n, err)
			}
			return nil
		})
		if closed := app.Close(); err == nil && closed != nil {
			err = fmt.Errorf("flush %d rows: %w", n, closed)
		}
		w.stats[table] += n
		return err
	})
	if err != nil {
		return fmt.Errorf("duckdb: write %s: %w", table, err)
	}
	return nil
}

// clean makes text that DuckDB takes: it refuses what is not UTF-8.
func clean(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// hash is NULL when nothing is known.
func hash(h felt.Hash) driver.Value {
	if h.IsZero() {
		return nil
	}
	return duck.UUID(h)
}

// blob is NULL when there is none.
func blob(b []byte) driver.Value {
	if b == nil {
		return nil
	}
	return b
}

func counts(c felt.Counts, to []driver.Value) []driver.Value {
	return append(to, c.Success, c.Degraded, c.Failed, c.Abandoned, c.Cancelled, c.Open)
}

func operationRow(_ *writing, b *felt.Batch, i int, to []driver.Value) []driver.Value {
	r := &b.Operations[i]
	return append(to, clean(r.Env), clean(r.Service), clean(r.Operation), uint8(r.Kind), clean(r.Release),
		int64(r.Start), int64(r.Known), r.Count, r.Errors, blob(r.Latency), r.SelfTime)
}

func edgeRow(_ *writing, b *felt.Batch, i int, to []driver.Value) []driver.Value {
	r := &b.Edges[i]
	return append(to, clean(r.Env), clean(r.Caller), clean(r.Callee), clean(r.Peer), r.ThirdParty,
		int64(r.Start), int64(r.Known), r.Count, r.Errors, blob(r.Latency))
}

func signalRow(_ *writing, b *felt.Batch, i int, to []driver.Value) []driver.Value {
	r := &b.Signals[i]
	return append(to, clean(r.Env), clean(r.Service), clean(r.Metric), clean(r.Attributes), uint8(r.Layer),
		int64(r.Time), int64(r.StartTime), int64(r.Known), r.Value, blob(r.Histogram),
		r.Temporality, clean(r.Unit), r.Limit, clean(r.App), clean(r.Journey), clean(r.Name), uint8(r.Kind),
		clean(r.Statistic), r.N, r.Threshold, r.HasThreshold, r.HasLimit, clean(r.Direction))
}

func customerDayRow(_ *writing, b *felt.Batch, i int, to []driver.Value) []driver.Value {
	r := &b.CustomerDays[i]
	to = append(to, int64(r.Day), clean(r.Env), hash(r.Customer), hash(r.Account), clean(r.Journey),
		int64(r.FirstSeen), int64(r.Last), r.Sessions, r.Tries)
	to = counts(r.Counts, to)
	return append(to, r.Recovered, r.Retries, r.FrictionPoints, r.ValueMinor,
		clean(r.Platform), clean(r.Region), clean(r.Plan), uint8(r.IdentityLevel), clean(r.App), uint8(r.Kind))
}

func commandRow(_ *writing, b *felt.Batch, i int, to []driver.Value) []driver.Value {
	r := &b.Commands[i]
	return append(to, int64(r.Time), clean(r.Actor), clean(r.Via), clean(r.What), clean(r.Target), clean(r.Reason),
		clean(r.IdempotencyKey), argsOf(r.Args))
}

// argsOf is a JSON object; "" for none. Text that is not UTF-8 is made so.
func argsOf(args map[string]string) string {
	if len(args) == 0 {
		return ""
	}
	b, err := json.Marshal(args)
	if err != nil { // a map of strings is always JSON
		return ""
	}
	return string(b)
}

func linkRow(_ *writing, b *felt.Batch, i int, to []driver.Value) []driver.Value {
	r := &b.Links[i]
	return append(to, clean(r.Env), uint8(r.FromLevel), hash(r.From), uint8(r.Strong()), hash(r.To), int64(r.Since))
}
