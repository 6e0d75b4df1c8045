package rulestest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/felt-cx/felt"
)

// watchFor is how long a case that expects incidents goes on after its last act when it does not say:
// long enough to see one resolved.
const watchFor = felt.Hour

// until is how long a case goes on after its last act.
func (c *Case) until() felt.Instant {
	if c.Until == 0 && c.Expect.hasIncidents {
		return watchFor
	}
	return cmp.Or(c.Until, quietFor)
}

// copy is the n-th of those who do the same. Of several, each has identities of its own, but for
// the account.
func (who *Customer) copy(n int) Customer {
	one := *who
	one.Does = slices.Clone(who.Does)
	if who.Count <= 1 {
		return one
	}
	own := func(parts ...*string) {
		for _, p := range parts {
			if *p != "" && *p != None {
				*p += "-" + strconv.Itoa(n+1)
			}
		}
	}
	own(&one.User, &one.Pseudonym, &one.Installation, &one.Session)
	for i := range one.Does {
		a := &one.Does[i]
		own(&a.User, &a.Pseudonym, &a.Installation, &a.Session, &a.Instance, &a.Key)
		a.At += felt.Instant(n) * who.Every
	}
	return one
}

// incident is one of those that were opened, and who was told of it.
type incident struct {
	row      felt.Incident // its last version
	priority string        // the highest that it had
	told     []string      // that it has begun; sorted, each once
}

// heard takes the incidents and notifications of a batch.
func (o *outcome) heard(b *felt.Batch) {
	find := func(id string) *incident {
		i := slices.IndexFunc(o.incidents, func(n *incident) bool { return n.row.ID == id })
		if i < 0 {
			o.incidents = append(o.incidents, &incident{row: felt.Incident{ID: id}})
			i = len(o.incidents) - 1
		}
		return o.incidents[i]
	}
	for _, r := range b.Incidents {
		n := find(r.ID)
		if r.Version > n.row.Version {
			n.row = r
		}
		if r.Priority != "" && (n.priority == "" || r.Priority < n.priority) {
			n.priority = r.Priority
		}
	}
	for _, m := range b.Notifications {
		if m.Kind != felt.NotifyDetected {
			continue
		}
		n := find(m.Incident.ID)
		if i, there := slices.BinarySearch(n.told, m.Sink); !there {
			n.told = slices.Insert(n.told, i, m.Sink)
		}
	}
}

// alarms holds the incidents against the lines of the test: each line takes one that fits.
func (o *outcome) alarms(c *Case) []Failure {
	var fails []Failure
	rest := slices.Clone(o.incidents)
	for k := range c.Expect.Incidents {
		w := &c.Expect.Incidents[k]
		i := slices.IndexFunc(rest, func(n *incident) bool { return w.differs(n) == "" })
		if i >= 0 {
			rest = slices.Delete(rest, i, i+1)
			continue
		}
		text := "no incident: " + w.String()
		if len(rest) > 0 {
			text += "; there is " + rest[0].String() + ": " + w.differs(rest[0])
		}
		fails = append(fails, Failure{c.Name, w.line, text})
	}
	for _, n := range rest {
		fails = append(fails, Failure{c.Name, c.line, "incident not expected: " + n.String()})
	}
	return fails
}

// differs says in what an incident is not what the line expects; "" when it is.
func (w *Alarm) differs(n *incident) string {
	r := &n.row
	if w.Of != "" && !slices.Contains(r.Journeys, w.Of) {
		return fmt.Sprintf("it is about %s, want %q", strings.Join(r.Journeys, ", "), w.Of)
	}
	for _, f := range []struct{ what, want, got string }{
		{"app", w.App, r.App}, {"kind", w.Kind, r.Kind}, {"status", w.Status, r.Status.String()}, {"priority", w.Priority, n.priority},
	} {
		if f.want != "" && f.want != f.got {
			return fmt.Sprintf("%s is %q, want %q", f.what, f.got, f.want)
		}
	}
	if failed := r.Impact.Customers.Failed; int64(w.Customers) > failed {
		return fmt.Sprintf("%d customers failed, want %d at least", failed, w.Customers)
	}
	if after := r.Opened - begin.Instant(); w.Within > 0 && after > w.Within {
		return fmt.Sprintf("it was opened %s after the test began, want %s at most", length(after), length(w.Within))
	}
	if want := slices.Sorted(slices.Values(w.Sinks)); w.told && !slices.Equal(want, n.told) {
		return fmt.Sprintf("told was %s, want %s", list(n.told), list(want))
	}
	return ""
}

func list(names []string) string {
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(names, ", ")
}

// String is the line in words.
func (w *Alarm) String() string {
	var parts []string
	for _, f := range []struct{ key, value string }{
		{"of", w.Of}, {"app", w.App}, {"kind", w.Kind}, {"status", w.Status}, {"priority", w.Priority},
	} {
		if f.value != "" {
			parts = append(parts, f.key+"="+f.value)
		}
	}
	return cmp.Or(strings.Join(parts, " "), "any")
}

// String is the incident in words.
func (n *incident) String() string {
	r := &n.row
	return fmt.Sprintf("%s of %s (%s, %s, %d customers failed, told: %s)",
		r.Kind, strings.Join(r.Journeys, ", "), r.Status, cmp.Or(n.priority, "no priority"), r.Impact.Customers.Failed, list(n.told))
}
