package keys

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/felt-cx/felt"
)

// Every is how often the file is looked at.
const Every = 2 * time.Second

// Store holds the keys of a file. It is safe for concurrent use.
type Store struct {
	file string
	log  *slog.Logger
	now  func() time.Time
	keys atomic.Pointer[[]*Key]

	mu      sync.Mutex
	seen    fs.FileInfo
	trouble error
	reloads int64
	fails   int64
}

// Key is one key at work.
type Key struct {
	spec
	now func() time.Time

	mu       sync.Mutex
	requests bucket
	bytes    bucket
}

// Open reads a file of keys. An error says everything that is wrong with it, with its place. log and
// now may be nil.
func Open(file string, log *slog.Logger, now func() time.Time) (*Store, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if now == nil {
		now = time.Now
	}
	s := &Store{file: file, log: log, now: now}
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("ingest keys: %w", err)
	}
	if err := s.load(info); err != nil {
		return nil, err
	}
	return s, nil
}

// load reads the file, and puts its keys in force when nothing is wrong with them. A key that was
// there before goes on with what it has left to send.
func (s *Store) load(info fs.FileInfo) error {
	s.seen = info
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return fmt.Errorf("ingest keys: %s is no file of at most %d bytes", s.file, maxFile)
	}
	text, err := os.ReadFile(s.file)
	if err != nil {
		return fmt.Errorf("ingest keys: %w", err)
	}
	list, err := parse(s.file, string(text))
	if err != nil {
		return fmt.Errorf("ingest keys: %w", err)
	}
	mode := info.Mode().Perm()
	if mode&0o022 != 0 {
		return fmt.Errorf("ingest keys: %s can be written by others (mode %04o): chmod 600 it", s.file, mode)
	}
	old := map[[sha256.Size]byte]*Key{}
	if have := s.keys.Load(); have != nil {
		// Whoever writes it may be between emptying and filling it, and what refused pages send is lost.
		if len(*have) > 0 && strings.TrimSpace(string(text)) == "" {
			return fmt.Errorf("ingest keys: %s is empty: write [] to take all keys out", s.file)
		}
		for _, k := range *have {
			old[k.sum] = k
		}
	}
	keys := make([]*Key, 0, len(list))
	for _, sp := range list {
		if sp.plain && mode&0o077 != 0 {
			return fmt.Errorf("ingest keys: %s can be read by others (mode %04o) and has keys in it: chmod 600 it, or give the keys' sha256", s.file, mode)
		}
		k := &Key{spec: sp, now: s.now}
		k.requests, k.bytes = newBucket(sp.requests, s.now()), newBucket(sp.bytes, s.now())
		if was := old[sp.sum]; was != nil {
			was.mu.Lock()
			k.requests.left, k.bytes.left = min(was.requests.left, sp.requests.burst), min(was.bytes.left, sp.bytes.burst)
			k.requests.at, k.bytes.at = was.requests.at, was.bytes.at
			was.mu.Unlock()
		}
		keys = append(keys, k)
	}
	s.keys.Store(&keys)
	return nil
}

// Run reads the file again when it has changed, until ctx ends.
func (s *Store) Run(ctx context.Context) {
	look := time.NewTicker(Every)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			s.Reload()
		}
	}
}

// Reload reads the file if it has changed. What is wrong with it is told in the log and by
// Trouble, and changes nothing.
func (s *Store) Reload() {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := os.Stat(s.file)
	if err == nil {
		if s.seen != nil && os.SameFile(info, s.seen) && info.ModTime().Equal(s.seen.ModTime()) && info.Size() == s.seen.Size() &&
			info.Mode() == s.seen.Mode() {
			return
		}
		err = s.load(info)
	} else {
		err = fmt.Errorf("ingest keys: %w", err)
		if s.seen == nil {
			return // told already
		}
		s.seen = nil
	}
	s.trouble = err
	if err != nil {
		s.fails++
		s.log.Error("the ingest keys are as they were: their file cannot be used", "err", err)
		return
	}
	s.reloads++
	s.log.Info("ingest keys read", "file", s.file, "keys", len(*s.keys.Load()))
}

// Trouble is what is wrong with the file; nil when nothing is.
func (s *Store) Trouble() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trouble
}

// Find returns the key with a secret; nil when there is none. The time it takes does not depend on how
// much of a secret was right.
func (s *Store) Find(secret string) *Key {
	sum := sha256.Sum256([]byte(secret))
	var found *Key
	for _, k := range *s.keys.Load() {
		if subtle.ConstantTimeCompare(sum[:], k.sum[:]) == 1 {
			found = k
		}
	}
	return found
}

// Origin tells that pages of an origin may send with some key, so that browsers may be told so
// before they show one.
func (s *Store) Origin(header string) bool {
	for _, k := range *s.keys.Load() {
		if k.Origin(header) {
			return true
		}
	}
	return false
}

