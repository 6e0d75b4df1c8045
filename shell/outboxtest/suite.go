package outboxtest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	felt "github.com/felt-cx/felt"
)

// Outbox is what the suite tests.
type Outbox interface {
	felt.Outbox
	Close() error
}

// Limits are those under which an outbox is opened. Zero means none, or the default.
type Limits struct {
	MaxBytes int64
	MaxAge   time.Duration
}

// Open opens the outbox of a directory; a failure ends the test.
type Open func(t *testing.T, dir string, lim Limits) Outbox

// patience is how long an outbox may take for anything: a bound for broken ones, that a working one
// is far from.
const patience = time.Minute

// Run runs the suite; each test has an outbox of its own.
func Run(t *testing.T, open Open) {
	t.Helper()
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, open Open)
	}{
		{"Order", testOrder},
		{"Whole", testWhole},
		{"OncePerKey", testOncePerKey},
		{"OncePerKeyConcurrent", testOncePerKeyConcurrent},
		{"Keys", testKeys},
		{"Wait", testWait},
		{"Break", testBreak},
		{"Cancelled", testCancelled},
		{"Deliveries", testDeliveries},
		{"NotesDoNotDisturb", testNotesDoNotDisturb},
		{"Invalid", testInvalid},
		{"Bounded", testBounded},
		{"Aged", testAged},
		{"Closed", testClosed},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, open) })
	}
}

// RunDurable checks that what was acknowledged is there when it is opened again.
func RunDurable(t *testing.T, open Open) {
	t.Helper()
	dir := t.TempDir()
	for round := range 3 {
		o := open(t, dir, Limits{})
		post(t, o, notes("key", 0, 10)...) // again with every round
		post(t, o, notes(fmt.Sprint("round", round), 0, 2)...)
		d := felt.Delivery{Key: "key-3", Sink: "team", State: felt.DeliveryWaiting, Attempts: round + 1, First: 5, Last: 6, Next: 7, Error: "no answer", By: "ann"}
		note(t, o, d)
		if got := take(t, o, 0, 12+2*round); got[3].Key != "key-3" || got[len(got)-1].Key != fmt.Sprintf("round%d-1", round) {
			t.Fatalf("round %d: %v", round, keys(got))
		}
		if got := deliveries(t, o); len(got) != 1 || got[0] != d {
			t.Fatalf("round %d: %+v", round, got)
		}
		if err := o.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// fresh opens an empty outbox that is closed with the test.
func fresh(t *testing.T, open Open, lim Limits) Outbox {
	t.Helper()
	o := open(t, t.TempDir(), lim)
	t.Cleanup(func() { _ = o.Close() })
	return o
}

// notes are n notifications with numbered keys.
func notes(prefix string, from, n int) []felt.Notification {
	list := make([]felt.Notification, n)
	for i := range list {
		list[i] = felt.Notification{
			Key: fmt.Sprintf("%s-%d", prefix, from+i), Sink: "team", Kind: felt.NotifyDetected, At: felt.Tick(1_700_000_000 + i),
			Incident: felt.Incident{ID: "inc-1", Version: int64(i), Title: "Checkout"},
		}
	}
	return list
}

func post(t *testing.T, o Outbox, list ...felt.Notification) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := o.Post(ctx, list...); err != nil {
		t.Fatalf("posting %d notifications: %v", len(list), err)
	}
}

func note(t *testing.T, o Outbox, d felt.Delivery) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := o.Note(ctx, d); err != nil {
		t.Fatalf("noting %+v: %v", d, err)
	}
}

func deliveries(t *testing.T, o Outbox) []felt.Delivery {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	list, err := o.Deliveries(ctx)
	if err != nil {
		t.Fatalf("deliveries: %v", err)
	}
	return list
}

// take reads n notifications after a place.
func take(t *testing.T, o Outbox, after felt.Seq, n int) []felt.Posted {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var list []felt.Posted
	for p, err := range o.Posted(ctx, after) {
		if err != nil {
			t.Fatalf("after %d notifications: %v", len(list), err)
		}
		if p.Seq <= after {
			t.Fatalf("place %d after place %d", p.Seq, after)
		}
		after = p.Seq
		if list = append(list, p); len(list) == n {
			return list
		}
	}
	t.Fatalf("%d of %d notifications within %v: %v", len(list), n, patience, keys(list))
	return nil
}

// all reads everything, up to a notification of its own, which it leaves out.
func all(t *testing.T, o Outbox) []felt.Posted {
	t.Helper()
	end := fmt.Sprintf("end-%d", time.Now().UnixNano())
	post(t, o, felt.Notification{Key: end})
	var list []felt.Posted
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for p, err := range o.Posted(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if p.Key == end {
			return list
		}
		list = append(list, p)
	}
	t.Fatalf("the end was not reached within %v", patience)
	return nil
}

func keys(list []felt.Posted) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].Key
	}
	return out
}

