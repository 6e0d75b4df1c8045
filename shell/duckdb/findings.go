package duckdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/felt-cx/felt"
)

// Findings implements [felt.FindingReader].
func (s *Store) Findings(ctx context.Context, q felt.FindingQuestion) ([]felt.Finding, error) {
	const text = `SELECT body FROM findings
WHERE env = $1 AND ($2 = '' OR app = $2) AND ($3 = '' OR name = $3) AND ($4 = '' OR kind = $4) AND (paging OR NOT $5)
  AND ($9 = 0 OR of = $9) AND opened * 1000000000 < $6 AND (ended = 0 OR ended * 1000000000 > $7)
ORDER BY opened DESC, id LIMIT $8`
	var list []felt.Finding
	err := each(ctx, s.db, text, []any{
		clean(q.Env), clean(q.App), clean(q.Name), clean(string(q.What)), q.Paging,
		int64(q.To), int64(q.From), q.Most(), uint8(q.Kind),
	}, func(rows *sql.Rows) error {
		var body string
		var f felt.Finding
		if err := rows.Scan(&body); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(body), &f); err != nil {
			return fmt.Errorf("finding: %w", err)
		}
		list = append(list, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("duckdb: list findings: %w", err)
	}
	return list, nil
}
