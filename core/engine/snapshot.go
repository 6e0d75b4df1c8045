package engine

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// snapshotFormat is the first byte of a snapshot, the engine's version the second. A
// checksum stands at the end.
const snapshotFormat = 1

const checksumSize = 4

// AppendSnapshot appends the whole state, settings included; only between ticks. It is
// canonical: engines that will behave alike have the same bytes.
func (e *Engine) AppendSnapshot(dst []byte) []byte {
	from := len(dst)
	enc := &codec.Encoder{B: append(slices.Grow(dst, e.lastSize+e.lastSize/8), snapshotFormat, Version)}
	enc.JSON(e.settings)
	e.rules.save(enc)
	part := func(save func(*codec.Encoder)) {
		mark := enc.Begin()
		save(enc)
		enc.End(mark)
	}
	for p := range e.stage1 {
		part(e.stage1[p].tracker.Save)
		part(e.stage2[p].counter.Save)
	}
	part(e.stage3.detector.Save)
	part(e.stage3.book.Save)
	out := binary.LittleEndian.AppendUint32(enc.B, crc32.ChecksumIEEE(enc.B[from:]))
	e.lastSize = len(out) - from
	return out
}

// Restore is the inverse of [Engine.AppendSnapshot]. The settings of the snapshot are in
// force afterwards, as they were when it was taken; s must ask for the same number of
// partitions. What is damaged, or of another version, is [felt.ErrCorrupt].
func Restore(s felt.Settings, snapshot []byte) (*Engine, error) {
	n := len(snapshot) - checksumSize
	if n < 2 {
		return nil, fmt.Errorf("snapshot of %d bytes is too short: %w", len(snapshot), felt.ErrCorrupt)
	}
	if snapshot[0] != snapshotFormat || snapshot[1] != Version {
		return nil, fmt.Errorf("snapshot of format %d and engine version %d, this build has %d and %d: %w",
			snapshot[0], snapshot[1], snapshotFormat, Version, felt.ErrCorrupt)
	}
	if crc32.ChecksumIEEE(snapshot[:n]) != binary.LittleEndian.Uint32(snapshot[n:]) {
		return nil, fmt.Errorf("snapshot does not match its checksum: %w", felt.ErrCorrupt)
	}
	return restore(s, snapshot[2:n])
}

// restore reads what is between header and checksum.
func restore(s felt.Settings, body []byte) (*Engine, error) {
	d := codec.NewDecoder(body)
	var have felt.Settings
	if err := json.Unmarshal(d.Bytes(), &have); err != nil {
		return nil, fmt.Errorf("snapshot: settings: %w: %w", felt.ErrCorrupt, err)
	}
	if have = complete(have); have.Partitions != complete(s).Partitions {
		return nil, fmt.Errorf("snapshot of %d partitions, this log has %d: %w", have.Partitions, s.Partitions, felt.ErrCorrupt)
	}
	e := New(have)
	e.rules.load(d)
	e.applyRules()
	part := func(load func(*codec.Decoder)) {
		sub := d.Part()
		if d.Err() != nil {
			return
		}
		load(sub)
		if sub.Err() == nil && sub.Rest() > 0 {
			sub.Fail("more bytes than state")
		}
		if sub.Err() != nil {
			d.Adopt(sub)
		}
	}
	for p := range e.stage1 {
		part(e.stage1[p].tracker.Load)
		part(e.stage2[p].counter.Load)
	}
	part(e.stage3.detector.Load)
	part(e.stage3.book.Load)
	if d.Err() == nil && d.Rest() > 0 {
		d.Fail("more bytes than state")
	}
	if err := d.Err(); err != nil {
		return nil, err
	}
	return e, nil
}
