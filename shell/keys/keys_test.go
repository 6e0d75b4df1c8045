package keys

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// clock is a wall clock that only the test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2027, 1, 15, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// write makes a file that has another time than the one before, whatever the file system counts in.
func write(t *testing.T, file, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, mode); err != nil {
		t.Fatal(err)
	}
	writes++
	at := time.Unix(1_700_000_000+int64(writes), 0)
	if err := os.Chtimes(file, at, at); err != nil {
		t.Fatal(err)
	}
}

var writes int // of this test binary

func open(t *testing.T, text string) (*Store, string, *clock) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "keys.yaml")
	write(t, file, text, 0o600)
	c := newClock()
	s, err := Open(file, nil, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return s, file, c
}

const (
	keyA = "fk_aaaaaaaaaaaaaaaaaaaa"
	keyB = "fk_bbbbbbbbbbbbbbbbbbbb"
)

func sumOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// TestProblems: each mistake in a file is told, with its place and what is wanted.
func TestProblems(t *testing.T) {
	long := strings.Repeat("a", 65)
	for text, want := range map[string]string{
		"name: a\n":                        ":1:1: want a list of keys",
		"- a\n":                            ":1:3: want a key",
		"- name: a\n":                      "which key is it",
		"- key: " + keyA:                   "a key needs a name",
		"- {name: a b, key: " + keyA + "}": `:1:10: "a b" is no name`,
		"- {name: " + long + ", key: " + keyA + "}":                                "is no name",
		"- {name: -a, key: " + keyA + "}":                                          "is no name",
		"- {name: a, key: short}":                                                  ":1:18: a key has at least 16 characters",
		"- {name: a, sha256: 12}":                                                  "64 hexadecimal digits",
		"- {name: a, key: " + keyA + ", orgins: [x]}":                              `"orgins" is not known: a key has name`,
		"- {name: a, key: " + keyA + ", origins: [shop]}":                          `origin "shop": want https://HOST`,
		"- {name: a, key: " + keyA + ", origins: []}":                              "want a list with something in it",
		"- {name: a, key: " + keyA + ", apps: []}":                                 "want a list with something in it",
		"- {name: a, key: " + keyA + ", apps: [[a]]}":                              "want a word",
		"- {name: a, key: " + keyA + ", requests: 0}":                              "is no number from 1 to",
		"- {name: a, key: " + keyA + ", requests: many}":                           "is no number from 1 to",
		"- {name: a, key: " + keyA + ", bytes: -1MiB}":                             "is no number from 1 to",
		"- {name: a, key: " + keyA + ", bytes: .nan}":                              "is no number from 1 to",
		"- {name: a, key: " + keyA + ", max_weight: 0}":                            ":1:55: \"0\" is no number from 1 to 1000000",
		"- {name: a, key: " + keyA + ", max_weight: 1000001}":                      "is no number from 1 to 1000000",
		"- {name: a, key: " + keyA + ", max_weight: .inf}":                         "is no number from 1 to 1000000",
		"- {name: a, key: " + keyA + ", expires: soon}":                            "is no day",
		"- {name: a, key: " + keyA + "}\n- {name: b, key: " + keyA + "}":           `:2:3: the same key stands here twice: "a" and "b"`,
		"- {name: a, key: " + keyA + "}\n- {name: b, sha256: " + sumOf(keyA) + "}": "the same key stands here twice",
		"- {name: [a": "keys.yaml:1:",
	} {
		_, err := parse("keys.yaml", text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), keyA) {
			t.Errorf("%s\nthe key is in the message: %v", text, err)
		}
	}
	var many strings.Builder
	for i := range maxKeys + 1 {
		fmt.Fprintf(&many, "- {name: k%d, key: %s%d}\n", i, keyA, i)
	}
	if _, err := parse("f", many.String()); err == nil || !strings.Contains(err.Error(), "at most 1000") {
		t.Errorf("1001 keys: %v", err)
	}
	for _, text := range []string{"", "# nothing yet\n", "[]\n"} {
		if list, err := parse("f", text); err != nil || len(list) != 0 {
			t.Errorf("%q: %v %v", text, list, err)
		}
	}
}

