package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/felt-cx/felt"
)

// What live pages are promised.
const (
	eventsEvery    = time.Second
	keepAliveEvery = 15 * time.Second
	streamWrite    = 10 * time.Second
)

// events is the live stream (server-sent events): "tick" when the rows have moved on,
// at most once a second; "incident" when one was opened or changed. A page that gets
// one asks its questions again.
func (a *API) events(w http.ResponseWriter, r *http.Request) {
	select {
	case a.streams <- struct{}{}:
		defer func() { <-a.streams }()
	default:
		w.Header().Set("Retry-After", "10")
		writeProblem(w, http.StatusServiceUnavailable, fmt.Sprintf("%d live pages are open, which is the limit", a.opts.Streams))
		return
	}
	out := &stream{w: w, rc: http.NewResponseController(w), seen: map[string]int64{}}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	env := r.URL.Query().Get("env")
	if env == "" {
		env = "production"
	}
	if err := out.send("retry: 2000\n\n"); err != nil {
		return
	}
	if err := a.follow(r.Context(), out, env); err != nil && r.Context().Err() == nil && !errors.Is(err, http.ErrHandlerTimeout) {
		a.opts.Logger.Debug("live page ended", "err", err)
	}
}

// follow sends until the page goes away.
func (a *API) follow(ctx context.Context, out *stream, env string) error {
	keepAlive := time.NewTicker(keepAliveEvery)
	defer keepAlive.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for first := true; ; first = false {
		changed := a.opts.Engine.Changed()
		if err := a.sendState(ctx, out, env, first); err != nil {
			return err
		}
		pause.Reset(eventsEvery)
		for waiting := true; waiting; {
			select {
			case <-ctx.Done():
				return nil
			case <-keepAlive.C:
				if err := out.send(": keep-alive\n\n"); err != nil {
					return err
				}
			case <-pause.C:
				waiting = false
			}
		}
		for waiting := true; waiting; {
			select {
			case <-ctx.Done():
				return nil
			case <-keepAlive.C:
				if err := out.send(": keep-alive\n\n"); err != nil {
					return err
				}
			case <-changed:
				waiting = false
			}
		}
	}
}

// sendState tells the time of the rows, and which incidents have changed since the
// last call; the first call only notes them.
func (a *API) sendState(ctx context.Context, out *stream, env string, first bool) error {
	p := a.opts.Engine.Progress()
	if err := out.event("tick", map[string]string{"as_of": stampTime(p.Tick.Instant()), "complete_until": stampTime(p.CompleteUntil)}); err != nil {
		return err
	}
	list, err := ask(ctx, a, func(ctx context.Context) ([]felt.Incident, error) { return a.opts.Store.Incidents(ctx, env, 50) })
	if err != nil {
		return nil //nolint:nilerr // the page keeps its stream; its own questions tell it what is wrong
	}
	for _, i := range list {
		was, known := out.seen[i.ID]
		out.seen[i.ID] = i.Version
		if first || (known && was == i.Version) {
			continue
		}
		if err := out.event("incident", map[string]string{"id": i.ID, "status": i.Status.String()}); err != nil {
			return err
		}
	}
	return nil
}

// stream is one live page.
type stream struct {
	w    http.ResponseWriter
	rc   *http.ResponseController
	seen map[string]int64 // versions of incidents
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
