package ingest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/business"
)

// businessRecord is the size from which on business data is divided into records.
const businessRecord = 1 << 20

// Business appends business data that was read elsewhere, in as many records as it
// needs, and returns when it is on the log. Errors are those of [felt.Log]: after one,
// some of it may be there, and sending it again doubles nothing.
func (d *Door) Business(ctx context.Context, b felt.Business) error {
	if f := d.appendBusiness(ctx, b, ticket{door: d, moved: true}); f != nil {
		return errors.New("ingest: " + f.message)
	}
	return nil
}

// appendBusiness puts rows on the log. The ticket is given back when they are there.
func (d *Door) appendBusiness(ctx context.Context, b felt.Business, t ticket) *fault {
	parts, err := business.Records(b, min(businessRecord, d.limits.Record-64))
	if err != nil {
		t.release()
		d.opt.Logger.Error("ingest: business data cannot be written down", "error", err)
		return faultf(resultPanicked, "Felt could not process this; its log says more")
	}
	recs := make([]felt.Record, 0, len(parts))
	for _, data := range parts {
		recs = append(recs, felt.Record{Kind: felt.KindBusiness, Part: felt.Control, Data: data})
	}
	if len(recs) == 0 {
		t.release()
		return nil
	}
	w := newWaiter(t)
	d.mu.Lock()
	if d.closing {
		d.mu.Unlock()
		w.ticket.release()
		return appendFault(errClosing)
	}
	d.ready = append(d.ready, group{recs: recs, business: true, waiters: []*waiter{w}})
	d.mu.Unlock()
	d.signal()
	f := d.await(ctx, w)
	if f == nil {
		d.stats.businessRows(&b)
	}
	return f
}

// readBusiness unpacks a body and reads it in one of the slots, so that what it costs in
// memory and time is bounded as for telemetry.
func (d *Door) readBusiness(ctx context.Context, t *ticket, packed string, body []byte, read func([]byte) (business.Result, error)) (r business.Result, f *fault) {
	s, f := d.waitTurn(ctx)
	if f != nil {
		return r, f
	}
	defer d.exit(s, nil, nil)
	defer func() {
		if p := recover(); p != nil {
			d.stats.panics.Add(1)
			d.opt.Logger.Error("ingest: reading business data panicked; the request was refused",
				"panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			r, f = business.Result{}, faultf(resultPanicked, "Felt could not process this; its log says more")
		}
	}()
	plain, f := s.unpack.open(packed, body, d.limits.Business)
	if f != nil {
		return r, f
	}
	defer s.unpack.tidy()
	if f := t.take(int64(len(plain))); f != nil { // what is read of it stays until it is on the log
		return r, f
	}
	r, err := read(plain)
	if err != nil {
		return business.Result{}, faultf(resultBad, "%v", err)
	}
	return r, nil
}

// businessOptions say how to read what comes now.
func (d *Door) businessOptions() business.Options {
	return business.Options{Key: d.opt.Key, Now: max(felt.InstantOf(d.opt.Now()), felt.Instant(time.Second)), Limits: d.limits.BusinessItems}
}
