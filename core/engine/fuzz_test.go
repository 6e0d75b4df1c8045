package engine

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
)

// sealed gives bytes the header and checksum of a snapshot, so that damage reaches what
// is behind them.
func sealed(body []byte) []byte {
	b := append([]byte{snapshotFormat, Version}, body...)
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// FuzzRestore: whatever the bytes, Restore gives an error that is felt.ErrCorrupt, or an
// engine that runs and saves itself.
func FuzzRestore(f *testing.F) {
	s := felt.DefaultSettings()
	s.Partitions = 1
	f.Add(New(s).AppendSnapshot(nil)[2:])
	files, err := filepath.Glob("testdata/snapshot*.hex")
	if err != nil || len(files) == 0 {
		f.Fatal("no snapshots to begin with", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		b, err := hex.DecodeString(strings.TrimSpace(string(text)))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := Restore(s, sealed(body))
		if err != nil {
			if !errors.Is(err, felt.ErrCorrupt) {
				t.Fatalf("%v is not felt.ErrCorrupt", err)
			}
			return
		}
		tick := max(e.Next(), 1)
		for range 5 {
			if _, err := e.Run(tick, nil); err != nil {
				t.Fatal(err)
			}
			e.CompleteUntil(tick)
			e.Metrics()
			tick++
		}
		if _, err := Restore(s, e.AppendSnapshot(nil)); err != nil {
			t.Fatalf("what was restored cannot be restored again: %v", err)
		}
	})
}

func TestRestoreRefuses(t *testing.T) {
	s := felt.DefaultSettings()
	good := New(s).AppendSnapshot(nil)
	if _, err := Restore(s, good); err != nil {
		t.Fatal(err)
	}
	flipped := append([]byte(nil), good...)
	flipped[len(flipped)/2] ^= 1
	version := append([]byte(nil), good...)
	version[1]++
	other := s
	other.Partitions = 3
	for name, b := range map[string][]byte{
		"nothing": nil, "short": good[:5], "cut": good[:len(good)-1], "flipped": flipped, "version": version,
		"more": sealed(append(append([]byte(nil), good[2:len(good)-4]...), 0)), "partitions": New(other).AppendSnapshot(nil),
		"not json": sealed([]byte{1, '{'}),
	} {
		if _, err := Restore(s, b); !errors.Is(err, felt.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
