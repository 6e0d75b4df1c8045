package codec

import (
	"errors"
	"math"
	"testing"

	"github.com/felt-cx/felt"
)

func TestRoundTrip(t *testing.T) {
	var e Encoder
	e.Uint(math.MaxUint64)
	e.Int(math.MinInt64)
	e.Bool(true)
	e.Float(math.Copysign(0, -1))
	e.Word(1 << 63)
	e.Bytes([]byte{1, 2})
	e.String("é")
	e.Hash(felt.Hash{1})
	e.Hash(felt.Hash{})
	e.JSON(map[string]int{"a": 1})
	e.Len(3)
	e.Fixed([]byte("xyz"))
	mark := e.Begin()
	e.Uint(300)
	e.End(mark)
	d := NewDecoder(e.B)
	m := map[string]int{}
	if d.Uint() != math.MaxUint64 || d.Int() != math.MinInt64 || !d.Bool() || !math.Signbit(d.Float()) || d.Word() != 1<<63 ||
		string(d.Bytes()) != "\x01\x02" || d.String() != "é" || d.Hash() != (felt.Hash{1}) || !d.Hash().IsZero() {
		t.Fatal("other values came back")
	}
	d.JSON(&m)
	if n := d.Len(1); m["a"] != 1 || string(d.Fixed(n)) != "xyz" || d.Part().Uint() != 300 || d.Rest() != 0 || d.Err() != nil {
		t.Fatalf("%v, %d left, %v", m, d.Rest(), d.Err())
	}
}

func TestDamage(t *testing.T) {
	for name, read := range map[string]func(d *Decoder){
		"number":       func(d *Decoder) { d.Uint() },
		"signed":       func(d *Decoder) { d.Int() },
		"too long":     func(d *Decoder) { d.b = []byte{200, 1, 0}; d.Len(1) },
		"out of range": func(d *Decoder) { d.b = []byte{9}; d.UintMax(8) },
		"flag":         func(d *Decoder) { d.b = []byte{2}; d.Bool() },
		"float":        func(d *Decoder) { d.b = []byte{1, 2}; d.Float() },
		"word":         func(d *Decoder) { d.b = []byte{1, 2}; d.Word() },
		"bytes":        func(d *Decoder) { d.b = []byte{2, 1}; d.Bytes() },
		"json":         func(d *Decoder) { d.b = []byte{1, '{'}; d.JSON(&struct{}{}) },
		"hash":         func(d *Decoder) { d.b = []byte{1, 1}; d.Hash() },
		"part":         func(d *Decoder) { d.b = []byte{2, 0, 0, 0, 1}; d.Part() },
		"no part": func(d *Decoder) {
			d.b = []byte{2, 0, 0}
			if p := d.Part(); p.Err() == nil {
				d.err = nil
			}
		},
		"adopted": func(d *Decoder) {
			part := NewDecoder(nil)
			part.Int()
			d.Adopt(part)
		},
	} {
		d := NewDecoder([]byte{0x80})
		read(d)
		first := d.Err()
		if !errors.Is(first, felt.ErrCorrupt) {
			t.Errorf("%s: %v", name, first)
		}
		if d.Uint() != 0 || d.String() != "" || d.Bool() || d.Float() != 0 || d.Rest() != 0 || !errors.Is(d.Err(), first) {
			t.Errorf("%s: something came after the error", name)
		}
	}
}
