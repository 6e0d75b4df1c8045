package cusum_test

import (
	"bytes"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/cusum"
)

// TestVolumeCases: two days with the shape of a day, and something on the second.
func TestVolumeCases(t *testing.T) {
	shape := func(at felt.Tick) float64 { return 1 + .8*math.Sin(2*math.Pi*float64(at%86400)/86400) }
	for _, c := range []struct {
		name   string
		mean   float64
		left   func(second float64) float64 // of the usual, so many seconds after 14 h of day two
		found  int                          // windows in which it is, on the median; 0: never
		factor float64                      // of the calendar from then on
	}{
		{"nobody comes any more", 5, func(float64) float64 { return 0 }, 6, 1},
		{"half come, of many", 500, func(float64) float64 { return .5 }, 3, 1},
		{"seven of ten come", 50, func(float64) float64 { return .7 }, 40, 1},
		{"an ordinary evening", 50, func(float64) float64 { return 1 }, 0, 1},
		{"it ebbs away over two hours", 50, func(s float64) float64 { return math.Max(.4, 1-s/7200) }, 0, 1},
		{"more come", 50, func(float64) float64 { return 3 }, 0, 1},
		{"a holiday that the calendar knows", 500, func(float64) float64 { return .5 }, 0, .45},
	} {
		t.Run(c.name, func(t *testing.T) {
			var delays []float64
			for seed := range uint64(5) {
				s := newSource(seed)
				var v cusum.Volume
				const from = 8640 + 14*360
				delay := 1e9
				for i := range from + 720 {
					at, mean, factor := start+felt.Tick(10*(i+1)), c.mean, 1.0
					mean *= shape(at)
					if i >= from {
						mean *= c.left(float64(10 * (i - from)))
						factor = c.factor
					}
					if got := v.Step(at, s.count(mean), factor, &shipped); got.Opened {
						if i < from || c.found == 0 {
							t.Errorf("seed %d: opened %d windows from there: %+v", seed, i-from, got)
						}
						delay = min(delay, float64(i-from+1))
					}
				}
				delays = append(delays, delay)
			}
			if m := median(delays); c.found > 0 && m > float64(c.found) {
				t.Errorf("found after %v windows, want %d", delays, c.found)
			}
		})
	}
}

// TestVolumeTellsNothing where an hour of silence would mean nothing, and says so.
func TestVolumeTellsNothing(t *testing.T) {
	var v cusum.Volume
	s := newSource(1)
	for i := range 8640 {
		n := s.count(.01)
		if i > 6000 {
			n = 0
		}
		if got := v.Step(start+felt.Tick(10*(i+1)), n, 1, &shipped); got.Known > 0 || got.Statistic > 0 {
			t.Fatalf("window %d: %+v", i, got)
		}
	}
	if share, ok := v.Smallest(1800, &shipped); ok {
		t.Errorf("would see %v", share)
	}
}

// TestVolumeWeek: a shop that is shut on Sundays, and after each day at nine. The first
// Sunday is news; once two weeks are known nothing is.
func TestVolumeWeek(t *testing.T) {
	var v cusum.Volume
	s := newSource(2)
	byDay := make([]int, 24)
	for i := range 24 * 8640 {
		at := start + felt.Tick(10*(i+1))
		day, hour := i/8640, i%8640/360
		mean := 20.0
		if day%7 == 6 && hour >= 10 || hour >= 21 || hour < 6 {
			mean = 2
		}
		if v.Step(at, s.count(mean), 1, &shipped).Opened {
			byDay[day]++
		}
	}
	late, all := 0, 0
	for day, n := range byDay {
		if all += n; day > 16 {
			late += n
		}
	}
	if late > 0 || all > 14 { // a Sunday still pulls the profile of the day down
		t.Errorf("%d findings in all, %d in the last week: %v", all, late, byDay)
	}
	if byDay[6] == 0 {
		t.Errorf("the first Sunday is no news: %v", byDay)
	}
}

// TestSibling: everything halves, and nothing is wrong; then half get stuck.
func TestSibling(t *testing.T) {
	for _, stuck := range []bool{false, true} {
		var b cusum.Sibling
		s := newSource(4)
		var opened []int
		late := make([]int64, 6) // they need a minute
		for i := range 4320 {
			mean, through := 30.0, .7
			if i >= 2160 {
				mean = 12
			}
			if stuck && i >= 3600 {
				through = .3
			}
			before := s.count(mean)
			late = append(late[1:], before)
			if b.Step(start+felt.Tick(10*(i+1)), before, s.hits(late[0], through), &shipped).Opened {
				opened = append(opened, i)
			}
		}
		if !stuck && len(opened) > 0 || stuck && (len(opened) != 1 || opened[0] < 3600 || opened[0] > 3612+6) {
			t.Errorf("stuck %v: opened at %v", stuck, opened)
		}
	}
}

