package measure

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// start is the second that the cases count from; a tick for buckets.
const start felt.Tick = 1_700_000_000

// dict is a block's dictionary, made as the events are, and the attributes of the event
// at hand.
type dict struct {
	texts [][]byte
	of    map[string]otlp.Text
	attrs []otlp.Attr
}

func newDict() *dict { return &dict{texts: [][]byte{nil}, of: map[string]otlp.Text{"": 0}} }

func (d *dict) Text(t otlp.Text) []byte { return d.texts[t] }
func (d *dict) Texts() int              { return len(d.texts) }
func (d *dict) KeyID() uint32           { return 7 }

func (d *dict) Attributes(yield func(otlp.Text, otlp.Value)) {
	for _, a := range d.attrs {
		yield(a.Key, otlp.Value{Kind: otlp.ValueText, Text: a.Value})
	}
}

func (d *dict) ResourceAttributes(func(otlp.Text, otlp.Value)) {}

func (d *dict) add(s string) otlp.Text {
	t, ok := d.of[s]
	if !ok {
		t = otlp.Text(len(d.texts))
		d.texts = append(d.texts, []byte(s))
		d.of[s] = t
	}
	return t
}

// hash makes a readable identity: its name padded with dots.
func hash(s string) (h felt.Hash) {
	if s != "" {
		copy(h[:], s+"................")
	}
	return h
}

func unhash(h felt.Hash) string { return strings.TrimRight(strings.Trim(string(h[:]), "\x00"), ".") }

func spanID(s string) (id felt.SpanID) {
	copy(id[:], s)
	return id
}

func traceID(s string) (id felt.TraceID) {
	copy(id[:], s)
	return id
}

// arrival is one event and the tick in which it arrives. It is given as the tracker sees it,
// or as a record that the door packed.
type arrival struct {
	tick  felt.Tick
	ev    otlp.Event
	attrs []otlp.Attr
	data  []byte
}

// parseEvent reads "span 3 id=b parent=a name=pay end=2.5 ...". Times are seconds after
// start. Without times an event ended when its tick began, and took 100 ms.
func parseEvent(d *dict, line string) (arrival, error) {
	words := strings.Fields(line)
	sec, err := strconv.Atoi(words[1])
	if err != nil {
		return arrival{}, fmt.Errorf("%q: %w", line, err)
	}
	a := arrival{tick: start + felt.Tick(sec)}
	ev := &a.ev
	ev.Type, ev.Kind, ev.Weight = otlp.TypeSpan, felt.SpanInternal, 1
	ev.End = a.tick.Instant() - felt.Second
	ev.Start = ev.End - felt.Second/10
	ev.Trace = traceID("t")
	if words[0] == "log" || words[0] == "pending" {
		ev.Type, ev.Start, ev.Kind = otlp.TypeLog, ev.End, 0
	}
	if words[0] == "pending" {
		ev.Name = d.add(PendingEvent)
	}
	for _, w := range words[2:] {
		key, value, _ := strings.Cut(w, "=")
		if attr, ok := strings.CutPrefix(key, "@"); ok {
			a.attrs = append(a.attrs, otlp.Attr{Key: d.add(attr), Value: d.add(value)})
			continue
		}
		if err := setField(d, ev, key, strings.ReplaceAll(value, "_", " ")); err != nil {
			return arrival{}, fmt.Errorf("%q: %w", line, err)
		}
	}
	return a, nil
}

// textFields are the fields of a case line that are texts.
var textFields = map[string]otlp.Field{
	"name": otlp.FieldInteraction, "outcome": otlp.FieldOutcome, "reason": otlp.FieldReason, "key": otlp.FieldKey,
	"journey": otlp.FieldJourney, "step": otlp.FieldStep, "currency": otlp.FieldCurrency, "error": otlp.FieldErrorType,
	"release": otlp.FieldRelease, "env": otlp.FieldEnv, "service": otlp.FieldService, "ns": otlp.FieldNamespace,
	"peer": otlp.FieldPeer, "message": otlp.FieldStatusMessage, "instance": otlp.FieldInstance,
}

