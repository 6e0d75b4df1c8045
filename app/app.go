package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/explain"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/shell/analyse"
	"github.com/felt-cx/felt/shell/duckdb"
	"github.com/felt-cx/felt/shell/httpapi"
	"github.com/felt-cx/felt/shell/ingest"
	"github.com/felt-cx/felt/shell/jetstream"
	"github.com/felt-cx/felt/shell/keeper"
	"github.com/felt-cx/felt/shell/keys"
	"github.com/felt-cx/felt/shell/notify"
	"github.com/felt-cx/felt/shell/worker"
	"github.com/felt-cx/felt/web"
)

// App is one running Felt. Make it with [New].
type App struct {
	cfg    Config
	dir    *dataDir
	log    *jetstream.Log
	store  *duckdb.Store
	door   *ingest.Door
	worker *worker.Worker
	keeper *keeper.Keeper
	outbox *jetstream.Outbox
	keys   *keys.Store // of pages; nil none
	notify *notify.Sender
	behind *analyse.Analyser // finds what stands behind incidents
	api    *httpapi.API

	inventory *inventory
	compactor *compactor

	page, grpc, http net.Listener // grpc and http may be nil
	settings         felt.Settings
	clock            atomic.Uint32 // felt.Clock
	opened           chan struct{} // closed when telemetry is let in
	began            time.Time

	mu   sync.Mutex
	down map[string]string // part -> why it stopped
	seen seen
}

// New opens everything and binds the listeners. On error nothing is left open.
func New(ctx context.Context, cfg Config) (_ *App, err error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	a := &App{cfg: cfg, down: map[string]string{}, opened: make(chan struct{}), began: time.Now()}
	a.inventory, a.compactor = newInventory(a), newCompactor(a)
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.dir, err = openDataDir(&a.cfg); err != nil {
		return nil, err
	}
	a.settings = a.dir.settings(&a.cfg)
	a.clock.Store(uint32(a.settings.Clock))
	if err := a.listen(ctx); err != nil {
		return nil, err
	}
	if err := a.open(ctx); err != nil {
		return nil, err
	}
	return a, a.connect()
}

// listen binds first, so that a port that is taken is told before anything is opened.
func (a *App) listen(ctx context.Context) error {
	var lc net.ListenConfig
	for _, l := range []struct {
		name, addr string
		into       *net.Listener
	}{
		{"listen", a.cfg.Listen, &a.page},
		{"otlp-grpc", a.cfg.OTLPGRPC, &a.grpc},
		{"otlp-http", a.cfg.OTLPHTTP, &a.http},
	} {
		if l.addr == Off {
			continue
		}
		ln, err := lc.Listen(ctx, "tcp", l.addr)
		if err != nil {
			return fmt.Errorf("%s: %w (is another felt or collector running there? choose another with --%s)", l.name, err, l.name)
		}
		*l.into = ln
	}
	return nil
}

// open opens the log and the store.
func (a *App) open(ctx context.Context) (err error) {
	a.log, err = jetstream.Open(ctx, jetstream.Options{
		Dir: a.dir.file("log"), MaxBytes: a.cfg.LogMaxBytes, MaxAge: a.cfg.LogMaxAge,
		Partitions: a.settings.Partitions, Logger: a.cfg.Logger, TailBytes: tailBytes(a.cfg.Memory),
	})
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	a.outbox, err = a.log.Outbox(ctx, jetstream.OutboxOptions{MaxBytes: a.cfg.OutboxMaxBytes, MaxAge: a.cfg.OutboxMaxAge})
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	a.store, err = duckdb.Open(ctx, duckdb.Options{
		Dir: a.dir.path, MemoryLimit: a.cfg.StoreMemory, QuietLimit: a.cfg.storeQuiet, WriteLimit: a.cfg.storeWrite,
		ImportLimit: a.cfg.storeImport, CheckpointThreshold: a.cfg.storeFold, ImportThreshold: a.cfg.storeImportFold, Recovery: a.settings.Recovery,
	})
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}

