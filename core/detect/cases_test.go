package detect_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/detect"
)

// The stories that a line of counts must tell well, whatever test does it.

const monday = felt.Tick(1_780_272_000) // 2026-06-01 00:00 UTC

// judged is a line, what happens to it, and what it said.
type judged struct {
	t      *testing.T
	line   detect.Line
	terms  detect.Terms
	random *rand.Rand
	now    felt.Tick
	opened []detect.Event
	at     []felt.Tick
	ended  []felt.Tick
}

func newJudged(t *testing.T, seed uint64) *judged {
	t.Helper()
	return &judged{t: t, terms: detect.DefaultTerms(10), random: rand.New(rand.NewPCG(seed, 1)), now: monday}
}

// step takes one window.
func (j *judged) step(c detect.Counts) {
	j.now += 10
	if c.Before == 0 {
		c.Before = -1
	}
	for _, e := range j.line.Step(j.now, &c, &j.terms) {
		if e.Opened {
			j.opened, j.at = append(j.opened, e), append(j.at, j.now)
		}
		if e.Ended {
			j.ended = append(j.ended, j.now)
		}
	}
}

// poisson draws a count.
func (j *judged) poisson(mean float64) int64 {
	if mean > 60 {
		return max(0, int64(math.Round(mean+math.Sqrt(mean)*j.random.NormFloat64())))
	}
	n, p := int64(0), j.random.Float64()
	for limit := math.Exp(-mean); p > limit; n++ {
		p *= j.random.Float64()
	}
	return n
}

// of draws how many of n.
func (j *judged) of(n int64, share float64) (k int64) {
	for range n {
		if j.random.Float64() < share {
			k++
		}
	}
	return k
}

// run goes on for so long: tries a window, share of them failed.
func (j *judged) run(long felt.Tick, perWindow, failed float64) {
	for range long / 10 {
		n := j.poisson(perWindow)
		bad := j.of(n, failed)
		j.step(detect.Counts{Success: n - bad, Failed: bad})
	}
}

// first is how long after a time the first finding of a test opened; -1 never.
func (j *judged) first(test detect.Test, since felt.Tick) felt.Tick {
	for i, e := range j.opened {
		if e.Test == test && j.at[i] > since {
			return j.at[i] - since
		}
	}
	return -1
}

func (j *judged) silent(what string) {
	j.t.Helper()
	for i, e := range j.opened {
		j.t.Errorf("%s: finding %d (test %d) after %d s: %.1f nats, %.0f of %.0f since %d s, usual %.4g", what, i, e.Test, j.at[i]-monday,
			e.Statistic, e.Hit, e.N, j.at[i]-e.Since, e.Expected)
	}
}

// Two interactions a window are enough: the test is exact down there.
func TestTwoInteractionsAWindow(t *testing.T) {
	var delays []felt.Tick
	for seed := range uint64(9) {
		j := newJudged(t, seed)
		j.run(6*3600, 2, 0.01)
		j.silent("two a window, one in a hundred fails")
		from := j.now
		j.run(600, 2, 1)
		delays = append(delays, j.first(detect.TestFailed, from))
	}
	if m := median(delays); m < 0 || m > 60 {
		t.Errorf("everything fails at two a window: seen after %v s", delays)
	}
}

// median counts what was never seen as the longest.
func median(list []felt.Tick) felt.Tick {
	seen, never := []felt.Tick{}, 0
	for _, d := range list {
		if d < 0 {
			never++
			continue
		}
		seen = append(seen, d)
	}
	if never*2 >= len(list) {
		return -1
	}
	for i := range seen {
		for k := i + 1; k < len(seen); k++ {
			if seen[k] < seen[i] {
				seen[i], seen[k] = seen[k], seen[i]
			}
		}
	}
	return seen[len(list)/2]
}

// A page that slows by 300 ms is felt long before it crosses a limit of seconds.
func TestThreeHundredMillisecondsSlower(t *testing.T) {
	var delays []felt.Tick
	for seed := range uint64(9) {
		j := newJudged(t, seed)
		slower := func(long felt.Tick, plus felt.Instant) {
			for range long / 10 {
				c := detect.Counts{Success: j.poisson(50.0 / 6)}
				c.Timed = c.Success
				for range c.Success {
					d := felt.Instant(0.8e9*math.Exp(0.4*j.random.NormFloat64())) + plus
					if d > 4*felt.Second {
						c.Slow++
					}
					c.Took = append(c.Took, d)
				}
				j.step(c)
			}
		}
		slower(6*3600, 0)
		j.silent("as always")
		from := j.now
		slower(1200, 300*felt.Second/1000)
		delays = append(delays, j.first(detect.TestSlower, from))
	}
	if m := median(delays); m < 0 || m > 300 {
		t.Errorf("+300 ms at 50 a minute: seen after %v s", delays)
	}
}

