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
		if len(inv.Journeys)+len(inv.Calendar) == 0 && len(p.problems) > before {
			return
		}
	}
	if len(inv.Journeys)+len(inv.Calendar) == 0 {
		p.add(SeverityWarning, "empty-file", f.Name, yaml.Pos{}, "a journey begins as: journeys: [{name: checkout}]", "the file names no journey")
	}
	p.cleared = p.cleared || root != nil && slices.ContainsFunc(root.Entries, func(e yaml.Entry) bool {
		return e.Key == "journeys" && e.Value.Kind == yaml.List && len(e.Value.Items) == 0
	})
	for i := range inv.Journeys {
		p.journeys = append(p.journeys, &inv.Journeys[i])
	}
	for i := range inv.Calendar {
		p.days = append(p.days, &inv.Calendar[i])
	}
}
