package httpapi

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/explain"
	"github.com/felt-cx/felt/core/rules"
)

// Reader is what the API asks of a store.
type Reader = felt.Reader

// Appender takes control records to the log: the door's sequencer.
type Appender interface {
	Append(ctx context.Context, recs ...felt.Record) (felt.Place, error)
}

// Engine tells how far the rows have come.
type Engine interface {
	Progress() felt.Progress
	// Changed returns a channel that is closed when Progress next moves.
	Changed() <-chan struct{}
}

// Health is what the parts say of themselves right now.
type Health struct {
	Ready   bool
	Parts   map[string]string // part -> "ok", or what it waits for or lacks
	Ingest  Totals            // what came in since the process started
	Drops   map[string]int64  // what was left out or turned away, by reason
	Names   []felt.NameCount  // names of customers' interactions that are a step of no journey
	Metrics []felt.NameCount  // metrics that are a signal of no journey
	Signals []SignalTrouble   // signals and KPIs whose points make no value
	Config  []string          // what is wrong with the configuration that is on disk
	// Events is how many spans and log records the engine has counted.
	Events int64
	// Last is when telemetry last came in; 0 never.
	Last felt.Instant
}

// SignalTrouble says of a signal or KPI of a journey why its points make no value.
type SignalTrouble struct {
	Env, App, Journey, Name string
	KPI                     bool
	Why                     string
}

// Operation is a kind of span of a service.
type Operation struct {
	Service, Name string
	Kind          felt.SpanKind
}

// Rules is what the server makes of the inventory right now.
type Rules struct {
	Set      *rules.Set           // under which the newest rows were made; nil before the first
	Files    []felt.InventoryFile // its text
	Loaded   felt.Instant         // when this process found it in force; 0 not yet
	Edited   felt.Instant         // when this process first saw the newest text; 0: there is none
	Dir      string               // where the files are
	Problems []rules.Problem      // of the newest text, warnings too
	By       string               // who put it in force: "files", or what stands in for them
	Newest   bool                 // the newest text is the one in force, or was just put on the log
}

// Keeping says which spans are kept, and when they are there, to explain why some are not.
type Keeping struct {
	Share  float64       // of traces without a failed or degraded interaction
	Behind time.Duration // how long after an interaction became known its spans are written
	For    time.Duration // how long they are kept
}

// Totals counts what was accepted.
type Totals struct {
	Spans  int64 `json:"spans"`
	Logs   int64 `json:"logs"`
	Points int64 `json:"points"`
}

// Options are given to [New]. Store, Commands, Engine and Health are needed.
type Options struct {
	Store    Reader
	Commands Appender
	Engine   Engine
	Health   func() Health
	Meters   []felt.Meter
	Rules    func() Rules                         // the inventory; nil: there is none
	Check    func(felt.Inventory) []rules.Problem // what is wrong with a text; default by the defaults of [rules.Check]
	// Identify gives the hashes that a raw identity of an environment may have been kept
	// as, strongest level first; nil: only hashes can be asked for.
	Identify func(env, id string) []felt.Hash
	// Named are the operations of an environment whose spans name their interaction
	// themselves, so that no rule is missing; nil: not known of any.
	Named func(env string) map[Operation]bool
	// Sights are what the detectors know of a scope; nil: not known of any.
	Sights func(of felt.Scope) []felt.Sight
	// Notices knows what people were told, and its sinks; nil: nobody is told.
	Notices Notices
	// Silences are those that the engine knows; nil: it knows of none.
	Silences func() []felt.Silence
	Keeping  Keeping
	// Backtest judges stored history again; nil: the server cannot.
	Backtest Backtest
	Explain  explain.Options // what pasted telemetry is judged by, beside the inventory

	// Clock is that of the log, which may become wall once; default wall.
	Clock func() felt.Clock

	UI    fs.FS                   // the built page; nil or without index.html: a note how to build it
	OTLP  http.Handler            // served under /v1/
	Extra map[string]http.Handler // further routes, behind the same guards as /api

	Listen   string   // the address it is served on: a name under which it may be reached
	Hosts    []string // further names
	OTLPHTTP string   // where telemetry is taken, to tell a newcomer
	// Bearer checks a token's secret for a scope (read, act) and gives its name; nil
	// when no tokens are needed.
	Bearer func(secret, scope string) (name string, ok bool)

	QuestionTimeout time.Duration // default 10 s
	Questions       int           // asked of the store at once; default 8
	Streams         int           // live pages at once; default 256
	CommandWait     time.Duration // for the engine to take a command; default 5 s

	Version string
	Logger  *slog.Logger
	Now     func() time.Time
}

func (o *Options) check() error {
	if o.Store == nil || o.Commands == nil || o.Engine == nil || o.Health == nil {
		return errors.New("httpapi: Store, Commands, Engine and Health are needed")
	}
	if o.QuestionTimeout <= 0 {
		o.QuestionTimeout = 10 * time.Second
	}
	if o.Questions <= 0 {
		o.Questions = 8
	}
	if o.Streams <= 0 {
		o.Streams = 256
	}
	if o.CommandWait <= 0 {
		o.CommandWait = 5 * time.Second
	}
	if o.Rules == nil {
		o.Rules = func() Rules { return Rules{Newest: true} }
	}
	if o.Check == nil {
		o.Check = func(in felt.Inventory) []rules.Problem { return rules.Check(in, rules.Options{}) }
	}
	if o.Sights == nil {
		o.Sights = func(felt.Scope) []felt.Sight { return nil }
	}
	if o.Notices == nil {
		o.Notices = noNotices{}
	}
	if o.Silences == nil {
		o.Silences = func() []felt.Silence { return nil }
	}
	if o.Named == nil {
		o.Named = func(string) map[Operation]bool { return nil }
	}
	if o.Identify == nil {
		o.Identify = func(string, string) []felt.Hash { return nil }
	}
	if o.Clock == nil {
		o.Clock = func() felt.Clock { return felt.ClockWall }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}
