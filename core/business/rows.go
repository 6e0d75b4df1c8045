package business

import (
	"maps"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// The kinds of changes and of business events.
const (
	kindDeploy, kindLaunch, kindConfig = "deploy", "launch", "config"
	kindOrder, kindTicket, kindCSAT    = "order", "ticket", "csat"
)

func changeKinds() []string {
	return []string{kindDeploy, "flag", kindLaunch, "campaign", kindConfig, "region", "traffic_peak", "maintenance", "fix"}
}

func eventKinds() []string {
	return []string{kindOrder, "activated", "upgraded", "downgraded", "renewed", "cancelled", "churned", kindTicket, kindCSAT}
}

// change reads a change of a kind.
func (f *form) change(kind string) felt.Change {
	c := felt.Change{
		Kind: f.oneOf("kind", kind, changeKinds()...), Env: f.env(), App: f.word("app"), Services: f.words("services"),
		Version: f.word("version"), Previous: f.word("previous"), Region: f.word("region"),
		Started: f.instant("started"), Ended: f.instant("ended"),
		Author: f.text("author"), Fixes: f.word("fixes"), Outcome: f.text("outcome"),
	}
	url, _ := f.raw("url")
	c.URL = otlp.CleanURL(url, f.o.Limits.Text)
	f.expects(&c)
	if len(c.Services) == 0 {
		if s := f.word("service"); s != "" {
			c.Services = []string{s}
		}
	}
	if c.Started == 0 {
		c.Started = f.time
	}
	if c.Ended != 0 && c.Ended < c.Started {
		f.bad("ended", "is before started")
	}
	c.ID = f.id()
	return c
}

// expects is what a change should do to a KPI: an object, or two columns.
func (f *form) expects(c *felt.Change) {
	in, name := f, "expects_direction"
	c.ExpectsKPI = f.word("expects_kpi")
	switch v := f.get("expects").(type) {
	case nil:
	case map[string]any:
		sub := *f
		sub.get = func(name string) any { return v[name] }
		in, name = &sub, "direction"
		c.ExpectsKPI = in.word("kpi")
	default:
		f.bad("expects", "want an object with kpi and direction")
	}
	c.ExpectsDirection = in.oneOf(name, strings.ToLower(in.word(name)), "up", "down")
	if c.ExpectsKPI == "" && c.ExpectsDirection != "" {
		in.bad(name, "says nothing without a KPI")
	}
	f.problems = in.problems
}

// event reads what became of a customer.
func (f *form) event(kind string) felt.BusinessEvent {
	env := f.env()
	e := felt.BusinessEvent{
		Kind: f.oneOf("kind", kind, eventKinds()...), Time: f.instant("time"),
		Customer: f.customer(env), Account: f.account(env),
		Journey: f.word("journey"), Category: f.text("category"),
	}
	if e.Time == 0 {
		e.Time = f.time
	}
	e.AmountMinor, e.Currency = f.amount()
	f.score(&e)
	known := !e.Customer.IsZero() || !e.Account.IsZero()
	// A guest orders, and a ticket or an answer may come from nobody that is known.
	if !known && len(f.problems) == 0 && e.Kind != kindOrder && e.Kind != kindTicket && e.Kind != kindCSAT {
		f.bad("customer", "is needed, or account, or the hash of either")
	}
	e.ID = f.id()
	return e
}

// score is how satisfied a customer was, kept in hundredths in place of an amount.
func (f *form) score(e *felt.BusinessEvent) {
	v, ok := f.raw("score")
	if e.Kind != kindCSAT {
		return
	}
	if !ok {
		f.bad("score", "is needed: a number of 0 to 100")
		return
	}
	n, message := minorUnits(strings.TrimSpace(v), 2)
	if message != "" || n < 0 || n > 100_00 {
		f.bad("score", "want a number of 0 to 100 with at most two decimals")
	}
	e.AmountMinor, e.Currency = n, ""
}

// facts reads what is so of a customer or account: a key and its value, or several.
func (f *form) facts() []felt.Fact {
	env := f.env()
	base := felt.Fact{Customer: f.customer(env), Account: f.account(env), ValidFrom: f.instant("valid_from")}
	if base.ValidFrom == 0 {
		base.ValidFrom = f.time
	}
	if base.Customer.IsZero() && base.Account.IsZero() && len(f.problems) == 0 {
		f.bad("customer", "is needed, or account, or the hash of either")
	}
	switch many := f.get("facts").(type) {
	case nil:
		base.Key = f.needed("key")
		base.Value = f.factValue("value")
		return []felt.Fact{base}
	case map[string]any:
		return f.manyFacts(base, many)
	}
	f.bad("facts", "want an object of keys and values")
	return nil
}

func (f *form) manyFacts(base felt.Fact, many map[string]any) []felt.Fact {
	if len(many) == 0 || len(many) > f.o.Limits.List {
		f.bad("facts", "is empty or too large")
		return nil
	}
	var out []felt.Fact
	sub := *f
	for _, key := range slices.Sorted(maps.Keys(many)) {
		sub.get = func(string) any { return many[key] }
		fact := base
		fact.Key = sub.checkWord("facts", key)
		if fact.Key == "" {
			sub.bad("facts", "has a key that names nothing")
			break
		}
		fact.Value = sub.factValue("facts." + fact.Key)
		out = append(out, fact)
	}
	f.problems = sub.problems
	return out
}

// factValue is a fact's value; an empty one says that nothing is so any longer.
func (f *form) factValue(name string) string {
	switch v := f.get(name).(type) {
	case nil:
		f.bad(name, "is needed")
		return ""
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	v, _ := f.raw(name)
	return otlp.CleanText(v, f.o.Limits.Text)
}

// add puts a row into the result, unless something is wrong with it.
func (r *Result) add(f *form, limit int, put func(b *felt.Business)) {
	if len(f.problems) == 0 {
		r.Accepted++
		put(&r.Business)
		return
	}
	r.reject(limit, f.problems...)
}

func (r *Result) reject(limit int, problems ...Problem) {
	r.Rejected++
	for _, p := range problems {
		if len(r.Problems) >= limit {
			r.More++
			continue
		}
		r.Problems = append(r.Problems, p)
	}
}
