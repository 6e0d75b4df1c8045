package ingest

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/gzip" // what clients compress with
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

const exportTraces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"

// bytesCodec sends bytes as they are, right or wrong.
type bytesCodec struct{}

func (bytesCodec) Name() string { return "proto" }

func (bytesCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

func (bytesCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

func export(ctx context.Context, conn *grpc.ClientConn, body []byte, opts ...grpc.CallOption) ([]byte, error) {
	var answer []byte
	err := conn.Invoke(ctx, exportTraces, body, &answer, append(opts, grpc.ForceCodecV2(bytesCodec{}))...)
	return answer, err
}

// A stock client, every signal, with every compression.
func TestGRPCAccepts(t *testing.T) {
	log := newLog()
	d := run(t, newDoor(t, log))
	conn := serveGRPC(t, d)
	ctx, now := t.Context(), time.Now()
	for _, compressor := range []string{"identity", "gzip", "zstd"} {
		use := grpc.UseCompressor(compressor)
		tr, err := ptraceotlp.NewGRPCClient(conn).Export(ctx, testTraces(3, now), use)
		if err != nil || tr.PartialSuccess().ErrorMessage() != "" {
			t.Errorf("%s traces: %v %q", compressor, err, tr.PartialSuccess().ErrorMessage())
		}
		if _, err := plogotlp.NewGRPCClient(conn).Export(ctx, testLogs(now), use); err != nil {
			t.Errorf("%s logs: %v", compressor, err)
		}
		if _, err := pmetricotlp.NewGRPCClient(conn).Export(ctx, testMetrics(now), use); err != nil {
			t.Errorf("%s metrics: %v", compressor, err)
		}
	}
	partial, err := ptraceotlp.NewGRPCClient(conn).Export(ctx, badIDs(now))
	if err != nil || partial.PartialSuccess().RejectedSpans() != 1 || partial.PartialSuccess().ErrorMessage() == "" {
		t.Errorf("partial success: %v, %d rejected", err, partial.PartialSuccess().RejectedSpans())
	}
	if answer, err := export(ctx, conn, nil); err != nil || len(answer) != 0 {
		t.Errorf("empty request: %v %q", err, answer)
	}
	if got := metric(t, d, "felt_ingest_spans_total"); got != 3*3+1 {
		t.Errorf("%v spans counted, want 10", got)
	}
	if got := metric(t, d, "felt_ingest_logs_total") + metric(t, d, "felt_ingest_points_total"); got != 6 {
		t.Errorf("%v logs and points counted, want 6", got)
	}
	if got := metric(t, d, "felt_ingest_requests_total", "traces", "grpc", "OK"); got != 5 {
		t.Errorf("%v requests counted, want 5", got)
	}
	log.checkTime(t)
	health, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	if err != nil || health.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("health: %v %v", health, err)
	}
}

func TestGRPCRefuses(t *testing.T) {
	log := newLog()
	d := run(t, newDoor(t, log, func(o *Options) { o.Limits.Body, o.Limits.Decoded = 1<<20, 2<<20 }))
	conn := serveGRPC(t, d)
	good := protoOf(t, testTraces(1, time.Now()))
	gzip, zstd := encoding.GetCompressor("gzip"), encoding.GetCompressor("zstd")
	for _, c := range []struct {
		name string
		body []byte
		opts []grpc.CallOption
		code codes.Code
	}{
		{"not protobuf", []byte("hello, world"), nil, codes.InvalidArgument},
		{"truncated", good[:len(good)-3], nil, codes.InvalidArgument},
		{"too large", make([]byte, 3<<20), nil, codes.ResourceExhausted},
		{"gzip bomb", make([]byte, 3<<20), []grpc.CallOption{grpc.UseCompressor(gzip.Name())}, codes.ResourceExhausted},
		{"zstd bomb", make([]byte, 3<<20), []grpc.CallOption{grpc.UseCompressor(zstd.Name())}, codes.ResourceExhausted},
		{"gzip cut off", gzipOf(t, good)[:40], nil, codes.InvalidArgument},
		{"gzip of nonsense", []byte("hello, world"), []grpc.CallOption{grpc.UseCompressor("gzip")}, codes.InvalidArgument},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := export(t.Context(), conn, c.body, c.opts...)
			if status.Code(err) != c.code {
				t.Errorf("got %v, want %v", err, c.code)
			}
			if _, retry := retryInfo(err); retry {
				t.Errorf("RetryInfo although it must not be sent again: %v", err)
			}
		})
	}
	err := conn.Invoke(t.Context(), "/opentelemetry.proto.collector.trace.v1.TraceService/Import", good, new([]byte), grpc.ForceCodecV2(bytesCodec{}))
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("unknown method: %v", err)
	}
	if n := log.telemetry(); n != 0 {
		t.Errorf("%d records on the log after refusals only", n)
	}
	if d.bytes.Load() != 0 || d.requests.Load() != 0 {
		t.Errorf("%d bytes and %d requests are still counted as in flight", d.bytes.Load(), d.requests.Load())
	}
}

