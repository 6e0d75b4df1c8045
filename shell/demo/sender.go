package demo

import (
	"bytes"
	"context"
	"encoding/json"
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

// errRefused: the server will never take this request.
var errRefused = errors.New("the server refuses it")

// errDenied: the server will never take any request.
var errDenied = errors.New("the server does not take telemetry from the demo")

// sender delivers requests one by one.
type sender struct {
	client   *http.Client
	endpoint string
	token    string
	logger   *slog.Logger
	now      func() time.Time
}

// send delivers a request: it sends the same bytes until the server accepts or refuses
// them. It returns how often it had to wait, and how much the server rejected of what it
// accepted. The error is errRefused, errDenied, or that ctx has ended.
func (s *sender) send(ctx context.Context, r *request) (waits, rejected int64, err error) {
	body, err := json.Marshal(r.body)
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", r.path, err)
	}
	pause := firstWait
	for {
		rejected, asked, err := s.post(ctx, r.path, body)
		var again againError
		if !errors.As(err, &again) {
			return waits, rejected, err
		}
		if waits++; waits == 1 {
			s.logger.Warn("the server asks the demo to wait, or cannot be reached; it sends again", "path", r.path, "err", err)
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

// againError is a try that may go better later.
type againError struct{ err error }

func (e againError) Error() string { return e.err.Error() }
func (e againError) Unwrap() error { return e.err }

// post sends once.
func (s *sender) post(ctx context.Context, path string, body []byte) (rejected int64, asked time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint+path, bytes.NewReader(body))
	if err != nil {
		return 0, 0, fmt.Errorf("endpoint %q: %w", s.endpoint, err)
	}
	req.Header.Set("Content-Type", "application/json")
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	res, err := s.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return 0, 0, ctx.Err()
		}
		return 0, 0, againError{err}
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	switch code := res.StatusCode; {
	case code == http.StatusOK && err != nil: // accepted or not: we cannot know
		return 0, 0, againError{fmt.Errorf("answer cut off: %w", err)}
	case code == http.StatusOK:
		return rejectedOf(answer), 0, nil
	case code == http.StatusTooManyRequests, code == http.StatusBadGateway,
		code == http.StatusServiceUnavailable, code == http.StatusGatewayTimeout:
		return 0, retryAfter(res.Header.Get("Retry-After"), s.now()), againError{statusOf(res, answer)}
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusNotFound:
		return 0, 0, fmt.Errorf("%w: %w", errDenied, statusOf(res, answer))
	default:
		return 0, 0, fmt.Errorf("%w: %w", errRefused, statusOf(res, answer))
	}
}

func statusOf(res *http.Response, answer []byte) error {
	const most = 300
	said := strings.TrimSpace(string(answer[:min(len(answer), most)]))
	return fmt.Errorf("%s: %s: %s", res.Request.URL.Path, res.Status, said)
}

// retryAfter is how long the server asks to wait: seconds, or a moment. 0: it does not say.
func retryAfter(header string, now time.Time) time.Duration {
	if header == "" {
		return 0
	}
	if n, err := strconv.ParseUint(header, 10, 32); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

// rejectedOf reads how much of an accepted request was rejected.
func rejectedOf(answer []byte) int64 {
	var a struct {
		PartialSuccess struct {
			Spans  json.Number `json:"rejectedSpans"`
			Logs   json.Number `json:"rejectedLogRecords"`
			Points json.Number `json:"rejectedDataPoints"`
		} `json:"partialSuccess"`
	}
	if json.Unmarshal(answer, &a) != nil {
		return 0
	}
	var sum int64
	for _, n := range []json.Number{a.PartialSuccess.Spans, a.PartialSuccess.Logs, a.PartialSuccess.Points} {
		if v, err := n.Int64(); err == nil {
			sum += v
		}
	}
	return sum
}
