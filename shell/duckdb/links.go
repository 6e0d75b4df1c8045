package duckdb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/felt-cx/felt"
)

// links takes the new links into table links, where the best of an identity wins, and
// keeps in it where each leads in the end: a question then joins once and follows nothing.
func (w *writing) links(ctx context.Context) error {
	n, chains := 0, false
	for _, b := range w.batches {
		n += len(b.Links)
		for i := range b.Links {
			l := &b.Links[i]
			chains = chains || l.Strong() != felt.LevelUser || l.FromLevel != felt.LevelSession
		}
	}
	if n == 0 {
		return nil
	}
	steps := []string{"links_old", "links_new", "links_chains", "links_taken"}
	if !chains {
		// Sessions that lead to users: nothing leads to a session, and nothing on from a user.
		steps = []string{"links_old", "links_new", "links_taken"}
	}
	for _, name := range steps {
		text, err := query(name)
		if err != nil {
			return err
		}
		if err := w.exec(ctx, "links", text); err != nil {
			return err
		}
	}
	return nil
}

// followed tells whether an environment has links: then questions follow them.
func followed(ctx context.Context, db asker, env string) (bool, error) {
	found := false
	err := each(ctx, db, "SELECT 1 FROM links WHERE env = ? LIMIT 1", []any{clean(env)}, func(rows *sql.Rows) error {
		var one int
		found = true
		return rows.Scan(&one)
	})
	if err != nil {
		return false, fmt.Errorf("duckdb: look for links: %w", err)
	}
	return found, nil
}

// following says whose interactions are. An interaction counts as its own user; else as what
// its pseudonym, session or installation leads to, the first of them that leads to something
// stronger; else as its own customer. It needs $env.
func following(interactions string) string {
	return `(SELECT i.*,
		CASE WHEN p.level IS NOT NULL THEN p.customer WHEN s.level < i.own THEN s.customer
			WHEN n.level < i.own THEN n.customer ELSE i.customer END AS who,
		CASE WHEN p.level IS NOT NULL THEN p.level WHEN s.level < i.own THEN s.level
			WHEN n.level < i.own THEN n.level ELSE i.level END AS strength
		FROM (SELECT *, if(level = 0, 5, level) AS own FROM ` + interactions + `) i
		LEFT JOIN links p ON p.env = $env AND p.from_level = 2 AND p.from_hash = if(i.level = 2, i.customer, NULL)
		LEFT JOIN links s ON s.env = $env AND s.from_level = 4 AND s.from_hash = if(i.level <> 1, i.session, NULL)
		LEFT JOIN links n ON n.env = $env AND n.from_level = 3 AND n.from_hash = if(i.level <> 1, i.installation, NULL))`
}
