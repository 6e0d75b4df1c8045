package ingest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"pgregory.net/rapid"

	"github.com/felt-cx/felt"
)

const s = felt.Second

func tick(at felt.Instant) felt.Record {
	return felt.Record{Kind: felt.KindTick, Part: felt.Control, At: at}
}

func rec(kind felt.Kind, at felt.Instant) felt.Record {
	r := felt.Record{Kind: kind, At: at}
	if kind != felt.KindTelemetry {
		r.Part = felt.Control
	}
	return r
}

func tele(newest felt.Instant) group {
	return group{recs: []felt.Record{{Kind: felt.KindTelemetry}}, newest: newest}
}

func control(kind felt.Kind) group {
	return group{recs: []felt.Record{{Kind: kind, Part: felt.Control}}, control: true}
}

func TestClock(t *testing.T) {
	type step struct {
		now    felt.Instant
		groups []group
		finish bool
		want   []felt.Record
	}
	const tel, cmd = felt.KindTelemetry, felt.KindCommand
	for _, c := range []struct {
		name  string
		mode  felt.Clock
		last  felt.Instant
		tick  bool
		steps []step
	}{
		{"wall: a tick in front of the first record of a second", felt.ClockWall, 0, false, []step{
			{now: 10*s + 5, groups: []group{tele(0)}, want: []felt.Record{tick(10 * s), rec(tel, 10*s+5)}},
			{now: 10*s + 7, groups: []group{tele(0), tele(0)}, want: []felt.Record{rec(tel, 10*s+7), rec(tel, 10*s+7)}},
			{now: 11 * s, groups: []group{tele(0)}, want: []felt.Record{tick(11 * s), rec(tel, 11*s)}},
		}},
		{"wall: a tick also when nothing came, one after a pause", felt.ClockWall, 0, false, []step{
			{now: 10*s + 1, want: []felt.Record{tick(10 * s)}},
			{now: 10*s + 2, want: nil},
			{now: 11*s + 1, want: []felt.Record{tick(11 * s)}},
			{now: 99*s + 1, want: []felt.Record{tick(99 * s)}},
		}},
		{"wall: time stands still when the clock goes back", felt.ClockWall, 0, false, []step{
			{now: 20*s + 5, groups: []group{tele(0)}, want: []felt.Record{tick(20 * s), rec(tel, 20*s+5)}},
			{now: 3 * s, groups: []group{tele(0)}, want: []felt.Record{rec(tel, 20*s+5)}},
			{now: 4 * s, want: nil},
			{now: 21 * s, groups: []group{tele(0)}, want: []felt.Record{tick(21 * s), rec(tel, 21*s)}},
		}},
		{"wall: a restart in the same second gives no second tick", felt.ClockWall, 30*s + 400, false, []step{
			{now: 30*s + 900, groups: []group{tele(0)}, want: []felt.Record{rec(tel, 30*s+900)}},
			{now: 31 * s, want: []felt.Record{tick(31 * s)}},
		}},
		{"wall: a restart before the log's end waits there", felt.ClockWall, 30*s + 400, false, []step{
			{now: 12 * s, groups: []group{control(cmd)}, want: []felt.Record{rec(cmd, 30*s+400)}},
		}},
		{"event: the clock follows the newest event", felt.ClockEvent, 0, false, []step{
			{now: 5000 * s, groups: []group{tele(10*s + 5), tele(12*s + 1)}, want: []felt.Record{rec(tel, 10*s+5), rec(tel, 12*s+1)}},
			{now: 5001 * s, groups: []group{tele(7 * s)}, want: []felt.Record{rec(tel, 12*s+1)}},
			{now: 5002 * s, groups: []group{tele(0)}, want: []felt.Record{rec(tel, 12*s+1)}},
		}},
		{"event: what is open is closed, and later data go on from there", felt.ClockEvent, 0, false, []step{
			{groups: []group{tele(10*s + 5)}, want: []felt.Record{rec(tel, 10*s+5)}},
			{finish: true, want: []felt.Record{tick(28 * s)}}, // 10.000000005 + 15 + 2, rounded up
			{groups: []group{tele(11 * s)}, want: []felt.Record{rec(tel, 28*s)}},
			{groups: []group{tele(90 * s)}, want: []felt.Record{rec(tel, 90*s)}},
			{finish: true, want: []felt.Record{tick(107 * s)}},
		}},
		{"event: a command is followed by its tick", felt.ClockEvent, 0, false, []step{
			{groups: []group{control(felt.KindSettings)}, want: []felt.Record{rec(felt.KindSettings, 0)}},
			{groups: []group{tele(10*s + 5)}, want: []felt.Record{rec(tel, 10*s+5)}},
			{groups: []group{control(cmd), tele(10*s + 9)}, want: []felt.Record{rec(cmd, 10*s+5), tick(11 * s), rec(tel, 11*s)}},
			{groups: []group{control(cmd)}, want: []felt.Record{rec(cmd, 11*s), tick(12 * s)}},
		}},
		{"event: switched to wall, for ever", felt.ClockEvent, 0, false, []step{
			{groups: []group{tele(10*s + 5)}, want: []felt.Record{rec(tel, 10*s+5)}},
			{
				now: 70*s + 3, groups: []group{control(felt.KindClock), tele(11 * s)},
				want: []felt.Record{rec(felt.KindClock, 10*s+5), tick(70 * s), rec(tel, 70*s+3)},
			},
			{now: 71 * s, want: []felt.Record{tick(71 * s)}},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := clock{mode: c.mode, settle: 15 * s}
			k.resume(c.last, c.tick)
			for i, step := range c.steps {
				var got []felt.Record
				if step.finish {
					got = append(got, k.finish())
				} else {
					got = k.stamp(nil, step.groups, step.now)
				}
				if d := cmp.Diff(step.want, got); d != "" {
					t.Fatalf("step %d (-want +got):\n%s", i, d)
				}
			}
		})
	}
}

