package simulate

import (
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// door packs bodies as the door does, and reads them again as the engine does.
type door struct {
	t      testing.TB
	packer *otlp.Packer
	report otlp.Report
	spans  []span
	points int
	onTime int // how many spans there were before all the rest was flushed
}

// span is a span or log record as it was read.
type span struct {
	otlp.Event
	name, interaction, outcome, app, service, release, errorType string
}

func newDoor(t testing.TB) *door {
	t.Helper()
	return &door{t: t, packer: otlp.NewPacker(otlp.Options{Clock: felt.ClockWall, LateMax: felt.Day, Key: otlp.HashKey{ID: 1, Secret: []byte("0123456789abcdef")}})}
}

func (d *door) take(b *Body, now felt.Instant) {
	d.t.Helper()
	pack := map[string]func([]byte, felt.Instant) (otlp.Report, error){
		"/v1/traces": d.packer.Traces, "/v1/logs": d.packer.Logs, "/v1/metrics": d.packer.Metrics,
	}[b.Path]
	r, err := pack(b.Data, now)
	if err != nil {
		d.t.Fatalf("%s: %v", b.Path, err)
	}
	if r.Spans != int64(b.Spans) || r.Logs != int64(b.Logs) || r.Points != int64(b.Points) {
		d.t.Fatalf("%s: %d spans, %d logs, %d points arrived; the body says %d, %d, %d; %s", b.Path, r.Spans, r.Logs, r.Points, b.Spans, b.Logs, b.Points, r.Reason)
	}
	d.report.Add(r)
	var in otlp.Reader
	var ev otlp.Event
	var pt otlp.Point
	for _, rec := range d.packer.Take(nil) {
		if err := in.Reset(rec.Data); err != nil {
			d.t.Fatal(err)
		}
		for in.NextBlock() {
			for in.Next(&ev) {
				text := func(f otlp.Field) string { return string(in.Text(ev.Fields[f])) }
				s := span{
					Event: ev, name: string(in.Text(ev.Name)), interaction: text(otlp.FieldInteraction), outcome: text(otlp.FieldOutcome),
					app: text(otlp.FieldNamespace), service: text(otlp.FieldService), release: text(otlp.FieldRelease), errorType: text(otlp.FieldErrorType),
				}
				s.Segments = append([]otlp.Attr(nil), ev.Segments...)
				d.spans = append(d.spans, s)
			}
			for in.NextPoint(&pt) {
				d.points++
			}
		}
		if err := in.Err(); err != nil {
			d.t.Fatal(err)
		}
	}
}

// live lets a world send as it would, and gives the ledger what arrives.
func live(t testing.TB, w *World, o EncoderOptions, long felt.Instant) (*door, *Ledger, []Try) {
	t.Helper()
	d, e, l := newDoor(t), NewEncoder(w, o), NewLedger(w, 0)
	var all []Try
	step := func(now felt.Instant, bodies []Body) {
		for i := range bodies {
			d.take(&bodies[i], now)
			l.Accept(&bodies[i])
		}
	}
	end := w.opt.Start + long
	for now := w.opt.Start; now <= end; now += slotLength {
		tries := w.Advance(now)
		for i := range tries {
			if tries[i].Lost() {
				l.Miss(e, &tries[i])
			}
		}
		all = append(all, tries...)
		e.Put(tries)
		step(now, e.Take(now))
		if (now-w.opt.Start)%(10*felt.Second) == 0 {
			step(now, e.Metrics(now))
		}
	}
	d.onTime = len(d.spans)
	step(end+felt.Minute, e.Flush())
	return d, l, all
}

// customers counts distinct customers over spans alone: by user, else installation, else
// session, where a session or installation that is seen with a user is that user's.
type customers map[felt.Hash]map[string]bool

func (d *door) links() map[felt.Hash]felt.Hash {
	links := map[felt.Hash]felt.Hash{}
	for _, s := range d.spans {
		if !s.IDs.User.IsZero() {
			links[s.IDs.Session], links[s.IDs.Installation] = s.IDs.User, s.IDs.User
		}
	}
	delete(links, felt.Hash{})
	return links
}

func who(s *span, links map[felt.Hash]felt.Hash) felt.Hash {
	for _, h := range []felt.Hash{s.IDs.User, s.IDs.Installation, s.IDs.Session} {
		if !h.IsZero() {
			if to, ok := links[h]; ok {
				return to
			}
			return h
		}
	}
	return felt.Hash{}
}

// isTry tells whether a span says how an interaction ended, and as what.
func isTry(w *World, s *span) (*op, string) {
	if s.outcome != "" {
		for _, o := range w.ops {
			if o.by == byBrowser && o.app == s.app && o.name == s.interaction {
				return o, s.outcome
			}
		}
		return nil, ""
	}
	for _, o := range w.ops {
		switch {
		case o.app != s.app || o.span != s.name || o.services[0] != s.service:
		case o.by == bySpan && s.Kind == felt.SpanServer, o.by == byWorker && s.Kind == felt.SpanConsumer:
			if s.Status == otlp.StatusError {
				return o, "failed"
			}
			if o.limit > 0 && s.End-s.Start > o.limit {
				return o, "degraded"
			}
			return o, "success"
		case o.by == byLog && s.Type == otlp.TypeLog:
			return o, "success"
		}
	}
	return nil, ""
}

// What the ledger counts is what the spans say that were sent, counted by somebody else.
func TestTruthIsWhatTheSpansSay(t *testing.T) {
	for _, name := range Names() {
		s, err := Shipped(name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "fleet" {
			continue // the same as the others, only more
		}
		t.Run(name, func(t *testing.T) {
			for i := range s.Faults {
				at := 20*felt.Second + felt.Instant(i)*40*felt.Second
				s.Faults[i].Start, s.Faults[i].Duration = &at, felt.Minute
				s.Faults[i].Delay = min(s.Faults[i].Delay, 40*felt.Second)
				s.Faults[i].Period = 15 * felt.Second
			}
			w, err := New(s, Options{Start: monday + 12*felt.Hour, Rate: 60})
			if err != nil {
				t.Fatal(err)
			}
			d, l, _ := live(t, w, EncoderOptions{}, 3*felt.Minute)
			compareTruth(t, w, d, l)
		})
	}
}

func compareTruth(t *testing.T, w *World, d *door, l *Ledger) {
	t.Helper()
	links := d.links()
	type key struct{ app, name string }
	counts, had := map[key]map[string]int64{}, map[key]customers{}
	seen := map[string]bool{}
	for i := range d.spans {
		s := &d.spans[i]
		o, outcome := isTry(w, s)
		if o == nil || s.Traffic != felt.TrafficCustomer {
			continue
		}
		if id := s.Trace.String() + s.Parent.String() + o.name; seen[id] {
			continue // the same once more
		} else {
			seen[id] = true
		}
		k := key{o.app, o.name}
		if counts[k] == nil {
			counts[k], had[k] = map[string]int64{}, customers{}
		}
		counts[k][outcome]++
		if outcome == "cancelled" {
			continue
		}
		h := who(s, links)
		if had[k][h] == nil {
			had[k][h] = map[string]bool{}
		}
		had[k][h][outcome] = true
	}
	if len(counts) < 5 {
		t.Fatalf("only %d interactions", len(counts))
	}
	for k, by := range counts {
		got := l.Truth(felt.Scope{App: k.app, Name: k.name}, felt.Window{From: w.opt.Start - felt.Minute})
		for o := felt.OutcomeSuccess; o <= felt.OutcomeCancelled; o++ {
			if got.Counts[o] != by[o.String()] {
				t.Errorf("%s/%s %s: the ledger has %d, the spans %d", k.app, k.name, o, got.Counts[o], by[o.String()])
			}
		}
		var failed, degraded int64
		for _, o := range had[k] {
			if o["failed"] {
				failed++
			}
			if o["degraded"] {
				degraded++
			}
		}
		if want := (felt.Distinct{Total: int64(len(had[k])), Failed: failed, Degraded: degraded}); got.Customers != want {
			t.Errorf("%s/%s: the ledger has customers %+v, the spans %+v", k.app, k.name, got.Customers, want)
		}
	}
}

// Parents are there and around their children, in every trace; the page's clock apart.
func TestTraces(t *testing.T) {
	w := newWorld(t, "title: t\nshape: flat\napps: [{kind: shop}, {kind: hosting}, {kind: fleet, apps: 5}]\n"+
		"faults: [{name: f, kind: slow_third_party, peer: postgresql, start: 20s}]", Options{Rate: 50})
	d, _, tries := live(t, w, EncoderOptions{}, 2*felt.Minute)
	byID := map[felt.SpanID]*span{}
	roots := map[felt.TraceID]int{}
	services := map[felt.TraceID]map[string]bool{}
	for i := range d.spans {
		s := &d.spans[i]
		if s.Type != otlp.TypeSpan {
			continue
		}
		if byID[s.Span] != nil {
			t.Fatalf("two spans have the id %s", s.Span)
		}
		byID[s.Span] = s
		if s.Parent == (felt.SpanID{}) {
			roots[s.Trace]++
		}
		if services[s.Trace] == nil {
			services[s.Trace] = map[string]bool{}
		}
		services[s.Trace][s.service] = true
	}
	several := 0
	for trace, n := range roots {
		if n != 1 {
			t.Fatalf("trace %s has %d roots", trace, n)
		}
		if len(services[trace]) >= 3 {
			several++
		}
	}
	if several < 100 {
		t.Errorf("only %d traces over three services", several)
	}
	for _, s := range byID {
		if s.Parent == (felt.SpanID{}) {
			continue
		}
		p := byID[s.Parent]
		if p == nil || p.Trace != s.Trace || s.Start < p.Start || s.End > p.End || s.End <= s.Start {
			t.Fatalf("%s %s [%d %d] is not inside its parent %v", s.service, s.name, s.Start, s.End, p)
		}
	}
	if d.report.RejectedSpans+d.report.ClampedFuture+d.report.Skewed+d.report.DroppedAttributes+d.report.ReversedTimes > 0 {
		t.Errorf("the door had to mend: %+v", d.report)
	}
	if d.points == 0 || len(tries) == 0 {
		t.Error("no metrics, or no tries")
	}
}

// A failure of the page leaves at once, a success waits, services report each second.
func TestWhenThingsLeave(t *testing.T) {
	w := newWorld(t, "title: t\nshape: flat", Options{Rate: 50})
	d, e := newDoor(t), NewEncoder(w, EncoderOptions{})
	var late, soon int
	for now := w.opt.Start; now < w.opt.Start+felt.Minute; now += slotLength {
		e.Put(w.Advance(now))
		for _, b := range e.Take(now) {
			n := len(d.spans)
			d.take(&b, now)
			for _, s := range d.spans[n:] {
				wait := now - s.End
				switch {
				case wait < 0 || wait > 10*felt.Second+2*slotLength:
					t.Fatalf("%s %s left %v after its end", s.service, s.name, wait)
				case s.outcome == "failed" && wait > 2*slotLength:
					t.Fatalf("a failure left %v after its end", wait)
				case s.outcome == "success" && wait > 5*felt.Second:
					late++
				case s.outcome == "success":
					soon++
				case s.service != pageService && wait > 2*felt.Second+500*milli:
					t.Fatalf("service %s reported after %v", s.service, wait)
				}
			}
		}
	}
	if share := float64(late) / float64(late+soon); share < .4 || share > .6 {
		t.Errorf("%.2f of successes leave after 5 s, want about half", share)
	}
}

// Clocks that are off are told, so that the door can mend them to within a second.
func TestSkewIsMended(t *testing.T) {
	w := newWorld(t, "title: t\nshape: flat\nfaults: [{name: f, kind: clock_skew, share: 1, delay: 3m, start: 1ns, duration: 1h}]", Options{Rate: 50})
	d, l, tries := live(t, w, EncoderOptions{}, felt.Minute)
	if d.report.Skewed == 0 {
		t.Fatal("nothing was mended")
	}
	ends := map[felt.TraceID]felt.Instant{}
	for _, try := range tries {
		ends[try.Trace] = try.End
	}
	for _, s := range d.spans[:d.onTime] {
		if off := s.End - ends[s.Trace]; s.outcome != "" && (off < -felt.Second || off > 2*felt.Second) {
			t.Fatalf("%s is off by %v", s.interaction, off)
		}
	}
	if l.Totals().Interactions == 0 {
		t.Fatal("nothing counted")
	}
}

// A history is the same world: what is counted does not depend on how it travels.
func TestHistoryIsTheSameWorld(t *testing.T) {
	const yaml = "title: t\nrate: 20\napps: [{kind: shop}, {kind: hosting}]\nfaults: [{name: f, kind: region_down, segment: {region: eu-west}, start: 1m}]"
	w := newWorld(t, yaml, Options{})
	_, l, _ := live(t, w, EncoderOptions{}, 5*felt.Minute)
	w2 := newWorld(t, yaml, Options{})
	d, e, l2 := newDoor(t), NewEncoder(w2, EncoderOptions{Bulk: true, Lean: true}), NewLedger(w2, 0)
	e.Put(w2.Advance(w2.opt.Start + 5*felt.Minute))
	last := felt.Instant(0)
	for _, b := range e.Flush() {
		n := len(d.spans)
		d.take(&b, w2.opt.Start+6*felt.Minute)
		l2.Accept(&b)
		for _, s := range d.spans[n:] {
			if s.End < last-logsWait-bulkSlice {
				t.Fatalf("an event of %d comes after one of %d", s.End, last)
			}
			last = max(last, s.End)
		}
	}
	compareTruth(t, w2, d, l2)
	window := felt.Window{From: w.opt.Start}
	if a, b := l.Truth(felt.Scope{}, window), l2.Truth(felt.Scope{}, window); a != b || a.Counts[felt.OutcomeFailed] == 0 {
		t.Errorf("live %+v\nhistory %+v", a, b)
	}
}
