package measure

import (
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/otlp"
)

// symbol is a text of a partition: an index into its table.
type symbol uint32

const (
	symEmpty symbol = 0 // ""
	symOther symbol = 1 // what stands for texts that found no room
)

// otherName is the name under which everything counts that found no room of its own.
const otherName = "other"

// symbols gives every text of a partition a number, so that spans hold and compare
// numbers. It is bounded: see operations.sweep, which forgets what nothing uses.
type symbols struct {
	max    int
	texts  []string
	of     map[string]symbol
	bytes  int  // of all texts
	missed bool // a text found no room since the last sweep
}

func newSymbols(limit int) *symbols {
	s := &symbols{max: max(limit, 16)}
	s.reset()
	return s
}

func (s *symbols) reset() {
	s.texts = []string{"", otherName}
	s.of = map[string]symbol{"": symEmpty, otherName: symOther}
	s.bytes, s.missed = 0, false
}

// intern returns the symbol of b. Only a new text is allocated.
func (s *symbols) intern(b []byte) symbol {
	if y, ok := s.of[string(b)]; ok {
		return y
	}
	return s.named(string(b))
}

// named is intern for a text that is a string already.
func (s *symbols) named(text string) symbol {
	if y, ok := s.of[text]; ok {
		return y
	}
	if len(s.texts) >= s.max {
		s.missed = true
		return symOther
	}
	return s.add(text)
}

func (s *symbols) add(text string) symbol {
	y := symbol(len(s.texts))
	s.texts = append(s.texts, text)
	s.bytes += len(text)
	s.of[text] = y
	return y
}

func (s *symbols) text(y symbol) string { return s.texts[y] }

// env is the environment of that symbol.
func (s *symbols) env(y symbol) string {
	if y == symEmpty {
		return otlp.DefaultEnv
	}
	return s.texts[y]
}

func (s *symbols) save(e *codec.Encoder) {
	e.Len(len(s.texts) - 2)
	for _, t := range s.texts[2:] {
		e.String(t)
	}
}

func (s *symbols) load(d *codec.Decoder) {
	s.reset()
	for n := d.Len(1); n > 0; n-- {
		text := d.String()
		if _, dup := s.of[text]; dup {
			d.Fail("text twice")
			return
		}
		s.add(text)
	}
}

// Texts gives the texts of one block, and the attributes of the event at hand, which are
// read only for what a rule or a step may be; [otlp.Reader] does.
type Texts interface {
	Text(t otlp.Text) []byte
	Texts() int
	KeyID() uint32
	Attributes(yield func(key otlp.Text, v otlp.Value))
	ResourceAttributes(yield func(key otlp.Text, v otlp.Value))
}

// block is the present block: its texts, each turned into a symbol at most once.
type block struct {
	src   Texts
	keyID uint32
	syms  []symbol // by otlp.Text; 0 = not looked up yet
}

func (b *block) begin(src Texts) {
	b.src, b.keyID = src, src.KeyID()
	n := src.Texts()
	if cap(b.syms) < n {
		b.syms = make([]symbol, n+n/2)
	}
	b.syms = b.syms[:n]
	clear(b.syms)
}

func (b *block) symbol(s *symbols, t otlp.Text) symbol {
	if t == 0 || int(t) >= len(b.syms) {
		return symEmpty
	}
	y := b.syms[t]
	if y == 0 {
		y = s.intern(b.src.Text(t))
		b.syms[t] = y
	}
	return y
}

// shared returns a text that comes again and again: it shares memory with the symbol.
func (b *block) shared(s *symbols, t otlp.Text) string {
	y := b.symbol(s, t)
	if y == symOther { // perhaps for want of room
		return string(b.src.Text(t))
	}
	return s.text(y)
}

// bytes returns a text as it is in the block.
func (b *block) bytes(t otlp.Text) []byte {
	if t == 0 || int(t) >= len(b.syms) {
		return nil
	}
	return b.src.Text(t)
}

// own returns a text of its own, for texts that seldom come twice.
func (b *block) own(t otlp.Text) string {
	if t == 0 || int(t) >= len(b.syms) {
		return ""
	}
	return string(b.src.Text(t))
}
