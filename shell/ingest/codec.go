package ingest

import (
	"bytes"
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
		return encoding.GetCodecV2(c.Name()).Unmarshal(data, v) //nolint:wrapcheck // gRPC's own
	}
	m.free() // a client that sends a second message is refused, but it is read
	// The one copy: from the frames of the connection into one buffer of a pool.
	m.buf = m.pool.Get(data.Len())
	data.CopyTo(*m.buf)
	return nil
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

func gzipped(body []byte) bool { return len(body) >= 2 && body[0] == 0x1f && body[1] == 0x8b }

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

// zstdCodec is zstd for gRPC, whose registry is one for the process. It has its limits
// in itself: the window by its options, the output by the server's largest message.
type zstdCodec struct {
	readers, writers sync.Pool
}

// registerZstd makes zstd known to gRPC, unless somebody has done so.
var registerZstd = sync.OnceFunc(func() { //nolint:gochecknoglobals // gRPC's registry is global
	if encoding.GetCompressor(encodingZstd) == nil {
		encoding.RegisterCompressor(&zstdCodec{})
	}
})

// Name implements [encoding.Compressor].
func (*zstdCodec) Name() string { return encodingZstd }

// Compress implements [encoding.Compressor].
func (c *zstdCodec) Compress(w io.Writer) (io.WriteCloser, error) {
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
func (c *zstdCodec) Decompress(r io.Reader) (io.Reader, error) {
	if z, ok := c.readers.Get().(*zstdReader); ok {
		if err := z.Reset(r); err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
		return z, nil
	}
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return &zstdReader{Decoder: z, pool: &c.readers}, nil
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

type zstdReader struct {
	*zstd.Decoder
	pool *sync.Pool
}

// Close gives the decoder back.
func (z *zstdReader) Close() error {
	if err := z.Reset(nil); err == nil {
		z.pool.Put(z)
	}
	return nil
}
