package otlp

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/felt-cx/felt"
)

// MaxWeight is the most that one event stands for. Nobody keeps one of more than a million, and a
// threshold that says so, by mistake or on purpose, would drown all others in a sum.
const MaxWeight = 1_000_000

// randomness is what consistent sampling decides by: 56 bits.
const randomness = 1<<56 - 1

// sampledBy reads a tracestate: how many events one stands for, by the threshold of consistent
// sampling (ot=th:...), 2^56 / (2^56 - threshold), without a bound; 1 when there is none. Draw is the
// randomness that was held against it where it is told (rv, a session's own); 0 where it is not. It
// must have passed: an event that did not was never sampled at this threshold, and counts for itself.
func sampledBy(state []byte) (weight float64, draw uint64) {
	const all = 1 << 56
	for len(state) > 0 {
		member := state
		if n := indexByte(state, ','); n < len(state) {
			member, state = state[:n], state[n+1:]
		} else {
			state = nil
		}
		for len(member) > 0 && (member[0] == ' ' || member[0] == '\t') {
			member = member[1:]
		}
		if len(member) < 3 || string(member[:3]) != "ot=" {
			continue
		}
		th, random := samplingOf(member[3:])
		if th == 0 || th > random {
			return 1, 0
		}
		if random > randomness {
			random = 0
		}
		return all / float64(all-th), random
	}
	return 1, 0
}

// samplingOf reads th and rv of the ot member of a tracestate: 0 for a threshold, and the largest
// number, which is no randomness, where they are missing or wrong. The first of each stands.
func samplingOf(member []byte) (th, random uint64) {
	random = math.MaxUint64
	for len(member) > 0 {
		n := indexByte(member, ';')
		sub := member[:n]
		member = member[min(n+1, len(member)):]
		if len(sub) < 4 {
			continue
		}
		switch v, ok := threshold(sub[3:]); string(sub[:3]) {
		case "th:":
			if ok && th == 0 {
				th = v
			}
		case "rv:":
			if ok && random == math.MaxUint64 && len(bytes.TrimRight(sub[3:], " \t")) == 14 {
				random = v
			}
		}
	}
	return th, random
}

func indexByte(b []byte, c byte) int {
	for i := range b {
		if b[i] == c {
			return i
		}
	}
	return len(b)
}

// threshold reads 1 to 14 lower-case hexadecimal digits, to be filled up with zeros on the right.
func threshold(b []byte) (uint64, bool) {
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	if len(b) == 0 || len(b) > 14 {
		return 0, false
	}
	var v uint64
	for i := range 14 {
		v <<= 4
		if i >= len(b) {
			continue
		}
		switch c := b[i]; {
		case c-'0' < 10:
			v |= uint64(c - '0')
		case c >= 'a' && c <= 'f':
			v |= uint64(c-'a') + 10
		default:
			return 0, false
		}
	}
	return v, true
}

// mostWeight is what an event of the sender at hand may stand for.
func (p *Packer) mostWeight() float64 {
	most := float64(MaxWeight)
	for _, bound := range [...]float64{p.opt.MaxWeight, p.sender.MaxWeight} {
		if bound > 0 {
			most = min(most, max(bound, 1))
		}
	}
	return most
}

// slightly more than the bound may be claimed without a word: thresholds are rounded, OpenTelemetry's Collector
// cuts them to four digits.
const slightly = 1.001

// weigh finds what an event stands for: as its own tracestate says, else the attribute that stands for
// one. What claims more than its sender may is cut, so that nobody inflates what others count and
// nothing is lost. It returns which extras say so; none where the attribute, which the block has anyway,
// says the same.
func (p *Packer) weigh(pt *part, state []byte) (extras byte) {
	if len(state) == 0 && p.attr.state == 0 {
		return 0
	}
	x := &p.extra
	x.weight, x.draw = sampledBy(state)
	own := x.weight > 1
	if !own && p.attr.state != 0 {
		x.weight, x.draw = sampledBy(pt.dict.at(p.attr.state))
	}
	most := p.mostWeight()
	over := x.weight > most
	if x.weight > most*slightly {
		p.rep.CutWeights++
	}
	x.weight = min(x.weight, most)
	if own || over {
		extras = extraWeight
		if x.draw != 0 {
			extras |= extraDraw
		}
	}
	return extras
}

// stateAttr notes an attribute that stands for a tracestate. Of several the one that claims most
// is looked at, so that none gets past the bound.
func (a *attrSet) stateAttr(pt *part, t Text) {
	if a.state != 0 {
		was, _ := sampledBy(pt.dict.at(a.state))
		if now, _ := sampledBy(pt.dict.at(t)); now <= was {
			return
		}
	}
	a.state = t
}

// weight reads what the packer found of an event's weight.
func (r *Reader) weight(mask byte, ev *Event) bool {
	if mask&extraWeight == 0 {
		return mask&extraDraw == 0 || r.corrupt("a draw of nothing")
	}
	b, ok := r.bytes(8)
	if !ok {
		return false
	}
	ev.Weight, ev.Draw = math.Float64frombits(binary.LittleEndian.Uint64(b)), 0
	if !(ev.Weight >= 1 && ev.Weight <= 1<<56) {
		return r.corrupt("bad weight")
	}
	ev.Weight = min(ev.Weight, MaxWeight) // a log may be older than the bound
	if mask&extraDraw == 0 {
		return true
	}
	if b, ok = r.bytes(8); !ok {
		return false
	}
	if ev.Draw = binary.LittleEndian.Uint64(b); ev.Draw > randomness {
		return r.corrupt("bad draw")
	}
	return true
}

// stated takes a tracestate that stands in an attribute.
func (ev *Event) stated(state []byte) {
	ev.Weight, ev.Draw = sampledBy(state)
	ev.Weight = min(ev.Weight, MaxWeight)
}

// settleDraw: where no randomness is told, consistent sampling decides by the last 56 bits of the
// trace id. What was not sampled was not drawn.
func (ev *Event) settleDraw() {
	switch {
	case ev.Weight <= 1:
		ev.Draw = 0
	case ev.Draw == 0:
		ev.Draw = drawOf(ev.Trace)
	}
}

func drawOf(trace felt.TraceID) uint64 { return binary.BigEndian.Uint64(trace[8:]) & randomness }
