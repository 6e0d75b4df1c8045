package app

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// How long a start waits for the log to take what it must hold before telemetry, and for the
// engine to go by it. After that the server goes on, and says in its health what is missing.
const (
	openWithin  = 5 * time.Second
	forceWithin = 30 * time.Second
)

// begin puts a good new text on the log before telemetry is taken, so that nothing is judged
// by the one before. It does not wait for the engine, which may have hours to read: what it
// cannot tell without it (a text that is missing or bad) leaves in force what is.
func (v *inventory) begin(ctx context.Context) {
	in, odd, err := ReadInventory(v.a.cfg.ConfigDir)
	if v.a.cfg.ConfigDir == "" || err != nil || len(in.Files) == 0 || len(odd) > 0 {
		if err != nil && v.a.cfg.Inventory == nil || len(odd) > 0 || v.a.cfg.Inventory == nil {
			return
		}
		if told := v.a.dir.meta.Inventory; told.Version > 0 && told.Sum != sumOf(*v.a.cfg.Inventory) {
			return // whose files are lost, the engine knows
		}
		in = *v.a.cfg.Inventory
	} else {
		in.Actor = actorFiles
	}
	told := v.a.dir.meta.Inventory
	if sumOf(in) == told.Sum || rules.Failed(rules.Check(in, v.a.checking())) {
		return
	}
	if set, _ := rules.Load(in); set == nil || len(set.Journeys) == 0 {
		return // whether that takes any away, the engine knows
	}
	in.Version = told.Version + 1
	if !v.put(ctx, in) || v.a.Clock() == felt.ClockEvent {
		return
	}
	// It rules from the next tick on, which begins with the next second.
	now := v.a.cfg.Now()
	select {
	case <-time.After(now.Truncate(time.Second).Add(time.Second).Sub(now)):
	case <-ctx.Done():
	}
}

// waiting says what keeps the inventory that was loaded first from being in force; "" nothing.
func (v *inventory) waiting() string {
	v.mu.Lock()
	first, put, since := v.first, v.putVersion, v.since
	v.mu.Unlock()
	if !first {
		return "the inventory has not been put on the log yet"
	}
	if put == 0 || v.a.Clock() == felt.ClockEvent || v.a.worker.Inventory().Version >= put {
		return ""
	}
	return fmt.Sprintf("inventory version %d is on the log, but not in force yet (since %s)", put, time.Since(since).Round(time.Second))
}

// letIn lets telemetry in when the log has the settings and the inventory; after a while in any
// case, since the door says best itself what is wrong with the log.
func (a *App) letIn(ctx context.Context, begun <-chan struct{}) {
	limit := time.NewTimer(openWithin)
	defer limit.Stop()
	select {
	case <-begun:
	case <-limit.C:
		a.cfg.Logger.Warn("the log has not taken settings and inventory yet; telemetry is let in all the same")
	case <-ctx.Done():
	}
	close(a.opened)
}

// gate holds requests until the door is open.
func (a *App) gate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-a.opened:
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
}
