package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSimulate(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer right" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer server.Close()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	truth := filepath.Join(dir, "truth.json")
	scenario := file("s.yaml", "title: short\nshape: flat\nrate: 100\nfaults: [{name: f, kind: flapping, start: 100ms, strength: 1}]")
	call := func(args ...string) (int, string, string) {
		var out, err bytes.Buffer
		args = append([]string{"simulate", "--to", server.URL, "--scenario", scenario, "--truth", truth, "--for", "1500ms", "--seed", "7"}, args...)
		code := run(context.Background(), args, nil, &out, &err)
		return code, out.String(), err.String()
	}
	if code, _, said := call(); code != exitFailed || !strings.Contains(said, "wants a token that may send") {
		t.Errorf("without a token: %d, %s", code, said)
	}
	code, out, said := call("--token-file", file("token", "right\n"), "--gzip", "--speed", "2", "--connections", "2")
	if code != 0 || !strings.Contains(out, "short: 200 interactions a second") || !strings.Contains(out, "customers hit") {
		t.Fatalf("%d\n%s\n%s", code, out, said)
	}
	b, err := os.ReadFile(truth)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Seed      int
		Customers int
		Totals    struct{ Interactions int }
		Faults    []struct {
			Name      string
			Customers int
			Hits      [][4]any
		}
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if got.Seed != 7 || got.Totals.Interactions < 50 || got.Customers == 0 || len(got.Faults) != 1 || got.Faults[0].Customers != len(got.Faults[0].Hits) || len(got.Faults[0].Hits) == 0 {
		t.Errorf("%.500s", b)
	}
}
