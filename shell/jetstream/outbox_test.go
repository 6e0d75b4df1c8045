package jetstream_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	felt "github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/jetstream"
	"github.com/felt-cx/felt/shell/outboxtest"
)

// beside is an outbox with the log on whose server it is.
type beside struct {
	*jetstream.Outbox
	log *jetstream.Log
}

func (b beside) Close() error { return errors.Join(b.Outbox.Close(), b.log.Close()) }

func openBeside(ctx context.Context, dir string, lim outboxtest.Limits) (outboxtest.Outbox, error) {
	l, err := jetstream.Open(ctx, jetstream.Options{Dir: dir})
	if err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	o, err := l.Outbox(ctx, jetstream.OutboxOptions{MaxBytes: lim.MaxBytes, MaxAge: lim.MaxAge})
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return beside{o, l}, nil
}

func openOutbox(t *testing.T, dir string, lim outboxtest.Limits) outboxtest.Outbox {
	t.Helper()
	o, err := openBeside(t.Context(), dir, lim)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.Close() })
	return o
}

func TestOutbox(t *testing.T) { outboxtest.Run(t, openOutbox) }

func TestOutboxDurable(t *testing.T) { outboxtest.RunDurable(t, openOutbox) }

func TestOutboxCrash(t *testing.T) { outboxtest.RunCrash(t, openOutbox, 6) }

// TestOutboxElsewhere runs the suite on a server of its own, over TCP.
func TestOutboxElsewhere(t *testing.T) {
	elsewhere := func(t *testing.T, dir string, lim outboxtest.Limits) outboxtest.Outbox {
		t.Helper()
		srv, err := server.NewServer(&server.Options{
			Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true, SyncAlways: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		srv.Start()
		t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
		o, err := jetstream.ConnectOutbox(t.Context(), srv.ClientURL(), jetstream.OutboxOptions{MaxBytes: lim.MaxBytes, MaxAge: lim.MaxAge})
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	outboxtest.Run(t, elsewhere)
}

// TestOutboxOfAnotherProcess: what somebody else posts is told too.
func TestOutboxOfAnotherProcess(t *testing.T) {
	l := openWith(t, jetstream.Options{Dir: t.TempDir()})
	var boxes [2]*jetstream.Outbox
	for i := range boxes {
		var err error
		if boxes[i], err = l.Outbox(t.Context(), jetstream.OutboxOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	got := make(chan string)
	go func() {
		for p, err := range boxes[0].Posted(t.Context(), 0) {
			if err == nil {
				got <- p.Key
			}
			return
		}
	}()
	if err := boxes[1].Post(t.Context(), felt.Notification{Key: "k"}); err != nil {
		t.Fatal(err)
	}
	if k := <-got; k != "k" {
		t.Fatal(k)
	}
}

// TestOutboxEndsWithTheLog, and the log opens beside it again.
func TestOutboxEndsWithTheLog(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		l := openWith(t, jetstream.Options{Dir: dir})
		o, err := l.Outbox(t.Context(), jetstream.OutboxOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := o.Post(t.Context(), felt.Notification{Key: "k"}); !errors.Is(err, felt.ErrUnavailable) {
			t.Fatal(err)
		}
	}
}

// TestOutboxTooLarge: what no server takes is refused for good, so that nobody tries for ever.
func TestOutboxTooLarge(t *testing.T) {
	o := openOutbox(t, t.TempDir(), outboxtest.Limits{})
	err := o.Post(t.Context(), felt.Notification{Key: "k", Why: string(make([]byte, 10<<20))})
	if !errors.Is(err, felt.ErrPermanent) {
		t.Fatal(err)
	}
}

// TestOutboxOptions: what makes no sense is told.
func TestOutboxOptions(t *testing.T) {
	l := openWith(t, jetstream.Options{Dir: t.TempDir()})
	for _, o := range []jetstream.OutboxOptions{{MaxBytes: -1}, {MaxAge: -1}} {
		if _, err := l.Outbox(t.Context(), o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	if _, err := jetstream.ConnectOutbox(t.Context(), "nats://127.0.0.1:1", jetstream.OutboxOptions{}); !errors.Is(err, felt.ErrUnavailable) {
		t.Errorf("nobody there: %v", err)
	}
}
