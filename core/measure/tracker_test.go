package measure

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/otlp"
)

// TestSpanAllocatesNothing: in a steady state a span without an interaction, its settling
// included, allocates nothing; what remains is per tick and per row.
func TestSpanAllocatesNothing(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates")
	}
	s := felt.DefaultSettings()
	s.Partitions = 1
	k := NewTracker(s)
	d := newDict()
	ops := make([]otlp.Text, 20)
	for i := range ops {
		ops[i] = d.add(fmt.Sprint("op", i))
	}
	service := [2]otlp.Text{d.add("web"), d.add("shop")}
	peer := d.add("bank")
	user := hash("u")
	const traces, spans = 200, 60
	n := uint64(0)
	second := start
	tick := func() {
		second++
		k.Begin(d, second.Instant()-felt.Second/2)
		var ev otlp.Event
		for i := range traces * spans {
			n++
			trace := n / spans
			ev = otlp.Event{Type: otlp.TypeSpan, Kind: felt.SpanKind(i % 6), Weight: 1, Name: ops[i%len(ops)]}
			binary.BigEndian.PutUint64(ev.Trace[:], trace+1)
			binary.BigEndian.PutUint64(ev.Span[:], n)
			if i%spans != 0 {
				binary.BigEndian.PutUint64(ev.Parent[:], n-1)
			}
			ev.End = second.Instant() - felt.Second
			ev.Start = ev.End - felt.Instant(i%1000)*1000
			ev.Fields[otlp.FieldService], ev.Fields[otlp.FieldPeer] = service[i%2], peer
			ev.IDs.User = user
			k.Event(&ev)
		}
		k.Tick(second)
		k.Flush(second)
	}
	for range 120 {
		tick()
	}
	perTick := testing.AllocsPerRun(40, tick)
	// A flush hands out some 240 rows with sketches of their own, one tick in ten.
	if perSpan := perTick / (traces * spans); perSpan > 0.02 {
		t.Errorf("%.4f allocations a span, %g a tick", perSpan, perTick)
	}
	var ev otlp.Event
	apply := testing.AllocsPerRun(1000, func() {
		second++
		k.Begin(d, second.Instant()-felt.Second/2)
		ev = otlp.Event{Type: otlp.TypeSpan, Weight: 1, Name: ops[0], End: second.Instant(), Start: second.Instant()}
		n++
		binary.BigEndian.PutUint64(ev.Span[:], n)
		ev.Trace[0] = 1
		k.Event(&ev)
		k.Tick(second)
	})
	if apply > 0 {
		t.Errorf("%g allocations for a span and its tick", apply)
	}
}

// TestFindAgrees: the index over a trace's spans finds what a look through all finds.
func TestFindAgrees(t *testing.T) {
	var p pool
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		tr := p.takeTrace()
		there := map[felt.SpanID]int{}
		for i := range rnd.IntN(3000) {
			var id felt.SpanID
			binary.LittleEndian.PutUint64(id[:], uint64(rnd.IntN(5000)))
			got := tr.find(id)
			want, ok := there[id]
			if !ok {
				want = -1
			}
			if got != want {
				t.Fatalf("span %d of %d found at %d, want %d", i, len(tr.spans), got, want)
			}
			if !ok {
				there[id] = len(tr.spans)
				p.addSpan(tr, span{id: id})
			}
		}
		p.giveTrace(tr)
	}
}

// TestMemory: what is added is found until it is forgotten, oldest first, over many blocks.
func TestMemory(t *testing.T) {
	m := newMemory()
	id := func(n int) (id felt.InteractionID) {
		binary.LittleEndian.PutUint64(id[:], uint64(n)*0x9e3779b97f4a7c15)
		return id
	}
	const n = 3 * memoBlock
	known := func(i int) felt.Tick { return start + felt.Tick(i/7) }
	value := func(i int) int64 { // few have one, and the first block none
		if i < memoBlock || i%5 > 0 {
			return 0
		}
		return int64(i)
	}
	for i := range n {
		m.add(memo{key: memoKey(id(i)), series: m.series.acquire(scopeKey{name: fmt.Sprint(i / 100)}), version: 1}, known(i), value(i))
		m.setWeight(memoKey(id(i)), float64(i%2+1))
	}
	if b := m.blocks; b[0].values.list != nil || b[1].values.list == nil || b[0].versions.list != nil || unsafe.Sizeof(columns{}) > 24*memoBlock {
		t.Error("memos take more room than they need")
	}
	for _, before := range []int{0, 10, memoBlock, memoBlock + 1, n - 1, n, n + 7} {
		m.expire(known(before))
		for i := range n {
			e, there := m.get(id(i))
			place := m.placeOfID(id(i))
			if there != (known(i) >= known(before)) || there && (m.knownAt(place) != known(i) || m.valueAt(place) != value(i)) {
				t.Fatalf("before %d: %d is %+v", before, i, e)
			}
			if there && m.weight(e.key) != float64(i%2+1) {
				t.Fatalf("weight of %d is %g", i, m.weight(e.key))
			}
		}
		if want := (max(n-before/7*7, 0) + 99) / 100; len(m.series.of) > want+1 {
			t.Errorf("before %d: %d series, about %d are in use", before, len(m.series.of), want)
		}
	}
	if m.n != 0 || len(m.runs) > 0 || m.placeOfID(id(0)) >= 0 || len(m.weights) != 0 || len(m.series.of) != 0 {
		t.Errorf("%d left", m.n)
	}
}

