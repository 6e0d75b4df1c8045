package rulestest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
	"github.com/felt-cx/felt/core/otlp"
)

// begin is when every test begins: a quiet second in the past, so that nothing depends
// on the day on which it is run.
const begin felt.Tick = 1_700_000_000

// quietFor is how long a test goes on after its last act when it does not say: longer than any
// journey may stay open.
const quietFor = 14 * felt.Day

// outcome is what came of a case: the last version of each row.
type outcome struct {
	rows  []felt.Interaction // by end
	links map[felt.Hash]felt.Hash
	names map[felt.Hash]string // hash -> customer as written

	incidents []*incident // in the order in which they were opened
}

// play runs the acts of a case through an engine.
func play(inventory felt.Inventory, c *Case) (*outcome, error) {
	s := felt.DefaultSettings()
	s.Partitions = 1
	e := engine.New(s)
	text, err := json.Marshal(inventory)
	if err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	if err := e.Control(felt.Record{Kind: felt.KindInventory, Part: felt.Control, Data: text}); err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	t := &table{packer: otlp.NewPacker(otlp.Options{
		Partitions: 1, Clock: felt.ClockWall, LateMax: felt.Day, Key: otlp.HashKey{ID: 1, Secret: []byte("felt test")},
	}), names: map[felt.Hash]string{}, byTick: map[felt.Tick][]felt.Record{}}
	if err := t.lay(c); err != nil {
		return nil, err
	}
	return t.run(e, c)
}

// table is the tape of one case.
type table struct {
	packer *otlp.Packer
	byTick map[felt.Tick][]felt.Record
	names  map[felt.Hash]string
	last   felt.Tick
}

// lay packs every act under the tick in which it arrives.
func (t *table) lay(c *Case) error {
	var span, customer int
	for i := range c.Customers {
		for n := range max(c.Customers[i].Count, 1) {
			who := c.Customers[i].copy(n)
			for j := range who.Does {
				span++
				act := &who.Does[j]
				act.become(&who)
				t.know(c, &who)
				if err := t.act(c, &who, act, customer, span); err != nil {
					return fmt.Errorf("customers[%d].does[%d]: %w", i, j, err)
				}
			}
			customer++
		}
	}
	return nil
}

// know remembers how the test calls the customer of the present identity.
func (t *table) know(c *Case, who *Customer) {
	key := otlp.HashKey{ID: 1, Secret: []byte("felt test")}
	env := cmp.Or(c.Env, otlp.DefaultEnv)
	for _, l := range []struct{ level, value string }{
		{otlp.LevelUser, who.User},
		{otlp.LevelPseudonym, who.Pseudonym},
		{otlp.LevelInstallation, who.Installation},
		{otlp.LevelSession, who.Session},
	} {
		if l.value != "" {
			t.names[otlp.Hash(key, l.level, env, l.value)] = l.value
		}
	}
}

func (t *table) act(c *Case, who *Customer, a *Act, customer, number int) error {
	took := cmp.Or(a.Took, 100*felt.Second/1000)
	end := begin.Instant() + a.At + took
	arrival := end + a.Late
	tick := felt.TickOf(arrival)
	body, err := json.Marshal(a.request(c, who, customer, number, end-took, end))
	if err != nil {
		return fmt.Errorf("act: %w", err)
	}
	pack := t.packer.TracesJSON
	if a.Log != nil {
		pack = t.packer.LogsJSON
	}
	report, err := pack(body, arrival)
	if err != nil {
		return fmt.Errorf("act: %w", err)
	}
	if report.Reason != "" {
		return fmt.Errorf("the door would not take it: %s", report.Reason)
	}
	recs := t.packer.Take(nil)
	for i := range recs {
		recs[i].At = arrival
	}
	t.byTick[tick] = append(t.byTick[tick], recs...)
	t.last = max(t.last, tick)
	return nil
}

// run closes tick after tick until nothing is due.
func (t *table) run(e *engine.Engine, c *Case) (*outcome, error) {
	out := &outcome{links: map[felt.Hash]felt.Hash{}, names: t.names}
	rows := map[felt.InteractionID]felt.Interaction{}
	end := t.last + felt.Tick(c.until()/felt.Second)
	for tick := begin; tick <= end; {
		batches, err := e.Run(tick, t.byTick[tick])
		if err != nil {
			return nil, fmt.Errorf("engine: %w", err)
		}
		for i := range batches {
			for _, r := range batches[i].Interactions {
				if old, ok := rows[r.ID]; !ok || r.Version > old.Version {
					rows[r.ID] = r
				}
			}
			for _, l := range batches[i].Links {
				out.links[l.From] = l.To
			}
			out.heard(&batches[i])
		}
		next := e.Next()
		if tick < t.last {
			next = t.nextRecord(tick, next)
		}
		if next == 0 {
			break
		}
		tick = max(next, tick+1)
	}
	maps.DeleteFunc(rows, func(_ felt.InteractionID, r felt.Interaction) bool { return r.Withdrawn() })
	out.rows = slices.SortedFunc(maps.Values(rows), func(a, b felt.Interaction) int {
		return cmp.Or(cmp.Compare(a.End, b.End), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), slices.Compare(a.ID[:], b.ID[:]))
	})
	return out, nil
}

