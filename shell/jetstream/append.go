package jetstream

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	felt "github.com/felt-cx/felt"
)

// maxInflight bounds the bytes published and not acknowledged; the server would
// refuse messages above 128 MiB of them.
const maxInflight = 32 << 20

// controlReserve is how far beyond its limit the log takes calls of control records
// alone. A tick a second with what the server stores around it fills it in four hours;
// a trim that makes room again follows within minutes.
const controlReserve = 1 << 20

// pending is one message on its way.
type pending struct {
	recs  []felt.Record // our copy; Seq is set when it is known
	bytes int64
	seg   *segment
	done  chan<- outcome // has room for every message of its call
}

// outcome is what became of one message.
type outcome struct {
	last felt.Seq
	err  error
}

// Append adds the records as one message, or as several when they are larger than
// 8 MiB. Data must not be changed afterwards: readers are handed the same bytes.
// When ctx ends while it waits, the records may or may not be there
// ([felt.ErrUnavailable]).
func (l *Log) Append(ctx context.Context, recs ...felt.Record) (felt.Place, error) {
	if err := l.check(ctx, recs); err != nil {
		return felt.Place{}, err
	}
	if len(recs) == 0 {
		return l.Last(ctx)
	}
	start := time.Now()
	done, messages, err := l.publish(ctx, recs)
	place := felt.Place{At: recs[len(recs)-1].At}
	for range messages {
		select {
		case o := <-done:
			place.Seq = max(place.Seq, o.last)
			if err == nil {
				err = o.err
			}
		case <-ctx.Done():
			return felt.Place{}, fmt.Errorf("append: no answer yet (%w): %w", ctx.Err(), felt.ErrUnavailable)
		case <-l.done:
			return felt.Place{}, errClosed()
		}
	}
	if err != nil {
		return felt.Place{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count.appends++
	l.count.took += time.Since(start)
	return place, nil
}

// check refuses what must not reach the log.
func (l *Log) check(ctx context.Context, recs []felt.Record) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("append: %w", err)
	}
	for i := range recs {
		r := &recs[i]
		switch {
		case r.Kind < felt.KindTelemetry || r.Kind > felt.KindEvidence:
			return fmt.Errorf("append: record %d has kind %d, which is not known", i, r.Kind)
		case r.Part != felt.Control && (r.Part < 0 || int(r.Part) >= l.opts.Partitions):
			return fmt.Errorf("append: record %d is of partition %d; this log has 0 to %d", i, r.Part, l.opts.Partitions-1)
		case r.EncodedLen() > maxRecord:
			return fmt.Errorf("append: record %d has %d bytes; the largest may have %d", i, r.EncodedLen(), maxRecord)
		}
	}
	return nil
}

// publish sends the records off, next to each other, and returns where the outcomes
// of how many messages will come.
func (l *Log) publish(ctx context.Context, recs []felt.Record) (<-chan outcome, int, error) {
	l.publishing.Lock()
	defer l.publishing.Unlock()
	if err := l.room(frameSize(recs), onlyControl(recs)); err != nil {
		return nil, 0, err
	}
	own := slices.Clone(recs)
	done := make(chan outcome, 1+len(recs))
	messages := 0
	for len(own) > 0 {
		n := chunkLen(own)
		if err := l.send(ctx, own[:n:n], done); err != nil {
			return done, messages, err
		}
		messages++
		own = own[n:]
	}
	return done, messages, nil
}

// onlyControl reports whether the call may use the reserve. Business data may not: an
// import would use up what ticks need so that the log can be trimmed.
func onlyControl(recs []felt.Record) bool {
	return !slices.ContainsFunc(recs, func(r felt.Record) bool { return r.Part != felt.Control || r.Kind == felt.KindBusiness })
}

