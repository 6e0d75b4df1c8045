package backtest

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestDocs: what docs/backtest.md shows can be judged, and names every column and kind there is.
func TestDocs(t *testing.T) {
	b, err := os.ReadFile("../../docs/backtest.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	examples := regexp.MustCompile("(?s)```csv\n(.*?)```").FindAllStringSubmatch(text, -1)
	if len(examples) != 2 {
		t.Errorf("%d examples", len(examples))
	}
	for _, m := range examples {
		if s, err := Run(opener(m[1]), Options{}); err != nil || s.Bad > 0 || s.Rows != strings.Count(m[1], "\n")-1 {
			t.Errorf("%s: %+v %v", m[1], s, err)
		}
	}
	for r := roleTime; r < roles; r++ {
		if !strings.Contains(text, "`"+r.String()+"`") && !strings.Contains(text, ","+r.String()) {
			t.Errorf("column %s is not in the page", r)
		}
	}
	for _, name := range roleTime.names() {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("column %s is not in the page", name)
		}
	}
}
