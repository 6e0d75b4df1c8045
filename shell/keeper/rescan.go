package keeper

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/felt-cx/felt"
)

// rescan is a second look at the log, for traces that were decided after their spans
// had been passed.
type rescan struct {
	traces map[felt.TraceID]bool
	since  felt.Tick // none of them was known then
	log    source
	to     felt.Seq // from there on the first pass takes their spans
	held   *collector
	took   time.Duration
}

// rest is how many times as long as a second look took there is none afterwards.
const rest = 4

// lookAgain begins a second look when traces wait, or goes on with one, by one piece. It
// reports whether there is more of it. end: the first pass is at the log's end, and
// nothing comes any more.
func (k *Keeper) lookAgain(ctx context.Context, end bool) (more bool, err error) {
	if k.rescan == nil {
		if len(k.waiting) == 0 || time.Now().Before(k.paused) {
			return false, nil
		}
		if began, err := k.beginRescan(ctx, end); err != nil || !began {
			return false, err
		}
	}
	begin := time.Now()
	done, err := k.rescanPiece(ctx)
	if err != nil {
		return false, err
	}
	r := k.rescan
	r.took += time.Since(begin)
	if !done {
		return true, nil
	}
	spans := r.held.take(func(*heldTrace) bool { return true })
	k.endRescan()
	k.paused = time.Now().Add(max(k.opts.RescanEvery, rest*r.took))
	k.count.rescans.Add(1)
	return false, k.write(ctx, spans)
}

// beginRescan takes the traces that have waited for as long as a trace is held: what comes
// of them is over then, and no log record is parted from its span.
func (k *Keeper) beginRescan(ctx context.Context, end bool) (began bool, err error) {
	r := &rescan{traces: map[felt.TraceID]bool{}, since: k.asked, to: k.pos.Seq, held: newCollector(k.opts.TraceSpans, &k.count)}
	from := k.pos.At
	for id, w := range k.waiting {
		if end || w.read <= k.pos.At-felt.Instant(k.opts.HoldTrace) {
			r.traces[id] = true
			r.since = min(r.since, w.since)
			from = min(from, w.start-slack)
		}
	}
	if len(r.traces) == 0 {
		return false, nil
	}
	after, oldest, err := k.seek(ctx, from)
	if err != nil {
		return false, err
	}
	for id := range r.traces {
		if k.waiting[id].start < oldest {
			k.count.unreached.Add(1)
		}
		delete(k.waiting, id)
	}
	r.log = openSource(ctx, k.opts.Log, after)
	k.rescan = r
	return true, nil
}

func (k *Keeper) endRescan() {
	if k.rescan != nil {
		k.rescan.log.stop()
		k.rescan = nil
	}
}

// rescanPiece reads on; done at the end.
func (k *Keeper) rescanPiece(ctx context.Context) (done bool, err error) {
	r := k.rescan
	want := func(t felt.TraceID) bool { return r.traces[t] }
	for bytes := 0; bytes < k.opts.RescanBytes; {
		rec, err := r.log.look(r.to)
		if err != nil || rec == nil {
			return true, err
		}
		r.log.peek = nil
		bytes += rec.EncodedLen()
		k.count.rescanBytes.Add(int64(rec.EncodedLen()))
		if rec.Kind == felt.KindTelemetry {
			_ = r.held.read(*rec, want) // damage was told at the first pass
		}
		if r.held.bytes >= k.opts.HeldBytes {
			half := r.held.bytes / 2
			spans := r.held.take(func(*heldTrace) bool { return r.held.bytes > half })
			if err := k.write(ctx, spans); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// seek finds the place after which all records arrived at or after an instant, and when
// the log's oldest record arrived. The marks of the first pass narrow it down; before
// them it is searched for by halves.
func (k *Keeper) seek(ctx context.Context, at felt.Instant) (after felt.Seq, oldest felt.Instant, err error) {
	first, err := k.first(ctx, 0)
	if err != nil || first.Seq == 0 {
		return k.pos.Seq, k.pos.At, err
	}
	lo, hi := first.Seq-1, k.pos.Seq
	i := sort.Search(len(k.marks), func(i int) bool { return k.marks[i].At >= at })
	if i < len(k.marks) {
		hi = min(hi, k.marks[i].Seq)
	}
	if i > 0 { // that mark is early enough, and near
		return max(lo, k.marks[i-1].Seq), first.At, nil
	}
	for lo < hi {
		mid := lo + (hi-lo)/2
		p, err := k.first(ctx, mid)
		if err != nil {
			return 0, 0, err
		}
		if p.Seq == 0 || p.At >= at {
			hi = mid
		} else {
			lo = max(p.Seq, mid+1)
		}
	}
	return lo, first.At, nil
}

// first is the first record behind a place that has been read already; none when ctx ends.
func (k *Keeper) first(ctx context.Context, after felt.Seq) (felt.Place, error) {
	for rec, err := range k.opts.Log.Read(ctx, felt.All, after) {
		if err != nil {
			return felt.Place{}, fmt.Errorf("keeper: looking into the log after %d: %w", after, err)
		}
		return felt.Place{Seq: rec.Seq, At: rec.At}, nil
	}
	return felt.Place{}, nil
}
