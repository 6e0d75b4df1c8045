package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
)

// message is a request's bytes as they came, and the bytes of its answer.
type message struct {
	pool  *bufferPool
	buf   *[]byte
	reply []byte
}

func (m *message) body() []byte {
	if m.buf == nil {
		return nil
	}
	return *m.buf
}

func (m *message) free() {
	m.pool.Put(m.buf)
	m.buf = nil
}

// codec passes the bytes of OTLP messages through, so that they are decoded once, by
// core/otlp. The messages of the health service it leaves to protobuf.
type codec struct{}

// Name is that of the codec whose place it takes.
func (codec) Name() string { return "proto" }

// Marshal implements [encoding.CodecV2].
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if m, ok := v.(*message); ok {
		return mem.BufferSlice{mem.SliceBuffer(m.reply)}, nil
	}
	return encoding.GetCodecV2(c.Name()).Marshal(v) //nolint:wrapcheck // gRPC's own
}

// Unmarshal implements [encoding.CodecV2].
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(*message)
	if !ok {
		return c.open(data, v)
	}
	m.free() // a client that sends a second message is refused, but it is read
	// The one copy: from the frames of the connection into one buffer of a pool.
	m.buf = m.pool.Get(data.Len())
	data.CopyTo(*m.buf)
	return nil
}

// healthBytes is the most that a message of the health service unpacks to.
const healthBytes = 64 << 10

// open hands a message that is not for us to protobuf, as it was before compression.
func (c codec) open(data mem.BufferSlice, v any) error {
	packed, body := sealed(data.Materialize())
	var u unpacker
	plain, f := u.open(packed, body, healthBytes)
	if f != nil {
		return errors.New(f.message)
	}
	return encoding.GetCodecV2(c.Name()).Unmarshal(mem.BufferSlice{mem.SliceBuffer(plain)}, v) //nolint:wrapcheck // gRPC's own
}

// sealedGzip leaves a gzip body as it is, for the slot to open where memory is bounded
// and errors are the same as over HTTP. What was left closed is known by its first bytes,
// which no protobuf message begins with (wire type 7).
type sealedGzip struct{}

// Type implements [grpc.Decompressor].
func (sealedGzip) Type() string { return encodingGzip }

// Do implements [grpc.Decompressor].
func (sealedGzip) Do(r io.Reader) ([]byte, error) {
	var size int
	if known, ok := r.(interface{ Remaining() int }); ok {
		size = known.Remaining()
	}
	b := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
	if _, err := b.ReadFrom(r); err != nil {
		return nil, fmt.Errorf("read gzip message: %w", err)
	}
	return b.Bytes(), nil
}

// transportFault files what the transport refused.
func transportFault(err error) *fault {
	switch code := status.Code(err); code { //nolint:exhaustive // the rest is our fault
	case codes.ResourceExhausted:
		return faultf(resultLarge, "%v", err)
	case codes.Canceled:
		return faultf(resultGone, "%v", err)
	case codes.DeadlineExceeded:
		return faultf(resultSlow, "%v", err)
	}
	return faultf(resultBad, "%v", err)
}

// sealMark stands in front of a zstd message that was left closed. No protobuf message
// begins with it (wire type 7), while some begin like a zstd frame.
const sealMark = 0x07

// sealed tells what compression a body was left closed in, and where the body begins.
func sealed(body []byte) (string, []byte) {
	switch {
	case len(body) >= 2 && body[0] == 0x1f && body[1] == 0x8b:
		return encodingGzip, body
	case len(body) >= 1 && body[0] == sealMark:
		return encodingZstd, body[1:]
	}
	return "", body
}

// sealedZstd is zstd for gRPC. A server has place for one decompressor of its own, which
// is gzip's, so zstd goes through gRPC's registry, which is one for the process. It
// compresses as any other; what it is given to decompress it leaves closed, as
// [sealedGzip] does, so that the limits and the errors are those of the slot. A gRPC
// client in the same process can therefore send zstd, but not read answers in it.
type sealedZstd struct {
	writers sync.Pool
}

// registerZstd makes zstd known to gRPC, in place of any that opens bodies by itself.
var registerZstd = sync.OnceFunc(func() { //nolint:gochecknoglobals // gRPC's registry is global
	encoding.RegisterCompressor(&sealedZstd{})
})

// Name implements [encoding.Compressor].
func (*sealedZstd) Name() string { return encodingZstd }

// Compress implements [encoding.Compressor].
func (c *sealedZstd) Compress(w io.Writer) (io.WriteCloser, error) {
	if z, ok := c.writers.Get().(*zstdWriter); ok {
		z.Reset(w)
		return z, nil
	}
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(512<<10), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return &zstdWriter{Encoder: z, pool: &c.writers}, nil
}

// Decompress implements [encoding.Compressor].
func (*sealedZstd) Decompress(r io.Reader) (io.Reader, error) {
	return io.MultiReader(bytes.NewReader([]byte{sealMark}), r), nil
}

type zstdWriter struct {
	*zstd.Encoder
	pool *sync.Pool
}

// Close ends the message and gives the encoder back.
func (z *zstdWriter) Close() error {
	defer z.pool.Put(z)
	return z.Encoder.Close() //nolint:wrapcheck // gRPC's own
}
