package rules

import (
	"reflect"

	"github.com/felt-cx/felt/core/yaml"
)

// Decode reads a file of another schema as strictly as the inventory is read: into points to
// a struct whose fields have yaml tags (and words, range and need tags as the types here
// have). line tells where a field or item of a list stands, named by its address; 0 when it
// does not stand in the file.
func Decode(name, text string, into any) (line func(part any) int, problems []Problem) {
	r := &reporter{}
	at := map[any]place{}
	line = func(part any) int { return at[part].value.Line }
	root, errs := yaml.Parse(text)
	for _, e := range errs {
		r.add(SeverityError, "bad-yaml", name, e.Pos, "", "%s", e.Message)
	}
	if root != nil && len(errs) == 0 {
		d := &decoder{reporter: r, file: name, at: at, left: newBudget()}
		d.value(root, reflect.ValueOf(into).Elem(), "file", "", root.Pos)
	}
	return line, r.sorted()
}
