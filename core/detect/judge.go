package detect

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/cusum"
)

// Version of all detectors together: findings name it.
const Version = 1

// String is the name under which findings give the test as their detector.
func (t Test) String() string {
	return [...]string{
		"failed_rate", "degraded_rate", "slow_limit", "slow_usual", "volume", "unfinished_rate", "step_ratio",
		"left_after_failure_rate", "failed_guard",
	}[t]
}

const (
	detectorValue = "segment_failed_rate"
	detectorBurn  = "burn_rate"
	detectorKPI   = "value_band"
	detectorLimit = "saturation_forecast"
	detectorQuiet = "telemetry"
)

// updateAfter is how often a finding that changes a little is told.
const updateAfter felt.Tick = 300

// segmentFindings bounds the findings of single values of one series at a time, namedMost the
// values that a finding of the whole names.
const (
	segmentFindings = 5
	namedMost       = 5
	// nearlyAll of the traffic is no segment of it.
	nearlyAll = 0.9
)

// lasting is a finding that has not ended.
type lasting struct {
	felt.Finding
	test    Test
	toldHit int64
	toldN   int64
}

// test finds what lasts of a test.
func (s *series) test(t Test) *lasting {
	for _, f := range s.found {
		if f.test == t {
			return f
		}
	}
	return nil
}

// has tells whether a finding of that kind lasts.
func (s *series) has(kind felt.FindingKind, paging bool) bool {
	return slices.ContainsFunc(s.found, func(f *lasting) bool { return f.Kind == kind && (f.Paging || !paging) })
}

// judge makes of what a test says a finding that opens, goes on or ends.
func (d *Detector) judge(s *series, t felt.Tick, e *Event) {
	if e.Statistic <= 0 && !e.Lasting {
		s.hit[e.Test] = struck{}
	}
	f := s.test(e.Test)
	switch {
	case f == nil:
		if !e.Lasting || e.Statistic < e.Threshold || s.has(e.Kind, false) || !d.enough(s, t, e) {
			return
		}
		if s.whole() && (!ofWhole(e.Test) || s.spoken(e.Kind)) {
			return
		}
		if e.Test == TestDrop && s.source != nil && !s.source.gone && (s.source.doubtful(t) || s.source.found != nil) { // or it is heard again just now
			s.source.blame(s, e) // told of the source, when it is sure
			return
		}
		f = &lasting{Finding: d.begin(s.public(), e.Kind, e.Test.String(), t), test: e.Test}
		f.Threshold = e.Threshold
		f.Since = d.since(s, t, e.Test, e.Reading.Since)
		if e.Test == TestSibling {
			f.About = s.plan.step
		}
		s.found = append(s.found, f)
		d.fill(s, f, t, &e.Reading)
		d.tell(f, t)
	case !e.Lasting:
		s.found = slices.DeleteFunc(s.found, func(o *lasting) bool { return o == f })
		d.end(f, t, "is over")
	default:
		was := f.Paging
		named := len(f.Segments)
		d.fill(s, f, t, &e.Reading)
		if e.Worse || f.Paging != was || named == 0 && len(f.Segments) > 0 || f.moved(t) {
			d.tell(f, t)
		}
	}
}

// moved tells that the numbers are worth a new row.
func (f *lasting) moved(t felt.Tick) bool {
	if f.Hit == f.toldHit && f.N == f.toldN {
		return false
	}
	return 4*f.Hit >= 5*f.toldHit && f.Hit > f.toldHit || t-f.Updated >= updateAfter
}

// enough tells whether enough different customers were hit, or do not come any more.
func (d *Detector) enough(s *series, t felt.Tick, e *Event) bool {
	switch {
	case e.Test == TestDrop:
		return s.crowd.lack(&e.Reading, t, d.settings.FloorClients)
	case e.Test == TestSibling:
		return s.before == nil || s.before.crowd.lack(&e.Reading, t, d.settings.FloorClients)
	}
	return s.hit[e.Test].of(&e.Reading, t, d.settings.FloorClients)
}