func testOrder(t *testing.T, open Open) {
	o := fresh(t, open, Limits{})
	post(t, o)
	post(t, o, notes("a", 0, 3)...)
	post(t, o, notes("b", 0, 2)...)
	got := take(t, o, 0, 5)
	if want := []string{"a-0", "a-1", "a-2", "b-0", "b-1"}; !slices.Equal(keys(got), want) {
		t.Fatalf("%v, want %v", keys(got), want)
	}
	if rest := take(t, o, got[2].Seq, 2); !slices.Equal(keys(rest), []string{"b-0", "b-1"}) {
		t.Fatalf("after the third: %v", keys(rest))
	}
}

// testWhole: what is read is what was posted, to the last field.
func testWhole(t *testing.T, open Open) {
	o := fresh(t, open, Limits{})
	want := felt.Notification{
		Key: "k", Sink: "a sink, of any name", Kind: felt.NotifyReported, At: 1_700_000_000, Why: "<b> & \"so\"", Policy: "all",
		Incident: felt.Incident{
			ID: "inc-1", Version: 7, Env: "production", App: "shop", Journeys: []string{"checkout"}, Title: strings.Repeat("ö", 3000),
			Scopes: []felt.Scope{{Env: "production", App: "shop", Name: "checkout"}}, Twentieth: 5 * felt.Second, Score: 61.25,
			Findings: []felt.Finding{{ID: "f", Kind: felt.FindingFailed, Statistic: 12.5}},
			Timeline: []felt.TimelineEntry{{At: 9, Kind: "opened", Text: "opened"}},
		},
	}
	post(t, o, want)
	if got := take(t, o, 0, 1)[0].Notification; !reflect.DeepEqual(got, want) {
		t.Fatalf("got\n%+v\nwant\n%+v", got, want)
	}
}

func testOncePerKey(t *testing.T, open Open) {
	o := fresh(t, open, Limits{})
	post(t, o, notes("a", 0, 3)...)
	again := notes("a", 0, 5) // a replay: three that are there, two that are new
	again[1].Why = "another text under the same key"
	post(t, o, again...)
	post(t, o, again[4], again[4])
	got := all(t, o)
	if want := []string{"a-0", "a-1", "a-2", "a-3", "a-4"}; !slices.Equal(keys(got), want) {
		t.Fatalf("%v, want %v", keys(got), want)
	}
	if got[1].Why != "" {
		t.Error("the second of a key stands; want the first")
	}
}

func testOncePerKeyConcurrent(t *testing.T, open Open) {
	o := fresh(t, open, Limits{})
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if err := o.Post(t.Context(), notes("a", 0, 20)...); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got := keys(all(t, o))
	slices.Sort(got)
	if len(got) != 20 || len(slices.Compact(got)) != 20 {
		t.Fatalf("%d notifications of 20 keys: %v", len(got), got)
	}
}

// testKeys: any text is a key, and none is taken for another.
func testKeys(t *testing.T, open Open) {
	o := fresh(t, open, Limits{})
	want := []string{"a", "A", "a.b", "a b", "a*", ">", "inc/1:ünder", strings.Repeat("long", 500), "a\n"}
	for _, k := range want {
		post(t, o, felt.Notification{Key: k})
		note(t, o, felt.Delivery{Key: k, State: felt.DeliveryDelivered})
	}
	if got := keys(all(t, o)); !slices.Equal(got, want) {
		t.Fatalf("%q", got)
	}
	if got := deliveries(t, o); len(got) != len(want) || !slices.IsSortedFunc(got, func(a, b felt.Delivery) int { return strings.Compare(a.Key, b.Key) }) {
		t.Fatalf("%+v", got)
	}
}

// testWait: a reader is told what is posted while it waits.
func testWait(t *testing.T, open Open) {
	o := fresh(t, open, Limits{})
	got := make(chan string)
	go func() {
		defer close(got)
		for p, err := range o.Posted(t.Context(), 0) {
			if err != nil {
				t.Error(err)
				return
			}
			got <- p.Key
			if p.Key == "a-4" {
				return
			}
		}
	}()
	for _, n := range notes("a", 0, 5) {
		post(t, o, n)
		select {
		case k := <-got:
			if k != n.Key {
				t.Fatalf("%s, want %s", k, n.Key)
			}
		case <-time.After(patience):
			t.Fatalf("%s was not told", n.Key)
		}
	}
}

func testBreak(t *testing.T, open Open) {
	o := fresh(t, open, Limits{})
	post(t, o, notes("a", 0, 3)...)
	for range 2 { // the same again
		if got := take(t, o, 0, 1); got[0].Key != "a-0" {
			t.Fatal(keys(got))
		}
	}
}

// testCancelled: the end of ctx ends a reader without an error.
func testCancelled(t *testing.T, open Open) {
	o := fresh(t, open, Limits{})
	post(t, o, notes("a", 0, 1)...)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range o.Posted(ctx, 0) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		time.AfterFunc(10*time.Millisecond, cancel) // while it waits for more
	}
	if n != 1 {
		t.Fatalf("%d notifications", n)
	}
	for _, err := range o.Posted(ctx, 0) {
		t.Fatalf("after the end: %v", err)
	}
	if err := o.Post(ctx, notes("b", 0, 1)...); !errors.Is(err, context.Canceled) {
		t.Errorf("post: %v", err)
	}
	if err := o.Note(ctx, felt.Delivery{Key: "a-0"}); !errors.Is(err, context.Canceled) {
		t.Errorf("note: %v", err)
	}
	if _, err := o.Deliveries(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("deliveries: %v", err)
	}
}

