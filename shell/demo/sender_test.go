package demo

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
)

func TestBackOff(t *testing.T) {
	ask := func(code int, header ...string) func(*http.Request) (*http.Response, error) {
		return func(r *http.Request) (*http.Response, error) { return respond(r, code, "busy", header...), nil }
	}
	date := time.Date(2000, 1, 1, 0, 0, 30, 0, time.UTC) // the bubble's clock begins at 2000-01-01
	lost := func(*http.Request) (*http.Response, error) { return nil, errTaken }
	dead := func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }
	for _, c := range []struct {
		name    string
		answers []func(*http.Request) (*http.Response, error)
		waits   []time.Duration // 0: until the date
	}{
		{"429 with seconds", []func(*http.Request) (*http.Response, error){ask(429, "Retry-After", "7")}, []time.Duration{7 * time.Second}},
		{"503 with a date", []func(*http.Request) (*http.Response, error){
			ask(503, "Retry-After", date.Format(http.TimeFormat)),
		}, []time.Duration{0}},
		{"503 without", []func(*http.Request) (*http.Response, error){ask(503), ask(502), ask(504)}, []time.Duration{firstWait, 2 * firstWait, 4 * firstWait}},
		{"not reached", []func(*http.Request) (*http.Response, error){dead, dead}, []time.Duration{firstWait, 2 * firstWait}},
		{"answer lost", []func(*http.Request) (*http.Response, error){lost}, []time.Duration{firstWait}},
		{"far too long", []func(*http.Request) (*http.Response, error){ask(429, "Retry-After", "86400")}, []time.Duration{maxAsked}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &received{}
				s.answer = func(n int, r *http.Request) (*http.Response, error) {
					if n <= len(c.answers) {
						return c.answers[n-1](r)
					}
					return nil, nil //nolint:nilnil // takes it
				}
				d, _ := simulate(t, s, Options{For: c.waits[0] + time.Minute, Rate: 5})
				for i, wait := range c.waits {
					a, b := s.requests[i], s.requests[i+1]
					if wait == 0 {
						wait = date.Sub(a.at)
					}
					if got := b.at.Sub(a.at); got != wait {
						t.Errorf("try %d came %v after the one before, want %v", i+2, got, wait)
					}
					if a.body != b.body {
						t.Errorf("try %d is another request", i+2)
					}
				}
				if got := d.ledger.delivered().Waits; got != int64(len(c.waits)) {
					t.Errorf("waits %d, want %d", got, len(c.waits))
				}
				if diff := cmp.Diff(recount(s.decided(), "", felt.Window{From: 1}), d.Truth(felt.Scope{}, felt.Window{From: 1})); diff != "" {
					t.Errorf("(-recount +truth)\n%s", diff)
				}
			})
		})
	}
}

func TestPartialSuccessIsCounted(t *testing.T) {
	for body, want := range map[string]int64{
		`{"partialSuccess":{"rejectedSpans":"3"}}`:                       3,
		`{"partialSuccess":{"rejectedDataPoints":4,"errorMessage":"x"}}`: 4,
		`{"partialSuccess":{}}`:                                          0, `{}`: 0, ``: 0, `<html>`: 0,
	} {
		if got := rejectedOf([]byte(body)); got != want {
			t.Errorf("%s: %d, want %d", body, got, want)
		}
	}
}

func TestCutOffAnswerIsSentAgain(t *testing.T) {
	s := sender{logger: slog.New(slog.DiscardHandler), now: time.Now, endpoint: "http://x"}
	n := 0
	s.client = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		res := respond(r, http.StatusOK, "{}")
		if n++; n == 1 {
			res.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), broken{}))
		}
		return res, nil
	})}
	synctest.Test(t, func(t *testing.T) {
		if waits, _, err := s.send(t.Context(), &request{path: "/v1/traces"}); waits != 1 || err != nil {
			t.Errorf("waits %d, err %v", waits, err)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
