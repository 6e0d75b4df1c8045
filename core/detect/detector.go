package detect

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/felt-cx/felt"
)

// The detector's thresholds; see the package page.
const (
	Name    = "failed_share"
	Version = 1

	OpenTail  = 1e-6
	EndTail   = 1e-3
	EndAfter  = 6    // judgings in a row
	MinFactor = 2    // times the baseline
	MinPoints = 0.02 // above the baseline
)

// key is the scope of a series of customer traffic.
type key struct{ env, app, name string }

func compareKeys(a, b key) int {
	return cmp.Or(cmp.Compare(a.env, b.env), cmp.Compare(a.app, b.app), cmp.Compare(a.name, b.name))
}

// FailedShare judges all series of a log. It is for one goroutine.
type FailedShare struct {
	settings felt.Settings
	series   map[key]*series
	active   []*series // with something in the judged minute
	tick     felt.Tick
	refused  int64
	scratch  []Seen
}

// New returns a detector that has seen nothing.
func New(s felt.Settings) *FailedShare {
	return &FailedShare{settings: s, series: map[key]*series{}}
}

// Settings takes new settings.
func (d *FailedShare) Settings(s felt.Settings) { d.settings = s }

// Add takes one try that became known in tick t and is to be judged.
func (d *FailedShare) Add(t felt.Tick, env, app, name string, customer uint64, o felt.Outcome, end felt.Instant) {
	k := key{env, app, name}
	s := d.series[k]
	if s == nil {
		if len(d.series) >= d.settings.SeriesMax && !d.makeRoom(t) {
			d.refused++
			return
		}
		s = &series{key: k}
		d.series[k] = s
	}
	was := s.quiet()
	s.add(Seen{customer, MarkOf(o), end, end})
	if was && !s.quiet() {
		d.active = append(d.active, s)
	}
}

// makeRoom forgets the series that were silent for so long that only the prior is left.
func (d *FailedShare) makeRoom(t felt.Tick) bool {
	n := len(d.series)
	for k, s := range d.series {
		if s.quiet() && s.finding == nil && s.last < t-baseline-2*judged {
			delete(d.series, k)
		}
	}
	return len(d.series) < n
}

// Tick judges every series when t is a tick for it, and returns the findings that
// opened, changed or ended, in order of their scope.
func (d *FailedShare) Tick(t felt.Tick) []felt.Finding {
	d.tick = t
	if t%Every != 0 {
		return nil
	}
	slices.SortFunc(d.active, func(a, b *series) int { return compareKeys(a.key, b.key) })
	var out []felt.Finding
	for _, s := range d.active {
		s.roll(t)
		if f := d.judge(s, t); f != nil {
			out = append(out, *f)
		}
	}
	d.active = slices.DeleteFunc(d.active, (*series).quiet)
	return out
}

// judge decides about one series; nil when there is nothing new.
func (d *FailedShare) judge(s *series, t felt.Tick) *felt.Finding {
	d.scratch = s.recent(d.scratch)
	n, k := count(d.scratch)
	if n < int64(max(d.settings.FloorClients, 1)) {
		return nil
	}
	baseK, baseN := s.expect(t)
	p, share := baseK/baseN, float64(k)/float64(n)
	tail := Tail(k, n, p)
	if s.finding == nil {
		if tail > OpenTail || share < MinFactor*p || share-p < MinPoints {
			return nil
		}
		s.baseK, s.baseN, s.good = baseK, baseN, 0
		s.finding = &felt.Finding{
			ID:       findingID(s.key, t),
			Series:   felt.Series{Env: s.key.env, App: s.key.app, Name: s.key.name, Kind: felt.KindStep},
			Detector: Name, DetectorVersion: Version, Threshold: OpenTail,
			Baseline: p, BaselineN: int64(baseN) - priorN, Opened: t,
			Since: firstBad(d.scratch, t, p),
		}
	}
	f := s.finding
	changed := f.N != n || f.Hit != k
	f.Statistic, f.N, f.Hit, f.Share = tail, n, k, share
	if tail > EndTail {
		s.good++
	} else {
		s.good = 0
	}
	recovered := s.good >= EndAfter
	normal := s.young() && t-f.Opened >= baseline
	if !changed && !recovered && !normal {
		return nil
	}
	f.Updated = t
	f.Explanation = explain(f, s.skip)
	if recovered || normal {
		s.end(t, recovered)
	}
	return f
}

// end ends the lasting finding: because customers have recovered, or because the series
// has been like this ever since it was first seen.
func (s *series) end(t felt.Tick, recovered bool) {
	f := s.finding
	f.Ended = t
	why := "for a minute now no more than before"
	if !recovered {
		why = "as in the whole hour since this was first seen: taken as its normal from now on"
	}
	f.Explanation = fmt.Sprintf("%d of %d customers failed in the last minute (%s), %s", f.Hit, f.N, percent(f.Share), why)
	if !s.young() {
		s.frozen += t - f.Opened
	}
	s.finding = nil
}

// explain says it in one sentence with its numbers.
func explain(f *felt.Finding, skip uint8) string {
	sample := ""
	if skip > 0 {
		sample = ", in a sample of one customer in " + strconv.FormatUint(1<<skip, 10)
	}
	return fmt.Sprintf("%d of %d customers failed in the last minute (%s)%s, against %s; the chance of that is %s",
		f.Hit, f.N, percent(f.Share), sample, before(f), chance(f.Statistic))
}

// before names the baseline and on how much it rests (customers, once each per 10 s):
// an assumption is not an hour.
func before(f *felt.Finding) string {
	if f.BaselineN <= 0 {
		return "the " + percent(f.Baseline) + " that is assumed while nothing is known of the hour before"
	}
	return fmt.Sprintf("%s of %d in the hour before", percent(f.Baseline), f.BaselineN)
}

// percent writes a share with two significant digits at least.
func percent(v float64) string {
	v *= 100
	if v >= 9.95 {
		return strconv.FormatFloat(v, 'f', 0, 64) + " %"
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + " %"
}

// chance bounds a probability by a power of ten.
func chance(p float64) string {
	switch {
	case p >= 0.1:
		return strconv.FormatFloat(p, 'f', 1, 64)
	case p < 1e-99:
		return "below 1e-99"
	}
	return "below 1e" + strconv.Itoa(int(math.Floor(math.Log10(p)))+1)
}

func findingID(k key, t felt.Tick) string {
	return "fnd-" + digest(k.env, k.app, k.name, Name, strconv.FormatInt(int64(t), 10))
}

// digest is 12 hex digits that stand for the parts: for ids that can be derived again.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write(strconv.AppendInt(nil, int64(len(p)), 10))
		h.Write([]byte{':'})
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// Recent calls yield for what is held of the judged minute of a series, this tick
// included.
func (d *FailedShare) Recent(env, app, name string, yield func(Seen)) {
	s := d.series[key{env, app, name}]
	if s == nil {
		return
	}
	for _, v := range s.recent(nil) {
		yield(v)
	}
}

// Due is the next tick at which something happens without any input; 0 when nothing will.
func (d *FailedShare) Due() felt.Tick {
	if len(d.active) == 0 {
		return 0
	}
	return nextJudging(d.tick)
}

func nextJudging(t felt.Tick) felt.Tick {
	r := t % Every
	if r < 0 {
		r += Every
	}
	return t - r + Every
}

// Stats returns the number of series held, of findings that last, and of tries that were
// not judged for want of room.
func (d *FailedShare) Stats() (held, lasting int, refused int64) {
	for _, s := range d.series {
		if s.finding != nil {
			lasting++
		}
	}
	return len(d.series), lasting, d.refused
}
