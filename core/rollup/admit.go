package rollup

import (
	"cmp"
	"slices"

	"github.com/felt-cx/felt"
)

// Other is the value under which all values count that have no rows of their own. A value
// of that name counts there too.
const Other = "other"

// Key is a segment key of one name: values are admitted within it.
type Key struct{ Env, App, Name, Key string }

// Value is one that was admitted; Overflow says instead that some were not.
type Value struct {
	Key
	Value    string
	Overflow bool
}

// Seen is when a value ended for the first time in a window.
type Seen struct {
	Value string
	First felt.Instant
}

// Admitted are the values with rows of their own, for ever. Its zero value is empty.
type Admitted struct {
	values   map[Key]map[string]bool
	overflow map[Key]bool
}

// Put notes what was admitted before.
func (a *Admitted) Put(v Value) {
	if a.values == nil {
		a.values, a.overflow = map[Key]map[string]bool{}, map[Key]bool{}
	}
	if a.values[v.Key] == nil {
		a.values[v.Key] = map[string]bool{}
	}
	if v.Overflow {
		a.overflow[v.Key] = true
		return
	}
	a.values[v.Key][v.Value] = true
}

// Admit admits the values seen in a window, in order of their first end, then of value,
// while there are fewer than most. It returns what is new. The value "" is always there:
// it stands for interactions without the key.
func (a *Admitted) Admit(key Key, seen []Seen, most int) []Value {
	slices.SortFunc(seen, func(x, y Seen) int {
		return cmp.Or(cmp.Compare(x.First, y.First), cmp.Compare(x.Value, y.Value))
	})
	var fresh []Value
	admit := func(v Value) {
		a.Put(v)
		fresh = append(fresh, v)
	}
	for _, s := range seen {
		switch {
		case a.values[key][s.Value] || s.Value == "":
		case s.Value != Other && len(a.values[key]) < most:
			admit(Value{Key: key, Value: s.Value})
		case !a.overflow[key]:
			admit(Value{Key: key, Overflow: true})
		}
	}
	return fresh
}

// As is the value under which a value counts.
func (a *Admitted) As(key Key, value string) string {
	if value == "" || !a.overflow[key] || a.values[key][value] {
		return value
	}
	return Other
}

// Lost tells whether a value counts among others, so that nothing is known of it alone.
func (a *Admitted) Lost(key Key, value string) bool {
	return value != Other && a.As(key, value) == Other
}
