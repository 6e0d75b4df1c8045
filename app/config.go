package app

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// Config is everything that can be set about one server. The zero value of a field
// means its default; [Config.Check] says what is wrong with it.
type Config struct {
	Data      string // directory; made when missing
	ConfigDir string // inventory and felt.yaml; may be missing
	// Inventory is in force while ConfigDir has no file of an inventory; nil: none is.
	Inventory *felt.Inventory

	Listen   string // page and API; default 127.0.0.1:3358
	OTLPGRPC string // default 127.0.0.1:4317; "off" for none
	OTLPHTTP string // default 127.0.0.1:4318; "off" for none

	Clock      felt.Clock // only when the directory is made; 0: as it is, wall for a new one
	Partitions int        // likewise; 0: as it is, 4 for a new one
	Workers    int        // goroutines of the engine; 0: as many as processors

	Settings felt.Settings // the zero value of a field means its default

	BodyLimit      int64 // bytes of a request as sent
	DecodedLimit   int64 // bytes of a request once decompressed
	InFlightLimit  int64 // bytes of all requests being worked on
	AttributeLimit int   // attributes of a span
	ValueLimit     int   // bytes of an attribute's text
	BusinessLimit  int64 // bytes of a request of business data, also once decompressed
	BusinessItems  int   // events or rows in one
	RedactKeys     []string
	AllowKeys      []string
	MaxWeight      float64  // the most that one span or log record may stand for when it was sampled; default a million
	CORSOrigins    []string // who may send telemetry from a browser; empty: anyone
	IngestKeys     string   // file of keys with which pages may send; see package keys
	RegionHeaders  []string // request headers of a trusted proxy that say where a page's customer is
	Hosts          []string // further names under which the page may be reached

	LogMaxBytes   int64
	LogMaxAge     time.Duration
	SnapshotEvery time.Duration
	Memory        int64  // bytes that the whole process stays near; default 512 MiB
	StoreMemory   string // DuckDB's memory_limit, always; default a share of Memory, a smaller one while nobody asks
	storeQuiet    string
	// While it writes, and while that is a history; and the sizes of its WAL at which it is folded into the file.
	storeWrite, storeImport, storeFold, storeImportFold string

	Retention    felt.Retention
	CompactEvery time.Duration // how often coarse rows are made; default 1 min

	// How much of what is stored the detectors learn from when the engine's state is lost, as after
	// an upgrade of the engine, and from before the window of a backtest.
	WarmUp     felt.Instant // default 14 days
	WarmUpRows int64        // interactions, the newest; default 20,000,000

	KeepGoodTraces float64       // share of traces without a failed or degraded interaction whose spans are kept; default 0.01; [KeepNone]
	KeeperBehind   time.Duration // how long after its tick the spans of a trace are picked; default 90 s
	KeeperTraces   int           // kept traces remembered, for spans that come later; default 500,000
	KeeperBytes    int64         // of spans that wait for the rest of their trace; default 64 MiB
	KeeperHoldLog  time.Duration // the log is not trimmed past a keeper that is at most so much further behind; default 15 min
	TraceSpans     int           // kept of one trace; default 10,000

	PublicURL      string        // where people reach the pages, for links in what they are told; "" no links
	OutboxMaxBytes int64         // of notifications that are kept; default 256 MiB
	OutboxMaxAge   time.Duration // how long they are kept; default 14 days
	NotifyTimeout  time.Duration // for one attempt to deliver; default 10 s
	NotifyGiveUp   time.Duration // how long a notification is tried, and how old it may be at first; default 24 h

	Tokens []Token

	Extra map[string]http.Handler // further routes beside the API, behind its guards

	Version string
	Logger  *slog.Logger
	Now     func() time.Time
}

// Scope is what a token may do.
type Scope string

// The scopes of a token.
const (
	ScopeIngest Scope = "ingest" // send telemetry
	ScopeRead   Scope = "read"   // ask questions
	ScopeAct    Scope = "act"    // acknowledge, resolve
)

// Token lets its bearer do what its scopes say. Only the secret's SHA-256 is held.
type Token struct {
	Name   string
	Scopes []Scope
	Sum    [sha256.Size]byte
}

