package main

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/app"
	"github.com/felt-cx/felt/app/demo"
)

// BenchmarkHistory takes the demo's four weeks in, from nothing to the wall clock: generator, door, log,
// engine and store in one process. "cpu-s" is the CPU of all of it.
func BenchmarkHistory(b *testing.B) {
	for b.Loop() {
		began := cpu(b)
		d, err := demo.New(demo.Options{FaultAfter: -1})
		if err != nil {
			b.Fatal(err)
		}
		own := demo.Inventory(time.Now())
		a, err := app.New(b.Context(), app.Config{
			Data: b.TempDir(), Listen: "127.0.0.1:0", OTLPGRPC: app.Off, OTLPHTTP: "127.0.0.1:0", Clock: felt.ClockEvent, Inventory: &own,
		})
		if err != nil {
			b.Fatal(err)
		}
		err = a.Run(b.Context(), func(ctx context.Context, a *app.App) error {
			ended := make(chan error, 1)
			go func() { ended <- d.Run(ctx, a, "http://"+a.HTTPAddr()) }()
			for a.Clock() == felt.ClockEvent {
				select {
				case err := <-ended:
					return err
				case <-time.After(10 * time.Millisecond):
				}
			}
			d.Stop()
			return errOver
		})
		if err := a.Close(); err != nil {
			b.Fatal(err)
		}
		if err == nil {
			b.Fatal("it ended by itself")
		}
		b.ReportMetric((cpu(b) - began).Seconds(), "cpu-s")
	}
}

type overError struct{}

func (overError) Error() string { return "the history is in" }

var errOver error = overError{}

// cpu is what the process has used, all threads.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
