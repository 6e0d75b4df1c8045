package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/felt-cx/felt"
)

// Funnel implements [felt.JourneyReader].
func (s *Store) Funnel(ctx context.Context, q felt.Question) (felt.Funnel, error) {
	q = q.Journeys()
	var f felt.Funnel
	err := s.read(ctx, func(tx *sql.Tx) error {
		in, filter, err := subject(ctx, tx, q)
		if err != nil || len(in) == 0 {
			return err
		}
		for _, sc := range in[1:] {
			if sc.Name != in[0].Name {
				return fmt.Errorf("duckdb: funnel: journeys %q and %q are in scope: ask for one: %w", in[0].Name, sc.Name, felt.ErrUnanswerable)
			}
		}
		if err := kept(ctx, tx, q); err != nil {
			return err
		}
		return fillFunnel(ctx, tx, filter, &f)
	})
	if err != nil {
		return felt.Funnel{}, err
	}
	return f, nil
}

// kept refuses a question about interactions that were forgotten.
func kept(ctx context.Context, tx *sql.Tx, q felt.Question) error {
	gone, err := forgotten(ctx, tx)
	if err == nil && q.From < gone {
		return fmt.Errorf("duckdb: the window begins before %s, and interactions that ended before it are no longer kept: %w",
			gone.Time().UTC().Format(time.RFC3339), felt.ErrUnanswerable)
	}
	return err
}

// forgotten is the end before which interactions are no longer all there.
func forgotten(ctx context.Context, tx *sql.Tx) (felt.Instant, error) {
	var gone felt.Instant
	err := each(ctx, tx, "SELECT value FROM marks WHERE what = 'forgotten'", nil, func(rows *sql.Rows) error {
		return rows.Scan(&gone)
	})
	if err != nil {
		return 0, fmt.Errorf("duckdb: read what was forgotten: %w", err)
	}
	return gone, nil
}

func fillFunnel(ctx context.Context, tx *sql.Tx, filter filter, f *felt.Funnel) error {
	_, weights, err := countOutcomes(ctx, tx, filter, &f.Counts)
	if err != nil {
		return err
	}
	if f.Sampled = weights.Sampled(); f.Sampled {
		f.Adjusted = weights.Sums()
	}
	if err := distinct(ctx, tx, filter, "who", &f.Customers, &felt.Identity{}); err != nil {
		return err
	}
	err = ask(ctx, tx, "funnel_left", filter, nil, func(rows *sql.Rows) error {
		var how uint8
		var n int64
		err := rows.Scan(&how, &n)
		if int(how) < len(f.Abandoned) {
			f.Abandoned[how] = n
		}
		return err
	})
	if err != nil {
		return err
	}
	var names []string
	err = ask(ctx, tx, "funnel_order", filter, nil, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		names = append(names, name)
		return err
	})
	if err != nil {
		return err
	}
	if err := funnelSteps(ctx, tx, filter, names, f); err != nil {
		return err
	}
	return funnelBoth(ctx, tx, filter, f)
}

// funnelBoth fills in how many journeys completed two steps.
func funnelBoth(ctx context.Context, tx *sql.Tx, filter filter, f *felt.Funnel) error {
	both := map[[2]string]int64{}
	err := ask(ctx, tx, "funnel_both", filter, nil, func(rows *sql.Rows) error {
		var a, b string
		var n int64
		err := rows.Scan(&a, &b, &n)
		both[[2]string{a, b}] = n
		return err
	})
	if err != nil {
		return err
	}
	for i := range f.Steps {
		for _, before := range f.Steps[:i] {
			f.Steps[i].With = append(f.Steps[i].With, both[[2]string{before.Name, f.Steps[i].Name}])
		}
	}
	return nil
}

// funnelSteps fills in the steps: those named first, in that order, then the others.
func funnelSteps(ctx context.Context, tx *sql.Tx, filter filter, first []string, f *felt.Funnel) error {
	steps := map[string]felt.FunnelStep{}
	var others []string
	for _, name := range first {
		steps[name] = felt.FunnelStep{}
	}
	err := ask(ctx, tx, "funnel_steps", filter, nil, func(rows *sql.Rows) error {
		var st felt.FunnelStep
		var p50, p90, p99 sql.NullInt64
		c := &st.Outcomes
		err := rows.Scan(&st.Name, &c.Success, &c.Degraded, &c.Failed, &c.Abandoned, &c.Cancelled, &c.Open, &p50, &p90, &p99)
		st.Completed = c.Success + c.Degraded
		st.Entered = c.Decided() + c.Cancelled + c.Open
		st.P50, st.P90, st.P99 = float64(p50.Int64), float64(p90.Int64), float64(p99.Int64)
		if _, ok := steps[st.Name]; !ok {
			others = append(others, st.Name)
		}
		steps[st.Name] = st
		return err
	})
	if err != nil {
		return err
	}
	for _, name := range append(first, others...) {
		if st, ok := steps[name]; ok { // a name that stands twice is one step
			f.Steps = append(f.Steps, st)
			delete(steps, name)
		}
	}
	return nil
}
