package detect

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// exactTail sums the terms in rational numbers.
func exactTail(k, n int64, p float64) float64 {
	chance := new(big.Rat).SetFloat64(p)
	miss := new(big.Rat).Sub(big.NewRat(1, 1), chance)
	sum := new(big.Rat)
	for i := max(k, 0); i <= n; i++ {
		term := new(big.Rat).SetInt(new(big.Int).Binomial(n, i))
		term.Mul(term, power(chance, i))
		term.Mul(term, power(miss, n-i))
		sum.Add(sum, term)
	}
	v, _ := sum.Float64()
	return v
}

func power(r *big.Rat, n int64) *big.Rat {
	e := big.NewInt(n)
	return new(big.Rat).SetFrac(new(big.Int).Exp(r.Num(), e, nil), new(big.Int).Exp(r.Denom(), e, nil))
}

func TestTailIsExact(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.Int64Range(0, 60).Draw(rt, "n")
		k := rapid.Int64Range(-1, n+1).Draw(rt, "k")
		p := float64(rapid.IntRange(0, 64).Draw(rt, "p")) / 64
		got, want := Tail(k, n, p), exactTail(k, n, p)
		if math.Abs(got-want) > 1e-11*want+1e-15 {
			rt.Fatalf("P(X >= %d | %d, %g) = %g, want %g", k, n, p, got, want)
		}
	})
}

func TestTailOfLargeNumbers(t *testing.T) {
	// Summed term by term in decimal numbers of 60 digits.
	for _, c := range []struct {
		k, n int64
		p    float64
		want float64
	}{
		{20, 20, 0.01, 1e-40},
		{1000, 100_000, 0.01, 0.504268687972111},
		{1100, 100_000, 0.01, 0.000911780341245106},
		{1500, 100_000, 0.01, 8.87692694007106e-50},
		{1, 1_000_000, 1e-9, 9.995001666249782e-4},
	} {
		if got := Tail(c.k, c.n, c.p); math.Abs(got-c.want) > 1e-9*c.want {
			t.Errorf("P(X >= %d | %d, %g) = %g, want %g", c.k, c.n, c.p, got, c.want)
		}
	}
	if got := Tail(5000, 100_000, 0.01); got != 0 && got > 1e-300 {
		t.Errorf("far out: %g", got)
	}
}

func TestLogRatio(t *testing.T) {
	if got := logRatio(1, 100, 0.01); got != 0 {
		t.Errorf("its own share: %g", got)
	}
	if got := logRatio(0, 100, 0.01); got != 0 {
		t.Errorf("below: %g", got)
	}
	want := 50*math.Log(0.5/0.01) + 50*math.Log(0.5/0.99)
	if got := logRatio(50, 100, 0.01); math.Abs(got-want) > 1e-9 {
		t.Errorf("half of a hundred: %g, want %g", got, want)
	}
	if got := logRatio(10, 10, 0.01); math.Abs(got-10*math.Log(100)) > 1e-9 {
		t.Errorf("all of ten: %g", got)
	}
	if got := logRatio(0, 0, 0.01); got != 0 {
		t.Errorf("nobody: %g", got)
	}
}
