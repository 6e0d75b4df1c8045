package estimate

import (
	"maps"
	"slices"
)

// Draws adds up the draws in which customers were seen who may also have been missed, each once for each
// customer, by what they stand for. The zero value is empty. The sums do not depend on the order in
// which they were added.
type Draws struct {
	n map[float64]int64 // by weight
}

// Add counts n draws of a weight: of those of its interactions, the least. What is less than one
// stands for one.
func (d *Draws) Add(weight float64, n int64) {
	if !(weight > 1) {
		weight = 1
	}
	if d.n == nil {
		d.n = map[float64]int64{}
	}
	d.n[min(weight, most)] += n
}

// Kept is how many were added.
func (d *Draws) Kept() (n int64) {
	for _, k := range d.n {
		n += k
	}
	return n
}

// Share is the share of all draws that was kept; 1 when there is none.
func (d *Draws) Share() float64 {
	kept, all := d.Kept(), 0.0
	for _, w := range slices.Sorted(maps.Keys(d.n)) {
		all += w * float64(d.n[w])
	}
	if kept <= 0 || all <= 0 {
		return 1
	}
	return float64(kept) / all
}

// Crowd finds out how often customers, each known by some key, were seen. The zero value is empty.
type Crowd[K comparable] struct {
	draws map[crowdDraw[K]]float64 // the least weight
	own   map[K][]float64          // of what was drawn for itself
}

type crowdDraw[K comparable] struct {
	who  K
	draw uint64
}

// Add counts an interaction of a customer, which came through a draw, and what it stands for. Those with
// draw 0 were each drawn for themselves.
func (c *Crowd[K]) Add(who K, draw uint64, weight float64) {
	if c.draws == nil {
		c.draws, c.own = map[crowdDraw[K]]float64{}, map[K][]float64{}
	}
	if draw == 0 {
		c.own[who] = append(c.own[who], weight)
		return
	}
	key := crowdDraw[K]{who, draw}
	if least, ok := c.draws[key]; !ok || weight < least {
		c.draws[key] = weight
	}
}

// Seen is what is known of them.
func (c *Crowd[K]) Seen() Seen {
	type customer struct {
		draws int64
		sure  bool
	}
	of := map[K]customer{}
	c.each(func(who K, weight float64) {
		was := of[who]
		of[who] = customer{was.draws + 1, was.sure || !(weight > 1)}
	})
	var all Draws
	c.each(func(who K, weight float64) {
		if !of[who].sure {
			all.Add(weight, 1)
		}
	})
	s := Seen{Customers: int64(len(of)), Draws: all.Kept(), Share: all.Share()}
	for _, one := range of {
		switch {
		case one.sure:
			s.Sure++
		case one.draws == 1:
			s.Once++
		case one.draws == 2:
			s.Twice++
		}
	}
	return s
}

// each calls yield for every draw of every customer, in no order.
func (c *Crowd[K]) each(yield func(who K, weight float64)) {
	for key, weight := range c.draws {
		yield(key.who, weight)
	}
	for who, list := range c.own {
		for _, weight := range list {
			yield(who, weight)
		}
	}
}
