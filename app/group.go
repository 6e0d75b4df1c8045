package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// group runs parts and stops all of them when one fails.
type group struct {
	cancel context.CancelFunc
	report func(part string, err error)

	wg   sync.WaitGroup
	mu   sync.Mutex
	errs []error
}

// run starts a part.
func (g *group) run(part string, f func() error) {
	g.wg.Go(func() {
		err := f()
		g.report(part, err)
		if err != nil {
			g.fail(part, err)
		}
	})
}

func (g *group) fail(part string, err error) {
	g.mu.Lock()
	g.errs = append(g.errs, fmt.Errorf("%s: %w", part, err))
	g.mu.Unlock()
	g.cancel()
}

// wait waits until all parts have ended.
func (g *group) wait() { g.wg.Wait() }

func (g *group) err() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return errors.Join(g.errs...)
}
