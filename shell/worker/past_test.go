package worker

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestGatherPast: the writer rests between two writes of a history, but not when no more ticks come, nor when
// enough wait.
func TestGatherPast(t *testing.T) {
	gather := func(t *testing.T, more func(w *Worker)) (rested time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			w := &Worker{opts: Options{QueueTicks: 8, QueueRows: 1000}, waiting: waiting{room: make(chan struct{}, 1)}}
			w.waiting.add(1, 1)
			done := make(chan struct{})
			began := time.Now()
			go func() {
				defer close(done)
				w.gatherPast(t.Context(), writeTime{end: began, took: time.Second})
				rested = time.Since(began)
			}()
			more(w)
			<-done
		})
		return rested
	}
	if d := gather(t, func(*Worker) {}); d < pastStill || d > 2*pastStill {
		t.Errorf("with nothing more to come it rests %v", d)
	}
	trickle := func(w *Worker) {
		for range 200 {
			time.Sleep(10 * time.Millisecond)
			w.waiting.add(1, 1)
		}
	}
	if d := gather(t, trickle); d != pastWait {
		t.Errorf("while ticks come it rests %v, want %v", d, pastWait)
	}
	flood := func(w *Worker) {
		time.Sleep(20 * time.Millisecond)
		w.waiting.add(8, 1000)
	}
	if d := gather(t, flood); d > 30*time.Millisecond {
		t.Errorf("with enough rows waiting it rests %v", d)
	}
}
