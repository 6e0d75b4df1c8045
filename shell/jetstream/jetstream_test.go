package jetstream_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/felt-cx/felt/shell/jetstream"
	"github.com/felt-cx/felt/shell/logtest"
	"github.com/felt-cx/felt/shell/outboxtest"
)

// childSegment is small enough for many segments within a test.
const childSegment = 128 << 10

func TestMain(m *testing.M) {
	logtest.Main(func(dir string) (logtest.Log, error) {
		l, err := jetstream.Open(context.Background(), jetstream.Options{Dir: dir, SegmentBytes: childSegment})
		if err != nil {
			return nil, fmt.Errorf("child: %w", err)
		}
		return l, nil
	})
	outboxtest.Main(func(dir string) (outboxtest.Outbox, error) {
		return openBeside(context.Background(), dir, outboxtest.Limits{})
	})
	os.Exit(m.Run())
}

func open(t *testing.T, dir string, lim logtest.Limits) logtest.Log {
	t.Helper()
	return openWith(t, jetstream.Options{Dir: dir, MaxBytes: lim.MaxBytes, KeepBytes: lim.KeepBytes, MaxAge: lim.MaxAge})
}

func openWith(t *testing.T, opts jetstream.Options) *jetstream.Log {
	t.Helper()
	l, err := jetstream.Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestLog(t *testing.T) { logtest.Run(t, open) }

// TestLogFromDisk runs the suite without the tail, so that every record is read from
// the stream.
func TestLogFromDisk(t *testing.T) {
	logtest.Run(t, func(t *testing.T, dir string, lim logtest.Limits) logtest.Log {
		return openWith(t, jetstream.Options{
			Dir: dir, MaxBytes: lim.MaxBytes, KeepBytes: lim.KeepBytes, MaxAge: lim.MaxAge, TailBytes: -1,
		})
	})
}

// small opens a log of many small segments.
func small(t *testing.T, dir string, lim logtest.Limits) logtest.Log {
	t.Helper()
	return openWith(t, jetstream.Options{
		Dir: dir, MaxBytes: lim.MaxBytes, KeepBytes: lim.KeepBytes, MaxAge: lim.MaxAge,
		SegmentBytes: childSegment, TailBytes: 100_000,
	})
}

func TestLogOfSmallSegments(t *testing.T) { logtest.Run(t, small) }

func TestDurable(t *testing.T) {
	t.Run("OneSegment", func(t *testing.T) { logtest.RunDurable(t, open) })
	t.Run("SmallSegments", func(t *testing.T) { logtest.RunDurable(t, small) })
}

func TestCrash(t *testing.T) { logtest.RunCrash(t, small, 12) }
