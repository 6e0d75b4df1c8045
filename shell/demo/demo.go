package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/felt-cx/felt"
)

// Options of the simulator. The zero value of a field means its default.
type Options struct {
	Endpoint string // where OTLP over HTTP is taken; default http://127.0.0.1:4318. See [Demo.SendTo]
	Token    string // sent as a bearer token, when the server needs one

	Seed      uint64  // what chance follows from; default 1
	Customers int     // with an account in the shop; default 2000. Others come without
	Rate      float64 // interactions of customers a second, on average; default 40

	FaultAfter time.Duration // from the start to the first fault; default 45 s; negative: no fault
	FaultFor   time.Duration // how long a fault lasts; default 2 min
	For        time.Duration // stop sending after; 0: send until told to stop

	Client *http.Client // default: one of its own, without a proxy
	Logger *slog.Logger
	Now    func() time.Time
}

// Bounds of the options.
const (
	maxCustomers = 1_000_000
	maxRate      = 2_000
)

func (o *Options) check() error {
	def(&o.Endpoint, "http://127.0.0.1:4318")
	def(&o.Seed, 1)
	def(&o.Customers, 2000)
	def(&o.Rate, 40)
	def(&o.FaultAfter, 45*time.Second)
	def(&o.FaultFor, 2*time.Minute)
	if o.Client == nil {
		o.Client = &http.Client{
			Timeout:   30 * time.Second,
			Transport: &http.Transport{MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute},
		}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	var problems []error
	if o.Customers < 1 || o.Customers > maxCustomers {
		problems = append(problems, fmt.Errorf("customers: %d; want 1 to %d", o.Customers, maxCustomers))
	}
	if !(o.Rate > 0 && o.Rate <= maxRate) {
		problems = append(problems, fmt.Errorf("rate: %v interactions a second; want more than 0 and at most %d", o.Rate, maxRate))
	}
	if o.FaultFor < 0 {
		problems = append(problems, fmt.Errorf("fault-for: %v; want a positive time", o.FaultFor))
	}
	if o.For < 0 {
		problems = append(problems, fmt.Errorf("for: %v; want a positive time, or 0 for ever", o.For))
	}
	return errors.Join(problems...)
}

func def[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// Demo is one simulated shop. Make it with [New], start it once with [Demo.Run]; the
// other methods may be called at any time, from anywhere.
type Demo struct {
	opt    Options
	ledger ledger
	stop   chan struct{} // closed when it shall stop sending
	over   chan struct{} // closed when it has

	mu       sync.Mutex
	running  bool
	stopping bool
	faults   faults
}

// New checks the options.
func New(o Options) (*Demo, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	return &Demo{opt: o, stop: make(chan struct{}), over: make(chan struct{})}, nil
}

// SendTo sets the endpoint, for a server whose address is known only when it is up. It
// must come before Run.
func (d *Demo) SendTo(endpoint string) { d.opt.Endpoint = endpoint }

// Truth counts what the server has accepted of an interaction (any, when the scope's
// name is empty) that ended in the window; a zero To is no end. Customers are counted by
// user, else by session; bots are not in it.
func (d *Demo) Truth(s felt.Scope, w felt.Window) Truth { return d.ledger.truth(s, w) }

// Sending tells that more may come: it is true until everything is delivered that was
// simulated before the end.
func (d *Demo) Sending() bool {
	select {
	case <-d.over:
		return false
	default:
		return true
	}
}

// Stop makes Run deliver what has ended and return. It may be called more than once.
func (d *Demo) Stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.stopping {
		d.stopping = true
		close(d.stop)
	}
}

// begin notes when the shop opens; an error when it did before.
func (d *Demo) begin(start felt.Instant) (faults, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.running {
		return faults{}, errors.New("demo: Run was called before; make another one")
	}
	d.running = true
	d.faults = newFaults(start, felt.Instant(d.opt.FaultAfter), felt.Instant(d.opt.FaultFor))
	d.ledger.begin(start)
	return d.faults, nil
}

const (
	// stepEvery is how often the shop's time moves: the longest a failure waits.
	stepEvery = 200 * time.Millisecond
	// metricsEvery is how often the services send metrics.
	metricsEvery = 10 * felt.Second
	// maxGap is how much time is caught up after a pause. What is longer (a server that
	// was away, a laptop that slept) did not happen in the shop.
	maxGap = 30 * felt.Second
)

// Run simulates and sends until it is told to stop, has sent for as long as it should
// (then it delivers what has ended), or ctx ends: all return nil. The error is that the
// server does not let the demo in.
func (d *Demo) Run(ctx context.Context) error {
	start := felt.InstantOf(d.opt.Now())
	f, err := d.begin(start)
	if err != nil {
		return err
	}
	defer close(d.over)
	r := &run{
		Demo: d, faults: f, start: start, last: start, metered: start,
		shop:   newShop(d.opt.Seed, start, d.opt.Customers, d.opt.Rate, f),
		outbox: newOutbox(),
		sender: sender{d.opt.Client, strings.TrimSuffix(d.opt.Endpoint, "/"), d.opt.Token, d.opt.Logger, d.opt.Now},
	}
	d.opt.Logger.Info("demo: the shop is open", "interactions_per_second", d.opt.Rate, "customers", d.opt.Customers, "seed", d.opt.Seed)
	if w, ok := f.next(start - 1); ok {
		d.opt.Logger.Info("demo: a fault will strike", "in", time.Duration(w.From-start).String(), "for", time.Duration(w.To-w.From).String())
	}
	err = r.loop(ctx)
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the end of ctx is not an error
	}
	if err == nil {
		d.opt.Logger.Info("demo: the shop is closed, everything is delivered")
	}
	return err
}

