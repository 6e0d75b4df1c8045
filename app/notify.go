package app

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/shell/notify"
)

func (c *Config) notifyDefaults() {
	def(&c.OutboxMaxBytes, 256<<20)
	def(&c.OutboxMaxAge, 14*24*time.Hour)
	def(&c.NotifyTimeout, 10*time.Second)
	def(&c.NotifyGiveUp, 24*time.Hour)
}

// minOutbox is the smallest outbox: a few large notifications.
const minOutbox = 1 << 20

// checkNotify says what is wrong with how people are told.
func (c *Config) checkNotify() (problems []error) {
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			problems = append(problems, fmt.Errorf("public-url: %q is not an address such as https://felt.example.com", c.PublicURL))
		}
	}
	if s := c.Settings.SilentAfter; s < 30*felt.Second || s > felt.Hour {
		problems = append(problems, fmt.Errorf("silent-after: %v; want 30s to 1h", time.Duration(s)))
	}
	if c.OutboxMaxBytes < minOutbox {
		problems = append(problems, fmt.Errorf("outbox-max-bytes: %d; want at least %d", c.OutboxMaxBytes, minOutbox))
	}
	for _, d := range []struct {
		name string
		v    time.Duration
	}{{"outbox-max-age", c.OutboxMaxAge}, {"notify-timeout", c.NotifyTimeout}, {"notify-give-up", c.NotifyGiveUp}} {
		if d.v < time.Second {
			problems = append(problems, fmt.Errorf("%s: %v; want at least a second", d.name, d.v))
		}
	}
	if c.NotifyGiveUp > c.OutboxMaxAge {
		problems = append(problems, fmt.Errorf("notify-give-up: %v is over outbox-max-age %v: what is not kept cannot be tried", c.NotifyGiveUp, c.OutboxMaxAge))
	}
	return problems
}

// connectNotify builds what tells people.
func (a *App) connectNotify() (err error) {
	a.notify, err = notify.New(notify.Options{
		Outbox: a.outbox, Rules: func() *rules.Set { return a.inventory.rules().Set }, PublicURL: strings.TrimRight(a.cfg.PublicURL, "/"),
		Alive: func() (felt.Tick, bool) {
			if a.Clock() == felt.ClockEvent { // its clock says nothing of whether Felt works
				return 0, false
			}
			return a.worker.Progress().Tick, a.health().Ready
		},
		Timeout: a.cfg.NotifyTimeout, GiveUp: a.cfg.NotifyGiveUp, Keep: a.cfg.OutboxMaxAge,
		Now: a.cfg.Now, Logger: a.cfg.Logger,
	})
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	return nil
}

// runNotify tells people until ctx ends, and has what waits for a better inventory tried when there
// is one.
func (a *App) runNotify(ctx context.Context) {
	ended := make(chan struct{})
	go func() { defer close(ended); a.notify.Run(ctx) }()
	version := a.worker.Inventory().Version
	for ctx.Err() == nil {
		changed := a.worker.Changed()
		if v := a.worker.Inventory().Version; v != version {
			version = v
			a.notify.Reloaded()
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	<-ended
}

// tellNotify says how telling people goes: none of it keeps Felt from being ready.
func (a *App) tellNotify(parts map[string]string) {
	parts["outbox"], parts["sinks"] = "ok", "ok"
	if why := a.worker.Posting(); why != "" {
		parts["outbox"] = why
	}
	if list := a.notify.Troubles(); len(list) > 0 {
		parts["sinks"] = strings.Join(list, "; ")
	}
}
