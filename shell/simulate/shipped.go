package simulate

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/examples"
)

// scenarioDir is where the shipped scenarios are.
const scenarioDir = "scenarios"

// Names are those of the shipped scenarios, sorted.
func Names() []string {
	files, err := fs.Glob(examples.Files, scenarioDir+"/*.yaml")
	if err != nil { // the pattern is right
		return nil
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(path.Base(f), ".yaml")
	}
	slices.Sort(files)
	return files
}

// ShippedText is the file of a shipped scenario.
func ShippedText(name string) (string, error) {
	text, err := fs.ReadFile(examples.Files, path.Join(scenarioDir, name+".yaml"))
	if err != nil {
		return "", fmt.Errorf("there is no scenario %q: there is %s", name, few(Names()))
	}
	return string(text), nil
}

// Shipped is a shipped scenario by its name.
func Shipped(name string) (Scenario, error) {
	text, err := ShippedText(name)
	if err != nil {
		return Scenario{}, err
	}
	s, problems := Parse(name+".yaml", text)
	for _, p := range problems {
		return s, fmt.Errorf("%s", p)
	}
	return s, nil
}

// Inventory is the text of an inventory that names the journeys of a scenario's apps: of
// a shop and a hosting platform those of the examples, and of a fleet one journey for every five
// interactions.
func Inventory(s Scenario) (felt.Inventory, error) {
	s.defaults()
	in := felt.Inventory{Actor: scopeName}
	for i, a := range s.Apps {
		f := felt.InventoryFile{Name: a.Kind + ".yaml"}
		if a.Kind == kindFleet {
			f.Text = fleetInventory(a)
		} else {
			text, err := fs.ReadFile(examples.Files, a.Kind+"/inventory.yaml")
			if err != nil {
				return in, fmt.Errorf("inventory: %w", err)
			}
			f.Text = string(text)
		}
		if i > 0 {
			f.Text = journeysOnly(f.Text)
		}
		in.Files = append(in.Files, f)
	}
	slices.SortFunc(in.Files, func(a, b felt.InventoryFile) int { return strings.Compare(a.Name, b.Name) })
	if _, problems := rules.Load(in); rules.Failed(problems) {
		return in, fmt.Errorf("inventory: %s", problems[0])
	}
	return in, nil
}

// fleetInventory writes the journeys of a fleet.
func fleetInventory(a AppConfig) string {
	var b strings.Builder
	b.WriteString("# The journeys of a simulated fleet.\njourneys:\n")
	for n, t := range fleetSites(a, 1, 1) {
		for i := 0; i < len(t.ops); i += perJourney {
			steps := t.ops[i:min(i+perJourney, len(t.ops))]
			_, noun, _ := strings.Cut(steps[0].name, " ")
			fmt.Fprintf(&b, "  - name: %s\n    app: %s\n    criticality: %d\n    correlate: session\n    steps:\n", noun, t.apps[0], 1+(n+i/perJourney)%5)
			for _, o := range steps {
				fmt.Fprintf(&b, "      - {name: %s}\n", o.name)
			}
		}
	}
	return b.String()
}

// journeysOnly leaves out what may be said in one file of an inventory only: weights, targets, sinks.
func journeysOnly(text string) string {
	var b strings.Builder
	keep := true
	for line := range strings.Lines(text) {
		if key, _, ok := strings.Cut(line, ":"); ok && key != "" && !strings.ContainsAny(key[:1], " #-") {
			keep = key == "journeys"
		}
		if keep {
			b.WriteString(line)
		}
	}
	return b.String()
}