// TestSlow: 800 ms in the middle, 300 ms more, 50 a minute.
func TestSlow(t *testing.T) {
	for _, spread := range []float64{.3, .5} {
		var delays []float64
		for seed := range uint64(7) {
			var l cusum.Slow
			s := newSource(seed)
			delay := 1e9
			for i := range 3*360 + 60 {
				more := 0.0
				if i >= 3*360 {
					more = 300
				}
				for range s.count(50.0 / 6) {
					l.Add(felt.Instant((800*math.Exp(spread*s.rng.NormFloat64()) + more) * 1e6))
				}
				if got := l.Step(start+felt.Tick(10*(i+1)), &shipped); got.Opened {
					if more == 0 {
						t.Fatalf("opened at window %d: %+v", i, got)
					}
					delay = min(delay, float64(10*(i+1-3*360)))
				}
			}
			delays = append(delays, delay)
			p90 := 800e6 * math.Exp(spread*1.2816)
			if got := float64(l.Threshold()); seed == 0 && (got < p90/1.12 || got > p90*1.2) {
				t.Errorf("p90 is %v, learned %v", p90, got)
			}
		}
		if m := median(delays); m > 300 {
			t.Errorf("spread %v: found after %v s", spread, delays)
		}
	}
}

// TestLight: a region that fails wholly is found in a minute; one of two hundred that
// are well is not, for days.
func TestLight(t *testing.T) {
	prior := cusum.Prior{Share: .01, Weight: 5000}
	for _, mean := range []float64{.5, 2, 20} {
		var delays []float64
		for seed := range uint64(9) {
			var l cusum.Light
			s := newSource(seed)
			delay := 1e9
			for i := range 400 {
				share := .01
				if i >= 360 {
					share = 1
				}
				n := s.count(mean)
				if l.Step(start+felt.Tick(10*(i+1)), s.hits(n, share), n, prior, &shipped).Opened && i >= 360 {
					delay = min(delay, float64(10*(i-359)))
				}
			}
			delays = append(delays, delay)
		}
		if m := median(delays); m > 60 && mean > 1 || m > 90 {
			t.Errorf("%v a window: found after %v s", mean, delays)
		}
	}
	false1 := 0
	for seed := range uint64(60) {
		var l cusum.Light
		s := newSource(seed + 100)
		for i := range 8640 {
			n := s.count(2)
			if l.Step(start+felt.Tick(10*(i+1)), s.hits(n, .01), n, prior, &shipped).Opened {
				false1++
			}
		}
	}
	if false1 > 6 {
		t.Errorf("%d findings on 60 quiet days", false1)
	}
}

// saver is what all tests have.
type saver interface {
	Save(e *codec.Encoder)
	Load(d *codec.Decoder)
}

func reload(t interface{ Fatalf(string, ...any) }, from, to saver) {
	var a, b codec.Encoder
	from.Save(&a)
	d := codec.NewDecoder(a.B)
	to.Load(d)
	to.Save(&b)
	if d.Err() != nil || d.Rest() != 0 || !bytes.Equal(a.B, b.B) {
		t.Fatalf("saved, loaded and saved again differ (%v, %d left)", d.Err(), d.Rest())
	}
}

// bench has one test of each kind, on the same stream.
type benchOfAll struct {
	rate    cusum.Rate
	slow    cusum.Slow
	volume  cusum.Volume
	sibling cusum.Sibling
	light   cusum.Light
}

func (b *benchOfAll) all() []saver {
	return []saver{&b.rate, &b.slow, &b.volume, &b.sibling, &b.light}
}

func (b *benchOfAll) step(at felt.Tick, hit, n int64, took []felt.Instant) (out [5]cusum.Reading) {
	for _, d := range took {
		b.slow.Add(d)
	}
	out[0] = b.rate.Step(at, hit, n, cusum.Prior{}, &shipped)
	out[1] = b.slow.Step(at, &shipped)
	out[2] = b.volume.Step(at, n, 1, &shipped)
	out[3] = b.sibling.Step(at, n, n-hit, &shipped)
	out[4] = b.light.Step(at, hit, n, cusum.Prior{}, &shipped)
	return out
}

// TestCutAndRestore: saved and loaded anywhere, a test goes on as if it had never
// stopped, to the bit.
func TestCutAndRestore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSource(rapid.Uint64().Draw(t, "seed"))
		cuts := rapid.SliceOfNDistinct(rapid.IntRange(0, 1500), 0, 6, rapid.ID[int]).Draw(t, "cuts")
		weeks := felt.Tick(rapid.SampledFrom([]int{10, 10, 600, 3600}).Draw(t, "step")) // long steps reach the third week
		var never, cut benchOfAll
		at := start
		for i := range 1500 {
			for _, c := range cuts {
				if c == i {
					fresh := benchOfAll{}
					for k, from := range cut.all() {
						reload(t, from, fresh.all()[k])
					}
					cut = fresh
				}
			}
			at += weeks
			if s.rng.IntN(100) == 0 {
				at += weeks * felt.Tick(s.rng.IntN(40))
			}
			share := .01
			if i > 900 && i < 1000 {
				share = .4
			}
			n := s.count(8)
			hit := s.hits(n, share)
			took := make([]felt.Instant, n)
			for k := range took {
				took[k] = felt.Instant(1e9 * (share + s.rng.ExpFloat64()))
			}
			if a, b := never.step(at, hit, n, took), cut.step(at, hit, n, took); a != b {
				t.Fatalf("window %d, never cut:\n%+v\ncut at %v:\n%+v", i, a, cuts, b)
			}
		}
	})
}

