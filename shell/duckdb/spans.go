package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"

	duck "github.com/duckdb/duckdb-go/v2"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rollup"
)

func spanRow(_ *writing, b *felt.Batch, i int, to []driver.Value) []driver.Value {
	r := &b.Spans[i]
	return append(to, duck.UUID(r.Trace), binary.BigEndian.Uint64(r.ID[:]), binary.BigEndian.Uint64(r.Parent[:]),
		clean(r.Env), clean(r.Service), clean(r.Release), clean(r.Name), uint8(r.Kind), uint8(r.Status), clean(r.Message),
		int64(r.Start), int64(r.End), clean(r.Interaction),
		listText(r.Attributes), listText(r.Resource), listText(r.Events), listText(r.Links))
}

// listText is a list as JSON, "" when it is empty.
func listText[T any](list []T) string {
	if len(list) == 0 {
		return ""
	}
	b, err := json.Marshal(list)
	if err != nil {
		return "" // cannot be: texts and numbers
	}
	return string(b)
}

func parseList[T any](text string, to *[]T) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), to); err != nil {
		return fmt.Errorf("column of a list: %w", err)
	}
	return nil
}

// traces writes when the spans of each trace began and ended.
func (w *writing) traces() error {
	type times struct{ first, last felt.Instant }
	var order []felt.TraceID
	of := map[felt.TraceID]times{}
	for _, b := range w.batches {
		for i := range b.Spans {
			r := &b.Spans[i]
			t, seen := of[r.Trace]
			if !seen {
				order = append(order, r.Trace)
				t = times{r.Start, r.End}
			}
			of[r.Trace] = times{min(t.first, r.Start), max(t.last, r.End, r.Start)}
		}
	}
	if len(order) == 0 {
		return nil
	}
	return w.appender("traces", func(add func([]driver.Value) error) error {
		for _, id := range order {
			if err := add([]driver.Value{duck.UUID(id), int64(of[id].first), int64(of[id].last)}); err != nil {
				return err
			}
		}
		return nil
	})
}

// afterTrace is how long after the last span of a kept trace an interaction that names it
// may end: journeys end when nothing more has come for a while.
const afterTrace = felt.Day

// Trace implements [felt.TraceReader]. The interactions are those that ended between the
// first span and a day after the last one; all that are kept, when no span is.
func (s *Store) Trace(ctx context.Context, id felt.TraceID) ([]felt.Span, []felt.Interaction, error) {
	var spans []felt.Span
	var list []felt.Interaction
	err := s.read(ctx, func(tx *sql.Tx) error {
		this := fmt.Sprintf("trace = '%s'::UUID", id)
		first, last, err := traceTimes(ctx, tx, this)
		if err != nil {
			return err
		}
		f := filter{sql: this}
		if first.Valid {
			marks := []string{"{{first}}", strconv.FormatInt(first.Int64, 10), "{{last}}", strconv.FormatInt(last.Int64, 10)}
			err := ask(ctx, tx, "spans", f, marks, func(rows *sql.Rows) error {
				sp, err := scanSpan(rows)
				sp.Trace = id
				spans = append(spans, sp)
				return err
			})
			if err != nil {
				return err
			}
			f.sql += fmt.Sprintf(" AND ended BETWEEN %d AND %d", first.Int64-int64(felt.Second), last.Int64+int64(afterTrace))
		}
		return ask(ctx, tx, "list", f, []string{"{{page}}", "true", "{{limit}}", "1000"}, func(rows *sql.Rows) error {
			i, err := scanInteraction(rows)
			list = append(list, i)
			return err
		})
	})
	if err == nil && len(spans) == 0 && len(list) == 0 {
		err = fmt.Errorf("duckdb: trace %s: %w", id, felt.ErrNotFound)
	}
	return spans, list, err
}

// traceTimes finds when the kept spans of a trace began and ended.
func traceTimes(ctx context.Context, tx *sql.Tx, this string) (first, last sql.NullInt64, err error) {
	err = each(ctx, tx, "SELECT min(first), max(last) FROM traces WHERE "+this, nil, func(rows *sql.Rows) error {
		return rows.Scan(&first, &last)
	})
	if err != nil {
		err = fmt.Errorf("duckdb: find trace: %w", err)
	}
	return first, last, err
}

func scanSpan(rows *sql.Rows) (felt.Span, error) {
	var r felt.Span
	var id, parent uint64
	var attributes, resource, events, links string
	err := rows.Scan(&id, &parent, &r.Env, &r.Service, &r.Release, &r.Name, &r.Kind, &r.Status, &r.Message,
		&r.Start, &r.End, &r.Interaction, &attributes, &resource, &events, &links)
	if err != nil {
		return r, err
	}
	binary.BigEndian.PutUint64(r.ID[:], id)
	binary.BigEndian.PutUint64(r.Parent[:], parent)
	for _, err := range []error{
		parseList(attributes, &r.Attributes), parseList(resource, &r.Resource),
		parseList(events, &r.Events), parseList(links, &r.Links),
	} {
		if err != nil {
			return r, err
		}
	}
	return r, nil
}

// KeptTraces implements [felt.TraceReader]. Bots are left out. The order is that of start.
func (s *Store) KeptTraces(ctx context.Context, after, upTo felt.Tick, share float64) ([]felt.KeptTrace, error) {
	sample := "false"
	limit, all := rollup.ShareLimit(share)
	switch {
	case all:
		sample = "true"
	case limit > 0:
		var edge felt.TraceID
		binary.BigEndian.PutUint64(edge[:], limit)
		sample = fmt.Sprintf("trace < '%s'::UUID", edge)
	}
	marks := []string{
		"{{after}}", strconv.FormatInt(int64(after), 10), "{{upto}}", strconv.FormatInt(int64(upTo), 10), "{{sample}}", sample,
	}
	var list []felt.KeptTrace
	err := ask(ctx, s.db, "kept", filter{}, marks, func(rows *sql.Rows) error {
		var id duck.UUID
		var why felt.Outcome
		var k felt.KeptTrace
		err := rows.Scan(&id, &k.Start, &why)
		k.Trace, k.Reason = felt.TraceID(id), "sample"
		if why != felt.OutcomeNone {
			k.Reason = why.String()
		}
		list = append(list, k)
		return err
	})
	return list, err
}
