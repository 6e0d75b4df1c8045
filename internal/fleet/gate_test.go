package fleet

import "testing"

// Of 6,000 series, of which one may page in a week, some hundreds for some days must not page at
// all.
const parts = 20

// TestNobodyIsWokenForNothing: days of hundreds of series without a fault.
func TestNobodyIsWokenForNothing(t *testing.T) {
	b := Bench{Plan: Plan{Seed: 11, Series: 300, Days: 2}, PerWeek: 1, Part: parts}
	r := b.Run()
	found := r.False()
	for _, a := range Pages(found) {
		t.Errorf("series %d (%.3g a window) is paged for %v after %d s: %.1f nats, %.0f of %.0f, usual %.4g", a.Series, a.PerWindow, a.Test,
			a.Paged-b.From(), a.Reading.Statistic, a.Reading.Hit, a.Reading.N, a.Reading.Expected)
	}
	if days := float64(b.Series * b.Days); float64(len(found)) > days/14*1.5 {
		t.Errorf("%d findings in %.0f series-days; one in two weeks is what ships", len(found), days)
	}
	if r.Tries == 0 || r.Windows != int64(b.Series)*int64(b.Windows()) {
		t.Errorf("%d windows, %d tries", r.Windows, r.Tries)
	}
}

// TestFaultsAreSeenAsSoonAsCanBe: what an ideal test sees in under half a minute is paged for,
// in twice its time.
func TestFaultsAreSeenAsSoonAsCanBe(t *testing.T) {
	b := Bench{Plan: Plan{Seed: 12, Series: 300, Days: 4}, PerWeek: 1, Part: parts, Faults: true}
	r := b.Run()
	fast := r.ScoreOf(func(o Outcome) bool { return o.Ideal < 30 })
	if recall := float64(fast.Paged) / float64(fast.Of); fast.Of < 20 || recall < 0.95 || fast.Ratio > 2 {
		t.Errorf("of %d faults that the ideal test sees in under 30 s %.3f are paged for, in %d s against %d s", fast.Of, recall, fast.Delay, fast.Ideal)
	}
	next := r.ScoreOf(func(o Outcome) bool { return o.Ideal >= 30 && o.Ideal < 120 })
	if recall := float64(next.Paged) / float64(next.Of); recall < 0.9 || next.Ratio > 2 {
		t.Errorf("of %d in under 2 min %.3f, in %d s against %d s", next.Of, recall, next.Delay, next.Ideal)
	}
}
