package forecast

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// recent is a ring of means over the last while, for Until.
type recent struct{}

func (r *recent) add(t felt.Instant, y, step float64) {}

// Until forecasts.
func (v *Value) Until(limit float64, from felt.Instant) (early, mid, late felt.Instant, ok bool) {
	return 0, 0, 0, false
}

func (r *recent) save(e *codec.Encoder) {}
func (r *recent) load(d *codec.Decoder) {}
