package sketch_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/felt-cx/felt/core/sketch"
)

var update = flag.Bool("update", false, "write testdata/golden.txt: only together with a new format version")

// named sketches, small to read and large to cover every part of the encodings.
func named() []struct {
	name  string
	bytes []byte
} {
	var one, few, big, huge sketch.Latency
	one.Add(1_234_567, 1)
	for i := range int64(8) {
		few.Add(i*i*1e6, uint64(i))
	}
	for i := range uint64(3000) {
		big.Add(waiting(i), 1)
	}
	huge.Add(1<<62, 1<<60)
	huge.Add(0, 1)
	enc := func(n uint64) []byte { return crowdOf(7, n).AppendBinary(nil) }
	return []struct {
		name  string
		bytes []byte
	}{
		{"distinct-0", enc(0)},
		{"distinct-1", enc(1)},
		{"distinct-12", enc(12)},
		{"distinct-1536", enc(1536)},
		{"distinct-1537", enc(1537)},
		{"distinct-400000", enc(400_000)}, // a base above 0, and registers 15 above it
		{"latency-0", new(sketch.Latency).AppendBinary(nil)},
		{"latency-1", one.AppendBinary(nil)},
		{"latency-few", few.AppendBinary(nil)},
		{"latency-3000", big.AppendBinary(nil)},
		{"latency-huge", huge.AppendBinary(nil)},
	}
}

// golden is what testdata/golden.txt holds: a name and hexadecimal bytes in each line.
func golden(t *testing.T) map[string][]byte {
	t.Helper()
	file := filepath.Join("testdata", "golden.txt")
	if *update {
		var text strings.Builder
		for _, s := range named() {
			fmt.Fprintf(&text, "%s %x\n", s.name, s.bytes)
		}
		if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string][]byte)
	for line := range strings.Lines(string(text)) {
		name, digits, _ := strings.Cut(strings.TrimSpace(line), " ")
		if all[name], err = hex.DecodeString(digits); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return all
}

// The bytes are in databases and snapshots: they cannot change unnoticed.
func TestGoldenBytes(t *testing.T) {
	want := golden(t)
	for _, s := range named() {
		if !bytes.Equal(s.bytes, want[s.name]) {
			t.Errorf("%s: the encoding has changed: raise the format version, and go on reading the old one\n%.100x\nwas\n%.100x",
				s.name, s.bytes, want[s.name])
		}
	}
}

// What an earlier program wrote is read, and means the same.
func TestGoldenBytesAreRead(t *testing.T) {
	got := make(map[string]uint64)
	for name, b := range golden(t) {
		if strings.HasPrefix(name, "distinct") {
			got[name] = mustParseDistinct(t, b).Count()
		} else {
			got[name] = mustParseLatency(t, b).Count()
		}
	}
	want := map[string]uint64{
		"distinct-0": 0, "distinct-1": 1, "distinct-12": 12, "distinct-1536": 1536,
		"distinct-1537": 1560, "distinct-400000": 395949, // estimates
		"latency-0": 0, "latency-1": 1, "latency-few": 28, "latency-3000": 3000, "latency-huge": 1 << 52,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts of the golden sketches (-want +got):\n%s", diff)
	}
}

// prints encodes an exact sketch by hand.
func prints(of ...uint64) []byte {
	b := []byte{1, 1}
	for _, p := range of {
		for shift := 40; shift >= 0; shift -= 8 {
			b = append(b, byte(p>>shift))
		}
	}
	return b
}

// dense encodes a dense sketch by hand: its base, one byte for all pairs of registers, extras.
func dense(base, pair byte, extras ...byte) []byte {
	return slices.Concat([]byte{1, 2, base}, bytes.Repeat([]byte{pair}, 8192), extras)
}