// connect builds the parts that stand between log and store.
func (a *App) connect() (err error) {
	key := otlp.HashKey{ID: a.dir.key.ID, Secret: a.dir.secret()}
	if err := a.openKeys(); err != nil {
		return err
	}
	a.door, err = ingest.New(ingest.Options{
		Log: a.log, Settings: a.settings,
		Key:       key,
		Redact:    otlp.Redaction{Drop: a.cfg.RedactKeys, Allow: a.cfg.AllowKeys},
		MaxWeight: a.cfg.MaxWeight, Limits: a.doorLimits(), CORS: ingest.CORS{Origins: a.cfg.CORSOrigins},
		Auth: a.auth(), Actor: a.sender, PageKeys: a.pageKeys(), RegionHeaders: a.cfg.RegionHeaders, Now: a.cfg.Now, Logger: a.cfg.Logger,
	})
	if err != nil {
		return fmt.Errorf("door: %w", err)
	}
	a.keeper, err = keeper.New(keeper.Options{
		Log: a.log, Store: a.store, Progress: func() felt.Progress { return a.worker.Progress() },
		Share: a.cfg.KeepGoodTraces, Behind: a.cfg.KeeperBehind, HoldLog: a.cfg.KeeperHoldLog,
		Traces: a.cfg.KeeperTraces, HeldBytes: int(a.cfg.KeeperBytes), TraceSpans: a.cfg.TraceSpans, Logger: a.cfg.Logger,
	})
	if err != nil {
		return fmt.Errorf("keeper: %w", err)
	}
	a.worker, err = worker.New(worker.Options{
		Log: a.log, Store: a.store, Outbox: a.outbox, Settings: a.dir.base(), Clock: a.settings.Clock, Dir: a.dir.file("snapshots"),
		Workers: a.cfg.Workers, SnapshotEvery: a.cfg.SnapshotEvery, Retention: a.cfg.Retention, Hold: a.hold,
		WarmUp: worker.WarmUp{Span: a.cfg.WarmUp, Rows: a.cfg.WarmUpRows}, Inventory: a.inventory.told(),
		Now: a.cfg.Now, Logger: a.cfg.Logger,
	})
	if err != nil {
		return fmt.Errorf("worker: %w", err)
	}
	if a.behind, err = analyse.New(analyse.Options{Store: a.store, Engine: a.worker, Log: a.door, Logger: a.cfg.Logger}); err != nil {
		return fmt.Errorf("analyse: %w", err)
	}
	if err := a.connectNotify(); err != nil {
		return err
	}
	a.api, err = httpapi.New(httpapi.Options{
		Store: a.store, Commands: a.door, Engine: a.worker, Health: a.health,
		Meters: a.meters(),
		Rules:  a.inventory.rules, Check: func(in felt.Inventory) []rules.Problem { return rules.Check(in, a.checking()) },
		Identify: func(env, id string) []felt.Hash { return hashesOf(key, env, id) },
		Named:    a.named,
		Sights:   func(of felt.Scope) []felt.Sight { return a.worker.Sights(of) },
		Silences: func() []felt.Silence { return a.worker.Silences() },
		Backtest: a.worker.Backtest,
		Notices:  a.notify,
		Keeping:  httpapi.Keeping{Share: a.cfg.keepShare(), Behind: a.cfg.KeeperBehind, For: time.Duration(a.cfg.Retention.Spans)},
		Explain:  explain.Options{Settings: a.settings, Redact: otlp.Redaction{Drop: a.cfg.RedactKeys, Allow: a.cfg.AllowKeys}},
		Clock:    a.Clock,
		UI:       web.Files(), OTLP: a.gate(a.door.HTTP()), Extra: a.cfg.Extra,
		Listen: a.Addr(), Hosts: a.cfg.Hosts, OTLPHTTP: a.otlpURL(), Bearer: a.bearer(),
		Version: a.cfg.Version, Logger: a.cfg.Logger, Now: a.cfg.Now,
	})
	if err != nil {
		return fmt.Errorf("api: %w", err)
	}
	return nil
}