// minSecret is the fewest characters of a token's secret.
const minSecret = 16

// ReadTokens reads a file of lines "NAME SCOPE[,SCOPE...] SECRET"; # begins a comment.
func ReadTokens(file string) ([]Token, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("tokens: %s can be read by others (mode %04o): chmod 600 it", file, info.Mode().Perm())
	}
	var tokens []Token
	for i, line := range strings.Split(string(b), "\n") {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		t, err := parseToken(f)
		if err != nil {
			return nil, fmt.Errorf("tokens: %s:%d: %w", file, i+1, err)
		}
		tokens = append(tokens, t)
	}
	return tokens, nil
}

func parseToken(f []string) (Token, error) {
	if len(f) != 3 {
		return Token{}, fmt.Errorf("%d words; want NAME SCOPE[,SCOPE...] SECRET", len(f))
	}
	if len(f[2]) < minSecret {
		return Token{}, fmt.Errorf("the secret of %q has %d characters; use at least %d, for example from: openssl rand -hex 24", f[0], len(f[2]), minSecret)
	}
	t := Token{Name: f[0], Sum: sha256.Sum256([]byte(f[2]))}
	for _, s := range strings.Split(f[1], ",") {
		scope := Scope(s)
		if scope != ScopeIngest && scope != ScopeRead && scope != ScopeAct {
			return Token{}, fmt.Errorf("scope %q is not known; scopes are ingest, read, act", s)
		}
		t.Scopes = append(t.Scopes, scope)
	}
	return t, nil
}

// Bearer finds the token with this secret and scope. The time it takes does not
// depend on how much of a secret was right.
func (c *Config) Bearer(secret string, scope Scope) (name string, ok bool) {
	sum := sha256.Sum256([]byte(secret))
	for _, t := range c.Tokens {
		if subtle.ConstantTimeCompare(sum[:], t.Sum[:]) == 1 && slices.Contains(t.Scopes, scope) {
			name, ok = t.Name, true
		}
	}
	return name, ok
}

// KeepNone as a share means: keep none.
const KeepNone = -1

// Off as a listener's address means: do not listen.
const Off = "off"

// Check fills in defaults and returns every problem at once.
func (c *Config) Check() error {
	c.defaults()
	var problems []error
	if c.Data == "" {
		problems = append(problems, errors.New("data: which directory? (--data DIR)"))
	}
	for _, l := range []struct{ name, addr string }{
		{"listen", c.Listen}, {"otlp-grpc", c.OTLPGRPC}, {"otlp-http", c.OTLPHTTP},
	} {
		if err := c.checkAddr(l.name, l.addr); err != nil {
			problems = append(problems, err)
		}
	}
	if c.Partitions < 0 || c.Partitions > felt.MaxParts {
		problems = append(problems, fmt.Errorf("partitions: %d; want 1 to %d", c.Partitions, felt.MaxParts))
	}
	for _, n := range []struct {
		name string
		v    int64
	}{
		{"body-limit", c.BodyLimit},
		{"decoded-limit", c.DecodedLimit},
		{"in-flight-limit", c.InFlightLimit},
		{"attribute-limit", int64(c.AttributeLimit)},
		{"value-limit", int64(c.ValueLimit)},
		{"business-limit", c.BusinessLimit},
		{"business-items", int64(c.BusinessItems)},
		{"keeper-traces", int64(c.KeeperTraces)},
		{"keeper-bytes", c.KeeperBytes},
		{"trace-spans", int64(c.TraceSpans)},
		{"log-max-bytes", c.LogMaxBytes},
		{"memory", c.Memory},
	} {
		if n.v < 0 {
			problems = append(problems, fmt.Errorf("%s: %d; want a positive number", n.name, n.v))
		}
	}
	if c.Memory >= 0 && c.Memory < leastMemory { // likely a number whose unit is missing
		problems = append(problems, fmt.Errorf("memory: %d bytes; the store alone needs more: want %dMiB or more, such as 512MiB", c.Memory, leastMemory>>20))
	}
	problems = append(problems, c.checkKeeping()...)
	problems = append(problems, c.checkNotify()...)
	problems = append(problems, c.checkPending()...)
	problems = append(problems, c.checkRegion()...)
	if err := c.checkWeight(); err != nil {
		problems = append(problems, err)
	}
	if c.DecodedLimit < c.BodyLimit {
		problems = append(problems, fmt.Errorf("decoded-limit: %d is under body-limit %d", c.DecodedLimit, c.BodyLimit))
	}
	if c.InFlightLimit < c.DecodedLimit {
		problems = append(problems, fmt.Errorf("in-flight-limit: %d is under decoded-limit %d: the largest request could never come in", c.InFlightLimit, c.DecodedLimit))
	}
	return errors.Join(problems...)
}

