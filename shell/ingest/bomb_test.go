package ingest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// zeros compresses n MiB of zeros.
func zeros(t *testing.T, mib int, w io.WriteCloser) {
	t.Helper()
	block := make([]byte, 1<<20)
	for range mib {
		if _, err := w.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// A gigabyte of zeros costs no more memory than the largest body that is allowed.
func TestBombs(t *testing.T) {
	d := run(t, newDoor(t, newLog()))
	member := gzipOf(t, make([]byte, 64<<20))
	gzipBomb := bytes.Repeat(member, 16) // a gzip file may have many members

	var zstdBomb bytes.Buffer
	w, err := zstd.NewWriter(&zstdBomb, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	zeros(t, 1024, w)

	// A frame that asks for a window of 1 GiB before it holds anything.
	window := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 20 << 3, 0x01, 0x00, 0x00}

	for name, c := range map[string]struct {
		encoding string
		body     []byte
	}{"gzip": {"gzip", gzipBomb}, "zstd": {"zstd", zstdBomb.Bytes()}, "zstd window": {"zstd", window}} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r := httptest.NewRequest(http.MethodPost, "/v1/traces", bytes.NewReader(c.body))
			r.Header.Set("Content-Type", "application/x-protobuf")
			r.Header.Set("Content-Encoding", c.encoding)
			answer := httptest.NewRecorder()
			d.HTTP().ServeHTTP(answer, r)
			runtime.ReadMemStats(&after)
			if answer.Code != http.StatusRequestEntityTooLarge {
				t.Errorf("answer %d %q", answer.Code, answer.Body)
			}
			// All that was ever allocated, not only the peak: growing to 64 MiB by doubling is 128 MiB.
			if grew := after.TotalAlloc - before.TotalAlloc; grew > 256<<20 {
				t.Errorf("%d MiB were allocated for a body of %d KiB", grew>>20, len(c.body)>>10)
			}
		})
	}
}
