package measure

import (
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
)

var update = flag.Bool("update", false, "rewrite the golden files from what comes out")

const goldenFile = "testdata/interactions.txt"

// TestGolden holds what is one interaction, and how it ended, to a table that can be read.
func TestGolden(t *testing.T) {
	text, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	cases := readGolden(t, string(text))
	head, _, _ := strings.Cut(string(text), "\n== ")
	out := strings.TrimRight(head, "\n") + "\n"
	for i := range cases {
		c := &cases[i]
		t.Run(c.name, func(t *testing.T) {
			got := runGolden(t, c, nil)
			if diff := cmp.Diff(c.out, got); diff != "" && !*update {
				t.Errorf("%s:%d (-want +got):\n%s", goldenFile, c.line, diff)
			}
			// Order inside a tick does not matter.
			for seed := range uint64(10) {
				shuffled := runGolden(t, c, rand.New(rand.NewPCG(seed, 1)))
				if diff := cmp.Diff(got, shuffled); diff != "" {
					t.Errorf("%s:%d: another order inside its ticks gives (-file order +shuffled):\n%s", goldenFile, c.line, diff)
				}
			}
			c.out = got
		})
		lines := append([]string{"", "== " + c.name}, c.comment...)
		lines = append(lines, c.in...)
		for _, o := range c.out {
			lines = append(lines, "-> "+o)
		}
		out += strings.Join(lines, "\n") + "\n"
	}
	if len(cases) < 241 {
		t.Errorf("%d cases, at least 241 wanted", len(cases))
	}
	if *update {
		if err := os.WriteFile(goldenFile, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// runGolden gives the rows of a case; with rnd, events of a tick come in another order.
func runGolden(t *testing.T, c *golden, rnd *rand.Rand) []string {
	t.Helper()
	d := newDict()
	s := felt.DefaultSettings()
	var events []arrival
	last := start
	in := felt.Inventory{Version: 3}
	names := map[felt.Hash]string{}
	for _, line := range c.in {
		words := strings.Fields(line)
		var a arrival
		var err error
		switch words[0] {
		case "set":
			setSetting(t, &s, words[1:])
			continue
		case "use":
			in.Files = append(in.Files, ruleFile(t, words[1]))
			continue
		case "|":
			in.Files = addLine(in.Files, line)
			continue
		case "otlp":
			a, err = packEvent(words[1:], names)
		default:
			a, err = parseEvent(d, line)
		}
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, a)
		last = max(last, a.tick)
		if strings.Contains(line, "pending") {
			last = max(last, a.tick+felt.Tick(s.PendingAfter/felt.Second))
		}
	}
	if rnd != nil {
		rnd.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	}
	slices.SortStableFunc(events, func(a, b arrival) int { return int(a.tick - b.tick) })
	f := newFeed(s)
	if len(in.Files) > 0 {
		f.rules(t, in)
	}
	f.run(d, events, last+60)
	var rows []string
	slices.SortStableFunc(f.rows, func(a, b felt.Interaction) int { return int(a.Known - b.Known) })
	for i := range f.rows {
		if r := &f.rows[i]; r.Kind == felt.KindStep { // journeys have a file of their own
			for _, h := range []*felt.Hash{&r.Customer, &r.Account, &r.Installation, &r.Session} {
				if name, ok := names[*h]; ok {
					*h = hash(name)
				}
			}
			rows = append(rows, show(r))
		}
	}
	slices.SortStableFunc(rows, func(a, b string) int {
		x, _, _ := strings.Cut(a, " ")
		y, _, _ := strings.Cut(b, " ")
		if len(x) != len(y) {
			return len(x) - len(y)
		}
		return strings.Compare(a, b)
	})
	return rows
}

func setSetting(t *testing.T, s *felt.Settings, words []string) {
	t.Helper()
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		n := 0
		for _, r := range value {
			n = n*10 + int(r-'0')
		}
		switch key {
		case "remember":
			s.Remember = felt.Instant(n) * felt.Second
		case "open_spans":
			s.OpenSpans = n
		case "pending_after":
			s.PendingAfter = felt.Instant(n) * felt.Second
		case "open_pending":
			s.OpenPending = n
		case "late_max":
			s.LateMax = felt.Instant(n) * felt.Second
		case "settle":
			s.Settle = felt.Instant(n) * felt.Second
		case "open_tries":
			s.OpenTries = n
		case "ops_max":
			s.OpsMax = n
		case "partitions":
			s.Partitions = n
		default:
			t.Fatalf("no setting %q", key)
		}
	}
}
