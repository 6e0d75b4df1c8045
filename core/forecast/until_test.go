package forecast

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/felt-cx/felt"
)

const soon = 30 * felt.Minute

// leak is a level with a season and noise that begins to rise by slope an hour.
type leak struct {
	base, season, noise, slope float64
	begin                      felt.Instant
}

func (l *leak) mean(t felt.Instant) float64 {
	x := l.base + l.season*math.Sin(2*math.Pi*float64(t%felt.Day)/float64(felt.Day))
	if t > l.begin {
		x += l.slope * float64(t-l.begin) / float64(felt.Hour)
	}
	return x
}

// reaches is when the mean reaches the limit.
func (l *leak) reaches(limit float64) felt.Instant {
	t := l.begin
	for l.mean(t) < limit {
		t += felt.Second
	}
	return t
}

func TestUntilCoversLeaks(t *testing.T) {
	for _, c := range []struct {
		season, noise, slope float64 // in points an hour
		step                 felt.Instant
		days                 felt.Instant
	}{
		{0, 0.01, 5, felt.Minute, 1},
		{0, 0.5, 5, 10 * felt.Second, 1},
		{0, 0.5, 5, felt.Minute, 1},
		{0, 2, 5, felt.Minute, 1},
		{0, 2, 15, felt.Minute, 1},
		{0, 0.5, 2, felt.Minute, 1},
		{10, 0.5, 6, felt.Minute, 5},
		{10, 1, 10, felt.Minute, 5},
		{10, 1, 10, felt.Minute, 2},
		{10, 0.5, 6, 10 * felt.Second, 5},
		{0, 1, 2, 5 * felt.Minute, 2},
	} {
		t.Run(fmt.Sprintf("season %g noise %g slope %g step %d s", c.season, c.noise, c.slope, c.step/felt.Second), func(t *testing.T) {
			var leaks, found, first, asked, covered int
			for seed := range 40 {
				rng := rand.New(rand.NewPCG(uint64(seed), 3))
				l := leak{base: 60, season: c.season, noise: c.noise, slope: c.slope}
				l.begin = c.days*felt.Day + felt.Instant(rng.Float64()*float64(felt.Day))
				limit := l.mean(l.begin) + c.season + c.slope*2 + 1 // two hours and more
				at := l.reaches(limit)
				leaks++
				seen := false
				var v Value
				for now := felt.Instant(0); now < at-2*felt.Minute; now += c.step {
					v.Step(now, l.mean(now)+c.noise*rng.NormFloat64(), nil)
					if now < at-90*felt.Minute || now%felt.Minute != 0 {
						continue
					}
					early, mid, late, ok := v.Until(limit, now)
					if !ok || mid-now > soon {
						continue
					}
					in := early <= at && at <= late
					asked++
					if in {
						covered++
					}
					if !seen {
						seen = true
						found++
						if in {
							first++
						}
					}
				}
			}
			share, all := float64(first)/float64(max(found, 1)), float64(covered)/float64(max(asked, 1))
			t.Logf("found %d of %d leaks, the first interval holds %.2f, all %.2f of %d", found, leaks, share, all, asked)
			if found < leaks*9/10 {
				t.Errorf("found %d of %d", found, leaks)
			}
			if all < 0.70 || all > 0.95 {
				t.Errorf("intervals hold %.2f, want 0.70 to 0.95", all)
			}
		})
	}
}