// hashesOf are the hashes that an identity may have been kept as, strongest level first.
func hashesOf(key otlp.HashKey, env, id string) []felt.Hash {
	var list []felt.Hash
	for _, level := range []string{otlp.LevelUser, otlp.LevelPseudonym, otlp.LevelInstallation, otlp.LevelSession} {
		list = append(list, otlp.Hash(key, level, env, id))
	}
	return list
}

// hold is how far the log may be trimmed for the keeper: a log that is about to be full waits for
// nobody, because telemetry goes before the spans of kept traces.
func (a *App) hold() felt.Seq {
	if a.log.Crowded() {
		return math.MaxUint64
	}
	return a.keeper.Hold()
}

func (a *App) doorLimits() ingest.Limits {
	l := ingest.DefaultLimits()
	l.Body, l.Decoded, l.InFlightBytes = a.cfg.BodyLimit, a.cfg.DecodedLimit, a.cfg.InFlightLimit
	l.Telemetry.SpanAttributes, l.Telemetry.ValueBytes = a.cfg.AttributeLimit, a.cfg.ValueLimit
	l.Business, l.BusinessItems.Events = a.cfg.BusinessLimit, a.cfg.BusinessItems
	return l
}

func (a *App) auth() func(string) bool {
	if len(a.cfg.Tokens) == 0 {
		return nil
	}
	return func(secret string) bool { _, ok := a.cfg.Bearer(secret, ScopeIngest); return ok }
}

// sender is the name of a token that may send, for the record of who sent business data.
func (a *App) sender(secret string) string {
	name, _ := a.cfg.Bearer(secret, ScopeIngest)
	return name
}

func (a *App) bearer() func(string, string) (string, bool) {
	if len(a.cfg.Tokens) == 0 {
		return nil
	}
	return func(secret, scope string) (string, bool) { return a.cfg.Bearer(secret, Scope(scope)) }
}

// Addr is where the page is.
func (a *App) Addr() string { return addr(a.page) }

// GRPCAddr is where OTLP over gRPC is taken; "off" for nowhere.
func (a *App) GRPCAddr() string { return addr(a.grpc) }

// HTTPAddr is where OTLP over HTTP is taken: the page's address when it has no listener
// of its own.
func (a *App) HTTPAddr() string {
	if a.http == nil {
		return addr(a.page)
	}
	return addr(a.http)
}

func (a *App) otlpURL() string { return "http://" + a.HTTPAddr() }

func addr(l net.Listener) string {
	if l == nil {
		return Off
	}
	return l.Addr().String()
}

// Run serves until ctx ends (nil) or a part stops for good. beside, when given, runs
// next to the server once that is ready; its end does not end the server, its error does.
func (a *App) Run(ctx context.Context, beside func(context.Context, *App) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g := &group{cancel: cancel, report: a.stopped}

	// The door outlives the listeners, and the worker the door, so that what was taken
	// in is answered and what was appended becomes rows.
	doorCtx, stopDoor := context.WithCancel(context.WithoutCancel(ctx))
	workCtx, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	defer stopDoor()
	door, work := &group{cancel: cancel, report: a.stopped}, &group{cancel: cancel, report: a.stopped}
	work.run("worker", func() error { return a.worker.Run(workCtx) })
	work.run("memory", func() error { a.memory().manage(workCtx); return nil })
	door.run("door", func() error { return a.door.Run(doorCtx) })

	begun := make(chan struct{})
	g.run("opening", func() error { a.letIn(ctx, begun); return nil })
	g.run("settings", func() error {
		if err := a.tellSettings(ctx); err != nil {
			return err
		}
		if err := a.finishSwitch(ctx); err != nil {
			return err
		}
		a.inventory.begin(ctx)
		close(begun)
		a.inventory.run(ctx)
		return nil
	})
	g.run("keeper", func() error { return a.keeper.Run(ctx) })
	g.run("analyse", func() error { a.behind.Run(ctx); return nil })
	g.run("notify", func() error { a.runNotify(ctx); return nil })
	if a.keys != nil {
		g.run("keys", func() error { a.keys.Run(ctx); return nil })
	}
	g.run("compactor", func() error { a.compactor.run(ctx); return nil })
	a.serve(ctx, g)
	if beside != nil {
		g.run("beside", func() error {
			if !a.awaitReady(ctx) {
				return nil
			}
			return beside(ctx, a)
		})
	}
	<-ctx.Done()
	g.wait()
	stopDoor()
	door.wait()
	stopWork()
	work.wait()
	return errors.Join(g.err(), door.err(), work.err())
}

