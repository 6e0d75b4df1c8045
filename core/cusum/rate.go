package cusum

import (
	"math"

	"github.com/felt-cx/felt"
)

const (
	arms    = 5
	ready   = 2000 // tries after which a series is judged against its own baseline
	warm    = 3600 // seconds after which it is, however little there was
	mixed   = .9   // effective share of tries below which noise matters
	huge    = 1.6  // log of five times the odds: seen at once
	firstUp = 70   // seconds for which less than huge may be a blip
	leak    = 0.99 // of the faintest arm, per 10 s: slow drift is no fault
	most95  = .95  // largest baseline
	always  = .9   // share from which it cannot become worse
	guard   = .2   // share that a series without history may have
)

// Rate watches hits of tries: failed, degraded, slow, not completed. The zero value
// is ready. It holds about 650 bytes.
type Rate struct {
	first felt.Tick
	base  baseline
	noise [scales]noise
	bank  [arms]arm
	alarm alarm
	week  week
	// What the odds are made of, kept while the baseline hardly moves; mean is in tries a window.
	p, mean float64
	width   felt.Tick
}

// odds are the logarithms of a bank, and what follows of the width of a window: made again for
// every window, since holding them would take a third of the memory, and only for the arms that
// are at work.
type odds struct {
	p, mean       float64
	made          [arms]bool
	hit, miss     [arms]float64 // nats of a hit, > 0, and of a miss, < 0, when made
	hourly, daily float64       // fading
	leak          float64
	block         [scales]float64
	lag           int
}

// of has the nats of a hit and of a miss for an arm.
func (o *odds) of(j int) (hit, miss float64) {
	if !o.made[j] {
		q := clamp(alternative(j, o.p), o.p*1.1, .99)
		o.made[j], o.hit[j], o.miss[j] = true, math.Log(q/o.p), math.Log((1-q)/(1-o.p))
	}
	return o.hit[j], o.miss[j]
}

// nats is what a window with h hits and so many misses says for an arm.
func (o *odds) nats(j int, h, misses float64) float64 {
	hit, miss := o.of(j)
	return h*hit + misses*miss
}

// bonus is what the rareness of an arm's excursions is worth.
func (o *odds) bonus(j int) float64 { return bonusOf(-o.mean * o.nats(j, o.p, 1-o.p)) }

// alternative is the share that an arm stands for.
func alternative(j int, p float64) float64 {
	switch j {
	case 0: // faint, judged by the noise of five minutes
		return max(1.6*p/(1+.6*p), p+.001)
	case 1:
		return max(3*p/(1+2*p), p+.002)
	case 2:
		return 10 * p / (1 + 9*p)
	case 3:
		return 50 * p / (1 + 49*p)
	}
	return min(.9, p+.05) // what matters to customers, whatever the baseline
}

// tuned has what follows of the width.
func tuned(width felt.Tick) (o odds) {
	o.hourly, o.daily = fade(width, hourHalf), fade(width, dayHalf)
	o.leak = math.Pow(leak, float64(width)/10)
	o.lag = lagOf(width)
	for k := range o.block {
		o.block[k] = blockOf(k, width)
	}
	return o
}

func (r *Rate) odds() odds {
	o := tuned(r.width)
	o.p, o.mean = r.p, r.mean
	return o
}

// scaleOf says by which scale of noise an arm is judged.
func scaleOf(j int) int {
	if j == 0 {
		return 1
	}
	return 0
}

// Begin is for a series that had n tries in the windows from first to last and not one hit: a
// test that is made when the first comes knows so.
func (r *Rate) Begin(first, last felt.Tick, n float64) {
	r.first, r.base.last = first, last
	r.base.now.n, r.base.long.n = min(n, recalled), min(n, remembered)
}

// Step takes the window that ends at t: n tries, of which hit were hits, 0 <= hit <= n.
// Windows left out are empty ones; t must grow.
func (r *Rate) Step(t felt.Tick, hit, n int64, prior Prior, rule *Rule) (out Reading) {
	w := rule.width()
	o := tuned(w)
	r.width = w
	if r.first == 0 {
		r.first, r.base.last = t, t-w
	}
	prior = prior.or()
	r.base.skip(t, w, r.alarm.lasting(), &o)
	p := r.base.share(prior)
	if r.week.seen > 0 {
		p = clamp(p*r.week.factor(t), 1e-7, most95)
	}
	if mean := r.base.now.n * (1 - o.hourly); math.Abs(p-r.p) > .005*p || math.Abs(mean-r.mean) > .1*mean {
		r.p, r.mean = p, mean
	}
	o.p, o.mean = r.p, r.mean
	h, m := float64(hit), float64(n)
	r.alarm.count(h, m)
	if n > 0 {
		r.judge(t, w, h, m, &o, rule)
	}
	out.take(r.bank[:], o.bonus)
	out.Expected, out.Known = p, r.base.now.n
	if r.alarm.step(t, rule, &out) {
		restart(r.bank[:], rule)
	}
	if r.alarm.lasting() && r.alarm.old(t) {
		r.accept(rule)
		out.Lasting, out.Ended = false, true
	}
	suspicious := out.Statistic > rule.Open/3
	in, ok := r.base.push(t, held{h, m}, suspicious, out.Opened, r.alarm.lasting(), &o)
	if ok && r.base.now.n > ready {
		r.learn(in, &o)
	}
	r.week.step(t, in, ok, r.p, o.hourly, r.first)
	return out
}

