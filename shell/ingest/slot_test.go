package ingest

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/felt-cx/felt"
)

// A request that packs into more than a record may hold is refused for good, and those
// that share its slot are not.
func TestLargeRequest(t *testing.T) {
	log := newLog()
	d := run(t, newDoor(t, log, func(o *Options) { o.Limits.Record = 64 << 10 }))
	conn := serveGRPC(t, d)
	small, large := protoOf(t, testTraces(1, time.Now())), protoOf(t, testTraces(20_000, time.Now()))
	if len(large) < soloBytes {
		t.Fatalf("%d bytes are not large", len(large))
	}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if i%5 != 0 {
				if _, err := export(t.Context(), conn, small); err != nil {
					t.Error(err)
				}
				return
			}
			_, err := export(t.Context(), conn, large)
			if _, retry := retryInfo(err); status.Code(err) != codes.ResourceExhausted || retry {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if n := log.spans(t); n != 16 {
		t.Errorf("%d spans on the log, want 16", n)
	}
	if d.requests.Load() != 0 || d.bytes.Load() != 0 {
		t.Error("refused requests stay counted")
	}
	d.limits.Record = DefaultLimits().Record // nobody is in the door now
	if _, err := export(t.Context(), conn, large); err != nil {
		t.Error(err)
	}
	if n := log.spans(t); n != 20_016 {
		t.Errorf("%d spans on the log, want 20016", n)
	}
}

// A large request that is refused takes nobody with it who was in the slot before.
func TestRefusedAlone(t *testing.T) {
	log := newLog()
	d := newDoor(t, log, func(o *Options) { o.Limits.Record = 64 << 10 }) // nobody appends yet
	w, f := packOne(t, d, 1)
	if f != nil {
		t.Fatal(f.message)
	}
	if _, f := packOne(t, d, 20_000); f == nil || f.result != resultLarge {
		t.Fatalf("large: %+v", f)
	}
	run(t, d)
	if done := <-w.done; done.err != nil {
		t.Error(done.err)
	}
	if n := log.spans(t); n != 1 {
		t.Errorf("%d spans on the log, want the small request's", n)
	}
}

// What is in a slot when the sequencer looks, but could not be had because the slot was
// in use, leaves as soon as the slot is free, also when its last request brought nothing.
func TestBusySlotFlushes(t *testing.T) {
	d := newDoor(t, newLog())
	w, f := packOne(t, d, 1)
	if f != nil {
		t.Fatal(f.message)
	}
	<-d.turn
	s := d.enter()
	if len(s.waiters) != 1 {
		t.Fatalf("%d requests in the slot used last", len(s.waiters))
	}
	d.mu.Lock()
	d.packing++
	groups := d.collect()
	d.mu.Unlock()
	if len(groups) != 0 {
		t.Fatalf("%d groups were taken out of a slot in use", len(groups))
	}
	d.exit(s, nil, nil)
	d.mu.Lock()
	if len(d.ready) != 1 {
		t.Errorf("%d groups are ready, want the one that was asked for", len(d.ready))
	}
	d.mu.Unlock()
	run(t, d)
	if done := <-w.done; done.err != nil {
		t.Error(done.err)
	}
}

// A body that came in time may wait for the log for longer than bodies may take.
func TestSlowLog(t *testing.T) {
	log := newLog()
	d := run(t, newDoor(t, log, func(o *Options) { o.Limits.Read = 50 * time.Millisecond }))
	url := serveHTTP(t, d)
	log.misbehave(false, func(context.Context, []felt.Record) error {
		time.Sleep(200 * time.Millisecond)
		return nil
	})
	resp, body := post(t, url+"/v1/traces", bytes.NewReader(protoOf(t, testTraces(1, time.Now()))), "Content-Type", "application/x-protobuf")
	if resp.StatusCode != 200 {
		t.Errorf("answer %d %q", resp.StatusCode, body)
	}
}
