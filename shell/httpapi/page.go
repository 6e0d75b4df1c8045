package httpapi

import (
	"io/fs"
	"net/http"
	"strings"
)

const notBuilt = `<!doctype html><meta charset="utf-8"><title>Felt</title>
<p>Felt is running, but this binary was built without its page. <code>make build</code> builds both.</p>
<p>The API is here all the same: <a href="api/openapi.json">api/openapi.json</a>.</p>
`

// page serves the built UI: files under assets/ have their checksum in their name and
// are kept for ever; index.html is asked for each time. A path that is no file is a
// place inside the page.
func page(ui fs.FS) http.Handler {
	if ui != nil {
		if _, err := fs.Stat(ui, "index.html"); err != nil {
			ui = nil
		}
	}
	if ui == nil {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write([]byte(notBuilt))
		})
	}
	files := http.FileServerFS(ui)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			writeProblem(w, http.StatusMethodNotAllowed, "the page can only be read")
			return
		}
		name := strings.TrimPrefix(r.URL.Path, "/")
		if info, err := fs.Stat(ui, name); name == "" || err != nil || info.IsDir() {
			if strings.HasPrefix(name, "assets/") {
				writeProblem(w, http.StatusNotFound, "no such file; the page may have been updated: load it again")
				return
			}
			w.Header().Set("Cache-Control", "no-cache")
			http.ServeFileFS(w, r, ui, "index.html")
			return
		}
		if strings.HasPrefix(name, "assets/") {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		} else {
			w.Header().Set("Cache-Control", "no-cache")
		}
		files.ServeHTTP(w, r)
	})
}
