package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"maps"
	"strings"

	duck "github.com/duckdb/duckdb-go/v2"

	"github.com/felt-cx/felt"
)

// interactions appends the new interactions, replaces those that are corrected, and removes those
// that are withdrawn. Nothing stays of the latter: their ticks and versions only grow, so an older
// version does not come after them.
func (w *writing) interactions(ctx context.Context) error {
	n := 0
	newest := map[felt.InteractionID]int32{} // of the corrected ones
	var first, last felt.Tick
	for _, b := range w.batches {
		n += len(b.Interactions)
		for i := range b.Interactions {
			r := &b.Interactions[i]
			if r.Version <= 1 {
				continue
			}
			if len(newest) == 0 {
				first, last = r.FirstKnown, r.FirstKnown
			}
			first, last = min(first, r.FirstKnown), max(last, r.FirstKnown)
			newest[r.ID] = max(newest[r.ID], r.Version)
		}
	}
	if n == 0 {
		return nil
	}
	there, err := w.forget(ctx, newest, w.begun(newest), first, last)
	if err != nil {
		return err
	}
	return w.appender("interactions", func(add func([]driver.Value) error) error {
		var row []driver.Value
		for _, b := range w.batches {
			for i := range b.Interactions {
				r := &b.Interactions[i]
				if v, ok := newest[r.ID]; ok && (r.Version < v || there[r.ID] || r.Withdrawn()) {
					if !r.Withdrawn() {
						w.scopeSeen(r) // as if each batch had come alone
					}
					continue
				}
				row = w.interactionRow(r, row[:0])
				if err := add(row); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// begun are those of the corrected interactions that began in these batches.
func (w *writing) begun(newest map[felt.InteractionID]int32) map[felt.InteractionID]bool {
	if len(newest) == 0 {
		return nil
	}
	begun := map[felt.InteractionID]bool{}
	for _, b := range w.batches {
		for i := range b.Interactions {
			r := &b.Interactions[i]
			if _, corrected := newest[r.ID]; corrected && r.Version <= 1 {
				begun[r.ID] = true
			}
		}
	}
	return begun
}

// forget deletes older versions of the given interactions. Version 1 became known
// between first and last, which lets DuckDB pass over all other groups of rows. It
// returns those that are there in the same or a newer version. What was judged of those that go
// stays in table first_tries. Those that began in the same write cannot be there: in a history that
// is imported these are nearly all.
func (w *writing) forget(ctx context.Context, newest map[felt.InteractionID]int32, begun map[felt.InteractionID]bool, first, last felt.Tick) (map[felt.InteractionID]bool, error) {
	values := make([]string, 0, len(newest))
	for id, version := range newest {
		if !begun[id] {
			values = append(values, fmt.Sprintf("('%s'::UUID,%d)", id, version))
		}
	}
	if len(values) == 0 {
		return nil, w.firsts(ctx, newest, nil, first, last)
	}
	these := "(VALUES " + strings.Join(values, ",") + ") AS v(id, version)"
	where := fmt.Sprintf("interactions.first_known BETWEEN %d AND %d AND interactions.id = v.id", first, last)
	there, older := map[felt.InteractionID]bool{}, false
	decided := map[felt.InteractionID]bool{}
	err := w.query(ctx, "corrected interactions",
		"SELECT interactions.id, interactions.version < v.version, interactions.ended, interactions.outcome > 0 FROM interactions, "+these+" WHERE "+where, nil,
		func(rows *sql.Rows) error {
			var id duck.UUID
			var old, outcome bool
			var ended felt.Instant
			err := rows.Scan(&id, &old, &ended, &outcome)
			if old {
				older = true
				w.touch(ended)
				if outcome {
					decided[felt.InteractionID(id)] = true
				}
			} else {
				there[felt.InteractionID(id)] = true
			}
			return err
		})
	if err == nil && len(decided) > 0 {
		err = w.take(ctx, "first_tries", marksOf("{{these}}", these, "{{first}}", int64(first), "{{last}}", int64(last))...)
	}
	if err == nil {
		maps.Copy(decided, there)
		err = w.firsts(ctx, newest, decided, first, last)
	}
	if err != nil || !older {
		return there, err
	}
	return there, w.exec(ctx, "corrected interactions",
		"DELETE FROM interactions USING "+these+" WHERE "+where+" AND interactions.version < v.version")
}

// scopeSeen notes that the interaction's scope has one that ended then.
func (w *writing) scopeSeen(r *felt.Interaction) int32 {
	id := w.scopeID(scope{r.Env, r.App, r.Name, r.Kind, r.Traffic})
	w.seen(id, r.End)
	return id
}

func (w *writing) interactionRow(r *felt.Interaction, to []driver.Value) []driver.Value {
	id := w.scopeSeen(r)
	w.touch(r.End)
	return append(to,
		duck.UUID(r.ID), r.Version, int64(r.Known), int64(r.FirstKnown), uint8(r.FirstOutcome),
		id, clean(r.Journey), clean(r.Step), int64(r.Start), int64(r.End),
		uint8(r.Outcome), uint8(r.ClientOutcome), clean(r.Reason), clean(r.OutcomeRule), r.RulesVersion, clean(r.ErrorClass),
		r.Recoverable, r.Retries, r.Duration, r.Visible,
		phases(r.Phases), r.Weight,
		hash(r.Customer), uint8(r.IdentityLevel), hash(r.Account), hash(r.Installation), hash(r.Session), r.KeyID,
		duck.UUID(r.Trace), binary.BigEndian.Uint64(r.Span[:]), clean(r.Service), clean(r.Release),
		encodeList(r.Flags), encodeSegments(r.Segments), r.ValueMinor, clean(r.Currency), stepRows(r.Steps), uint8(r.AbandonedHow), draw(r.Draw))
}

// draw is NULL when there is none.
func draw(d uint64) driver.Value {
	if d == 0 {
		return nil
	}
	return int64(d) //nolint:gosec // 56 bits
}

// stepRows is the list of a journey's steps; NULL when there is none.
func stepRows(steps []felt.StepState) driver.Value {
	if len(steps) == 0 {
		return nil
	}
	rows := make([]map[string]any, len(steps))
	for i, s := range steps {
		rows[i] = map[string]any{
			"name": clean(s.Name), "outcome": uint8(s.Outcome), "started": int64(s.Start), "ended": int64(s.End), "tries": s.Tries,
		}
	}
	return rows
}

// stepsOf reads the list of steps.
type stepsOf struct{ to *[]felt.StepState }

// Scan implements [sql.Scanner].
func (s stepsOf) Scan(v any) error {
	*s.to = nil
	if v == nil {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		return fmt.Errorf("column steps: %T, not a list", v)
	}
	steps := make([]felt.StepState, len(list))
	for i, e := range list {
		row, _ := e.(map[string]any)
		name, okName := row["name"].(string)
		outcome, okOutcome := row["outcome"].(uint8)
		start, okStart := row["started"].(int64)
		end, okEnd := row["ended"].(int64)
		tries, okTries := row["tries"].(int32)
		if !okName || !okOutcome || !okStart || !okEnd || !okTries {
			return fmt.Errorf("column steps: %v, not a step", e)
		}
		steps[i] = felt.StepState{
			Name: name, Outcome: felt.Outcome(outcome), Start: felt.Instant(start), End: felt.Instant(end), Tries: tries,
		}
	}
	*s.to = steps
	return nil
}
