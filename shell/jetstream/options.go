package jetstream

import (
	"fmt"
	"log/slog"
	"time"

	felt "github.com/felt-cx/felt"
)

// The defaults of [Options].
const (
	DefaultMaxBytes  = 20 << 30
	DefaultMaxAge    = 24 * time.Hour
	DefaultTailBytes = 16 << 20
	DefaultMinFree   = 256 << 20
)

// Options say where a log is kept and how much it may grow. The zero value of every
// field but Dir means its default.
type Options struct {
	// Dir is the directory of the log, made when it is not there. It belongs to one
	// process at a time.
	Dir string
	// MaxBytes bounds the log on disk (default 20 GiB). At the bound Append fails with
	// [felt.ErrFull]; calls of control records alone do so 1 MiB later.
	MaxBytes int64
	// KeepBytes is how much [Log.Trim] leaves (default half of MaxBytes), so that
	// there is room to append while the next trim is due.
	KeepBytes int64
	// MaxAge is how long records are kept against trimming (default 24 h), on the
	// log's own clock: against the arrival of the newest record.
	MaxAge time.Duration
	// SegmentBytes is the size of the streams that make up the log (default an eighth
	// of MaxBytes, 16 MiB to 1 GiB). Only the newest one is checked record by record
	// after a crash, at about 600 MB/s from a cold disk.
	SegmentBytes int64
	// MinFree is the free disk space below which the log counts as full (default
	// 256 MiB; negative: do not look). For calls of control records alone it is full
	// below a quarter of that.
	MinFree int64
	// TailBytes is how much of what was appended last stays in memory for readers that
	// keep up (default 16 MiB; negative: nothing).
	TailBytes int64
	// Partitions bounds the partitions of telemetry records (default [felt.MaxParts]).
	Partitions int
	// Unsynced acknowledges before the disk has the data: faster, and a crash of the
	// machine (not of the process) may lose what was acknowledged. For tests and
	// imports that can be repeated.
	Unsynced bool
	// Logger gets the server's warnings and errors (default [slog.Default]).
	Logger *slog.Logger
}

// withDefaults fills in the defaults and checks what was given.
func (o Options) withDefaults() (Options, error) {
	if o.Dir == "" {
		return o, fmt.Errorf("log: no directory given: set Options.Dir")
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.KeepBytes == 0 {
		o.KeepBytes = o.MaxBytes / 2
	}
	if o.MaxAge == 0 {
		o.MaxAge = DefaultMaxAge
	}
	if o.SegmentBytes == 0 {
		o.SegmentBytes = min(max(o.MaxBytes/8, 16<<20), 1<<30)
	}
	if o.MinFree == 0 {
		o.MinFree = DefaultMinFree
	}
	if o.TailBytes == 0 {
		o.TailBytes = DefaultTailBytes
	}
	if o.Partitions == 0 {
		o.Partitions = felt.MaxParts
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	switch {
	case o.MaxBytes < 0 || o.KeepBytes < 0 || o.KeepBytes > o.MaxBytes:
		return o, fmt.Errorf("log: it keeps %d of at most %d bytes: both must be positive, and the first not above the second", o.KeepBytes, o.MaxBytes)
	case o.SegmentBytes < 0:
		return o, fmt.Errorf("log: segments of %d bytes: the size must be positive", o.SegmentBytes)
	case o.MaxAge < 0:
		return o, fmt.Errorf("log: maximal age is %v: it must be positive", o.MaxAge)
	case o.Partitions < 1 || o.Partitions > felt.MaxParts:
		return o, fmt.Errorf("log: %d partitions: choose 1 to %d", o.Partitions, felt.MaxParts)
	}
	return o, nil
}
