package cusum_test

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/cusum"
)

// shipped is the rule that is shipped, with a fleet's threshold for paging.
var shipped = cusum.Rule{Width: 10, Open: cusum.Open, Page: 20}

const start = felt.Tick(1_700_000_000) / 86400 * 86400

// source draws counts.
type source struct{ rng *rand.Rand }

func newSource(seed uint64) source { return source{rand.New(rand.NewPCG(seed, 7))} }

func (s source) hits(n int64, share float64) (k int64) {
	for range n {
		if s.rng.Float64() < share {
			k++
		}
	}
	return k
}

func (s source) count(mean float64) (n int64) {
	for mean > 30 { // sums of Poisson counts are Poisson
		n += s.count(30)
		mean -= 30
	}
	for x := s.rng.ExpFloat64(); x < mean; x += s.rng.ExpFloat64() {
		n++
	}
	return n
}

// course is what a test said over time.
type course struct{ opened, ended, paged []int } // windows

func (c *course) see(i int, r cusum.Reading, paging *bool) {
	if r.Opened {
		c.opened = append(c.opened, i)
	}
	if r.Ended {
		c.ended = append(c.ended, i)
	}
	if r.Paging && !*paging {
		c.paged = append(c.paged, i)
	}
	*paging = r.Paging
}

// TestRateCases: a day of rest, then something for some windows, then rest again.
func TestRateCases(t *testing.T) {
	const rest = 8640
	for _, c := range []struct {
		name        string
		mean        float64 // tries a window
		base, fault float64
		lasts       int
		within      int // windows in which the median of seeds is found; 0: never
	}{
		{"two interactions a window, half fail", 2, .002, .5, 60, 5},
		{"two interactions a window, all fail", 2, .002, 1, 60, 3},
		{"one in ten windows has anyone, all fail", .1, .002, 1, 360, 50},
		{"ten a window, one in ten fails", 10, .01, .1, 120, 20},
		{"five points more on one percent", 100, .01, .06, 60, 4},
		{"a tenfold share in one window", 1000, .001, .02, 12, 1},
		{"twice the share for minutes", 1000, .005, .01, 120, 30},
		{"a tenth more is no fault", 100, .01, .011, 360, 0},
		{"fewer failures", 1000, .02, .001, 360, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var delays []float64
			for seed := range uint64(5) {
				s := newSource(seed)
				var r cusum.Rate
				var got course
				paging := false
				for i := range rest + c.lasts + 200 {
					share := c.base
					if i >= rest && i < rest+c.lasts {
						share = c.fault
					}
					n := s.count(c.mean)
					got.see(i, r.Step(start+felt.Tick(10*(i+1)), s.hits(n, share), n, cusum.Prior{}, &shipped), &paging)
				}
				if c.within == 0 {
					if len(got.opened) > 0 && got.opened[0] < rest+c.lasts {
						t.Fatalf("seed %d: opened at %v", seed, got.opened)
					}
					continue
				}
				delay := 1e9
				for _, at := range got.opened {
					if at < rest {
						t.Errorf("seed %d: opened at %d, in the rest", seed, at)
					} else if delay > 1e8 {
						delay = float64(at - rest + 1)
					}
				}
				delays = append(delays, delay)
				if delay < 1e8 && (len(got.ended) == 0 || got.ended[0] < rest+c.lasts) && c.lasts < 100 && c.mean >= 2 {
					t.Errorf("seed %d: lasted %d windows, ended %v", seed, c.lasts, got.ended)
				}
			}
			if m := median(delays); c.within > 0 && m > float64(c.within) {
				t.Errorf("found after %v windows (median %v), want %d", delays, m, c.within)
			}
		})
	}
}

