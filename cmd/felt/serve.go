package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/app"
	"github.com/felt-cx/felt/shell/keys"
)

// serverFlags are the settings of a server, shared by serve and demo.
type serverFlags struct {
	Config   string `help:"Directory with felt.yaml and the inventory. May be missing." default:"felt-config" type:"path"`
	Listen   string `help:"Address of the page and the API." default:"127.0.0.1:3358"`
	OTLPGRPC string `name:"otlp-grpc" help:"Address for OTLP over gRPC; off for none." default:"127.0.0.1:4317"`
	OTLPHTTP string `name:"otlp-http" help:"Address for OTLP over HTTP; off for none. /v1/* is on the page's address too." default:"127.0.0.1:4318"`
	Tokens   string `help:"File of lines NAME SCOPE[,SCOPE] SECRET (scopes: ingest, read, act). Needed to listen beyond this machine." placeholder:"FILE" type:"path"`

	IngestKeys string `help:"File of keys with which pages may send telemetry; read again when it changes. See felt keys." placeholder:"FILE" type:"path"`

	Clock      string `help:"What moves the log's clock: wall (live) or event (history). Fixed when the data directory is made." enum:"wall,event,as-made" default:"as-made"`
	Partitions int    `help:"Virtual partitions. Fixed when the data directory is made (4)." placeholder:"N"`
	Workers    int    `help:"Goroutines of the engine; 0 is one a processor." default:"0"`

	Settle          time.Duration `help:"How long after its trace's last span an undecided span waits." default:"15s"`
	LateMax         time.Duration `help:"Telemetry older than this is rejected (wall clock)." default:"24h"`
	JudgeLate       time.Duration `help:"Telemetry older than this is counted but raises no alarm." default:"60s"`
	Remember        time.Duration `help:"How long an interaction is remembered against redelivery." default:"15m"`
	JourneyLate     time.Duration `help:"How late a step may come and still correct a journey that has ended; --settle is added." default:"10m"`
	RecoveryWindow  time.Duration `help:"How long a customer has to succeed after a failure before being counted as lost." default:"30m"`
	FalseAlarms     alarmBudget   `help:"How often somebody may be woken for nothing, over everything: one a week, 2 a day, one in 10 days." default:"one a week" placeholder:"WORDS"`
	SilentAfter     time.Duration `help:"The least time for which all telemetry of an app that is heard all the time must be missing until somebody is told." default:"2m" placeholder:"DURATION"`
	PendingAfter    time.Duration `help:"After so long without its end a try whose page was hidden counts as abandoned." default:"5m" placeholder:"DURATION"`
	FloorCustomers  int           `help:"The fewest different customers that must be hit for a finding." default:"4"`
	MaxOpenSpans    int           `help:"Spans held until their trace settles; over it the oldest settle early." default:"4000000"`
	MaxOpenTries    int           `help:"Interactions remembered against redelivery." default:"2000000"`
	MaxSeries       int           `help:"Names of interactions with buckets of their own; further ones count as other." default:"20000"`
	MaxOperations   int           `help:"Operations and edges with buckets of their own; further ones count as other." default:"100000"`
	OpenJourneys    int           `help:"Customers' journeys held, those included that have ended and may be corrected; over it those that have ended are sealed early, then the oldest are cancelled." default:"450000"`
	JourneySteps    int           `help:"Tries held of one customer in one journey; the oldest are sealed first." default:"512"`
	OpenPending     int           `help:"Tries of hidden pages that are waited for; over it the oldest count as abandoned at once." default:"50000"`
	KnownLinks      int           `help:"Links between identities remembered so that they are not written again." default:"200000"`
	Signals         int           `help:"Signals that are measured, each environment for itself; KPIs likewise." default:"2000"`
	SignalInstances int           `help:"Instances (streams of metric points) held of one signal." default:"1000"`
	SignalStreams   int           `help:"Instances held of all signals." default:"50000"`
	SegmentValues   int           `help:"Values per segment key with buckets of their own; further ones count as other." default:"50"`

	BodyLimit      bytesFlag `help:"Largest request as sent." default:"16MiB"`
	DecodedLimit   bytesFlag `help:"Largest request once decompressed." default:"64MiB"`
	InFlightLimit  bytesFlag `help:"Largest sum of requests being worked on; over it senders are asked to come again." default:"256MiB"`
	AttributeLimit int       `help:"Attributes kept of a span; further ones are dropped and counted." default:"128"`
	ValueLimit     int       `help:"Bytes kept of an attribute's text." default:"1024"`
	BusinessLimit  bytesFlag `help:"Largest request of business data, also once decompressed; --body-limit holds too." default:"8MiB"`
	BusinessItems  int       `help:"Events, or rows, in one request of business data." default:"10000"`
	RedactKeys     []string  `help:"Further attribute keys whose values are never kept." placeholder:"KEY"`
	AllowKeys      []string  `help:"Attribute keys that are kept although they would be redacted." placeholder:"KEY"`
	RegionHeaders  []string  `help:"Request headers of a proxy in front, trusted, that say in which country or region a page's customer is (CF-IPCountry, X-Vercel-IP-Country, CloudFront-Viewer-Country); none given: none." placeholder:"HEADER"`
	MaxWeight      float64   `help:"How many interactions one span or log record of sampled telemetry may stand for, by its tracestate; what claims more counts as this. Keys of pages have a bound of their own." default:"1000000"`
	CORSOrigins    []string  `name:"cors-origins" help:"Origins whose pages may send telemetry; none given: any." placeholder:"ORIGIN"`
	Hosts          []string  `help:"Further host names under which the page is reached." placeholder:"HOST"`

	LogMaxBytes      bytesFlag     `help:"Size of the telemetry log." default:"20GiB"`
	LogMaxAge        time.Duration `help:"Age of the telemetry log." default:"24h"`
	SnapshotEvery    time.Duration `help:"How often the engine's state is saved." default:"30s"`
	WarmUp           time.Duration `help:"Of how much time stored interactions are read when the engine's state is lost, as after an upgrade, to learn what is usual." default:"336h"`
	WarmUpRows       int64         `help:"How many of them at most, the newest." default:"20000000"`
	Memory           bytesFlag     `help:"Memory that the process stays near, questions apart. What is needed to hold the telemetry is taken all the same." default:"512MiB"`
	StoreMemory      string        `help:"Memory of the store, such as 384MB; a share of --memory when not given." placeholder:"SIZE"`
	CompactEvery     time.Duration `help:"How often coarse rows (minutes, hours, days, segments, customer days) are made of fine ones." default:"1m"`
	KeepInteractions time.Duration `help:"How long interactions are kept." default:"720h"`
	KeepBuckets10s   time.Duration `name:"keep-buckets-10s" help:"How long counts of 10 seconds are kept." default:"48h"`
	KeepBuckets1m    time.Duration `name:"keep-buckets-1m" help:"How long counts of a minute are kept." default:"336h"`
	KeepBuckets      time.Duration `help:"How long counts of an hour and a day are kept." default:"9600h"`
	KeepCustomerDays time.Duration `help:"How long it is kept what each customer did on each day." default:"9600h"`
	KeepSpans        time.Duration `help:"How long the spans of kept traces are kept." default:"336h"`
	KeepGoodTraces   float64       `help:"Share of the traces in which nothing failed or was degraded whose spans are kept: 0 to 1." default:"0.01"`
	KeeperBehind     time.Duration `help:"How long after an interaction became known the spans of its trace are picked from the log." default:"90s"`
	KeeperTraces     int           `help:"Kept traces remembered, so that spans that come later are kept too." default:"500000"`
	KeeperBytes      bytesFlag     `help:"Memory of spans that wait for the rest of their kept trace; over it they are written early." default:"64MiB"`
	KeeperHoldLog    time.Duration `help:"How much further behind than usual the picking of spans may be before the log is trimmed all the same." default:"15m"`
	TraceSpans       int           `help:"Spans kept of one trace; further ones are dropped and counted." default:"10000"`

	PublicURL      string        `help:"Where people reach the pages, such as https://felt.example.com, for links in what they are told." placeholder:"URL"`
	OutboxMaxBytes bytesFlag     `help:"Size of the outbox: what people are told, and what came of it. The oldest go first." default:"256MiB"`
	OutboxMaxAge   time.Duration `help:"How long it is kept what people were told." default:"336h"`
	NotifyTimeout  time.Duration `help:"How long a sink has to answer." default:"10s"`
	NotifyGiveUp   time.Duration `help:"How long a notification is tried before it is given up, and how old it may be when it is first tried." default:"24h"`

	LogLevel  string `help:"debug, info, warn or error." enum:"debug,info,warn,error" default:"info"`
	LogFormat string `help:"text or json." enum:"text,json" default:"text"`
}

