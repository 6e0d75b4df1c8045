package main

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// call is one call of the webhook.
type call struct {
	at       time.Time
	kind     string // detected, reported, resolved
	incident string
}

// hook is the sink: it notes when it was told what.
type hook struct {
	url string
	srv *http.Server

	mu    sync.Mutex
	calls []call
	bad   int // that could not be read
}

// listen starts a hook on loopback.
func listen() (*hook, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // on loopback, at once
	if err != nil {
		return nil, err //nolint:wrapcheck // says what it was
	}
	h := &hook{url: "http://" + l.Addr().String() + "/hook"}
	h.srv = &http.Server{Handler: http.HandlerFunc(h.take), ReadHeaderTimeout: time.Second}
	go func() { _ = h.srv.Serve(l) }()
	return h, nil
}

func (h *hook) take(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	var body struct {
		Type    string `json:"type"`
		Subject string `json:"subject"`
		Data    struct {
			CustomData struct {
				Incident string `json:"incident"`
			} `json:"customData"`
		} `json:"data"`
	}
	err := json.NewDecoder(r.Body).Decode(&body)
	c := call{at: at, incident: body.Data.CustomData.Incident}
	if c.incident == "" {
		c.incident = body.Subject
	}
	for _, kind := range []string{"detected", "reported", "resolved"} {
		if strings.Contains(body.Type, "incident."+kind) {
			c.kind = kind
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil || c.kind == "" || c.incident == "" {
		h.bad++
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h.calls = append(h.calls, c)
	w.WriteHeader(http.StatusNoContent)
}

// first is when an incident was first told; zero never.
func (h *hook) first(incident string) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.calls {
		if c.incident == incident && c.kind == "detected" {
			return c.at
		}
	}
	return time.Time{}
}

// count is how often each kind was told.
func (h *hook) count() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := map[string]int{"unreadable": h.bad}
	for _, c := range h.calls {
		n[c.kind]++
	}
	return n
}
