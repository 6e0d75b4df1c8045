package keys

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/felt-cx/felt/core/yaml"
)

// Bounds of a file.
const (
	maxFile = 1 << 20
	maxKeys = 1000
	minKey  = 16 // characters
)

// What a key may send when it does not say.
const (
	defaultRequests = 100
	defaultBytes    = 1 << 20
	mostRequests    = 1_000_000
	mostBytes       = 10 << 30
	defaultWeight   = 1000 // a sampleRate of .001
	mostWeight      = 1_000_000
)

// spec is one key as its file says.
type spec struct {
	name       string
	sum        [sha256.Size]byte
	origins    []origin
	apps, envs []string
	requests   rate
	bytes      rate
	maxWeight  float64
	expires    time.Time // zero: never
	plain      bool      // the key itself stands in the file
}

// rate is how much may come a second, and at once.
type rate struct{ each, burst float64 }

// parse reads a file; every problem at once, with its place.
func parse(file, text string) ([]spec, error) {
	root, errs := yaml.Parse(text)
	p := parser{file: file}
	for _, e := range errs {
		p.bad(e.Pos, "%s", e.Message)
	}
	if root == nil || len(errs) > 0 {
		return nil, errors.Join(p.problems...)
	}
	if root.Kind != yaml.List {
		p.bad(root.Pos, "want a list of keys: - name: ...")
		return nil, errors.Join(p.problems...)
	}
	if len(root.Items) > maxKeys {
		p.bad(root.Pos, "%d keys; at most %d", len(root.Items), maxKeys)
	}
	var list []spec
	for _, n := range root.Items {
		k := p.key(n)
		if i := slices.IndexFunc(list, func(o spec) bool { return o.sum == k.sum }); i >= 0 && k.sum != ([sha256.Size]byte{}) {
			p.bad(n.Pos, "the same key stands here twice: %q and %q", list[i].name, k.name)
		}
		list = append(list, k)
	}
	return list, errors.Join(p.problems...)
}

type parser struct {
	file     string
	problems []error
}

func (p *parser) bad(at yaml.Pos, format string, a ...any) {
	p.problems = append(p.problems, fmt.Errorf("%s:%d:%d: %s", p.file, at.Line, at.Column, fmt.Sprintf(format, a...)))
}

// key reads one entry.
func (p *parser) key(n *yaml.Node) spec {
	k := spec{requests: rate{defaultRequests, 0}, bytes: rate{defaultBytes, 0}, maxWeight: defaultWeight}
	if n.Kind != yaml.Map {
		p.bad(n.Pos, "want a key: name, sha256, ...")
		return k
	}
	given := false
	for _, e := range n.Entries {
		if e.Key == "key" || e.Key == "sha256" {
			given = true
		}
		p.entry(&k, e.Key, e.Pos, e.Value)
	}
	if k.name == "" {
		p.bad(n.Pos, "a key needs a name")
	}
	if !given {
		p.bad(n.Pos, "which key is it? give its sha256, as felt keys new prints it, or the key itself")
	}
	if k.requests.burst == 0 {
		k.requests.burst = 2 * k.requests.each
	}
	if k.bytes.burst == 0 {
		k.bytes.burst = 4 * k.bytes.each
	}
	return k
}

// entry reads one line of an entry.
func (p *parser) entry(k *spec, word string, at yaml.Pos, v *yaml.Node) {
	switch word {
	case "name":
		k.name = p.name(v)
	case "key":
		k.plain = true
		if len(v.Text) < minKey || strings.ContainsAny(v.Text, " \t") {
			p.bad(v.Pos, "a key has at least %d characters and no spaces: make one with felt keys new", minKey)
		}
		k.sum = sha256.Sum256([]byte(v.Text))
	case "sha256":
		p.sum(v, &k.sum)
	case "origins":
		for _, o := range p.texts(v) {
			k.origins = append(k.origins, p.origin(o))
		}
	case "apps":
		k.apps = words(p.texts(v))
	case "environments":
		k.envs = words(p.texts(v))
	case "requests":
		k.requests.each = p.number(v, 1, mostRequests)
	case "burst":
		k.requests.burst = p.number(v, 1, mostRequests)
	case "bytes":
		k.bytes.each = p.number(v, 1, mostBytes)
	case "burst_bytes":
		k.bytes.burst = p.number(v, 1, mostBytes)
	case "max_weight":
		k.maxWeight = p.number(v, 1, mostWeight)
	case "expires":
		k.expires = p.moment(v)
	default:
		p.bad(at, "%q is not known: a key has name, key or sha256, origins, apps, environments, requests, burst, bytes, burst_bytes, max_weight, expires", word)
	}
}

// ValidName tells that a text may be a key's name.
func ValidName(s string) bool {
	return len(s) <= 64 && regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`).MatchString(s)
}

func (p *parser) name(n *yaml.Node) string {
	if !ValidName(n.Text) {
		p.bad(n.Pos, "%q is no name: up to 64 letters, digits, dots, dashes", n.Text)
	}
	return n.Text
}

func (p *parser) sum(n *yaml.Node, to *[sha256.Size]byte) {
	b, err := hex.DecodeString(n.Text)
	if err != nil || len(b) != sha256.Size {
		p.bad(n.Pos, "want 64 hexadecimal digits: printf %%s KEY | sha256sum")
		return
	}
	copy(to[:], b)
}

func (p *parser) texts(n *yaml.Node) []*yaml.Node {
	if n.Scalar() {
		return []*yaml.Node{n}
	}
	if n.Kind != yaml.List || len(n.Items) == 0 {
		p.bad(n.Pos, "want a list with something in it; leave it out to allow any")
		return nil
	}
	for _, v := range n.Items {
		if !v.Scalar() || v.Text == "" {
			p.bad(v.Pos, "want a word")
			return nil
		}
	}
	return n.Items
}

func words(list []*yaml.Node) []string {
	w := make([]string, 0, len(list))
	for _, n := range list {
		w = append(w, n.Text)
	}
	return w
}

// number reads a number that may have a unit of bytes.
func (p *parser) number(n *yaml.Node, least, most float64) float64 {
	text, unit := n.Text, 1.0
	for _, u := range []struct {
		word string
		n    float64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}} {
		if t, ok := strings.CutSuffix(text, u.word); ok {
			text, unit = strings.TrimSpace(t), u.n
			break
		}
	}
	v, err := strconv.ParseFloat(text, 64)
	if v *= unit; err != nil || math.IsNaN(v) || v < least || v > most {
		p.bad(n.Pos, "%q is no number from %.0f to %.0f", n.Text, least, most)
		return least
	}
	return v
}

func (p *parser) moment(n *yaml.Node) time.Time {
	if t, err := time.Parse(time.DateOnly, n.Text); err == nil {
		return t.AddDate(0, 0, 1) // to the end of that day
	}
	t, err := time.Parse(time.RFC3339, n.Text)
	if err != nil {
		p.bad(n.Pos, "%q is no day (2027-01-31) and no moment (2027-01-31T12:00:00Z)", n.Text)
	}
	return t
}
