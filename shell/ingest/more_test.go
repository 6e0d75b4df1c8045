package ingest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
)

// TestSlowSender: an event log is the same however slow its sender is, when that says that more comes; and
// it is closed when the sender has said that nothing more comes, or stays away.
func TestSlowSender(t *testing.T) {
	begin := time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)
	// history is what is on the log after ten requests with a pause between them.
	history := func(t *testing.T, pause time.Duration, more, last string) (all []felt.Record) {
		log := newLog()
		d := newDoor(t, log, func(o *Options) { o.Settings = settings(felt.ClockEvent) })
		done := make(chan error, 1)
		go func() { done <- d.Run(t.Context()) }()
		for i := range 10 {
			if i == 9 {
				more = last
			}
			if code := postOne(d, begin.Add(time.Duration(i)*time.Second), more); code != http.StatusOK {
				t.Errorf("request %d: %d", i, code)
			}
			if i < 9 {
				time.Sleep(pause)
			}
		}
		time.Sleep(4 * time.Second)
		all = log.all()
		if err := errors.Join(d.Close(), <-done); err != nil {
			t.Error(err)
		}
		return all
	}
	synctest.Test(t, func(t *testing.T) {
		want := history(t, 0, "", "")
		if n := len(want); n != 11 || want[n-1].Kind != felt.KindTick {
			t.Fatalf("%d records in the end: %+v", n, want[n-1])
		}
		if diff := cmp.Diff(want, history(t, 50*time.Second, "60", "0")); diff != "" {
			t.Errorf("a slow sender that says that more comes (-want +got):\n%s", diff)
		}
		if got := history(t, 50*time.Second, "60", "60"); len(got) != 10 {
			t.Errorf("%d records while more may come, want the 10 that came", len(got))
		}
		for _, more := range []string{"", "soon", "-1", "5"} {
			if got := history(t, 10*time.Second, more, "0"); len(got) == len(want) {
				t.Errorf("who says %q and stays away for 10 s keeps the log open", more)
			}
		}
	})
}

// TestMoreIsBounded: nobody keeps an event log open for ever.
func TestMoreIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog()
		d := newDoor(t, log, func(o *Options) { o.Settings = settings(felt.ClockEvent) })
		done := make(chan error, 1)
		go func() { done <- d.Run(t.Context()) }()
		postOne(d, time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC), "4000000000")
		time.Sleep(mostMore - time.Second)
		if all := log.all(); len(all) != 1 {
			t.Errorf("%d records before the bound", len(all))
		}
		time.Sleep(2 * time.Second)
		if all := log.all(); len(all) != 2 || all[1].Kind != felt.KindTick {
			t.Errorf("after the bound: %+v", all)
		}
		if err := errors.Join(d.Close(), <-done); err != nil {
			t.Error(err)
		}
	})
}

// TestOpenWhileInFlight: what a request that is under way brings is not closed in front of it.
func TestOpenWhileInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newLog()
		d := newDoor(t, log, func(o *Options) { o.Settings = settings(felt.ClockEvent) })
		done := make(chan error, 1)
		go func() { done <- d.Run(t.Context()) }()
		postOne(d, time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC), "")
		under, f := d.admit()
		if f != nil {
			t.Fatal(f.message)
		}
		time.Sleep(20 * time.Second)
		if all := log.all(); len(all) != 1 {
			t.Errorf("%d records while a request is under way", len(all))
		}
		under.release()
		time.Sleep(time.Second)
		if all := log.all(); len(all) != 2 || all[1].Kind != felt.KindTick {
			t.Errorf("after it: %+v", all)
		}
		if err := errors.Join(d.Close(), <-done); err != nil {
			t.Error(err)
		}
	})
}

// postOne sends a request of one span over HTTP.
func postOne(d *Door, end time.Time, more string) int {
	body, err := testTraces(1, end).MarshalProto()
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/v1/traces", strings.NewReader(string(body)))
	r.Header.Set("Content-Type", typeProto)
	if more != "" {
		r.Header.Set(moreHeader, more)
	}
	w := httptest.NewRecorder()
	d.serveHTTP(w, r)
	return w.Code
}
