package cusum_test

import (
	"bytes"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/cusum"
)

var shipped = cusum.Rule{Width: 10, Open: 14.6, Page: 20}

func TestRateSeesAStepAndEnds(t *testing.T) {
	var r cusum.Rate
	at := felt.Tick(1_700_000_000)
	opened, ended := 0, 0
	for i := range 3000 {
		at += 10
		hit := int64(0)
		if i%10 == 0 {
			hit = 1
		}
		if i >= 1000 && i < 1060 {
			hit = 30
		}
		got := r.Step(at, hit, 100, cusum.Prior{}, &shipped)
		if got.Opened {
			opened = i
		}
		if got.Ended {
			ended = i
		}
	}
	if opened < 1000 || opened > 1002 || ended < 1060 || ended > 1250 {
		t.Fatalf("opened at %d, ended at %d", opened, ended)
	}
	var e, again codec.Encoder
	r.Save(&e)
	var back cusum.Rate
	d := codec.NewDecoder(e.B)
	back.Load(d)
	back.Save(&again)
	if d.Err() != nil || d.Rest() != 0 || !bytes.Equal(e.B, again.B) {
		t.Fatalf("saved and loaded differ: %v", d.Err())
	}
}
