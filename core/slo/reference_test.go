package slo

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// window is one step of the reference.
type window struct {
	t      felt.Tick
	bad, n int64
}

// slow is the same watch, written to be obviously right: it keeps every step and sums them
// again for every answer.
type slow struct {
	target float64
	window felt.Instant
	all    []window
	pairs  [3]pairState
	paging bool
	since  felt.Tick
}

func (s *slow) slotted(t, width felt.Tick) int64 {
	return int64(math.Floor(float64(t-1) / float64(width)))
}

// sum is over so many slots of that width, the running one included.
func (s *slow) sum(width felt.Tick, slots int64) (c count) {
	now := s.slotted(s.all[len(s.all)-1].t, width)
	for _, w := range s.all {
		if s.slotted(w.t, width) > now-slots {
			c.bad += w.bad
			c.n += w.n
		}
	}
	return c
}

func (s *slow) over(span felt.Instant) count {
	if span == 3*felt.Day {
		return s.sum(3600, 72)
	}
	return s.sum(60, int64(span/felt.Minute))
}

func (s *slow) rate(c count) float64 {
	if c.n == 0 {
		return 0
	}
	return float64(c.bad) / float64(c.n) / (1 - s.target)
}

// began tries every start.
func (s *slow) began(p Pair) felt.Tick {
	width, slots := felt.Tick(60), int64(p.Long/felt.Minute)
	if p.Long == 3*felt.Day {
		width, slots = 3600, 72
	}
	now := s.slotted(s.all[len(s.all)-1].t, width)
	at, best := felt.Tick(now)*width, 0.0
	for back := int64(1); back <= slots; back++ {
		c, here := s.sum(width, back), s.sum(width, back-1)
		excess := float64(c.bad) - (1-s.target)*math.Max(1, p.Factor/2)*float64(c.n)
		if c.bad > here.bad && excess > best+1e-9 {
			best, at = excess, felt.Tick(now-back+1)*width
		}
	}
	return at
}

func (s *slow) step(t felt.Tick, bad, n int64) (lasting, opened, ended, paging bool, since felt.Tick) {
	passed := felt.Tick(0)
	if len(s.all) > 0 {
		passed = min(t-s.all[len(s.all)-1].t, 60)
	}
	s.all = append(s.all, window{t, bad, n})
	was := s.pairs[0].fires || s.pairs[1].fires || s.pairs[2].fires
	for i, p := range Pairs() {
		long, short := s.over(p.Long), s.over(p.Short)
		holds := long.bad >= 5 && s.rate(long) >= p.Factor && s.rate(short) >= p.Factor && nats(long, 1-s.target) >= 13.815510557964274
		f := &s.pairs[i]
		if holds && (f.fires || bad > 0) {
			if !f.fires {
				f.since = s.began(p)
			}
			f.fires, f.below = true, 0
		} else if f.fires && !holds {
			if short.n > 0 {
				f.below += passed
			}
			if long.n == 0 || f.below >= felt.Tick(p.Short/felt.Second) {
				*f = pairState{}
			}
		}
	}
	lasting = s.pairs[0].fires || s.pairs[1].fires || s.pairs[2].fires
	for i := range s.pairs {
		if s.pairs[i].fires && (s.since == 0 || s.pairs[i].since < s.since) {
			s.since = s.pairs[i].since
		}
	}
	s.paging = s.paging || s.pairs[0].fires || s.pairs[1].fires
	opened, ended, paging, since = lasting && !was, was && !lasting, s.paging && (lasting || was), s.since
	if !lasting {
		s.paging, s.since = false, 0
	}
	return lasting, opened, ended, paging, since
}

// history draws stretches of quiet, trouble and gaps.
func history(t *rapid.T) []window {
	var list []window
	at := felt.Tick(rapid.Int64Range(1e6, 1e9).Draw(t, "start"))
	for range rapid.IntRange(1, 8).Draw(t, "stretches") {
		every := felt.Tick(rapid.SampledFrom([]int{7, 10, 60, 300, 3600, 20000, 300_000}).Draw(t, "every"))
		n := rapid.Int64Range(0, 400).Draw(t, "n")
		share := rapid.SampledFrom([]float64{0, 0.002, 0.01, 0.03, 0.1, 0.3, 1}).Draw(t, "share")
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			at += every
			bad := int64(math.Round(float64(n) * share * rapid.Float64Range(0.5, 1.5).Draw(t, "noise")))
			list = append(list, window{at, min(bad, n), n})
		}
	}
	return list
}

