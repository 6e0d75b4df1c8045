package httpapi

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"

	"github.com/felt-cx/felt"
)

type driversInput struct{ ScopeInput }

type driversOutput struct {
	Body struct {
		Stamp
		Bad     int64        `json:"bad" doc:"Tries that failed or were abandoned"`
		N       int64        `json:"n" doc:"Of so many decided"`
		Drivers []driverView `json:"drivers" doc:"Values for which it goes wrong more often than for all others, beyond chance; the one that explains most first"`
		Unknown string       `json:"unknown,omitempty" doc:"Why nothing can be told"`
	}
}

type driverView struct {
	Key      string  `json:"key" doc:"Segment key, release or service"`
	Value    string  `json:"value" doc:"Empty: those that do not say"`
	Bad      int64   `json:"bad"`
	N        int64   `json:"n"`
	OtherBad int64   `json:"other_bad" doc:"Of all others, at the same time"`
	OtherN   int64   `json:"other_n"`
	Explains float64 `json:"explains" doc:"Share of all that went wrong, beyond what the others suffer, that lies here"`
}

const (
	maxDrivers = 6
	// minDriver is how unlikely the difference is, in standard deviations: many values are looked at.
	minDriver = 4.0
	// minExplains leaves out what is certain and does not matter.
	minExplains = 0.05
)

// drivers tells for whom a name goes wrong: the values of single segments, releases and services
// that stand out from all others in the same window. It compares and does not search: an incident's
// page has what was found by looking at combinations and at the past.
func (a *API) drivers(ctx context.Context, in *driversInput) (*driversOutput, error) {
	q, asked, err := a.scoped(ctx, in.ScopeInput)
	if err != nil {
		return nil, err
	}
	out := &driversOutput{}
	out.Body.Stamp = a.stamp(asked)
	out.Body.Drivers = []driverView{}
	leaves, err := ask(ctx, a, func(ctx context.Context) ([]felt.Leaf, error) {
		list, err := a.opts.Store.Leaves(ctx, felt.LeafQuestion{Question: q})
		if errors.Is(err, felt.ErrUnanswerable) {
			out.Body.Unknown = reasonOf(err)
			return nil, nil
		}
		return list, err
	})
	if err != nil {
		return nil, err
	}
	out.Body.Drivers, out.Body.Bad, out.Body.N = driversOf(leaves)
	return out, nil
}

// driversOf compares every value with all others.
func driversOf(leaves []felt.Leaf) (list []driverView, bad, n int64) {
	type value struct{ key, value string }
	sums := map[value]*driverView{}
	for i := range leaves {
		l := &leaves[i]
		wrong, decided := l.Counts.Failed+l.Counts.Abandoned, l.Counts.Decided()
		bad, n = bad+wrong, n+decided
		if l.Rest {
			continue
		}
		add := func(k, v string) {
			at := value{k, v}
			if sums[at] == nil {
				sums[at] = &driverView{}
			}
			sums[at].Bad, sums[at].N = sums[at].Bad+wrong, sums[at].N+decided
		}
		add("service", l.Service)
		add("release", l.Release)
		for _, f := range l.Flags {
			add("flag", f)
		}
		for _, s := range l.Segments {
			add(s.Key, s.Value)
		}
	}
	list = []driverView{}
	for v, d := range sums {
		d.Key, d.Value = v.key, v.value
		d.OtherBad, d.OtherN = bad-d.Bad, n-d.N
		if standsOut(d, bad) {
			list = append(list, *d)
		}
	}
	slices.SortFunc(list, func(x, y driverView) int {
		return cmp.Or(cmp.Compare(y.Explains, x.Explains), cmp.Compare(x.N, y.N), cmp.Compare(x.Key, y.Key), cmp.Compare(x.Value, y.Value))
	})
	return list[:min(len(list), maxDrivers)], bad, n
}

// standsOut tells whether a value fares worse than the others by more than chance, and how much of
// all that went wrong lies there because of it.
func standsOut(d *driverView, bad int64) bool {
	if d.N == 0 || d.OtherN == 0 || bad == 0 {
		return false
	}
	here, there := share(d.Bad, d.N), share(d.OtherBad, d.OtherN)
	pooled := share(bad, d.N+d.OtherN)
	sd := math.Sqrt(pooled * (1 - pooled) * (1/float64(d.N) + 1/float64(d.OtherN)))
	if here <= there || sd == 0 || (here-there)/sd < minDriver {
		return false
	}
	d.Explains = (float64(d.Bad) - there*float64(d.N)) / float64(bad)
	return d.Explains >= minExplains
}
