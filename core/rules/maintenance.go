package rules

import (
	"slices"

	"github.com/felt-cx/felt"
)

// Maintenance is a time in which nobody is told of incidents. They are opened and shown all the same,
// and who is still hit when it ends is told of then.
type Maintenance struct {
	Name     string   `yaml:"name" need:"" doc:"What people call it. Unique."`
	From     string   `yaml:"from" need:"" doc:"When it begins, as in the calendar: a date (midnight UTC), or a time with its offset."`
	To       string   `yaml:"to" need:"" doc:"When it ends, in the same form. A date is the last day, and belongs to it."`
	Every    string   `yaml:"every" words:"week month year" alt:"once" doc:"How often it comes again."`
	Envs     []string `yaml:"envs" alt:"all" doc:"Environments."`
	Apps     []string `yaml:"apps" alt:"all" doc:"Apps."`
	Journeys []string `yaml:"journeys" alt:"all" doc:"Journeys."`
	Reason   string   `yaml:"reason" doc:"Why, for those who look at an incident of which nobody was told."`
}

// CompiledMaintenance is a maintenance as it is looked up.
type CompiledMaintenance struct {
	Maintenance

	when CompiledDay
}

// Holds tells whether an instant lies in the maintenance. Of what it is about, see its lists.
func (m *CompiledMaintenance) Holds(at felt.Instant) bool { return m.when.holds(at.Time()) }

// Covers tells whether what happens to a journey (or, with the names of several, to all of them) in
// an environment and app is what the maintenance is about.
func (m *CompiledMaintenance) Covers(env, app string, journeys ...string) bool {
	in := func(list []string, name string) bool { return len(list) == 0 || slices.Contains(list, name) }
	if !in(m.Envs, env) || !in(m.Apps, app) {
		return false
	}
	return len(m.Journeys) == 0 || len(journeys) > 0 && !slices.ContainsFunc(journeys, func(j string) bool { return !slices.Contains(m.Journeys, j) })
}

// day is the maintenance as an entry of the calendar.
func (m *Maintenance) day() *Day { return &Day{Name: m.Name, From: m.From, To: m.To, Every: m.Every} }

func compileMaintenance(m *Maintenance) CompiledMaintenance {
	when, _ := readDay(m.day())
	return CompiledMaintenance{Maintenance: *m, when: when}
}
