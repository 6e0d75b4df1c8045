package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/felt-cx/felt/core/business"
)

// importSender sends parts one after the other, and each again until it is in.
type importSender struct {
	cmd         *importCmd
	to          *url.URL
	token       string
	std         streams
	begin, said time.Time
	in, over    int
}

// importAnswer is what the server says of a part.
type importAnswer struct {
	Accepted int                `json:"accepted"`
	Rejected int                `json:"rejected"`
	Problems []business.Problem `json:"problems"`
	Message  string             `json:"message"` // of a refusal
}

// sayEvery is how often a long import tells how far it is.
const sayEvery = 5 * time.Second

func (s *importSender) send(ctx context.Context, f *importFile) error {
	return f.each(ctx, func(p part) error {
		a, err := s.patiently(ctx, p)
		if err != nil {
			return err
		}
		s.in, s.over = s.in+a.Accepted, s.over+a.Rejected
		if time.Since(s.said) >= sayEvery {
			s.said = time.Now()
			fmt.Fprintf(s.std.err, "felt: %d rows imported, %.0f a second\n", s.in, float64(s.in)/time.Since(s.begin).Seconds())
		}
		return nil
	})
}

// errAgain: it may work later.
type errAgain struct {
	err   error
	after time.Duration
}

func (e errAgain) Error() string { return e.err.Error() }
func (e errAgain) Unwrap() error { return e.err }

func (s *importSender) patiently(ctx context.Context, p part) (importAnswer, error) {
	deadline, pause := time.Now().Add(s.cmd.Patience), 200*time.Millisecond
	for {
		a, err := s.once(ctx, p)
		again, retry := errors.AsType[errAgain](err)
		if err == nil || !retry || ctx.Err() != nil || time.Now().After(deadline) {
			return a, err
		}
		select {
		case <-time.After(max(pause, again.after)):
		case <-ctx.Done():
		}
		pause = min(2*pause, 5*time.Second)
	}
}

func (s *importSender) once(ctx context.Context, p part) (a importAnswer, err error) {
	to := *s.to
	to.RawQuery = url.Values{
		"kind": {s.cmd.Kind}, "line": {strconv.Itoa(p.line)}, "keep_going": {strconv.FormatBool(s.cmd.KeepGoing)},
	}.Encode()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(p.body()))
	if err != nil {
		return a, fmt.Errorf("request: %w", err)
	}
	req.Header.Set("Content-Type", "text/csv; charset=utf-8")
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return a, errAgain{err: fmt.Errorf("sending: %w", err)}
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 16<<20))
	if err != nil {
		return a, errAgain{err: fmt.Errorf("reading the answer: %w", err)}
	}
	readable := json.Unmarshal(body, &a) == nil
	switch {
	case res.StatusCode == http.StatusOK && readable:
		return a, nil
	case res.StatusCode == http.StatusBadRequest && a.Rejected > 0 && s.cmd.KeepGoing:
		return a, nil // none of these rows is right
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500:
		after, _ := strconv.Atoi(res.Header.Get("Retry-After")) // 0 when there is none
		return a, errAgain{fmt.Errorf("the server answered %s: %s", res.Status, a.Message), time.Duration(after) * time.Second}
	}
	what := a.Message
	if len(a.Problems) > 0 {
		what = a.Problems[0].String()
	}
	if what == "" {
		what = "is it Felt?"
	}
	return a, fmt.Errorf("the server answered %s: %s", res.Status, what)
}