// TestMemoryIndex: the table of memos finds what a map would, whatever comes and goes, also
// where the numbers of memos begin again.
func TestMemoryIndex(t *testing.T) {
	m := newMemory()
	m.base = 1<<32 - 1500
	rnd := rand.New(rand.NewPCG(1, 2))
	key := func() uint64 { return ^(rnd.Uint64()%97<<57 | uint64(rnd.IntN(50))) } // chains are long, and go round the end
	var order []uint64
	have := map[uint64]bool{}
	for step := range 40_000 {
		if k := key(); rnd.IntN(5000) >= len(order) && !have[k] {
			m.add(memo{key: k, series: m.series.acquire(scopeKey{}), version: 1}, start, 0)
			order, have[k] = append(order, k), true
		} else if len(order) > 0 && rnd.IntN(2) == 0 {
			delete(have, order[0])
			order = order[1:]
			m.forget()
		}
		k := key()
		if place, _ := m.find(k); (place >= 0) != have[k] || place >= 0 && order[place] != k {
			t.Fatalf("step %d: key %d is at %d, there: %v", step, k, place, have[k])
		}
	}
	for len(order) > 0 {
		m.forget()
		order = order[1:]
		for i, k := range order {
			if place, _ := m.find(k); place != i {
				t.Fatalf("key %d is at %d, want %d", k, place, i)
			}
			if i > 20 {
				break
			}
		}
	}
	if len(m.index.slots) > 4*smallIndex {
		t.Errorf("%d slots for nothing", len(m.index.slots))
	}
}

// TestOperationsAreBounded: a flood of names counts as "other", nothing is lost, and names
// that come after the flood are counted under their own again.
func TestOperationsAreBounded(t *testing.T) {
	s := felt.DefaultSettings()
	s.Partitions, s.OpsMax = 1, 10
	f := newFeed(s)
	d := newDict()
	var events []arrival
	add := func(sec int, id int, op string) {
		a, err := parseEvent(d, fmt.Sprintf("span %d trace=%d id=%d op=%s service=s%d kind=client peer=p%d", sec, id, id, op, id%3, id))
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, a)
	}
	for i := range 100 {
		add(1+i/50, i, fmt.Sprint("flood", i))
	}
	for i := range 30 {
		add(60+i, 100+i, "calm name=pay")
	}
	f.run(d, events, start+200)
	var all, other, calm, edges int64
	late := map[string]int64{}
	for _, o := range f.ops {
		all += o.Count
		switch o.Operation {
		case otherName:
			other += o.Count
		case "calm":
			calm += o.Count
		}
		if o.Known > start+80 {
			late[o.Operation] += o.Count
		}
	}
	for _, e := range f.edges {
		edges += e.Count
	}
	if all != 130 || other < 85 || calm == 0 || edges != 130 {
		t.Errorf("%d spans, %d under other, %d calm, %d edges", all, other, calm, edges)
	}
	if late[otherName] != 0 || late["calm"] == 0 {
		t.Errorf("long after the flood: %v", late)
	}
	type spans struct{ recent, named int }
	recent := func() map[Operation]spans {
		m := map[Operation]spans{}
		f.tracker.Operations(func(o Operation, recent, named int) { m[o] = spans{recent, named} })
		return m
	}
	before := recent()
	f.tracker.sweep()
	after := recent()
	named := 0
	for o, n := range after {
		named += n.named
		if n != before[o] {
			t.Errorf("%v: %v after a sweep, before %v", o, n, before[o])
		}
	}
	if named == 0 {
		t.Errorf("no operation names its interaction after a sweep: %v, before %v", after, before)
	}
	if h := f.tracker.Held(); h.Operations > 30 || f.tracker.Stats().Sweeps == 0 || h.Spans != 0 || h.Traces != 0 {
		t.Errorf("%+v", h)
	}
}

