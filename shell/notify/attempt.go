package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

const (
	// maxAnswer bounds what is read of an answer.
	maxAnswer = 64 << 10
	// maxSaid bounds what is shown of it.
	maxSaid = 200
	// redirects is how many are followed.
	redirects = 3
)

// attempt sends a notification to its sink once. after is how long the sink has asked to be left alone.
func (s *Sender) attempt(ctx context.Context, n felt.Notification, late time.Duration) (after time.Duration, err error) {
	sink, err := s.sink(n.Sink)
	if err != nil {
		return 0, err
	}
	t, err := s.resolve(sink)
	if err != nil {
		return 0, err
	}
	m, err := t.message(&n, late, s.opts.Now())
	if err != nil {
		return 0, err
	}
	return s.send(ctx, t, m)
}

// sink finds a sink of the inventory.
func (s *Sender) sink(name string) (rules.Sink, error) {
	if set := s.opts.Rules(); set != nil {
		if sink := set.Sink(name); sink != nil {
			return *sink, nil
		}
	}
	return rules.Sink{}, fmt.Errorf("%w: the inventory has no sink %q", errConfig, name)
}

// message is what is sent.
type message struct {
	method string
	header http.Header
	body   []byte
}

// send makes one request. Its time does not end with ctx at once: an answer that is on its way saves a
// second delivery.
func (s *Sender) send(ctx context.Context, t *target, m message) (after time.Duration, err error) {
	sending, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.opts.Timeout)
	defer cancel()
	grace := context.AfterFunc(ctx, func() {
		if sleep(sending, stopGrace) {
			cancel()
		}
	})
	defer grace()
	req, err := http.NewRequestWithContext(sending, m.method, t.url.String(), bytes.NewReader(m.body))
	if err != nil {
		return 0, fmt.Errorf("%w: %s", errConfig, t.scrub(err.Error()))
	}
	req.Header = m.header
	req.Header.Set("User-Agent", "Felt (+https://github.com/felt-cx/felt)")
	res, err := s.client.Do(req)
	if err != nil {
		return 0, t.failure(sending, err, s.opts.Timeout)
	}
	defer func() { _ = res.Body.Close() }() // read as far as it matters
	if res.StatusCode/100 == 2 {
		_, _ = io.CopyN(io.Discard, res.Body, maxAnswer) // so that the connection can be used again
		return 0, nil
	}
	said, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return refused(t, res, said, s.opts.Now())
}

// refused tells what an answer that is not 2xx means.
func refused(t *target, res *http.Response, said []byte, now time.Time) (after time.Duration, err error) {
	text := fmt.Sprintf("%s answered %d %s", t.host(), res.StatusCode, http.StatusText(res.StatusCode))
	if s := plain([]byte(t.scrub(string(said)))); s != "" && res.StatusCode/100 != 3 { // that of a redirect names the new address
		text += ": " + s
	}
	switch code := res.StatusCode; {
	case code/100 == 3:
		return 0, fmt.Errorf("%s: it has moved%s, and is not followed there; mend the address in the inventory: %w", text, movedTo(res), felt.ErrPermanent)
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code/100 == 5:
		return retryAfter(res.Header.Get("Retry-After"), now), errors.New(text)
	}
	return 0, fmt.Errorf("%s: %w", text, felt.ErrPermanent)
}

// retryAfter reads the header: seconds, or a date.
func retryAfter(v string, now time.Time) time.Duration {
	const most = 7 * 24 * time.Hour
	v = strings.TrimSpace(v)
	if n, err := strconv.ParseInt(v, 10, 32); err == nil {
		return min(max(time.Duration(n)*time.Second, 0), most)
	}
	if at, err := http.ParseTime(v); err == nil {
		return min(max(at.Sub(now), 0), most)
	}
	return 0
}

// stayThere follows redirects that keep the request as it is and stay on the host: to another it would
// carry what is meant for this one.
func stayThere(req *http.Request, via []*http.Request) error {
	first := via[0]
	if len(via) > redirects || req.URL.Host != first.URL.Host || req.URL.Scheme != first.URL.Scheme || req.Method != first.Method {
		return http.ErrUseLastResponse
	}
	return nil
}

// movedTo names the host of a redirect, and no more of it.
func movedTo(res *http.Response) string {
	if to, err := res.Location(); err == nil && to.Host != "" {
		return " to " + to.Host
	}
	return ""
}

// failure is an error without an answer, without the address in it.
func (t *target) failure(sending context.Context, err error, timeout time.Duration) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	switch {
	case errors.Is(sending.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%s did not answer within %s", t.host(), timeout)
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s had not answered when Felt stopped: %w", t.host(), context.Canceled)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s closed the connection without an answer", t.host())
	}
	return fmt.Errorf("%s: %s", t.host(), t.scrub(err.Error()))
}

// plain is the beginning of an answer as one line of text. What must not be seen is taken out before: of a
// secret that is cut the beginning would stay.
func plain(b []byte) string {
	s := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(string(b), " "))
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > maxSaid {
		s = string(r[:maxSaid]) + "…"
	}
	return s
}