func setField(d *dict, ev *otlp.Event, key, value string) error {
	if f, ok := textFields[key]; ok {
		ev.Fields[f] = d.add(value)
		return nil
	}
	if seg, ok := strings.CutPrefix(key, "seg."); ok {
		ev.Segments = append(ev.Segments, otlp.Attr{Key: d.add(seg), Value: d.add(value)})
		return nil
	}
	if flag, ok := strings.CutPrefix(key, "flag."); ok {
		ev.Flags = append(ev.Flags, otlp.Attr{Key: d.add(flag), Value: d.add(value)})
		return nil
	}
	number, _ := strconv.ParseFloat(value, 64)
	at := start.Instant() + felt.Instant(number*1e9)
	switch key {
	case "id":
		ev.Span = spanID(value)
	case "parent":
		ev.Parent = spanID(value)
	case "trace":
		ev.Trace = traceID(value)
	case "op":
		ev.Name = d.add(value)
	case "start":
		ev.Start = at
	case "end":
		ev.End = at
		if ev.Type == otlp.TypeLog {
			ev.Start = at
		} else {
			ev.Start = at - felt.Second/10
		}
	case "started":
		ev.Started = at
	case "status":
		ev.Status = map[string]otlp.Status{"error": otlp.StatusError, "ok": otlp.StatusOK}[value]
	case "kind":
		for k := felt.SpanUnspecified; k <= felt.SpanConsumer; k++ {
			if k.String() == value {
				ev.Kind = k
			}
		}
	case "traffic":
		ev.Traffic = map[string]felt.Traffic{"test": felt.TrafficTest, "bot": felt.TrafficBot}[value]
	case "weight":
		ev.Weight = number
	case "draw":
		ev.Draw = uint64(number)
	case "value":
		ev.Value = int64(number)
	case "visible":
		ev.Visible = int64(number)
	case "http":
		ev.HTTPCode = int32(number)
	case "retries":
		ev.Retries = int32(number)
	case "user":
		ev.IDs.User = hash(value)
	case "pseudo":
		ev.IDs.Pseudonym = hash(value)
	case "install":
		ev.IDs.Installation = hash(value)
	case "session":
		ev.IDs.Session = hash(value)
	case "account":
		ev.IDs.Account = hash(value)
	default:
		return fmt.Errorf("no field %q", key)
	}
	return nil
}

// show writes a row with every field that is not as usual.
func show(r *felt.Interaction) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s %s v%d by %s %s", r.Known-start, r.Name, r.Outcome, r.Version,
		strings.Trim(string(r.Span[:]), "\x00"), r.OutcomeRule)
	put := func(key string, v any) {
		if s := fmt.Sprint(v); s != "" && s != "0" && s != "[]" {
			b.WriteString(" " + key + "=" + strings.ReplaceAll(s, " ", "_"))
		}
	}
	if r.Version > 1 {
		put("first", fmt.Sprintf("%d:%s", r.FirstKnown-start, r.FirstOutcome))
	} else if r.FirstKnown != r.Known || r.FirstOutcome != r.Outcome {
		put("WRONG-FIRST", fmt.Sprintf("%d:%s", r.FirstKnown-start, r.FirstOutcome))
	}
	if r.Env != "production" {
		put("env", r.Env)
	}
	if r.App != "unknown_service" { // most cases do not name one
		put("app", r.App)
	}
	put("service", r.Service)
	put("client", r.ClientOutcome)
	put("reason", r.Reason)
	put("error", r.ErrorClass)
	put("took", fmt.Sprintf("%g-%g", seconds(r.Start), seconds(r.End)))
	if r.Duration != int64(r.End-r.Start) {
		put("WRONG-DURATION", r.Duration)
	}
	if r.Traffic != felt.TrafficCustomer {
		put("traffic", r.Traffic)
	}
	if r.Weight != 1 {
		put("weight", r.Weight)
	}
	put("draw", r.Draw)
	if r.IdentityLevel != felt.LevelNone {
		put("customer", r.IdentityLevel.String()+":"+unhash(r.Customer))
	}
	put("account", unhash(r.Account))
	put("install", unhash(r.Installation))
	put("session", unhash(r.Session))
	put("journey", r.Journey)
	put("step", r.Step)
	put("release", r.Release)
	put("value", r.ValueMinor)
	put("currency", r.Currency)
	put("visible", r.Visible)
	put("retries", r.Retries)
	for _, s := range r.Segments {
		put("seg."+s.Key, s.Value)
	}
	put("flags", strings.Join(r.Flags, ","))
	put("left", r.AbandonedHow)
	put("rules", r.RulesVersion)
	if !r.Recoverable {
		put("recoverable", "no")
	}
	return b.String()
}

