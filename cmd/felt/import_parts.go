package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"

	"github.com/felt-cx/felt/core/business"
)

const (
	partRows  = 5_000
	partBytes = 1 << 20
	// rowBytes is the longest row: a quote that is not closed would otherwise be all of
	// the rest of a file.
	rowBytes = 4 << 20
)

// part is some rows of a file.
type part struct {
	header, rows []byte
	line         int // of the first row in the file
	first        bool
}

// body is a CSV of its own.
func (p part) body() []byte { return append(p.header[:len(p.header):len(p.header)], p.rows...) }

// raw keeps the bytes that a CSV reader has read ahead.
type raw struct {
	src  io.Reader
	buf  []byte // not yet given out
	base int64  // place of buf in the file
	done int64  // end of the last whole row
}

var errRowTooLong = errors.New("a row is longer than 4 MiB: a quoted field is not closed")

// Read implements [io.Reader].
func (r *raw) Read(p []byte) (int, error) {
	if r.base+int64(len(r.buf))-r.done > rowBytes {
		return 0, errRowTooLong
	}
	n, err := r.src.Read(p)
	r.buf = append(r.buf, p[:n]...)
	return n, err //nolint:wrapcheck // io.EOF must stay what it is
}

// take gives out the bytes up to the end of the last whole row.
func (r *raw) take() []byte {
	n := r.done - r.base
	out := r.buf[:n:n]
	r.buf, r.base = append([]byte(nil), r.buf[n:]...), r.done
	return out
}

// cutter divides a CSV at the ends of rows.
type cutter struct {
	raw  *raw
	rows *csv.Reader
	part part // the next one
}

func newCutter(src io.Reader) (*cutter, error) {
	buffered := bufio.NewReaderSize(src, 64<<10)
	if bom, err := buffered.Peek(3); err == nil && string(bom) == "\xef\xbb\xbf" {
		_, _ = buffered.Discard(3) // it is there
	}
	head, err := buffered.Peek(64 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading: %w", err)
	}
	c := &cutter{raw: &raw{src: buffered}, part: part{first: true, line: 1}}
	c.rows = csv.NewReader(c.raw)
	c.rows.Comma, c.rows.FieldsPerRecord, c.rows.ReuseRecord = business.Delimiter(head), -1, true
	if _, err := c.row(); err != nil {
		return nil, err
	}
	header := c.raw.take()
	c.part.line += bytes.Count(header, []byte("\n"))
	if n := len(header); n > 0 && header[n-1] != '\n' {
		header = append(header, '\n')
	}
	c.part.header = header
	return c, nil
}

// row passes over one row; what is wrong with it whoever reads the part will say.
func (c *cutter) row() (more bool, err error) {
	_, err = c.rows.Read()
	c.raw.done = c.rows.InputOffset()
	if _, bad := errors.AsType[*csv.ParseError](err); bad || err == nil {
		return true, nil
	}
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return false, fmt.Errorf("reading behind line %d: %w", c.part.line, err)
}

// fill passes over as many rows as go into a part.
func (c *cutter) fill() (more bool, err error) {
	for range partRows {
		more, err = c.row()
		if err != nil || !more || c.raw.done-c.raw.base >= partBytes {
			return more, err
		}
	}
	return true, nil
}

// eachPart divides a CSV into parts at the ends of rows.
func eachPart(ctx context.Context, src io.Reader, do func(part) error) error {
	c, err := newCutter(src)
	if err != nil {
		return err
	}
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("stopped: %w", err)
		}
		if more, err = c.fill(); err != nil {
			return err
		}
		p := &c.part
		if p.rows = c.raw.take(); len(p.rows) == 0 && !p.first {
			return nil
		}
		if err := do(*p); err != nil {
			return err
		}
		p.line += bytes.Count(p.rows, []byte("\n"))
		p.first = false
	}
	return nil
}
