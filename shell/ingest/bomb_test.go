package ingest

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A gigabyte of zeros costs no more memory than the largest body that is allowed.
func TestBombs(t *testing.T) {
	d := run(t, newDoor(t, newLog()))
	// Both formats may be several in a row; one of 16 MiB, 64 times, is quick to make.
	block := make([]byte, 16<<20)
	gzipBomb, zstdBomb := bytes.Repeat(gzipOf(t, block), 64), bytes.Repeat(zstdOf(t, block), 64)

	// A frame that asks for a window of 1 GiB before it holds anything.
	window := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 20 << 3, 0x01, 0x00, 0x00}

	for name, c := range map[string]struct {
		encoding string
		body     []byte
	}{"gzip": {"gzip", gzipBomb}, "zstd": {"zstd", zstdBomb}, "zstd window": {"zstd", window}} {
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

// The same over gRPC, where the library has its own ways to unpack.
func TestGRPCBombs(t *testing.T) {
	d := run(t, newDoor(t, newLog()))
	block := make([]byte, 16<<20)
	for name, bomb := range map[string][]byte{"gzip": bytes.Repeat(gzipOf(t, block), 64), "zstd": bytes.Repeat(zstdOf(t, block), 64)} {
		conn := serveGRPC(t, d, grpc.WithCompressor(asIs(name))) //nolint:staticcheck // sends bytes as they are
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := export(t.Context(), conn, bomb)
		runtime.ReadMemStats(&after)
		if status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "unpacks to more than 67108864 bytes") {
			t.Errorf("%s: %v", name, err)
		}
		if grew := after.TotalAlloc - before.TotalAlloc; grew > 256<<20 {
			t.Errorf("%s: %d MiB were allocated for a body of %d KiB", name, grew>>20, len(bomb)>>10)
		}
	}
}
