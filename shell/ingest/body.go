package ingest

import (
	"bytes"
	"errors"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	firstRead = 64 << 10  // the first buffer of a body of unknown length
	trustRead = 512 << 10 // the largest one given because of a Content-Length alone
	// zstdWindow is the largest history a zstd body may ask for; what is larger would
	// cost every slot as much memory as that. RFC 8878 asks decoders for 8 MiB.
	zstdWindow = 8 << 20
)

// readBody reads a body of at most limit bytes, reserving memory as it comes: a sender
// that promises much and sends little holds little. The buffer goes back to d.bodies.
func (d *Door) readBody(t *ticket, src io.Reader, length, limit int64) (*[]byte, *fault) {
	if length > limit {
		return nil, tooLarge(limit)
	}
	size := int64(firstRead)
	if length >= 0 {
		size = min(length, trustRead)
	}
	buf := d.bodies.Get(int(size))
	b := (*buf)[:0]
	fail := func(f *fault) (*[]byte, *fault) {
		*buf = b
		d.bodies.Put(buf)
		return nil, f
	}
	if f := t.take(int64(cap(b))); f != nil {
		return fail(f)
	}
	for {
		if len(b) == cap(b) {
			if int64(len(b)) == length { // no need to grow for the end of the body
				length = -1
				if n, err := src.Read(make([]byte, 1)); n == 0 && errors.Is(err, io.EOF) {
					break
				} else if n > 0 {
					return fail(faultf(resultBad, "the body is longer than its Content-Length"))
				}
			}
			grow := max(int64(cap(b)), firstRead)
			if f := t.take(grow); f != nil {
				return fail(f)
			}
			larger := d.bodies.Get(cap(b) + int(grow))
			b = append((*larger)[:0], b...)
			d.bodies.Put(buf)
			buf = larger
		}
		n, err := src.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if int64(len(b)) > limit {
			return fail(tooLarge(limit))
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fail(readFault(err))
		}
	}
	*buf = b
	return buf, nil
}

func readFault(err error) *fault {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return faultf(resultSlow, "the body did not come in time: send it in one go")
	}
	return faultf(resultBad, "the body broke off: %v", err)
}

func tooLarge(limit int64) *fault {
	return faultf(resultLarge, "the body is larger than %d bytes: send smaller batches", limit)
}

// unpacker decompresses bodies, one at a time, into a buffer that it keeps. There is
// one for each slot, so that what decompression costs in memory is bounded by their number.
type unpacker struct {
	src  bytes.Reader
	gzip *gzip.Reader
	zstd *zstd.Decoder
	buf  []byte
}

// open returns the body as it was before it was compressed. It is valid until tidy.
func (u *unpacker) open(encoding string, body []byte, limit int64) ([]byte, *fault) {
	if encoding == "" {
		return body, nil
	}
	u.src.Reset(body)
	var r io.Reader
	var err error
	switch encoding {
	case encodingGzip:
		r, err = u.openGzip()
	case encodingZstd:
		r, err = u.openZstd()
	default:
		return nil, faultf(resultType, "content encoding %q is not known here: use gzip, zstd or none", encoding)
	}
	if err == nil {
		err = u.fill(r, limit)
	}
	if err != nil {
		u.tidy()
		return nil, unpackFault(encoding, limit, err)
	}
	return u.buf, nil
}

func (u *unpacker) openGzip() (io.Reader, error) {
	var err error
	if u.gzip == nil {
		u.gzip, err = gzip.NewReader(&u.src)
	} else {
		err = u.gzip.Reset(&u.src)
	}
	if err != nil {
		u.gzip = nil
	}
	return u.gzip, err //nolint:wrapcheck // unpackFault makes the answer of it
}

func (u *unpacker) openZstd() (io.Reader, error) {
	var err error
	if u.zstd == nil {
		// One goroutine: the caller's. Nothing to close, so a decoder may be dropped.
		u.zstd, err = zstd.NewReader(&u.src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(zstdWindow))
	} else {
		err = u.zstd.Reset(&u.src)
	}
	return u.zstd, err //nolint:wrapcheck // unpackFault makes the answer of it
}

var errTooLarge = errors.New("unpacks to more than the limit")

// fill reads r to its end, and stops at the limit.
func (u *unpacker) fill(r io.Reader, limit int64) error {
	b := u.buf[:0]
	defer func() { u.buf = b }()
	if cap(b) == 0 {
		b = make([]byte, 0, firstRead)
	}
	for {
		if len(b) == cap(b) {
			b = append(make([]byte, 0, min(int64(cap(b))*2, max(limit+1, firstRead))), b...)
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if int64(len(b)) > limit {
			return errTooLarge
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err //nolint:wrapcheck // unpackFault makes the answer of it
		}
	}
}

// tidy lets go of what is too large to keep.
func (u *unpacker) tidy() {
	if cap(u.buf) > keepBytes {
		u.buf = nil
	}
	u.src.Reset(nil)
}

func unpackFault(encoding string, limit int64, err error) *fault {
	switch {
	case errors.Is(err, errTooLarge):
		return faultf(resultLarge, "the %s body unpacks to more than %d bytes: send smaller batches", encoding, limit)
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return faultf(resultLarge, "the zstd body needs a window of more than %d bytes: compress with a smaller one", zstdWindow)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return faultf(resultBad, "the %s body is truncated", encoding)
	}
	return faultf(resultBad, "the body is not %s: %v", encoding, err)
}
