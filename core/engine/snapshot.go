package engine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// snapshotFormat is the first byte of a snapshot, the engine's version the second. A
// checksum stands at the end.
const snapshotFormat = 2

const checksumSize = 4

// endOfPart stands behind the state of each machine, so that one that reads more or less
// than it wrote is told from damage further on.
const endOfPart = 0x5e

// WriteSnapshot writes the whole state, settings included, in pieces; only between ticks. It
// is canonical: engines that will behave alike have the same bytes. An error is w's, and
// then what was written is worth nothing.
func (e *Engine) WriteSnapshot(w io.Writer) error {
	sum := crc32.NewIEEE()
	enc := codec.NewEncoder(io.MultiWriter(sum, w))
	enc.Fixed([]byte{snapshotFormat, Version})
	enc.JSON(e.settings)
	e.rules.save(enc)
	part := func(save func(*codec.Encoder)) {
		if enc.Err() == nil {
			save(enc)
			enc.Uint(endOfPart)
		}
	}
	for p := range e.stage1 {
		part(e.stage1[p].tracker.Save)
		part(e.stage2[p].counter.Save)
	}
	part(e.stage3.detector.Save)
	part(e.stage3.book.Save)
	part(e.stage3.adopted.save)
	part(e.stage3.signals.Save)
	if err := enc.Flush(); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	if _, err := w.Write(binary.LittleEndian.AppendUint32(nil, sum.Sum32())); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	return nil
}

// AppendSnapshot appends what [Engine.WriteSnapshot] writes.
func (e *Engine) AppendSnapshot(dst []byte) []byte {
	b := bytes.NewBuffer(dst)
	_ = e.WriteSnapshot(b) // a buffer takes everything
	return b.Bytes()
}

// Restore is [RestoreFrom] with bytes that are in memory.
func Restore(s felt.Settings, snapshot []byte) (*Engine, error) {
	return RestoreFrom(s, bytes.NewReader(snapshot), int64(len(snapshot)))
}

// RestoreFrom is the inverse of [Engine.WriteSnapshot]: it reads size bytes. The settings of the
// snapshot are in force afterwards, as they were when it was taken; s must ask for the same
// number of partitions. What is damaged, or of another version, is [felt.ErrCorrupt]; any
// other error is r's.
func RestoreFrom(s felt.Settings, r io.Reader, size int64) (*Engine, error) {
	n := size - checksumSize
	if n < 2 {
		return nil, fmt.Errorf("snapshot of %d bytes is too short: %w", size, felt.ErrCorrupt)
	}
	sum := crc32.NewIEEE()
	d := codec.NewReader(io.TeeReader(r, sum), n)
	if have := d.Fixed(2); len(have) == 2 && (have[0] != snapshotFormat || have[1] != Version) {
		return nil, fmt.Errorf("snapshot of format %d and engine version %d, this build has %d and %d: %w",
			have[0], have[1], snapshotFormat, Version, felt.ErrCorrupt)
	}
	e, err := restore(s, d)
	if err != nil {
		return nil, err
	}
	var want [checksumSize]byte
	if _, err := io.ReadFull(r, want[:]); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("snapshot ends before its checksum: %w", felt.ErrCorrupt)
	} else if err != nil {
		return nil, fmt.Errorf("checksum of the snapshot: %w", err)
	}
	if sum.Sum32() != binary.LittleEndian.Uint32(want[:]) {
		return nil, fmt.Errorf("snapshot does not match its checksum: %w", felt.ErrCorrupt)
	}
	return e, nil
}

// restore reads what is between header and checksum.
func restore(s felt.Settings, d *codec.Decoder) (*Engine, error) {
	var have felt.Settings
	if d.JSON(&have); d.Err() != nil {
		return nil, d.Err()
	}
	if have = complete(have); have.Partitions != complete(s).Partitions {
		return nil, fmt.Errorf("snapshot of %d partitions, this log has %d: %w", have.Partitions, s.Partitions, felt.ErrCorrupt)
	}
	e := New(have)
	e.rules.load(d)
	e.applyRules()
	part := func(load func(*codec.Decoder)) {
		if d.Err() != nil {
			return
		}
		if load(d); d.Err() == nil && d.Uint() != endOfPart {
			d.Fail("a part does not end where it should")
		}
	}
	for p := range e.stage1 {
		part(e.stage1[p].tracker.Load)
		part(e.stage2[p].counter.Load)
	}
	part(e.stage3.detector.Load)
	part(e.stage3.book.Load)
	part(e.stage3.adopted.load)
	part(e.stage3.signals.Load)
	if d.Err() == nil && d.Rest() > 0 {
		d.Fail("more bytes than state")
	}
	if err := d.Err(); err != nil {
		return nil, err
	}
	return e, nil
}