// Whatever the system's clock does, arrival never decreases, no telemetry stands behind
// a later tick, and every second in which something arrived begins with its tick.
func TestClockNeverGoesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := clock{mode: rapid.SampledFrom([]felt.Clock{felt.ClockWall, felt.ClockEvent}).Draw(t, "mode"), settle: 15 * s}
		k.resume(felt.Instant(rapid.Int64Range(0, int64(100*s)).Draw(t, "last")), rapid.Bool().Draw(t, "tick"))
		start := k.last
		var all []felt.Record
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now := felt.Instant(rapid.Int64Range(1, int64(200*s)).Draw(t, "now"))
			var groups []group
			for range rapid.IntRange(0, 3).Draw(t, "groups") {
				switch rapid.IntRange(0, 9).Draw(t, "kind") {
				case 0:
					groups = append(groups, control(felt.KindClock))
				case 1, 2:
					groups = append(groups, control(felt.KindCommand))
				default:
					groups = append(groups, tele(felt.Instant(rapid.Int64Range(0, int64(200*s)).Draw(t, "newest"))))
				}
			}
			all = k.stamp(all, groups, now)
			if k.mode == felt.ClockEvent && k.open && rapid.Bool().Draw(t, "idle") {
				all = append(all, k.finish())
			}
		}
		last, lastTick := start, start.Floor(s)
		for i, r := range all {
			if r.At < last {
				t.Fatalf("record %d goes back from %d to %d", i, last, r.At)
			}
			last = r.At
			if r.Kind == felt.KindTick {
				if r.At%s != 0 || r.At <= lastTick && r.At != start.Floor(s) && k.mode == felt.ClockWall && lastTick > start {
					t.Fatalf("record %d: tick at %d after the one at %d", i, r.At, lastTick)
				}
				lastTick = r.At
			}
		}
		if k.mode == felt.ClockWall && k.last.Floor(s) != k.tick {
			t.Fatalf("the clock stands at %d, the newest tick at %d", k.last, k.tick)
		}
	})
}

func TestTicksEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog()
		d := newDoor(t, log)
		done := make(chan error, 1)
		start := felt.InstantOf(time.Now())
		go func() { done <- d.Run(t.Context()) }()
		time.Sleep(5*time.Second + time.Millisecond)
		synctest.Wait()
		var want []felt.Record
		for i := range felt.Instant(6) {
			r := tick(start + i*s)
			r.Seq = felt.Seq(i + 1)
			want = append(want, r)
		}
		if diff := cmp.Diff(want, log.all()); diff != "" {
			t.Errorf("ticks (-want +got):\n%s", diff)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// An event log closes what is open three seconds after the last telemetry, once, and
// again only after more has come; a restart knows whether it has been done.
func TestEventLogCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog()
		event := func(o *Options) { o.Settings = settings(felt.ClockEvent) }
		end := time.Date(2024, 3, 1, 12, 0, 0, 5, time.UTC)
		sendOne := func(d *Door, end time.Time) {
			r := &request{signal: traces, body: protoOf(t, testTraces(1, end)), ticket: &ticket{door: d, moved: true}}
			if _, f := d.ingest(t.Context(), r); f != nil {
				t.Fatal(f.message)
			}
		}
		start := func() (*Door, func()) {
			d := newDoor(t, log, event)
			done := make(chan error, 1)
			go func() { done <- d.Run(t.Context()) }()
			return d, func() {
				if err := errors.Join(d.Close(), <-done); err != nil {
					t.Error(err)
				}
			}
		}
		kinds := func() (out []felt.Instant) {
			for _, r := range log.all() {
				if r.Kind == felt.KindTick {
					out = append(out, r.At)
				}
			}
			return out
		}
		closed := felt.InstantOf(end.Truncate(time.Second)) + 18*s

		d, stop := start()
		sendOne(d, end)
		time.Sleep(2 * time.Second)
		sendOne(d, end)
		time.Sleep(2900 * time.Millisecond)
		if got := kinds(); got != nil {
			t.Errorf("closed too early: %v", got)
		}
		time.Sleep(time.Hour)
		if diff := cmp.Diff([]felt.Instant{closed}, kinds()); diff != "" {
			t.Errorf("after an idle hour (-want +got):\n%s", diff)
		}
		// A command moves the clock by its own tick and opens nothing.
		if _, err := d.Append(t.Context(), felt.Record{Kind: felt.KindCommand, Part: felt.Control}); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		closed += s
		if diff := cmp.Diff([]felt.Instant{closed - s, closed}, kinds()); diff != "" {
			t.Errorf("after a command (-want +got):\n%s", diff)
		}
		stop()

		_, stop = start() // a restart of a closed log does not move its clock
		time.Sleep(time.Minute)
		stop()
		if len(kinds()) != 2 {
			t.Errorf("a restart closed again: %v", kinds())
		}

		d, stop = start()
		sendOne(d, end.Add(time.Minute))
		stop()
		_, stop = start() // a restart of an open one closes it
		time.Sleep(time.Minute)
		stop()
		if diff := cmp.Diff([]felt.Instant{closed - s, closed, closed + 59*s}, kinds()); diff != "" {
			t.Errorf("after the second part (-want +got):\n%s", diff)
		}
		log.checkTime(t)
	})
}

func TestControlRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog()
		d := newDoor(t, log)
		done := make(chan error, 1)
		go func() { done <- d.Run(t.Context()) }()
		place, err := d.Append(t.Context(), felt.Record{Kind: felt.KindCommand, Part: felt.Control, Data: []byte(`{}`)})
		if err != nil || place.Seq == 0 || place.At != felt.InstantOf(time.Now()) {
			t.Errorf("append: %+v %v", place, err)
		}
		for _, r := range []felt.Record{
			{Kind: felt.KindTelemetry, Part: 0}, {Kind: felt.KindTick, Part: felt.Control}, {Kind: felt.KindCommand, Part: 0},
		} {
			if _, err := d.Append(t.Context(), r); err == nil {
				t.Errorf("kind %d for partition %d was appended", r.Kind, r.Part)
			}
		}
		if err := errors.Join(d.Close(), <-done); err != nil {
			t.Error(err)
		}
		if _, err := d.Append(t.Context(), felt.Record{Kind: felt.KindCommand, Part: felt.Control}); !errors.Is(err, felt.ErrUnavailable) {
			t.Errorf("append to a closed door: %v", err)
		}
		log.checkTime(t)
	})
}

