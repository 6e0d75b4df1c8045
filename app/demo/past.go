package demo

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sort"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/simulate"
)

const (
	// launchedFor is how long before now the shop got its customers, at most.
	launchedFor = 2 * felt.Hour
	// denseShare is how much of the history may lie after the launch.
	denseShare = .6
	// The rise to the live rate is exponential, by e in so much time, and has so much of the history: what is
	// known late, as that a customer has left, must not lag behind a world that is suddenly another.
	riseTime  = 20 * felt.Minute
	riseShare = .1
	// riseSteps is how many times e it is from the thin past to the live rate, about.
	riseSteps = 6
	// fullFor is how long before now all spans and logs of an interaction are sent, before that the one
	// of the interaction alone: nobody looks at operations and edges further back than an hour, and what
	// stands behind a fault is judged by the hour before it.
	fullFor = 62 * felt.Minute
	// slice is how much of the past arrives at the same moment.
	slice = 10 * felt.Second
	// chunkBytes is about how large the requests are in which interactions are single spans.
	chunkBytes = 512 << 10
	// moreWithin is how long the server waits for the next request before it believes that the past is over.
	moreWithin = time.Minute
	// ahead is how many requests may wait for the server while the next are made.
	ahead = 4
	// near is how far the rows may be behind when the clock is switched.
	near = 4 * felt.Second
	// patience is how long the rows are waited for.
	patience = 2 * time.Minute
	// pastFaultAfter is when something went wrong after the launch: when all spans are sent.
	pastFaultAfter = felt.Hour
)

// history is how far the past is taken in. It is guarded by the Demo's mu.
type history struct {
	felt.Window
	total int64
	marks []mark
}

// mark says how many interactions had been sent when time had come to a moment.
type mark struct {
	at felt.Instant
	n  int64
}

// done is how many are in the rows.
func (h *history) done(at felt.Instant) int64 {
	i := sort.Search(len(h.marks), func(i int) bool { return h.marks[i].at > at })
	if i == 0 {
		return 0
	}
	return min(h.marks[i-1].n, h.total)
}

// launched is for how long the live rate has lasted: two hours, less when these alone would be
// more than the history is to have.
func (d *Demo) launched() felt.Instant {
	long := felt.Instant(denseShare * float64(d.opt.Past) / d.opt.Rate * float64(felt.Second))
	return max(0, min(launchedFor, long, felt.Instant(d.opt.History)/2))
}

// thin is the rate before the launch.
func (d *Demo) thin() float64 {
	dense := seconds(d.launched() + d.rise())
	rest := float64(d.opt.History)/float64(time.Second) - dense
	if rest <= 0 {
		return d.opt.Rate
	}
	return max(float64(d.opt.Past)-dense*d.opt.Rate, 0) / rest
}

// rise is in which time the rate grows by e before the live rate is there.
func (d *Demo) rise() felt.Instant {
	share := felt.Instant(riseShare * float64(d.opt.Past) / d.opt.Rate * float64(felt.Second))
	return max(1, min(riseTime, share, (felt.Instant(d.opt.History)-d.launched())/(2*riseSteps)))
}

// rate is how many interactions a second come at a moment, when the live rate is there at launch.
func (d *Demo) rate(at, launch felt.Instant) float64 {
	if at >= launch {
		return d.opt.Rate
	}
	return min(d.opt.Rate, max(d.thin()*wave(at), d.opt.Rate*math.Exp(-float64(launch-at)/float64(d.rise()))))
}

// wave is the shape of the thin past's days and weeks, 1 on average: quiet at night and at weekends.
func wave(at felt.Instant) float64 {
	hour := float64(at%felt.Day) / float64(felt.Hour)
	v := 1 - .75*math.Cos((hour-3)/24*2*math.Pi)
	if weekday := (int64(at/felt.Day) + 4) % 7; weekday == 0 || weekday == 6 { // the epoch was a Thursday
		return .7 * v
	}
	return 1.12 * v
}