// accept takes what has lasted for hours as the new normal.
func (r *Rate) accept(rule *Rule) {
	b := &r.base
	n := clamp(r.alarm.n, 1, max(b.now.n, ready))
	b.now = held{r.alarm.hit / max(r.alarm.n, 1) * n, n}
	b.long, b.limbo = b.now, held{}
	b.ring = [lag]window{}
	r.alarm = alarm{}
	restart(r.bank[:], rule)
}

func (r *Rate) learn(in held, o *odds) {
	p := o.p
	for k := range r.noise {
		r.noise[k].learn(k, in.hit-in.n*p, in.n*p, 1-p, o.block[k], believe(false, k))
	}
}

// effective is how much of each of m tries counts, given the noise; a little noise is
// always believed in.
func (r *Rate) effective(k int, m float64, o *odds) float64 {
	phi := r.noise[k].value(believe(false, k)) + [scales]float64{.005, .0025}[k]
	return 1 / (1 + o.block[k]*m*phi*o.p/(1-o.p))
}

func (r *Rate) judge(t, w felt.Tick, h, m float64, o *odds, rule *Rule) {
	effective := [scales]float64{r.effective(0, m, o), r.effective(1, m, o)}
	if r.base.long.n < ready && r.base.now.n < ready && t-r.first < warm {
		r.cold(t, w, h, m, effective[0], o, rule)
	} else {
		r.warm(t, w, h, m, effective, o, rule)
	}
	if !r.alarm.lasting() {
		return
	}
	p := o.p
	q := clamp(r.alarm.share, min(1.2*p, .98), .99)
	if r.alarm.recover(t, w, -effective[0]*(h*math.Log(q/p)+(m-h)*math.Log((1-q)/(1-p)))) {
		restart(r.bank[:], rule)
	}
	q = max(q, r.alarm.level)
	if x := min(max(far*q/(1+(far-1)*q), q+.05), .99); x > q {
		r.alarm.worsen(t, effective[0]*(h*math.Log(x/q)+(m-h)*math.Log((1-x)/(1-q))), h, m, (q+x)/2, rule)
	}
}

func (r *Rate) warm(t, w felt.Tick, h, m float64, effective [scales]float64, o *odds, rule *Rule) {
	if o.p > always {
		restart(r.bank[:], rule)
		return
	}
	r.bank[0].sum *= float32(o.leak)
	for j := range r.bank {
		a := &r.bank[j]
		if a.sum <= 0 && h == 0 {
			continue // misses alone begin nothing
		}
		noisy := effective[scaleOf(j)]
		f := noisy
		if a.sum > 0 { // against a baseline that is a sample itself
			f /= 1 + float64(a.n)/r.base.known()
		}
		a.add(t, w, f*o.nats(j, h, m-h), h, m, rule)
		if hit, _ := o.of(j); noisy < mixed && hit < huge && t-felt.Tick(a.since) <= firstUp {
			a.sum = min(a.sum, float32(a.raw(rule.Open-.5)))
		}
	}
}

// cold judges before there is history: only what nobody would call usual.
func (r *Rate) cold(t, w felt.Tick, h, m, f float64, o *odds, rule *Rule) {
	p := clamp(2*o.p, guard, .6)
	q := 6 * p / (1 + 5*p)
	f = 1 / (1 + o.block[0]*m*.05*p/(1-p)*(1-f))
	r.bank[arms-1].add(t, w, f*(h*math.Log(q/p)+(m-h)*math.Log((1-q)/(1-p))), h, m, rule)
}

// Usual is the share that is held for usual, and on how many tries it rests: while those are
// fewer than [Ready] it is mostly what was assumed.
func (r *Rate) Usual() (share, known float64) { return r.p, r.base.known() }

// Smallest is the smallest added share that would be found within this time (> 0) on
// the median, at so many tries a window; ok is false when nothing would be.
func (r *Rate) Smallest(perWindow float64, within felt.Tick, rule *Rule) (share float64, ok bool) {
	w := rule.width()
	windows := math.Floor(float64(within) / float64(w))
	if perWindow <= 0 || windows < 1 || r.width != w || r.base.known() < ready {
		return 0, false
	}
	o := r.odds()
	if !r.seen(1, perWindow, windows, &o, rule) {
		return 0, false
	}
	a, b := r.p, 1.0
	for range 30 {
		if mid := (a + b) / 2; r.seen(mid, perWindow, windows, &o, rule) {
			b = mid
		} else {
			a = mid
		}
	}
	return b - r.p, true
}

// seen tells whether an arm gets there in so many windows, on the mean path.
func (r *Rate) seen(q, m, windows float64, o *odds, rule *Rule) bool {
	for j := range r.bank {
		noisy := r.effective(scaleOf(j), m, o)
		hit, _ := o.of(j)
		nats := noisy * m * o.nats(j, q, 1-q)
		if nats <= 0 || noisy < mixed && hit < huge && windows*float64(r.width) <= firstUp {
			continue
		}
		sum := nats * windows
		if j == 0 {
			sum = nats * (1 - math.Pow(o.leak, windows)) / (1 - o.leak)
		}
		sum /= 1 + m*windows/2/r.base.known()
		if sum >= r.bank[j].raw(rule.Open-o.bonus(j)) {
			return true
		}
	}
	return false
}
