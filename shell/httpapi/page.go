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
// are kept for ever; index.html is asked for each time. The page names its files
// relative to itself, so that a proxy may put it under any path; so it is at one place
// only, and what it shows is in the query (/?window=1h).
func page(ui fs.FS) http.Handler {
	serve := func(w http.ResponseWriter, _ *http.Request, _ string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(notBuilt))
	}
	if ui != nil {
		if _, err := fs.Stat(ui, "index.html"); err == nil {
			serve = func(w http.ResponseWriter, r *http.Request, name string) { servePage(w, r, ui, name) }
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			writeProblem(w, http.StatusMethodNotAllowed, "the page can only be read")
			return
		}
		w.Header().Set("Cache-Control", "no-cache")
		serve(w, r, strings.TrimPrefix(r.URL.Path, "/"))
	})
}

func servePage(w http.ResponseWriter, r *http.Request, ui fs.FS, name string) {
	switch info, err := fs.Stat(ui, name); {
	case name == "":
		http.ServeFileFS(w, r, ui, "index.html")
	case err != nil || info.IsDir():
		writeProblem(w, http.StatusNotFound, "there is no such file; the page is at / and may have been updated: load it again")
	default:
		if strings.HasPrefix(name, "assets/") {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		http.ServeFileFS(w, r, ui, name)
	}
}
