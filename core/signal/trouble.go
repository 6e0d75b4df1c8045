package signal

import "github.com/felt-cx/felt/core/rules"

// Trouble says of one signal or KPI why its points make no value.
type Trouble struct {
	Env, App, Journey, Name string
	KPI                     bool
	Why                     string // completes "no value, because ..."
}

// Troubles lists what is wrong with the signals and KPIs held, in order of environment and of the
// files.
func (b *Book) Troubles() []Trouble {
	var list []Trouble
	for _, key := range sortedKeys(b.series, compareSeries) {
		x := b.series[key]
		if x.why == WhyNone {
			continue
		}
		j := x.m.Journey
		list = append(list, Trouble{
			Env: x.env, App: j.App, Journey: j.Name, Name: x.m.Name, KPI: x.m.Role != rules.RoleSignal, Why: x.why.String(),
		})
	}
	return list
}
