package mem_test

import (
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/mem"
	"github.com/felt-cx/felt/shell/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) felt.Store { return mem.NewStore(mem.StoreOptions{}) })
}

func TestStoreWithoutTransactions(t *testing.T) {
	storetest.Run(t, func(*testing.T) felt.Store { return mem.NewStore(mem.StoreOptions{NoTransactions: true}) })
}

func TestStoreFaults(t *testing.T) {
	for _, c := range []struct {
		name           string
		noTransactions bool
	}{{"with transactions", false}, {"without transactions", true}} {
		t.Run(c.name, func(t *testing.T) {
			storetest.Faulty(t, 20, func(_ *testing.T, fail func(int) error) felt.Store {
				return mem.NewStore(mem.StoreOptions{NoTransactions: c.noTransactions, FailWrite: fail})
			})
		})
	}
}
