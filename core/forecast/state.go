package forecast

import (
	"math"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// numbers are the plain floats of the state, in the order in which they are saved.
func (v *Value) numbers(use func(*float64)) {
	for _, p := range []*float64{
		&v.step, &v.origin, &v.prev, &v.jump, &v.jumps, &v.least, &v.alarm.level,
	} {
		use(p)
	}
	for _, list := range [][]float64{v.level[:], v.slow[:], v.misses[:], v.bank[:], v.usual[:], v.whole[:], v.wide[:], v.alarm.before[:], v.alarm.now[:]} {
		for i := range list {
			use(&list[i])
		}
	}
}

// instants are the times of the state.
func (v *Value) instants(use func(*felt.Instant)) {
	a := &v.alarm
	for _, p := range []*felt.Instant{&v.last, &v.block, &a.since, &a.opened, &a.loud, &a.beforeAt} {
		use(p)
	}
	for i := range v.side {
		use(&v.side[i])
	}
}

// Save writes the state: the same state gives the same bytes.
func (v *Value) Save(e *codec.Encoder) {
	e.Int(v.n)
	if v.n == 0 {
		return
	}
	e.Int(v.judged)
	e.Int(v.blocks)
	e.Uint(uint64(v.mode))
	e.Uint(uint64(v.alarm.mode))
	e.Bool(v.alarm.lasting)
	e.Bool(v.alarm.up)
	v.numbers(func(p *float64) { e.Float(*p) })
	v.instants(func(p *felt.Instant) { e.Int(int64(*p)) })
	for i := range v.lane {
		v.lane[i].save(e)
	}
	v.season.save(e)
	v.recent.save(e)
}

// Load reads what Save wrote in place of what v was. Damage is the decoder's error,
// and v is then empty.
func (v *Value) Load(d *codec.Decoder) {
	*v = Value{}
	v.n = d.Int()
	if v.n < 0 {
		d.Fail("negative count of points")
	}
	if v.n == 0 || d.Err() != nil {
		v.n = 0
		return
	}
	v.judged, v.blocks = d.Int(), d.Int()
	v.mode, v.alarm.mode = mode(d.UintMax(uint64(modes-1))), mode(d.UintMax(uint64(modes-1)))
	v.alarm.lasting, v.alarm.up = d.Bool(), d.Bool()
	v.numbers(func(p *float64) { *p = loadFloat(d) })
	v.instants(func(p *felt.Instant) { *p = felt.Instant(d.Int()) })
	for i := range v.lane {
		v.lane[i].load(d)
	}
	v.season.load(d)
	v.recent.load(d)
	if v.judged < 0 || v.blocks < 0 || !(v.step >= 0 && v.step < 1e9) || v.least <= 0 || !v.season.started || math.Abs(float64(v.last)) > float64(farthest) {
		d.Fail("state that cannot be")
	}
	if d.Err() != nil {
		*v = Value{}
		return
	}
	v.fit(0)
}
