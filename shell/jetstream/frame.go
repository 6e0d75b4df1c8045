package jetstream

import (
	"encoding/binary"
	"fmt"
	"strconv"

	felt "github.com/felt-cx/felt"
)

const (
	// frameFormat is the first byte of every message.
	frameFormat = 1
	// seqBits is how many bits of a Seq count the records of one message.
	seqBits = 12
	// maxRecords is how many records one message holds at most.
	maxRecords = 1 << seqBits
	// maxFrame is the size beyond which a call is cut into several messages. A record
	// above it has a message of its own.
	maxFrame = 8 << 20
	// maxRecord is the largest record: a server's message ends at 64 MiB.
	maxRecord = 32 << 20
	// storeOverhead is what the server stores with each message beside subject and data.
	storeOverhead = 30
	// maxSubject bounds the length of a subject: felt.log.<20 digits>.control
	maxSubject = 40
)

// seqOf is the Seq of a record by its message and index.
func seqOf(message uint64, index int) felt.Seq {
	return felt.Seq(message<<seqBits | uint64(index)) //nolint:gosec // index < maxRecords
}

// messageOf is the message that holds the record.
func messageOf(s felt.Seq) uint64 { return uint64(s) >> seqBits }

// subjectOf says whose records these are, under a segment's prefix.
func subjectOf(prefix string, recs []felt.Record) string {
	part := recs[0].Part
	for i := range recs {
		if recs[i].Part != part {
			return prefix + "mixed"
		}
	}
	if part == felt.Control {
		return prefix + "control"
	}
	return prefix + strconv.Itoa(int(part))
}

// chunkLen is how many of the records go into the next message.
func chunkLen(recs []felt.Record) int {
	size := 0
	for i := range recs {
		size += recs[i].EncodedLen()
		if i > 0 && (size > maxFrame || i >= maxRecords) {
			return i
		}
	}
	return len(recs)
}

// frameSize is an upper bound of what the server stores for these records.
func frameSize(recs []felt.Record) int64 {
	size := int64(1+len(recs)/maxRecords) * (storeOverhead + maxSubject + 1)
	for i := range recs {
		size += int64(recs[i].EncodedLen() + binary.MaxVarintLen32)
	}
	return size
}

// appendFrame encodes the records as one message.
func appendFrame(dst []byte, recs []felt.Record) []byte {
	dst = append(dst, frameFormat)
	for i := range recs {
		dst = binary.AppendUvarint(dst, uint64(recs[i].EncodedLen())) //nolint:gosec // a length
		dst = recs[i].AppendTo(dst)
	}
	return dst
}

// parseFrame is the inverse of appendFrame. The records' data aliases b.
func parseFrame(b []byte, message uint64) ([]felt.Record, error) {
	if len(b) == 0 || b[0] != frameFormat {
		return nil, fmt.Errorf("message %d of the log does not begin with format %d: %w", message, frameFormat, felt.ErrCorrupt)
	}
	var recs []felt.Record
	for b = b[1:]; len(b) > 0; {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) { //nolint:gosec // a length
			return nil, fmt.Errorf("message %d of the log: record %d runs over its end: %w", message, len(recs), felt.ErrCorrupt)
		}
		end := n + int(size) //nolint:gosec // checked above
		rec, err := felt.ParseRecord(b[n:end:end])
		if err != nil {
			return nil, fmt.Errorf("message %d of the log, record %d: %w", message, len(recs), err)
		}
		if len(recs) == maxRecords {
			return nil, fmt.Errorf("message %d of the log has more than %d records: %w", message, maxRecords, felt.ErrCorrupt)
		}
		rec.Seq = seqOf(message, len(recs))
		recs = append(recs, rec)
		b = b[end:]
	}
	if len(recs) == 0 {
		return nil, fmt.Errorf("message %d of the log has no record: %w", message, felt.ErrCorrupt)
	}
	return recs, nil
}