func TestBurnIsTheSlowReference(t *testing.T) {
	opens := 0
	rapid.Check(t, func(t *rapid.T) {
		target := rapid.SampledFrom([]float64{0.9, 0.99, 0.995, 0.9999}).Draw(t, "target")
		long := felt.Instant(rapid.SampledFrom([]int64{1, 24, 28 * 24, 100 * 24}).Draw(t, "window")) * felt.Hour
		b, ref := New(target, long), &slow{target: target, window: long}
		width, slots := b.budget.width, int64(len(b.budget.slots))
		for i, w := range history(t) {
			got := b.Step(w.t, w.bad, w.n)
			lasting, opened, ended, paging, since := ref.step(w.t, w.bad, w.n)
			if got.Lasting != lasting || got.Opened != opened || got.Ended != ended || got.Paging != paging || got.Since != since {
				t.Fatalf("step %d: %+v, want lasting %v opened %v ended %v paging %v since %d", i, got, lasting, opened, ended, paging, since)
			}
			if opened {
				opens++
			}
			for _, p := range Pairs() {
				for _, span := range []felt.Instant{p.Long, p.Short} {
					c := ref.over(span)
					if rate, bad, n := b.Rate(span); bad != c.bad || n != c.n || math.Abs(rate-ref.rate(c)) > 1e-9 {
						t.Fatalf("step %d: %d of %d in %v, want %d of %d", i, bad, n, span, c.bad, c.n)
					}
				}
			}
			if g, c := b.Budget(), ref.sum(width, slots); g.Bad != c.bad || g.N != c.n || g.OK != (c.n > 0) {
				t.Fatalf("step %d: budget %+v, want %d of %d", i, g, c.bad, c.n)
			}
			if rapid.IntRange(0, 9).Draw(t, "cut") == 0 {
				b = restored(t, b)
			}
		}
	})
	if opens < 20 {
		t.Errorf("only %d openings: the histories are too tame to tell", opens)
	}
}

// restored saves, loads, and holds that the bytes are the same.
func restored(t rapid.TB, b *Burn) *Burn {
	var e, again codec.Encoder
	b.Save(&e)
	out := New(0.5, 0)
	d := codec.NewDecoder(e.B)
	out.Load(d)
	if d.Err() != nil || d.Rest() != 0 {
		t.Fatalf("load: %v, %d bytes left", d.Err(), d.Rest())
	}
	out.Save(&again)
	if !bytes.Equal(e.B, again.B) {
		t.Fatalf("a restored watch saves other bytes")
	}
	return out
}

func TestSnapshotIsBounded(t *testing.T) {
	b := New(0.999, 400*felt.Day)
	for i := range felt.Tick(420 * 24 * 6) {
		b.Step(day0+600*i, 50, 500_000)
	}
	var e codec.Encoder
	b.Save(&e)
	if len(e.B) > 10_000 {
		t.Errorf("%d bytes", len(e.B))
	}
	if g := restored(t, b).Budget(); g.N != b.Budget().N || g.Known != 400*felt.Day {
		t.Errorf("%+v after a restore, was %+v", g, b.Budget())
	}
}

func TestDamagedSnapshotsAreRefused(t *testing.T) {
	b := New(0.99, 0)
	tell(b, 0, part{felt.Hour, 1, 10, 1}, part{felt.Hour, 9, 10, 1})
	var e codec.Encoder
	b.Save(&e)
	for cut := range e.B {
		d := codec.NewDecoder(e.B[:cut])
		New(0.5, 0).Load(d)
		if !errors.Is(d.Err(), felt.ErrCorrupt) {
			t.Fatalf("%d of %d bytes: %v", cut, len(e.B), d.Err())
		}
		broken := bytes.Clone(e.B)
		broken[cut] ^= 0xff
		l := New(0.5, 0)
		l.Load(codec.NewDecoder(broken)) // must not panic, nor take memory
		l.Step(day0+3*86400, 1, 2)
	}
}

// TestSmallestIsWhatIsSeen holds the promise against the watch itself.
func TestSmallestIsWhatIsSeen(t *testing.T) {
	for _, perWindow := range []float64{0.5, 2, 20, 1000} {
		for _, within := range []felt.Tick{60, 300, 1800} {
			for _, past := range []felt.Instant{0, felt.Hour, felt.Day} {
				b := New(0.99, 0)
				every := max(1, int(1/perWindow))
				n := int64(perWindow * float64(every))
				parts := []part{{past, 0, n, every}}
				tell(b, 0, parts...)
				burn, ok := b.Smallest(perWindow, within)
				seen := func(share float64) bool {
					c := New(0.99, 0)
					tell(c, 0, parts...)
					from, bad := day0+felt.Tick(past/felt.Second), 0.0
					for i := range int(within / 10) {
						var got int64
						if i%every == 0 {
							bad += share * float64(n)
							got = int64(bad + 1e-9)
							bad -= float64(got)
						}
						if c.Step(from+felt.Tick(10*i+10), got, min(n, max(got, n))*b2i(i%every == 0)).Lasting {
							return true
						}
					}
					return false
				}
				switch share := burn * 0.01; {
				case !ok && seen(1):
					t.Errorf("%g a window, past %v: says that nothing is seen in %d s, but an outage is", perWindow, past, within)
				case ok && (share > 1.0001 || !seen(math.Min(1, share*1.15+2/(perWindow*float64(within)/10)))):
					t.Errorf("%g a window, past %v: %.3f is not seen in %d s", perWindow, past, share, within)
				case ok && seen(share*0.8-2/(perWindow*float64(within)/10)):
					t.Errorf("%g a window, past %v: %.3f is called the smallest in %d s, but less is seen", perWindow, past, share, within)
				}
			}
		}
	}
}

func b2i(v bool) int64 {
	if v {
		return 1
	}
	return 0
}
