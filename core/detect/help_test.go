package detect

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/measure"
	"github.com/felt-cx/felt/core/rules"
)

const start felt.Tick = 1_700_000_000

// world plays customers against a detector.
type world struct {
	d        *Detector
	now      felt.Tick
	customer uint64
	rng      *rand.Rand
	found    []felt.Finding
	service  string
	silent   bool // the service sends nothing else
}

func newWorld(set *rules.Set) *world {
	d := New(felt.DefaultSettings())
	d.Rules(set)
	return &world{d: d, now: start, rng: rand.New(rand.NewPCG(1, 2)), service: "web"}
}

// row is a try that ends now.
func (w *world) row(name string, o felt.Outcome) *felt.Interaction {
	w.customer++
	r := &felt.Interaction{
		Env: "production", App: "shop", Name: name, Kind: felt.KindStep, Outcome: o, Known: w.now, Service: w.service,
		End: w.now.Instant() - felt.Second/2, Duration: int64(w.took()),
	}
	binary.BigEndian.PutUint64(r.Customer[:], w.customer*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(r.ID[:], w.customer)
	return r
}

// took is log-normal around 800 ms.
func (w *world) took() felt.Instant {
	return felt.Instant(800e6 * math.Exp(0.35*w.rng.NormFloat64()))
}

func (w *world) give(r *felt.Interaction) {
	w.d.Add(w.now, &measure.Try{Interaction: r, First: true, Judged: true})
}

// many gives a Poisson number of tries, of which a share fails.
func (w *world) many(name string, perSecond, share float64, change func(*felt.Interaction)) {
	for range w.poisson(perSecond) {
		o := felt.OutcomeSuccess
		if w.rng.Float64() < share {
			o = felt.OutcomeFailed
		}
		r := w.row(name, o)
		if change != nil {
			change(r)
		}
		w.give(r)
	}
}

func (w *world) poisson(mean float64) int {
	n, sum := -1, 0.0
	for sum < mean {
		sum += w.rng.ExpFloat64()
		n++
	}
	return n
}

// run lets seconds pass; each is told its number.
func (w *world) run(seconds int, each func(second int)) []felt.Finding {
	from := len(w.found)
	for i := range seconds {
		w.now++
		if !w.silent {
			w.d.Heard(w.now, Voice{Env: "production", App: "shop", Service: w.service})
		}
		if each != nil {
			each(i)
		}
		w.found = append(w.found, w.d.Tick(w.now)...)
	}
	return w.found[from:]
}

// opened lists the findings that opened.
func opened(list []felt.Finding) (out []felt.Finding) {
	for _, f := range list {
		if f.Opened == f.Updated && f.Ended == 0 {
			out = append(out, f)
		}
	}
	return out
}

func kinds(list []felt.Finding) string {
	text := ""
	for _, f := range opened(list) {
		text += string(f.Kind) + " "
	}
	return text
}