// tellSettings puts the settings on the log with every start, so that a replay decides
// as this run does wherever the log begins by then. While the log is full or away it is
// tried again: telemetry waits for that too.
func (a *App) tellSettings(ctx context.Context) error {
	data, err := json.Marshal(a.settings)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for {
		_, err := a.door.Append(ctx, felt.Record{Kind: felt.KindSettings, Part: felt.Control, Data: data})
		if err == nil {
			return a.dir.told(a.settings)
		}
		if ctx.Err() == nil {
			a.cfg.Logger.Warn("the log does not take the settings yet", "err", err)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// shutdownTime is how long requests may take to end when the server stops.
const shutdownTime = 5 * time.Second

// serve serves on all listeners until ctx ends.
func (a *App) serve(ctx context.Context, g *group) {
	serveHTTP := func(name string, ln net.Listener, h http.Handler) {
		srv := &http.Server{
			Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
			MaxHeaderBytes: 64 << 10,
			BaseContext:    func(net.Listener) context.Context { return ctx }, // live pages end with the server
		}
		g.run(name, func() error {
			if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve: %w", err)
			}
			return nil
		})
		g.run(name, func() error {
			<-ctx.Done()
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
			defer cancel()
			if err := srv.Shutdown(end); err != nil {
				return srv.Close()
			}
			return nil
		})
	}
	serveHTTP("page", a.page, a.api)
	if a.http != nil {
		serveHTTP("otlp-http", a.http, a.gate(a.door.HTTP()))
	}
	if a.grpc != nil {
		srv := a.door.GRPCServer()
		g.run("otlp-grpc", func() error {
			select {
			case <-a.opened: // until then who connects waits
				return srv.Serve(a.grpc)
			case <-ctx.Done():
				return nil
			}
		})
		g.run("otlp-grpc", func() error {
			<-ctx.Done()
			force := time.AfterFunc(shutdownTime, srv.Stop)
			defer force.Stop()
			srv.GracefulStop()
			return nil
		})
	}
}

// awaitReady waits until the server is ready; false when ctx ended first.
func (a *App) awaitReady(ctx context.Context) bool {
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for !a.health().Ready {
		select {
		case <-ctx.Done():
			return false
		case <-poll.C:
		}
	}
	return true
}

// stopped notes that a part has ended.
func (a *App) stopped(part string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.down[part] = err.Error()
		a.cfg.Logger.Error("part stopped", "part", part, "err", err)
	}
}

// Close gives everything back. Call it after Run has returned, or instead of Run.
func (a *App) Close() error {
	var errs []error
	for _, l := range []net.Listener{a.page, a.grpc, a.http} {
		if l == nil {
			continue
		}
		if err := l.Close(); err != nil && !strings.Contains(err.Error(), "use of closed") {
			errs = append(errs, err)
		}
	}
	if a.door != nil {
		errs = append(errs, a.door.Close())
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	if a.log != nil {
		errs = append(errs, a.log.Close())
	}
	if a.dir != nil {
		a.dir.close()
	}
	return errors.Join(errs...)
}
