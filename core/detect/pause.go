package detect

import (
	"fmt"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// DetectorClock names the findings that tell when the clock stood still: of kind silent, of no
// series, ended when they open. They are for whoever judges the same time again.
const DetectorClock = "clock"

// pause is a time in which the clock stood still.
type pause struct{ from, to felt.Tick }

// Stood tells that the log's clock stood still from one tick to another, because nobody moved it:
// the server did not run. Of that time nothing is known, so nothing in it is judged. Call it after
// the tick from.
func (d *Detector) Stood(from, to felt.Tick) {
	last := to - to%Every // windows up to here are not judged
	if to <= from || last <= d.judged {
		return
	}
	for _, s := range d.order {
		s.line.Skip(last)
	}
	d.sources.skip(to - from)
	for _, s := range d.sources.order {
		s.voice.stood(from, to)
	}
	for _, a := range d.apps.order {
		if a.found == nil {
			a.stood(from, to)
		}
	}
	d.tick, d.judged, d.stood = to, last, to
	d.pauses = append(d.pauses, pause{from, to})
}

// tellPauses tells when the clock stood still.
func (d *Detector) tellPauses(t felt.Tick) {
	for _, p := range d.pauses {
		f := lasting{Finding: d.begin(felt.Series{Traffic: felt.TrafficCustomer}, felt.FindingSilent, DetectorClock, p.to)}
		f.Since, f.Ended = p.from.Instant(), p.to
		f.Explanation = fmt.Sprintf("the server did not run for %s: of this time nothing is judged", span(p.to-p.from))
		d.tell(&f, t)
	}
	d.pauses = nil
}

func (d *Detector) savePauses(e *codec.Encoder) {
	e.Len(len(d.pauses))
	for _, p := range d.pauses {
		e.Int(int64(p.from))
		e.Int(int64(p.to))
	}
}

func (d *Detector) loadPauses(dec *codec.Decoder) {
	for n := dec.Len(2); n > 0 && dec.Err() == nil; n-- {
		d.pauses = append(d.pauses, pause{felt.Tick(dec.Int()), felt.Tick(dec.Int())})
	}
}
