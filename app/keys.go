package app

import (
	"fmt"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/ingest"
	"github.com/felt-cx/felt/shell/keys"
)

// openKeys reads the keys with which pages may send.
func (a *App) openKeys() (err error) {
	if a.cfg.IngestKeys == "" {
		return nil
	}
	if a.keys, err = keys.Open(a.cfg.IngestKeys, a.cfg.Logger, a.cfg.Now); err != nil {
		return fmt.Errorf("open: %w", err)
	}
	return nil
}

// pageKeys lets the door find them; without a file there are none.
func (a *App) pageKeys() ingest.PageKeys {
	if a.keys == nil {
		return ingest.PageKeys{}
	}
	return ingest.PageKeys{
		Find: func(secret string) (ingest.PageKey, bool) {
			if k := a.keys.Find(secret); k != nil {
				return k, true
			}
			return nil, false
		},
		Origin: a.keys.Origin,
	}
}

// meters are all that have numbers for /metrics.
func (a *App) meters() []felt.Meter {
	list := []felt.Meter{a.door, a.log, a.worker, a.keeper, a.behind, a.outbox, a.notify, a.store, a.inventory, a.compactor, a.memory()}
	if a.keys != nil {
		list = append(list, a.keys)
	}
	return list
}

// keysState is how the file of keys is, for health; "" without one.
func (a *App) keysState() string {
	if a.keys == nil {
		return ""
	}
	if err := a.keys.Trouble(); err != nil {
		return err.Error() + "; the keys are as they were"
	}
	return "ok"
}
