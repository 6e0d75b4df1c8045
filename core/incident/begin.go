package incident

import (
	"math"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/detect"
)

const (
	binWidth = felt.Second
	bins     = 900 // a quarter of an hour
	plain    = 3.0 // nats by which a beginning must be likelier than that of the finding to be later
	earlier  = 1.0 // or earlier
)

// began is when what a finding is about began: the change point that makes the counts likeliest,
// looked for backwards from now. The tests tell when something began too, but they begin to count
// at any failure, and go on counting from there; looking back, all counts are known.
func (b *Book) began(t felt.Tick, f *felt.Finding, lines Lines) felt.Instant {
	since := min(f.Since, t.Instant())
	wrong := felt.OutcomeFailed
	switch {
	case f.Series.SegmentKey != "", f.N == 0, lines == nil:
		return since
	case f.Kind == felt.FindingDegraded:
		wrong = felt.OutcomeDegraded
	case f.Kind != felt.FindingFailed:
		return since
	}
	from := t.Instant().Floor(binWidth) - (bins-1)*binWidth
	var n, hit [bins]float64
	var first [bins]felt.Instant // that went wrong
	lines.Recent(f.Series, func(v detect.Seen) {
		i := int((v.Last - from) / binWidth)
		if v.Last < from || i >= bins {
			return
		}
		if wrong == felt.OutcomeDegraded && v.Outcome != felt.OutcomeDegraded && v.Outcome != felt.OutcomeSuccess {
			return
		}
		n[i]++
		if v.Outcome == wrong {
			hit[i]++
			if first[i] == 0 || v.Last < first[i] {
				first[i] = v.Last
			}
		}
	})
	at, gain := changePoint(n[:], hit[:], f.Baseline, int((since-from)/binWidth))
	if at < 0 {
		return since
	}
	for i := at; i < bins; i++ {
		if first[i] == 0 {
			continue
		}
		if first[i] > since && gain < plain || first[i] < since && gain < earlier {
			return since
		}
		return min(first[i], t.Instant())
	}
	return since
}

// changePoint is the bin from which on the share is likeliest to be another than usual, and by how
// many nats likelier than that it is so from bin was on; negative: none.
func changePoint(n, hit []float64, usual float64, was int) (at int, gain float64) {
	usual = min(max(usual, .0005), .99)
	sum, hits, best, told := 0.0, 0.0, 0.0, 0.0
	at = -1
	for i := len(n) - 1; i >= 0; i-- {
		sum, hits = sum+n[i], hits+hit[i]
		if sum == 0 {
			continue
		}
		nats := 0.0
		if q := min(hits/sum, .999); q > usual {
			nats = hits*math.Log(q/usual) + (sum-hits)*math.Log((1-q)/(1-usual))
		}
		if hit[i] > 0 && nats > best {
			at, best = i, nats
		}
		if i == max(was, 0) {
			told = nats
		}
	}
	return at, best - told
}
