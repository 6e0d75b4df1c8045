package measure

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// TestCommons: claims that are alike share what they have in common, those that are not have their
// own, and a flood of names does not stay.
func TestCommons(t *testing.T) {
	m := newCommons()
	make := func(env, name, segment, flag, reason string) *claim {
		c := m.begin()
		c.env, c.name, c.reason = env, name, reason
		if segment != "" {
			c.segments = append(c.segments, felt.Segment{Key: "k", Value: segment})
		}
		if flag != "" {
			c.flags = append(c.flags, flag)
		}
		m.finish(c)
		return c
	}
	a, b := make("e", "n", "s", "f", ""), make("e", "n", "s", "f", "")
	if a.origin != b.origin || a.act != b.act || a.traits != b.traits || a.detail != b.detail {
		t.Error("claims that are alike share nothing")
	}
	c, d := make("e", "n", "s", "", "why"), make("e", "o", "", "s", "why not")
	if c.origin != a.origin || c.act != a.act || c.traits == a.traits || c.detail == a.detail {
		t.Error("a claim shares what it has not, or does not what it has")
	}
	if d.origin != a.origin || d.act == a.act || d.segments != nil || d.reason != "why not" || c.reason != "why" || a.reason != "" || c.flags != nil {
		t.Errorf("%+v %+v %+v", a, c, d)
	}
	for i := range 3 * commonsMax {
		x := fmt.Sprint(i)
		if c := make(x, x, x, x, x); c.env != x || c.name != x || c.segments[0].Value != x || c.flags[0] != x || c.reason != x {
			t.Fatalf("%d: %+v", i, c)
		}
	}
	if a.env != "e" || a.name != "n" || a.segments[0].Value != "s" || a.flags[0] != "f" || *a.detail != (detail{}) {
		t.Errorf("%+v has changed", a)
	}
	if n := max(len(m.origins), len(m.acts), len(m.traits)); n > commonsMax {
		t.Errorf("%d are kept", n)
	}
}

// manyClaims has a tracker hold n traces of one span, which is an interaction or is not.
func manyClaims(n int, claims bool) *Tracker {
	k := NewTracker(felt.DefaultSettings())
	d := newDict()
	ev := otlp.Event{Type: otlp.TypeSpan, Kind: felt.SpanServer, Weight: 1}
	for i := range n {
		if claims {
			ev.Fields[otlp.FieldInteraction] = d.add(fmt.Sprint("step ", i%20))
		}
		ev.Fields[otlp.FieldService] = d.add(fmt.Sprintf("app-%d-web", i%300))
		ev.Fields[otlp.FieldNamespace] = d.add(fmt.Sprintf("app-%d", i%300))
		ev.Segments = []otlp.Attr{{Key: d.add("plan"), Value: d.add(fmt.Sprint("plan-", i%50))}}
		ev.Trace[0], ev.Trace[1], ev.Trace[2], ev.Span[0] = byte(i), byte(i>>8), byte(i>>16), 1
		ev.IDs = otlp.IDs{User: felt.Hash(ev.Trace), Session: felt.Hash(ev.Trace)}
		ev.Start, ev.End = start.Instant(), start.Instant()+felt.Instant(i)
		k.Begin(d, start.Instant())
		k.Event(&ev)
	}
	return k
}

// TestClaimBytes: a claim takes what is said, within a fifth.
func TestClaimBytes(t *testing.T) {
	if raced {
		t.Skip("takes more with the race detector")
	}
	const n = 20_000
	took := [2]int{}
	for i, claims := range []bool{false, true} {
		before := heap()
		k := manyClaims(n, claims)
		k.touched = nil // of one tick only
		took[i] = heap() - before
		runtime.KeepAlive(k)
	}
	each := (took[1] - took[0]) / n
	t.Logf("%d B a claim", each)
	if each > claimBytes*6/5 || each < claimBytes*4/5 {
		t.Errorf("a claim takes %d bytes, and is said to take %d", each, claimBytes)
	}
}
