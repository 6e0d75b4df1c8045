package detect

import (
	"fmt"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// TestNamesAreHeldOnce: of more names than are held, those of values stay, so that who comes again
// is found; those of nobody go.
func TestNamesAreHeldOnce(t *testing.T) {
	const series, each = 2100, 50
	w := newWorld(nil)
	all := func() {
		for i := range series {
			for j := range each {
				r := w.row(fmt.Sprintf("step %d", i), felt.OutcomeSuccess)
				r.Segments = region(fmt.Sprintf("region %d of %d", j, i))
				w.give(r)
			}
		}
	}
	all()
	if w.d.names == 0 {
		t.Fatal("nobody looked for names of nobody: this tests nothing")
	}
	all()
	for _, s := range w.d.order {
		for i := range s.dims {
			names := map[string]bool{}
			for j := range s.dims[i].values {
				names[*s.dims[i].values[j].name] = true
			}
			if n := len(s.dims[i].values); n != len(names) || n != 0 && n != each || names[otherValue] {
				t.Fatalf("%s: %d values of %d names, other: %v", s.name, n, len(names), names[otherValue])
			}
		}
	}
	w.now += Every
	w.d.Tick(w.now)
	w.now += keptFor + reviewed
	w.d.Tick(w.now - w.now%reviewed)
	w.d.sweep()
	if len(w.d.texts) != 0 || w.d.values != 0 {
		t.Errorf("%d texts of %d values are left", len(w.d.texts), w.d.values)
	}
}

// TestOddsAreLetGo: what speaks against a value is held while it does, and no longer; a snapshot does
// not change that.
func TestOddsAreLetGo(t *testing.T) {
	w := newWorld(nil)
	held := func(d *Detector) (odds int) {
		for _, s := range d.order {
			for i := range s.dims {
				n := 0
				for j := range s.dims[i].values {
					if s.dims[i].values[j].odd != nil {
						n++
					}
				}
				if n != s.dims[i].odds {
					t.Fatalf("%d values are odd, %d are counted", n, s.dims[i].odds)
				}
				odds += n
			}
		}
		return odds
	}
	run := func(windows, bad int) {
		for range windows {
			for j := range 20 {
				o := felt.OutcomeSuccess
				if j < bad {
					o = felt.OutcomeFailed
				}
				r := w.row("pay", o)
				r.Segments = region(fmt.Sprint(j))
				w.give(r)
			}
			w.now += Every
			w.d.Tick(w.now)
		}
	}
	run(30, 0)
	if n := held(w.d); n != 0 {
		t.Errorf("%d odd when all is well", n)
	}
	run(3, 7)
	e := &codec.Encoder{}
	w.d.Save(e)
	d := New(w.d.settings)
	if d.Load(codec.NewDecoder(e.B)); held(w.d) != 7 || held(d) != 7 {
		t.Errorf("%d odd, %d after a restore; 7 fail", held(w.d), held(d))
	}
	run(600, 0)
	if n := held(w.d); n != 0 {
		t.Errorf("%d odd long after", n)
	}
}
