package duckdb

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"

	duck "github.com/duckdb/duckdb-go/v2"

	"github.com/felt-cx/felt"
)

// defaultLimit is the length of a page when none is asked for.
const defaultLimit = 100

// Interactions implements [felt.InteractionReader]. [felt.OutcomeNone] asks for every
// outcome; a limit below 1 means 100.
func (s *Store) Interactions(ctx context.Context, q felt.Question, outcome felt.Outcome, limit int, page string) ([]felt.Interaction, string, error) {
	if limit < 1 {
		limit = defaultLimit
	}
	after, before, err := pageCondition(page)
	if err != nil {
		return nil, "", err
	}
	var list []felt.Interaction
	err = s.read(ctx, func(tx *sql.Tx) error {
		in, f, err := subject(ctx, tx, q)
		if err != nil || len(in) == 0 {
			return err
		}
		if outcome != felt.OutcomeNone {
			f.sql += fmt.Sprintf(" AND outcome = %d", outcome)
		}
		for _, from := range s.slices(in, q, before) {
			list = list[:0]
			marks := []string{"{{page}}", after + fmt.Sprintf(" AND ended >= %d", from), "{{limit}}", strconv.Itoa(limit + 1)}
			err := ask(ctx, tx, "list", f, marks, func(rows *sql.Rows) error {
				i, err := scanInteraction(rows)
				list = append(list, i)
				return err
			})
			if err != nil || len(list) > limit {
				return err
			}
		}
		return nil
	})
	if err != nil || len(list) <= limit {
		return list, "", err
	}
	list = list[:limit]
	return list, pageAfter(list[limit-1]), nil
}

// slices are ever earlier beginnings of the window: a page is mostly full of what ended
// in the last minutes, and the rest of the window need not be read for it.
func (s *Store) slices(in []scopeRow, q felt.Question, before felt.Instant) []felt.Instant {
	newest := felt.Instant(math.MinInt64)
	for _, sc := range in {
		newest = max(newest, s.lasts.get(sc.id))
	}
	newest = min(newest, q.To, before)
	var list []felt.Instant
	for _, back := range []felt.Instant{10 * felt.Minute, 2 * felt.Hour, felt.Day} {
		if from := newest - back; from > q.From {
			list = append(list, from)
		}
	}
	return append(list, q.From)
}

// pageAfter names the place behind an interaction: its end and its id, in hex.
func pageAfter(i felt.Interaction) string {
	return fmt.Sprintf("%016x%s", uint64(i.End), i.ID)
}

// pageCondition returns what an interaction behind a page is, and when it ended at latest.
func pageCondition(page string) (string, felt.Instant, error) {
	if page == "" {
		return "true", math.MaxInt64, nil
	}
	raw, err := hex.DecodeString(page)
	if err != nil || len(raw) != 24 {
		return "", 0, fmt.Errorf("duckdb: page %q is not one that an earlier answer gave: %w", page, felt.ErrUnanswerable)
	}
	end := int64(binary.BigEndian.Uint64(raw))
	id := hex.EncodeToString(raw[8:])
	return fmt.Sprintf("ended <= %d AND (ended < %d OR i.id < '%s'::UUID)", end, end, id), felt.Instant(end), nil
}

// nullHash reads a hash that may not be known.
type nullHash struct{ to *felt.Hash }

// Scan implements [sql.Scanner].
func (n nullHash) Scan(v any) error {
	if v == nil {
		*n.to = felt.Hash{}
		return nil
	}
	var u duck.UUID
	if err := u.Scan(v); err != nil {
		return fmt.Errorf("read hash: %w", err)
	}
	*n.to = felt.Hash(u)
	return nil
}

// phasesOf reads the list of phases.
type phasesOf struct{ to *felt.Phases }

// Scan implements [sql.Scanner].
func (p phasesOf) Scan(v any) error {
	*p.to = felt.Phases{}
	if v == nil {
		return nil
	}
	list, ok := v.([]any)
	if !ok || len(list) != 4 {
		return fmt.Errorf("column phases: %v, not a list of four", v)
	}
	for i, to := range []*int64{&p.to.Input, &p.to.Request, &p.to.Processing, &p.to.Paint} {
		if *to, ok = list[i].(int64); !ok {
			return fmt.Errorf("column phases: %T, not a number", list[i])
		}
	}
	return nil
}

func scanInteraction(rows *sql.Rows) (felt.Interaction, error) {
	var i felt.Interaction
	var id, trace duck.UUID
	var span uint64
	var flags, segments string
	err := rows.Scan(
		&id, &i.Version, &i.Known, &i.FirstKnown, &i.FirstOutcome,
		&i.Env, &i.App, &i.Name, &i.Journey, &i.Step, &i.Kind, &i.Traffic, &i.Start, &i.End,
		&i.Outcome, &i.ClientOutcome, &i.Reason, &i.OutcomeRule, &i.RulesVersion, &i.ErrorClass,
		&i.Recoverable, &i.Retries, &i.Duration, &i.Visible,
		phasesOf{&i.Phases}, &i.Weight,
		nullHash{&i.Customer}, &i.IdentityLevel, nullHash{&i.Account}, nullHash{&i.Installation}, nullHash{&i.Session}, &i.KeyID,
		&trace, &span, &i.Service, &i.Release, &flags, &segments,
		&i.ValueMinor, &i.Currency, stepsOf{&i.Steps}, &i.AbandonedHow, &i.Draw,
	)
	if err != nil {
		return i, err
	}
	i.ID, i.Trace = felt.InteractionID(id), felt.TraceID(trace)
	binary.BigEndian.PutUint64(i.Span[:], span)
	i.Flags, i.Segments = decodeList(flags), decodeSegments(segments)
	return i, nil
}
