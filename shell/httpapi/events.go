package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// What live pages are promised.
const (
	eventsEvery    = time.Second
	keepAliveEvery = 15 * time.Second
	streamWrite    = 10 * time.Second
)

// events is the live stream (server-sent events): "tick" when the rows have moved on,
// at most once a second; "incident" when one was opened or changed; "inventory" when
// another is in force or the files have other problems. A page that gets one asks
// its questions again.
func (a *API) events(w http.ResponseWriter, r *http.Request) {
	if wrong := checkQuery(r.URL.RawQuery, map[string]bool{"env": false}); wrong != "" {
		writeProblem(w, http.StatusBadRequest, wrong)
		return
	}
	select {
	case a.streams <- struct{}{}:
		defer func() { <-a.streams }()
	default:
		w.Header().Set("Retry-After", "10")
		writeProblem(w, http.StatusServiceUnavailable, fmt.Sprintf("%d live pages are open, which is the limit", a.opts.Streams))
		return
	}
	out := &stream{w: w, rc: http.NewResponseController(w), seen: map[string]openIncident{}}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	if r.Method == http.MethodHead {
		return
	}
	env := r.URL.Query().Get("env")
	if env == "" {
		env = "production"
	}
	if err := out.send("retry: 2000\n\n"); err != nil {
		return
	}
	if err := a.follow(r.Context(), out, env); err != nil && r.Context().Err() == nil {
		a.opts.Logger.Debug("live page ended", "err", err)
	}
}

// follow sends until the page goes away.
func (a *API) follow(ctx context.Context, out *stream, env string) error {
	keepAlive := time.NewTicker(keepAliveEvery)
	defer keepAlive.Stop()
	for first := true; ; first = false {
		changed := a.opts.Engine.Changed() // before looking, so that no move is missed
		if err := a.sendState(ctx, out, env, first); err != nil {
			return err
		}
		if err := idle(ctx, out, keepAlive.C, time.After(eventsEvery)); err != nil {
			return err
		}
		if err := idle(ctx, out, keepAlive.C, changed); err != nil {
			return err
		}
	}
}

// idle keeps a stream alive until something happens.
func idle[T any](ctx context.Context, out *stream, keepAlive <-chan time.Time, until <-chan T) error {
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("live page: %w", ctx.Err())
		case <-keepAlive:
			if err := out.send(": keep-alive\n\n"); err != nil {
				return err
			}
		case <-until:
			return nil
		}
	}
}

// sendState tells the time of the rows, and which incidents have changed since the
// last call; the first call only notes them.
func (a *API) sendState(ctx context.Context, out *stream, env string, first bool) error {
	p := a.opts.Engine.Progress()
	if err := out.event("tick", map[string]*string{
		"as_of": optionalTime(p.Tick.Instant()), "complete_until": optionalTime(max(0, p.CompleteUntil)),
	}); err != nil {
		return err
	}
	if now := stateOfRules(a.opts.Rules()); now != out.rules {
		out.rules = now
		if !first {
			if err := out.event("inventory", now); err != nil {
				return err
			}
		}
	}
	open, err := a.live.open(ctx, a, env, p)
	if err != nil {
		return nil // the page keeps its stream; its own questions tell it what is wrong
	}
	for _, now := range changes(out.seen, open) {
		if first {
			continue
		}
		if err := out.event("incident", map[string]string{"id": now.id, "status": now.status.String()}); err != nil {
			return err
		}
	}
	return nil
}

// stream is one live page.
type stream struct {
	w     http.ResponseWriter
	rc    *http.ResponseController
	seen  map[string]openIncident // by id, as last told
	rules InventoryState          // as last told
}

func (s *stream) event(name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("event %s: %w", name, err)
	}
	return s.send(fmt.Sprintf("event: %s\ndata: %s\n\n", name, data))
}

// send writes and flushes, and gives up on a page that does not read.
func (s *stream) send(text string) error {
	if err := s.rc.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("live page: %w", err)
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return fmt.Errorf("live page: %w", err)
	}
	if err := s.rc.Flush(); err != nil {
		return fmt.Errorf("live page: %w", err)
	}
	return nil
}
