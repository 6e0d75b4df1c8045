package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"

	"github.com/felt-cx/felt"
)

// Signals implements [felt.SignalReader].
func (s *Store) Signals(ctx context.Context, scope felt.Scope, w felt.Window, step felt.Instant) ([]felt.SignalLine, error) {
	if step <= 0 || step%bucketWidth != 0 {
		return nil, fmt.Errorf("duckdb: signals in steps of %d ns, not of a multiple of 10 s: %w", step, felt.ErrUnanswerable)
	}
	in := filter{args: []any{
		sql.Named("env", clean(scope.Env)), sql.Named("journey", clean(scope.Name)), sql.Named("app", clean(scope.App)),
	}}
	number := func(i felt.Instant) string { return strconv.FormatInt(int64(i), 10) }
	fill := []string{"{{from}}", number(w.From), "{{to}}", number(w.To), "{{step}}", number(step)}
	var list []felt.SignalLine
	type line struct {
		kind      felt.SignalKind
		app, name string
	}
	at := map[line]int{}
	err := ask(ctx, s.db, "signals_last", in, fill, func(rows *sql.Rows) error {
		p := felt.SignalPoint{Env: scope.Env}
		if err := scanSignal(rows, &p); err != nil {
			return err
		}
		at[line{p.Kind, p.App, p.Name}] = len(list)
		list = append(list, felt.SignalLine{Last: p})
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = ask(ctx, s.db, "signals_steps", in, fill, func(rows *sql.Rows) error {
		var (
			l line
			p felt.SignalStep
		)
		if err := rows.Scan(&l.kind, &l.app, &l.name, &p.Start, &p.Mean, &p.Min, &p.Max, &p.N); err != nil {
			return err
		}
		if i, ok := at[l]; ok { // a row may have come between the two questions
			list[i].Steps = append(list[i].Steps, p)
		}
		return nil
	})
	return list, err
}