// Metrics implements [felt.Meter].
func (s *Store) Metrics() []felt.Metric {
	s.mu.Lock()
	defer s.mu.Unlock()
	bad := 0.0
	if s.trouble != nil {
		bad = 1
	}
	expired := 0
	list := *s.keys.Load()
	for _, k := range list {
		if k.Expired() {
			expired++
		}
	}
	return []felt.Metric{
		{Name: "felt_ingest_keys", Help: "Ingest keys of pages.", Type: felt.MetricGauge, Value: float64(len(list))},
		{Name: "felt_ingest_keys_expired", Help: "Of them, expired.", Type: felt.MetricGauge, Value: float64(expired)},
		{Name: "felt_ingest_keys_reloads_total", Help: "Times the file of ingest keys was read again.", Type: felt.MetricCounter, Value: float64(s.reloads)},
		{Name: "felt_ingest_keys_trouble", Help: "1: the file of ingest keys cannot be used, and the keys are as they were.", Type: felt.MetricGauge, Value: bad},
	}
}

// Name is the key's, for people.
func (k *Key) Name() string { return k.name }

// Scope is which apps and environments it may speak for, nil: any; and how many interactions one of
// its events may stand for at most.
func (k *Key) Scope() (apps, envs []string, maxWeight float64) { return k.apps, k.envs, k.maxWeight }

// Expired tells that its time is over.
func (k *Key) Expired() bool { return !k.expires.IsZero() && !k.now().Before(k.expires) }

// Origin tells that pages of an origin, the header's value, may send with it. One without origins
// may be sent from everywhere, also without a page.
func (k *Key) Origin(header string) bool {
	if len(k.origins) == 0 {
		return true
	}
	for i := range k.origins {
		if k.origins[i].matches(header) {
			return true
		}
	}
	return false
}

// Take counts a request of so many bytes in; 0. Or it says after how long to come again, and counts
// nothing.
func (k *Key) Take(bytes int64) time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	wait := max(k.requests.wait(now, 1), k.bytes.wait(now, 0))
	if wait == 0 {
		k.requests.left--
		k.bytes.left -= float64(bytes)
	}
	return wait
}

// Spend counts bytes that were not known when the request was taken.
func (k *Key) Spend(bytes int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.bytes.left -= float64(bytes)
}

// bucket holds what may come at once, and fills by what may come a second. It can be overdrawn by
// one request: what is larger than all it holds must come through too.
type bucket struct {
	rate
	left float64
	at   time.Time
}

func newBucket(r rate, now time.Time) bucket { return bucket{r, r.burst, now} }

// wait is how long until it has what is needed, or anything; 0 when it has.
func (b *bucket) wait(now time.Time, need float64) time.Duration {
	if past := now.Sub(b.at).Seconds(); past > 0 {
		b.left = min(b.left+past*b.each, b.burst)
	}
	b.at = now
	if b.left > 0 && b.left >= need {
		return 0
	}
	seconds := (max(need, 1) - b.left) / b.each
	return time.Duration(math.Ceil(seconds*1000)) * time.Millisecond
}

// New makes a key, and the lines of a file that let it in, without the key itself.
func New(name string, origins, apps, envs []string, expires string) (key, entry string, err error) {
	if !ValidName(name) {
		return "", "", fmt.Errorf("%q is no name: up to 64 letters, digits, dots, dashes", name)
	}
	secret := make([]byte, 20)
	if _, err := rand.Read(secret); err != nil {
		return "", "", fmt.Errorf("random: %w", err)
	}
	key = "fk_" + strings.ToLower(base32.StdEncoding.EncodeToString(secret))
	sum := sha256.Sum256([]byte(key))
	var b strings.Builder
	fmt.Fprintf(&b, "- name: %s\n  sha256: %s\n", name, hex.EncodeToString(sum[:]))
	for _, l := range []struct {
		word string
		list []string
	}{{"origins", origins}, {"apps", apps}, {"environments", envs}} {
		if len(l.list) > 0 {
			fmt.Fprintf(&b, "  %s: [", l.word)
			for i, v := range l.list {
				if i > 0 {
					b.WriteString(", ")
				}
				fmt.Fprintf(&b, "%q", v)
			}
			b.WriteString("]\n")
		}
	}
	if expires != "" {
		fmt.Fprintf(&b, "  expires: %q\n", expires)
	}
	list, err := parse("key", b.String())
	if err != nil {
		return "", "", errors.New(strings.TrimPrefix(err.Error(), "key:"))
	}
	if end := list[0].expires; !end.IsZero() && !end.After(time.Now()) {
		return "", "", fmt.Errorf("%q is over already", expires)
	}
	return key, b.String(), nil
}
