package jetstream_test

import (
	"testing"
	"time"

	felt "github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/jetstream"
)

func TestOpenAppendReadClose(t *testing.T) {
	dir := t.TempDir()
	start := time.Now()
	l, err := jetstream.Open(t.Context(), jetstream.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Log("open", time.Since(start))
	start = time.Now()
	p, err := l.Append(t.Context(), felt.Record{Kind: felt.KindTelemetry, Part: 1, At: 7, Data: []byte("a")}, felt.Record{Kind: felt.KindTick, Part: felt.Control, At: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Log("append", time.Since(start), p)
	for range 2 {
		n := 0
		for r, err := range l.Read(t.Context(), felt.All, 0) {
			if err != nil {
				t.Fatal(err)
			}
			t.Log(r)
			if n++; n == 2 {
				break
			}
		}
		start = time.Now()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		t.Log("close", time.Since(start))
		start = time.Now()
		if l, err = jetstream.Open(t.Context(), jetstream.Options{Dir: dir}); err != nil {
			t.Fatal(err)
		}
		t.Log("open", time.Since(start))
	}
	if _, err := jetstream.Open(t.Context(), jetstream.Options{Dir: dir}); err == nil {
		t.Fatal("no error")
	} else {
		t.Log(err)
	}
	l.Close()
}