// asIs is a compressor that sends what it is given under a name: for bodies that were
// compressed, or broken, by the test.
type asIs string

func (a asIs) Type() string { return string(a) }

func (asIs) Do(w io.Writer, b []byte) error {
	_, err := w.Write(b)
	return err
}

// The limits and the words are the same for both compressions, and those of HTTP: one
// limit for what is sent, another for what it unpacks to.
func TestGRPCCompressed(t *testing.T) {
	const limit, decoded = 1 << 20, 4 << 20
	d := run(t, newDoor(t, newLog(), func(o *Options) { o.Limits.Body, o.Limits.Decoded = limit, decoded }))
	noise := make([]byte, limit+100) // does not compress
	rand.NewChaCha8([32]byte{}).Read(noise)
	large := protoOf(t, testTraces(20_000, time.Now()))
	if len(large) <= limit+limit/2 || len(large) > decoded {
		t.Fatalf("the large body is of %d bytes", len(large))
	}
	for name, pack := range map[string]func(testing.TB, []byte) []byte{"gzip": gzipOf, "zstd": zstdOf} {
		conn := serveGRPC(t, d, grpc.WithCompressor(asIs(name))) //nolint:staticcheck // sends bytes as they are
		packed := pack(t, large)
		for _, c := range []struct {
			name string
			body []byte
			code codes.Code
			says string
		}{
			{"unpacks to more than may be sent", packed, codes.OK, ""},
			{"several frames", append(pack(t, large[:1000]), pack(t, large[1000:])...), codes.OK, ""},
			{"unpacks to too much", pack(t, make([]byte, decoded+1)), codes.ResourceExhausted, "the " + name + " body unpacks to more than 4194304 bytes"},
			{"too much is sent", noise, codes.ResourceExhausted, "larger than"},
			{"one byte too much is sent", noise[:limit+1], codes.ResourceExhausted, "larger than"},
			{"cut off", packed[:len(packed)/2], codes.InvalidArgument, "the " + name + " body is truncated"},
			{"broken", append(packed[:100:100], noise[:1000]...), codes.InvalidArgument, name},
			{"not compressed protobuf", pack(t, []byte("hello, world")), codes.InvalidArgument, ""},
		} {
			t.Run(name+" "+c.name, func(t *testing.T) {
				_, err := export(t.Context(), conn, c.body)
				if status.Code(err) != c.code || !strings.Contains(status.Convert(err).Message(), c.says) {
					t.Errorf("got %v, want %v %q", err, c.code, c.says)
				}
			})
		}
		if name == "zstd" { // without a first byte that tells, it is zstd all the same
			for _, body := range [][]byte{[]byte("hello, world"), large[:100], noise[:limit]} {
				if _, err := export(t.Context(), conn, body); status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), "zstd") {
					t.Errorf("not zstd: got %v", err)
				}
			}
		}
	}
	if d.bytes.Load() != 0 || d.requests.Load() != 0 {
		t.Errorf("%d bytes and %d requests are still counted as in flight", d.bytes.Load(), d.requests.Load())
	}
}

