package mem

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sort"
	"sync"
	"time"

	felt "github.com/felt-cx/felt"
)

// controlReserve is how far beyond MaxBytes calls of control records alone are taken.
const controlReserve = 1 << 20

// LogOptions say how much a [Log] keeps. The zero value has no limits.
type LogOptions struct {
	MaxBytes  int64         // Append fails with [felt.ErrFull] above it, for control records 1 MiB later; 0: no limit
	KeepBytes int64         // what Trim leaves by size; 0: all
	MaxAge    time.Duration // what Trim leaves by age, against the newest record; 0: all

	// Fail, when set, is asked before each Append. With an error Append fails; stored
	// says whether the records are there nevertheless ("failed but persisted").
	Fail func(recs []felt.Record) (stored bool, err error)
}

// Log is a [felt.Log] and [felt.Trimmer] in memory, safe for concurrent use. Seqs
// count in steps of one.
type Log struct {
	opts LogOptions

	mu      sync.Mutex
	recs    []felt.Record // in log order; Seq is set
	next    felt.Seq      // of the next record
	bytes   int64
	newest  felt.Place
	full    uint64
	appends uint64
	total   uint64 // bytes ever appended
	changed chan struct{}
	closed  bool
}

// NewLog makes an empty log.
func NewLog(opts LogOptions) *Log {
	return &Log{opts: opts, next: 1, changed: make(chan struct{})}
}

// Append adds the records, or none of them.
func (l *Log) Append(ctx context.Context, recs ...felt.Record) (felt.Place, error) {
	if err := ctx.Err(); err != nil {
		return felt.Place{}, fmt.Errorf("append: %w", err)
	}
	var failure error
	if l.opts.Fail != nil {
		var stored bool
		if stored, failure = l.opts.Fail(recs); failure != nil && !stored {
			return felt.Place{}, failure
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return felt.Place{}, errClosed()
	}
	if err := l.check(recs); err != nil {
		return felt.Place{}, err
	}
	for _, r := range recs {
		r.Seq = l.next
		l.next++
		l.bytes += int64(r.EncodedLen())
		l.total += uint64(r.EncodedLen()) //nolint:gosec // a length
		l.recs = append(l.recs, r)
		l.newest = felt.Place{Seq: r.Seq, At: r.At}
	}
	if len(recs) > 0 {
		l.appends++
		l.wake()
	}
	if failure != nil {
		return felt.Place{}, failure
	}
	return l.newest, nil
}

// check refuses what does not fit or is no record. l.mu is held.
func (l *Log) check(recs []felt.Record) error {
	size, limit := int64(0), l.opts.MaxBytes+controlReserve
	for i := range recs {
		r := &recs[i]
		if r.Kind < felt.KindTelemetry || r.Kind > felt.KindEvidence {
			return fmt.Errorf("append: record %d has kind %d, which is not known", i, r.Kind)
		}
		if r.Part != felt.Control && (r.Part < 0 || r.Part >= felt.MaxParts) {
			return fmt.Errorf("append: record %d is of partition %d; a log has 0 to %d", i, r.Part, felt.MaxParts-1)
		}
		size += int64(r.EncodedLen())
		if r.Part != felt.Control || r.Kind == felt.KindBusiness {
			limit = l.opts.MaxBytes
		}
	}
	if l.opts.MaxBytes > 0 && l.bytes+size > limit {
		l.full++
		return fmt.Errorf("append: %d bytes do not fit, the log has %d of at most %d: %w", size, l.bytes, limit, felt.ErrFull)
	}
	return nil
}

// wake lets waiting readers look again. l.mu is held.
func (l *Log) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// Read yields the records after the given place and waits for more until ctx ends.
func (l *Log) Read(ctx context.Context, part felt.Part, after felt.Seq) iter.Seq2[felt.Record, error] {
	return func(yield func(felt.Record, error) bool) {
		after := after // each range over the sequence begins anew
		for {
			recs, changed, err := l.from(after)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				yield(felt.Record{}, err)
				return
			}
			for _, r := range recs {
				after = r.Seq
				if part != felt.All && r.Part != part && r.Part != felt.Control {
					continue
				}
				if !yield(r, nil) || ctx.Err() != nil {
					return
				}
			}
			if len(recs) > 0 {
				continue
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}
}

// from returns up to 1,024 records after the place.
func (l *Log) from(after felt.Seq) ([]felt.Record, <-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, nil, errClosed()
	}
	i := l.index(after)
	return slices.Clone(l.recs[i:min(i+1024, len(l.recs))]), l.changed, nil
}

// index is that of the first record after the place. l.mu is held.
func (l *Log) index(after felt.Seq) int {
	return sort.Search(len(l.recs), func(i int) bool { return l.recs[i].Seq > after })
}

// Last returns the place of the newest record.
func (l *Log) Last(context.Context) (felt.Place, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return felt.Place{}, errClosed()
	}
	return l.newest, nil
}

// Trim lets go of records up to and including upTo that are over age or size; never
// of the newest one.
func (l *Log) Trim(_ context.Context, upTo felt.Seq) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errClosed()
	}
	end := min(l.index(upTo), len(l.recs)-1)
	cut := 0
	for cut < end {
		r := &l.recs[cut]
		old := l.opts.MaxAge > 0 && r.At < l.newest.At-felt.Instant(l.opts.MaxAge)
		large := l.opts.KeepBytes > 0 && l.bytes > l.opts.KeepBytes
		if !old && !large {
			break
		}
		l.bytes -= int64(r.EncodedLen())
		cut++
	}
	l.recs = slices.Delete(l.recs, 0, cut)
	return nil
}

// Close ends every Read with [felt.ErrUnavailable].
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		l.wake()
	}
	return nil
}

// Metrics returns the log's own numbers.
func (l *Log) Metrics() []felt.Metric {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := l.next
	if len(l.recs) > 0 {
		first = l.recs[0].Seq
	}
	return []felt.Metric{
		{Name: "felt_log_appended_bytes_total", Help: "Bytes of records appended.", Type: felt.MetricCounter, Value: float64(l.total)},
		{Name: "felt_log_appended_records_total", Help: "Records appended.", Type: felt.MetricCounter, Value: float64(l.next - 1)},
		{Name: "felt_log_appends_total", Help: "Appends acknowledged.", Type: felt.MetricCounter, Value: float64(l.appends)},
		{Name: "felt_log_full_total", Help: "Appends refused because the log is full.", Type: felt.MetricCounter, Value: float64(l.full)},
		{Name: "felt_log_bytes", Help: "Bytes of the log.", Type: felt.MetricGauge, Value: float64(l.bytes)},
		{Name: "felt_log_max_bytes", Help: "Bytes at which the log is full; 0: never.", Type: felt.MetricGauge, Value: float64(l.opts.MaxBytes)},
		{Name: "felt_log_first_seq", Help: "Place of the oldest record kept.", Type: felt.MetricGauge, Value: float64(first)},
		{Name: "felt_log_last_seq", Help: "Place of the newest record.", Type: felt.MetricGauge, Value: float64(l.newest.Seq)},
	}
}

func errClosed() error { return fmt.Errorf("log is closed: %w", felt.ErrUnavailable) }