// FuzzLoad: bytes may be anything. Either they are an error, or they are what the state
// they load to is saved as, and that state works.
func FuzzLoad(f *testing.F) {
	var b benchOfAll
	s := newSource(1)
	for i := range 500 {
		n := s.count(5)
		b.step(start+felt.Tick(10*i), s.hits(n, .1), n, []felt.Instant{1e9})
	}
	for k, one := range b.all() {
		var e codec.Encoder
		one.Save(&e)
		f.Add(uint8(k), e.B)
	}
	f.Fuzz(func(t *testing.T, k uint8, data []byte) {
		var fresh benchOfAll
		one := fresh.all()[int(k)%len(fresh.all())]
		d := codec.NewDecoder(data)
		one.Load(d)
		if d.Err() != nil {
			return
		}
		var e codec.Encoder
		one.Save(&e)
		if again := data[:len(data)-d.Rest()]; len(e.B) == len(again) && !bytes.Equal(e.B, again) {
			t.Fatal("loaded and saved differ")
		}
		for i := range 3 {
			fresh.step(start+felt.Tick(10*i), 1, 5, []felt.Instant{1e9})
		}
	})
}

// TestQuiet: nothing is wrong, for many days of many series, and hardly anything is
// found; from what is, and how high statistics go, follows what a fleet would page.
func TestQuiet(t *testing.T) {
	const days = 4
	found, heights := 0, []float64{}
	seriesDays := 0.0
	for seed := range uint64(24) {
		s := newSource(1000 + seed)
		mean := []float64{.5, 5, 40}[seed%3]
		share := []float64{.001, .01, .1, .3}[seed/3%4]
		var r cusum.Rate
		var v cusum.Volume
		top := [days * 24]float64{}
		for i := range days * 8640 {
			at, n := start+felt.Tick(10*(i+1)), s.count(mean)
			a := r.Step(at, s.hits(n, share), n, cusum.Prior{}, &shipped)
			b := v.Step(at, n, 1, &shipped)
			if a.Opened {
				found++
			}
			if b.Opened {
				found++
			}
			top[i/360] = math.Max(top[i/360], math.Max(a.Statistic, b.Statistic))
		}
		seriesDays += days
		heights = append(heights, top[:]...)
	}
	if rate := float64(found) / seriesDays; rate > .1 {
		t.Errorf("%d findings on %v series and days", found, seriesDays)
	}
	// The statistic is calibrated: above any level it falls off at least as exp(-x).
	over := func(level float64) (n float64) {
		for _, h := range heights {
			if h > level {
				n++
			}
		}
		return n
	}
	if a, b := over(6), over(9); b > a*math.Exp(-3)*2+3 {
		t.Errorf("%v hours over 6 nats, %v over 9", a, b)
	}
	page := cusum.Threshold(6000*3, 1.0/7, 10)
	month := over(8) / float64(len(heights)) * 24 * 30 * 6000 * math.Exp(8-page)
	t.Logf("%d findings on %v series and days; %.1f pages a month of 6,000 series at %.1f nats", found, seriesDays, month, page)
	if month > 4.5*2 {
		t.Errorf("%.1f pages a month of 6,000 series at %.1f nats", month, page)
	}
}

// TestSmallest: what is said to be seen on the median is, and half of it is not.
func TestSmallest(t *testing.T) {
	for _, mean := range []float64{3, 30, 300} {
		for _, within := range []felt.Tick{60, 300, 1800} {
			var said float64
			seen, less := 0, 0
			const tries = 31
			for seed := range uint64(tries) {
				s := newSource(seed)
				var r cusum.Rate
				at := start
				for range 3600 {
					at += 10
					n := s.count(mean)
					r.Step(at, s.hits(n, .02), n, cusum.Prior{}, &shipped)
				}
				share, ok := r.Smallest(mean, within, &shipped)
				if !ok {
					continue
				}
				said = share
				for k, add := range []float64{share * 1.25, share / 2.5} {
					x := r
					found := false
					for i := felt.Tick(10); i <= within; i += 10 {
						n := s.count(mean)
						found = found || x.Step(at+i, s.hits(n, min(1, .02+add)), n, cusum.Prior{}, &shipped).Lasting
					}
					if found && k == 0 {
						seen++
					} else if found {
						less++
					}
				}
			}
			if said > 0 && (seen < tries/2 || less > tries/2) {
				t.Errorf("%v a window, %d s: %.3f is said; a quarter more is found %d of %d times, two fifths of it %d times", mean, within, said, seen, tries, less)
			}
		}
	}
}
