package simulate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/felt-cx/felt"
)

// RunnerOptions say where telemetry goes, and for how long. The zero value of a field
// means its default.
type RunnerOptions struct {
	To          string        // where OTLP over HTTP is taken; default http://127.0.0.1:4318
	Token       string        // sent as a bearer token
	Gzip        bool          // compress requests
	Connections int           // requests under way at the same time; default 4
	HoldBack    time.Duration // how long browsers hold back what went well, at most; default 10 s
	For         time.Duration // stop after so long; 0: when told to
	Client      *http.Client  // default: one of its own, without a proxy
	Logger      *slog.Logger
	Now         func() time.Time
	// Step is told of every try before it is sent, on the goroutine of Run.
	Step func(now felt.Instant, tries []Try)
}

const (
	// stepEvery is how often the world's time moves: the longest a failure waits.
	stepEvery = 200 * time.Millisecond
	// metricsEvery is how often the services send metrics.
	metricsEvery = 10 * felt.Second
	// maxGap is how much time is caught up after a pause. What is longer (a server that was
	// away, a laptop that slept) does not happen in the world.
	maxGap = 30 * felt.Second
	// waiting is how many requests may wait for a connection before the world waits too.
	waiting = 64
)

func (o *RunnerOptions) defaults() {
	def(&o.To, "http://127.0.0.1:4318")
	def(&o.Connections, 4)
	def(&o.HoldBack, 10*time.Second)
	if o.Client == nil {
		o.Client = &http.Client{
			Timeout:   30 * time.Second,
			Transport: &http.Transport{MaxIdleConnsPerHost: max(o.Connections, 1), IdleConnTimeout: time.Minute},
		}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// Runner lets a world live as fast as the clock and sends what it says. Make it with
// [NewRunner], start it once with Run; Stop may be called from anywhere.
type Runner struct {
	World  *World
	Ledger *Ledger
	sender *Sender
	opt    RunnerOptions
	stop   chan struct{}
	once   sync.Once

	encoder  *Encoder
	started  felt.Instant
	measured felt.Instant
	told     felt.Instant // up to where changes were told
	struck   map[string]bool
}

// NewRunner makes the runner of a world, which may have lived before: it goes on from
// where the world is.
func NewRunner(w *World, l *Ledger, o RunnerOptions) (*Runner, error) {
	o.defaults()
	if o.Connections < 1 || o.Connections > 256 {
		return nil, fmt.Errorf("connections: %d; want 1 to 256", o.Connections)
	}
	if o.For < 0 || o.HoldBack < 0 {
		return nil, errors.New("for, hold-back: want a positive time")
	}
	return &Runner{
		World: w, Ledger: l, opt: o, stop: make(chan struct{}), struck: map[string]bool{},
		sender:  &Sender{Client: o.Client, To: o.To, Token: o.Token, Gzip: o.Gzip, Logger: o.Logger, Now: o.Now},
		encoder: NewEncoder(w, EncoderOptions{HoldBack: felt.Instant(o.HoldBack)}),
	}, nil
}

// SendTo sets the address, for a server whose address is known only when it is up. It must
// come before Run.
func (r *Runner) SendTo(address string) { r.sender.To = address }

// Hello asks the server whether it would take telemetry, once.
func (r *Runner) Hello(ctx context.Context) error { return r.sender.Hello(ctx) }

// Stop makes Run deliver what has ended and return. It may be called more than once.
func (r *Runner) Stop() { r.once.Do(func() { close(r.stop) }) }

// Run simulates and sends until it is told to stop, has sent for as long as it should (then it
// delivers what has ended), or ctx ends: all return nil. The error is that the server
// does not let the simulation in.
func (r *Runner) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan Body, waiting)
	var senders sync.WaitGroup
	for range r.opt.Connections {
		senders.Go(func() {
			for b := range queue {
				if err := r.deliver(ctx, &b); err != nil {
					cancel(err)
				}
			}
		})
	}
	r.loop(ctx, queue)
	close(queue)
	senders.Wait()
	if err := context.Cause(ctx); errors.Is(err, ErrDenied) {
		return fmt.Errorf("stopped: %w", err)
	}
	return nil
}

func (r *Runner) loop(ctx context.Context, queue chan<- Body) {
	tick := time.NewTicker(stepEvery)
	defer tick.Stop()
	r.started = felt.InstantOf(r.opt.Now())
	r.measured, r.told = r.started, r.started-1
	for {
		stop := false
		select {
		case <-ctx.Done():
			return
		case <-r.stop:
			stop = true
		case <-tick.C:
		}
		now := felt.InstantOf(r.opt.Now())
		if r.opt.For > 0 && now-r.started >= felt.Instant(r.opt.For) {
			now, stop = r.started+felt.Instant(r.opt.For), true
		}
		for _, b := range r.step(now, stop) {
			select {
			case queue <- b:
			case <-ctx.Done():
				return
			}
		}
		if stop {
			return
		}
	}
}

// step lets time pass and returns what is due, or everything.
func (r *Runner) step(now felt.Instant, all bool) []Body {
	if gap := now - r.World.Now(); gap > maxGap {
		r.World.Skip(gap - maxGap)
	}
	r.announce(now)
	tries := r.World.Advance(now)
	for i := range tries {
		if tries[i].Lost() {
			r.Ledger.Miss(r.encoder, &tries[i])
		}
	}
	if r.opt.Step != nil {
		r.opt.Step(now, tries)
	}
	r.encoder.Put(tries)
	list := r.encoder.Take(now)
	if all {
		list = append(list, r.encoder.Flush()...)
	}
	if now-r.measured >= metricsEvery {
		r.measured = now
		list = append(list, r.encoder.Metrics(now)...)
	}
	if changes := r.World.Changes(r.told, now); len(changes) > 0 {
		if b, err := ChangesBody(changes); err == nil {
			list = append([]Body{b}, list...)
		}
	}
	r.told = now
	return list
}

// deliver sends a body and enters in the ledger what was accepted. The error ends all.
func (r *Runner) deliver(ctx context.Context, b *Body) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // it is over
	}
	waits, rejected, err := r.sender.Send(ctx, b)
	r.Ledger.Note(waits, rejected)
	switch {
	case errors.Is(err, ErrRefused):
		r.opt.Logger.Error("simulate: a request was refused; what is in it is missing", "err", err)
		r.Ledger.Refuse(b)
		return nil
	case err != nil:
		return err
	case rejected > 0:
		r.opt.Logger.Error("simulate: the server rejected a part of a request; the truth is too high by that", "path", b.Path, "rejected", rejected)
	}
	r.Ledger.Accept(b)
	return nil
}

// announce says what begins and ends in the world.
func (r *Runner) announce(now felt.Instant) {
	for _, e := range r.World.Episodes() {
		key := fmt.Sprint(e.Fault.Name, e.From)
		on := now >= e.From && now < e.To
		switch {
		case on && !r.struck[key]:
			r.struck[key] = true
			r.opt.Logger.Warn("simulate: fault: "+e.Title, "fault", e.Fault.Name, "for", time.Duration(e.To-now).Round(time.Second).String())
		case !on && r.struck[key]:
			r.struck[key] = false
			r.opt.Logger.Info("simulate: over: "+e.Title, "fault", e.Fault.Name)
		}
	}
}
