package forecast

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/felt-cx/felt"
)

// TestCases is what people call an incident, and what they do not: 15 days of ordinary
// life, then a day with something in it.
func TestCases(t *testing.T) {
	const quiet = 15 * felt.Day
	season := func(at felt.Instant) float64 {
		return 1000 + 400*math.Sin(2*math.Pi*float64(at%felt.Day)/float64(felt.Day))
	}
	hour := func(at felt.Instant) float64 { return float64(at-quiet) / float64(felt.Hour) }
	noisy := func(rng *rand.Rand) float64 { return 100 + 5*rng.NormFloat64() }
	none := felt.Instant(-1)
	for _, c := range []struct {
		name   string
		step   felt.Instant
		of     func(rng *rand.Rand, at felt.Instant) float64
		within felt.Instant // of the hour 6 of the last day; none: no alarm in it
		up     bool
		most   int // alarms in that day
	}{
		{"nothing", felt.Minute, func(rng *rand.Rand, at felt.Instant) float64 { return noisy(rng) }, none, false, 0},
		{"step up", felt.Minute, func(rng *rand.Rand, at felt.Instant) float64 {
			if hour(at) >= 6 {
				return noisy(rng) + 50
			}
			return noisy(rng)
		}, 5 * felt.Minute, true, 1},
		{"small step down", felt.Minute, func(rng *rand.Rand, at felt.Instant) float64 {
			if hour(at) >= 6 {
				return noisy(rng) - 15
			}
			return noisy(rng)
		}, 30 * felt.Minute, false, 1},
		{"spike of one point", felt.Minute, func(rng *rand.Rand, at felt.Instant) float64 {
			if hour(at) >= 6 && hour(at) < 6.001 {
				return 200
			}
			return noisy(rng)
		}, felt.Minute, true, 1},
		{"constant then a change", felt.Minute, func(_ *rand.Rand, at felt.Instant) float64 {
			if hour(at) >= 6 {
				return 43
			}
			return 42
		}, felt.Minute, true, 1},
		{"zero for ever, then something", 5 * felt.Minute, func(_ *rand.Rand, at felt.Instant) float64 {
			if hour(at) >= 6 {
				return 3
			}
			return 0
		}, felt.Minute, true, 1},
		{"season", 5 * felt.Minute, func(rng *rand.Rand, at felt.Instant) float64 {
			return season(at) + 10*rng.NormFloat64()
		}, none, false, 0},
		{"season whose peak is missing", 5 * felt.Minute, func(rng *rand.Rand, at felt.Instant) float64 {
			if h := hour(at); h >= 2 && h < 10 { // it stays at the height of 02:00
				return season(quiet+2*felt.Hour) + 10*rng.NormFloat64()
			}
			return season(at) + 10*rng.NormFloat64()
		}, 15 * felt.Minute, false, 1},
		{"weekend", 5 * felt.Minute, func(rng *rand.Rand, at felt.Instant) float64 {
			if d := (at / felt.Day) % 7; d == 1 || d == 0 { // day 15 is a 1
				return 0.7*season(at) + 10*rng.NormFloat64()
			}
			return season(at) + 10*rng.NormFloat64()
		}, none, false, 1},
		{"creeping leak", felt.Minute, func(rng *rand.Rand, at felt.Instant) float64 {
			return noisy(rng) + 12*max(0, hour(at)-6)
		}, 2 * felt.Hour, true, 1},
		{"noise burst", felt.Minute, func(rng *rand.Rand, at felt.Instant) float64 {
			if h := hour(at); h >= 6 && h < 8 {
				return 100 + 60*rng.NormFloat64()
			}
			return noisy(rng)
		}, 10 * felt.Minute, true, 2},
		{"gap", felt.Minute, func(rng *rand.Rand, at felt.Instant) float64 {
			if h := hour(at); h >= 3 && h < 9 {
				return math.NaN()
			}
			return noisy(rng)
		}, none, false, 0},
		{"value drops to zero every hour", felt.Hour, func(rng *rand.Rand, at felt.Instant) float64 {
			if hour(at) >= 6 {
				return 0
			}
			return noisy(rng)
		}, felt.Hour, false, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(9, 9))
			var v Value
			alarms := 0
			seen := felt.Instant(0)
			for at := felt.Instant(0); at < quiet+felt.Day; at += c.step {
				r := v.Step(at, c.of(rng, at), nil)
				if !r.Opened || at < quiet {
					continue
				}
				alarms++
				if hour(at) >= 1.5 && seen == 0 {
					seen = at
					if c.within >= 0 && r.Up != c.up && c.name != "noise burst" {
						t.Errorf("direction %v", r.Up)
					}
					if r.Since > at || r.Since < at-6*felt.Hour || r.Low > r.Expected || r.High < r.Expected || r.Score < 0.5 {
						t.Errorf("reading %+v at %d", r, at)
					}
				}
			}
			if alarms > c.most {
				t.Errorf("%d alarms, want at most %d", alarms, c.most)
			}
			if c.within >= 0 && (seen == 0 || seen > quiet+6*felt.Hour+c.within) {
				t.Errorf("seen after %d min (%d alarms), want %d", (seen-quiet-6*felt.Hour)/felt.Minute, alarms, c.within/felt.Minute)
			}
		})
	}
}

