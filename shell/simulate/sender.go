package simulate

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// How long to wait before the same request is sent again, when the server does not say.
const (
	firstWait = 250 * time.Millisecond
	maxWait   = 10 * time.Second
	// maxAsked bounds what the server may ask for.
	maxAsked = 5 * time.Minute
)

// ErrRefused says that the server will never take this request.
var ErrRefused = errors.New("the server refuses it")

// ErrDenied says that the server will never take any request.
var ErrDenied = errors.New("the server does not let the simulation in")

// Sender delivers requests. It is safe for concurrent use.
type Sender struct {
	Client *http.Client
	To     string // the server's address, as http://127.0.0.1:4318
	Token  string // sent as a bearer token, when the server needs one
	Gzip   bool
	More   time.Duration // said with each request: within so long another one comes; 0 says nothing
	Logger *slog.Logger
	Now    func() time.Time
}

// Send delivers a body: it sends the same bytes until the server accepts or refuses
// them, so that a request whose answer was lost is counted once. It returns how often it
// had to wait, and how much the server rejected of what it accepted. The error is ErrRefused,
// ErrDenied, or that ctx has ended.
func (s *Sender) Send(ctx context.Context, b *Body) (waits, rejected int64, err error) {
	data, err := s.pack(b)
	if err != nil {
		return 0, 0, err
	}
	pause := firstWait
	for {
		rejected, asked, err := s.post(ctx, b.Path, data)
		var again againError
		if !errors.As(err, &again) {
			return waits, rejected, err
		}
		if waits++; waits == 1 {
			s.Logger.Warn("simulate: the server asks to wait, or cannot be reached; the same is sent again", "path", b.Path, "err", err)
		}
		wait := pause
		if asked > 0 {
			wait = min(asked, maxAsked)
		}
		pause = min(2*pause, maxWait)
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return waits, 0, ctx.Err()
		case <-timer.C:
		}
	}
}

// Hello asks the server with an empty request whether it would take telemetry. It does
// not wait: the error is ErrDenied, ErrRefused or that it cannot be reached.
func (s *Sender) Hello(ctx context.Context) error {
	_, _, err := s.post(ctx, "/v1/traces", nil)
	return err
}

func (s *Sender) pack(b *Body) ([]byte, error) {
	if !s.Gzip || b.Path == pathEvents {
		return b.Data, nil
	}
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	if _, err := z.Write(b.Data); err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return out.Bytes(), nil
}

// againError is a try that may go better later.
type againError struct{ err error }

func (e againError) Error() string { return e.err.Error() }
func (e againError) Unwrap() error { return e.err }

// post sends once.
func (s *Sender) post(ctx context.Context, path string, data []byte) (rejected int64, asked time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(s.To, "/")+path, bytes.NewReader(data))
	if err != nil {
		return 0, 0, fmt.Errorf("address %q: %w", s.To, err)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	if path == pathEvents {
		req.Header.Set("Content-Type", "application/cloudevents-batch+json")
	} else if s.Gzip && len(data) > 0 {
		req.Header.Set("Content-Encoding", "gzip")
	}
	if s.More > 0 {
		req.Header.Set("Felt-More-Within", strconv.Itoa(int(s.More/time.Second)))
	}
	if s.Token != "" {
		req.Header.Set("Authorization", "Bearer "+s.Token)
	}
	res, err := s.Client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return 0, 0, ctx.Err()
		}
		return 0, 0, againError{fmt.Errorf("sending: %w", err)}
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	return s.judge(res, answer, err)
}

// judge says what an answer means.
func (s *Sender) judge(res *http.Response, answer []byte, err error) (rejected int64, asked time.Duration, _ error) {
	switch code := res.StatusCode; {
	case code == http.StatusOK && err != nil: // accepted or not: we cannot know
		return 0, 0, againError{fmt.Errorf("answer cut off: %w", err)}
	case code == http.StatusOK:
		return rejectedOf(answer), 0, nil
	case code == http.StatusTooManyRequests, code == http.StatusBadGateway,
		code == http.StatusServiceUnavailable, code == http.StatusGatewayTimeout:
		return 0, retryAfter(res.Header.Get("Retry-After"), s.Now()), againError{statusOf(res, answer)}
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return 0, 0, fmt.Errorf("%w, it wants a token that may send: %w", ErrDenied, statusOf(res, answer))
	case code == http.StatusNotFound:
		return 0, 0, fmt.Errorf("%w, is it Felt? %w", ErrDenied, statusOf(res, answer))
	default:
		return 0, 0, fmt.Errorf("%w: %w", ErrRefused, statusOf(res, answer))
	}
}

func statusOf(res *http.Response, answer []byte) error {
	const most = 300
	said := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0xfffd {
			return -1 // OTLP answers in protobuf
		}
		return r
	}, string(answer[:min(len(answer), most)]))
	return fmt.Errorf("%s: %s: %s", res.Request.URL.Path, res.Status, strings.TrimSpace(said))
}

// retryAfter is how long the server asks to wait: seconds, or a moment. 0: it does not say.
func retryAfter(header string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(header, 10, 32); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

// rejectedOf reads how much of an accepted request was rejected: field 1 of field 1 of
// the answer, in all three kinds of it.
func rejectedOf(answer []byte) int64 {
	part, ok := field1(answer)
	if !ok {
		return 0
	}
	n, rest := uint64(0), part
	if len(rest) == 0 || rest[0] != 1<<3 {
		return 0
	}
	for shift, b := range rest[1:] {
		if n |= uint64(b&0x7f) << (7 * shift); b < 0x80 || shift > 8 {
			break
		}
	}
	return int64(n) //nolint:gosec // of one request
}

// field1 is the message in field 1, when that is what a short message begins with.
func field1(b []byte) ([]byte, bool) {
	if len(b) < 2 || b[0] != 1<<3|wireBytes {
		return nil, false
	}
	size, at := int(b[1]), 2
	if size >= 0x80 {
		if len(b) < 3 {
			return nil, false
		}
		size, at = size&0x7f|int(b[2])<<7, 3
	}
	if at+size > len(b) {
		return nil, false
	}
	return b[at : at+size], true
}
