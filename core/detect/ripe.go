package detect

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// ripeSlots is in how many parts the time is cut after which who left is known, and a little more.
const (
	ripeParts = 30
	ripeSlots = ripeParts + 2
)

// ripe holds those who did not leave back until it is known who of the same time did. Who completes is
// known in seconds, who leaves half an hour later: when many come for an hour and go again, those who
// complete now and those who are known to have left now are two crowds, and the share of them means
// nothing.
type ripe struct {
	leave felt.Tick // how long they are held back
	to    felt.Tick // those of up to here were handed out
	given int64     // of the slot in which that is
	slots [ripeSlots]int64
}

func (r *ripe) width() felt.Tick { return (r.leave + ripeParts - 1) / ripeParts }

func (r *ripe) slot(s felt.Tick) *int64 { return &r.slots[((s%ripeSlots)+ripeSlots)%ripeSlots] }

// step takes those of the window that ends at t and hands out those of as long ago as who leaves is
// known after, evenly over a slot.
func (r *ripe) step(t felt.Tick, n int64) (out int64) {
	w, to := r.width(), t-r.leave
	if r.to == 0 {
		r.to = to
	}
	if to-r.to > ripeSlots*w { // all is older
		for i := range r.slots {
			out += r.slots[i]
		}
		out -= r.given
		*r = ripe{leave: r.leave, to: to}
	}
	for s := r.to / w; r.to < to; s++ {
		v := r.slot(s)
		if end := (s + 1) * w; end <= to {
			out += *v - r.given
			*v, r.given, r.to = 0, 0, end
			continue
		}
		part := *v * int64(to-s*w) / int64(w)
		out += part - r.given
		r.given, r.to = part, to
	}
	*r.slot((t - 1) / w) += n
	return out
}

func (r *ripe) Save(e *codec.Encoder) {
	e.Int(int64(r.leave))
	e.Int(int64(r.to))
	e.Int(r.given)
	for _, v := range r.slots {
		e.Int(v)
	}
}

func (r *ripe) Load(d *codec.Decoder) {
	r.leave, r.to, r.given = felt.Tick(d.Int()), felt.Tick(d.Int()), d.Int()
	for i := range r.slots {
		r.slots[i] = d.Int()
	}
	if r.leave <= 0 && d.Err() == nil {
		r.leave = 1
	}
}