func TestOrigins(t *testing.T) {
	for pattern, c := range map[string]struct{ yes, no []string }{
		"https://shop.example": {
			[]string{"https://shop.example", "https://SHOP.example", "https://shop.example:443"},
			[]string{
				"", "null", "http://shop.example", "https://shop.example:8443", "https://www.shop.example", "https://shop.example.evil.example",
				"https://evilshop.example", "https://shop.example/", "https://shop.example@evil.example", "https://shop.example\\.evil.example",
				"shop.example", "https://", "https://*",
			},
		},
		"https://*.shop.example": {
			[]string{"https://www.shop.example", "https://a.b.shop.example", "https://WWW.shop.example:443"},
			[]string{
				"https://shop.example", "https://.shop.example", "http://www.shop.example", "https://www.shop.example:8443", "https://evilshop.example",
				"https://www.shop.example.evil.example", "https://*.shop.example", "https://evil.example/.shop.example", "https://evil.example?.shop.example", "null",
			},
		},
		"http://localhost:5173": {[]string{"http://localhost:5173"}, []string{"http://localhost", "https://localhost:5173"}},
		"http://*.localhost:80": {[]string{"http://a.localhost"}, []string{"http://localhost"}},
	} {
		o, what := parseOrigin(pattern)
		if what != "" {
			t.Fatalf("%s: %s", pattern, what)
		}
		for _, header := range c.yes {
			if !o.matches(header) {
				t.Errorf("%s refuses %q", pattern, header)
			}
		}
		for _, header := range c.no {
			if o.matches(header) {
				t.Errorf("%s takes %q", pattern, header)
			}
		}
	}
	for pattern, want := range map[string]string{
		"*": "want https", "https://*": "a star stands for", "https://*.com": "that is everybody's", "https://*.co.uk": "that is everybody's", "https://*.github.io:8443": "that is everybody's",
		"https://*.eu-west-1.compute.amazonaws.com": "that is everybody's", "https://*.kawasaki.jp": "that is everybody's",
		"https://*.": "that is everybody's", "https://*shop.example": "a star stands for",
		"https://a.*.example": "a star stands for", "https://*.*.example": "a star stands for", "https://shop.example/": "not even /",
		"https://shop.example/a": "no path", "https://u@shop.example": "no path", "ftp://shop.example": "want https", "https://": "want https", "null": "want https",
		"https://shop.example?a": "no path",
	} {
		if _, what := parseOrigin(pattern); !strings.Contains(what, want) {
			t.Errorf("%s: %q, want %q", pattern, what, want)
		}
	}
}

func FuzzOrigin(f *testing.F) {
	f.Add("https://*.shop.example", "https://www.shop.example")
	f.Add("https://shop.example:444", "https://shop.example:444")
	f.Fuzz(func(t *testing.T, pattern, header string) {
		o, what := parseOrigin(pattern)
		if what != "" || !o.matches(header) {
			return
		}
		// Whatever is taken is of the pattern's host, or below it, and of its scheme.
		low := strings.ToLower(header)
		if !strings.HasPrefix(low, o.scheme+"://") || !strings.HasSuffix(withoutDefaultPort(o.scheme, strings.TrimPrefix(low, o.scheme+"://")), o.host) {
			t.Errorf("%q takes %q", pattern, header)
		}
	})
}

// TestFind: keys by their text or their hash, wherever they stand; nothing else is one.
func TestFind(t *testing.T) {
	s, _, c := open(t, "- {name: a, key: "+keyA+", expires: 2027-01-31, apps: [shop], environments: staging, max_weight: 50}\n- {name: b, sha256: "+sumOf(keyB)+", origins: https://shop.example}\n")
	a, b := s.Find(keyA), s.Find(keyB)
	if a == nil || b == nil || a.Name() != "a" || b.Name() != "b" {
		t.Fatalf("found %v %v", a, b)
	}
	for _, wrong := range []string{"", "x", keyA + "x", keyA[1:], sumOf(keyB), strings.ToUpper(keyA)} {
		if s.Find(wrong) != nil {
			t.Errorf("%q is a key", wrong)
		}
	}
	apps, envs, weight := a.Scope()
	if len(apps) != 1 || apps[0] != "shop" || len(envs) != 1 || envs[0] != "staging" || weight != 50 {
		t.Errorf("scope %v %v, weight %v", apps, envs, weight)
	}
	if apps, envs, weight = b.Scope(); apps != nil || envs != nil || weight != 1000 {
		t.Errorf("scope %v %v, want any; weight %v, want 1000", apps, envs, weight)
	}
	if !a.Origin("") || !a.Origin("https://anywhere.example") || b.Origin("") || !b.Origin("https://shop.example") || b.Origin("null") {
		t.Error("origins")
	}
	if !s.Origin("https://shop.example") {
		t.Error("no key for pages of the shop")
	}
	if a.Expired() {
		t.Error("expired too early")
	}
	c.pass(16*24*time.Hour + 11*time.Hour) // the last day is one of its own
	if a.Expired() {
		t.Error("expired on its last day")
	}
	c.pass(time.Hour)
	if !a.Expired() || b.Expired() {
		t.Error("the day after its last it has expired, and the other never does")
	}
}

