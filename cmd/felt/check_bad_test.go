package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestCheckOfBadFiles: machines get JSON also for what cannot be read as text.
func TestCheckOfBadFiles(t *testing.T) {
	for name, text := range map[string][]byte{"not UTF-8": []byte("caf\xe9"), "too large": bytes.Repeat([]byte("#"), 5<<20)} {
		dir := t.TempDir()
		file := filepath.Join(dir, "shop.yaml")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{dir, file} {
			var out bytes.Buffer
			err := (&checkCmd{Paths: []string{path}, Format: "json"}).Run(streams{out: &out, err: &out})
			var found checked
			if !errors.Is(err, errCheck) || json.Unmarshal(out.Bytes(), &found) != nil || found.Errors == 0 || filepath.Base(found.Problems[0].File) != "shop.yaml" || found.Problems[0].Severity != "error" {
				t.Errorf("%s: %v %s", name, err, out.String())
			}
			if name == "not UTF-8" && found.Problems[0].Check != "bad-file" || path == dir && found.Problems[0].Check != "bad-file" {
				t.Errorf("%s: %s", name, found.Problems[0].Check)
			}
		}
	}
}
