package duckdb

import (
	"database/sql/driver"
	"encoding/binary"
	"errors"

	"github.com/felt-cx/felt"
)

// A bucket has up to 16 sketches, and each column costs time in every transaction. So
// those of one population are one BLOB: success, degraded, failed, abandoned, each
// with its length in front as a varint; 0 is none.

func encodeSketches(s felt.Sketches) driver.Value {
	parts := [4][]byte{s.Success, s.Degraded, s.Failed, s.Abandoned}
	size := 0
	for _, p := range parts {
		size += len(p) + binary.MaxVarintLen32
	}
	if size == len(parts)*binary.MaxVarintLen32 {
		return nil
	}
	b := make([]byte, 0, size)
	for _, p := range parts {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	return b
}

// decodeSketches returns parts of b, in the order of outcomes; nil for none.
func decodeSketches(b []byte) (parts [4][]byte, err error) {
	if len(b) == 0 {
		return parts, nil
	}
	for i := range parts {
		n, used := binary.Uvarint(b)
		if used <= 0 || n > uint64(len(b)-used) {
			return parts, errors.New("column of sketches: cut short")
		}
		if n > 0 {
			parts[i] = b[used : used+int(n)]
		}
		b = b[used+int(n):]
	}
	if len(b) > 0 {
		return parts, errors.New("column of sketches: bytes left over")
	}
	return parts, nil
}

// adjusted is NULL when every interaction stood for itself.
func adjusted(b *felt.Bucket) driver.Value {
	if b.Adjusted == same(b.Counts) {
		return nil
	}
	return b.Adjusted[:]
}

// same are the counts by number of outcome.
func same(c felt.Counts) [felt.Outcomes]float64 {
	return [felt.Outcomes]float64{
		float64(c.Open), float64(c.Success), float64(c.Degraded), float64(c.Failed), float64(c.Abandoned), float64(c.Cancelled),
	}
}

// values is NULL when there was no money.
func values(b *felt.Bucket) driver.Value {
	if b.ValueMinor == [felt.Outcomes]int64{} {
		return nil
	}
	return b.ValueMinor[:]
}

// phases is NULL when nothing was measured.
func phases(p felt.Phases) driver.Value {
	if p == (felt.Phases{}) {
		return nil
	}
	return []int64{p.Input, p.Request, p.Processing, p.Paint}
}
