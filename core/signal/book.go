package signal

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/rules"
)

// Width is how often values are told.
const Width = 10 * felt.Second

// Book holds the state of all signals and KPIs. It is for one goroutine.
type Book struct {
	settings felt.Settings
	rules    *rules.Set
}

// NewBook returns a book that has seen nothing.
func NewBook(s felt.Settings) *Book { return &Book{settings: s, rules: &rules.Set{}} }

// Settings takes new settings.
func (b *Book) Settings(s felt.Settings) { b.settings = s }

// Rules puts an inventory in force; nil is an empty one. What it does not name is forgotten.
func (b *Book) Rules(set *rules.Set) {
	if set == nil {
		set = &rules.Set{}
	}
	b.rules = set
}

// Journey counts n journeys of which something became known: begun, completed, failed,
// abandoned, each with [felt.TrafficCustomer].
func (b *Book) Journey(env, app, name string, what Word, n int64) {}

// Word is what a journey did.
type Word uint8

// The words of a journey.
const (
	Begun Word = iota + 1
	Completed
	Failed
	Abandoned
)

// Business counts events that came from outside of telemetry.
func (b *Book) Business(events []felt.BusinessEvent) {}

// Tick closes tick t. At the end of ten seconds it tells the values of which something new
// was learnt, in order of environment, app, journey, kind and name, and the rows of them;
// both are the caller's.
func (b *Book) Tick(t felt.Tick) ([]Sample, []felt.SignalPoint) { return nil, nil }

// Due is the next tick at which something is to be told without further input; 0 none.
func (b *Book) Due() felt.Tick { return 0 }

// Save appends the state; it is canonical.
func (b *Book) Save(e *codec.Encoder) {}

// Load is the inverse of Save, on a new book whose rules are set.
func (b *Book) Load(d *codec.Decoder) {}
