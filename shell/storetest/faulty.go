package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/felt-cx/felt"
)

// ErrFault is the fault that [Faulty] puts into a write.
var ErrFault = errors.New("a fault of the test")

// Faulty makes the writes of a store fail, and writes the same batches again until they
// succeed: nothing may be lost or doubled. open makes an empty store that asks fail
// before each step of a write, whatever a step is to it, and after the last one, where
// everything is there and the write fails all the same; nil makes one without faults.
func Faulty(t *testing.T, seeds int, open func(t *testing.T, fail func(step int) error) felt.Store) {
	const ticks = 30
	ctx := context.Background()
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 3))
			batches := History(seed, ticks)
			clean := open(t, nil)
			for _, b := range batches {
				write(t, clean, b)
			}
			at, faults, steps := -1, 0, 1
			faulty := open(t, func(step int) error {
				steps = step + 1
				if step == at {
					faults++
					return ErrFault
				}
				return nil
			})
			for len(batches) > 0 {
				n := min(1+r.IntN(5), len(batches))
				for try := range 4 {
					at = -1 // the last try is left alone
					if try < 3 {
						at = r.IntN(steps + 1)
					}
					err := faulty.Write(ctx, batches[:n]...)
					if err == nil {
						break
					}
					if !errors.Is(err, ErrFault) {
						t.Fatalf("write: %v", err)
					}
				}
				batches = batches[n:]
			}
			if faults < 5 {
				t.Errorf("only %d faults: this test does not test", faults)
			}
			if err := Same(ctx, faulty, clean, seed, ticks, 30); err != nil {
				t.Errorf("after %d faults (first the store with faults): %v", faults, err)
			}
			last := fmt.Sprint(clean.Cursor(ctx, "engine"))
			if got := fmt.Sprint(faulty.Cursor(ctx, "engine")); got != last {
				t.Errorf("cursor %s, want %s", got, last)
			}
		})
	}
}
