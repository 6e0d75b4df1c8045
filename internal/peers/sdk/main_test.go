package sdk

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
)

// server is the felt that all tests share.
var server *felt

// exportErrors collects what exporters report beside their return values: the SDK
// hands partial successes to the global error handler.
var exportErrors errorList

func TestMain(m *testing.M) {
	os.Exit(runAll(m))
}

func runAll(m *testing.M) (code int) {
	otel.SetErrorHandler(&exportErrors)
	dir, err := os.MkdirTemp("", "felt-peers-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if server, err = startFelt(dir); err != nil {
		fmt.Fprintln(os.Stderr, "felt:", err)
		return 1
	}
	code = m.Run()
	if err := server.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "felt:", err)
		code = 1
	}
	if all := exportErrors.list(); len(all) > 0 {
		fmt.Fprintf(os.Stderr, "exporters reported errors:\n%s\n", strings.Join(all, "\n"))
		code = 1
	}
	if code != 0 {
		fmt.Fprintf(os.Stderr, "output of felt:\n%s\n", server.output)
	}
	return code
}

// errorList is an otel.ErrorHandler.
type errorList struct {
	mu  sync.Mutex
	all []string
}

func (l *errorList) Handle(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, err.Error())
}

func (l *errorList) list() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all
}

// process is a server that a test started.
type process struct {
	cmd    *exec.Cmd
	output *lockedBuffer
	exited chan struct{}
	err    error // once exited
}

func startProcess(binary string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(binary, args...), output: &lockedBuffer{}, exited: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// stop asks the process to end, and it must do so well within 20 s.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("it was gone before it was stopped: %w\n%s", errors.Join(err, p.err), p.output)
	}
	select {
	case <-p.exited:
		return p.err
	case <-time.After(20 * time.Second):
		return errors.Join(errors.New("it did not end within 20 s of SIGTERM"), p.cmd.Process.Kill())
	}
}

// until polls until try succeeds.
func (p *process) until(limit time.Duration, try func() error) error {
	deadline := time.After(limit)
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			return fmt.Errorf("it ended: %w\n%s", errors.Join(errors.New("too early"), p.err), p.output)
		case <-deadline:
			return fmt.Errorf("gave up after %v: %w", limit, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// freePorts finds addresses on loopback that nobody listens on.
func freePorts(n int) ([]string, error) {
	var addresses []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // all at the end, so that no port comes twice
		addresses = append(addresses, l.Addr().String())
	}
	return addresses, nil
}

func startFelt(dir string) (*felt, error) {
	binary := os.Getenv("FELT_BIN")
	if binary == "" {
		binary = "../../../bin/felt"
	}
	if _, err := os.Stat(binary); err != nil {
		return nil, fmt.Errorf("%w: build it with `make build`, or name it in FELT_BIN", err)
	}
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "config")
	if err := writeInventory(config); err != nil {
		return nil, err
	}
	p, err := startProcess(binary, "serve", "--data", filepath.Join(dir, "data"), "--config", config,
		"--listen", ports[0], "--otlp-grpc", ports[1], "--otlp-http", ports[2])
	if err != nil {
		return nil, err
	}
	f := &felt{process: p, api: "http://" + ports[0], grpc: ports[1], http: ports[2]}
	if err := p.until(10*time.Second, func() error { _, err := f.get("/readyz"); return err }); err != nil {
		return nil, errors.Join(fmt.Errorf("not ready: %w", err), p.stop())
	}
	return f, nil
}

// writeInventory makes the inventory: a journey of its own for every sender of
// metrics, and what testdata has.
func writeInventory(dir string) error {
	each, err1 := os.ReadFile("testdata/meters.yaml")
	rest, err2 := os.ReadFile("testdata/journeys.yaml")
	if err := errors.Join(err1, err2, os.Mkdir(dir, 0o700)); err != nil {
		return err
	}
	errs := []error{os.WriteFile(filepath.Join(dir, "journeys.yaml"), rest, 0o600)}
	for _, s := range senders() {
		errs = append(errs, os.WriteFile(filepath.Join(dir, s.service+".yaml"), bytes.ReplaceAll(each, []byte("SERVICE"), []byte(s.service)), 0o600))
	}
	return errors.Join(errs...)
}
