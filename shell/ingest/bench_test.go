package ingest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/internal/spangen"
)

const senderEnv = "FELT_TEST_SENDER" // address, requests, senders, compressor

// TestMain is also the sender of the benchmark: in a process of its own, so that only
// the door's CPU is measured.
func TestMain(m *testing.M) {
	if job := os.Getenv(senderEnv); job != "" {
		if err := sendAll(strings.Fields(job)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func sendAll(job []string) error {
	n, err := strconv.Atoi(job[1])
	if err != nil {
		return err
	}
	senders, err := strconv.Atoi(job[2])
	if err != nil {
		return err
	}
	set, err := spangen.New(spangen.Config{Seed: 1, Requests: 100})
	if err != nil {
		return err
	}
	conn, err := grpc.NewClient(job[0], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	var opts []grpc.CallOption
	if job[3] != "identity" {
		opts = append(opts, grpc.UseCompressor(job[3]))
	}
	stream := set.Stream(uint64(time.Now().UnixNano()), 0)
	work := make(chan struct{}, n)
	for range n {
		work <- struct{}{}
	}
	close(work)
	errs := make(chan error, senders)
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			var body []byte
			for range work {
				body = stream.Next(body, time.Now())
				if _, err := export(context.Background(), conn, body, opts...); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	return <-errs
}

func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkGRPC measures the whole door, socket to log, in CPU seconds per million
// spans. Use a fixed number of requests, such as -benchtime=2000x.
func BenchmarkGRPC(b *testing.B) {
	for _, c := range []struct {
		senders    int
		compressor string
		append     time.Duration // what an append takes, as a synced one does
	}{{1, "identity", 0}, {8, "identity", 0}, {8, "identity", 2 * time.Millisecond}, {32, "identity", 2 * time.Millisecond}, {8, "gzip", 0}} {
		b.Run(fmt.Sprintf("senders=%d/%s/append=%v", c.senders, c.compressor, c.append), func(b *testing.B) {
			log := newLog()
			log.keep = false
			if c.append > 0 {
				log.misbehave(false, func(context.Context, []felt.Record) error {
					time.Sleep(c.append)
					return nil
				})
			}
			d := run(b, newDoor(b, log))
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			server := d.GRPCServer()
			go func() { _ = server.Serve(listener) }()
			defer server.Stop()
			start := cpu(b)
			b.ResetTimer()
			child := exec.CommandContext(b.Context(), os.Args[0])
			child.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %d %s", senderEnv, listener.Addr(), b.N, c.senders, c.compressor))
			if out, err := child.CombinedOutput(); err != nil {
				b.Fatalf("%v: %s", err, out)
			}
			b.StopTimer()
			spans := metric(b, d, "felt_ingest_spans_total")
			b.ReportMetric((cpu(b)-start).Seconds()*1e6/spans, "cpu-s/Mspan")
			b.ReportMetric(metric(b, d, "felt_ingest_record_bytes_total")/spans, "B/span")
			b.ReportMetric(metric(b, d, "felt_ingest_grouped_requests_total")/metric(b, d, "felt_ingest_groups_total"), "requests/append")
		})
	}
}
