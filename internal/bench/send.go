package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"

	"github.com/felt-cx/felt/internal/spangen"
)

// errBusy: the server asked to come again later.
var errBusy = errors.New("busy")

// sender delivers one request and returns the server's answer. It is used by one
// goroutine at a time for each body.
type sender interface {
	send(ctx context.Context, body []byte) (answer []byte, err error)
	close() error
}

func newSender(sv *server, protocol string, senders int) (sender, error) {
	if protocol == "http" {
		t := &http.Transport{MaxIdleConnsPerHost: senders, DisableCompression: true}
		return &httpSender{url: "http://" + sv.http + "/v1/traces", client: &http.Client{Transport: t}}, nil
	}
	conn, err := grpc.NewClient(sv.grpc,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawCodec{})))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", sv.grpc, err)
	}
	return &grpcSender{conn}, nil
}

type httpSender struct {
	url    string
	client *http.Client
}

func (s *httpSender) send(ctx context.Context, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.url, err)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("post: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("answer of %s: %w", s.url, err)
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return answer, nil
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return nil, errBusy
	}
	return nil, fmt.Errorf("%s: %s: %.300s", s.url, resp.Status, answer)
}

func (s *httpSender) close() error {
	s.client.CloseIdleConnections()
	return nil
}

type grpcSender struct{ conn *grpc.ClientConn }

func (s *grpcSender) send(ctx context.Context, body []byte) ([]byte, error) {
	var answer []byte
	err := s.conn.Invoke(ctx, "/opentelemetry.proto.collector.trace.v1.TraceService/Export", body, &answer)
	switch status.Code(err) {
	case codes.OK:
		return answer, nil
	case codes.ResourceExhausted, codes.Unavailable:
		return nil, errBusy
	default:
		return nil, fmt.Errorf("export: %w", err)
	}
}

func (s *grpcSender) close() error {
	if err := s.conn.Close(); err != nil {
		return fmt.Errorf("close connection: %w", err)
	}
	return nil
}

// rawCodec passes bytes through, so that the sender spends nothing on protobuf.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	body, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("marshal %T: want []byte", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(body)}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	into, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("unmarshal into %T: want *[]byte", v)
	}
	*into = data.Materialize()
	return nil
}

// sent is what came of sending for a while.
type sent struct {
	requests, busy int
	rejected       uint64 // spans in partial successes
	took           time.Duration
	latencies      []time.Duration
}

func (s sent) spans() int { return s.requests * spangen.SpansPerRequest }

// sendFor keeps senders requests in flight for a time. Each is sent until it is
// taken.
func sendFor(ctx context.Context, s sender, st *spangen.Stream, senders int, how time.Duration) (sent, error) {
	began := time.Now()
	until := began.Add(how)
	parts := make([]sent, senders)
	errs := make([]error, senders)
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			var buf []byte
			for time.Now().Before(until) && errs[i] == nil {
				buf = st.Next(buf, time.Now())
				errs[i] = deliver(ctx, s, buf, &parts[i])
			}
		})
	}
	wg.Wait()
	all := sent{took: time.Since(began)}
	for _, p := range parts {
		all.requests += p.requests
		all.busy += p.busy
		all.rejected += p.rejected
		all.latencies = append(all.latencies, p.latencies...)
	}
	slices.Sort(all.latencies)
	return all, errors.Join(errs...)
}

func deliver(ctx context.Context, s sender, body []byte, into *sent) error {
	for {
		began := time.Now()
		answer, err := s.send(ctx, body)
		if err == nil {
			into.latencies = append(into.latencies, time.Since(began))
			into.requests++
			into.rejected += rejectedSpans(answer)
			return nil
		}
		if !errors.Is(err, errBusy) {
			return err
		}
		into.busy++
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting to send again: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// rejectedSpans reads partial_success.rejected_spans out of an
// ExportTraceServiceResponse: field 1 of field 1.
func rejectedSpans(answer []byte) uint64 {
	const partialSuccess, rejected = 1<<3 | 2, 1 << 3 // tags: message, varint
	if len(answer) < 4 || answer[0] != partialSuccess {
		return 0
	}
	_, n := binary.Uvarint(answer[1:])
	inner := answer[1+max(n, 0):]
	if len(inner) < 2 || inner[0] != rejected {
		return 0
	}
	v, _ := binary.Uvarint(inner[1:])
	return v
}

// quantile of sorted durations.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(q*float64(len(sorted)-1))]
}