// begins is when the world begins: now, or where the history is to go on.
func (r *run) begins(ctx context.Context, now felt.Instant) (felt.Instant, error) {
	if r.server.Clock() != felt.ClockEvent {
		return now, nil
	}
	end, err := r.server.LogEnd(ctx)
	if err != nil {
		return 0, fmt.Errorf("demo: %w", err)
	}
	begin := now - felt.Instant(max(r.opt.History, 0))
	if end.At >= begin {
		r.opt.Logger.Info("demo: the history goes on where it was cut off", "at", end.At.Time())
		begin = min(end.At+felt.Second, now)
	}
	return begin.Floor(felt.Second), nil
}

// takeIn sends the past until it is now, and switches the clock.
func (r *run) takeIn(ctx context.Context, begin, launch felt.Instant) error {
	start := time.Now()
	total := r.thin()*seconds(launch-begin) + r.opt.Rate*seconds(r.now()-launch+min(r.rise(), launch-begin))
	r.mu.Lock()
	r.phase, r.past = phaseHistory, history{Window: felt.Window{From: begin, To: r.now()}, total: int64(total)}
	r.mu.Unlock()
	r.opt.Logger.Info("demo: taking in the history", "interactions", int64(total), "from", begin.Time())
	if launch-begin > felt.Hour && r.now()-launch > 3*pastFaultAfter/2 {
		if err := r.world.Strike(pastFault, launch+pastFaultAfter, 0); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.sender.More = moreWithin
	queue, sent := make(chan chunk, ahead), make(chan struct{})
	go func() {
		defer close(sent)
		for c := range queue {
			if err := r.deliver(ctx, c.list); err != nil {
				cancel(err)
			}
			r.mu.Lock()
			r.past.marks = append(r.past.marks, c.mark)
			r.mu.Unlock()
		}
	}()
	n, err := r.replay(ctx, queue, max(launch, r.now()-fullFor))
	if err == nil {
		err = r.catchUp(ctx, queue, n)
	}
	close(queue)
	<-sent
	r.sender.More = 0
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err != nil || r.stopped() {
		return err
	}
	if err := r.server.SwitchClock(ctx); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	r.opt.Logger.Info("demo: the history is in", "interactions", n, "took", time.Since(start).Round(100*time.Millisecond).String())
	return nil
}

func seconds(d felt.Instant) float64 { return float64(d) / float64(felt.Second) }

// chunk is some of the past on its way.
type chunk struct {
	list []simulate.Body
	mark
}

// put hands a chunk on.
func (r *run) put(ctx context.Context, queue chan<- chunk, c chunk) error {
	select {
	case queue <- c:
		return nil
	case <-r.stop:
		return nil // what was sent is a past too
	case <-ctx.Done():
		return ctx.Err()
	}
}

// replay lets the world live from its beginning to now, as fast as the server takes it; all spans are
// sent from full on.
func (r *run) replay(ctx context.Context, queue chan<- chunk, full felt.Instant) (n int64, err error) {
	thin := simulate.NewEncoder(r.world, simulate.EncoderOptions{Bulk: true, Lean: true})
	var c chunk
	size := 0
	for at := r.world.Now().Floor(slice) + slice; at < full && !r.stopped(); at += slice {
		n += r.advance(at, thin)
		for _, b := range thin.Flush() {
			// Log records would have to be requests of their own, and arrive late in a request of hours.
			if b.Logs == 0 {
				c.list, size = append(c.list, b), size+len(b.Data)
			}
		}
		if size >= chunkBytes || at+slice >= full {
			c.list = append(r.changes(at), c.list...)
			c.mark = mark{at, n}
			if err := r.put(ctx, queue, c); err != nil {
				return n, err
			}
			c, size = chunk{}, 0
		}
	}
	for at := r.world.Now().Floor(slice) + slice; at <= r.now() && !r.stopped(); at += slice {
		list, tries := r.step(at)
		n += tries
		if err := r.put(ctx, queue, chunk{list, mark{at, n}}); err != nil {
			return n, err
		}
	}
	return n, nil
}

// catchUp goes on with what happens until the rows are near the present too.
func (r *run) catchUp(ctx context.Context, queue chan<- chunk, n int64) error {
	limit := time.Now().Add(patience)
	tick := time.NewTicker(time.Second / 2)
	defer tick.Stop()
	for {
		now := r.now()
		list, tries := r.step(now)
		n += tries
		if err := r.put(ctx, queue, chunk{list, mark{now, n}}); err != nil {
			return err
		}
		if r.server.Progress().Tick.Instant() >= now-near || time.Now().After(limit) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.stop:
			return nil
		case <-tick.C:
		}
	}
}