func TestParseRejects(t *testing.T) {
	distinct := func(b []byte) error { _, err := sketch.ParseDistinct(b); return err }
	latency := func(b []byte) error { _, err := sketch.ParseLatency(b); return err }
	tooMany := make([]uint64, sketch.ExactLimit+1)
	for i := range tooMany {
		tooMany[i] = uint64(i + 1)
	}
	firstEscapes := dense(0, 0x10)
	firstEscapes[3] = 0x1f
	for name, c := range map[string]struct {
		parse func([]byte) error
		bytes []byte
		says  string
	}{
		"nothing":                {distinct, nil, "0 bytes"},
		"version only":           {latency, []byte{1}, "1 bytes"},
		"a later version":        {distinct, []byte{2, 1}, "version 2"},
		"latency for distinct":   {distinct, []byte{1, 3, 0}, "kind is 3"},
		"distinct for latency":   {latency, prints(1), "kind is 1"},
		"half a print":           {distinct, prints(1)[:5], "3 bytes of prints"},
		"print 0":                {distinct, prints(0), "print 0"},
		"a print twice":          {distinct, prints(5, 5), "print 1"},
		"prints not in order":    {distinct, prints(5, 7, 6), "print 2"},
		"too many prints":        {distinct, prints(tooMany...), "at most 1536"},
		"too few registers":      {distinct, dense(0, 0x10)[:8000], "8000 bytes"},
		"base too high":          {distinct, dense(36, 0x10), "least register is 36"},
		"no register at base":    {distinct, dense(3, 0x21), "as low as its base 3"},
		"no register above 0":    {distinct, dense(0, 0), "no register is set"},
		"register too high":      {distinct, dense(30, 0x60), "above 35"},
		"extra too high":         {distinct, append(firstEscapes, 21), "above 35"},
		"extra missing":          {distinct, firstEscapes, "bytes end"},
		"extra left":             {distinct, dense(0, 0x10, 0), "1 bytes after"},
		"no number of bins":      {latency, []byte{1, 3}, "varint"},
		"bytes after no bins":    {latency, []byte{1, 3, 0, 0}, "1 bytes after"},
		"bins missing":           {latency, []byte{1, 3, 2, 5, 0, 0, 0, 2}, "bin 1 of 2"},
		"a billion bins":         {latency, []byte{1, 3, 0x80, 0x94, 0xeb, 0xdc, 3, 5, 0, 0, 0, 2}, "bin 1 of"},
		"an empty bin":           {latency, []byte{1, 3, 1, 5, 0, 0, 0, 0}, "bin 0 of 1"},
		"gap before the first":   {latency, []byte{1, 3, 1, 5, 0, 0, 0, 3, 1}, "bin 0 of 1"},
		"first not the shortest": {latency, []byte{1, 3, 1, 100, 100, 0, 100, 5, 35}, "bin 0 of 1"},
		"gap of nothing":         {latency, []byte{1, 3, 2, 1, 1, 0, 1, 2, 3, 0}, "bin 1 of 2"},
		"beyond the longest":     {latency, []byte{1, 3, 2, 1, 0, 0, 0, 2, 2}, "bin 1 of 2"},
		"longest not in a bin":   {latency, []byte{1, 3, 1, 100, 100, 0, 100, 4}, "not in its last bin"},
		"shortest above longest": {latency, []byte{1, 3, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 0, 0, 0, 2}, "longest"},
		"varint not shortest":    {latency, []byte{1, 3, 1, 0x85, 0, 0, 0, 0, 2}, "varint"},
		"count too high":         {latency, []byte{1, 3, 1, 5, 0, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20}, "bin 0 of 1"},
		"sum too high":           {latency, []byte{1, 3, 1, 5, 0, 0, 1, 4}, "sum"},
		"sum of one too high":    {latency, []byte{1, 3, 2, 1, 1, 0, 2, 2, 3, 34}, "sum"},
		"sum too low":            {latency, []byte{1, 3, 2, 1, 1, 0, 0, 2, 3, 34}, "sum"},
	} {
		err := c.parse(c.bytes)
		if !errors.Is(err, sketch.ErrCorrupt) || !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("%s: error %v, want ErrCorrupt that says %q", name, err, c.says)
		}
	}
}

// A sketch that bytes could not be merged into is what it was.
func TestMergeBinaryIsAllOrNothing(t *testing.T) {
	broken := append(crowdOf(8, 3000).AppendBinary(nil), 0)
	d := crowdOf(7, 10)
	if err := d.MergeBinary(broken); err == nil || !bytes.Equal(d.AppendBinary(nil), crowdOf(7, 10).AppendBinary(nil)) {
		t.Errorf("error %v, and %d customers instead of 10", err, d.Count())
	}
	var l sketch.Latency
	l.Add(5, 1)
	if err := l.MergeBinary([]byte{1, 3, 2, 5, 0, 0, 0, 2}); err == nil || l.Count() != 1 {
		t.Errorf("error %v, and %d durations instead of 1", err, l.Count())
	}
}

// Prints that were made up to crowd one place of the table are still a set.
func TestCrowdedTables(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		place := rapid.SampledFrom([]uint64{1, 1 << 24, 1<<47 - 5, 1<<48 - 2000}).Draw(t, "place")
		n := rapid.IntRange(1, sketch.ExactLimit).Draw(t, "prints")
		seed := rapid.Uint64().Draw(t, "seed")
		var d sketch.Distinct
		set := make(map[uint64]bool)
		for i := range n {
			p := place + below(seed+uint64(i), 1999)
			set[p] = true
			if err := d.MergeBinary(prints(p)); err != nil {
				t.Fatal(err)
			}
		}
		want := make([]uint64, 0, len(set))
		for p := range set {
			want = append(want, p)
		}
		slices.Sort(want)
		if got := d.AppendBinary(nil); !bytes.Equal(got, prints(want...)) {
			t.Fatalf("%d prints from %d on: counted %d, want %d in order", n, place, d.Count(), len(want))
		}
		back := mustParseDistinct(t, prints(want...))
		if !bytes.Equal(back.AppendBinary(nil), prints(want...)) || back.Size() > 64<<10 {
			t.Fatalf("%d prints from %d on do not survive parsing, or take %d bytes", n, place, back.Size())
		}
		back.Reset()
		for i := range uint64(3000) {
			back.Add(customer(seed, i))
		}
		if !bytes.Equal(back.AppendBinary(nil), crowdOf(seed, 3000).AppendBinary(nil)) {
			t.Fatal("a crowded table, used again, gives other bytes")
		}
	})
}

// The registers may all be at their highest: nothing overflows.
func TestFullRegisters(t *testing.T) {
	d := mustParseDistinct(t, dense(35, 0))
	low, high := d.Interval(0.95)
	if d.Count() != 1<<48 || low >= d.Count() || high <= d.Count() || high > 1<<52 {
		t.Errorf("full registers: %d customers, %d to %d", d.Count(), low, high)
	}
	d.Merge(crowdOf(1, 5000))
	if got := d.AppendBinary(nil); !bytes.Equal(got, dense(35, 0)) {
		t.Error("full registers changed")
	}
}
