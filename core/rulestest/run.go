package rulestest

import (
	"fmt"
	"path"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// Failure is one difference between what a case expects and what came of it.
type Failure struct {
	Case    string `json:"case"`
	Line    int    `json:"line"`
	Message string `json:"message"`
}

// Result is what came of one test file.
type Result struct {
	File     string          `json:"file"`
	Cases    int             `json:"cases"`
	Failures []Failure       `json:"failures,omitempty"`
	Problems []rules.Problem `json:"problems,omitempty"` // of the test file or the inventory: nothing was run
}

// OK tells that everything was run and came out as expected.
func (r *Result) OK() bool { return len(r.Failures) == 0 && !rules.Failed(r.Problems) }

// Run runs one test file against the inventory that it names: of all the files in beside
// those in its list, which is relative to its own folder; of all of them when it has none.
func Run(name, text string, beside felt.Inventory) Result {
	r := Result{File: name}
	var f File
	line, problems := rules.Decode(name, text, &f)
	r.Problems = append(problems, f.check(name, line)...)
	in, missing := f.choose(name, beside)
	for _, m := range missing {
		r.Problems = append(r.Problems, problem(name, line(&f.Inventory), "missing-file", fmt.Sprintf("inventory: there is no %s", m)))
	}
	if rules.Failed(r.Problems) {
		return r
	}
	set, problems := rules.Load(in)
	if set == nil {
		r.Problems = problems
		return r
	}
	for i := range f.Tests {
		c := &f.Tests[i]
		r.Cases++
		out, err := play(in, c)
		if err != nil {
			r.Failures = append(r.Failures, Failure{c.Name, c.line, err.Error()})
			continue
		}
		r.Failures = append(r.Failures, judge(c, out)...)
	}
	return r
}

func problem(file string, line int, check, message string) rules.Problem {
	return rules.Problem{File: file, Line: line, Column: 1, Severity: rules.SeverityError, Check: check, Message: message}
}

// choose picks the inventory's files.
func (f *File) choose(name string, beside felt.Inventory) (in felt.Inventory, missing []string) {
	in = felt.Inventory{Version: 1}
	if len(f.Inventory) == 0 {
		in.Files = beside.Files
		return in, nil
	}
	for _, want := range f.Inventory {
		want = path.Join(path.Dir(name), want)
		i := slices.IndexFunc(beside.Files, func(have felt.InventoryFile) bool { return have.Name == want })
		if i < 0 {
			missing = append(missing, want)
			continue
		}
		in.Files = append(in.Files, beside.Files[i])
	}
	return in, missing
}

// check finds what the schema alone does not, and notes where everything stands.
func (f *File) check(name string, line func(any) int) []rules.Problem {
	var list []rules.Problem
	seen := map[string]bool{}
	if len(f.Tests) == 0 {
		list = append(list, problem(name, 1, "no-tests", "the file has no tests"))
	}
	for i := range f.Tests {
		c := &f.Tests[i]
		c.line = line(c)
		if seen[c.Name] {
			list = append(list, problem(name, c.line, "duplicate-test", fmt.Sprintf("there are two tests %q", c.Name)))
		}
		seen[c.Name] = true
		c.Expect.note(line)
		if !c.Expect.hasInteractions && !c.Expect.hasJourneys && !c.Expect.hasIncidents && len(c.Expect.Customers) == 0 {
			list = append(list, problem(name, c.line, "expects-nothing", fmt.Sprintf("test %q expects nothing: give interactions, journeys, customers or incidents", c.Name)))
		}
		for j := range c.Customers {
			for k := range c.Customers[j].Does {
				a := &c.Customers[j].Does[k]
				if n := a.kinds(); n != 1 {
					list = append(list, problem(name, line(a), "bad-act", fmt.Sprintf("an act is one of interaction, span and log; this has %d of them", n)))
				}
			}
		}
	}
	return list
}

// kinds counts what the act is.
func (a *Act) kinds() int {
	n := 0
	for _, given := range []bool{a.Interaction != "", a.Span != nil, a.Log != nil} {
		if given {
			n++
		}
	}
	return n
}

// note remembers which lists were given, also empty ones: nothing of that is expected then.
func (e *Expect) note(line func(any) int) {
	e.hasInteractions, e.hasJourneys = line(&e.Interactions) > 0, line(&e.Journeys) > 0
	e.hasIncidents = line(&e.Incidents) > 0
	for i := range e.Incidents {
		a := &e.Incidents[i]
		a.line, a.told = line(a), line(&a.Sinks) > 0
	}
	for _, rows := range [][]Row{e.Interactions, e.Journeys} {
		for i := range rows {
			rows[i].line = line(&rows[i])
		}
	}
	for i := range e.Customers {
		e.Customers[i].line = line(&e.Customers[i])
	}
}
