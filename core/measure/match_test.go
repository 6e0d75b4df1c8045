package measure

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/core/rules"
)

// manyRules is an inventory of n journeys, each with a rule that no span of service "web"
// meets: half of them only because of an attribute.
func manyRules(t testing.TB, n int) *rules.Set {
	t.Helper()
	text := "journeys:\n"
	for i := range n {
		text += fmt.Sprintf("  - name: j%d\n    match: {span: {service: {regex: '^svc-%d$'}, name: {prefix: op%d}}}\n", i, i, i)
	}
	return loadRules(t, text)
}

func loadRules(t testing.TB, text string) *rules.Set {
	t.Helper()
	set, problems := rules.Load(felt.Inventory{Version: 5, Files: []felt.InventoryFile{{Name: "a.yaml", Text: text}}})
	if set == nil {
		t.Fatalf("%+v", problems)
	}
	return set
}

// unmatched returns a function that gives a tracker one span that no rule matches.
func unmatched(t testing.TB, set *rules.Set) func() {
	s := felt.DefaultSettings()
	s.Partitions = 1
	k := NewTracker(s)
	k.Rules(set)
	d := newDict()
	names := [4]otlp.Text{d.add("op1"), d.add("op2"), d.add("GET /x"), d.add("y")}
	service := d.add("web")
	second := start
	n := uint64(0)
	var ev otlp.Event
	k.Begin(d, second.Instant())
	return func() {
		if n++; n%1024 == 0 {
			k.Tick(second)
			k.Flush(second)
			second++
			k.Begin(d, second.Instant())
		}
		ev = otlp.Event{Type: otlp.TypeSpan, Kind: felt.SpanServer, Weight: 1, Name: names[n%4], Start: second.Instant() - 1000, End: second.Instant()}
		binary.BigEndian.PutUint64(ev.Trace[:], n/32+1)
		binary.BigEndian.PutUint64(ev.Span[:], n)
		ev.Fields[otlp.FieldService] = service
		k.Event(&ev)
	}
}

// BenchmarkUnmatched: a span that no rule matches costs the same under 20 rules, under 2,000
// and under none.
func BenchmarkUnmatched(b *testing.B) {
	for _, n := range []int{0, 20, 2000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			give := unmatched(b, manyRules(b, n))
			for range 100_000 {
				give()
			}
			b.ResetTimer()
			b.ReportAllocs()
			for range b.N {
				give()
			}
		})
	}
}

// TestUnmatchedAllocatesNothing, also under many rules.
func TestUnmatchedAllocatesNothing(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates")
	}
	give := unmatched(t, manyRules(t, 2000))
	for range 100_000 {
		give()
	}
	if n := testing.AllocsPerRun(20_000, give); n > 0.02 {
		t.Errorf("%g allocations a span", n)
	}
}

// TestRulesTakeEffectAtOnce: what an operation may match is asked anew when the rules change,
// and when operations get other numbers.
func TestRulesTakeEffectAtOnce(t *testing.T) {
	s := felt.DefaultSettings()
	s.Partitions = 1
	f := newFeed(s)
	d := newDict()
	a, err := parseEvent(d, "span 1 id=a service=api op=x")
	if err != nil {
		t.Fatal(err)
	}
	give := func(id byte) int {
		a.ev.Trace[0], a.ev.Span[0] = id, id
		f.give(d, &a)
		a.tick++
		before := len(f.rows)
		f.tick(a.tick)
		return len(slices.DeleteFunc(slices.Clone(f.rows[before:]), func(r felt.Interaction) bool { return r.Kind != felt.KindStep }))
	}
	if n := give(1); n != 0 {
		t.Fatalf("%d interactions without rules", n)
	}
	one, other := loadRules(t, "journeys:\n  - name: j\n    match: {span: {name: x}}\n"), loadRules(t, "journeys:\n  - name: j\n    match: {span: {name: y}}\n")
	for i, c := range []struct {
		set  *rules.Set
		want int
	}{{one, 1}, {other, 0}, {one, 1}, {nil, 0}, {one, 1}} {
		f.tracker.Rules(c.set)
		if n := give(byte(2 + i)); n != c.want {
			t.Errorf("change %d: %d interactions, want %d", i, n, c.want)
		}
	}
	// All operations are forgotten, and another one gets the number that x had.
	a.tick += 100
	f.tick(a.tick)
	f.tracker.sweep()
	f.tracker.sweep()
	if n := len(f.tracker.ops.ops); n != 0 {
		t.Fatalf("%d operations are left", n)
	}
	a.ev.Name = d.add("z")
	if n := give(20); n != 0 {
		t.Errorf("after a sweep: %d interactions of an operation that no rule matches", n)
	}
	a.ev.Name = d.add("x")
	if n := give(21); n != 1 {
		t.Errorf("after a sweep: %d interactions", n)
	}
}