// run is a Demo under way.
type run struct {
	*Demo
	faults  faults
	start   felt.Instant
	last    felt.Instant // up to where time has passed
	metered felt.Instant
	struck  bool // what was announced last
	shop    *shop
	outbox  *outbox
	sender  sender
}

func (r *run) loop(ctx context.Context) error {
	tick := time.NewTicker(stepEvery)
	defer tick.Stop()
	for {
		stop := false
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.stop:
			stop = true
		case <-tick.C:
		}
		now := felt.InstantOf(r.opt.Now())
		if r.opt.For > 0 && now-r.start >= felt.Instant(r.opt.For) {
			now, stop = r.start+felt.Instant(r.opt.For), true
		}
		r.announce(now)
		if err := r.step(ctx, now, stop); err != nil || stop {
			return err
		}
	}
}

// step lets time pass and sends what is due, or everything.
func (r *run) step(ctx context.Context, now felt.Instant, all bool) error {
	if gap := now - r.last; gap > maxGap {
		r.shop.shift += gap - maxGap
	}
	r.last = max(r.last, now)
	for _, t := range r.shop.advance(r.last - r.shop.shift) {
		r.outbox.put(t)
	}
	requests := r.outbox.take(now)
	if all {
		requests = append(requests, r.outbox.takeAll()...)
	}
	if now-r.metered >= metricsEvery {
		r.metered = now
		requests = append(requests, r.outbox.metrics(r.start, now))
	}
	for i := range requests {
		if err := r.deliver(ctx, &requests[i]); err != nil {
			return err
		}
	}
	return nil
}

// deliver sends a request and enters in the ledger what was accepted.
func (r *run) deliver(ctx context.Context, q *request) error {
	waits, rejected, err := r.sender.send(ctx, q)
	got := q.totals
	switch {
	case errors.Is(err, errRefused):
		r.opt.Logger.Error("demo: a request was refused; what is in it is missing", "err", err)
		got = totals{Refused: got.Spans + got.Logs + got.Points, Waits: waits}
		r.ledger.add(nil, got)
		return nil
	case err != nil:
		return err
	case rejected > 0:
		r.opt.Logger.Error("demo: the server rejected a part of a request; the demo's truth is too high by that", "path", q.path, "rejected", rejected)
	}
	got.Waits, got.Rejected = waits, rejected
	r.ledger.add(q.entries, got)
	return nil
}

// announce says what happens in the shop.
func (r *run) announce(now felt.Instant) {
	struck := r.faults.strikes(now)
	if struck == r.struck {
		return
	}
	r.struck = struck
	if struck {
		r.opt.Logger.Warn("demo: fault: "+faultStory, "interaction", faultName)
		return
	}
	next, _ := r.faults.next(now)
	r.opt.Logger.Info("demo: recovered: payments work again", "interaction", faultName, "next_fault", next.From.Time().Format(time.TimeOnly))
}
