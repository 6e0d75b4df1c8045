package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
)

// TestDaysWithoutAFault: of two days in which nothing goes wrong there is nothing to tell.
func TestDaysWithoutAFault(t *testing.T) {
	t.Parallel()
	o := options{rate: 2, days: 2 * part, seed: 7}
	if testing.Short() {
		o.days = part
	}
	var out bytes.Buffer
	if err := run(t.Context(), o, &out); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// TestAFaultIsNotQuiet: the same world tells of a fault, or its silence would mean nothing.
func TestAFaultIsNotQuiet(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l, err := newLife(options{rate: 3, days: 1, seed: 7}, &out)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.live(t.Context(), 0.4*part); err != nil {
		t.Fatal(err)
	}
	if n := len(l.diary.openings); n != 0 {
		t.Fatalf("%d incidents before the fault:\n%s", n, out.String())
	}
	if err := l.world.Strike(fault, l.world.Now(), 10*felt.Minute); err != nil {
		t.Fatal(err)
	}
	if err := l.live(t.Context(), 0.02); err != nil {
		t.Fatal(err)
	}
	if n := len(l.diary.openings); n != 1 || !strings.Contains(out.String(), "Checkout") {
		t.Errorf("%d incidents of one fault:\n%s", n, out.String())
	}
}
