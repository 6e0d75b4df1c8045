package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/felt-cx/felt"
)

func incidentCustomerRow(w *writing, b *felt.Batch, i int, to []driver.Value) []driver.Value {
	r := &b.IncidentCustomers[i]
	w.nr++
	return append(to, w.nr, clean(r.Incident), hash(r.Customer), hash(r.Account), int64(r.First), int64(r.Last),
		r.Failed, r.Degraded, int64(r.RecoveredAt), r.ValueMinor)
}

// cohort takes what this write has appended of harmed customers.
func (w *writing) cohort(ctx context.Context) error {
	if w.stats["new_cohort"] == 0 {
		return nil
	}
	return w.take(ctx, "cohort_new")
}

// Cohort implements [felt.IncidentReader].
func (s *Store) Cohort(ctx context.Context, incident string, limit int, page string) ([]felt.IncidentCustomer, string, error) {
	if limit < 1 {
		limit = defaultLimit
	}
	after, err := cohortPage(page)
	if err != nil {
		return nil, "", err
	}
	var list []felt.IncidentCustomer
	args := []any{sql.Named("incident", clean(incident))}
	err = ask(ctx, s.db, "cohort", filter{args: args}, marksOf("{{page}}", after, "{{limit}}", strconv.Itoa(limit+1)), func(rows *sql.Rows) error {
		var c felt.IncidentCustomer
		err := rows.Scan(&c.Incident, nullHash{&c.Customer}, nullHash{&c.Account}, &c.First, &c.Last,
			&c.Failed, &c.Degraded, &c.RecoveredAt, &c.ValueMinor)
		list = append(list, c)
		return err
	})
	if err != nil || len(list) <= limit {
		return list, "", err
	}
	end := list[limit-1]
	return list[:limit], fmt.Sprintf("%016x%s", uint64(end.First), end.Customer), nil
}

// cohortPage returns what a customer behind a page is.
func cohortPage(page string) (string, error) {
	if page == "" {
		return "true", nil
	}
	raw, err := hex.DecodeString(page)
	if err != nil || len(raw) != 24 {
		return "", fmt.Errorf("duckdb: page %q is not one that an earlier answer gave: %w", page, felt.ErrUnanswerable)
	}
	first := int64(binary.BigEndian.Uint64(raw))
	return fmt.Sprintf("(first_hit > %d OR first_hit = %d AND customer > %s)", first, first, uuid(felt.Hash(raw[8:]))), nil
}
