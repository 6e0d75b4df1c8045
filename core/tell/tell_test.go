package tell_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/tell"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func (c told) incident() felt.Incident {
	i := checkout()
	for _, change := range c.changes {
		change(&i)
	}
	return i
}

// All that people read of an incident in one line, to be looked at: go test ./core/tell -update
func TestSentences(t *testing.T) {
	var b strings.Builder
	for _, c := range cases() {
		i := c.incident()
		fmt.Fprintf(&b, "# %s\n%s\n%s\n\n", c.name, tell.Title(&i), tell.Sentence(&i))
	}
	golden(t, "sentences.golden", b.String())
}

// What holds of every line, whatever is in it.
func TestEveryLine(t *testing.T) {
	list := cases()
	if len(list) < 90 {
		t.Errorf("%d cases", len(list))
	}
	for _, c := range list {
		i := c.incident()
		before := fmt.Sprintf("%+v", i)
		title, sentence := tell.Title(&i), tell.Sentence(&i)
		if n := utf8.RuneCountInString(title); n > 80 || n < 8 {
			t.Errorf("%s: a title of %d characters: %s", c.name, n, title)
		}
		for _, line := range []string{title, sentence} {
			if !utf8.ValidString(line) || strings.TrimSpace(line) != line || strings.Contains(line, "  ") || strings.HasSuffix(line, ".") ||
				strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d' }) {
				t.Errorf("%s: %q", c.name, line)
			}
		}
		if utf8.RuneCountInString(sentence) > 480 || sentence != tell.Sentence(&i) || before != fmt.Sprintf("%+v", i) {
			t.Errorf("%s: too long, not the same twice, or it changes the incident: %s", c.name, sentence)
		}
		known := i.Impact.Customers.Total > 0 || i.Impact.Customers.Failed > 0 || strings.Contains(sentence, "expected")
		if !known && !strings.Contains(sentence, "not known") {
			t.Errorf("%s: nothing is known, and it does not say so: %s", c.name, sentence)
		}
		if strings.Contains(sentence, "%") && !strings.Contains(sentence, " of ") {
			t.Errorf("%s: a share of nothing: %s", c.name, sentence)
		}
		if !strings.Contains(sentence, "UTC") && i.FirstBad != 0 {
			t.Errorf("%s: a time without its zone: %s", c.name, sentence)
		}
	}
}
