package detect

import "github.com/felt-cx/felt/core/cusum"

// Sizes in bytes, about: what the allocator gives, and of maps what an entry takes.
const (
	seriesBytes = 768 + 200 // and its places in the map and the order
	entryBytes  = 24
	valueBytes  = 32
	oddBytes    = 48
	tryBytes    = 24
	textBytes   = 80
	sourceBytes = 440 + 100
	appBytes    = 336 + 100
	sampleBytes = 14_000
)

// Bytes is about how much memory the detector holds.
func (d *Detector) Bytes() int {
	n := (len(d.recent.good.ring)+len(d.recent.bad.ring))*tryBytes + len(d.texts)*textBytes +
		len(d.sources.order)*sourceBytes + len(d.apps.order)*appBytes + len(d.samples.order)*sampleBytes
	for _, s := range d.order {
		n += seriesBytes + cap(s.open)*entryBytes + s.line.bytes()
		for i := range s.dims {
			n += cap(s.dims[i].values)*valueBytes + s.dims[i].odds*oddBytes
		}
	}
	return n
}

// bytes is what the tests of a line hold.
func (l *Line) bytes() (n int) {
	for _, r := range []*cusum.Rate{l.failed, l.degraded, l.slow, l.unfinished, l.fled} {
		if r != nil {
			n += cusum.RateBytes
		}
	}
	if l.slower != nil {
		n += l.slower.Bytes()
	}
	if l.drop != nil {
		n += cusum.VolumeBytes
	}
	if l.sibling != nil {
		n += cusum.SiblingBytes
	}
	if l.ripe != nil {
		n += 8 * (ripeSlots + 3)
	}
	return n
}
