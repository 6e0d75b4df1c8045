package mem_test

import (
	"errors"
	"testing"

	felt "github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/mem"
	"github.com/felt-cx/felt/shell/outboxtest"
)

func TestOutbox(t *testing.T) {
	outboxtest.Run(t, func(_ *testing.T, _ string, lim outboxtest.Limits) outboxtest.Outbox {
		return mem.NewOutbox(mem.OutboxOptions{MaxBytes: lim.MaxBytes, MaxAge: lim.MaxAge})
	})
}

// TestOutboxFails: it fails as told, also when it has done it.
func TestOutboxFails(t *testing.T) {
	wrong, done := errors.New("wrong"), false
	o := mem.NewOutbox(mem.OutboxOptions{Fail: func() (bool, error) { return done, wrong }})
	n := felt.Notification{Key: "k"}
	if err := o.Post(t.Context(), n); !errors.Is(err, wrong) {
		t.Fatal(err)
	}
	done = true
	if err := o.Post(t.Context(), n); !errors.Is(err, wrong) {
		t.Fatal(err)
	}
	for p, err := range o.Posted(t.Context(), 0) {
		if err != nil || p.Seq != 1 {
			t.Fatalf("%+v %v", p, err)
		}
		break
	}
}
