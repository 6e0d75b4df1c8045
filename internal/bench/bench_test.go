package main

import (
	"context"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/felt-cx/felt/internal/spangen"
)

func TestCPUTimeIsFoundBehindAnyCommandName(t *testing.T) {
	const stat = "4242 (a (b) c) S 1 4242 4242 0 -1 4194304 100 0 0 0 1234 766 5 6 20 0 9 0 100 1 2 3"
	got, err := parseCPU(stat)
	if err != nil || got != 20 {
		t.Errorf("got %v, %v, want 20 s", got, err)
	}
	for _, bad := range []string{"", "4242 (felt) S 1", "1 (x) S 1 2 3 4 5 6 7 8 9 10 a b"} {
		if _, err := parseCPU(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestCPUTimeIsTheSameProcessAsGoMeasures(t *testing.T) {
	before, err := cpuSeconds(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	own := func() float64 { // on a machine that others use as well, the clock says nothing
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
	}
	x, from := 1.0, own()
	for own() < from+0.3 {
		for range 10_000 {
			x = math.Sqrt(x + 1)
		}
	}
	after, err := cpuSeconds(os.Getpid())
	if took := after - before; err != nil || took < 0.25 || x == 0 {
		t.Errorf("0.3 CPU-s of work took %v CPU-s, %v", took, err)
	}
}

func TestMachineTimeLeavesOutIdle(t *testing.T) {
	got, err := parseMachine("cpu  100 20 30 99999 777 40 10 55 0 0\ncpu0 1 2 3\n")
	if err != nil || got != 2 {
		t.Errorf("got %v, %v, want 2 s", got, err)
	}
	if _, err := parseMachine("intr 1 2 3"); err == nil {
		t.Error("no error")
	}
}

func TestMemory(t *testing.T) {
	now, peak, err := parseMemory("Name:\tfelt\nVmPeak:\t 9000000 kB\nVmHWM:\t  524288 kB\nVmRSS:\t  262144 kB\n")
	if err != nil || now != 256 || peak != 512 {
		t.Errorf("got %v, %v, %v, want 256, 512", now, peak, err)
	}
}

func TestRejectedSpans(t *testing.T) {
	for name, c := range map[string]struct {
		answer []byte
		want   uint64
	}{
		"empty":                     {nil, 0},
		"empty partial success":     {[]byte{0x0a, 0}, 0},
		"a warning, none rejected":  {[]byte{0x0a, 4, 0x12, 2, 'h', 'i'}, 0},
		"300 rejected":              {[]byte{0x0a, 3, 0x08, 0xac, 0x02}, 300},
		"7 rejected with a message": {[]byte{0x0a, 6, 0x08, 7, 0x12, 2, 'h', 'i'}, 7},
	} {
		if got := rejectedSpans(c.answer); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestMedian(t *testing.T) {
	if got := median([]float64{5, 1, 3}); got != 3 {
		t.Errorf("median of three: %v", got)
	}
	if got := median([]float64{4, 1, 3, 2}); got != 2.5 {
		t.Errorf("median of four: %v", got)
	}
}

// A server that is busy gets the same request again, and it counts once.
func TestBusyServerIsAskedAgain(t *testing.T) {
	set, err := spangen.New(spangen.Config{Requests: 20})
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	var sizes []int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			t.Error(err)
		}
		sizes = append(sizes, n)
		if calls++; calls == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer srv.Close()
	s := &httpSender{url: srv.URL, client: srv.Client()}
	var got sent
	if err := deliver(context.Background(), s, set.Stream(1, 0).Next(nil, time.Now()), &got); err != nil {
		t.Fatal(err)
	}
	if got.requests != 1 || got.busy != 1 || len(sizes) != 2 || sizes[0] != sizes[1] || sizes[0] < 300_000 {
		t.Errorf("%+v, bodies of %v", got, sizes)
	}
}

func TestMetricIsSummedOverLabels(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "# TYPE a_total counter\na_total{part=\"0\",x=\"}\"} 2\na_total{part=\"1\"} 3.5\na_total_more 7\nb 9 1700000000\n")
	}))
	defer srv.Close()
	sv := &server{info: srv.Listener.Addr().String()}
	for name, want := range map[string]float64{"a_total": 5.5, "b": 9} {
		if got, ok, err := metric(t.Context(), sv, name); err != nil || !ok || got != want {
			t.Errorf("%s: %v, %v, %v, want %v", name, got, ok, err, want)
		}
	}
	if _, ok, err := metric(t.Context(), sv, "c"); ok || err != nil {
		t.Errorf("found a metric that is not there, or %v", err)
	}
}