// A client that compresses may also ask after the door's health.
func TestGRPCHealthCompressed(t *testing.T) {
	conn := serveGRPC(t, run(t, newDoor(t, newLog())))
	for _, name := range []string{"gzip", "zstd"} {
		var answer []byte
		pack := map[string]func(testing.TB, []byte) []byte{"gzip": gzipOf, "zstd": func(t testing.TB, b []byte) []byte {
			return append([]byte{sealMark}, zstdOf(t, b)...)
		}}[name]
		body := pack(t, []byte{0x0a, 0x00}) // service: ""
		err := conn.Invoke(t.Context(), "/grpc.health.v1.Health/Check", body, &answer, grpc.ForceCodecV2(bytesCodec{}))
		if err != nil || !bytes.Equal(answer, []byte{0x08, 0x01}) {
			t.Errorf("%s: %v %x", name, err, answer)
		}
	}
}

// Over gRPC a bad body is answered with the place in it.
func TestGRPCBadRequestSaysWhere(t *testing.T) {
	conn := serveGRPC(t, run(t, newDoor(t, newLog())))
	body := protoOf(t, testTraces(1, time.Now()))
	body = bytes.Replace(body, []byte("POST /checkout"), []byte("POST /check\xff\xfe\xfd"), 1)
	_, err := export(t.Context(), conn, body)
	if status.Code(err) != codes.InvalidArgument {
		t.Fatalf("invalid UTF-8: %v", err)
	}
	for _, detail := range status.Convert(err).Details() {
		if bad, ok := detail.(*errdetails.BadRequest); ok && len(bad.FieldViolations) == 1 && bad.FieldViolations[0].Field != "" {
			return
		}
	}
	t.Errorf("no BadRequest in the details of %v: %v", err, status.Convert(err).Details())
}

func retryInfo(err error) (time.Duration, bool) {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return info.RetryDelay.AsDuration(), true
		}
	}
	return 0, false
}

func TestGRPCAuth(t *testing.T) {
	log := newLog()
	conn := serveGRPC(t, run(t, newDoor(t, log, func(o *Options) { o.Auth = func(token string) bool { return token == "tok" } })))
	body := protoOf(t, testTraces(1, time.Now()))
	for header, want := range map[string]codes.Code{"": codes.Unauthenticated, "Bearer nope": codes.Unauthenticated, "Bearer tok": codes.OK} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", header)
		if _, err := export(ctx, conn, body); status.Code(err) != want {
			t.Errorf("%q: %v, want %v", header, err, want)
		}
	}
	if _, err := export(t.Context(), conn, body); status.Code(err) != codes.Unauthenticated {
		t.Errorf("no header: %v", err)
	}
	if n := log.telemetry(); n != 1 {
		t.Errorf("%d records on the log, want 1", n)
	}
}

// A client that sends its header and then nothing does not hold its place for ever.
func TestGRPCSlowBody(t *testing.T) {
	d := run(t, newDoor(t, newLog(), func(o *Options) { o.Limits.Read, o.Limits.Append = 20*time.Millisecond, 30*time.Millisecond }))
	conn := serveGRPC(t, d)
	stream, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, exportTraces, grpc.ForceCodecV2(bytesCodec{}))
	if err != nil {
		t.Fatal(err)
	}
	var answer []byte
	if err := stream.RecvMsg(&answer); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
	eventually(t, "nothing in flight", func() bool { return d.requests.Load() == 0 })
}

// Sending twice on one call is not OTLP; it must not do harm either.
func TestGRPCSecondMessage(t *testing.T) {
	log := newLog()
	conn := serveGRPC(t, run(t, newDoor(t, log)))
	stream, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true}, exportTraces, grpc.ForceCodecV2(bytesCodec{}))
	if err != nil {
		t.Fatal(err)
	}
	body := protoOf(t, testTraces(1, time.Now()))
	for range 2 {
		if err := stream.SendMsg(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	var answer []byte
	if err := stream.RecvMsg(&answer); err == nil || !strings.Contains(err.Error(), "cardinality") {
		t.Errorf("got %v", err)
	}
	if n := log.telemetry(); n != 0 {
		t.Errorf("%d records on the log", n)
	}
}
