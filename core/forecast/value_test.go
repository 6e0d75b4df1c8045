package forecast

import (
	"testing"

	"github.com/felt-cx/felt"
)

func TestStepUpOpensOnce(t *testing.T) {
	var v Value
	opened := 0
	for i := range felt.Instant(1400) {
		x := 100 + float64(i*7%11)
		if i >= 1300 {
			x += 200
		}
		if r := v.Step(i*felt.Minute, x, nil); r.Opened {
			opened++
			if i < 1300 || i > 1303 || !r.Up {
				t.Errorf("opened at %d: %+v", i, r)
			}
		}
	}
	if opened != 1 {
		t.Errorf("opened %d times", opened)
	}
}
