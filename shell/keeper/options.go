package keeper

import (
	"errors"
	"log/slog"
	"time"

	"github.com/felt-cx/felt"
)

// The names under which the keeper keeps its place in the store: how far it has read,
// and until which tick no trace waits for a second look.
const (
	CursorName     = "keeper"
	LateCursorName = "keeper/late"
)

// DefaultShare of the traces without a failure is kept: enough to see what good looks like.
const DefaultShare = 0.01

// Store is what the keeper needs of one.
type Store interface {
	felt.Writer
	felt.TraceReader
}

// Options are given to [New]. Log and Store are needed; zero values take the default.
type Options struct {
	Log   felt.Log
	Store Store
	// Progress is how far the engine's rows have come. Without it the engine's cursor in
	// the store tells, which in a quiet log moves with its snapshots only.
	Progress func() felt.Progress

	Share       float64       // of the traces without a failure; default 0.01, negative: none
	Behind      time.Duration // how far behind the engine, in the log's time; default 90 s
	Every       time.Duration // how often it looks whether there is more; default 5 s
	Remember    time.Duration // how long spans are waited for after their trace became worth keeping; default 1 h
	Quiet       time.Duration // a trace is written when nothing of it arrived for so long; default 15 s
	HoldTrace   time.Duration // or when it has been held for so long; default 2 min
	RescanEvery time.Duration // between two second looks at the log; default 1 min
	RescanBytes int           // read in one piece of a second look; default 64 MiB
	HoldLog     time.Duration // the log is kept from being trimmed for a keeper at most so far behind; default 15 min

	Traces     int // remembered; default 500,000
	Late       int // that wait for a second look; default 100,000
	TraceSpans int // kept of one trace; default 10,000
	HeldBytes  int // of spans that are held; default 64 MiB
	BatchSpans int // written at once; default 5,000

	Logger *slog.Logger // default discards
}

func orDefault[T ~int | ~int64](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

func (o *Options) defaults() {
	if o.Share == 0 {
		o.Share = DefaultShare
	}
	o.Share = max(o.Share, 0)
	orDefault(&o.Behind, 90*time.Second)
	orDefault(&o.Every, 5*time.Second)
	orDefault(&o.Remember, time.Hour)
	orDefault(&o.Quiet, 15*time.Second)
	orDefault(&o.HoldTrace, 2*time.Minute)
	orDefault(&o.RescanEvery, time.Minute)
	orDefault(&o.RescanBytes, 64<<20)
	orDefault(&o.HoldLog, 15*time.Minute)
	orDefault(&o.Traces, 500_000)
	orDefault(&o.Late, 100_000)
	orDefault(&o.TraceSpans, 10_000)
	orDefault(&o.HeldBytes, 64<<20)
	orDefault(&o.BatchSpans, 5_000)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// New returns a keeper that has not started.
func New(o Options) (*Keeper, error) {
	if o.Log == nil || o.Store == nil {
		return nil, errors.New("keeper: Log and Store are needed")
	}
	if o.Share > 1 {
		return nil, errors.New("keeper: a share is at most 1")
	}
	o.defaults()
	k := &Keeper{opts: o, step: stepTicks, piece: 600, known: newKnown(o.Traces), waiting: map[felt.TraceID]late{}}
	k.held = newCollector(o.TraceSpans, &k.count)
	k.state.moved = time.Now()
	return k, nil
}