// TestRate: what may come at once, what a second, and when to come again.
func TestRate(t *testing.T) {
	s, _, c := open(t, "- {name: a, key: "+keyA+", requests: 2, burst: 4, bytes: 100, burst_bytes: 1KB}\n")
	k := s.Find(keyA)
	for i := range 4 {
		if wait := k.Take(10); wait != 0 {
			t.Fatalf("request %d waits %v", i, wait)
		}
	}
	if wait := k.Take(10); wait != 500*time.Millisecond {
		t.Errorf("the fifth waits %v, want 500ms", wait)
	}
	c.pass(500 * time.Millisecond)
	if wait := k.Take(10); wait != 0 {
		t.Errorf("half a second later it waits %v", wait)
	}
	c.pass(time.Hour) // it does not save more than its burst
	if wait := k.Take(1500); wait != 0 {
		t.Errorf("one larger than all that it may send at once waits %v for ever", wait)
	}
	if wait := k.Take(1); wait < 4*time.Second || wait > 6*time.Second {
		t.Errorf("after 500 bytes too many it waits %v, want about 5s", wait)
	}
	c.pass(6 * time.Second)
	k.Spend(250)
	if wait := k.Take(1); wait < time.Second || wait > 2*time.Second {
		t.Errorf("after bytes that were counted later it waits %v", wait)
	}
	c.pass(-time.Hour) // a clock that goes back makes nobody wait for it
	if wait := k.Take(1); wait > 2*time.Second {
		t.Errorf("after the clock went back it waits %v", wait)
	}
}

// TestReload: a change is taken, one key beside the other; a mistake changes nothing.
func TestReload(t *testing.T) {
	one, two := "- {name: web, key: "+keyA+", requests: 1, burst: 1}\n", "- {name: web, key: "+keyB+"}\n"
	s, file, _ := open(t, one)
	if s.Find(keyA).Take(0) != 0 {
		t.Fatal("the first request waits")
	}
	write(t, file, one+two, 0o600)
	s.Reload()
	if s.Find(keyA) == nil || s.Find(keyB) == nil {
		t.Fatal("both keys hold while one takes the other's place")
	}
	if s.Find(keyA).Take(0) == 0 {
		t.Error("reading the file again has filled what the key may send")
	}
	for name, broken := range map[string]func(){
		"a mistake":       func() { write(t, file, "- {name: web}\n", 0o600) },
		"others may read": func() { write(t, file, one, 0o644) },
		"others may write": func() {
			write(t, file, "- {name: web, sha256: "+sumOf(keyA)+"}\n", 0o622)
		},
		"emptied": func() { write(t, file, "\n", 0o600) },
		"gone": func() {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		},
	} {
		broken()
		s.Reload()
		s.Reload()
		if s.Trouble() == nil || s.Find(keyA) == nil || s.Find(keyB) == nil {
			t.Errorf("%s: trouble %v", name, s.Trouble())
		}
	}
	write(t, file, "[]\n", 0o600)
	s.Reload()
	if s.Trouble() != nil || s.Find(keyA) != nil {
		t.Errorf("none: trouble %v", s.Trouble())
	}
	write(t, file, "- {name: web, sha256: "+sumOf(keyB)+"}\n", 0o644) // hashes may be read
	s.Reload()
	if s.Trouble() != nil || s.Find(keyA) != nil || s.Find(keyB) == nil {
		t.Errorf("mended: trouble %v", s.Trouble())
	}
	for _, m := range s.Metrics() {
		if m.Name == "felt_ingest_keys" && m.Value != 1 || m.Name == "felt_ingest_keys_trouble" && m.Value != 0 {
			t.Errorf("%s %v", m.Name, m.Value)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys.yaml")
	if _, err := Open(file, nil, nil); err == nil {
		t.Error("a file that is not there")
	}
	write(t, file, "- {name: a, key: "+keyA+"}\n", 0o640)
	if _, err := Open(file, nil, nil); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others can read: %v", err)
	}
	if _, err := Open(t.TempDir(), nil, nil); err == nil {
		t.Error("a directory")
	}
}

// TestNew: what is made can be used, and the lines do not give the key away.
func TestNew(t *testing.T) {
	key, entry, err := New("shop-web", []string{"https://*.shop.example", "https://shop.example"}, []string{"shop"}, []string{"production"}, "2030-01-01")
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := New("shop-web", nil, nil, nil, "")
	if err != nil || again == key || strings.Contains(entry, key) || len(key) < 35 {
		t.Fatalf("keys %q %q %v, entry %s", key, again, err, entry)
	}
	s, _, _ := open(t, entry)
	k := s.Find(key)
	if k == nil || k.Name() != "shop-web" || !k.Origin("https://a.shop.example") || k.Origin("https://evil.example") || k.Expired() {
		t.Errorf("entry %s makes %+v", entry, k)
	}
	for _, c := range [][4]string{{"a b", "", "", ""}, {"a", "shop", "", ""}, {"a", "https://bücher.example", "", ""}, {"a", "", "", "never"}, {"a", "", "", "2020-01-01"}} {
		var origins []string
		if c[1] != "" {
			origins = []string{c[1]}
		}
		if _, _, err := New(c[0], origins, nil, nil, c[3]); err == nil {
			t.Errorf("%v is taken", c)
		}
	}
}
