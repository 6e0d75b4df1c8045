package simulate

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/felt-cx/felt"
)

// monday is a Monday, 00:00 UTC.
var monday = felt.InstantOf(time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC))

func newWorld(t testing.TB, yaml string, o Options) *World {
	t.Helper()
	s, problems := Parse("test.yaml", yaml)
	for _, p := range problems {
		t.Fatal(p)
	}
	def(&o.Start, monday+12*felt.Hour)
	w, err := New(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// people keeps the tries of customers.
func people(tries []Try) (list []Try) {
	for _, t := range tries {
		if t.Traffic == felt.TrafficCustomer {
			list = append(list, t)
		}
	}
	return list
}

// lives lets a world live for so long from its start, and returns what customers did.
func lives(w *World, long felt.Instant) []Try {
	return people(w.Advance(w.opt.Start + long))
}

func near(t *testing.T, what string, got, want, by float64) {
	t.Helper()
	if math.Abs(got-want) > by || math.IsNaN(got) {
		t.Errorf("%s: %.4g, want %.4g within %.2g", what, got, want, by)
	}
}

func TestRate(t *testing.T) {
	for _, apps := range []string{"[{kind: shop}]", "[{kind: hosting}]", "[{kind: fleet}, {kind: shop}]"} {
		w := newWorld(t, "title: t\nshape: flat\napps: "+apps, Options{Rate: 100})
		lives(w, 2*felt.Minute) // what comes afterwards needs a while to begin
		near(t, apps, float64(len(lives(w, 22*felt.Minute)))/1200, 100, 5)
	}
	w := newWorld(t, "title: t\nshape: flat", Options{RateAt: func(at felt.Instant) float64 {
		if at < monday+13*felt.Hour {
			return .5
		}
		return 50
	}})
	near(t, "thin", float64(len(lives(w, felt.Hour)))/3600, .5, .1)
	near(t, "live", float64(len(lives(w, felt.Hour+10*felt.Minute)))/600, 50, 6)
}

func TestSameSeedSameBytes(t *testing.T) {
	run := func(seed uint64, bulk bool) []byte {
		w := newWorld(t, "title: t\napps: [{kind: shop}, {kind: hosting}, {kind: fleet, apps: 9}]\nfaults: [{name: f, kind: region_down, segment: {region: eu-west}, start: 10s}, {name: n, kind: noisy_customer, app: shop, interactions: [pay], start: 15s}]", Options{Seed: seed})
		e := NewEncoder(w, EncoderOptions{Bulk: bulk})
		var all []byte
		for i := range felt.Instant(300) {
			now := w.opt.Start + i*slotLength
			e.Put(w.Advance(now))
			for _, b := range e.Take(now) {
				all = append(all, b.Data...)
			}
			if i%50 == 0 {
				for _, b := range e.Metrics(now) {
					all = append(all, b.Data...)
				}
			}
		}
		return all
	}
	for _, bulk := range []bool{false, true} {
		a, b, c := run(3, bulk), run(3, bulk), run(4, bulk)
		if len(a) == 0 || !bytes.Equal(a, b) {
			t.Error("the same seed gives other bytes")
		}
		if bytes.Equal(a, c) {
			t.Error("another seed gives the same bytes")
		}
	}
}

// How time is cut into steps changes nothing.
func TestStepsDoNotMatter(t *testing.T) {
	const yaml = "title: t\nfaults: [{name: f, kind: flapping, start: 1m, duration: 3m, period: 10s}]"
	a := lives(newWorld(t, yaml, Options{}), 5*felt.Minute)
	w := newWorld(t, yaml, Options{})
	var b []Try
	for now := w.opt.Start; now <= w.opt.Start+5*felt.Minute; now += 700 * milli {
		b = append(b, people(w.Advance(now))...)
	}
	b = append(b, lives(w, 5*felt.Minute)...)
	same := func(a, b Try) bool {
		return a.Trace == b.Trace && a.Start == b.Start && a.End == b.End && a.Outcome == b.Outcome && a.somebody == b.somebody
	}
	if len(a) < 5000 || !slices.EqualFunc(a, b, same) {
		t.Errorf("%d tries in one step, %d in many", len(a), len(b))
	}
}

func TestDayAndWeek(t *testing.T) {
	w := newWorld(t, "title: t\napps: [{kind: hosting}]", Options{Rate: .7, Start: monday})
	var hours [24]float64
	var days [7]float64
	for _, try := range lives(w, 7*felt.Day) {
		if try.op.by == byLog || try.op.by == byWorker {
			continue
		}
		day := (try.Start - monday) / felt.Day
		if day < 7 {
			days[day]++
			if day < 5 {
				hours[(try.Start-monday)%felt.Day/felt.Hour]++
			}
		}
	}
	near(t, "night against midday", hours[1]/hours[13], .18, .06)
	near(t, "saturday against monday", days[5]/days[0], .35, .05)
	var sum float64
	for _, n := range days {
		sum += n
	}
	if got := sum / (7 * 86400); got < .35 || got > .7 {
		t.Errorf("%.2f a second on the average of the week", got)
	}
}

func TestZipf(t *testing.T) {
	w := newWorld(t, "title: t\nshape: flat\napps: [{kind: fleet, apps: 100}]", Options{Rate: 1000})
	n := map[string]float64{}
	for _, try := range lives(w, 3*felt.Minute) {
		n[try.App()]++
	}
	near(t, "rank 1 against rank 10", n["app-001"]/n["app-010"], 10, 1.5)
	near(t, "rank 2 against rank 40", n["app-002"]/n["app-040"], 20, 5)
}

// Days and weekends come as customers do: nobody's habits change within a minute, and the average of a
// week is what was asked for.
func TestShape(t *testing.T) {
	w := newWorld(t, "title: t\napps: [{kind: shop}, {kind: hosting}, {kind: fleet, apps: 8}]", Options{Rate: 10})
	for _, s := range w.sites {
		sum, saturday, friday := 0., 0., 0.
		for m := range felt.Instant(7 * 24 * 60) {
			v, next := s.shape(m*felt.Minute), s.shape((m+1)*felt.Minute)
			if r := next / v; r < .98 || r > 1.02 {
				t.Fatalf("%s: minute %d of the week has %.3f times as many as the one before", s.apps[0], m, r)
			}
			if v > s.highest() {
				t.Fatalf("%s: %v is more than the highest, %v", s.apps[0], v, s.highest())
			}
			sum += v / (7 * 24 * 60)
			switch day := m / (24 * 60); day { // the epoch was a Thursday
			case 1:
				friday += v
			case 2:
				saturday += v
			}
		}
		near(t, "average of "+s.apps[0], sum, 1, .01)
		near(t, "saturday of "+s.apps[0], saturday/friday/s.weekends, 1, .15)
	}
}

// The binomial z of the failures of a minute is as restless as asked for.
func TestRestless(t *testing.T) {
	for noise, by := range map[float64]float64{1: .17, 2.3: .5} {
		w := newWorld(t, fmt.Sprintf("title: t\nshape: flat\nnoise: %v", noise), Options{Rate: 60})
		const minutes = 160
		var n, failed [minutes]float64
		var sumN, sumF float64
		for at := range felt.Instant(minutes) {
			for _, try := range lives(w, (at+1)*felt.Minute) {
				if try.op.by == byLog || try.Retries > 0 {
					continue
				}
				n[at]++
				sumN++
				if try.Outcome == felt.OutcomeFailed {
					failed[at]++
					sumF++
				}
			}
		}
		p, sum := sumF/sumN, 0.
		for i := range n {
			z := (failed[i] - n[i]*p) / math.Sqrt(n[i]*p*(1-p))
			sum += z * z
		}
		near(t, fmt.Sprint("sd of z with noise ", noise), math.Sqrt(sum/minutes), noise, by)
	}
}

func TestCustomersBehaveLikePeople(t *testing.T) {
	w := newWorld(t, "title: t\nshape: flat\nfaults: [{name: f, kind: flapping, interactions: [cart], strength: 1, period: 10h, start: 1m, duration: 2h}]", Options{Rate: 60})
	type key struct {
		session uint32
		name    string
	}
	var failed, again, left, logins, mixed, known, back float64
	bySession := map[uint32][]Try{}
	tries := lives(w, 30*felt.Minute)
	for _, try := range tries {
		bySession[try.session] = append(bySession[try.session], try)
		if try.known {
			known++
		}
	}
	persons := map[uint32]map[uint8]bool{}
	for _, list := range bySession {
		seen := map[key]bool{}
		for i, try := range list {
			if try.person != list[0].person {
				t.Fatal("one session is of two people")
			}
			if persons[try.person] == nil {
				persons[try.person] = map[uint8]bool{}
			}
			persons[try.person][try.device] = true
			if try.Name() == "cart" && try.Retries == 0 && !seen[key{0, "cart"}] {
				failed++
				if i+1 < len(list) && list[i+1].Name() == "cart" {
					again++
				}
			}
			seen[key{0, try.Name()}] = true
			if i > 0 && try.known && !list[0].known {
				mixed++
				if !try.became {
					t.Fatal("who became known is not marked")
				}
			}
			if try.Name() == "login" {
				logins++
			}
			if i > 1 && try.op.page() && try.Name() == list[i-2].Name() && list[i-1].Outcome == felt.OutcomeSuccess && try.Name() != "search" {
				back++
			}
		}
		if last := list[len(list)-1]; last.Outcome == felt.OutcomeFailed {
			left++
		}
	}
	near(t, "failures that are tried again", again/failed, retryShare, .05)
	if left == 0 || mixed == 0 || logins == 0 || back == 0 {
		t.Errorf("left after a failure %v, anonymous then known %v, logins %v, back %v", left, mixed, logins, back)
	}
	near(t, "known", known/float64(len(tries)), .5, .15)
	several := 0
	for _, devices := range persons {
		if len(devices) > 1 {
			several++
		}
	}
	if several < 50 {
		t.Errorf("only %d people with several devices", several)
	}
}

// What runs faster is who comes and thinks, not what takes time.
func TestSpeedLeavesDurationsAlone(t *testing.T) {
	durations := func(speed float64) (felt.Instant, float64, float64) {
		w := newWorld(t, "title: t\nshape: flat", Options{Rate: 10, Speed: speed})
		tries := lives(w, 4*felt.Minute)
		var list []felt.Instant
		first, last := map[uint32]felt.Instant{}, map[uint32]felt.Instant{}
		for _, try := range tries {
			if !try.op.page() {
				continue
			}
			if try.Name() == "search" {
				list = append(list, try.End-try.Start)
			}
			if first[try.session] == 0 {
				first[try.session] = try.Start
			}
			last[try.session] = try.End
		}
		var visits float64
		for s := range first {
			visits += float64(last[s]-first[s]) / float64(felt.Second) / float64(len(first))
		}
		slices.Sort(list)
		return list[len(list)/2], visits, float64(len(tries)) / 240
	}
	slow, long, rate := durations(1)
	fast, short, rate20 := durations(20)
	near(t, "median duration", float64(fast), float64(slow), float64(slow)*.1)
	near(t, "rate", rate20/rate, 20, 3)
	if short > long*.7 {
		t.Errorf("visits take %.1f s at speed 20, %.1f at speed 1", short, long)
	}
	w := newWorld(t, "title: t", Options{Rate: 10, Speed: 24, Start: monday})
	var night, midday float64
	for _, try := range lives(w, felt.Hour) {
		switch minute := (try.Start - w.opt.Start) / felt.Minute; {
		case minute > 10 && minute < 20:
			night++
		case minute > 42 && minute < 52: // seven in the evening
			midday++
		}
	}
	if night > midday/2 {
		t.Errorf("a day at speed 24 has %.0f at night and %.0f in the evening", night, midday)
	}
}

func BenchmarkHistory(b *testing.B) {
	w := newWorld(b, "title: t\nshape: flat\napps: [{kind: shop}]", Options{Rate: 2000})
	e := NewEncoder(w, EncoderOptions{Bulk: true, Lean: true})
	l := NewLedger(w, 0)
	b.ReportAllocs()
	n, bytes := 0, 0
	for now := w.opt.Start; n < b.N; now += 10 * felt.Second {
		tries := w.Advance(now)
		n += len(tries)
		e.Put(tries)
		for _, body := range e.Flush() {
			bytes += len(body.Data)
			l.Accept(&body)
		}
	}
	b.ReportMetric(float64(bytes)/float64(n), "B/interaction")
}

func BenchmarkLive(b *testing.B) {
	w := newWorld(b, "title: t\nshape: flat\napps: [{kind: fleet, apps: 300}]", Options{Rate: 2000})
	e := NewEncoder(w, EncoderOptions{})
	l := NewLedger(w, 0)
	b.ReportAllocs()
	n, bytes, spans := 0, 0, 0
	for now := w.opt.Start; n < b.N; now += felt.Second / 5 {
		tries := w.Advance(now)
		n += len(tries)
		e.Put(tries)
		for _, body := range e.Take(now) {
			bytes += len(body.Data)
			spans += body.Spans
			l.Accept(&body)
		}
	}
	b.ReportMetric(float64(bytes)/float64(n), "B/interaction")
	b.ReportMetric(float64(spans)/float64(n), "spans/interaction")
}

func TestShipped(t *testing.T) {
	kinds := map[string]bool{}
	for _, name := range Names() {
		s, err := Shipped(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := New(s, Options{Start: monday}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		in, err := Inventory(s)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(in.Files) != len(s.Apps) {
			t.Errorf("%s: %d files for %d apps", name, len(in.Files), len(s.Apps))
		}
		for _, f := range s.Faults {
			kinds[f.Kind] = true
		}
	}
	if len(kinds) != 12 {
		t.Errorf("shipped scenarios have %d kinds of faults: %v", len(kinds), kinds)
	}
}