func TestUntilIsSilent(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit float64
		cold  bool // it may be taken in before it has seen a second morning
		of    series
	}{
		{"season near its limit", 85, false, func(rng *rand.Rand) func(felt.Instant) float64 {
			l := leak{base: 60, season: 22, begin: math.MaxInt64}
			return func(at felt.Instant) float64 { return l.mean(at) + 0.5*rng.NormFloat64() }
		}},
		{"season at its limit", 82.5, true, func(rng *rand.Rand) func(felt.Instant) float64 {
			l := leak{base: 60, season: 22, begin: math.MaxInt64}
			return func(at felt.Instant) float64 { return l.mean(at) + 0.5*rng.NormFloat64() }
		}},
		{"steep mornings", 100, true, func(rng *rand.Rand) func(felt.Instant) float64 {
			return func(at felt.Instant) float64 {
				h := float64(at%felt.Day) / float64(felt.Hour)
				return 20 + 75/(1+math.Exp(-3*(h-8))) - 75/(1+math.Exp(-3*(h-20))) + rng.NormFloat64()
			}
		}},
		{"normal noise", 140, false, normalNoise},
		{"self-correlated", 60, false, memory},
		{"random walk", 1050, false, walk},
	} {
		for _, step := range []felt.Instant{10 * felt.Second, felt.Minute, 5 * felt.Minute} {
			early, later, asked := 0, 0, 0
			for seed := range 2 {
				rng := rand.New(rand.NewPCG(uint64(seed), 5))
				of := c.of(rng)
				var v Value
				for now := felt.Instant(0); now < 4*felt.Day; now += step {
					v.Step(now, of(now), nil)
					if now%felt.Minute != 0 {
						continue
					}
					asked++
					if _, mid, _, ok := v.Until(c.limit, now); ok && mid-now <= soon {
						if now < 2*felt.Day {
							early++
						} else {
							later++
						}
					}
				}
			}
			t.Logf("%-24s step %3d s: %d early, %d later, of %d", c.name, step/felt.Second, early, later, asked)
			if later > 0 || early > 0 && !c.cold {
				t.Errorf("%s every %d s: %d forecasts in the first two days, %d later, want none", c.name, step/felt.Second, early, later)
			}
		}
	}
}

func TestUntilRefuses(t *testing.T) {
	var v Value
	if _, _, _, ok := v.Until(100, 0); ok {
		t.Error("nothing seen")
	}
	l := leak{base: 60, noise: 0.2, slope: 10, begin: felt.Day}
	rng := rand.New(rand.NewPCG(1, 1))
	now := felt.Instant(0)
	for ; now < felt.Day+2*felt.Hour; now += felt.Minute {
		v.Step(now, l.mean(now)+l.noise*rng.NormFloat64(), nil)
	}
	if _, mid, _, ok := v.Until(85, now); !ok || mid < now+20*felt.Minute || mid > now+40*felt.Minute {
		t.Fatalf("in half an hour: %v, %d min", ok, (mid-now)/felt.Minute)
	}
	for name, ask := range map[string]struct {
		limit float64
		from  felt.Instant
	}{
		"behind":       {70, now},
		"out of reach": {200, now},
		"stale":        {85, now + felt.Hour},
		"no number":    {math.NaN(), now},
		"no limit":     {math.Inf(1), now},
	} {
		if e, m, l, ok := v.Until(ask.limit, ask.from); ok || e != 0 || m != 0 || l != 0 {
			t.Errorf("%s: %v in %d min", name, ok, (m-now)/felt.Minute)
		}
	}
	// Falling to a limit below, such as what is free.
	var w Value
	for at := felt.Instant(0); at < now; at += felt.Minute {
		w.Step(at, 100-l.mean(at)+l.noise*rng.NormFloat64(), nil)
	}
	if _, mid, _, ok := w.Until(15, now); !ok || mid < now+20*felt.Minute || mid > now+40*felt.Minute {
		t.Errorf("falling: %v, %d min", ok, (mid-now)/felt.Minute)
	}
}

// A value that leaks for days has a rising season, which must not hide the leak.
func TestUntilSeesALeakOfDays(t *testing.T) {
	l := leak{base: 10, noise: 0.1, slope: 1, begin: 0}
	rng := rand.New(rand.NewPCG(1, 1))
	var v Value
	at, now := l.reaches(110), felt.Instant(0)
	for ; now < at-20*felt.Minute; now += felt.Minute {
		v.Step(now, l.mean(now)+l.noise*rng.NormFloat64(), nil)
	}
	_, mid, _, ok := v.Until(110, now)
	if !ok || mid < at-10*felt.Minute || mid > at+10*felt.Minute {
		t.Errorf("%v: in %d min, want 20", ok, (mid-now)/felt.Minute)
	}
}
