package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/shell/ingest"
	"github.com/felt-cx/felt/shell/mem"
)

// importServer is a door on a log in memory; turn may answer in its place.
func importServer(t *testing.T, turn func(http.ResponseWriter, *http.Request) bool) (string, *mem.Log) {
	t.Helper()
	log := mem.NewLog(mem.LogOptions{})
	d, err := ingest.New(ingest.Options{
		Log: log, Settings: felt.DefaultSettings(), Key: otlp.HashKey{ID: 1, Secret: []byte("secret")},
		Auth: func(token string) bool { return token == "a-token" },
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- d.Run(context.Background()) }()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if turn == nil || !turn(w, r) {
			d.HTTP().ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() {
		s.Close()
		_ = d.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s.URL, log
}

// imported is what is on the log.
func imported(t *testing.T, log *mem.Log) (ids map[string]int, rows int) {
	t.Helper()
	last, err := log.Last(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ids = map[string]int{}
	for rec, err := range log.Read(t.Context(), felt.Control, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if rec.Kind == felt.KindBusiness {
			var b felt.Business
			if err := json.Unmarshal(rec.Data, &b); err != nil {
				t.Fatal(err)
			}
			for _, e := range b.Events {
				ids[e.ID]++
				rows++
			}
		}
		if rec.Seq >= last.Seq {
			break
		}
	}
	return ids, rows
}

func runImport(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), append([]string{"import"}, args...), nil, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// manyRows is a CSV whose rows have line breaks in them; every n-th is wrong.
func manyRows(rows, wrong int) string {
	var s strings.Builder
	s.WriteString("\xef\xbb\xbf\"kind\",time,customer,category\r\n")
	for i := range rows {
		when := "1777888000"
		if wrong > 0 && i%wrong == wrong-1 {
			when = "soon"
		}
		fmt.Fprintf(&s, "ticket,%s,%d,\"a\nb\"\r\n", when, i)
	}
	return s.String()
}

func TestImport(t *testing.T) {
	var asked, refused atomic.Int64
	url, log := importServer(t, func(w http.ResponseWriter, _ *http.Request) bool {
		if asked.Add(1)%2 == 0 { // every other time: come back
			refused.Add(1)
			http.Error(w, `{"message":"busy"}`, http.StatusServiceUnavailable)
			return true
		}
		return false
	})
	dir := t.TempDir()
	token, plain, packed := filepath.Join(dir, "token"), filepath.Join(dir, "a.csv"), filepath.Join(dir, "b.csv.gz")
	var z bytes.Buffer
	zw := gzip.NewWriter(&z)
	if _, err := zw.Write([]byte(manyRows(12_000, 0))); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{token: []byte("a-token\n"), plain: []byte(manyRows(3, 0)), packed: z.Bytes()} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the same again: the same rows
		code, out, errs := runImport(t, "--kind", "events", "--to", url, "--token-file", token, plain, packed)
		if code != 0 || !strings.HasPrefix(out, "12003 rows imported, 0 passed over") {
			t.Fatalf("exit %d, %s%s", code, out, errs)
		}
	}
	ids, rows := imported(t, log)
	if len(ids) != 12_000 || rows != 24_006 || refused.Load() == 0 {
		t.Errorf("%d ids in %d rows, %d refusals", len(ids), rows, refused.Load())
	}
	if code, _, errs := runImport(t, "--kind", "events", "--to", url, plain); code != exitFailed || !strings.Contains(errs, "401") {
		t.Errorf("without a token: exit %d, %s", code, errs)
	}
}

// TestImportKeepsGoing: the lines of wrong rows are those of the file, in every part.
func TestImportKeepsGoing(t *testing.T) {
	url, log := importServer(t, nil)
	dir := t.TempDir()
	name, token := filepath.Join(dir, "a.csv"), filepath.Join(dir, "token")
	if err := os.WriteFile(name, []byte(manyRows(12_000, 4_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(token, []byte("a-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--kind", "events", "--to", url, "--token-file", token, name}
	code, _, errs := runImport(t, args...)
	if _, rows := imported(t, log); code != exitFailed || rows != 0 {
		t.Errorf("exit %d, %d rows imported", code, rows)
	}
	for _, row := range []int{4_000, 8_000, 12_000} { // each has two lines, below one of the header
		if want := fmt.Sprintf("a.csv:%d:8: time: want", 2*row); !strings.Contains(errs, want) {
			t.Errorf("no %q in %s", want, errs)
		}
	}
	code, out, _ := runImport(t, append(args, "--keep-going")...)
	if _, rows := imported(t, log); code != 0 || rows != 11_997 || !strings.HasPrefix(out, "11997 rows imported, 3 passed over") {
		t.Errorf("exit %d, %d rows, %s", code, rows, out)
	}
}

func TestImportOpenQuote(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.csv")
	data := "kind,time\n\"order,1777888000\n" + strings.Repeat("order,1777888000\n", 400_000)
	if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := runImport(t, "--kind", "events", name); code != exitFailed || !strings.Contains(errs, "behind line 2: a row is longer than 4 MiB") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

// A file of another kind has as many wrong rows as rows: some are told, the others counted.
func TestImportTellsSomeWrongRows(t *testing.T) {
	name := filepath.Join(t.TempDir(), "wrong.csv")
	if err := os.WriteFile(name, []byte(manyRows(50, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs := runImport(t, "--kind=events", "--dry-run", name)
	if n := strings.Count(errs, "wrong.csv:") - 1; code != 1 || n != 20 || !strings.Contains(errs, "wrong.csv: and 30 more\n") ||
		!strings.Contains(errs, "50 of 50 rows are wrong") {
		t.Errorf("%d, %d told: %s", code, n, errs)
	}
}
