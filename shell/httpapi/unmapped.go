package httpapi

import (
	"cmp"
	"context"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

type unmappedInput struct {
	WindowInput
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Of each of the two lists"`
}

type unmappedOutput struct {
	Body struct {
		Stamp
		Operations []unmappedOperation `json:"operations" doc:"Where customers come in, no rule selects it, and its spans do not name their interaction; most calls first"`
		Named      int                 `json:"named" doc:"Further operations where customers come in, left out because nearly all of their recent spans name their interaction: they need no rule"`
		Names      []unmappedName      `json:"names" doc:"Interactions that are a step of no journey; most tries first"`
	}
}

type unmappedOperation struct {
	Service   string  `json:"service"`
	Operation string  `json:"operation"`
	Kind      string  `json:"kind"`
	Count     int64   `json:"count"`
	Errors    int64   `json:"errors"`
	ErrorRate float64 `json:"error_rate"`
	Suggested string  `json:"suggested" doc:"YAML of a journey that would take it"`
}

type unmappedName struct {
	App       string        `json:"app"`
	Name      string        `json:"name"`
	Outcomes  Outcomes      `json:"outcomes"`
	Customers felt.Distinct `json:"customers"`
	Suggested string        `json:"suggested" doc:"YAML of a journey that would take it"`
}

// unmapped lists what is seen and in no journey.
func (a *API) unmapped(ctx context.Context, in *unmappedInput) (*unmappedOutput, error) {
	q, asked, err := a.unscoped(ManyInput{WindowInput: in.WindowInput})
	if err != nil {
		return nil, err
	}
	out := &unmappedOutput{}
	out.Body.Stamp = a.stamp(asked)
	set := a.opts.Rules().Set
	ops, err := ask(ctx, a, func(ctx context.Context) ([]felt.OperationStat, error) {
		return a.opts.Store.Operations(ctx, in.Env, "", q.Window)
	})
	if err != nil {
		return nil, err
	}
	names, err := ask(ctx, a, func(ctx context.Context) ([]felt.ScopeStat, error) { return a.opts.Store.ScopeStats(ctx, q) })
	if err != nil {
		return nil, err
	}
	named := a.opts.Named(in.Env)
	left := unselected(set, entries(ops, named))
	all := len(left)
	left = slices.DeleteFunc(left, func(o felt.OperationStat) bool { return named[Operation{o.Service, o.Operation, o.Kind}] })
	out.Body.Named = all - len(left)
	out.Body.Operations = unmappedOperations(left, in.Limit)
	out.Body.Names = unmappedNames(set, names, in.Limit)
	return out, nil
}

// entries are the operations through which customers come in, over all releases: what servers
// and consumers are asked; and all that services do that nobody asks anything, which is what
// browsers, apps and jobs are. Of these, what those call that name interactions is inside of them.
func entries(ops []felt.OperationStat, named map[Operation]bool) []felt.OperationStat {
	asked, names := map[string]bool{}, map[string]bool{}
	for o := range named {
		names[o.Service] = true
	}
	for _, o := range ops {
		if o.Kind == felt.SpanServer || o.Kind == felt.SpanConsumer {
			asked[o.Service] = true
		}
	}
	type key struct {
		service, operation string
		kind               felt.SpanKind
	}
	at := map[key]int{}
	var list []felt.OperationStat
	for _, o := range ops {
		calls := o.Kind == felt.SpanClient || o.Kind == felt.SpanProducer
		if o.Kind != felt.SpanServer && o.Kind != felt.SpanConsumer && asked[o.Service] ||
			calls && names[o.Service] && !named[Operation{o.Service, o.Operation, o.Kind}] {
			continue
		}
		k := key{o.Service, o.Operation, o.Kind}
		if i, ok := at[k]; ok {
			list[i].Count += o.Count
			list[i].Errors += o.Errors
			continue
		}
		at[k] = len(list)
		list = append(list, o)
	}
	return list
}

// unselected are the operations that no rule may take.
func unselected(set *rules.Set, ops []felt.OperationStat) []felt.OperationStat {
	return slices.DeleteFunc(ops, func(o felt.OperationStat) bool {
		return set != nil && len(set.Select(false, o.Service, o.Operation, o.Kind)) > 0
	})
}

func unmappedOperations(ops []felt.OperationStat, limit int) []unmappedOperation {
	slices.SortFunc(ops, func(x, y felt.OperationStat) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Service, y.Service), cmp.Compare(x.Operation, y.Operation), cmp.Compare(x.Kind, y.Kind))
	})
	out := make([]unmappedOperation, 0, min(len(ops), limit))
	for _, o := range ops[:min(len(ops), limit)] {
		out = append(out, unmappedOperation{
			Service: o.Service, Operation: o.Operation, Kind: o.Kind.String(), Count: o.Count, Errors: o.Errors,
			ErrorRate: share(o.Errors, o.Count), Suggested: rules.Suggest(o.Service, o.Operation, o.Kind, false),
		})
	}
	return out
}

func unmappedNames(set *rules.Set, names []felt.ScopeStat, limit int) []unmappedName {
	tries := func(s felt.ScopeStat) int64 { return s.Counts.Decided() + s.Counts.Cancelled + s.Counts.Open }
	names = slices.DeleteFunc(slices.Clone(names), func(s felt.ScopeStat) bool {
		return s.Kind != felt.KindStep || tries(s) == 0 || set != nil && len(set.Steps(s.App, s.Name)) > 0
	})
	slices.SortStableFunc(names, func(x, y felt.ScopeStat) int { return cmp.Compare(tries(y), tries(x)) })
	out := make([]unmappedName, 0, min(len(names), limit))
	for _, s := range names[:min(len(names), limit)] {
		out = append(out, unmappedName{App: s.App, Name: s.Name, Outcomes: outcomesOf(s.Counts), Customers: s.Customers, Suggested: rules.SuggestInteraction(s.App, s.Name)})
	}
	return out
}
