package detect

import (
	"math"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/cusum"
)

// What the guard holds a line against.
const (
	guardFrom  = 0.03 // usual, at least
	guardTo    = 0.5  // worth a finding before anything is known
	guardTries = 2000 // after so many tries, or so long, others know better
	guardFor   = 3600 // seconds
	guardQuiet = 60   // seconds without evidence until it ends
)

// guard watches a line of which nothing is known yet, for failures so gross that no past is
// needed: half of all, where a few in a hundred are usual. It is one CUSUM, and speaks once.
type guard struct {
	first, since, last felt.Tick // last: with enough evidence
	tries              int64
	sum                float64
	hit, n             int64
	lasting, paging    bool
}

// step takes a window; told is false when there is nothing to say.
func (g *guard) step(t felt.Tick, hit, n int64, prior cusum.Prior, rule *cusum.Rule) (r cusum.Reading, told bool) {
	if g.first == 0 {
		if n == 0 {
			return r, false
		}
		g.first = t
	}
	over := g.tries >= guardTries || t-g.first > guardFor
	if n == 0 && !(over && g.lasting) || over && !g.lasting {
		return r, false
	}
	g.tries += n
	p := math.Min(math.Max(prior.Share, guardFrom), 0.3)
	if g.sum <= 0 {
		g.since, g.hit, g.n = t-max(rule.Width, 1), 0, 0
	}
	g.hit, g.n = g.hit+hit, g.n+n
	g.sum += float64(hit)*math.Log(guardTo/p) + float64(n-hit)*math.Log((1-guardTo)/(1-p))
	g.sum = math.Max(0, math.Min(g.sum, math.Max(rule.Open, rule.Page)+5))
	r = cusum.Reading{Statistic: g.sum, Since: g.since, Hit: float64(g.hit), N: float64(g.n), Expected: p}
	switch {
	case g.sum >= rule.Open && t-g.first <= guardFor:
		r.Opened, g.lasting, g.last = !g.lasting, true, t
		g.paging = g.paging || g.sum >= rule.Page
	case g.lasting && (t-g.last >= guardQuiet && g.sum < rule.Open || t-g.first > guardFor):
		r.Ended, g.lasting = true, false
		g.tries = max(g.tries, guardTries) // once: what comes again is for those who know more by then
	}
	r.Lasting, r.Paging = g.lasting, g.paging
	g.paging = g.paging && g.lasting
	return r, true
}

func (g *guard) save(e *codec.Encoder) {
	e.Int(int64(g.first))
	e.Int(int64(g.since))
	e.Int(int64(g.last))
	e.Int(g.tries)
	e.Float(g.sum)
	e.Int(g.hit)
	e.Int(g.n)
	e.Bool(g.lasting)
	e.Bool(g.paging)
}

func (g *guard) load(d *codec.Decoder) {
	g.first, g.since, g.last = felt.Tick(d.Int()), felt.Tick(d.Int()), felt.Tick(d.Int())
	g.tries, g.sum, g.hit, g.n = d.Int(), d.Float(), d.Int(), d.Int()
	g.lasting, g.paging = d.Bool(), d.Bool()
}
