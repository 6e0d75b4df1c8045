package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"github.com/felt-cx/felt"
)

// signalSlice is how much of the log's time is read at once.
const signalSlice felt.Tick = 3600

// SignalHistory implements [felt.HistoryReader].
func (s *Store) SignalHistory(ctx context.Context, after, upTo felt.Tick) iter.Seq2[[]felt.SignalPoint, error] {
	return func(yield func([]felt.SignalPoint, error) bool) {
		if err := s.signalHistory(ctx, after, upTo, yield); err != nil && !errors.Is(err, errEnough) {
			yield(nil, fmt.Errorf("duckdb: history of signals: %w", err))
		}
	}
}

func (s *Store) signalHistory(ctx context.Context, after, upTo felt.Tick, yield func([]felt.SignalPoint, error) bool) error {
	done, err := s.makeRoom(ctx)
	if err != nil {
		return err
	}
	defer done()
	const bounds = "SELECT coalesce(min(known), 0), coalesce(max(known), 0) FROM signals WHERE known > ? AND known <= ?"
	var first, last felt.Tick
	err = each(ctx, s.db, bounds, []any{int64(after), int64(upTo)}, func(rows *sql.Rows) error { return rows.Scan(&first, &last) })
	if err != nil {
		return err
	}
	var batch []felt.SignalPoint
	flush := func() error {
		if len(batch) > 0 && !yield(batch, nil) {
			return errEnough
		}
		batch = batch[:0]
		return ctx.Err()
	}
	for from := first - 1; from < last; from += signalSlice {
		marks := marksOf("{{after}}", int64(from), "{{up_to}}", int64(min(from+signalSlice, last)))
		err := ask(ctx, s.db, "signals_known", filter{}, marks, func(rows *sql.Rows) error {
			var p felt.SignalPoint
			if err := scanSignal(rows, &p, &p.Env); err != nil {
				return err
			}
			if batch = append(batch, p); len(batch) < felt.HistoryBatch {
				return nil
			}
			return flush()
		})
		if err != nil {
			return err
		}
	}
	return flush()
}

// scanSignal reads a row of table signals, and what stands behind it.
func scanSignal(rows *sql.Rows, p *felt.SignalPoint, more ...any) error {
	return rows.Scan(append([]any{
		&p.Service, &p.Metric, &p.Attributes, &p.Layer, &p.Time, &p.StartTime, &p.Known, &p.Value, &p.Histogram,
		&p.Temporality, &p.Unit, &p.Limit, &p.App, &p.Journey, &p.Name, &p.Kind, &p.Statistic, &p.N,
		&p.Threshold, &p.HasThreshold, &p.HasLimit, &p.Direction,
	}, more...)...)
}
