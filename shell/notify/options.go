package notify

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// Options configure a [Sender]. Outbox and Rules are needed; the rest has sane defaults.
type Options struct {
	Outbox felt.Outbox
	Rules  func() *rules.Set // in force now; its result may be nil

	// PublicURL is where people reach Felt's pages, for links of sinks that have none of their own; ""
	// no links.
	PublicURL string
	// Alive tells how far the engine is and whether all of Felt is ready: heartbeats are sent as long
	// as it is and the tick moves. nil: never.
	Alive func() (tick felt.Tick, ready bool)

	Timeout  time.Duration // for one attempt; default 10 s
	GiveUp   time.Duration // how long one notification is tried, and how old it may be at first; default 24 h
	Backoff  time.Duration // the first pause; it doubles; default 1 s
	MaxPause time.Duration // the longest pause; default 5 min
	Keep     time.Duration // how long the outbox keeps; default 14 days

	Transport http.RoundTripper
	Env       func(name string) (string, bool)
	ReadFile  func(name string) ([]byte, error)
	Jitter    func() float64 // 0..1
	Now       func() time.Time
	Logger    *slog.Logger
}

func (o *Options) defaults() error {
	if o.Outbox == nil || o.Rules == nil {
		return errors.New("notify: Outbox and Rules are needed")
	}
	for _, d := range []struct {
		v   *time.Duration
		def time.Duration
	}{
		{&o.Timeout, 10 * time.Second},
		{&o.GiveUp, 24 * time.Hour},
		{&o.Backoff, time.Second},
		{&o.MaxPause, 5 * time.Minute},
		{&o.Keep, 14 * 24 * time.Hour},
	} {
		if *d.v <= 0 {
			*d.v = d.def
		}
	}
	if o.Alive == nil {
		o.Alive = func() (felt.Tick, bool) { return 0, false }
	}
	if o.Transport == nil {
		o.Transport = &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: 10 * time.Second, ForceAttemptHTTP2: true,
			MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: maxAnswer,
		}
	}
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	if o.ReadFile == nil {
		o.ReadFile = os.ReadFile
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}
