package forecast

import (
	"math"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

const (
	cells    = 64  // of the trend's ring
	sure     = 4   // standard errors of a slope that is a trend
	bent     = 1.5 // standard errors of a bend that make a line too long
	shortest = 24
	apart    = 10  // independent cells behind it at least
	wider    = 1.2 // since the same points choose how long the line is, and when it is looked at
	tenth    = 1.2815515655446004
)

// cell is the mean of a minute, or of a point where they are sparser.
type cell struct {
	at felt.Instant
	y  float64
}

// recent is a ring of the last cells: what [Value.Until] fits its trend to.
type recent struct {
	ring  [cells]cell
	n     int // cells in the ring
	next  int
	begin felt.Instant // of the open cell
	sum   float64
	late  float64 // sum of the seconds after begin
	in    float64 // points in the open cell

	drift   float64 // mean of the last 16 changes
	change  float64 // last cell's change over drift
	squares float64 // mean square of such, large ones cut
	lagged  float64 // mean product of neighbouring changes
	changes int64
}

func cellWidth(step float64) felt.Instant { return max(felt.Minute, seconds(step)) }

// add takes a point; a gap of five cells begins anew, since nothing is known of it.
func (r *recent) add(t felt.Instant, y, step float64) {
	width := cellWidth(step)
	if r.in > 0 && t-r.begin > 5*width {
		r.forget()
	}
	if r.in > 0 && t-r.begin >= width-width/8 {
		mean := felt.Instant(r.late / r.in * float64(felt.Second))
		r.push(cell{r.begin + mean, r.sum / r.in})
		r.in, r.sum, r.late = 0, 0, 0
	}
	if r.in == 0 {
		r.begin = t
	}
	r.sum += y
	r.late += float64(t-r.begin) / float64(felt.Second)
	r.in++
}

// forget drops the cells, but not what is known of the noise.
func (r *recent) forget() {
	*r = recent{squares: r.squares, lagged: r.lagged, changes: r.changes}
}

func (r *recent) push(c cell) {
	if r.n > 0 {
		change := c.y - r.ring[(r.next-1+cells)%cells].y
		off := change - r.drift
		if bound := 5 * math.Sqrt(r.squares); r.changes > 20 {
			off = max(-bound, min(bound, off))
		}
		r.drift += (change - r.drift) / float64(min(r.n, 16))
		if r.n > 1 {
			r.changes++
			w := 1 / float64(min(r.changes, 1440))
			r.squares += w * (off*off - r.squares)
			r.lagged += w * (off*r.change - r.lagged)
			r.change = off
		}
	}
	r.ring[r.next] = c
	r.next = (r.next + 1) % cells
	r.n = min(r.n+1, cells)
}

// persistence is the self-correlation of the noise, from that of the changes: they
// are -1/2 for noise that has no memory and 0 for a random walk, and with the drift of
// the last while taken away neither a trend nor a season is in them. A day of cells tells it far better than the line's own hour.
func (r *recent) persistence() float64 {
	if r.changes < 30 || r.squares <= 0 {
		return 0
	}
	return max(0, min(0.99, 1+2*r.lagged/r.squares))
}

// last writes the newest n cells to out, oldest first.
func (r *recent) last(out []cell) {
	for i := range out {
		out[i] = r.ring[(r.next-len(out)+i+cells)%cells]
	}
}

// Until forecasts when the value, freed of noise, reaches limit: mid as likely as not,
// and from early to late in four of five cases. It is a straight line through the last
// 24 to 64 minutes, or points where they are sparser, on top of the daily season; it
// reaches as far ahead as 64 of them.
//
// ok is false when there is no trend to go by: a slope of less than four standard
// errors, errors that hang together so much that fewer than ten of the points are
// independent (a random walk has slopes too), no point for five minutes before from, or
// a limit that would not be reached in that time. Where a daily season is not known
// well enough to be used by [Value.Step], the trend must be there with and without it,
// and the later forecast is given. A value that is beyond the limit already is on its
// way to it only when it comes back.
//
// The line is Huber's (1964) in two steps, its standard errors are widened for errors
// of first order self-correlation (Prais and Winsten 1954), and the interval is what
// comes of crossing the limit with the line's upper and lower 80 % band (Fieller 1954).
func (v *Value) Until(limit float64, from felt.Instant) (early, mid, late felt.Instant, ok bool) {
	width := cellWidth(v.step)
	if v.n == 0 || !(math.Abs(limit) <= hugest) || from-v.last > 5*width || from < v.last-felt.Day {
		return 0, 0, 0, false
	}
	shape := v.profile()
	if shape.season == nil {
		return v.cross(&shape, limit-v.origin, from, true)
	}
	if v.mode != flat {
		return v.cross(&shape, limit-v.origin, from, false)
	}
	early, mid, late, ok = v.cross(&profile{}, limit-v.origin, from, false)
	if !ok || !v.usualRise(&shape) {
		return early, mid, late, ok
	}
	e, m, l, ok := v.cross(&shape, limit-v.origin, from, false)
	switch {
	case !ok:
		return 0, 0, 0, false
	case m > mid:
		return e, m, l, true
	}
	return early, mid, late, true
}

// usualRise says that the season itself has a good part of the slope.
func (v *Value) usualRise(p *profile) bool {
	var buf [cells]cell
	c := buf[:v.recent.n]
	v.recent.last(c)
	now := leastSquares(c)
	for i := range c {
		c[i].y, _ = p.at(c[i].at)
	}
	before := leastSquares(c)
	return before.slope/now.slope > 0.25
}

// profile is the daily season of the days before today, without the growth from day to
// day: of a value that leaks for days, each slot of the season is higher than the one
// before, and the season would hide the leak.
type profile struct {
	season *season // nil is no season
	now    felt.Instant
	growth float64 // in a day
}

// profile is without a season when not all is known that the forecast needs.
func (v *Value) profile() profile {
	p := profile{season: &v.season, now: v.last}
	width := cellWidth(v.step)
	for i := felt.Instant(-cells); i <= 2*cells; i += 4 {
		if _, ok := p.at(v.last + i*width); !ok {
			return profile{}
		}
	}
	// Growth as it was half a day ago, when what begins now was not there.
	var diff [18]float64
	n := 0
	for i := range felt.Instant(len(diff)) {
		at := v.last - 6*felt.Hour - i*20*felt.Minute
		if s := v.season.slotOf(at); s.n >= 2 {
			diff[n] = float64(s.back(0) - s.back(1))
			n++
		}
	}
	if n > 0 {
		slices.Sort(diff[:n])
		p.growth = diff[n/2]
	}
	return p
}

// at is linear between the middles of the slots.
func (p *profile) at(t felt.Instant) (float64, bool) {
	if p.season == nil {
		return 0, true
	}
	width := p.season.width()
	left := (t - width/2).Floor(width)
	share := float64(t-width/2-left) / float64(width)
	a, okA := p.slot(left)
	b, okB := p.slot(left + width)
	return a + share*(b-a) - p.growth*float64(t-p.now)/float64(felt.Day), okA && okB
}

// slot is the median of the slot's days before today. The newest of a slot that is
// over is of today; of one to come it is of yesterday.
func (p *profile) slot(t felt.Instant) (float64, bool) {
	s := p.season.slotOf(t)
	var v [cycles - 1]float64
	skip := 0
	if t+p.season.width() <= p.now {
		skip = 1
	}
	n := min(int(s.n)-skip, len(v))
	if n < 1 {
		return 0, false
	}
	for i := range n {
		v[i] = float64(s.back(i + skip))
	}
	slices.Sort(v[:n])
	return (v[(n-1)/2] + v[n/2]) / 2, true
}

// cross finds the longest straight line that fits, and where it and its band meet the
// limit. Blind, without a season to go by, it must not be slowing down: the morning's
// rise of a daily season does before its peak.
func (v *Value) cross(p *profile, limit float64, from felt.Instant, blind bool) (early, mid, late felt.Instant, ok bool) {
	var buf [cells]cell
	for _, n := range [...]int{cells, 48, 32, shortest} {
		if n > v.recent.n {
			continue
		}
		c := buf[:n]
		v.recent.last(c)
		for i := range c {
			s, _ := p.at(c[i].at)
			c[i].y -= s
		}
		l := fitLine(c, v.recent.persistence())
		if l.effective < apart || n > shortest && math.Abs(l.bend) > bent {
			continue
		}
		if math.Abs(l.slope) < sure*l.slopeError() {
			return 0, 0, 0, false
		}
		if blind && l.bend*l.slope < 0 && math.Abs(l.bend) > 1 {
			return 0, 0, 0, false
		}
		return v.meet(&l, p, limit, from)
	}
	return 0, 0, 0, false
}

// meet walks ahead until the line's lower band has met the limit.
func (v *Value) meet(l *line, p *profile, limit float64, from felt.Instant) (early, mid, late felt.Instant, ok bool) {
	width := cellWidth(v.step)
	season, _ := p.at(from)
	side := 1.0
	if l.at(from)+season > limit {
		side = -1
	}
	if side*l.slope <= 0 {
		return 0, 0, 0, false
	}
	step := width / 4
	z := wider * (tenth + (tenth*tenth*tenth+tenth)/(4*(l.effective-2))) // Student's t
	var a, b, c crossing
	for t := from; t <= from+2*cells*width; t += step {
		season, known := p.at(t)
		if !known {
			break
		}
		gap := side * (limit - l.at(t) - season)
		band := z * math.Hypot(l.meanError(t), p.seasonError(l, t, width))
		a.see(t, step, gap-band)
		b.see(t, step, gap)
		c.see(t, step, gap+band)
		if c.done {
			return a.at, b.at, c.at, b.at <= from+cells*width
		}
	}
	return 0, 0, 0, false
}

// crossing is when a gap closes.
type crossing struct {
	at     felt.Instant
	before float64 // the gap one step back
	done   bool
}

func (c *crossing) see(t, step felt.Instant, gap float64) {
	if c.done {
		return
	}
	if gap <= 0 {
		c.at, c.done = t, true
		if c.before > 0 {
			c.at -= felt.Instant(float64(step) * gap / (gap - c.before))
		}
	}
	c.before = gap
}

// seasonError is what the line does not know of the season under it, which is itself a
// median of noise: over one slot's cells and the days.
func (p *profile) seasonError(l *line, t, width felt.Instant) float64 {
	if p.season == nil {
		return 0
	}
	per := max(1, float64(p.season.width())/float64(width)) // cells a slot
	days := max(1, float64(p.season.slotOf(t).n)-1)
	x := l.seconds(t)
	return math.Sqrt(math.Pi / 2 * l.variance / days * (1/per + 1/l.n + x*x/l.spread))
}

// line is a robust straight line through cells.
type line struct {
	center    felt.Instant
	mean      float64
	slope     float64 // per second
	spread    float64 // sum of squares of the times, in seconds
	variance  float64 // of the errors
	n         float64
	effective float64 // independent cells
	bend      float64 // standard errors of a square term; above 0 it turns up
}

func (l *line) seconds(t felt.Instant) float64 { return float64(t-l.center) / float64(felt.Second) }

func (l *line) at(t felt.Instant) float64 { return l.mean + l.slope*l.seconds(t) }

func (l *line) slopeError() float64 {
	return math.Sqrt(l.variance * l.n / l.effective / l.spread)
}

// meanError is the standard error of the line, not of a point.
func (l *line) meanError(t felt.Instant) float64 {
	x := l.seconds(t)
	return math.Sqrt(l.variance * l.n / l.effective * (1/l.n + x*x/l.spread))
}

// fitLine fits by least squares, cuts errors beyond three robust deviations, and fits
// once more. It overwrites the cells.
func fitLine(c []cell, persistence float64) line {
	l := leastSquares(c)
	var errs [cells]float64
	abs := errs[:len(c)]
	for i := range c {
		abs[i] = math.Abs(c[i].y - l.at(c[i].at))
	}
	slices.Sort(abs)
	bound := 3 * 1.4826 * abs[len(abs)/2]
	for i := range c {
		fit := l.at(c[i].at)
		c[i].y = max(fit-bound, min(fit+bound, c[i].y))
	}
	l = leastSquares(c)
	var squares, lagged, before, bend, bends float64
	for i := range c {
		x := l.seconds(c[i].at)
		e := c[i].y - l.at(c[i].at)
		squares += e * e
		lagged += e * before
		before = e
		q := x*x - l.spread/l.n
		bend += q * e
		bends += q * q
	}
	l.variance = max(squares/(l.n-2), 1e-24, 1e-14*l.mean*l.mean)
	phi := 0.0
	if squares > 0 {
		phi = lagged / squares
	}
	phi = max(persistence, min(0.99, phi+(1+4*phi)/l.n)) // its bias undone: Marriott and Pope 1954
	l.effective = l.n * (1 - phi) / (1 + phi)
	l.bend = bend / math.Sqrt(l.variance*l.n/l.effective*max(bends, 1e-9))
	return l
}

func leastSquares(c []cell) line {
	l := line{center: c[len(c)/2].at, n: float64(len(c))}
	var x, y float64
	for i := range c {
		x += l.seconds(c[i].at) / l.n
		y += c[i].y / l.n
	}
	l.center += felt.Instant(x * float64(felt.Second))
	l.mean = y
	var xy float64
	for i := range c {
		s := l.seconds(c[i].at)
		l.spread += s * s
		xy += s * (c[i].y - y)
	}
	l.spread = max(l.spread, 1e-9)
	l.slope = xy / l.spread
	return l
}

func (r *recent) save(e *codec.Encoder) {
	e.Len(r.n)
	for i := range r.n {
		c := r.ring[(r.next-r.n+i+cells)%cells]
		e.Int(int64(c.at))
		e.Float(c.y)
	}
	e.Int(int64(r.begin))
	e.Float(r.sum)
	e.Float(r.late)
	e.Float(r.in)
	e.Float(r.drift)
	e.Float(r.change)
	e.Float(r.squares)
	e.Float(r.lagged)
	e.Int(r.changes)
}

func (r *recent) load(d *codec.Decoder) {
	*r = recent{}
	n := d.Len(9)
	if n > cells {
		d.Fail("too many cells")
		return
	}
	for i := range n {
		r.ring[i] = cell{felt.Instant(d.Int()), loadFloat(d)}
	}
	r.n, r.next = n, n%cells
	r.begin = felt.Instant(d.Int())
	r.sum, r.late, r.in = loadFloat(d), loadFloat(d), loadFloat(d)
	r.drift, r.change, r.squares, r.lagged = loadFloat(d), loadFloat(d), loadFloat(d), loadFloat(d)
	r.changes = d.Int()
	if r.changes < 0 {
		d.Fail("negative count of changes")
	}
}
