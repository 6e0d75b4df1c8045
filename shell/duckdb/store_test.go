package duckdb_test

import (
	"context"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/duckdb"
	"github.com/felt-cx/felt/shell/storetest"
)

func open(t *testing.T, o duckdb.Options) *duckdb.Store {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	s, err := duckdb.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) felt.Store { return open(t, duckdb.Options{}) })
}

// Failed and did not, failed but persisted, and everything between.
func TestFaults(t *testing.T) {
	storetest.Faulty(t, 3, func(t *testing.T, fail func(int) error) felt.Store {
		s := open(t, duckdb.Options{})
		s.FailWrites(fail)
		return s
	})
}
