package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	duck "github.com/duckdb/duckdb-go/v2"

	"github.com/felt-cx/felt"
)

// Customer implements [felt.CustomerReader].
func (s *Store) Customer(ctx context.Context, env string, id felt.Hash, w felt.Window, limit int) (felt.CustomerWay, error) {
	if limit < 1 {
		limit = defaultLimit
	}
	way := felt.CustomerWay{Customer: id}
	err := s.read(ctx, func(tx *sql.Tx) error {
		asking := wayAsking{tx: tx, way: &way, w: w, env: clean(env)}
		if err := asking.names(ctx); err != nil {
			return err
		}
		if err := asking.interactions(ctx, limit); err != nil {
			return err
		}
		if err := asking.days(ctx); err != nil {
			return err
		}
		if err := asking.business(ctx); err != nil {
			return err
		}
		if id.IsZero() || !asking.found && len(way.Linked) == 0 {
			return fmt.Errorf("duckdb: customer %q in %q: %w", id, env, felt.ErrNotFound)
		}
		return nil
	})
	if err != nil {
		return felt.CustomerWay{}, err
	}
	return way, nil
}

// namesWritten is the most identities of one customer that are written into a question.
const namesWritten = 500

// wayAsking is one question for a customer's way.
type wayAsking struct {
	tx    *sql.Tx
	way   *felt.CustomerWay
	w     felt.Window
	env   string
	all   string // the customer and what leads to it: hashes with commas between, or a question for them
	found bool   // anything is kept
}

// names follows the links of the hash that was asked for, and back.
func (a *wayAsking) names(ctx context.Context) error {
	way := a.way
	err := each(ctx, a.tx, "SELECT customer FROM links WHERE env = ? AND from_hash = "+uuid(way.Customer)+" ORDER BY from_level LIMIT 1",
		[]any{a.env}, func(rows *sql.Rows) error { return rows.Scan(nullHash{&way.Customer}) })
	if err != nil {
		return fmt.Errorf("duckdb: follow links of %s: %w", way.Customer, err)
	}
	text := `SELECT from_level, from_hash, to_level, to_hash, since, level FROM links
		WHERE env = ? AND customer = ` + uuid(way.Customer) + ` ORDER BY since DESC, from_level, from_hash`
	names := []string{uuid(way.Customer)}
	err = each(ctx, a.tx, text, []any{a.env}, func(rows *sql.Rows) error {
		l := felt.Link{Env: a.env}
		var level felt.IdentityLevel
		err := rows.Scan(&l.FromLevel, nullHash{&l.From}, &l.ToLevel, nullHash{&l.To}, &l.Since, &level)
		if way.Level == felt.LevelNone || level < way.Level {
			way.Level = level
		}
		way.Linked = append(way.Linked, l)
		names = append(names, uuid(l.From))
		return err
	})
	if err != nil {
		return fmt.Errorf("duckdb: links of %s: %w", way.Customer, err)
	}
	a.all = strings.Join(names, ",")
	if len(names) > namesWritten {
		a.all = "SELECT from_hash FROM links WHERE env = $env AND customer = " + names[0] + " UNION ALL SELECT " + names[0]
	}
	return nil
}

// interactions fills in what the customer did.
func (a *wayAsking) interactions(ctx context.Context, limit int) error {
	way := a.way
	inEnv := "scope IN (SELECT id FROM scopes WHERE env = $scopes)"
	f := filter{env: a.env, linked: len(way.Linked) > 0, args: []any{sql.Named("scopes", a.env)}}
	if !f.linked { // its interactions may still lead to somebody else
		var err error
		if f.linked, err = followed(ctx, a.tx, a.env); err != nil {
			return err
		}
	}
	marks := []string{"{{customer}}", uuid(way.Customer), "{{limit}}", strconv.Itoa(limit + 1)}
	f.sql = inEnv
	err := ask(ctx, a.tx, "way_level", f, marks, func(rows *sql.Rows) error {
		var n int64
		var level felt.IdentityLevel
		err := rows.Scan(&n, &level)
		a.found = n > 0
		if len(way.Linked) == 0 {
			way.Level = level
		}
		return err
	})
	if err != nil {
		return err
	}
	f.sql = fmt.Sprintf("ended >= %d AND ended < %d AND %s AND (customer IN (%s) OR session IN (%s) OR installation IN (%s))",
		a.w.From, a.w.To, inEnv, a.all, a.all, a.all)
	err = ask(ctx, a.tx, "way_counts", f, marks, func(rows *sql.Rows) error {
		c := &way.Counts
		return rows.Scan(&c.Success, &c.Degraded, &c.Failed, &c.Abandoned, &c.Cancelled, &c.Open, nullHash{&way.Account})
	})
	if err != nil {
		return err
	}
	return a.newest(ctx, f, marks, limit)
}