// feeds lists what journeys are told: the key's owner, step, outcome.
func feeds(d Decided) []string {
	var list []string
	for _, p := range d.Parts {
		for _, f := range p.Feeds {
			gone := ""
			if f.Gone {
				gone = " gone"
			}
			key := unhash(f.Key)
			switch f.Key {
			case felt.Hash(f.Decision.ID):
				key = "itself"
			case instanceOf("production", "o1"):
				key = "o1"
			}
			list = append(list, fmt.Sprintf("%s/%s by %s: %s v%d%s", f.Step.Journey.Name, f.Step.Name, key, f.Decision.Outcome, f.Decision.Version, gone))
		}
	}
	slices.Sort(list)
	return list
}

// TestFeeds: every decision of a known step goes to the partition of its journey's
// correlation key, under every journey that it is a step of; a correction that moves it takes
// it back where it was.
func TestFeeds(t *testing.T) {
	const inventory = `
journeys:
  - {name: a, steps: [{name: pay}, {name: done}]}
  - {name: b, correlate: customer, steps: [{name: pay}, {name: done}]}
  - {name: c, correlate: {instance: order.id}, steps: [{name: pay}, {name: done}]}
  - {name: only}
`
	for name, c := range map[string]struct {
		in   []string
		want []string
	}{
		"no step": {[]string{"span 1 id=a name=search session=s"}, nil},
		"by session, customer, and no instance": {
			[]string{"span 1 id=a name=pay session=s user=u"},
			[]string{"a/pay by s: success v1", "b/pay by u: success v1"},
		},
		"a journey of one step: every try by itself": {
			[]string{"span 1 id=a name=only session=s", "log 1 trace= name=only"},
			[]string{"only/only by itself: success v1", "only/only by itself: success v1"},
		},
		"by instance": {
			[]string{"span 1 id=a name=pay session=s journey=c @order.id=o1"},
			[]string{"c/pay by o1: success v1"},
		},
		"by instance, over a snapshot": {
			[]string{"span 18 id=b parent=a name=pay session=s journey=c @order.id=o1"},
			[]string{"c/pay by o1: success v1"},
		},
		"nobody known: no journey": {[]string{"span 1 id=a name=pay"}, nil},
		"customer stands in for the session, and the session for the customer": {
			[]string{"span 1 trace=x id=a name=pay user=u", "span 1 trace=y id=a name=pay session=s"},
			[]string{"a/pay by s: success v1", "a/pay by u: success v1", "b/pay by s: success v1", "b/pay by u: success v1"},
		},
		"of nobody and no trace either": {[]string{"log 1 trace= name=pay"}, nil},
		"telemetry that names a journey means that one": {
			[]string{"span 1 id=a name=pay session=s journey=b"},
			[]string{"b/pay by s: success v1"},
		},
		"a journey that the inventory does not have is no reason to leave others out": {
			[]string{"span 1 id=a name=pay session=s journey=z"},
			[]string{"a/pay by s: success v1", "b/pay by s: success v1"},
		},
		"a correction that moves it": {
			[]string{"span 1 id=b parent=a name=pay user=v", "span 40 id=a name=pay outcome=failed session=s user=u end=2"},
			[]string{
				"a/pay by s: failed v2", "a/pay by v: failed v2 gone", "a/pay by v: success v1",
				"b/pay by u: failed v2", "b/pay by v: failed v2 gone", "b/pay by v: success v1",
			},
		},
		"a correction that does not": {
			[]string{"span 1 id=b parent=a name=pay session=s", "span 40 id=a name=pay outcome=failed session=s end=2"},
			[]string{"a/pay by s: failed v2", "a/pay by s: success v1", "b/pay by s: failed v2", "b/pay by s: success v1"},
		},
		"a correction that makes a test of it": {
			[]string{"span 1 id=b parent=a name=pay session=s", "span 40 id=a name=pay traffic=test session=s end=2"},
			[]string{
				"a/pay by s: success v1", "a/pay by s: success v2", "a/pay by s: success v2 gone",
				"b/pay by s: success v1", "b/pay by s: success v2", "b/pay by s: success v2 gone",
			},
		},
		"a step of another one after all": {
			[]string{"span 1 id=b parent=a name=pay session=s", "span 40 id=a name=checkout outcome=success session=s end=2"},
			[]string{"a/pay by s: cancelled v2", "a/pay by s: success v1", "b/pay by s: cancelled v2", "b/pay by s: success v1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := felt.DefaultSettings()
			k := NewTracker(s)
			k.Rules(loadRules(t, inventory))
			d := newDict()
			var events []arrival
			for _, line := range c.in {
				a, err := parseEvent(d, line)
				if err != nil {
					t.Fatal(err)
				}
				events = append(events, a)
			}
			var got []string
			for tick, i := start, 0; tick < start+60; tick++ {
				for ; i < len(events) && events[i].tick == tick; i++ {
					d.attrs = events[i].attrs
					k.Begin(d, tick.Instant()-felt.Second/2)
					k.Event(&events[i].ev)
				}
				if tick == start+20 { // a snapshot in between changes nothing
					e := &codec.Encoder{}
					k.Save(e)
					k = NewTracker(s)
					k.Rules(loadRules(t, inventory))
					k.Load(codec.NewDecoder(e.B))
				}
				out := k.Tick(tick)
				for p := range out.Parts {
					for _, f := range out.Parts[p].Feeds {
						if partitionOf(f.Key, s.Partitions) != p {
							t.Errorf("%v told in partition %d", f, p)
						}
					}
				}
				got = append(got, feeds(out)...)
			}
			slices.Sort(got)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestInstance: the instance is a hash of what the telemetry names, in its environment, from
// felt's own attribute or the journey's, whichever span of the interaction has it.
func TestInstance(t *testing.T) {
	const inventory = "journeys:\n  - {name: a, correlate: {instance: order.id}, steps: [{name: pay, match: {any: [{interaction: pay}, {span: {name: x}}]}}]}\n"
	for _, c := range []struct {
		line string
		want felt.Hash
	}{
		{"span 1 id=a name=pay", felt.Hash{}},
		{"span 1 id=a name=pay instance=o1", instanceOf("production", "o1")},
		{"span 1 id=a name=pay @order.id=o1", instanceOf("production", "o1")},
		{"span 1 id=a op=x @order.id=o1", instanceOf("production", "o1")},
		{"span 1 id=a op=x @order.id=o1 instance=o2", instanceOf("production", "o2")},
		{"span 1 id=a name=pay instance=o1 env=staging", instanceOf("staging", "o1")},
		{"span 1 id=a name=other @order.id=o1", felt.Hash{}},
	} {
		k := NewTracker(felt.DefaultSettings())
		k.Rules(loadRules(t, inventory))
		d := newDict()
		a, err := parseEvent(d, c.line)
		if err != nil {
			t.Fatal(err)
		}
		d.attrs = a.attrs
		k.Begin(d, a.tick.Instant()-felt.Second/2)
		k.Event(&a.ev)
		var got *Decision
		for _, p := range k.Tick(a.tick).Parts {
			for i := range p.Decisions {
				got = &p.Decisions[i]
			}
		}
		if got == nil || got.Instance != c.want {
			t.Errorf("%s: %v, want %v", c.line, got, c.want)
		}
	}
	if instanceOf("a", "bc") == instanceOf("ab", "c") || instanceOf("a", "") != (felt.Hash{}) {
		t.Error("instances of two environments meet")
	}
}

// TestRuledSnapshot: what a rule and a ruling made of an open trace survives a snapshot.
func TestRuledSnapshot(t *testing.T) {
	for cut := felt.Tick(1); cut < 42; cut += 5 {
		var want []string
		for _, restore := range []bool{false, true} {
			s := felt.DefaultSettings()
			f := newFeed(s)
			in := felt.Inventory{Version: 3, Files: []felt.InventoryFile{ruleFile(t, "shop.yaml")}}
			f.rules(t, in)
			d := newDict()
			var events []arrival
			for _, line := range []string{
				"span 1 id=b parent=a service=api op=GET_/cart kind=server status=error instance=i",
				"span 1 trace=u id=b parent=a service=web name=pay @error.type=fraud",
				"span 1 trace=v id=b parent=a service=web name=pay @bank.code=KNOWN",
				"span 40 id=a service=web name=cart outcome=success session=s end=30",
			} {
				a, err := parseEvent(d, line)
				if err != nil {
					t.Fatal(err)
				}
				events = append(events, a)
			}
			var rows []string
			for tick, i := start, 0; tick < start+60; tick++ {
				for ; i < len(events) && events[i].tick == tick; i++ {
					f.give(d, &events[i])
				}
				f.tick(tick)
				if restore && tick == start+cut {
					e := &codec.Encoder{}
					f.tracker.Save(e)
					f.tracker = NewTracker(s)
					set, _ := rules.Load(in)
					f.tracker.Rules(set)
					dec := codec.NewDecoder(e.B)
					f.tracker.Load(dec)
					if dec.Err() != nil || dec.Rest() != 0 {
						t.Fatal(dec.Err(), dec.Rest())
					}
				}
			}
			for i := range f.rows {
				if f.rows[i].Kind == felt.KindStep {
					rows = append(rows, show(&f.rows[i]))
				}
			}
			if !restore {
				want = rows
			} else if diff := cmp.Diff(want, rows); diff != "" || len(rows) != 4 {
				t.Errorf("cut at %d (-want +got):\n%s", cut, diff)
			}
		}
	}
}