// begin is a finding that opens now.
func (d *Detector) begin(of felt.Series, kind felt.FindingKind, detector string, t felt.Tick, about ...string) felt.Finding {
	f := felt.Finding{Kind: kind, Series: of, Detector: detector, DetectorVersion: Version, Opened: t}
	parts := []string{of.Env, of.App, of.Name, of.Kind.String(), of.SegmentKey, of.SegmentValue, detector, strconv.FormatInt(int64(t), 10)}
	if len(about) > 0 {
		f.About = about[0]
		parts = append(parts, about...)
	}
	f.ID = "fnd-" + codec.Digest(parts...)
	return f
}

// fill brings the numbers up to date.
func (d *Detector) fill(s *series, f *lasting, t felt.Tick, r *cusum.Reading) {
	f.Statistic, f.Baseline, f.BaselineN = max(f.Statistic, r.Statistic), r.Expected, whole(r.Known)
	if r.Statistic > 0 { // else what there was is over, and the numbers of then stay
		f.Hit, f.N = whole(r.Hit), whole(r.N)
		f.Expected = r.Expected * r.N
		f.Share = ratio(r.Hit, r.N)
		if f.test == TestDrop || f.test == TestSibling {
			f.Expected, f.N, f.Share = r.N, f.Hit, ratio(r.Hit, r.N)
			f.Baseline = 1
		}
	}
	f.Paging = f.Paging || r.Paging && !d.consequence(s, f)
	if f.test == TestFailed || f.test == TestGuard {
		if named := d.named(s, f, d.light.Open); len(named) > 0 {
			f.Segments = named
		}
	}
	f.Explanation = explain(s, f, t, r)
}

// consequence tells that a drop is only what follows of a trouble of the step before, which
// has a finding of its own.
func (d *Detector) consequence(s *series, f *lasting) bool {
	b := s.before
	if b == nil || f.test != TestDrop {
		return false
	}
	return b.has(felt.FindingFailed, true) || b.has(felt.FindingDrop, true)
}

// since is the end of the first failure of the run; of what has no failures, when the run began.
func (d *Detector) since(s *series, t felt.Tick, test Test, after felt.Tick) felt.Instant {
	o := felt.OutcomeNone
	switch test {
	case TestFailed, TestGuard:
		o = felt.OutcomeFailed
	case TestDegraded:
		o = felt.OutcomeDegraded
	case TestUnfinished, TestFled:
		o = felt.OutcomeAbandoned
	case TestSlow, TestSlower, TestDrop, TestSibling, Tests:
	}
	if o != felt.OutcomeNone {
		at := d.recent.first(s.id, after, o)
		for _, p := range s.parts {
			if first := d.recent.first(p.id, after, o); first != 0 && (at == 0 || first < at) {
				at = first
			}
		}
		if at != 0 {
			return min(at, t.Instant()) // a customer's clock may be ahead
		}
	}
	return after.Instant()
}

// judgeValue makes of what the light test of a value says a finding, unless the whole has one.
func (d *Detector) judgeValue(s *series, t felt.Tick, by *said) {
	m, r := &s.dims[by.key], &by.Reading
	v := &m.values[by.value]
	f := m.found[uint8(by.value)]
	switch {
	case f == nil:
		if r.Statistic < d.light.Open || s.has(felt.FindingFailed, false) || !v.odd.hit.of(r, t, d.settings.FloorClients) ||
			len(m.values) == 1 || s.whole() && (s.spoken(felt.FindingFailed) || s.spokenOf(m.key, *v.name)) || r.Known > nearlyAll*s.known && s.known > 0 || d.segmentsFound(s) >= segmentFindings {
			return
		}
		of := s.public()
		of.SegmentKey, of.SegmentValue = m.key, *v.name
		f = &lasting{Finding: d.begin(of, felt.FindingFailed, detectorValue, t), test: TestFailed}
		f.Threshold = d.light.Open
		f.Since = d.since(s, t, TestFailed, r.Since)
		m.note(by.value, f)
		d.fillValue(f, t, r)
		d.tell(f, t)
	case s.has(felt.FindingFailed, false):
		delete(m.found, uint8(by.value))
		d.end(f, t, "is part of what is found in the whole now")
	case !r.Lasting:
		delete(m.found, uint8(by.value))
		d.end(f, t, "is over")
	default:
		was := f.Paging
		d.fillValue(f, t, r)
		if f.Paging != was || f.moved(t) {
			d.tell(f, t)
		}
	}
}

