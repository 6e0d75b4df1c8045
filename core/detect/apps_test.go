package detect

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/measure"
)

// pulse lets a service send points of metrics every so many seconds.
func (w *world) pulse(app, service string, every int) {
	if int(w.now)%every == 0 {
		w.d.Heard(w.now, Voice{Env: "production", App: app, Service: service, Pulse: true})
	}
}

// small is an app of one interaction a minute whose services send metrics.
func (w *world) small(app string, services ...string) {
	for _, s := range services {
		w.pulse(app, s, 10)
	}
	if w.now%60 == 0 {
		r := w.row("pay", felt.OutcomeSuccess)
		r.App, r.Service = app, services[0]
		w.d.Heard(w.now, Voice{Env: "production", App: app, Service: services[0]})
		w.give(r)
	}
}

// pages lists what opened that would be told.
func pages(list []felt.Finding) (out []felt.Finding) {
	for _, f := range opened(list) {
		if f.Paging {
			out = append(out, f)
		}
	}
	return out
}

func quietWorld() *world {
	w := newWorld(nil)
	w.silent = true // nothing but what a test says
	return w
}

// TestAppSilent: all of a small app falls silent while another goes on: one alarm, of the app, within
// three minutes, that says what is not known; it ends when the app is heard again.
func TestAppSilent(t *testing.T) {
	w := quietWorld()
	other := func(int) { w.small("bank", "teller") }
	both := func(i int) { w.small("shop", "web", "cart"); other(i) }
	if list := w.run(3600, both); len(list) != 0 {
		t.Fatalf("while all is well: %s", list[0].Explanation)
	}
	from := w.now
	list := w.run(600, other)
	told := pages(list)
	if len(told) != 1 || told[0].Kind != felt.FindingSilent || told[0].Series.App != "shop" || told[0].Series.Name != "" || told[0].Detector != DetectorApp {
		t.Fatalf("%+v", told)
	}
	f := told[0]
	if took := f.Opened - from; took < 110 || took > 180 {
		t.Errorf("told after %d s", took)
	}
	if f.Since != (from-from%10).Instant() || !strings.Contains(f.Explanation, "what customers do is not known") || strings.Contains(f.Explanation, "any other app") {
		t.Errorf("%+v", f)
	}
	if w.d.Speaks("production", "shop", "") || !w.d.Speaks("production", "bank", "") {
		t.Error("who speaks is not known")
	}
	ended := 0
	for _, f := range w.run(60, both) {
		if f.Ended > 0 && f.Detector == DetectorApp && strings.Contains(f.Explanation, "telemetry comes again") {
			ended++
		}
	}
	if ended != 1 || !w.d.Speaks("production", "shop", "") {
		t.Errorf("it is heard again, and %d findings end", ended)
	}
	if list := pages(w.run(3600, both)); len(list) != 0 {
		t.Errorf("afterwards: %s", list[0].Explanation)
	}
	if list := pages(w.run(300, other)); len(list) != 1 { // one outage is no habit
		t.Errorf("the second time: %+v", list)
	}
}

// TestAllAppsSilent: when nothing comes from anybody that is said too.
func TestAllAppsSilent(t *testing.T) {
	w := quietWorld()
	w.run(1800, func(int) { w.small("bank", "teller"); w.small("shop", "web") })
	list := pages(w.run(300, nil))
	if len(list) != 2 || !strings.Contains(list[0].Explanation, "nothing comes from any other app of production either") {
		t.Errorf("%+v", list)
	}
}

// TestServiceSilent: one of an app's services falls silent. That is there to be read, unless it alone
// sends what customers do; and then it is one alarm, also when the others follow.
func TestServiceSilent(t *testing.T) {
	for _, c := range []struct {
		silent string
		want   int
	}{{"cart", 0}, {"web", 1}} {
		w := quietWorld()
		w.run(1800, func(int) { w.small("shop", "web", "cart") })
		list := w.run(600, func(int) {
			if c.silent == "cart" {
				w.small("shop", "web")
			} else {
				w.pulse("shop", "cart", 10)
			}
		})
		told := pages(slices.DeleteFunc(slices.Clone(list), func(f felt.Finding) bool { return f.Opened == f.Updated && !f.Paging }))
		alarms := map[string]bool{}
		for _, f := range list {
			if f.Paging {
				alarms[f.ID] = true
			}
		}
		if len(alarms) != c.want || len(opened(list)) != 1 || list[0].About != c.silent || list[0].Series.App != "shop" {
			t.Errorf("%s is silent: %+v", c.silent, told)
		}
		if c.want > 0 && !strings.Contains(list[len(list)-1].Explanation, "it alone sends what customers do") {
			t.Errorf("%s", list[len(list)-1].Explanation)
		}
	}
}

