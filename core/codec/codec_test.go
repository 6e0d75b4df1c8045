package codec

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

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
	e.Uint(300)
	d := NewDecoder(e.B)
	m := map[string]int{}
	if d.Uint() != math.MaxUint64 || d.Int() != math.MinInt64 || !d.Bool() || !math.Signbit(d.Float()) || d.Word() != 1<<63 ||
		string(d.Bytes()) != "\x01\x02" || d.String() != "é" || d.Hash() != (felt.Hash{1}) || !d.Hash().IsZero() {
		t.Fatal("other values came back")
	}
	d.JSON(&m)
	if n := d.Len(1); m["a"] != 1 || string(d.Fixed(n)) != "xyz" || d.Uint() != 300 || d.Rest() != 0 || d.Err() != nil {
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

// value is one of the kinds that are written, with the way to read it back.
type value struct {
	write func(e *Encoder)
	same  func(d *Decoder) bool
}

func randomValue(rnd *rand.Rand) value {
	n, text := rnd.Uint64()>>rnd.IntN(64), strings.Repeat("x", rnd.IntN(40))
	if rnd.IntN(200) == 0 {
		text = strings.Repeat("long", rnd.IntN(2*Piece))
	}
	switch rnd.IntN(8) {
	case 0:
		return value{func(e *Encoder) { e.Uint(n) }, func(d *Decoder) bool { return d.Uint() == n }}
	case 1:
		return value{func(e *Encoder) { e.Int(-int64(n)) }, func(d *Decoder) bool { return d.Int() == -int64(n) }}
	case 2:
		return value{func(e *Encoder) { e.Bool(n%2 == 0) }, func(d *Decoder) bool { return d.Bool() == (n%2 == 0) }}
	case 3:
		return value{func(e *Encoder) { e.Word(n) }, func(d *Decoder) bool { return d.Word() == n }}
	case 4:
		return value{func(e *Encoder) { e.Float(float64(n)) }, func(d *Decoder) bool { return d.Float() == float64(n) }}
	case 5:
		return value{func(e *Encoder) { e.Bytes([]byte(text)) }, func(d *Decoder) bool { return string(d.Bytes()) == text }}
	case 6:
		return value{func(e *Encoder) { e.String(text) }, func(d *Decoder) bool { return d.String() == text }}
	default:
		h := felt.Hash{byte(n)}
		return value{func(e *Encoder) { e.Hash(h) }, func(d *Decoder) bool { return d.Hash() == h }}
	}
}

// pieces notes the largest write, and fails at one of them.
type pieces struct {
	bytes.Buffer
	n, failAt, largest int
}

func (p *pieces) Write(b []byte) (int, error) {
	if p.n++; p.n == p.failAt {
		return 0, iotest.ErrTimeout
	}
	p.largest = max(p.largest, len(b))
	return p.Buffer.Write(b)
}

// TestPieces: written piece by piece the bytes are the same, and read piece by piece, however
// the reader deals them out, so are the values.
func TestPieces(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var values []value
	for range 20_000 {
		values = append(values, randomValue(rnd))
	}
	var whole Encoder
	var out pieces
	e := NewEncoder(&out)
	for _, v := range values {
		v.write(&whole)
		v.write(e)
	}
	if err := e.Flush(); err != nil || !bytes.Equal(out.Bytes(), whole.B) {
		t.Fatalf("%v, or other bytes: %d and %d", err, out.Len(), len(whole.B))
	}
	if out.n < len(whole.B)/(10*Piece) || out.largest > 9*Piece {
		t.Errorf("%d bytes in %d pieces, the largest of %d", len(whole.B), out.n, out.largest)
	}
	for name, r := range map[string]io.Reader{
		"whole": bytes.NewReader(whole.B), "halves": iotest.HalfReader(bytes.NewReader(whole.B)),
		"end with data": iotest.DataErrReader(bytes.NewReader(whole.B)), "longer": io.MultiReader(bytes.NewReader(whole.B), strings.NewReader("more")),
	} {
		d := NewReader(r, int64(len(whole.B)))
		for i, v := range values {
			if !v.same(d) {
				t.Fatalf("%s: value %d is another: %v", name, i, d.Err())
			}
		}
		if d.Rest() != 0 || d.Err() != nil {
			t.Errorf("%s: %d left, %v", name, d.Rest(), d.Err())
		}
		if d.Uint(); !errors.Is(d.Err(), felt.ErrCorrupt) {
			t.Errorf("%s: something behind the end: %v", name, d.Err())
		}
	}
}

// TestPieceErrors: a writer's and a reader's error are told as they are, and only what is
// damaged as damage.
func TestPieceErrors(t *testing.T) {
	text := strings.Repeat("x", 1000)
	out := pieces{failAt: 3}
	e := NewEncoder(&out)
	for range 1000 {
		e.String(text)
		if cap(e.B) > 2*Piece {
			t.Fatalf("%d bytes are held after an error", cap(e.B))
		}
	}
	if err := e.Flush(); !errors.Is(err, iotest.ErrTimeout) || out.n != 3 || !errors.Is(e.Err(), err) {
		t.Errorf("%v after %d writes", err, out.n)
	}
	good := out.Bytes()
	read := func(r io.Reader, size int64) error {
		d := NewReader(r, size)
		for d.Err() == nil {
			_ = d.String()
		}
		if d.Rest() != 0 || d.Uint() != 0 || d.Fixed(3) != nil || d.Bool() {
			t.Error("something came after the error")
		}
		return d.Err()
	}
	if err := read(io.MultiReader(bytes.NewReader(good), iotest.ErrReader(iotest.ErrTimeout)), 1<<40); !errors.Is(err, iotest.ErrTimeout) || errors.Is(err, felt.ErrCorrupt) {
		t.Errorf("a reader that fails: %v", err)
	}
	if err := read(bytes.NewReader(good), 1<<40); !errors.Is(err, felt.ErrCorrupt) {
		t.Errorf("a reader that ends: %v", err)
	}
}
