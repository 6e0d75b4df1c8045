package felt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
)

// RecordFormat is the version of the record envelope, its first byte.
const RecordFormat = 1

// Kind says what a record carries.
type Kind uint8

// The kinds of records. Numbers are part of the format and never reused.
const (
	KindTelemetry Kind = 1 // blocks of package core/otlp, of one partition
	KindTick      Kind = 2 // no data: everything that arrived before At is in front of it
	KindSettings  Kind = 3 // [Settings] as JSON: takes effect at the next tick
	KindCommand   Kind = 4 // [Command] as JSON: what a person or a machine asked for
	KindClock     Kind = 5 // no data: an event log becomes a wall log, for ever
	KindInventory Kind = 6 // [Inventory] as JSON: takes effect at the next tick
	KindBusiness  Kind = 7 // [Business] as JSON: what came from outside of telemetry
	KindEvidence  Kind = 8 // [Evidence] as JSON: what history says about an incident
)

// Part is one of the virtual partitions 0..P-1 of a log, or [Control] or [All].
type Part int16

const (
	// Control is the partition of records that concern every partition: ticks,
	// settings, commands.
	Control Part = -1
	// All asks [Log.Read] for every record of the log, in log order.
	All Part = -2
)

// MaxParts bounds the number of partitions of one data directory.
const MaxParts = 64

// Seq is a record's place in its log: positive, growing in log order over all
// partitions, with gaps. Zero stands before the first record.
type Seq uint64

// Place is where a record was appended.
type Place struct {
	Seq Seq     // of the last record appended
	At  Instant // its arrival
}

// Record is one entry of the log. Records are self-contained: each can be decoded
// without any other.
type Record struct {
	Kind Kind
	Part Part    // [Control] for everything but telemetry
	At   Instant // arrival at the door; never decreasing along the log
	Seq  Seq     // set by [Log.Read]; ignored by Append
	Data []byte  // owned by the record: never changed after Append or once read
}

// recordHeader is format, kind, part (2 bytes), arrival (8 bytes).
const recordHeader = 12

// AppendTo appends the record's canonical encoding (without Seq) to dst.
func (r Record) AppendTo(dst []byte) []byte {
	dst = append(dst, RecordFormat, byte(r.Kind))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(r.Part))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.At))
	return append(dst, r.Data...)
}

// EncodedLen is the length that AppendTo adds.
func (r Record) EncodedLen() int { return recordHeader + len(r.Data) }

// ParseRecord is the inverse of AppendTo. Data aliases b.
func ParseRecord(b []byte) (Record, error) {
	if len(b) < recordHeader {
		return Record{}, fmt.Errorf("record of %d bytes is shorter than its header of %d: %w", len(b), recordHeader, ErrCorrupt)
	}
	if b[0] != RecordFormat {
		return Record{}, fmt.Errorf("record format %d, this build reads format %d: %w", b[0], RecordFormat, ErrCorrupt)
	}
	r := Record{
		Kind: Kind(b[1]),
		Part: Part(binary.LittleEndian.Uint16(b[2:])),
		At:   Instant(binary.LittleEndian.Uint64(b[4:])),
		Data: b[recordHeader:],
	}
	if r.Kind < KindTelemetry || r.Kind > KindEvidence {
		return Record{}, fmt.Errorf("record kind %d is not known: %w", r.Kind, ErrCorrupt)
	}
	if r.Part != Control && (r.Part < 0 || r.Part >= MaxParts) {
		return Record{}, fmt.Errorf("record partition %d is outside 0..%d: %w", r.Part, MaxParts-1, ErrCorrupt)
	}
	return r, nil
}

// Errors that ports return, to be tested with [errors.Is].
var (
	// ErrFull: the log has reached its size limit; nothing was appended. Retry later.
	// Control records still go in for hours (see [Log.Append]).
	ErrFull = errors.New("log is full")
	// ErrUnavailable: the log cannot be reached or is closing. What was being appended
	// may or may not be there. Retry.
	ErrUnavailable = errors.New("log is unavailable")
	// ErrCorrupt: bytes that this build did not write, or that were damaged.
	ErrCorrupt = errors.New("corrupt data")
	// ErrStale: a writer with an older epoch; another worker has taken over.
	ErrStale = errors.New("writer has been superseded")
	// ErrNotFound: no such row.
	ErrNotFound = errors.New("not found")
	// ErrUnanswerable: the question cannot be answered from the rows that are kept, or
	// is not one; the message says why and what can be asked instead.
	ErrUnanswerable = errors.New("question cannot be answered")
)

// Log is the durable, ordered log of records.
//
// Implementations MUST pass package shell/logtest.
type Log interface {
	// Append adds the records in the given order, next to each other with respect to
	// other calls from the same goroutine. A nil error means: all of them survive a
	// crash of process and machine (synced). On error none, some or all of them may
	// be there, but never out of order; a caller that repeats them causes duplicates,
	// which readers tolerate. [ErrFull]: none of them is there. Arrival stamps (At) must not
	// decrease from call to call; Append does not change them. Safe for concurrent use.
	//
	// A log with a limit is full for telemetry first: about 1 MiB beyond the limit is in
	// reserve for calls that hold nothing but records of [Control], business data apart:
	// an import is as large as telemetry. With the ticks time passes, readers get on and
	// snapshot, and the log can be trimmed, so that it has room again by itself.
	Append(ctx context.Context, recs ...Record) (Place, error)

	// Read yields the records after the given place in log order, and then waits for
	// more until ctx ends, which ends the iteration without an error. A partition's
	// reader sees that partition's telemetry and all control records; [All] sees
	// everything. A non-nil error is the last thing yielded. Records older than
	// retention are skipped: the first Seq tells.
	Read(ctx context.Context, part Part, after Seq) iter.Seq2[Record, error]

	// Last returns the place of the newest record, or the zero Place of an empty log,
	// so that the clock goes on from there.
	Last(ctx context.Context) (Place, error)
}

// Trimmer is implemented by logs that can forget.
type Trimmer interface {
	// Trim lets go of records up to and including seq that are over the log's age or
	// size limit. Callers pass the slowest cursor's snapshot; nothing after it is lost.
	Trim(ctx context.Context, upTo Seq) error
}