// TestAppRenamed: a deploy gives an app another name; the old one is not missed.
func TestAppRenamed(t *testing.T) {
	for _, late := range []bool{false, true} { // the new one comes at once, or after the alarm
		w := quietWorld()
		w.run(1800, func(int) { w.small("shop", "web") })
		if late {
			w.run(200, nil)
		}
		list := w.run(1200, func(int) { w.small("shop-next", "web-next") })
		if got := len(pages(list)); got != 0 {
			t.Errorf("%d alarms of the old name: %+v", got, pages(list))
		}
		ended := slices.ContainsFunc(list, func(f felt.Finding) bool {
			return f.Ended > 0 && f.Detector == DetectorApp && strings.Contains(f.Explanation, "it goes on as shop-next")
		})
		if ended != late || !w.d.Speaks("production", "shop", "") {
			t.Errorf("late %v: ended %v: %+v", late, ended, list)
		}
	}
}

// TestSilenceThatIsNone: a pause of the server, the end of a history, and a habit.
func TestSilenceThatIsNone(t *testing.T) {
	t.Run("the server stood", func(t *testing.T) {
		w := quietWorld()
		w.run(1800, func(int) { w.small("shop", "web") })
		from := w.now
		w.now += 3600
		w.d.Stood(from, w.now)
		list := slices.Clone(w.run(90, nil)) // its senders wait before they try again
		if list = pages(append(list, w.run(1800, func(int) { w.small("shop", "web") })...)); len(list) != 0 {
			t.Errorf("%+v", list)
		}
		w.now += 3600
		w.d.Stood(w.now-3600, w.now)
		if list := pages(w.run(300, nil)); len(list) != 1 { // it died meanwhile
			t.Errorf("who does not come back: %+v", list)
		}
	})
	t.Run("the end of a history", func(t *testing.T) {
		w := quietWorld()
		s := felt.DefaultSettings()
		s.Clock = felt.ClockEvent
		w.d.Settings(s)
		w.run(1800, func(int) { w.small("shop", "web"); w.small("bank", "teller") })
		list := w.run(1800, func(int) { w.small("bank", "teller") })
		s.Clock = felt.ClockWall
		w.d.Settings(s)
		w.d.Awake()
		w.now += 60
		list = append(list, w.run(1800, nil)...)
		if len(pages(list)) != 0 {
			t.Errorf("%+v", pages(list))
		}
		w.run(1200, func(int) { w.small("bank", "teller") }) // now it is there
		if list := pages(w.run(300, nil)); len(list) != 1 || list[0].Series.App != "bank" {
			t.Errorf("%+v", list)
		}
	})
	t.Run("switched off for the night with customers in it", func(t *testing.T) {
		w := quietWorld()
		nights := 0
		for range 6 {
			w.run(4*3600, func(int) { w.small("shop", "web") })
			if len(pages(w.run(20*3600, nil))) > 0 {
				nights++
			}
		}
		if nights != 2 {
			t.Errorf("told in %d nights of 6: twice is a habit", nights)
		}
	})
}

// TestSettingOfSilence: the least silence is a setting.
func TestSettingOfSilence(t *testing.T) {
	w := quietWorld()
	s := felt.DefaultSettings()
	s.SilentAfter = 10 * felt.Minute
	w.d.Settings(s)
	w.run(1800, func(int) { w.small("shop", "web") })
	if list := pages(w.run(580, nil)); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	if list := pages(w.run(60, nil)); len(list) != 1 {
		t.Errorf("%+v", list)
	}
}

// bursty is how an app speaks that is silent for good reasons.
type bursty struct {
	name  string
	pulse bool // while it speaks, it sends metrics
	spans bool // its telemetry is not of customers' interactions
	every felt.Tick
	on    func(hour float64, weekday, second int) bool
	rate  func(hour float64, weekday int) float64 // of telemetry of customers, in a second
}

