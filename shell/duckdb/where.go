package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/felt-cx/felt"
)

// scopeRow is one row of table scopes that a question is about.
type scopeRow struct {
	id int32
	felt.Scope
}

// scopes returns the rows of table scopes that the question is about, by app, name, kind.
func scopes(ctx context.Context, db asker, q felt.Question) ([]scopeRow, error) {
	if len(q.Also) > 0 {
		return union(ctx, db, q)
	}
	const text = `SELECT id, app, name, kind FROM scopes
		WHERE env = ? AND traffic = ? AND (? = '' OR app = ?) AND (? = '' OR name = ?) AND (? = 0 OR kind = ?)
		ORDER BY app, name, kind`
	var list []scopeRow
	app, name, kind := clean(q.App), clean(q.Name), uint8(q.Kind)
	args := []any{clean(q.Env), uint8(q.Traffic), app, app, name, name, kind, kind}
	err := each(ctx, db, text, args, func(rows *sql.Rows) error {
		r := scopeRow{Scope: felt.Scope{Env: q.Env}}
		err := rows.Scan(&r.id, &r.App, &r.Name, &r.Kind)
		list = append(list, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("duckdb: find scopes: %w", err)
	}
	return list, nil
}

// union returns the rows that any scope of the question is about, each once.
func union(ctx context.Context, db asker, q felt.Question) ([]scopeRow, error) {
	all, err := scopes(ctx, db, felt.Question{Scope: felt.Scope{Env: q.Env}, Traffic: q.Traffic})
	if err != nil {
		return nil, err
	}
	of := named(q)
	return slices.DeleteFunc(all, func(r scopeRow) bool {
		return !slices.ContainsFunc(of, func(sc felt.Scope) bool { return r.named(sc) })
	}), nil
}

// named are the scopes of a question as they are written in rows.
func named(q felt.Question) []felt.Scope {
	list := q.Scopes()
	for i := range list {
		list[i].App, list[i].Name = clean(list[i].App), clean(list[i].Name)
	}
	return list
}

// named tells whether a scope of the row's environment names it.
func (r *scopeRow) named(of felt.Scope) bool {
	return (of.App == "" || r.App == of.App) && (of.Name == "" || r.Name == of.Name) && (of.Kind == 0 || r.Kind == of.Kind)
}

// subject finds what a question is about: its scopes and its filter. A question that is
// none is refused also when nothing is in scope.
func subject(ctx context.Context, db asker, q felt.Question) ([]scopeRow, filter, error) {
	in, err := scopes(ctx, db, q)
	if err != nil {
		return nil, filter{}, err
	}
	return about(ctx, db, q, in)
}

// summed is subject for what sums over scopes, where each scope is about one kind: see [felt.Scope].
func summed(ctx context.Context, db asker, q felt.Question) ([]scopeRow, filter, error) {
	all, err := scopes(ctx, db, q)
	if err != nil {
		return nil, filter{}, err
	}
	taken := map[int32]bool{}
	for _, of := range named(q) {
		for _, id := range settled(all, of) {
			taken[id] = true
		}
	}
	in := slices.DeleteFunc(all, func(r scopeRow) bool { return !taken[r.id] })
	return about(ctx, db, q, in)
}

// settled are the rows that a scope names, of the kind that it is about.
func settled(all []scopeRow, of felt.Scope) []int32 {
	var ids [felt.KindJourney + 1][]int32
	for i := range all {
		if r := &all[i]; r.named(of) && r.Kind <= felt.KindJourney {
			ids[r.Kind] = append(ids[r.Kind], r.id)
		}
	}
	if of.Kind != 0 && of.Kind <= felt.KindJourney {
		return ids[of.Kind]
	}
	if steps := ids[felt.KindStep]; len(steps) > 0 || of.Name == "" {
		return steps
	}
	return ids[felt.KindJourney]
}

// tried is summed for what sums tries alone: journeys that steps in scope tell of are left out.
func tried(ctx context.Context, db asker, q felt.Question) ([]scopeRow, filter, error) {
	in, f, err := summed(ctx, db, q)
	if once := told(in); err == nil && len(once) < len(in) {
		return about(ctx, db, q, once)
	}
	return in, f, err
}

// told are those of the rows from which tries are summed: all but the journeys of an app of
// which steps are among them.
func told(in []scopeRow) []scopeRow {
	apps := map[string]bool{}
	for i := range in {
		if in[i].Kind == felt.KindStep {
			apps[in[i].App] = true
		}
	}
	var list []scopeRow
	for _, r := range in {
		if r.Kind != felt.KindJourney || !apps[r.App] {
			list = append(list, r)
		}
	}
	return list
}

func about(ctx context.Context, db asker, q felt.Question, in []scopeRow) ([]scopeRow, filter, error) {
	if err := q.Check(); err != nil {
		return nil, filter{}, fmt.Errorf("duckdb: %w", err)
	}
	f, err := filterOf(in, q)
	if err == nil && len(in) > 0 {
		f.linked, err = followed(ctx, db, q.Env)
	}
	return in, f, err
}

// filter is the part of a WHERE clause that a question stands for.
type filter struct {
	sql    string
	args   []any
	env    string
	linked bool // the environment has links
}

// people is a relation of interactions with two columns more: who, the customer after links,
// and strength, the level of that identity.
func (f filter) people(interactions string) string {
	if f.linked {
		return following(interactions)
	}
	return "(SELECT *, customer AS who, level AS strength FROM " + interactions + ")"
}

// hits are the people of the interactions for which a condition holds.
func (f filter) hits(where string) string {
	return f.people("(SELECT * FROM interactions WHERE " + where + ")")
}

// filterOf writes a question's window and conditions for interactions in the given
// scopes. Numbers are written into the text; keys and values are bound.
func filterOf(in []scopeRow, q felt.Question) (filter, error) {
	f := filter{env: clean(q.Env)}
	parts := []string{
		fmt.Sprintf("ended >= %d AND ended < %d", q.From, q.To),
		"scope IN (" + scopeIDs(in) + ")",
	}
	for _, g := range q.Gaps() {
		parts = append(parts, fmt.Sprintf("NOT (ended >= %d AND ended < %d)", g.From, g.To))
	}
	for _, c := range q.Where {
		part, err := f.condition(c)
		if err != nil {
			return filter{}, err
		}
		parts = append(parts, part)
	}
	f.sql = strings.Join(parts, " AND ")
	return f, nil
}

// scopeIDs are their numbers with commas between.
func scopeIDs(in []scopeRow) string {
	ids := make([]string, len(in))
	for i, sc := range in {
		ids[i] = strconv.Itoa(int(sc.id))
	}
	return strings.Join(ids, ",")
}

// condition writes one condition. What is absent matches [felt.OpNotEquals] only.
func (f *filter) condition(c felt.Condition) (string, error) {
	var one func(value string) string
	switch c.Key {
	case "release", "service", "reason":
		one = func(v string) string {
			if v == "" {
				return "false"
			}
			return c.Key + " = " + f.bind(clean(v))
		}
	case "outcome":
		one = func(v string) string {
			o, ok := felt.ParseOutcome(v)
			if !ok {
				return "false"
			}
			return fmt.Sprintf("outcome = %d", o)
		}
	case "identity":
		one = func(v string) string {
			for l := felt.LevelNone; l <= felt.LevelSession; l++ {
				if l.String() == v {
					return fmt.Sprintf("level = %d", l)
				}
			}
			return "false"
		}
	default:
		one = func(v string) string { return "contains(segments, " + f.bind(hasSegment(c.Key, v)) + ")" }
	}
	any := []string{"false"}
	for _, v := range c.Values {
		any = append(any, one(v))
	}
	match := "(" + strings.Join(any, " OR ") + ")"
	switch c.Op {
	case felt.OpEquals, felt.OpIn:
		return match, nil
	case felt.OpNotEquals:
		return "NOT " + match, nil
	}
	return "", fmt.Errorf("duckdb: condition on %q has operator %d, which is none: use =, != or in: %w", c.Key, c.Op, felt.ErrUnanswerable)
}

// bind adds an argument and returns its place.
func (f *filter) bind(v any) string {
	name := "p" + strconv.Itoa(len(f.args))
	f.args = append(f.args, sql.Named(name, v))
	return "$" + name
}

// splitBy writes the value by which points are split.
func (f *filter) splitBy(key string) string {
	switch key {
	case "":
		return "''"
	case "release", "service", "reason":
		return key
	case "outcome":
		return words("outcome", felt.OutcomeSuccess, felt.OutcomeCancelled)
	case "identity":
		return words("level", felt.LevelNone, felt.LevelSession)
	}
	return "split_part(split_part(segments, " + f.bind(hasKey(key)) + ", 2), chr(31), 1)"
}

// words writes the words of a column of numbers.
func words[T interface {
	~uint8
	String() string
}](column string, first, last T) string {
	var b strings.Builder
	b.WriteString("CASE " + column)
	for v := first; v <= last; v++ {
		fmt.Fprintf(&b, " WHEN %d THEN '%s'", v, v.String())
	}
	b.WriteString(" ELSE '' END")
	return b.String()
}

// ask fills the marks of a question's file and asks it.
func ask(ctx context.Context, db asker, name string, f filter, marks []string, scan func(*sql.Rows) error) error {
	text, err := query(name)
	if err != nil {
		return err
	}
	text = strings.NewReplacer(append([]string{"{{filter}}", f.sql, "{{hits}}", f.hits(f.sql)}, marks...)...).Replace(text)
	args := f.args
	if f.linked && strings.Contains(text, "$env") {
		args = append(slices.Clip(args), sql.Named("env", f.env))
	}
	if err := each(ctx, db, text, args, scan); err != nil {
		return fmt.Errorf("duckdb: question %s: %w", name, err)
	}
	return nil
}

// read runs a question on one snapshot of the rows.
func (s *Store) read(ctx context.Context, f func(tx *sql.Tx) error) error {
	done, err := s.makeRoom(ctx)
	if err != nil {
		return err
	}
	defer done()
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("duckdb: begin reading: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it only read
	return f(tx)
}

// marksOf writes pairs of a mark and a number.
func marksOf(pairs ...any) []string {
	list := make([]string, len(pairs))
	for i, p := range pairs {
		list[i] = fmt.Sprint(p)
	}
	return list
}

// fill puts texts in place of marks.
func fill(text string, marks []string) string { return strings.NewReplacer(marks...).Replace(text) }
