package web_test

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/felt-cx/felt/web"
)

// The placeholder keeps `go build` working before the page was built; the build of
// the page must put it back.
func TestFilesIsRootedAtThePage(t *testing.T) {
	if _, err := fs.Stat(web.Files(), ".gitkeep"); err != nil {
		t.Fatalf("web/dist/.gitkeep is missing: %v", err)
	}
}

// A built page may name only files that are beside it, by relative address.
func TestBuiltPageNamesItsFilesRelatively(t *testing.T) {
	page, err := fs.ReadFile(web.Files(), "index.html")
	if err != nil {
		t.Skip("the page is not built; `npm run build` in web/ builds it")
	}
	for _, attr := range []string{`src="`, `href="`} {
		for _, rest := range strings.Split(string(page), attr)[1:] {
			name, _, _ := strings.Cut(rest, `"`)
			if !strings.HasPrefix(name, "./") {
				t.Errorf("index.html names %q, which breaks under a base path", name)
				continue
			}
			if _, err := fs.Stat(web.Files(), path.Clean(name)); err != nil {
				t.Errorf("index.html names %q: %v", name, err)
			}
		}
	}
}
