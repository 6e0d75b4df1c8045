package keeper

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/felt-cx/felt"
)

// retry does something with the store until it works; the error is one after which
// trying is no use, or that of ctx.
func (k *Keeper) retry(ctx context.Context, what string, do func() error) error {
	pause := 50 * time.Millisecond
	for {
		err := do()
		if err == nil {
			return nil
		}
		if errors.Is(err, felt.ErrStale) {
			return fmt.Errorf("another keeper has taken over this store: %w", err)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("keeper: %s: %w", what, err)
		}
		k.count.storeErrors.Add(1)
		k.opts.Logger.Error("keeper: "+what+" failed; trying again", "err", err, "pause", pause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, 5*time.Second)
	}
}

// write stores spans, and with the last of them how far everything is stored.
func (k *Keeper) write(ctx context.Context, spans []felt.Span) error {
	for {
		n := min(len(spans), k.opts.BatchSpans)
		last := n == len(spans)
		if err := k.writeBatch(ctx, spans[:n], last); err != nil || last {
			return err
		}
		spans = spans[n:]
	}
}

// writeBatch writes one batch. Its tick is one that no batch of the keeper had before,
// whatever became of the ones before: a store skips ticks that it has seen.
func (k *Keeper) writeBatch(ctx context.Context, spans []felt.Span, last bool) error {
	k.batch = max(k.batch+1, k.asked)
	at := felt.Cursor{Name: CursorName, Seq: k.Seq(), Tick: k.batch, Epoch: k.epoch}
	batches := []felt.Batch{{ID: felt.BatchID{Stage: felt.StageKeeper, Tick: k.batch}, Spans: spans}}
	lateTick := k.lateTick()
	if last {
		at.Seq = k.safe()
		batches = append(batches, felt.Batch{
			ID:     felt.BatchID{Stage: felt.StageKeeper, Part: 1, Tick: k.batch},
			Cursor: felt.Cursor{Name: LateCursorName, Seq: at.Seq, Tick: lateTick, Epoch: k.epoch},
		})
	}
	batches[0].Cursor = at
	err := k.retry(ctx, "writing spans", func() error {
		if err := k.opts.Store.Write(ctx, batches...); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	k.wrote = time.Now()
	k.count.spans.Add(int64(len(spans)))
	k.count.writes.Add(1)
	if last {
		k.count.lateTick = lateTick
	}
	k.mu.Lock()
	k.state.safe = at.Seq
	k.mu.Unlock()
	return nil
}