// When the system's clock goes back the log's waits for it, and says so.
func TestClockJumps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog()
		shift := time.Duration(0)
		shifts := make(chan time.Duration, 1)
		d := newDoor(t, log, func(o *Options) {
			o.Now = func() time.Time {
				select {
				case shift = <-shifts:
				default:
				}
				return time.Now().Add(shift)
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- d.Run(ctx) }()
		time.Sleep(2500 * time.Millisecond)
		shifts <- -10 * time.Second
		time.Sleep(5 * time.Second)
		synctest.Wait()
		n := len(log.all())
		if n != 3 {
			t.Errorf("%d ticks, want 3 and then a clock that stands still", n)
		}
		if got := metric(t, d, "felt_ingest_clock_behind_seconds"); got <= 0 || got > 10 {
			t.Errorf("behind by %v s", got)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if len(log.all()) <= n {
			t.Error("the clock did not go on")
		}
		shifts <- 5 * time.Hour
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := metric(t, d, "felt_ingest_clock_jumps_total"); got != 2 {
			t.Errorf("%v jumps counted, want 2", got)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		log.checkTime(t)
	})
}

// TestFullGoesOn: a log that is full for telemetry gets the ticks and commands that
// shared its append, and telemetry that is refused moves no clock.
func TestFullGoesOn(t *testing.T) {
	const at = 1000*felt.Second + 5
	for mode, want := range map[felt.Clock][]felt.Record{
		felt.ClockWall: {
			{Kind: felt.KindTick, Part: felt.Control, At: 2000 * felt.Second, Seq: 1},
			{Kind: felt.KindCommand, Part: felt.Control, At: 2000*felt.Second + 7, Seq: 2},
		},
		felt.ClockEvent: {
			{Kind: felt.KindCommand, Part: felt.Control, At: at, Seq: 1},
			{Kind: felt.KindTick, Part: felt.Control, At: 1001 * felt.Second, Seq: 2},
		},
	} {
		log := newLog()
		log.misbehave(false, func(_ context.Context, recs []felt.Record) error {
			for _, r := range recs {
				if r.Part != felt.Control {
					return fmt.Errorf("append: %w", felt.ErrFull)
				}
			}
			return nil
		})
		d := newDoor(t, log, func(o *Options) {
			o.Now = func() time.Time { return (2000*felt.Second + 7).Time() }
		})
		q := &sequencer{d: d, clock: clock{mode: mode}}
		q.clock.resume(at, true)
		spans, command := newWaiter(ticket{door: d, moved: true}), newWaiter(ticket{door: d, moved: true})
		q.commit(t.Context(), []group{
			{recs: []felt.Record{{Kind: felt.KindTelemetry}}, newest: 3000 * felt.Second, waiters: []*waiter{spans}},
			{recs: []felt.Record{{Kind: felt.KindCommand, Part: felt.Control}}, control: true, waiters: []*waiter{command}},
		})
		if done := <-spans.done; !errors.Is(done.err, felt.ErrFull) {
			t.Errorf("clock %v: telemetry: %+v, want ErrFull", mode, done)
		}
		if done := <-command.done; done.err != nil || done.place.Seq == 0 {
			t.Errorf("clock %v: command: %+v", mode, done)
		}
		if diff := cmp.Diff(want, log.all()); diff != "" {
			t.Errorf("clock %v: on the log (-want +got):\n%s", mode, diff)
		}
		if q.clock.open || !q.idle.IsZero() {
			t.Errorf("clock %v: refused telemetry keeps an event log open", mode)
		}
	}
}

// TestLongPast: a request with a past in order of time arrives in an event log as it was, in one
// append, and is answered when all of it is there.
func TestLongPast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog()
		appends := 0
		log.misbehave(false, func(context.Context, []felt.Record) error { appends++; return nil })
		d := newDoor(t, log, func(o *Options) { o.Settings = settings(felt.ClockEvent) })
		done := make(chan error, 1)
		go func() { done <- d.Run(t.Context()) }()
		begin := time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)
		past := testTraces(1, begin).Traces()
		for minute := 1; minute < 10; minute++ {
			testTraces(1, begin.Add(time.Duration(minute)*time.Minute)).Traces().ResourceSpans().MoveAndAppendTo(past.ResourceSpans())
		}
		r := &request{signal: traces, body: protoOf(t, ptraceotlp.NewExportRequestFromTraces(past)), ticket: &ticket{door: d, moved: true}}
		report, f := d.ingest(t.Context(), r)
		if f != nil || int(report.Spans) != past.SpanCount() {
			t.Fatalf("%+v %v", report, f)
		}
		at := map[felt.Instant]bool{}
		for _, r := range log.all() {
			if r.Kind == felt.KindTelemetry {
				at[r.At] = true
			}
		}
		if len(at) != 10 || appends != 1 || !at[felt.InstantOf(begin)] || !at[felt.InstantOf(begin.Add(9*time.Minute))] {
			t.Errorf("%d moments in %d appends: %v", len(at), appends, at)
		}
		log.checkTime(t)
		if err := errors.Join(d.Close(), <-done); err != nil {
			t.Error(err)
		}
	})
}