// What has ended is told as ended, soon, and the baseline is what it was.
func TestRecovery(t *testing.T) {
	j := newJudged(t, 4)
	j.run(6*3600, 20, 0.02)
	j.run(1800, 20, 0.5)
	end := j.now
	j.run(3600, 20, 0.02)
	if len(j.opened) != 1 || len(j.ended) != 1 || j.ended[0]-end > 900 || j.ended[0] < end {
		t.Errorf("%d opened, ended %v, the trouble at %d", len(j.opened), j.ended, end)
	}
	again := j.now
	j.run(600, 20, 0.5)
	if d := j.first(detect.TestFailed, again); d < 0 || d > 60 {
		t.Errorf("the second time it is seen after %d s", d)
	}
}

// shaped goes on for so long with the shape of a day.
func (j *judged) shaped(long felt.Tick, perWindow, level float64) {
	for range long / 10 {
		hour := float64((j.now-monday)%86400) / 3600
		n := j.poisson(perWindow * level * (1 + 0.6*math.Sin(2*math.Pi*(hour-9)/24)))
		bad := j.of(n, 0.01)
		j.step(detect.Counts{Success: n - bad, Failed: bad})
	}
}

// A holiday that the calendar knows is no outage; without the calendar it would be one.
func TestAHolidayInTheCalendar(t *testing.T) {
	for _, known := range []bool{true, false} {
		j := newJudged(t, 5)
		j.shaped(4*86400, 30, 1)
		j.silent("ordinary days")
		if known {
			j.terms.Factor = 0.2
		}
		j.shaped(86400, 30, 0.2)
		if known {
			j.silent("a holiday")
		} else if d := j.first(detect.TestDrop, monday+4*86400); d < 0 || d > 900 {
			t.Errorf("customers who stay away without a reason in the calendar: seen after %d s", d)
		}
	}
}

// A silent outage: nobody arrives any more, and nobody fails.
func TestNobodyArrives(t *testing.T) {
	var delays []felt.Tick
	for seed := range uint64(9) {
		j := newJudged(t, seed)
		j.shaped(2*86400+15*3600, 30, 1)
		j.silent("ordinary days")
		from := j.now
		j.shaped(600, 30, 0.02)
		delays = append(delays, j.first(detect.TestDrop, from))
	}
	if m := median(delays); m < 0 || m > 30 {
		t.Errorf("nobody arrives at 3 a second: seen after %v s", delays)
	}
}

// arrivals are what is still on its way: successes leave every ten seconds, failures at once.
type arrivals struct{ good, bad [3]int64 } // of this window and the next ones

// TestFailuresFirstSuccessesLater: a day of browsers that send failures at once and successes in
// batches, each browser with its own beat; traffic goes from night to noon within hours.
func TestFailuresFirstSuccessesLater(t *testing.T) {
	for _, noon := range []float64{0.3, 3, 50} { // tries a second
		j := newJudged(t, uint64(noon*10))
		var due arrivals
		for w := range 2 * 8640 {
			hour := float64(w%8640) / 360
			rate := noon * (0.1 + 0.9*math.Pow(math.Sin(math.Pi*hour/24), 2))
			n := j.poisson(rate * 10)
			bad := j.of(n, 0.02)
			due.bad[0] += bad
			for range n - bad {
				// a success at u of the window, by a browser that sends at b of each ten seconds
				if u, b := j.random.Float64(), j.random.Float64(); b >= u {
					due.good[0]++
				} else {
					due.good[1]++
				}
			}
			j.step(detect.Counts{Success: due.good[0], Failed: due.bad[0]})
			due.good = [3]int64{due.good[1], due.good[2]}
			due.bad = [3]int64{}
		}
		j.silent("failures first")
	}
}

// A peak that the calendar knows must not make the ordinary day after it a drop.
func TestAPeakInTheCalendar(t *testing.T) {
	j := newJudged(t, 6)
	j.shaped(4*86400, 30, 1)
	j.terms.Factor = 3
	j.shaped(86400, 30, 3)
	j.terms.Factor = 0
	j.shaped(86400, 30, 1)
	j.silent("a peak and the day after")
}
