package duckdb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"github.com/felt-cx/felt"
)

// scopeID returns the number of a scope. A new one is noted and written by saveScopes.
func (w *writing) scopeID(sc scope) int32 {
	id, ok := w.s.known.scopes[sc]
	if !ok {
		if as := (scope{clean(sc.env), clean(sc.app), clean(sc.name), sc.kind, sc.traffic}); as != sc {
			return w.scopeID(as) // as the file has it
		}
		id = int32(len(w.s.known.scopes)) + 1
		w.s.known.scopes[sc] = id
		w.newScopes = append(w.newScopes, sc)
	}
	return id
}

// seen moves the end of a scope's newest interaction.
func (w *writing) seen(id int32, end felt.Instant) {
	if end > w.s.known.last[id] {
		w.s.known.last[id] = end
		if w.moved == nil {
			w.moved = map[int32]bool{}
		}
		w.moved[id] = true
		w.s.known.moved[id] = true
	}
}

// saveEvery is how often the newest ends are written: they change with almost every
// row, and what was not yet written is found again when the store opens.
const saveEvery = felt.Tick(60)

// saveScopes writes new scopes, and now and then the newest ends of all.
func (w *writing) saveScopes(ctx context.Context) error {
	k := &w.s.known
	if err := w.saveNewScopes(); err != nil {
		return err
	}
	var now felt.Tick
	for _, b := range w.batches {
		now = max(now, b.ID.Tick)
	}
	if now < k.saved+saveEvery || len(k.moved) == 0 {
		return nil
	}
	values := make([]string, 0, len(k.moved))
	for id := range k.moved {
		values = append(values, fmt.Sprintf("(%d,%d)", id, k.last[id]))
	}
	err := w.exec(ctx, "scopes", "UPDATE scopes SET last_end = v.last FROM (VALUES "+
		strings.Join(values, ",")+") AS v(id, last) WHERE scopes.id = v.id")
	if err != nil {
		return err
	}
	clear(k.moved)
	k.saved = now
	return w.exec(ctx, "scopes", "UPDATE marks SET value = ? WHERE what = 'scopes'", int64(now))
}

func (w *writing) saveNewScopes() error {
	if len(w.newScopes) == 0 {
		return nil
	}
	k := &w.s.known
	return w.appender("scopes", func(add func([]driver.Value) error) error {
		for _, sc := range w.newScopes {
			id := k.scopes[sc]
			delete(k.moved, id)
			err := add([]driver.Value{
				id, sc.env, sc.app, sc.name, uint8(sc.kind), uint8(sc.traffic), int64(k.last[id]),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// saveProgress writes ticks and cursors: with them a batch becomes one that was seen.
func (w *writing) saveProgress(ctx context.Context) error {
	if err := w.saveTicks(ctx); err != nil {
		return err
	}
	for name, c := range w.cursors {
		var err error
		if _, there := w.s.known.cursors[name]; there {
			err = w.exec(ctx, "cursor "+name, "UPDATE cursors SET seq = ?, tick = ?, snapshot = ?, epoch = ? WHERE name = ?",
				uint64(c.Seq), int64(c.Tick), c.Snapshot, c.Epoch, name)
		} else {
			err = w.exec(ctx, "cursor "+name, "INSERT INTO cursors VALUES (?, ?, ?, ?, ?)",
				name, uint64(c.Seq), int64(c.Tick), c.Snapshot, c.Epoch)
		}
		if err != nil {
			return err
		}
		w.s.known.cursors[name] = c
	}
	return nil
}

func (w *writing) saveTicks(ctx context.Context) error {
	var old, fresh []string
	for l, tick := range w.ticks {
		row := fmt.Sprintf("(%d,%d,%d)", l.stage, l.part, tick)
		if _, there := w.s.known.ticks[l]; there {
			old = append(old, row)
		} else {
			fresh = append(fresh, row)
		}
		w.s.known.ticks[l] = tick
	}
	if len(fresh) > 0 {
		if err := w.exec(ctx, "ticks", "INSERT INTO ticks VALUES "+strings.Join(fresh, ",")); err != nil {
			return err
		}
	}
	if len(old) == 0 {
		return nil
	}
	return w.exec(ctx, "ticks", "UPDATE ticks SET tick = v.tick FROM (VALUES "+strings.Join(old, ",")+
		") AS v(stage, part, tick) WHERE ticks.stage = v.stage AND ticks.part = v.part")
}