// room reports [felt.ErrFull] when size more bytes do not fit.
func (l *Log) room(size int64, control bool) error {
	var free int64
	if l.opts.MinFree > 0 {
		var err error
		if free, err = freeBytes(l.opts.Dir); err != nil {
			return fmt.Errorf("append: %w: %w", err, felt.ErrUnavailable)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	used, limit, minFree := l.used(), l.opts.MaxBytes, l.opts.MinFree
	if control {
		limit, minFree = max(limit, l.found)+controlReserve, minFree/4
	}
	switch {
	case l.closed:
		return errClosed()
	case used+size > limit:
		l.count.full++
		return fmt.Errorf("append: %d bytes do not fit, the log has %d of at most %d: %w", size, used, limit, felt.ErrFull)
	case l.opts.MinFree > 0 && free-size < minFree:
		l.count.full++
		return fmt.Errorf("append: the disk has %d bytes left and %d are kept free: %w", free, minFree, felt.ErrFull)
	}
	return nil
}

// send publishes one message. l.publishing is held.
func (l *Log) send(ctx context.Context, recs []felt.Record, done chan<- outcome) error {
	seg, err := l.writable(ctx)
	if err != nil {
		return err
	}
	l.buf = appendFrame(l.buf[:0], recs)
	subject := subjectOf(seg.prefix(), recs)
	p := &pending{recs: recs, bytes: int64(len(l.buf) + len(subject) + storeOverhead), done: done}
	number, err := l.enter(ctx, p, seg)
	if err != nil {
		return err
	}
	err = l.nc.PublishRequest(subject, l.inbox+"."+strconv.FormatUint(number, 10), l.buf)
	if cap(l.buf) > maxFrame+maxFrame/4 {
		l.buf = nil // a rare giant must not stay in memory
	}
	if err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.pending[number] == p {
			l.settle(number, p)
			p.seg.bytes -= p.bytes
		}
		return fmt.Errorf("append: %w: %w", err, felt.ErrUnavailable)
	}
	return nil
}

// enter waits until little enough is in flight, and registers the message.
func (l *Log) enter(ctx context.Context, p *pending, seg *segment) (uint64, error) {
	l.mu.Lock()
	for !l.closed && l.inflight > 0 && l.inflight+p.bytes > maxInflight {
		freed := l.freed
		l.mu.Unlock()
		select {
		case <-freed:
		case <-l.done:
		case <-ctx.Done():
			return 0, fmt.Errorf("append: waiting for the disk (%w): %w", ctx.Err(), felt.ErrUnavailable)
		}
		l.mu.Lock()
	}
	defer l.mu.Unlock()
	if l.closed {
		return 0, errClosed()
	}
	l.number++
	l.pending[l.number] = p
	l.inflight += p.bytes
	p.seg = seg
	seg.bytes += p.bytes
	return l.number, nil
}

// settle ends the wait for a message. l.mu is held.
func (l *Log) settle(number uint64, p *pending) {
	delete(l.pending, number)
	l.inflight -= p.bytes
	close(l.freed)
	l.freed = make(chan struct{})
}

// ack is the server's answer to a published message.
type ack struct {
	Seq   uint64 `json:"seq"`
	Error *struct {
		Code        int    `json:"code"`
		ErrCode     int    `json:"err_code"`
		Description string `json:"description"`
	} `json:"error"`
}

// parseAck reads an answer: the message's number in the stream, or why it has none.
func parseAck(data []byte) (uint64, error) {
	var a ack
	if err := json.Unmarshal(data, &a); err != nil {
		return 0, fmt.Errorf("append: the log server answered %q (%w): %w", data, err, felt.ErrUnavailable)
	}
	switch {
	case a.Error == nil && a.Seq > 0:
		return a.Seq, nil
	case a.Error == nil:
		return 0, fmt.Errorf("append: the log server answered %q: %w", data, felt.ErrUnavailable)
	}
	return 0, fmt.Errorf("append: the log server could not store it: %s (%d): %w", a.Error.Description, a.Error.ErrCode, felt.ErrUnavailable)
}

// acknowledged takes the server's answers, which come one at a time in log order.
func (l *Log) acknowledged(m *nats.Msg) {
	number, ok := numberOf(m.Subject)
	if !ok {
		return
	}
	message, err := uint64(0), error(nil)
	if m.Header.Get("Status") == "503" {
		err = fmt.Errorf("append: the log server has no stream: %w", felt.ErrUnavailable)
	} else {
		message, err = parseAck(m.Data)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.pending[number]
	if p == nil { // given up when a connection was lost, and stored after all
		if err == nil && message > l.tail.last {
			l.tail.clear()
			l.tail.advance(message)
		}
		return
	}
	l.settle(number, p)
	if err != nil {
		p.seg.bytes -= p.bytes
		l.count.failed++
		p.done <- outcome{err: err}
		return
	}
	last := len(p.recs) - 1
	for i := range p.recs {
		p.recs[i].Seq = seqOf(message, i)
		l.count.bytes += uint64(p.recs[i].EncodedLen()) //nolint:gosec // a length
	}
	l.count.records += uint64(len(p.recs))
	if s := p.recs[last].Seq; s > l.newest.Seq {
		l.newest = felt.Place{Seq: s, At: p.recs[last].At}
	}
	l.tail.push(entry{message: message, recs: p.recs, bytes: p.bytes})
	p.done <- outcome{last: p.recs[last].Seq}
}
