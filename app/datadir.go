package app

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/felt-cx/felt"
)

// dataFormat is the version of the data directory's layout.
const dataFormat = 1

// meta is felt.json.
type meta struct {
	Format int    `json:"format"`
	Clock  string `json:"clock"`
	// Began is the clock that the log had at first, when it was switched. Replaying it from the
	// beginning must begin with that one.
	Began      string        `json:"began_with_clock,omitempty"`
	Switching  bool          `json:"switching_clock,omitempty"` // asked for, and not known to be on the log
	Partitions int           `json:"partitions"`
	Settings   felt.Settings `json:"settings"`  // as last written to the log
	Inventory  toldInventory `json:"inventory"` // likewise
}

// hashKey is key.json.
type hashKey struct {
	ID     uint32 `json:"id"`
	Secret string `json:"secret"` // 64 hex digits
}

// dataDir is an open data directory that no other process has.
type dataDir struct {
	path string
	mu   sync.Mutex // held while meta changes
	meta meta
	key  hashKey
	lock *os.File
}

// openDataDir opens or makes the directory. What was decided when it was made cannot
// be changed: asking for another clock or number of partitions is an error.
func openDataDir(cfg *Config) (_ *dataDir, err error) {
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	d := &dataDir{path: cfg.Data}
	if err := d.takeLock(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	if err := d.readMeta(cfg); err != nil {
		return nil, err
	}
	return d, d.readKey()
}

func (d *dataDir) file(name string) string { return filepath.Join(d.path, name) }

// takeLock holds a lock for as long as the process lives, however it ends.
func (d *dataDir) takeLock() error {
	f, err := os.OpenFile(d.file("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return errors.Join(fmt.Errorf("data directory %s is in use by another felt: stop that one, or give another --data", d.path), f.Close())
	}
	d.lock = f
	return nil
}

func (d *dataDir) readMeta(cfg *Config) error {
	err := readJSON(d.file("felt.json"), &d.meta)
	if errors.Is(err, fs.ErrNotExist) {
		d.meta = meta{Format: dataFormat, Clock: felt.ClockWall.String(), Partitions: 4}
		if cfg.Clock != 0 {
			d.meta.Clock = cfg.Clock.String()
		}
		if cfg.Partitions != 0 {
			d.meta.Partitions = cfg.Partitions
		}
		return writeJSON(d.file("felt.json"), d.meta)
	}
	if err != nil {
		return err
	}
	switch {
	case d.meta.Format != dataFormat:
		return fmt.Errorf("data directory %s has format %d, this felt reads %d", d.path, d.meta.Format, dataFormat)
	case cfg.Clock != 0 && cfg.Clock.String() != d.meta.Clock && cfg.Clock.String() != d.meta.Began:
		return fmt.Errorf("data directory %s was made with --clock %s, which is fixed: leave the flag out, or give another --data", d.path, d.meta.Clock)
	case cfg.Partitions != 0 && cfg.Partitions != d.meta.Partitions:
		return fmt.Errorf("data directory %s was made with --partitions %d, which is fixed: leave the flag out, or give another --data", d.path, d.meta.Partitions)
	case d.meta.Partitions < 1 || d.meta.Partitions > felt.MaxParts || d.clock() == 0 || d.began() == 0:
		return fmt.Errorf("%s: clock %q, %d partitions: not what felt wrote", d.file("felt.json"), d.meta.Clock, d.meta.Partitions)
	}
	return nil
}

func (d *dataDir) clock() felt.Clock { return clockOf(d.meta.Clock) }

// began is the clock that the log had at first.
func (d *dataDir) began() felt.Clock {
	if d.meta.Began != "" {
		return clockOf(d.meta.Began)
	}
	return d.clock()
}

func clockOf(name string) felt.Clock {
	for _, c := range []felt.Clock{felt.ClockWall, felt.ClockEvent} {
		if c.String() == name {
			return c
		}
	}
	return 0
}

// readKey reads the key of the customers' hashes, or makes one in a new directory. A
// directory that has rows but no key is an error: a new key would split every customer.
func (d *dataDir) readKey() error {
	err := readJSON(d.file("key.json"), &d.key)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(d.file("felt.duckdb")); err == nil {
			return fmt.Errorf("%s is missing, but there are rows hashed with it: put it back from a backup (with a new key every customer would be counted twice)", d.file("key.json"))
		}
		secret := make([]byte, 32)
		if _, err := rand.Read(secret); err != nil {
			return fmt.Errorf("hash key: %w", err)
		}
		d.key = hashKey{ID: 1, Secret: hex.EncodeToString(secret)}
		return writeJSON(d.file("key.json"), d.key)
	}
	if err != nil {
		return err
	}
	if b, err := hex.DecodeString(d.key.Secret); err != nil || len(b) < 16 || d.key.ID == 0 {
		return fmt.Errorf("%s: want an id over 0 and a secret of at least 32 hex digits", d.file("key.json"))
	}
	return nil
}

func (d *dataDir) secret() []byte {
	b, _ := hex.DecodeString(d.key.Secret) // checked by readKey
	return b
}

// settings are the configured ones with what is fixed in this directory. Their version
// grows when they differ from what the log was last told.
func (d *dataDir) settings(cfg *Config) felt.Settings {
	s := cfg.Settings
	s.Clock, s.Partitions, s.Version = d.clock(), d.meta.Partitions, d.meta.Settings.Version
	if s != d.meta.Settings || s.Version == 0 {
		s.Version++
	}
	return s
}

// base is what the engine begins with in front of the log's first settings. It must not
// follow the configuration: what the log holds was decided under what it says.
func (d *dataDir) base() felt.Settings {
	s := felt.DefaultSettings()
	s.Clock, s.Partitions = d.began(), d.meta.Partitions
	return s
}

// change changes felt.json.
func (d *dataDir) change(how func(*meta)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	how(&d.meta)
	return writeJSON(d.file("felt.json"), d.meta)
}

// told records that the log has these settings.
func (d *dataDir) told(s felt.Settings) error {
	return d.change(func(m *meta) { m.Settings = s })
}

func (d *dataDir) close() {
	if d.lock != nil {
		_ = d.lock.Close() // releases the lock
	}
}

func readJSON(file string, v any) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// writeJSON replaces the file as a whole or not at all.
func writeJSON(file string, v any) (err error) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	f, err := os.OpenFile(file+".tmp", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	_, werr := f.Write(append(b, '\n'))
	if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if err := os.Rename(file+".tmp", file); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	return nil
}