// nextRecord is the sooner of due (0: nothing) and the next tick with a record.
func (t *table) nextRecord(after, due felt.Tick) felt.Tick {
	for tick := range t.byTick {
		if tick > after && (due == 0 || tick < due) {
			due = tick
		}
	}
	return due
}

// become changes the customer's identity from this act on.
func (a *Act) become(who *Customer) {
	for _, f := range []struct{ have, now *string }{
		{&who.User, &a.User},
		{&who.Pseudonym, &a.Pseudonym},
		{&who.Installation, &a.Installation},
		{&who.Session, &a.Session},
		{&who.Account, &a.Account},
	} {
		switch *f.now {
		case "":
		case None:
			*f.have = ""
		default:
			*f.have = *f.now
		}
	}
}

// request is the act as an OTLP/JSON export request.
func (a *Act) request(c *Case, who *Customer, customer, number int, start, end felt.Instant) any {
	p := a.plain()
	var resource attributes
	resource.add("service.name", cmp.Or(p.Service, "test"))
	resource.add("service.namespace", a.App)
	resource.add("deployment.environment.name", c.Env)
	resource.add("service.version", a.Release)
	attrs := a.attributes(who, p)
	trace := hexOf("trace", strconv.Itoa(customer), cmp.Or(a.Trace, "act "+strconv.Itoa(number)))[:32]
	id := hexOf("span", strconv.Itoa(number))[:16]
	if a.Log != nil {
		rec := map[string]any{
			"timeUnixNano": strconv.FormatInt(int64(end), 10), "eventName": p.Name,
			"attributes": attrs.list, "severityNumber": severity(p.Status),
		}
		if a.Trace != "" {
			rec["traceId"] = trace
		}
		return map[string]any{"resourceLogs": []any{map[string]any{
			"resource": map[string]any{"attributes": resource.list}, "scopeLogs": []any{map[string]any{"logRecords": []any{rec}}},
		}}}
	}
	return map[string]any{"resourceSpans": []any{map[string]any{
		"resource": map[string]any{"attributes": resource.list},
		"scopeSpans": []any{map[string]any{"spans": []any{map[string]any{
			"traceId": trace, "spanId": id, "name": cmp.Or(p.Name, a.Interaction), "kind": kindOf(p.Kind),
			"startTimeUnixNano": strconv.FormatInt(int64(start), 10), "endTimeUnixNano": strconv.FormatInt(int64(end), 10),
			"attributes": attrs.list, "status": map[string]any{"code": statusOf(p.Status)},
		}}}},
	}}}
}

// plain is the telemetry of the act; of a named interaction, an internal span of its name.
func (a *Act) plain() *Plain {
	switch {
	case a.Span != nil:
		return a.Span
	case a.Log != nil:
		return a.Log
	}
	return &Plain{Service: a.Service, Name: a.Interaction, Kind: "internal", Attributes: a.Attributes}
}

func (a *Act) attributes(who *Customer, p *Plain) *attributes {
	l := &attributes{}
	l.add("felt.interaction.name", a.Interaction)
	l.add("felt.interaction.outcome", a.Outcome)
	l.add("felt.interaction.reason", a.Reason)
	l.add("felt.interaction.key", a.Key)
	l.add("felt.interaction.value_minor", a.ValueMinor)
	l.add("felt.interaction.currency", a.Currency)
	l.add("felt.journey.instance.id", a.Instance)
	l.add("user.id", who.User)
	l.add("enduser.pseudo.id", who.Pseudonym)
	l.add("app.installation.id", who.Installation)
	l.add("session.id", who.Session)
	l.add("felt.account", who.Account)
	l.add("felt.traffic", who.Traffic)
	for _, k := range slices.Sorted(maps.Keys(who.Segments)) {
		l.add("felt.segment."+k, who.Segments[k])
	}
	for _, k := range slices.Sorted(maps.Keys(p.Attributes)) {
		l.add(k, p.Attributes[k])
	}
	return l
}

// attributes is a list of OTLP/JSON attributes.
type attributes struct{ list []any }

// add adds a text that is not empty.
func (l *attributes) add(key, value string) {
	if value != "" {
		l.list = append(l.list, map[string]any{"key": key, "value": map[string]any{"stringValue": value}})
	}
}

func hexOf(words ...string) string {
	h := sha256.New()
	for _, w := range words {
		fmt.Fprintf(h, "%d %s", len(w), w)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func kindOf(word string) int {
	return max(slices.Index([]string{"", "internal", "server", "client", "producer", "consumer"}, word), 0)
}

func statusOf(word string) int { return max(slices.Index([]string{"unset", "ok", "error"}, word), 0) }

func severity(status string) int {
	if status == "error" {
		return int(otlp.SeverityError)
	}
	return 9
}
