package ingest

import (
	"log/slog"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/business"
	"github.com/felt-cx/felt/core/otlp"
)

// Limits bound what the door takes on. Zero fields take the default.
type Limits struct {
	Body          int64         // bytes of one body as sent; default 16 MiB
	Decoded       int64         // bytes of one body after decompression; default 64 MiB
	Record        int           // bytes of one packed record, at most what the log takes; default 15 MiB
	InFlightBytes int64         // bytes of all bodies from reading until they are on the log; default 256 MiB
	Requests      int           // requests in flight; default 2048
	Streams       uint32        // requests in flight on one gRPC connection, more wait in the client; default 256
	Linger        time.Duration // how long a request waits for others to join; default 2 ms
	Read          time.Duration // how long a sender may take to deliver a body; default 30 s
	Append        time.Duration // how long an append may take before senders are told to come back; default 30 s
	Telemetry     otlp.Limits   // of spans, log records and points
	Business      int64         // bytes of one body of business data, also after decompression; default 8 MiB
	BusinessItems business.Limits
}

// DefaultLimits are sane for one machine.
func DefaultLimits() Limits {
	return Limits{
		Body: 16 << 20, Decoded: 64 << 20, Record: 15 << 20, InFlightBytes: 256 << 20,
		Requests: 2048, Streams: 256,
		Linger: 2 * time.Millisecond, Read: 30 * time.Second, Append: 30 * time.Second,
		Telemetry: otlp.DefaultLimits(), Business: 8 << 20,
	}
}

func orDefault[T ~int | ~int64 | ~uint32](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	orDefault(&l.Body, d.Body)
	orDefault(&l.Decoded, max(d.Decoded, l.Body))
	orDefault(&l.Record, d.Record)
	orDefault(&l.InFlightBytes, d.InFlightBytes)
	orDefault(&l.Requests, d.Requests)
	orDefault(&l.Streams, d.Streams)
	orDefault(&l.Linger, d.Linger)
	orDefault(&l.Read, d.Read)
	orDefault(&l.Append, d.Append)
	orDefault(&l.Business, d.Business)
	return l
}

// CORS says which web pages may send telemetry. It never allows credentials.
type CORS struct {
	// Origins are the allowed ones, such as "https://shop.example". Empty allows any:
	// whoever can reach the door can send without a browser as well.
	Origins []string
}

// Options are given to [New]. Log and Settings are needed; the rest has defaults.
type Options struct {
	Log      felt.Log
	Settings felt.Settings // Partitions, Clock, LateMax and Settle reach the door
	Key      otlp.HashKey  // identities are hashed with it before anything is durable
	Redact   otlp.Redaction
	// MaxWeight is the most that one span or log record may stand for, by its tracestate; what claims
	// more counts as that. Default [otlp.MaxWeight], which is the most.
	MaxWeight float64
	Limits    Limits
	CORS      CORS
	// Auth says whether a bearer token may send telemetry, comparing in constant time.
	// Nil asks for no token: for listeners on loopback only.
	Auth func(token string) bool
	// Actor is the name of a bearer token, for the record of who sent business data.
	// Optional.
	Actor func(token string) string
	// PageKeys are keys that stand in pages. They let these send telemetry over HTTP, beside the
	// tokens that Auth knows. Optional.
	PageKeys PageKeys
	// RegionHeaders are request headers, set by a proxy that is trusted, that say from which country or
	// region a page's customer comes; the first that is there stands. Default none.
	RegionHeaders []string

	Now    func() time.Time // the wall clock; default time.Now
	Logger *slog.Logger     // default discards
}
