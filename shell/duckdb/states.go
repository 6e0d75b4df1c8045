package duckdb

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/felt-cx/felt"
)

// states writes rows that replace an earlier one with the same key. They are few: SQL
// is quick enough, and the appender cannot replace.
func (w *writing) states(ctx context.Context) error {
	for _, b := range w.batches {
		for i := range b.Findings {
			if err := w.finding(ctx, &b.Findings[i]); err != nil {
				return err
			}
		}
		for i := range b.Incidents {
			if err := w.incident(ctx, &b.Incidents[i]); err != nil {
				return err
			}
		}
		for i := range b.Changes {
			if err := w.change(ctx, &b.Changes[i], b.ID.Tick); err != nil {
				return err
			}
		}
	}
	return nil
}

// replace deletes an older row and inserts the new one, unless a newer is there.
func (w *writing) replace(ctx context.Context, table, id string, version int64, rest ...any) error {
	err := w.exec(ctx, table, "DELETE FROM "+table+" WHERE id = ? AND version <= ?", id, version)
	if err != nil {
		return err
	}
	args := append([]any{id, version}, rest...)
	marks := ""
	for range rest {
		marks += ", ?"
	}
	w.stats[table]++
	return w.exec(ctx, table, "INSERT INTO "+table+" SELECT ?, ?"+marks+
		" WHERE NOT EXISTS (SELECT 1 FROM "+table+" WHERE id = ?)", append(args, id)...)
}

func (w *writing) finding(ctx context.Context, f *felt.Finding) error {
	g := finiteFinding(*f)
	body, err := json.Marshal(g)
	if err != nil {
		return fmt.Errorf("duckdb: write finding %s: %w", f.ID, err)
	}
	return w.replace(ctx, "findings", clean(f.ID), int64(f.Updated),
		clean(f.Series.Env), clean(f.Series.App), clean(f.Series.Name), string(body),
		int64(f.Opened), int64(f.Ended), clean(string(f.Kind)), f.Paging, uint8(f.Series.Kind))
}

func (w *writing) incident(ctx context.Context, in *felt.Incident) error {
	row := finiteIncident(*in)
	body, err := json.Marshal(row)
	if err != nil {
		return fmt.Errorf("duckdb: write incident %s: %w", in.ID, err)
	}
	return w.replace(ctx, "incidents", clean(in.ID), in.Version,
		clean(in.Env), clean(in.App), uint8(in.Status), row.Score, int64(in.Opened), string(body))
}

func (w *writing) change(ctx context.Context, c *felt.Change, tick felt.Tick) error {
	body, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("duckdb: write change %s: %w", c.ID, err)
	}
	return w.replace(ctx, "changes", clean(c.ID), int64(tick), clean(c.Env), clean(c.App), int64(c.Started), string(body))
}

// JSON has no infinite numbers, and one statistic that is must not stop all writing:
// the largest number stands for infinity, zero for not-a-number.
func finite(v float64) float64 {
	switch {
	case math.IsNaN(v):
		return 0
	case math.IsInf(v, 1):
		return math.MaxFloat64
	case math.IsInf(v, -1):
		return -math.MaxFloat64
	}
	return v
}

func finiteFinding(f felt.Finding) felt.Finding {
	f.Statistic, f.Threshold = finite(f.Statistic), finite(f.Threshold)
	f.Share, f.Baseline, f.Expected = finite(f.Share), finite(f.Baseline), finite(f.Expected)
	return f
}

func finiteIncident(in felt.Incident) felt.Incident {
	if in.Findings != nil {
		list := make([]felt.Finding, len(in.Findings))
		for i, f := range in.Findings {
			list[i] = finiteFinding(f)
		}
		in.Findings = list
	}
	if in.ScoreParts != nil {
		parts := make([]felt.ScorePart, len(in.ScoreParts))
		for i, p := range in.ScoreParts {
			p.Value, p.Weight = finite(p.Value), finite(p.Weight)
			parts[i] = p
		}
		in.ScoreParts = parts
	}
	r := &in.Recovery
	for _, v := range []*float64{&r.Failed, &r.FailedTo, &r.Completed, &r.CompletedFrom, &r.Volume, &r.VolumeFrom} {
		*v = finite(*v)
	}
	in.Score, in.ChurnSensitivity, in.BudgetAtOpen = finite(in.Score), finite(in.ChurnSensitivity), finite(in.BudgetAtOpen)
	return in
}