// serveCmd is felt serve.
type serveCmd struct {
	Data string `help:"Directory for everything that is kept; made when missing." default:"felt-data" type:"path"`
	serverFlags
}

// Run serves until ctx ends.
func (s *serveCmd) Run(ctx context.Context, std streams) error {
	cfg, err := s.config(s.Data, std.err)
	if err != nil {
		return err
	}
	return serve(ctx, cfg, std, nil)
}

// bytesFlag is a size such as 16MiB.
type bytesFlag int64

// UnmarshalText parses a number with an optional unit (B, KiB, MiB, GiB, KB, MB, GB).
func (b *bytesFlag) UnmarshalText(text []byte) error {
	n, err := parseBytes(string(text))
	*b = bytesFlag(n)
	return err
}

// config turns flags into the app's configuration.
func (f *serverFlags) config(data string, logs io.Writer) (app.Config, error) {
	settings := felt.DefaultSettings()
	settings.Settle = felt.Instant(f.Settle)
	settings.LateMax = felt.Instant(f.LateMax)
	settings.JudgeLate = felt.Instant(f.JudgeLate)
	settings.Remember = felt.Instant(f.Remember)
	settings.JourneyLate = felt.Instant(f.JourneyLate)
	settings.Recovery = felt.Instant(f.RecoveryWindow)
	settings.FloorClients, settings.FalsePages = f.FloorCustomers, f.FalseAlarms.perDay
	settings.SilentAfter = felt.Instant(f.SilentAfter)
	settings.PendingAfter, settings.OpenPending = felt.Instant(f.PendingAfter), f.OpenPending
	settings.OpenSpans, settings.OpenTries = f.MaxOpenSpans, f.MaxOpenTries
	settings.SeriesMax, settings.OpsMax, settings.SegmentMax = f.MaxSeries, f.MaxOperations, f.SegmentValues
	settings.OpenJourneys, settings.JourneySteps, settings.KnownLinks = f.OpenJourneys, f.JourneySteps, f.KnownLinks
	settings.Signals, settings.SignalInstances, settings.SignalStreams = f.Signals, f.SignalInstances, f.SignalStreams
	keep := felt.Retention{
		Interactions: felt.Instant(f.KeepInteractions), Buckets10s: felt.Instant(f.KeepBuckets10s), Buckets1m: felt.Instant(f.KeepBuckets1m),
		BucketsLong: felt.Instant(f.KeepBuckets), CustomerDays: felt.Instant(f.KeepCustomerDays), Spans: felt.Instant(f.KeepSpans),
	}
	cfg := app.Config{
		Data: data, ConfigDir: f.Config, Listen: f.Listen, OTLPGRPC: f.OTLPGRPC, OTLPHTTP: f.OTLPHTTP,
		Partitions: f.Partitions, Workers: f.Workers, Settings: settings,
		BodyLimit: int64(f.BodyLimit), DecodedLimit: int64(f.DecodedLimit), InFlightLimit: int64(f.InFlightLimit),
		AttributeLimit: f.AttributeLimit, ValueLimit: f.ValueLimit,
		BusinessLimit: int64(f.BusinessLimit), BusinessItems: f.BusinessItems,
		RedactKeys: f.RedactKeys, AllowKeys: f.AllowKeys, CORSOrigins: f.CORSOrigins, Hosts: f.Hosts,
		MaxWeight: f.MaxWeight, IngestKeys: f.IngestKeys, RegionHeaders: f.RegionHeaders,
		LogMaxBytes: int64(f.LogMaxBytes), LogMaxAge: f.LogMaxAge, SnapshotEvery: f.SnapshotEvery,
		WarmUp: felt.Instant(f.WarmUp), WarmUpRows: f.WarmUpRows,
		Memory: int64(f.Memory), StoreMemory: f.StoreMemory, Retention: keep, CompactEvery: f.CompactEvery,
		KeepGoodTraces: f.KeepGoodTraces, KeeperBehind: f.KeeperBehind, KeeperTraces: f.KeeperTraces,
		PublicURL: f.PublicURL, OutboxMaxBytes: int64(f.OutboxMaxBytes), OutboxMaxAge: f.OutboxMaxAge, NotifyTimeout: f.NotifyTimeout, NotifyGiveUp: f.NotifyGiveUp,
		KeeperBytes: int64(f.KeeperBytes), KeeperHoldLog: f.KeeperHoldLog, TraceSpans: f.TraceSpans, Version: version, Logger: f.logger(logs),
	}
	if f.KeepGoodTraces == 0 {
		cfg.KeepGoodTraces = app.KeepNone
	}
	switch f.Clock {
	case "wall":
		cfg.Clock = felt.ClockWall
	case "event":
		cfg.Clock = felt.ClockEvent
	}
	if f.Tokens != "" {
		tokens, err := app.ReadTokens(f.Tokens)
		if err != nil {
			return cfg, usageError{err}
		}
		cfg.Tokens = tokens
	}
	if f.IngestKeys != "" {
		if _, err := keys.Open(f.IngestKeys, nil, nil); err != nil {
			return cfg, usageError{err}
		}
	}
	if err := cfg.Check(); err != nil {
		return cfg, usageError{err}
	}
	return cfg, nil
}

func (f *serverFlags) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(f.LogLevel)) // the enum allows valid words only
	opts := &slog.HandlerOptions{Level: level}
	if f.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// serve runs an app until ctx ends; beside runs next to it once it is up.
func serve(ctx context.Context, cfg app.Config, std streams, beside func(context.Context, *app.App) error) error {
	a, err := app.New(ctx, cfg)
	if err != nil {
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			return nil // asked to stop before it had begun
		}
		return fmt.Errorf("start: %w", err)
	}
	fmt.Fprintf(std.out, "Felt %s\n  page   http://%s\n  OTLP   gRPC %s, HTTP http://%s\n  data   %s (%s clock)\n",
		cfg.Version, a.Addr(), a.GRPCAddr(), a.HTTPAddr(), cfg.Data, a.Clock())
	defer onHangup(a.ReloadInventory)()
	err = a.Run(ctx, beside)
	if cerr := a.Close(); err == nil {
		err = cerr
	}
	return err
}

// onHangup calls f at every SIGHUP, until what it returns is called.
func onHangup(f func()) (stop func()) {
	hangup, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-hangup:
				f()
			case <-done:
				return
			}
		}
	}()
	return func() { signal.Stop(hangup); close(done) }
}