func testDeliveries(t *testing.T, open Open) {
	o := fresh(t, open, Limits{})
	if got := deliveries(t, o); len(got) != 0 {
		t.Fatalf("%+v", got)
	}
	post(t, o, notes("a", 0, 3)...)
	note(t, o, felt.Delivery{Key: "a-2", State: felt.DeliveryWaiting, Attempts: 1})
	note(t, o, felt.Delivery{Key: "a-0", State: felt.DeliveryDead, Attempts: 9, Error: "400"})
	note(t, o, felt.Delivery{Key: "a-2", State: felt.DeliveryDelivered, Attempts: 2, Last: 5})
	note(t, o, felt.Delivery{Key: "nobody knows it", State: felt.DeliveryDelivered})
	want := []felt.Delivery{
		{Key: "a-0", State: felt.DeliveryDead, Attempts: 9, Error: "400"},
		{Key: "a-2", State: felt.DeliveryDelivered, Attempts: 2, Last: 5},
	}
	if got := deliveries(t, o); !slices.Equal(got, want) {
		t.Fatalf("got %+v\nwant %+v", got, want)
	}
}

// testNotesDoNotDisturb: what comes of notifications moves none of them.
func testNotesDoNotDisturb(t *testing.T, open Open) {
	o := fresh(t, open, Limits{})
	for i := range 4 {
		post(t, o, notes("a", i, 1)...)
		for range 3 {
			note(t, o, felt.Delivery{Key: "a-0", Attempts: i})
		}
	}
	if got := keys(all(t, o)); !slices.Equal(got, []string{"a-0", "a-1", "a-2", "a-3"}) {
		t.Fatal(got)
	}
}

func testInvalid(t *testing.T, open Open) {
	o := fresh(t, open, Limits{})
	if err := o.Post(t.Context(), felt.Notification{}); !errors.Is(err, felt.ErrPermanent) {
		t.Errorf("a notification without a key: %v", err)
	}
	if err := o.Note(t.Context(), felt.Delivery{}); !errors.Is(err, felt.ErrPermanent) {
		t.Errorf("a delivery without a key: %v", err)
	}
	if got := all(t, o); len(got) != 0 {
		t.Errorf("%v", keys(got))
	}
}

// testBounded: the oldest go first, and one that has gone may be posted again.
func testBounded(t *testing.T, open Open) {
	const limit = 40_000
	o := fresh(t, open, Limits{MaxBytes: limit})
	for i := range 40 {
		n := notes("a", i, 1)[0]
		n.Why = strings.Repeat("x", 4000)
		post(t, o, n)
		note(t, o, felt.Delivery{Key: n.Key, State: felt.DeliveryDelivered})
	}
	got := all(t, o)
	if len(got) < 2 || len(got) > limit/4000 || got[len(got)-1].Key != "a-39" {
		t.Fatalf("%v", keys(got))
	}
	if d := deliveries(t, o); len(d) > len(got) || len(d) == 0 {
		t.Fatalf("%d deliveries of %d notifications", len(d), len(got))
	}
	post(t, o, notes("a", 0, 1)...)
	if got := all(t, o); !slices.Contains(keys(got), "a-0") {
		t.Fatalf("what was let go of cannot be posted again: %v", keys(got))
	}
}

// testAged: what is over the age goes.
func testAged(t *testing.T, open Open) {
	o := fresh(t, open, Limits{MaxAge: 300 * time.Millisecond})
	post(t, o, notes("a", 0, 2)...)
	for deadline := time.Now().Add(patience); slices.Contains(keys(all(t, o)), "a-0"); {
		if time.Now().After(deadline) {
			t.Fatal("it does not go")
		}
		time.Sleep(50 * time.Millisecond) // between two looks
	}
}

func testClosed(t *testing.T, open Open) {
	o := fresh(t, open, Limits{})
	post(t, o, notes("a", 0, 1)...)
	ended := make(chan error, 1)
	reading := make(chan struct{})
	go func() {
		for _, err := range o.Posted(t.Context(), 0) {
			if err != nil {
				ended <- err
				return
			}
			close(reading)
		}
		ended <- nil
	}()
	<-reading
	if err := errors.Join(o.Close(), o.Close()); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if !errors.Is(err, felt.ErrUnavailable) {
			t.Errorf("a reader: %v", err)
		}
	case <-time.After(patience):
		t.Fatal("a reader does not end")
	}
	if err := o.Post(t.Context(), notes("a", 1, 1)...); !errors.Is(err, felt.ErrUnavailable) {
		t.Errorf("post: %v", err)
	}
	if err := o.Note(t.Context(), felt.Delivery{Key: "a-0"}); !errors.Is(err, felt.ErrUnavailable) {
		t.Errorf("note: %v", err)
	}
	if _, err := o.Deliveries(t.Context()); !errors.Is(err, felt.ErrUnavailable) {
		t.Errorf("deliveries: %v", err)
	}
}