// newest fills in the newest interactions, and whether there are more.
func (a *wayAsking) newest(ctx context.Context, f filter, marks []string, limit int) error {
	way := a.way
	var ids []string
	var oldest felt.Instant
	err := ask(ctx, a.tx, "way_newest", f, marks, func(rows *sql.Rows) error {
		var id duck.UUID
		if len(ids) == limit {
			way.More = true
			return nil
		}
		err := rows.Scan(&id, &oldest)
		ids = append(ids, uuid(felt.Hash(id)))
		return err
	})
	if err != nil || len(ids) == 0 {
		return err
	}
	f = filter{sql: fmt.Sprintf("ended >= %d AND ended < %d AND i.id IN (%s)", oldest, a.w.To, strings.Join(ids, ","))}
	return ask(ctx, a.tx, "list", f, []string{"{{page}}", "true", "{{limit}}", strconv.Itoa(limit)}, func(rows *sql.Rows) error {
		i, err := scanInteraction(rows)
		way.Interactions = append(way.Interactions, i)
		return err
	})
}

// days fills in the days that the window touches.
func (a *wayAsking) days(ctx context.Context) error {
	return ask(ctx, a.tx, "way_days", filter{env: a.env, linked: true}, []string{"{{names}}", a.all}, func(rows *sql.Rows) error {
		var d felt.CustomerDay
		c := &d.Counts
		err := rows.Scan(&d.Day, &d.Env, &d.App, nullHash{&d.Customer}, nullHash{&d.Account}, &d.Journey, &d.Kind,
			&d.FirstSeen, &d.Last, &d.Sessions, &d.Tries,
			&c.Success, &c.Degraded, &c.Failed, &c.Abandoned, &c.Cancelled, &c.Open,
			&d.Recovered, &d.Retries, &d.FrictionPoints, &d.ValueMinor, &d.Platform, &d.Region, &d.Plan, &d.IdentityLevel)
		a.found = true
		if d.Day > a.w.From-felt.Day && d.Day < a.w.To {
			a.way.Days = append(a.way.Days, d)
		}
		return err
	})
}

// business fills in events and facts.
func (a *wayAsking) business(ctx context.Context) error {
	names := []string{"{{names}}", a.all}
	err := ask(ctx, a.tx, "way_events", filter{env: a.env, linked: true}, names, func(rows *sql.Rows) error {
		var e felt.BusinessEvent
		err := rows.Scan(&e.ID, &e.Time, &e.Kind, nullHash{&e.Customer}, nullHash{&e.Account}, &e.Journey, &e.AmountMinor, &e.Currency, &e.Category)
		a.found = true
		if e.Time >= a.w.From && e.Time < a.w.To {
			a.way.Events = append(a.way.Events, e)
		}
		return err
	})
	if err != nil {
		return err
	}
	return ask(ctx, a.tx, "way_facts", filter{env: a.env, linked: true}, names, func(rows *sql.Rows) error {
		var f felt.Fact
		err := rows.Scan(nullHash{&f.Customer}, nullHash{&f.Account}, &f.Key, &f.Value, &f.ValidFrom)
		a.found = true
		facts := a.way.Facts
		if f.ValidFrom < a.w.To && (len(facts) == 0 || facts[len(facts)-1].Key != f.Key) {
			a.way.Facts = append(facts, f)
		}
		return err
	})
}
