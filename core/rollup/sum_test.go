package rollup_test

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rollup"
)

func rows(n int) []rollup.Row {
	r := rand.New(rand.NewPCG(7, 7))
	list := make([]rollup.Row, n)
	for i := range list {
		list[i] = rollup.Row{
			Outcome: felt.Outcome(r.IntN(felt.Outcomes)), Weight: float64(int(1) << r.IntN(3)), ValueMinor: r.Int64N(100), Duration: r.Int64N(1e9),
			Customer: felt.Hash{byte(r.IntN(50))}, Session: felt.Hash{1, byte(r.IntN(99))}, Account: felt.Hash{2, byte(r.IntN(5))}, Known: felt.Tick(i),
		}
	}
	return list
}

// However rows are split into buckets, and those into coarser ones, the sum is the same.
func TestSumOfParts(t *testing.T) {
	series := felt.Series{Env: "e", App: "a", Name: "n", Kind: felt.KindStep}
	list := rows(500)
	var whole, merged, viaBuckets, used rollup.Sum
	for i := range list {
		whole.Add(&list[i])
	}
	used.Add(&list[0])
	for len(list) > 0 {
		n := min(7, len(list))
		used.Reset()
		for i := range list[:n] {
			used.Add(&list[i])
		}
		list = list[n:]
		merged.Merge(&used)
		b := used.Bucket(series, 0, felt.Minute)
		if err := viaBuckets.AddBucket(&b); err != nil {
			t.Fatal(err)
		}
	}
	want := whole.Bucket(series, 0, felt.Hour)
	if want.Counts.Decided() == 0 || want.Customers.Failed == nil || want.Latency.Abandoned == nil || want.Known != 499 {
		t.Fatalf("%+v", want)
	}
	for what, s := range map[string]*rollup.Sum{"merged": &merged, "made of buckets": &viaBuckets} {
		if got := s.Bucket(series, 0, felt.Hour); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v\nwant %+v", what, got, want)
		}
		if got := s.Answer(); got != whole.Answer() {
			t.Errorf("%s: %+v\nwant %+v", what, got, whole.Answer())
		}
	}
}

func TestAnswer(t *testing.T) {
	var s rollup.Sum
	for i, o := range []felt.Outcome{
		felt.OutcomeFailed, felt.OutcomeFailed, felt.OutcomeSuccess, felt.OutcomeDegraded, felt.OutcomeAbandoned, felt.OutcomeCancelled, felt.OutcomeNone,
	} {
		customer := felt.Hash{1} // one fails twice and succeeds; the others are one each
		if i > 2 {
			customer = felt.Hash{byte(i)}
		}
		s.Add(&rollup.Row{Outcome: o, Weight: 1, Customer: customer, Duration: int64(i)})
	}
	a := s.Answer()
	if a.Customers != (felt.Distinct{Total: 3, Failed: 1, Degraded: 1}) || a.Failed != [2]int64{1, 1} || a.Sessions != (felt.Distinct{}) {
		t.Errorf("%+v", a)
	}
	if a.Counts != (felt.Counts{Success: 1, Degraded: 1, Failed: 2, Abandoned: 1, Cancelled: 1, Open: 1}) || a.P99 > 3 {
		t.Errorf("%+v; who left waited for nothing", a)
	}
	var none *rollup.Sum
	if none.Answer() != (rollup.Answer{}) {
		t.Error("the answer of no sum is not zero")
	}
	bad := felt.Bucket{Customers: felt.Sketches{Failed: []byte("x")}}
	if err := s.AddBucket(&bad); err == nil {
		t.Error("a broken sketch was merged")
	}
}