// TestSeriesAreBounded: further names count as "other" in buckets, rows keep their name.
func TestSeriesAreBounded(t *testing.T) {
	s := felt.DefaultSettings()
	s.Partitions, s.SeriesMax = 1, 2
	f := newFeed(s)
	d := newDict()
	var events []arrival
	for i := range 6 {
		a, err := parseEvent(d, fmt.Sprintf("span 1 trace=%d id=a name=n%d service=shop outcome=success end=0.%d", i, i%4, i))
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, a)
	}
	f.run(d, events, start+20)
	got := map[string]int64{}
	for _, b := range f.buckets {
		got[b.App+"/"+b.Name] += b.Counts.Success
	}
	if fmt.Sprint(got) != "map[other/other:2 shop/n0:2 shop/n1:2]" || f.counters[0].Stats().OtherSeries != 2 {
		t.Errorf("%v, %+v", got, f.counters[0].Stats())
	}
	for _, r := range f.rows {
		if r.Name == otherName {
			t.Error("a row lost its name")
		}
	}
}

// TestLateIsCountedNotJudged: what ended more than judge_late before it arrived has a row
// and a bucket of its own time, and is not judged.
func TestLateIsCountedNotJudged(t *testing.T) {
	s := felt.DefaultSettings()
	s.Partitions = 1
	k, c := NewTracker(s), NewCounter(s, 0)
	d, tick := newDict(), start+100
	var events []arrival
	for _, line := range []string{
		"span 100 trace=1 id=a name=pay outcome=failed user=u end=39.9",
		"span 100 trace=2 id=a name=pay outcome=failed user=v end=40",
		"span 100 trace=3 id=a name=pay outcome=failed end=99",
		"span 100 trace=4 id=a name=pay outcome=failed user=w end=99 traffic=test",
		"span 100 trace=5 id=a name=pay outcome=cancelled user=x end=99",
	} {
		a, err := parseEvent(d, line)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, a)
	}
	k.Begin(d, tick.Instant()-1)
	for i := range events {
		k.Event(&events[i].ev)
	}
	told := c.Tick(tick, k.Tick(tick))
	rows, tries := told.Interactions, told.Tries
	if len(rows) != 5 || len(tries) != 3 || tries[0].Judged || !tries[1].Judged || tries[0].Customer == tries[1].Customer {
		t.Errorf("%d rows, tries %+v", len(rows), tries)
	}
	who, known := tries[1].Who()
	if other, _ := tries[0].Who(); !known || other == who {
		t.Error("two customers are one, or nobody")
	}
	if _, known := tries[2].Who(); known {
		t.Error("somebody stands for a try of nobody")
	}
	if got := c.Stats(); got.NotJudged != 1 || got.Interactions != 5 || k.Stats().Late != 1 {
		t.Errorf("%+v, %d late", got, k.Stats().Late)
	}
	buckets := c.Flush(tick)
	if len(buckets) != 4 || buckets[0].Start != (start+30).Instant() || buckets[1].Start != (start+40).Instant() {
		t.Errorf("%+v", buckets)
	}
}

// TestCorrectionMovesItsNumbers: the deltas of a correction take back what was counted,
// where it was counted.
func TestCorrectionMovesItsNumbers(t *testing.T) {
	s := felt.DefaultSettings()
	f := newFeed(s)
	d := newDict()
	var events []arrival
	for _, line := range []string{
		"span 1 id=b parent=a name=pay ns=shop session=s1 value=100 weight=2 status=error",
		"span 40 id=a name=pay ns=web outcome=success session=s2 value=300 weight=4 end=30",
	} {
		a, err := parseEvent(d, line)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, a)
	}
	f.run(d, events, start+100)
	var got []string
	for _, b := range f.buckets {
		got = append(got, fmt.Sprintf("+%d of +%d %s failed %d %g %d success %d %g %d", b.Known-start, (b.Start-start.Instant())/felt.Second, b.App,
			b.Counts.Failed, b.Adjusted[felt.OutcomeFailed], b.ValueMinor[felt.OutcomeFailed],
			b.Counts.Success, b.Adjusted[felt.OutcomeSuccess], b.ValueMinor[felt.OutcomeSuccess]))
	}
	want := "[+20 of +0 shop failed 1 2 100 success 0 0 0 +40 of +0 shop failed -1 -2 -100 success 0 0 0 +40 of +30 web failed 0 0 0 success 1 4 300]"
	if fmt.Sprint(got) != want {
		t.Errorf("%v,\nwant %v", got, want)
	}
}