// advance lets the world live up to a moment, and counts the interactions of customers.
func (r *run) advance(to felt.Instant, e *simulate.Encoder) (n int64) {
	tries := r.world.Advance(to)
	for i := range tries {
		if tries[i].Lost() {
			r.ledger.Miss(e, &tries[i])
		} else if tries[i].Traffic == felt.TrafficCustomer {
			n++
		}
	}
	e.Put(tries)
	return n
}

// changes are what was changed since they were told last.
func (r *run) changes(to felt.Instant) []simulate.Body {
	list := r.world.Changes(r.told, to)
	r.told = to
	if len(list) == 0 {
		return nil
	}
	b, err := simulate.ChangesBody(list)
	if err != nil {
		r.opt.Logger.Error("demo: changes are not told", "err", err)
		return nil
	}
	return []simulate.Body{b}
}

// step lets the world live up to a moment, and returns what is due.
func (r *run) step(to felt.Instant) (list []simulate.Body, n int64) {
	n = r.advance(to, r.encoder)
	list = append(r.changes(to), r.encoder.Take(to)...)
	if to-r.metered >= metricsEvery {
		r.metered = to
		list = append(list, r.encoder.Metrics(to)...)
	}
	return list, n
}

// deliver sends bodies, those for the same path in one request, and enters in the ledger what was
// accepted. The error ends the demo.
func (r *run) deliver(ctx context.Context, list []simulate.Body) error {
	for len(list) > 0 {
		path := list[0].Path
		whole, rest := simulate.Body{Path: path}, []simulate.Body(nil)
		var parts []*simulate.Body
		size := 0
		for i := range list {
			if b := &list[i]; b.Path == path {
				parts, size = append(parts, b), size+len(b.Data)
			} else {
				rest = append(rest, *b)
			}
		}
		whole.Data = make([]byte, 0, size)
		for _, b := range parts {
			whole.Data = append(whole.Data, b.Data...) // messages one behind the other are one message
			whole.Spans, whole.Logs, whole.Points = whole.Spans+b.Spans, whole.Logs+b.Logs, whole.Points+b.Points
		}
		if err := r.send(ctx, &whole, parts); err != nil {
			return err
		}
		list = rest
	}
	return nil
}

func (r *run) send(ctx context.Context, whole *simulate.Body, parts []*simulate.Body) error {
	waits, rejected, err := r.sender.Send(ctx, whole)
	r.ledger.Note(waits, rejected)
	switch {
	case errors.Is(err, simulate.ErrRefused):
		r.opt.Logger.Error("demo: a request was refused; what is in it is missing", "err", err)
		r.ledger.Refuse(whole)
		return nil
	case err != nil:
		return fmt.Errorf("demo: %w", err)
	case rejected > 0:
		r.opt.Logger.Error("demo: the server rejected a part of a request; the demo's truth is too high by that", "path", whole.Path, "rejected", rejected)
	}
	for _, b := range parts {
		r.ledger.Accept(b)
	}
	return nil
}