// TestNewNormal: a shift is one alarm, is learned within a day, and the way back within
// a week is none.
func TestNewNormal(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	var v Value
	var opened, ended []float64
	for at := felt.Instant(0); at < 20*felt.Day; at += 5 * felt.Minute {
		x := 100 + 5*rng.NormFloat64()
		if at >= 10*felt.Day && at < 14*felt.Day {
			x += 300
		}
		r := v.Step(at, x, nil)
		if r.Opened {
			opened = append(opened, float64(at)/float64(felt.Day))
		}
		if r.Ended {
			ended = append(ended, float64(at)/float64(felt.Day))
		}
		if at == 13*felt.Day && math.Abs(r.Expected-400) > 10 {
			t.Errorf("the new normal is %g, want 400", r.Expected)
		}
	}
	if len(opened) != 1 || opened[0] != 10 || len(ended) != 1 || ended[0] < 10.1 || ended[0] > 11.01 {
		t.Errorf("opened at days %v, ended at %v", opened, ended)
	}
}

// TestWhatIsLeftOut: it changes nothing.
func TestWhatIsLeftOut(t *testing.T) {
	var v Value
	rng := rand.New(rand.NewPCG(3, 1))
	for at := range felt.Instant(3000) {
		v.Step(at*felt.Minute, rng.NormFloat64(), nil)
	}
	before := save(&v)
	for _, p := range []struct {
		at felt.Instant
		x  float64
	}{
		{3000 * felt.Minute, math.NaN()},
		{3000 * felt.Minute, math.Inf(1)},
		{3000 * felt.Minute, -math.MaxFloat64},
		{2999 * felt.Minute, 1e6},
		{2940 * felt.Minute, 1e6},
		{math.MaxInt64, 1},
		{math.MinInt64, 1},
	} {
		if r := v.Step(p.at, p.x, nil); r.Opened || r.Ended || r.Statistic != 0 {
			t.Errorf("%v: %+v", p, r)
		}
		if string(save(&v)) != string(before) {
			t.Errorf("%v changed the state", p)
		}
	}
	// A clock that was set back by days goes on.
	if v.Step(0, 0, nil); v.last != 0 {
		t.Error("the clock that was set back is not followed")
	}
}

// TestSmallest: the shift it names is found in that time more often than not, and half of
// it is not.
func TestSmallest(t *testing.T) {
	for _, within := range []felt.Instant{felt.Minute, 5 * felt.Minute, 30 * felt.Minute} {
		var found, half, n int
		for seed := range 40 {
			for _, share := range []float64{1, 0.5} {
				rng := rand.New(rand.NewPCG(uint64(seed), 4))
				var v Value
				at := felt.Instant(0)
				for ; at < 4*felt.Day; at += felt.Minute {
					v.Step(at, 100+10*rng.NormFloat64(), nil)
				}
				shift, ok := v.Smallest(within, nil)
				if !ok || shift <= 0 {
					t.Fatalf("%d min: %g %v", within/felt.Minute, shift, ok)
				}
				for end := at + within; at < end; at += felt.Minute {
					if v.Step(at, 100+10*rng.NormFloat64()+share*shift, nil).Opened {
						if share == 1 {
							found++
						} else {
							half++
						}
						break
					}
				}
				n++
			}
		}
		t.Logf("within %d min: found %d of %d, of half the shift %d", within/felt.Minute, found, n/2, half)
		if found < n/2*4/10 || half > n/2*2/10 {
			t.Errorf("within %d min: found %d of %d, of half the shift %d", within/felt.Minute, found, n/2, half)
		}
	}
	var v Value
	if _, ok := v.Smallest(felt.Hour, nil); ok {
		t.Error("known before the first point")
	}
	for at := range felt.Instant(3000) {
		v.Step(at*felt.Minute, float64(at%7), nil)
	}
	if _, ok := v.Smallest(30*felt.Second, nil); ok {
		t.Error("seen before the next point")
	}
}
