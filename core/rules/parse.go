package rules

import (
	"reflect"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/yaml"
)

// parsed is an inventory as it was read, and where everything in it stands.
type parsed struct {
	*reporter
	options  Options
	version  int64
	journeys []*Journey // in order of the files
	days     []*Day
	sinks    []*Sink
	pauses   []*Maintenance
	score    *ScoreWeights // nil: nothing is said
	targets  *Targets      // nil: nothing is said
	at       map[any]place
	left     *budget
	cleared  bool // a file says journeys: []
}

// place is where a part stands, named by its address (or a mapKey).
func (p *parsed) place(part any) place { return p.at[part] }

// Parse reads the files and decodes them strictly, without a look at what they mean
// together: that is [Check]. The inventory holds what could be read of them.
func Parse(in felt.Inventory) (Inventory, []Problem) {
	p := parse(in, Options{}.defaults())
	inv := Inventory{Journeys: make([]Journey, 0, len(p.journeys))}
	for _, j := range p.journeys {
		inv.Journeys = append(inv.Journeys, *j)
	}
	for _, d := range p.days {
		inv.Calendar = append(inv.Calendar, *d)
	}
	for _, s := range p.sinks {
		inv.Sinks = append(inv.Sinks, *s)
	}
	for _, m := range p.pauses {
		inv.Maintenance = append(inv.Maintenance, *m)
	}
	if p.score != nil {
		inv.Score = *p.score
	}
	if p.targets != nil {
		inv.Targets = *p.targets
	}
	return inv, p.sorted()
}

func parse(in felt.Inventory, o Options) *parsed {
	p := &parsed{reporter: &reporter{}, options: o, version: in.Version, at: map[any]place{}, left: newBudget()}
	files := slices.Clone(in.Files)
	slices.SortStableFunc(files, func(a, b felt.InventoryFile) int { return strings.Compare(a.Name, b.Name) })
	for i, f := range files {
		if i > 0 && files[i-1].Name == f.Name {
			p.add(SeverityError, "duplicate-file", f.Name, yaml.Pos{}, "", "the file is given twice")
			continue
		}
		p.file(f)
	}
	return p
}

func (p *parsed) file(f felt.InventoryFile) {
	if len(f.Text) > p.options.MaxFile {
		p.add(SeverityError, "file-too-large", f.Name, yaml.Pos{}, "split it: all files count as one list",
			"the file has %d bytes, more than %d", len(f.Text), p.options.MaxFile)
		return
	}
	root, errs := yaml.Parse(f.Text)
	for _, e := range errs {
		p.add(SeverityError, "bad-yaml", f.Name, e.Pos, "", "%s", e.Message)
	}
	if len(errs) > 0 {
		return
	}
	inv := &Inventory{}
	if root != nil {
		d := &decoder{reporter: p.reporter, file: f.Name, at: p.at, left: p.left}
		before := len(p.problems)
		d.value(root, reflect.ValueOf(inv).Elem(), "file", "", root.Pos)
		if !p.says(inv) && len(p.problems) > before {
			return
		}
	}
	if !p.says(inv) {
		p.add(SeverityWarning, "empty-file", f.Name, yaml.Pos{}, "a journey begins as: journeys: [{name: checkout}]", "the file names no journey")
	}
	p.cleared = p.cleared || root != nil && slices.ContainsFunc(root.Entries, func(e yaml.Entry) bool {
		return e.Key == "journeys" && e.Value.Kind == yaml.List && len(e.Value.Items) == 0
	})
	p.take(inv)
}

// given tells whether a part stands in a file.
func (p *parsed) given(part any) bool {
	_, given := p.at[part]
	return given
}

// says tells whether a file says anything.
func (p *parsed) says(inv *Inventory) bool {
	return len(inv.Journeys)+len(inv.Calendar)+len(inv.Sinks)+len(inv.Maintenance) > 0 || p.given(&inv.Score) || p.given(&inv.Targets)
}

// take puts what a file says to what the others say.
func (p *parsed) take(inv *Inventory) {
	for i := range inv.Journeys {
		p.journeys = append(p.journeys, &inv.Journeys[i])
	}
	for i := range inv.Calendar {
		p.days = append(p.days, &inv.Calendar[i])
	}
	for i := range inv.Sinks {
		p.sinks = append(p.sinks, &inv.Sinks[i])
	}
	for i := range inv.Maintenance {
		p.pauses = append(p.pauses, &inv.Maintenance[i])
	}
	if p.given(&inv.Score) {
		p.once(p.score, &inv.Score, "impact_score")
		p.score = &inv.Score
	}
	if p.given(&inv.Targets) {
		p.once(p.targets, &inv.Targets, "targets")
		p.targets = &inv.Targets
	}
}
