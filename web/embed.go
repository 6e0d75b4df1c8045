package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files is the built page: index.html at its root and the hashed files it names
// under assets/. Without a built page it holds no index.html.
func Files() fs.FS {
	page, err := fs.Sub(dist, "dist")
	if err != nil { // only an invalid name can fail, and "dist" is not one
		return dist
	}
	return page
}
