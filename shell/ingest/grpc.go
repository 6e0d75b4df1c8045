package ingest

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"

	"github.com/felt-cx/felt/core/otlp"
)

const (
	streamWindow = 1 << 20 // what one request may send ahead of being read
	connWindow   = 4 << 20 // what one connection may
	maxHeaders   = 16 << 10
	detailsKey   = "grpc-status-details-bin"
)

// GRPCServer is a server for the three OTLP services and the standard health service,
// over plain connections.
//
// The services are declared as streams although a client sends one message: only then
// is a request looked at (its token, the bounds) before its body is read.
func (d *Door) GRPCServer() *grpc.Server {
	registerZstd()
	server := grpc.NewServer(
		grpc.ForceServerCodecV2(codec{}),
		grpc.RPCDecompressor(sealedGzip{}), //nolint:staticcheck // the registry would be for the whole process
		experimental.BufferPool(&d.bodies),
		grpc.MaxRecvMsgSize(int(min(d.limits.Body, math.MaxInt32-1))+1), // and the mark of a sealed body
		grpc.MaxConcurrentStreams(d.limits.Streams),
		grpc.MaxHeaderListSize(maxHeaders),
		grpc.ConnectionTimeout(10*time.Second),
		grpc.InTapHandle(d.deadline),
		// Fixed windows: measuring the connection's costs a ping each round trip.
		grpc.StaticStreamWindowSize(streamWindow), grpc.StaticConnWindowSize(connWindow),
		grpc.ReadBufferSize(64<<10), grpc.WriteBufferSize(4<<10),
		grpc.NumStreamWorkers(uint32(runtime.GOMAXPROCS(0)*4)), //nolint:gosec // small
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionIdle: 15 * time.Minute, Time: time.Minute, Timeout: 20 * time.Second,
		}),
		grpc.WaitForHandlers(true),
	)
	for sig, name := range [signals]string{traces: "trace.v1.TraceService", logs: "logs.v1.LogsService", metrics: "metrics.v1.MetricsService"} {
		server.RegisterService(&grpc.ServiceDesc{
			ServiceName: "opentelemetry.proto.collector." + name,
			HandlerType: (*any)(nil),
			Streams:     []grpc.StreamDesc{{StreamName: "Export", Handler: d.export(signal(sig))}},
		}, nil)
	}
	h := health.NewServer()
	grpc_health_v1.RegisterHealthServer(server, h)
	d.mu.Lock()
	d.healths = append(d.healths, h)
	closing := d.closing
	d.mu.Unlock()
	if closing {
		h.Shutdown()
	}
	return server
}

// deadline bounds how long a request may take in all when its client set no deadline:
// one that trickles its body must not hold its place for ever.
func (d *Door) deadline(ctx context.Context, _ *tap.Info) (context.Context, error) {
	limit := d.limits.Read + d.limits.Append
	if at, ok := ctx.Deadline(); ok && time.Until(at) <= limit {
		return ctx, nil
	}
	bounded, cancel := context.WithTimeout(ctx, limit)
	context.AfterFunc(ctx, cancel) // the stream's end ends ctx
	return bounded, nil
}

// export handles Export of one service.
func (d *Door) export(sig signal) grpc.StreamHandler {
	return func(_ any, stream grpc.ServerStream) error {
		report, f, err := d.exchange(sig, stream)
		if err != nil { // the transport has told the client
			d.stats.answer(sig, overGRPC, transportFault(err))
			return err
		}
		d.stats.answer(sig, overGRPC, f)
		if f != nil {
			a := f.answer()
			if f.field != "" || a.retry > 0 {
				stream.SetTrailer(metadata.Pairs(detailsKey, string(f.statusProto())))
			}
			return status.Error(a.grpc, validText(f.message))
		}
		rejected := report.RejectedSpans + report.RejectedLogs + report.RejectedPoints
		return stream.SendMsg(&message{reply: responseProto(rejected, report.Reason)})
	}
}

// exchange admits, reads and hands on one request. Err is what the transport said.
func (d *Door) exchange(sig signal, stream grpc.ServerStream) (report otlp.Report, f *fault, err error) {
	defer func() {
		if p := recover(); p != nil {
			d.stats.panics.Add(1)
			d.opt.Logger.Error("ingest: a gRPC request panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			f = faultf(resultPanicked, "Felt could not process this; its log says more")
		}
	}()
	ctx := stream.Context()
	if d.opt.Auth != nil && !d.allowed(firstOf(metadata.ValueFromIncomingContext(ctx, "authorization"))) {
		return report, errDenied(), nil
	}
	t, f := d.admit()
	if f != nil {
		return report, f, nil
	}
	defer t.release()
	d.announce(firstOf(metadata.ValueFromIncomingContext(ctx, moreHeader)))
	m := message{pool: &d.bodies}
	if err := stream.RecvMsg(&m); err != nil {
		return report, nil, err //nolint:wrapcheck // gRPC's own
	}
	defer m.free()
	packed, body := sealed(m.body())
	if int64(len(body)) > d.limits.Body {
		return report, tooLarge(d.limits.Body), nil
	}
	if packed == encodingZstd { // a few bytes are not worth it, and see sealedZstd
		if err := grpc.SetSendCompressor(ctx, encoding.Identity); err != nil {
			return report, nil, err //nolint:wrapcheck // gRPC's own
		}
	}
	d.stats.bodyBytes.Add(int64(len(body)))
	if f := t.take(int64(len(body))); f != nil {
		return report, f, nil
	}
	report, f = d.ingest(ctx, &request{signal: sig, packed: packed, body: body, ticket: t})
	return report, f, nil
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