// TestColdStart: what nobody would call usual is seen from the first minute, and what
// a series has always been like is no finding.
func TestColdStart(t *testing.T) {
	for _, c := range []struct {
		name  string
		mean  float64
		share float64
		prior cusum.Prior
		found bool
	}{
		{"all fail, five a window", 5, 1, cusum.Prior{}, true},
		{"seven of ten fail, forty a window", 40, .7, cusum.Prior{}, true},
		{"one in twenty fails, and always has", 5, .05, cusum.Prior{}, false},
		{"one in twenty fails of many, and always has", 3000, .05, cusum.Prior{}, false},
		{"one in four fails, as in all of its kind", 10, .25, cusum.Prior{Share: .25, Weight: 2000}, false},
		{"nothing fails", 1000, 0, cusum.Prior{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r cusum.Rate
			s := newSource(3)
			paging, got := false, course{}
			windows := 4320
			if c.found {
				windows = 6
			}
			for i := range windows {
				n := s.count(c.mean)
				got.see(i, r.Step(start+felt.Tick(10*(i+1)), s.hits(n, c.share), n, c.prior, &shipped), &paging)
			}
			if len(got.opened) > 0 != c.found {
				t.Errorf("opened at %v", got.opened)
			}
		})
	}
}

// TestNewNormal: a share that rose for good, or a series that fails by half from the
// start, is one finding, for some hours.
func TestNewNormal(t *testing.T) {
	for _, before := range []float64{.01, .6} {
		var r cusum.Rate
		s := newSource(5)
		paging, got := false, course{}
		for i := range 3 * 8640 {
			share := .6
			if i < 4320 {
				share = before
			}
			n := s.count(20)
			got.see(i, r.Step(start+felt.Tick(10*(i+1)), s.hits(n, share), n, cusum.Prior{}, &shipped), &paging)
		}
		if len(got.opened) != 1 || len(got.ended) != 1 || got.ended[0]-got.opened[0] > 4320 {
			t.Errorf("from %v: opened %v, ended %v", before, got.opened, got.ended)
		}
	}
}

// TestSince: the change-point is where the change was.
func TestSince(t *testing.T) {
	var offs []float64
	for seed := range uint64(21) {
		var r cusum.Rate
		s := newSource(seed)
		for i := range 6000 {
			at, share := start+felt.Tick(10*(i+1)), .01
			if i >= 5000 {
				share = .06
			}
			got := r.Step(at, s.hits(40, share), 40, cusum.Prior{}, &shipped)
			if got.Opened {
				offs = append(offs, float64(got.Since-start)/10-5000)
				break
			}
		}
	}
	if m := median(offs); m < -3 || m > 3 || len(offs) < 20 {
		t.Errorf("windows off: %v", offs)
	}
}

func TestThreshold(t *testing.T) {
	for _, c := range []struct {
		tests, perDay float64
		width         felt.Tick
		want          float64
	}{
		{1, 1, 10, 9.064},
		{6000 * 9, 1.0 / 7, 10, 21.907},
		{9, 1.0 / 30, 10, 14.662},
		{1, 1e9, 86400, 1}, // more than there are windows: still something
	} {
		if got := cusum.Threshold(c.tests, c.perDay, c.width); got < c.want-.01 || got > c.want+.01 {
			t.Errorf("%v tests, %v a day: %v nats, want %v", c.tests, c.perDay, got, c.want)
		}
	}
}

func TestSizes(t *testing.T) {
	if n := unsafe.Sizeof(cusum.Light{}); n > 48 {
		t.Errorf("a segment value takes %d bytes", n)
	}
	for name, n := range map[string][2]uintptr{
		"rate": {unsafe.Sizeof(cusum.Rate{}), cusum.RateBytes}, "volume": {unsafe.Sizeof(cusum.Volume{}), cusum.VolumeBytes},
		"sibling": {unsafe.Sizeof(cusum.Sibling{}), cusum.SiblingBytes}, "slow": {unsafe.Sizeof(cusum.Slow{}), 128},
	} {
		if n[0] > n[1] {
			t.Errorf("a %s takes %d bytes", name, n[0])
		}
	}
}
