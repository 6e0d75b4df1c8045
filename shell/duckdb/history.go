package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"

	duck "github.com/duckdb/duckdb-go/v2"

	"github.com/felt-cx/felt"
)

// History is read slice by slice of ticks: a slice has about so many rows, which DuckDB sorts
// and hands over as a whole. Rows lie about in order of known, so each slice reads only its part
// of the file.
const historySlice = 250_000

// historyStep is how finely rows are counted to cut slices.
const historyStep felt.Tick = 10

// History implements [felt.HistoryReader].
func (s *Store) History(ctx context.Context, after, upTo felt.Tick) iter.Seq2[[]felt.Interaction, error] {
	return func(yield func([]felt.Interaction, error) bool) {
		if err := s.history(ctx, after, upTo, yield); err != nil && !errors.Is(err, errEnough) {
			yield(nil, fmt.Errorf("duckdb: history: %w", err))
		}
	}
}

// errEnough: nobody asks for more.
var errEnough = errors.New("enough")

func (s *Store) history(ctx context.Context, after, upTo felt.Tick, yield func([]felt.Interaction, error) bool) error {
	done, err := s.makeRoom(ctx)
	if err != nil {
		return err
	}
	defer done()
	counts, err := s.historyCounts(ctx, after, upTo, historyStep)
	if err != nil {
		return err
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close() }() // back to the pool
	h := historian{yield: yield, scopes: map[int32]scope{}, texts: map[string]historyText{}}
	if err := h.readScopes(ctx, conn); err != nil {
		return err
	}
	for len(counts) > 0 {
		n, rows := 0, int64(0)
		for n < len(counts) && (n == 0 || rows+counts[n].N <= historySlice) {
			rows += counts[n].N
			n++
		}
		from, to := max(after, counts[0].From-1), min(upTo, counts[n-1].From+historyStep-1)
		counts = counts[n:]
		if err := h.slice(ctx, conn, from, to); err != nil {
			return err
		}
	}
	return h.flush()
}

// historian makes batches of rows. What database/sql does for each value of a row costs more than
// all the rest, so rows are taken from the driver.
type historian struct {
	yield  func([]felt.Interaction, error) bool
	scopes map[int32]scope
	batch  []felt.Interaction
	texts  map[string]historyText
}

// historyText is what the text of a row stands for. cut says where it was cut.
type historyText struct {
	cut                             int64
	journey, step, service, release string
	segments                        []felt.Segment
}

// historyTexts bounds the texts remembered.
const historyTexts = 50_000

func (h *historian) readScopes(ctx context.Context, db asker) error {
	return each(ctx, db, "SELECT id, env, app, name, kind, traffic FROM scopes", nil, func(rows *sql.Rows) error {
		var id int32
		var sc scope
		err := rows.Scan(&id, &sc.env, &sc.app, &sc.name, &sc.kind, &sc.traffic)
		h.scopes[id] = sc
		return err
	})
}

// judgedIn fills a question's file with the interactions judged in ticks (after, upTo].
func judgedIn(name string, after, upTo felt.Tick, marks ...string) (string, error) {
	judged, err := query("history_judged")
	if err != nil {
		return "", err
	}
	text, err := query(name)
	if err != nil {
		return "", err
	}
	marks = append(marks, marksOf("{{after}}", int64(after), "{{up_to}}", int64(upTo), "{{traffic}}", uint8(felt.TrafficCustomer))...)
	return fill(fill(text, []string{"{{judged}}", judged}), marks), nil
}

// slice yields what became known in ticks (after, upTo].
func (h *historian) slice(ctx context.Context, conn *sql.Conn, after, upTo felt.Tick) error {
	text, err := judgedIn("history", after, upTo)
	if err != nil {
		return err
	}
	//nolint:wrapcheck // it hands on what the function says
	return conn.Raw(func(raw any) error {
		db, ok := raw.(driver.QueryerContext)
		if !ok {
			return fmt.Errorf("connection is a %T, not DuckDB's", raw)
		}
		rows, err := db.QueryContext(ctx, text, nil)
		if err != nil {
			return fmt.Errorf("ask: %w", err)
		}
		return errors.Join(h.rows(ctx, rows), rows.Close())
	})
}

func (h *historian) rows(ctx context.Context, rows driver.Rows) error {
	values := make([]driver.Value, len(rows.Columns()))
	for {
		err := rows.Next(values)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = h.add(values)
		}
		if err != nil {
			return fmt.Errorf("read rows: %w", err)
		}
		if len(h.batch) < felt.HistoryBatch {
			continue
		}
		if err := errors.Join(ctx.Err(), h.flush()); err != nil {
			return err
		}
	}
}

func (h *historian) flush() error {
	if len(h.batch) > 0 && !h.yield(h.batch, nil) {
		return errEnough
	}
	h.batch = h.batch[:0]
	return nil
}

