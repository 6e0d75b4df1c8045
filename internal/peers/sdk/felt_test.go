package sdk

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"
)

// felt is a running server, asked through its public API.
type felt struct {
	*process
	api, grpc, http string
}

func (f *felt) get(path string) ([]byte, error) {
	resp, err := http.Get(f.api + path)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %.500s", path, resp.Status, body)
	}
	return body, nil
}

func (f *felt) ask(path string, into any) error {
	body, err := f.get(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s: %w: %.500s", path, err, body)
	}
	return nil
}

// distinct are distinct customers or sessions.
type distinct struct{ Total, Failed, Degraded int }

type impact struct {
	Customers, Sessions distinct
	Interactions        struct{ Success, Degraded, Failed, Abandoned int }
	Method              string
	CompleteUntil       time.Time `json:"complete_until"`
}

// waitImpact waits until everything that ended before a time is in the answers,
// and returns the answer of then.
func (f *felt) waitImpact(t *testing.T, of string, from, ended time.Time) impact {
	t.Helper()
	q := url.Values{
		"of":   {of},
		"from": {strconv.FormatInt(from.Add(-time.Minute).Unix(), 10)},
		"to":   {strconv.FormatInt(ended.Add(time.Hour).Unix(), 10)},
	}
	var got impact
	err := f.until(time.Minute, func() error {
		got = impact{}
		if err := f.ask("/api/v1/impact?"+q.Encode(), &got); err != nil {
			return err
		}
		if got.CompleteUntil.Before(ended) {
			return fmt.Errorf("complete until %v, sent until %v: %+v", got.CompleteUntil, ended, got)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("impact of %s: %v", of, err)
	}
	return got
}

// calls are the calls and errors of a service's operations in the last hour.
func (f *felt) calls(t *testing.T, service string) map[string][2]int {
	t.Helper()
	var got struct {
		Operations []struct {
			Service, Operation string
			Count, Errors      int
		}
	}
	q := url.Values{
		"service": {service},
		"from":    {strconv.FormatInt(time.Now().Add(-time.Hour).Unix(), 10)},
		"to":      {strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)},
	}
	if err := f.ask("/api/v1/operations?"+q.Encode(), &got); err != nil {
		t.Fatal(err)
	}
	calls := map[string][2]int{}
	for _, o := range got.Operations {
		if o.Service != service {
			t.Errorf("asked for %s, got an operation of %s", service, o.Service)
		}
		was := calls[o.Operation]
		calls[o.Operation] = [2]int{was[0] + o.Count, was[1] + o.Errors}
	}
	return calls
}

// health is the part of /api/v1/health that says what came in.
type health struct {
	Ingested struct{ Spans, Logs, Points int }
	raw      string
}

func (f *felt) health() (h health, err error) {
	body, err := f.get("/api/v1/health")
	if err != nil {
		return h, err
	}
	if err := json.Unmarshal(body, &h); err != nil {
		return h, fmt.Errorf("health: %w: %.500s", err, body)
	}
	h.raw = string(body)
	return h, nil
}