func seconds(i felt.Instant) float64 { return float64(i-start.Instant()) / 1e9 }

// feed drives a tracker and its counters through ticks, skipping the quiet ones.
type feed struct {
	tracker  *Tracker
	counters []*Counter
	rows     []felt.Interaction
	buckets  []felt.Bucket
	ops      []felt.OperationBucket
	edges    []felt.EdgeBucket
}

func newFeed(s felt.Settings) *feed {
	f := &feed{tracker: NewTracker(s)}
	for p := range s.Partitions {
		f.counters = append(f.counters, NewCounter(s, p))
	}
	return f
}

// run gives the events of each tick, in the given order, and closes every tick that is
// due up to until.
func (f *feed) run(d *dict, events []arrival, until felt.Tick) {
	i := 0
	for t := start; t <= until; t++ {
		busy := false
		for ; i < len(events) && events[i].tick == t; i++ {
			f.give(d, &events[i])
			busy = true
		}
		if busy || f.due() == t {
			f.tick(t)
		}
	}
}

func (f *feed) give(d *dict, a *arrival) {
	at := a.tick.Instant() - felt.Second/2
	if a.data == nil {
		d.attrs = a.attrs
		f.tracker.Begin(d, at)
		f.tracker.Event(&a.ev)
		return
	}
	var r otlp.Reader
	if err := r.Reset(a.data); err != nil {
		panic(err)
	}
	for r.NextBlock() {
		f.tracker.Begin(&r, at)
		for r.Next(&a.ev) {
			f.tracker.Event(&a.ev)
		}
	}
}

func (f *feed) due() felt.Tick {
	due := f.tracker.Due()
	for _, c := range f.counters {
		if n := c.Due(); n != 0 && (due == 0 || n < due) {
			due = n
		}
	}
	return due
}

func (f *feed) tick(t felt.Tick) {
	out := f.tracker.Tick(t)
	ops, edges := f.tracker.Flush(t)
	f.ops, f.edges = append(f.ops, ops...), append(f.edges, edges...)
	for _, c := range f.counters {
		told := c.Tick(t, out)
		f.rows = append(f.rows, told.Interactions...)
		f.buckets = append(f.buckets, c.Flush(t)...)
	}
}

// golden is one case of a golden file: what goes in, what comes out.
type golden struct {
	name    string
	comment []string
	in, out []string
	line    int
}

func readGolden(t *testing.T, text string) []golden {
	t.Helper()
	var cases []golden
	sc := bufio.NewScanner(strings.NewReader(text))
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimRight(sc.Text(), " ")
		name, isName := strings.CutPrefix(line, "== ")
		if isName {
			cases = append(cases, golden{name: name, line: n})
			continue
		}
		if len(cases) == 0 || line == "" {
			continue
		}
		c := &cases[len(cases)-1]
		if out, ok := strings.CutPrefix(line, "-> "); ok {
			c.out = append(c.out, out)
		} else if strings.HasPrefix(line, "#") {
			c.comment = append(c.comment, line)
		} else {
			c.in = append(c.in, line)
		}
	}
	return cases
}