// add reads one row.
func (h *historian) add(v []driver.Value) error {
	known, okKnown := v[0].(int64)
	packed, okPacked := v[1].(int64)
	end, okEnd := v[2].(int64)
	took, okTook := v[3].(int64)
	cut, okCut := v[6].(int64)
	text, okText := v[7].(string)
	if !okKnown || !okPacked || !okEnd || !okTook || !okCut || !okText {
		return fmt.Errorf("%v is no row of history", v)
	}
	if h.batch == nil {
		h.batch = make([]felt.Interaction, 0, felt.HistoryBatch)
	}
	sc, t := h.scopes[int32(packed/4096)], h.text(cut, text)
	h.batch = append(h.batch, felt.Interaction{
		Known: felt.Tick(known), Env: sc.env, App: sc.app, Name: sc.name, Kind: sc.kind, Traffic: sc.traffic,
		Journey: t.journey, Step: t.step, Service: t.service, Release: t.release, Segments: t.segments,
		End: felt.Instant(end), Duration: took,
		Outcome: felt.Outcome(packed / 256 % 16), AbandonedHow: felt.AbandonedHow(packed % 256),
	})
	r := &h.batch[len(h.batch)-1]
	customer, _ := v[4].([]byte) // NULL: nobody is known
	id, _ := v[5].([]byte)
	copy(r.Customer[:], customer)
	copy(r.ID[:], id)
	return nil
}

// text takes a row's text apart. The same few come again and again.
func (h *historian) text(cut int64, text string) historyText {
	if t, ok := h.texts[text]; ok && t.cut == cut {
		return t
	}
	t, rest := historyText{cut: cut}, text
	for _, to := range []*string{&t.journey, &t.step, &t.service, &t.release} {
		n := min(int(cut&0xffff), len(rest))
		*to, rest, cut = rest[:n], rest[n:], cut>>16
	}
	t.segments = decodeSegments(rest)
	if len(h.texts) >= historyTexts {
		clear(h.texts)
	}
	h.texts[text] = t
	return t
}

// HistoryCounts implements [felt.HistoryReader].
func (s *Store) HistoryCounts(ctx context.Context, after, upTo felt.Tick) ([]felt.HistoryCount, error) {
	done, err := s.makeRoom(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	list, err := s.historyCounts(ctx, after, upTo, 60)
	if err != nil {
		return nil, fmt.Errorf("duckdb: %w", err)
	}
	return list, nil
}

func (s *Store) historyCounts(ctx context.Context, after, upTo, width felt.Tick) ([]felt.HistoryCount, error) {
	text, err := judgedIn("history_counts", after, upTo, "{{width}}", strconv.FormatInt(int64(width), 10))
	if err != nil {
		return nil, err
	}
	var list []felt.HistoryCount
	err = each(ctx, s.db, text, nil, func(rows *sql.Rows) error {
		var c felt.HistoryCount
		err := rows.Scan(&c.From, &c.N)
		list = append(list, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count history: %w", err)
	}
	return list, nil
}

// Lasting implements [felt.HistoryReader].
func (s *Store) Lasting(ctx context.Context) ([]felt.Finding, []felt.Incident, error) {
	findings, err := s.findingsWhere(ctx, "ended = 0")
	if err != nil {
		return nil, nil, err
	}
	incidents, err := s.incidents(ctx, fmt.Sprintf("SELECT body FROM incidents WHERE status <> %d ORDER BY id", felt.IncidentResolved))
	return findings, incidents, err
}

// Silences implements [felt.HistoryReader].
func (s *Store) Silences(ctx context.Context, after, upTo felt.Tick) ([]felt.Finding, error) {
	return s.findingsWhere(ctx, "kind = ? AND opened <= ? AND (ended = 0 OR ended > ?)", string(felt.FindingSilent), int64(upTo), int64(after))
}

func (s *Store) findingsWhere(ctx context.Context, where string, args ...any) ([]felt.Finding, error) {
	var list []felt.Finding
	err := each(ctx, s.db, "SELECT body FROM findings WHERE "+where+" ORDER BY id", args, func(rows *sql.Rows) error {
		var body string
		var f felt.Finding
		if err := rows.Scan(&body); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(body), &f); err != nil {
			return fmt.Errorf("column body: %w", err)
		}
		list = append(list, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("duckdb: read findings: %w", err)
	}
	return list, nil
}

// firsts keeps the first versions with an outcome of interactions that are replaced in this
// write and of which the file knows nothing: known has the others. newest has the version
// that stays.
func (w *writing) firsts(ctx context.Context, newest map[felt.InteractionID]int32, known map[felt.InteractionID]bool, first, last felt.Tick) error {
	var list []*felt.Interaction
	at := map[felt.InteractionID]bool{}
	for _, b := range w.batches {
		for i := range b.Interactions {
			r := &b.Interactions[i]
			v, replaced := newest[r.ID]
			if replaced && r.Version < v && r.Outcome != felt.OutcomeNone && !r.Withdrawn() && !known[r.ID] && !at[r.ID] {
				at[r.ID] = true
				list = append(list, r)
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	text := fmt.Sprintf("SELECT id FROM first_tries WHERE first_known BETWEEN %d AND %d", first, last)
	err := w.query(ctx, "first tries", text, nil, func(rows *sql.Rows) error {
		var id duck.UUID
		err := rows.Scan(&id)
		delete(at, felt.InteractionID(id))
		return err
	})
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(r *felt.Interaction) bool { return !at[r.ID] })
	return w.appender("first_tries", func(add func([]driver.Value) error) error {
		for _, r := range list {
			err := add([]driver.Value{
				duck.UUID(r.ID), int64(r.FirstKnown), int64(r.Known), w.scopeSeen(r), clean(r.Journey), clean(r.Step),
				int64(r.End), uint8(r.Outcome), uint8(r.AbandonedHow), r.Duration, hash(r.Customer),
				clean(r.Service), clean(r.Release), encodeSegments(r.Segments),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