func (d *Detector) fillValue(f *lasting, t felt.Tick, r *cusum.Reading) {
	f.Statistic, f.Baseline, f.BaselineN = max(f.Statistic, r.Statistic), r.Expected, whole(r.Known)
	if r.Statistic > 0 {
		f.Hit, f.N, f.Expected, f.Share = whole(r.Hit), whole(r.N), r.Expected*r.N, ratio(r.Hit, r.N)
	}
	f.Paging = f.Paging || r.Paging
	f.Explanation = explain(nil, f, t, r)
}

func (d *Detector) segmentsFound(s *series) (n int) {
	for i := range s.dims {
		n += len(s.dims[i].found)
	}
	return n
}

// apartAt is how much evidence is enough where a finding is there already and only where it comes from is asked.
const apartAt = 5.0

// Apart lists the values that seem to stand out in a series in which something is found: on less evidence than it
// takes until a finding names them.
func (d *Detector) Apart(of felt.Series) []felt.Segment {
	s := d.series[key{of.Env, of.App, of.Name, of.Kind}]
	if s == nil {
		return nil
	}
	for _, test := range []Test{TestFailed, TestGuard} {
		if f := s.test(test); f != nil {
			return d.named(s, f, apartAt)
		}
	}
	return nil
}

// named lists the values whose own odds stand out of the whole: their own test speaks with so much
// evidence, and their share is at least twice that of the rest.
func (d *Detector) named(s *series, f *lasting, least float64) []felt.Segment {
	type odd struct {
		felt.Segment
		stat float64
	}
	var list []odd
	for i := range s.dims {
		for j := range s.dims[i].values {
			v := &s.dims[i].values[j]
			if v.odd == nil {
				continue
			}
			stat, hits, tries := v.odd.run.Evidence()
			rest := float64(f.N) - tries
			if stat < least || rest <= 0 {
				continue
			}
			others := math.Max(float64(f.Hit)-hits, 0) / rest
			if ratio(hits, tries) >= 2*others {
				list = append(list, odd{felt.Segment{Key: s.dims[i].key, Value: *v.name}, stat})
			}
		}
	}
	slices.SortFunc(list, func(a, b odd) int {
		return cmp.Or(cmp.Compare(b.stat, a.stat), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value, b.Value))
	})
	var out []felt.Segment
	for _, o := range list[:min(len(list), namedMost)] {
		out = append(out, o.Segment)
	}
	return out
}

// tell hands the finding out as it is now.
func (d *Detector) tell(f *lasting, t felt.Tick) {
	f.Updated, f.toldHit, f.toldN = t, f.Hit, f.N
	row := f.Finding
	row.Segments = slices.Clone(row.Segments)
	d.out = append(d.out, row)
}

// end ends a finding and hands it out.
func (d *Detector) end(f *lasting, t felt.Tick, why string) {
	f.Ended = t
	f.Explanation = "this " + why + ": " + f.Explanation
	d.tell(f, t)
}

// each calls yield for every finding that lasts, in order.
func (d *Detector) each(yield func(*lasting)) {
	for _, s := range d.order {
		for _, f := range s.found {
			yield(f)
		}
		for i := range s.dims {
			s.dims[i].each(yield)
		}
		for i := range s.burns {
			if f := s.burns[i].found; f != nil {
				yield(f)
			}
		}
	}
	d.sources.each(yield)
	d.apps.each(yield)
	d.samples.each(yield)
}

func whole(v float64) int64 { return int64(math.Round(v)) }

func ratio(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return a / b
}
