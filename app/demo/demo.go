package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/simulate"
)

// Options of the demo. The zero value of a field means its default.
type Options struct {
	Token string // sent as a bearer token, when the server needs one

	Seed      uint64  // what chance follows from; default 1
	Customers int     // with an account in the shop; default 20,000. Others come without
	Rate      float64 // interactions of customers a second, live; default 40

	History time.Duration // how long the past is; default 28 days; negative: none
	Past    int           // interactions in it, about; default 500,000

	Scenario   string        // which fault strikes by itself; default the first of [Scenarios]
	FaultAfter time.Duration // from the beginning of live traffic to the first fault; default 45 s; negative: none by itself
	FaultFor   time.Duration // how long it lasts; default 2 min
	For        time.Duration // stop sending after so long of live traffic; 0: send until told to stop

	Client *http.Client // default: one of its own, without a proxy
	Logger *slog.Logger
	Now    func() time.Time
}

// Bounds of the options.
const (
	maxCustomers = 1_000_000
	maxRate      = 2_000
	maxPast      = 50_000_000
)

func (o *Options) check() error {
	def(&o.Seed, 1)
	def(&o.Customers, 20_000)
	def(&o.Rate, 40)
	def(&o.History, 28*24*time.Hour)
	def(&o.Past, 500_000)
	def(&o.Scenario, Scenarios()[0].Name)
	def(&o.FaultAfter, 45*time.Second)
	def(&o.FaultFor, 2*time.Minute)
	if o.Client == nil {
		o.Client = &http.Client{
			Timeout:   time.Minute,
			Transport: &http.Transport{MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute},
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
	if o.Past < 1 || o.Past > maxPast {
		problems = append(problems, fmt.Errorf("past: %d interactions; want 1 to %d", o.Past, maxPast))
	}
	if o.FaultFor < 0 {
		problems = append(problems, fmt.Errorf("fault-for: %v; want a positive time", o.FaultFor))
	}
	if o.For < 0 {
		problems = append(problems, fmt.Errorf("for: %v; want a positive time, or 0 for ever", o.For))
	}
	if _, err := named(o.Scenario); err != nil {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

func def[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// Server is the one that the demo runs beside.
type Server interface {
	// Clock is that of its log: with the event clock there is a history to take in.
	Clock() felt.Clock
	// SwitchClock turns it into the wall clock.
	SwitchClock(ctx context.Context) error
	// LogEnd is where the log ends; its zero value when it is empty.
	LogEnd(ctx context.Context) (felt.Place, error)
	// Progress is how far the rows are.
	Progress() felt.Progress
}

// The phases of a demo.
const (
	phaseHistory = "history"
	phaseLive    = "live"
)

// Demo is one made-up shop. Make it with [New], start it once with [Demo.Run]; the other
// methods may be called at any time, from anywhere.
type Demo struct {
	opt  Options
	stop chan struct{} // closed when it shall stop sending
	over chan struct{} // closed when it has

	mu       sync.Mutex
	running  bool
	stopping bool
	scenario Scenario
	next     felt.Instant // when it strikes next; 0 not by itself
	asked    bool         // somebody chose another: it strikes at once
	world    *simulate.World
	ledger   *simulate.Ledger
	phase    string
	past     history
	server   Server
}

// New checks the options.
func New(o Options) (*Demo, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	d := &Demo{opt: o, stop: make(chan struct{}), over: make(chan struct{}), phase: phaseLive}
	d.scenario, _ = named(o.Scenario) // checked
	if o.History > 0 {
		d.phase = phaseHistory
	}
	return d, nil
}

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

// Choose lets another scenario strike, at once; while the history is taken in, as the first. A
// fault that lasts ends.
func (d *Demo) Choose(name string) error {
	s, err := named(name)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.scenario, d.asked = s, d.phase == phaseLive
	return nil
}

const (
	// stepEvery is how often the world's time moves: the longest a failure waits.
	stepEvery = 200 * time.Millisecond
	// metricsEvery is how often the services send metrics.
	metricsEvery = 10 * felt.Second
	// maxGap is how much time is caught up after a pause. What is longer (a server that
	// was away, a laptop that slept) did not happen in the shop.
	maxGap = 30 * felt.Second
	// faultEvery is from the start of one fault to the start of the next.
	faultEvery = 30 * felt.Minute
	// calm is the least time between two faults, so that the first is over on the page too.
	calm = 10 * felt.Minute
)

// Run sends to a server until it is told to stop, has sent for as long as it should (then it
// delivers what has ended), or ctx ends: all return nil. The error is that the server does not let
// the demo in, or cannot switch its clock.
func (d *Demo) Run(ctx context.Context, s Server, to string) error {
	d.mu.Lock()
	if d.running {
		d.mu.Unlock()
		return errors.New("demo: Run was called before; make another one")
	}
	d.running, d.server = true, s
	d.mu.Unlock()
	defer close(d.over)
	r := &run{Demo: d, server: s, sender: &simulate.Sender{Client: d.opt.Client, To: to, Token: d.opt.Token, Logger: d.opt.Logger, Now: d.opt.Now}}
	err := r.run(ctx)
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
	server  Server
	sender  *simulate.Sender
	encoder *simulate.Encoder // of what is sent as it happens
	told    felt.Instant      // up to where changes were told
	metered felt.Instant
	struck  bool // what was announced last
}

func (r *run) run(ctx context.Context) error {
	now := r.now()
	begin, err := r.begins(ctx, now)
	if err != nil {
		return err
	}
	launch := max(begin, now-r.launched())
	if err := r.open(begin, launch); err != nil {
		return err
	}
	if r.server.Clock() == felt.ClockEvent {
		if err := r.takeIn(ctx, begin, launch); err != nil || r.stopped() {
			return err
		}
	}
	return r.live(ctx)
}

func (r *run) now() felt.Instant { return felt.InstantOf(r.opt.Now()) }

func (d *Demo) stopped() bool {
	select {
	case <-d.stop:
		return true
	default:
		return false
	}
}

// open makes the world.
func (r *run) open(begin, launch felt.Instant) error {
	w, err := simulate.New(world(&r.opt, begin, launch-riseSteps*r.rise()), simulate.Options{
		Seed: r.opt.Seed, Start: begin, Rate: r.opt.Rate,
		RateAt: func(at felt.Instant) float64 { return r.rate(at, launch) },
	})
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.world, r.ledger = w, simulate.NewLedger(w, 2*r.opt.Past)
	r.encoder = simulate.NewEncoder(w, simulate.EncoderOptions{})
	r.told, r.metered = begin-1, launch
	return nil
}

// live sends what happens, as it happens.
func (r *run) live(ctx context.Context) error {
	start := r.now()
	r.mu.Lock()
	r.phase = phaseLive
	if r.opt.FaultAfter >= 0 {
		r.next = start + felt.Instant(r.opt.FaultAfter)
	}
	r.mu.Unlock()
	r.opt.Logger.Info("demo: the shop is open", "interactions_per_second", r.opt.Rate, "customers", r.opt.Customers, "seed", r.opt.Seed)
	if r.opt.FaultAfter >= 0 {
		r.opt.Logger.Info("demo: a fault will strike", "in", r.opt.FaultAfter.String(), "for", r.opt.FaultFor.String())
	}
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
		now := r.now()
		if r.opt.For > 0 && now-start >= felt.Instant(r.opt.For) {
			now, stop = start+felt.Instant(r.opt.For), true
		}
		if gap := now - r.world.Now(); gap > maxGap {
			r.world.Skip(gap - maxGap)
		}
		r.faults(now)
		list, _ := r.step(now)
		if stop {
			list = append(list, r.encoder.Flush()...)
		}
		if err := r.deliver(ctx, list); err != nil || stop {
			return err
		}
	}
}

// faults strikes when it is time, and says what happens in the shop.
func (r *run) faults(now felt.Instant) {
	r.mu.Lock()
	s, due := r.scenario, r.next > 0 && now >= r.next
	switch {
	case r.asked:
		r.world.Heal(now)
		r.strike(s, now, s.fault.Duration)
	case due:
		r.strike(s, now, felt.Instant(r.opt.FaultFor))
	}
	r.mu.Unlock()
	e, on := r.lasting(now)
	if on != r.struck {
		r.struck = on
		if on {
			r.opt.Logger.Warn("demo: fault: "+e.Title, "scenario", e.Fault.Name)
		} else {
			r.opt.Logger.Info("demo: the fault is over; customers recover")
		}
	}
}

// strike lets a scenario strike, for a length or as long as the fault says. r.mu is held.
func (r *run) strike(s Scenario, now, long felt.Instant) {
	if err := r.world.Strike(s.Name, now, long); err != nil {
		r.opt.Logger.Error("demo: the fault does not strike", "err", err)
	}
	r.asked, r.next = false, 0
	if r.opt.FaultAfter >= 0 {
		r.next = now + max(faultEvery, max(long, s.fault.Duration)+calm)
	}
}

// lasting is the fault that strikes at a moment.
func (d *Demo) lasting(at felt.Instant) (simulate.Episode, bool) {
	for _, e := range d.episodes() {
		if e.From <= at && at < e.To {
			return e, true
		}
	}
	return simulate.Episode{}, false
}

// episodes are the faults that were and are, but for the one of the past.
func (d *Demo) episodes() (list []simulate.Episode) {
	if d.world == nil {
		return nil
	}
	for _, e := range d.world.Episodes() {
		if e.Fault.Name != pastFault && e.To > e.From {
			list = append(list, e)
		}
	}
	return list
}
