package forecast

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"pgregory.net/rapid"
)

func save(v *Value) []byte {
	var e codec.Encoder
	v.Save(&e)
	return e.B
}

// A Value that was cut, saved and restored reads and saves like one that never stopped.
func TestCutAndRestore(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		step := rapid.SampledFrom([]felt.Instant{10 * felt.Second, felt.Minute, 5 * felt.Minute, 40 * felt.Minute}).Draw(rt, "step")
		n := rapid.IntRange(0, 1500).Draw(rt, "n")
		cut := rapid.IntRange(0, n).Draw(rt, "cut")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		var a, b Value
		at := felt.Instant(rapid.Int64Range(-1e18, 1e18).Draw(rt, "start"))
		level := 0.0
		for i := range n {
			if i == cut {
				bytes := save(&a)
				d := codec.NewDecoder(bytes)
				b.Load(d)
				if d.Err() != nil || d.Rest() != 0 {
					rt.Fatalf("load: %v, %d bytes left", d.Err(), d.Rest())
				}
				if !slices.Equal(bytes, save(&b)) {
					rt.Fatal("saved again, it differs")
				}
			}
			at += felt.Instant(float64(step) * (0.5 + rng.Float64()))
			if rng.IntN(200) == 0 {
				level, at = level+100*rng.NormFloat64(), at+felt.Instant(rng.IntN(20))*felt.Hour
			}
			x := level + rng.NormFloat64()
			ra := a.Step(at, x, nil)
			if i < cut {
				continue
			}
			if rb := b.Step(at, x, nil); ra != rb {
				rt.Fatalf("point %d: %+v, restored %+v", i, ra, rb)
			}
		}
		if cut < n && !slices.Equal(save(&a), save(&b)) {
			rt.Fatal("states differ")
		}
	})
}

func FuzzLoad(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 2))
	var v Value
	f.Add(save(&v))
	for i := range felt.Instant(3000) {
		v.Step(i*5*felt.Minute, 5+rng.NormFloat64(), nil)
		if i == 10 || i == 2999 {
			f.Add(save(&v))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := codec.NewDecoder(b)
		var v Value
		v.Load(d)
		if d.Err() != nil {
			if len(save(&v)) != 1 {
				t.Error("damaged, and not empty")
			}
			return
		}
		used := b[:len(b)-d.Rest()]
		again := codec.NewDecoder(save(&v))
		var w Value
		if w.Load(again); again.Err() != nil {
			t.Fatalf("what was loaded from %d bytes does not load again: %v", len(used), again.Err())
		}
		for i := range felt.Instant(50) {
			r := v.Step(v.last+felt.Minute, float64(i), nil)
			if math.IsNaN(r.Score) || r.Score < 0 || r.Score > 1 {
				t.Fatalf("score %g", r.Score)
			}
		}
		v.Until(100, v.last)
		v.Smallest(felt.Hour, nil)
	})
}

func TestSizes(t *testing.T) {
	if size := unsafe.Sizeof(Value{}); size > 16<<10 {
		t.Errorf("a Value is %d bytes, want at most 16 KiB", size)
	} else {
		t.Logf("a Value is %d bytes", size)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var v Value
	at := felt.Instant(0)
	for ; at < 60*felt.Day; at += 5 * felt.Minute {
		if at == felt.Day || at == 7*felt.Day {
			t.Logf("after %d days it saves %d bytes", at/felt.Day, len(save(&v)))
		}
		v.Step(at, 5+rng.NormFloat64(), nil)
	}
	size := len(save(&v))
	t.Logf("after %d days it saves %d bytes", at/felt.Day, size)
	if size > 16<<10 {
		t.Errorf("saved it is %d bytes, want at most 16 KiB", size)
	}
	if n := testing.AllocsPerRun(10_000, func() {
		at += felt.Minute
		v.Step(at, rng.NormFloat64(), nil)
	}); n != 0 {
		t.Errorf("%g allocations a point", n)
	}
	if n := testing.AllocsPerRun(100, func() { v.Until(100, at) }); n != 0 {
		t.Errorf("%g allocations a forecast", n)
	}
}

func BenchmarkStep(b *testing.B) {
	for _, step := range []felt.Instant{10 * felt.Second, 5 * felt.Minute, felt.Hour} {
		b.Run(step.Time().Format("15h04m05s"), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 2))
			noise := make([]float64, 4096)
			for i := range noise {
				noise[i] = 100 + rng.NormFloat64()
			}
			var v Value
			b.ReportAllocs()
			for i := range b.N {
				v.Step(felt.Instant(i)*step, noise[i%len(noise)], nil)
			}
		})
	}
}

func BenchmarkUntil(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	var v Value
	at := felt.Instant(0)
	for ; at < 3*felt.Day; at += felt.Minute {
		v.Step(at, float64(max(0, at-3*felt.Day+3*felt.Hour))/float64(felt.Hour)*10+rng.NormFloat64(), nil)
	}
	b.ReportAllocs()
	for range b.N {
		v.Until(40, at)
	}
}
