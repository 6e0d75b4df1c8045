// Package service holds the services of the shop: a gateway that the browser talks to, and behind it
// catalogue, cart, inventory, payment, media, and a bank that belongs to somebody else.
//
//	browser -> gateway -> catalogue
//	                   -> cart    -> inventory
//	                   -> payment -> bank (its page is on an address of its own)
//	                   -> media   => media-worker (later, when the customer is gone)
//
// They are plain net/http with OpenTelemetry around it, and all that they keep is in memory: what is
// interesting is not what they do but what a customer notices of it.
package service

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/felt-cx/felt/examples/shop/services/fault"
	"github.com/felt-cx/felt/examples/shop/services/telemetry"
)

// Places are the addresses (http://host:port) of all.
type Places struct {
	// Shop and Bank are where a browser reaches them, the others where services do.
	Shop, Bank                                 string
	Catalogue, Cart, Inventory, Payment, Media string
}

// Base is what every service works with.
type Base struct {
	Telemetry *telemetry.Telemetry
	Switches  *fault.Switches
	Places    Places
}

// The customer's region travels with a request as a header: it decides which part of the shop serves them.
const regionHeader = "Shop-Region"

// regionDown answers for a region that is switched off.
func (b *Base) regionDown(w http.ResponseWriter, r *http.Request) bool {
	region := b.Switches.Get().FailingRegion
	if region == "" || r.Header.Get(regionHeader) != region {
		return false
	}
	fail(w, http.StatusServiceUnavailable, "region_down")
	return true
}

// problem is how services say no: a short word for programs.
type problem struct {
	Error string `json:"error"`
}

func fail(w http.ResponseWriter, status int, word string) {
	answer(w, status, problem{word})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return // whoever asked is gone
	}
}

const bodyLimit = 64 << 10

// body reads a request's JSON; when it is none it answers 400 and is false.
func body(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit)).Decode(into); err != nil {
		fail(w, http.StatusBadRequest, "bad_request")
		return false
	}
	return true
}

// refused is the answer of another service that was not 2xx.
type refused struct {
	status int
	word   string
}

func (e *refused) Error() string { return fmt.Sprintf("%d %s", e.status, e.word) }

// call asks another service; in and out may be nil.
func call(ctx context.Context, c *http.Client, method, url string, header http.Header, in, out any) error {
	var send io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, url, err)
		}
		send = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, send)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, url, err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if region := header.Get(regionHeader); region != "" {
		req.Header.Set(regionHeader, region)
	}
	resp, err := c.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, url, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, url, err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		p := problem{"unknown"}
		_ = json.Unmarshal(text, &p) // not every answer has a word
		return &refused{resp.StatusCode, p.Error}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, url, err)
	}
	return nil
}

// pass hands the answer of a called service on: its refusal as it is, anything else as a bad gateway.
func pass(w http.ResponseWriter, err error, status int, v any) {
	var no *refused
	switch {
	case err == nil:
		answer(w, status, v)
	case errors.As(err, &no):
		fail(w, no.status, no.word)
	default:
		fail(w, http.StatusBadGateway, "unreachable")
	}
}

// id makes a name that nobody guesses.
func id(prefix string) string { return prefix + "-" + strings.ToLower(rand.Text()[:16]) }

// kept is a bounded memory: over its limit the oldest goes.
type kept[V any] struct {
	mu    sync.Mutex
	limit int
	all   map[string]V
	order []string
}

func keep[V any](limit int) *kept[V] { return &kept[V]{limit: limit, all: map[string]V{}} }

func (k *kept[V]) get(id string) (V, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, ok := k.all[id]
	return v, ok
}

// update changes what is kept under id, which is made by need; change is not called twice at a time.
func (k *kept[V]) update(id string, change func(v V, was bool) V) V {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, was := k.all[id]
	v = change(v, was)
	k.all[id] = v
	if !was {
		if k.order = append(k.order, id); len(k.order) > k.limit {
			delete(k.all, k.order[0])
			k.order = k.order[1:]
		}
	}
	return v
}

// wait lets time pass, unless whoever asked leaves before.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