// checkKeeping says what is wrong with how long things are kept and when they are made.
func (c *Config) checkKeeping() (problems []error) {
	if share := c.keepShare(); share < 0 || share > 1 {
		problems = append(problems, fmt.Errorf("keep-good-traces: %v is no share: want 0 to 1", c.KeepGoodTraces))
	}
	for _, d := range []struct {
		name string
		v    felt.Instant
	}{
		{"keeper-behind", felt.Instant(c.KeeperBehind)},
		{"keeper-hold-log", felt.Instant(c.KeeperHoldLog)},
		{"compact-every", felt.Instant(c.CompactEvery)},
		{"snapshot-every", felt.Instant(c.SnapshotEvery)},
		{"keep-interactions", c.Retention.Interactions},
		{"keep-buckets-10s", c.Retention.Buckets10s},
		{"keep-buckets-1m", c.Retention.Buckets1m},
		{"keep-buckets", c.Retention.BucketsLong},
		{"keep-customer-days", c.Retention.CustomerDays},
		{"keep-spans", c.Retention.Spans},
	} {
		if d.v < 0 {
			problems = append(problems, fmt.Errorf("%s: %v; want a positive length", d.name, time.Duration(d.v)))
		}
	}
	return problems
}

// checkPending says what is wrong with how tries of hidden pages are waited for.
func (c *Config) checkPending() (problems []error) {
	if s := c.Settings.PendingAfter; s < felt.Second || s > felt.Hour {
		problems = append(problems, fmt.Errorf("pending-after: %v; want 1s to 1h", time.Duration(s)))
	}
	if n := c.Settings.OpenPending; n < 1 || n > 10_000_000 {
		problems = append(problems, fmt.Errorf("open-pending: %d; want 1 to 10,000,000", n))
	}
	return problems
}

// checkWeight says what is wrong with the bound on weights.
func (c *Config) checkWeight() error {
	if w := c.MaxWeight; !(w >= 1 && w <= otlp.MaxWeight) {
		return fmt.Errorf("max-weight: %v; want 1 to 1,000,000", w)
	}
	return nil
}

// checkRegion: a header that has the customer's address is none that has a region.
func (c *Config) checkRegion() (problems []error) {
	for _, h := range c.RegionHeaders {
		switch strings.ToLower(h) {
		case "x-forwarded-for", "x-real-ip", "forwarded", "cf-connecting-ip", "true-client-ip", "fastly-client-ip", "x-client-ip", "x-forwarded", "remote-addr":
			problems = append(problems, fmt.Errorf("region-headers: %s has addresses; want one that says a country or region, such as CF-IPCountry", h))
		}
	}
	if len(c.RegionHeaders) > 16 {
		problems = append(problems, fmt.Errorf("region-headers: %d; at most 16", len(c.RegionHeaders)))
	}
	return problems
}

// keepShare is the share of good traces whose spans are kept.
func (c *Config) keepShare() float64 {
	if c.KeepGoodTraces == KeepNone {
		return 0
	}
	return c.KeepGoodTraces
}

