package demo_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/felt-cx/felt/app/demo"
)

// saysMore looks at what requests say of those that follow.
type saysMore struct{ yes, no atomic.Int64 }

func (s *saysMore) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Felt-More-Within") == "" {
		s.no.Add(1)
	} else {
		s.yes.Add(1)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// TestHistorySaysThatMoreComes: no pause of the sender gets into the history.
func TestHistorySaysThatMoreComes(t *testing.T) {
	t.Parallel()
	var said saysMore
	s := start(t, t.TempDir(), demo.Options{
		History: time.Hour, Past: 2000, Rate: 20, Customers: 100, FaultAfter: -1, Client: &http.Client{Transport: &said},
	})
	history := int64(0)
	await(t, "the history", func() bool {
		n := said.no.Load() // before asking, so that it is of the history
		if s.live() {
			return true
		}
		history = n
		return false
	})
	if said.yes.Load() == 0 || history > 0 {
		t.Errorf("%d requests of the history said that more comes, %d did not", said.yes.Load(), history)
	}
	await(t, "live requests, which do not say so", func() bool { return said.no.Load() > 0 })
}
