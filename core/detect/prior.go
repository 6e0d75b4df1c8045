package detect

import (
	"github.com/felt-cx/felt/core/cusum"
)

// scope is an app of an environment; all apps when app is "*".
type scope struct{ env, app string }

const allApps = "*"

// usual is how much fails in an app or an environment, lately.
type usual struct{ hit, n float64 }

// How much what others show is believed.
const (
	enough      = 2000 // tries speak for others
	priorWeight = 200
	leastShare  = 0.0005
	coldShare   = 0.03 // of a segment value while not even the whole is known
)

// learn counts a window of a series that is not alarming for those that come after it.
func (d *Detector) learn(s *series, c *Counts) {
	n := c.Decided()
	if n == 0 {
		return
	}
	for _, at := range [...]scope{{s.env, s.app}, {s.env, allApps}} {
		u := d.usual[at]
		if u == nil {
			if len(d.usual) >= d.settings.SeriesMax {
				continue
			}
			u = &usual{}
			d.usual[at] = u
		}
		u.hit += float64(c.Failed)
		u.n += float64(n)
		if u.n > 100*enough { // forgets as it learns
			u.hit, u.n = u.hit/2, u.n/2
		}
	}
}

// priorOf is what is believed of the failures of a series before it shows them itself: an
// objective, else what its journey, its app, its environment shows; zero is what ships.
func (d *Detector) priorOf(s *series) cusum.Prior {
	if s.plan.prior.Weight > 0 {
		return s.plan.prior
	}
	if p := s.parent; p != nil && p.known >= enough {
		return believe(p.base)
	}
	for _, at := range [...]scope{{s.env, s.app}, {s.env, allApps}} {
		if u := d.usual[at]; u != nil && u.n >= enough {
			return believe(u.hit / u.n)
		}
	}
	return cusum.Prior{}
}

func believe(share float64) cusum.Prior {
	return cusum.Prior{Share: max(share, leastShare), Weight: priorWeight}
}
