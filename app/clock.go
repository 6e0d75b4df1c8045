package app

import (
	"context"
	"fmt"
	"time"

	"github.com/felt-cx/felt"
)

// Clock is the clock of the data directory.
func (a *App) Clock() felt.Clock { return felt.Clock(a.clock.Load()) } //nolint:gosec // 1 or 2

// SwitchClock turns an event log into a wall log, for ever: a history has been taken in, and from
// now on it is now. The history should end now: what lies between its end and now is told as a time
// in which Felt did not run. It tries until the log takes it; a start after a crash finishes what
// was begun. The error is ctx's, or that the data directory cannot be written. With the wall clock it
// does nothing.
func (a *App) SwitchClock(ctx context.Context) error {
	if a.Clock() == felt.ClockWall {
		return nil
	}
	if err := a.dir.change(func(m *meta) { m.Switching = true }); err != nil {
		return err
	}
	return a.finishSwitch(ctx)
}

// finishSwitch puts the switch on the log if it was asked for. Twice is once: it may be there
// already, and the process have ended before it was noted.
func (a *App) finishSwitch(ctx context.Context) error {
	a.dir.mu.Lock()
	asked := a.dir.meta.Switching
	a.dir.mu.Unlock()
	if !asked {
		return nil
	}
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for {
		_, err := a.door.Append(ctx, felt.Record{Kind: felt.KindClock, Part: felt.Control})
		if err == nil {
			break
		}
		if ctx.Err() == nil {
			a.cfg.Logger.Warn("the log does not take the switch of its clock yet", "err", err)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("switch to the wall clock: %w", ctx.Err())
		}
	}
	a.clock.Store(uint32(felt.ClockWall))
	a.cfg.Logger.Info("the log has the wall clock from now on")
	return a.dir.change(func(m *meta) {
		m.Began, m.Clock, m.Switching = m.Clock, felt.ClockWall.String(), false
	})
}

// LogEnd is where the log ends; its zero value when it is empty.
func (a *App) LogEnd(ctx context.Context) (felt.Place, error) {
	p, err := a.log.Last(ctx)
	if err != nil {
		return p, fmt.Errorf("end of the log: %w", err)
	}
	return p, nil
}

// Progress is how far the rows are.
func (a *App) Progress() felt.Progress { return a.worker.Progress() }