func (c *Config) memoryDefaults() {
	def(&c.Memory, 512<<20)
	if c.StoreMemory == "" {
		c.StoreMemory = fmt.Sprintf("%dMB", int64(askShare*float64(c.Memory))/1e6)
		limit := func(share, least float64) float64 {
			return min(max(share*float64(c.Memory), least), askShare*float64(c.Memory))
		}
		write := limit(writeShare, leastWrite)
		c.storeQuiet, c.storeWrite, c.storeImport = megabytes(limit(storeShare, leastQuiet)), megabytes(write), megabytes(limit(importShare, leastImport))
		c.storeFold, c.storeImportFold = megabytes(min(foldShare*write, mostFold)), megabytes(mostFold)
	}
}

func megabytes(n float64) string { return fmt.Sprintf("%dMB", int64(n)/1e6) }

func (c *Config) defaults() {
	def(&c.Listen, "127.0.0.1:3358")
	def(&c.OTLPGRPC, "127.0.0.1:4317")
	def(&c.OTLPHTTP, "127.0.0.1:4318")
	c.limitDefaults()
	def(&c.LogMaxBytes, 20<<30)
	def(&c.LogMaxAge, 24*time.Hour)
	def(&c.SnapshotEvery, 30*time.Second)
	c.memoryDefaults()
	def(&c.CompactEvery, time.Minute)
	def(&c.KeepGoodTraces, 0.01)
	def(&c.KeeperBehind, 90*time.Second)
	c.notifyDefaults()
	def(&c.Version, "dev")
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.settingDefaults()
	if c.Retention == (felt.Retention{}) {
		c.Retention = felt.DefaultRetention()
	}
}

// settingDefaults fills in what reaches the engine.
func (c *Config) settingDefaults() {
	d, s := felt.DefaultSettings(), &c.Settings
	def(&s.Settle, d.Settle)
	def(&s.LateMax, d.LateMax)
	def(&s.JudgeLate, d.JudgeLate)
	def(&s.Remember, d.Remember)
	def(&s.JourneyLate, d.JourneyLate)
	def(&s.Recovery, d.Recovery)
	def(&s.OpenSpans, d.OpenSpans)
	def(&s.OpenTries, d.OpenTries)
	def(&s.SeriesMax, d.SeriesMax)
	def(&s.OpsMax, d.OpsMax)
	def(&s.SegmentMax, d.SegmentMax)
	def(&s.FloorClients, d.FloorClients)
	def(&s.FalsePages, d.FalsePages)
	def(&s.SilentAfter, d.SilentAfter)
	def(&s.PendingAfter, d.PendingAfter)
	def(&s.OpenPending, d.OpenPending)
	def(&s.OpenJourneys, d.OpenJourneys)
	def(&s.JourneySteps, d.JourneySteps)
	def(&s.KnownLinks, d.KnownLinks)
	def(&s.Signals, d.Signals)
	def(&s.SignalInstances, d.SignalInstances)
	def(&s.SignalStreams, d.SignalStreams)
}

// limitDefaults fills in what bounds requests, and what the keeper holds.
func (c *Config) limitDefaults() {
	def(&c.BodyLimit, 16<<20)
	def(&c.MaxWeight, otlp.MaxWeight)
	def(&c.DecodedLimit, 64<<20)
	def(&c.InFlightLimit, 256<<20)
	def(&c.AttributeLimit, 128)
	def(&c.ValueLimit, 1024)
	def(&c.BusinessLimit, 8<<20)
	def(&c.BusinessItems, 10_000)
	def(&c.KeeperTraces, 500_000)
	def(&c.KeeperBytes, 64<<20)
	def(&c.KeeperHoldLog, 15*time.Minute)
	def(&c.TraceSpans, 10_000)
}

// def sets what is zero.
func def[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// checkAddr: a listener that others can reach needs tokens.
func (c *Config) checkAddr(name, addr string) error {
	if addr == Off {
		if name == "listen" {
			return errors.New("listen: the page and API cannot be off")
		}
		return nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%s: %q is not HOST:PORT (for example 127.0.0.1:3358): %w", name, addr, err)
	}
	if len(c.Tokens) == 0 && !loopback(host) {
		return fmt.Errorf("%s: %s can be reached from other machines, so it needs tokens: give --tokens FILE, or listen on 127.0.0.1", name, addr)
	}
	return nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
