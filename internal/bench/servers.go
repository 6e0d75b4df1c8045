package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// subject is what is measured.
type subject string

const (
	subjectFelt        subject = "felt"
	subjectSpanmetrics subject = "collector spanmetrics"
	subjectPlain       subject = "collector plain"
)

func (s subject) binary(o options) string {
	if s == subjectFelt {
		return o.felt
	}
	return o.collector
}

// server is one running process that takes OTLP.
type server struct {
	subject          subject
	cmd              *exec.Cmd
	exited           chan struct{} // closed once it ended
	exitErr          error         // of Wait; read it only then
	output           *output
	dir              string // its own, removed at the end
	grpc, http, info string // host:port; info: felt's API, the Collector's metrics
}

// start runs a server on loopback with an empty directory, on the first core, or
// on two with two procs, and waits until it is ready.
func start(ctx context.Context, s subject, binary string, procs int, more ...string) (*server, error) {
	dir, err := os.MkdirTemp("", "felt-bench-")
	if err != nil {
		return nil, fmt.Errorf("folder for the server: %w", err)
	}
	ports, err := freePorts(3)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	sv := &server{
		subject: s, dir: dir, grpc: ports[0], http: ports[1], info: ports[2],
		output: &output{}, exited: make(chan struct{}),
	}
	args, err := sv.args()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	args = append(args, more...)
	cores := "0"
	if procs > 1 {
		cores = "0-" + strconv.Itoa(procs-1)
	}
	sv.cmd = exec.CommandContext(ctx, "taskset", append([]string{"-c", cores, binary}, args...)...)
	sv.cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(procs))
	sv.cmd.Stdout, sv.cmd.Stderr = sv.output, sv.output
	sv.cmd.Cancel = func() error { return sv.cmd.Process.Signal(syscall.SIGTERM) }
	sv.cmd.WaitDelay = 10 * time.Second
	if err := sv.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", binary, err), os.RemoveAll(dir))
	}
	go func() {
		sv.exitErr = sv.cmd.Wait()
		close(sv.exited)
	}()
	if err := sv.waitReady(ctx); err != nil {
		return nil, errors.Join(err, sv.stop())
	}
	return sv, nil
}

func (sv *server) args() ([]string, error) {
	if sv.subject == subjectFelt {
		return []string{
			"serve", "--data", filepath.Join(sv.dir, "data"), "--listen", sv.info, "--otlp-grpc", sv.grpc, "--otlp-http", sv.http,
		}, nil
	}
	_, port, err := net.SplitHostPort(sv.info)
	if err != nil {
		return nil, fmt.Errorf("port of %s: %w", sv.info, err)
	}
	config := strings.NewReplacer("GRPC", sv.grpc, "HTTP", sv.http, "METRICS", port).Replace(collectorConfig)
	config += pipelines[sv.subject]
	path := filepath.Join(sv.dir, "collector.yaml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return nil, fmt.Errorf("the Collector's configuration: %w", err)
	}
	return []string{"--config", path}, nil
}

// collectorConfig leaves everything at its default but the addresses and the
// dimensions.
const collectorConfig = `
receivers:
  otlp:
    protocols:
      grpc: {endpoint: GRPC}
      http: {endpoint: HTTP}
processors:
  batch:
exporters:
  nop:
connectors:
  span_metrics:
    dimensions:
      - name: http.request.method
      - name: http.response.status_code
      - name: http.route
      - name: deployment.environment.name
service:
  telemetry:
    logs: {level: warn}
    metrics:
      readers:
        - pull: {exporter: {prometheus: {host: 127.0.0.1, port: METRICS}}}
  pipelines:
`

//nolint:gochecknoglobals // A table that is never written.
var pipelines = map[subject]string{
	subjectPlain: `
    traces: {receivers: [otlp], processors: [batch], exporters: [nop]}
`,
	subjectSpanmetrics: `
    traces: {receivers: [otlp], processors: [batch], exporters: [span_metrics]}
    metrics: {receivers: [span_metrics], exporters: [nop]}
`,
}

// output is what a server wrote. It may be read while the server writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.buf.Write(p) // never fails
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// freePorts finds addresses on loopback that nobody listens on.
func freePorts(n int) ([]string, error) {
	addresses := make([]string, 0, n)
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer l.Close() // all at the end, so that no port comes twice
		addresses = append(addresses, l.Addr().String())
	}
	return addresses, nil
}

func (sv *server) waitReady(ctx context.Context) error {
	path := "/metrics"
	if sv.subject == subjectFelt {
		path = "/readyz"
	}
	err := poll(ctx, 20*time.Millisecond, 20*time.Second, func() error {
		select {
		case <-sv.exited:
			return &fatalError{fmt.Errorf("it ended: %w\n%s", sv.exitErr, sv.output)}
		default:
		}
		if _, err := get(ctx, "http://"+sv.info+path); err != nil {
			return err
		}
		conn, err := net.DialTimeout("tcp", sv.grpc, time.Second)
		if err != nil {
			return fmt.Errorf("gRPC port: %w", err)
		}
		return conn.Close()
	})
	if err != nil {
		return fmt.Errorf("not ready: %w", err)
	}
	return nil
}

// stop ends the server and removes its folder.
func (sv *server) stop() error {
	defer os.RemoveAll(sv.dir)
	if err := sv.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop: %w", err)
	}
	select {
	case <-sv.exited:
		if sv.exitErr != nil {
			return fmt.Errorf("it ended badly: %w\n%s", sv.exitErr, tail(sv.output.String()))
		}
		return nil
	case <-time.After(20 * time.Second):
		if err := sv.cmd.Process.Kill(); err != nil {
			return fmt.Errorf("kill: %w", err)
		}
		return errors.New("it did not stop within 20 s and was killed")
	}
}

// fatalError ends a poll.
type fatalError struct{ err error }

func (f *fatalError) Error() string { return f.err.Error() }
func (f *fatalError) Unwrap() error { return f.err }

// poll calls try again and again until it succeeds.
func poll(ctx context.Context, every, limit time.Duration, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := try()
		var fatal *fatalError
		if err == nil || errors.As(err, &fatal) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("gave up after %v: %w", limit, err)
		case <-time.After(every):
		}
	}
}

func get(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("get: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %.300s", url, resp.Status, body)
	}
	return body, nil
}

func getJSON(ctx context.Context, url string, into any) error {
	body, err := get(ctx, url)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s: %w", url, err)
	}
	return nil
}

// metric sums the values of a Prometheus metric over all its labels; ok is false
// when there is none.
func metric(ctx context.Context, sv *server, name string) (sum float64, ok bool, err error) {
	body, err := get(ctx, "http://"+sv.info+"/metrics")
	if err != nil {
		return 0, false, err
	}
	for line := range strings.Lines(string(body)) {
		rest, found := strings.CutPrefix(line, name)
		if !found || (rest[0] != '{' && rest[0] != ' ') {
			continue
		}
		fields := strings.Fields(rest[strings.LastIndexByte(rest, '}')+1:])
		if len(fields) == 0 {
			continue
		}
		v, err := strconv.ParseFloat(fields[0], 64)
		if err != nil {
			return 0, false, fmt.Errorf("metric %s: %w", name, err)
		}
		sum, ok = sum+v, true
	}
	return sum, ok, nil
}