// TestQuietDays: 30 days of apps that sleep at night, stay away on Sundays, or speak once an hour or
// a day: nobody is told anything. Then the one that was heard all the time falls silent.
func TestQuietDays(t *testing.T) {
	const width = 10 // only judgings matter
	office := func(hour float64, weekday int) float64 {
		level := max(0, 1-(hour-13)*(hour-13)/36) // from seven to seven
		if weekday >= 5 {
			level = 0
		}
		return .2 * level
	}
	always := func(float64, int, int) bool { return true }
	list := []bursty{
		{name: "office, only customers", on: always, rate: office},
		{name: "small shop", on: always, rate: func(hour float64, _ int) float64 { return .02 * (.05 + max(0, 1-(hour-15)*(hour-15)/64)) }},
		{name: "weekdays, day and night", spans: true, on: func(_ float64, weekday, _ int) bool { return weekday < 5 }, rate: func(float64, int) float64 { return .5 }},
		{name: "hourly job", pulse: true, every: 10, on: func(_ float64, _, second int) bool { return second%3600 < 300 }},
		{name: "hourly job that serves", pulse: true, every: 10, on: func(_ float64, _, second int) bool { return second%3600 < 300 }, rate: func(float64, int) float64 { return .1 }},
		{name: "nightly job", pulse: true, every: 10, on: func(hour float64, _, _ int) bool { return hour >= 2 && hour < 5 }},
		{name: "weekly job", pulse: true, every: 10, on: func(hour float64, weekday, _ int) bool { return weekday == 6 && hour < 9 }},
		{name: "test environment", pulse: true, every: 60, on: func(hour float64, weekday, _ int) bool { return weekday < 5 && hour >= 7 && hour < 20 }, rate: office},
		{name: "on weekdays on", pulse: true, every: 60, on: func(_ float64, weekday, _ int) bool { return weekday < 5 }},
		{name: "all the time", pulse: true, every: 60, on: always, rate: office},
	}
	w := quietWorld()
	rng := rand.New(rand.NewPCG(3, 4))
	begin := w.now - w.now%(7*86400) + 4*86400 // a Monday
	w.now = begin
	play := func(seconds int, list []bursty) (out []felt.Finding) {
		for range seconds / width {
			w.now += width
			since := int(w.now - begin)
			hour, weekday := float64(since%86400)/3600, since/86400%7
			for i := range list {
				b := &list[i]
				if !b.on(hour, weekday, since) {
					continue
				}
				if b.pulse && w.now%b.every == 0 {
					w.d.Heard(w.now, Voice{Env: "production", App: b.name, Service: b.name, Pulse: true})
				}
				if b.rate == nil || rng.Float64() >= width*b.rate(hour, weekday) {
					continue
				}
				w.d.Heard(w.now, Voice{Env: "production", App: b.name, Service: b.name})
				if b.spans {
					continue
				}
				r := w.row("use", felt.OutcomeSuccess)
				r.App, r.Service = b.name, b.name
				w.d.Add(w.now, &measure.Try{Interaction: r, First: true, Judged: true})
			}
			out = append(out, w.d.Tick(w.now)...)
		}
		return out
	}
	silent := func(out []felt.Finding) (names []string) {
		for _, f := range pages(out) {
			if f.Kind == felt.FindingSilent {
				names = append(names, fmt.Sprintf("%s at %.2f days (%s)", f.Series.App, float64(f.Opened-begin)/86400, f.Explanation))
			}
		}
		return names
	}
	if names := silent(play(30*86400, list)); len(names) != 0 {
		t.Errorf("told in quiet days:\n%s", strings.Join(names, "\n"))
	}
	if names := silent(play(600, nil)); len(names) != 1 || !strings.HasPrefix(names[0], "all the time") {
		t.Errorf("when all fall silent: %v", names)
	}
}

// TestAppSnapshot: what is learned of apps outlives a restart.
func TestAppSnapshot(t *testing.T) {
	w := quietWorld()
	w.run(1800, func(int) { w.small("shop", "web") })
	for _, silence := range []int{60, 200} {
		w.run(silence, nil)
		var buf bytes.Buffer
		e := codec.NewEncoder(&buf)
		w.d.Save(e)
		if err := e.Flush(); err != nil {
			t.Fatal(err)
		}
		again := New(felt.DefaultSettings())
		again.Load(codec.NewDecoder(buf.Bytes()))
		other := *w
		other.d, other.found = again, nil
		one := *w
		mine := one.run(400, nil)
		if got := other.run(400, nil); fmt.Sprint(got) != fmt.Sprint(mine) || len(mine) == 0 {
			t.Errorf("after a restart %+v, without %+v", got, mine)
		}
		w.d = New(felt.DefaultSettings())
		w.d.Load(codec.NewDecoder(buf.Bytes()))
	}
}

// TestBackFromSilence: a busy app is heard again: that nobody was heard is not told as customers who did not
// come, also when they come back one after the other.
func TestBackFromSilence(t *testing.T) {
	for i, share := range []float64{1, .7, 1, .7, 1, 1} {
		w := newWorld(nil)
		all := func(int) { w.many("pay", 5, .01, nil) }
		w.run(3600, all)
		w.silent = true
		w.run(600+[]int{0, 0, 9, 9, 5, 3}[i], nil)
		w.silent = false
		list := w.run(60, func(int) { w.many("pay", 5*share, .01, nil) })
		list = append(list, w.run(600, all)...)
		if got := kinds(w.found); got != "silent silent " {
			t.Errorf("share %.1f: %q, %+v", share, got, opened(list))
		}
	}
}

// TestSilenceIsDue: who drives the detector only when something is due hears of a silence all the same,
// also of an app without customers; and some time nothing is due any more.
func TestSilenceIsDue(t *testing.T) {
	w := quietWorld()
	turn := func(until felt.Tick) {
		for at := w.d.Due(); at != 0 && at <= until; at = w.d.Due() {
			w.found = append(w.found, w.d.Tick(at)...)
		}
	}
	for range 9 * 144 {
		w.now += 600
		turn(w.now - 1)
		w.d.Heard(w.now, Voice{Env: "production", App: "batch", Service: "batch", Pulse: true})
		w.found = append(w.found, w.d.Tick(w.now)...)
	}
	if len(w.found) != 0 {
		t.Fatalf("%+v", w.found)
	}
	turn(w.now + 86400)
	told := pages(w.found)
	if len(told) != 1 || told[0].Opened-w.now != 1800 || !strings.Contains(told[0].Explanation, "which was not silent for longer than 10 min before") {
		t.Errorf("%+v", told)
	}
	if w.d.Due() != 0 {
		t.Error("it is due for ever")
	}
}