// TestCorrectedAgain: each correction takes back what the one before counted, and nothing but
// the last is left.
func TestCorrectedAgain(t *testing.T) {
	f := newFeed(felt.DefaultSettings())
	d := newDict()
	var events []arrival
	for _, line := range []string{
		"span 1 id=a name=pay outcome=success value=0", "span 10 id=b name=pay outcome=success value=300",
		"span 20 id=c name=pay outcome=failed value=700", "span 30 id=d name=pay outcome=success value=900", "span 40 id=e name=pay outcome=success value=0",
	} {
		a, err := parseEvent(d, line)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, a)
	}
	f.run(d, events, start+100)
	sum := map[felt.Outcome]int64{}
	var values []string
	for _, b := range f.buckets {
		for _, o := range []felt.Outcome{felt.OutcomeSuccess, felt.OutcomeFailed} {
			if v := b.ValueMinor[o]; v != 0 {
				values = append(values, fmt.Sprint(o, v))
			}
			sum[o] += b.ValueMinor[o]
		}
	}
	want := "[success 300 success -300 failed 700 failed -700 success 900 success -900]"
	if sum[felt.OutcomeSuccess] != 0 || sum[felt.OutcomeFailed] != 0 || fmt.Sprint(values) != want {
		t.Errorf("%v, %v are left", values, sum)
	}
}

// TestSnapshotOfEverything: a tracker with a bit of all saves and loads to the same bytes.
func TestSnapshotOfEverything(t *testing.T) {
	s := felt.DefaultSettings()
	f := newFeed(s)
	d := newDict()
	var events []arrival
	for _, line := range []string{
		"span 1 id=b parent=a name=pay ns=shop service=x session=s1 value=100 weight=2 status=error seg.plan=pro flag.f=on",
		"span 2 trace=w id=b parent=a name=pay outcome=success", // decided for good: nothing of it is kept
		"span 25 trace=u id=b parent=a name=pay key=k user=u account=a install=i pseudo=p kind=client peer=bank error=e message=m",
		"log 25 trace=u id=b name=login outcome=odd reason=r journey=j step=s release=7 currency=EUR visible=3 retries=2",
		"span 26 trace=v id=a parent=b op=x env=staging traffic=bot",
	} {
		a, err := parseEvent(d, line)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, a)
	}
	f.run(d, events, start+28)
	f.tracker.Begin(d, (start+28).Instant()-1)
	f.tracker.Point(d.add("metric"))
	if h := f.tracker.Held(); h.Kept != 1 || h.Traces != 2 || h.Remembered != 3 {
		t.Fatalf("%+v", h)
	}
	e, again := &codec.Encoder{}, &codec.Encoder{}
	f.tracker.Save(e)
	k, dec := NewTracker(s), codec.NewDecoder(e.B)
	k.Load(dec)
	k.Save(again)
	if dec.Err() != nil || dec.Rest() != 0 || string(again.B) != string(e.B) {
		t.Errorf("%v, %d bytes left", dec.Err(), dec.Rest())
	}
}

// TestPartition: stage 2 has all of a session in one place, whoever the customer is by then;
// without a session all of a customer; interactions of nobody are spread.
func TestPartition(t *testing.T) {
	const parts = 64
	seen := map[int]bool{}
	for i := range 200 {
		r := felt.Interaction{ID: felt.InteractionID(hash(fmt.Sprint("id", i)))}
		binary.LittleEndian.PutUint64(r.ID[:], uint64(i)*0x9e3779b97f4a7c15)
		seen[partition(&r, parts)] = true
		r.Customer = felt.Hash{0, 0, 0, 3, byte(i)}
		if got := partition(&r, parts); got != 3 {
			t.Fatalf("by customer: %d", got)
		}
		r.Session = felt.Hash{0, 0, 0, 65, byte(i)}
		if got := partition(&r, parts); got != 1 {
			t.Fatalf("by session: %d", got)
		}
	}
	if len(seen) < parts/2 {
		t.Errorf("interactions of nobody are in %d partitions of %d", len(seen), parts)
	}
}
