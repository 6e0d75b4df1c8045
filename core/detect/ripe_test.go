package detect

import (
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/cusum"
)

// TestRipe: what goes in comes out later, all of it, and none before its time.
func TestRipe(t *testing.T) {
	for _, leave := range []felt.Tick{1, 7, 60, 1800, 86400} {
		r := ripe{leave: leave}
		in, out := map[felt.Tick]int64{}, int64(0)
		var all int64
		at := felt.Tick(1_700_000_000)
		for range 30_000 {
			at += 10
			n := int64(at/10) % 7
			in[at] = n
			out += r.step(at, n)
			all += n
			if out < 0 || out > all {
				t.Fatalf("leave %d: %d of %d are out", leave, out, all)
			}
		}
		// What is held is what came in the last time, give or take a slot.
		var held int64
		for s := at - leave + 10; s <= at; s += 10 {
			held += in[s]
		}
		slack := 6*int64(leave)/ripeParts/10 + 20
		if d := all - out - held; d > slack || d < -slack {
			t.Errorf("leave %d: %d are held, %d came in that time", leave, all-out, held)
		}
		if out += r.step(at+3*leave+1000, 0); out != all {
			t.Errorf("leave %d: after a pause %d of %d are out", leave, out, all)
		}
	}
}

// TestACrowdThatComesAndGoes: a newsletter brings three times as many customers for an hour, and of them as
// many leave as ever. That is no funnel that broke, neither while they come nor after.
func TestACrowdThatComesAndGoes(t *testing.T) {
	const leave = 1800
	var l Line
	with := Terms{Rule: cusum.Rule{Width: 10, Open: OpenAt, Page: 13.5}, Drop: cusum.Rule{Width: 10, Open: OpenAt, Page: 13.5}, Leave: leave, Factor: -1}
	came := func(at felt.Tick) float64 { // a window
		switch since := at - 86400; {
		case since < 0 || since > 3600:
			return 4
		default:
			return 12
		}
	}
	var owedDone, owedLeft float64
	counts := func(at felt.Tick, share float64) *Counts {
		owedDone += came(at) * (1 - share)
		c := &Counts{Success: int64(owedDone), Before: -1}
		owedDone -= float64(c.Success)
		if at > leave {
			owedLeft += came(at-leave) * share
			c.Abandoned = int64(owedLeft)
			owedLeft -= float64(c.Abandoned)
		}
		return c
	}
	funnel := func(at felt.Tick, share float64) bool {
		for _, e := range l.Step(at, counts(at, share), &with) {
			if e.Test == TestUnfinished && e.Opened {
				return true
			}
		}
		return false
	}
	at := felt.Tick(10)
	for ; at < 86400+4*3600; at += 10 {
		if funnel(at, .3) {
			t.Fatalf("%d s after the newsletter as many leave as ever, and it is told", at-86400)
		}
	}
	for end := at + 2*leave; !funnel(at, .6); at += 10 {
		if at > end {
			t.Fatal("twice as many leave, and nobody is told")
		}
	}
}
