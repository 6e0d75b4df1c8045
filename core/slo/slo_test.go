package slo

import (
	"testing"

	"github.com/felt-cx/felt"
)

const day0 = felt.Tick(1_700_000_000)

// feed steps windows of 10 s up to a time, each with the same counts; it returns the last
// reading and how long after the start the first opened (-1 never).
func feed(b *Burn, from felt.Tick, long felt.Instant, bad, n int64) (last Reading, opened felt.Tick) {
	opened = -1
	for i := felt.Tick(1); i <= felt.Tick(long/felt.Second)/10; i++ {
		last = b.Step(from+10*i, bad, n)
		if last.Opened && opened < 0 {
			opened = 10 * i
		}
	}
	return last, opened
}

func TestWholeOutageOpensInTheFirstMinute(t *testing.T) {
	r, opened := feed(New(0.99, 0), day0, 5*felt.Minute, 2, 2)
	if opened < 0 || opened > 60 || !r.Paging {
		t.Fatalf("opened after %d s, %+v", opened, r)
	}
}
