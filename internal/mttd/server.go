package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/felt-cx/felt"
)

// server is a felt under test, with a directory of its own.
type server struct {
	cmd        *exec.Cmd
	dir        string
	page, otlp string // base addresses
	exited     chan struct{}
	out        output
}

// output is what the server wrote.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p) //nolint:wrapcheck // never fails
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// start runs a server on loopback with an inventory and one sink, and waits until it is ready.
func start(ctx context.Context, binary, hook string, files []felt.InventoryFile) (*server, error) {
	dir, err := os.MkdirTemp("", "felt-mttd-")
	if err != nil {
		return nil, fmt.Errorf("folder for the server: %w", err)
	}
	sv := &server{dir: dir, exited: make(chan struct{})}
	ports, err := freePorts(2)
	if err != nil {
		return nil, errors.Join(err, sv.stop())
	}
	sv.page, sv.otlp = "http://"+ports[0], "http://"+ports[1]
	inventory := filepath.Join(dir, "inventory")
	if err := os.Mkdir(inventory, 0o700); err != nil {
		return nil, errors.Join(fmt.Errorf("folder for the inventory: %w", err), sv.stop())
	}
	text := fmt.Sprintf("sinks:\n  - {name: stopwatch, kind: webhook, url: %q, every: 10s}\n", hook)
	for _, f := range append(files, felt.InventoryFile{Name: "stopwatch.yaml", Text: text}) {
		if err := os.WriteFile(filepath.Join(inventory, f.Name), []byte(f.Text), 0o600); err != nil {
			return nil, errors.Join(fmt.Errorf("inventory: %w", err), sv.stop())
		}
	}
	sv.cmd = exec.CommandContext(ctx, binary, "serve", "--data", filepath.Join(dir, "data"), "--config", inventory,
		"--listen", ports[0], "--otlp-http", ports[1], "--otlp-grpc", "off")
	sv.cmd.Stdout, sv.cmd.Stderr = &sv.out, &sv.out
	sv.cmd.Cancel = func() error { return sv.cmd.Process.Signal(syscall.SIGTERM) }
	sv.cmd.WaitDelay = 10 * time.Second
	if err := sv.cmd.Start(); err != nil {
		sv.cmd = nil
		return nil, errors.Join(fmt.Errorf("start %s: %w", binary, err), sv.stop())
	}
	go func() { defer close(sv.exited); _ = sv.cmd.Wait() }()
	for range 200 {
		if sv.get(ctx, "/readyz", nil) == nil {
			return sv, nil
		}
		select {
		case <-sv.exited:
			return nil, errors.Join(fmt.Errorf("the server ended: %s", sv.out.String()), sv.stop())
		case <-time.After(100 * time.Millisecond):
		}
	}
	return nil, errors.Join(fmt.Errorf("the server is not ready: %s", sv.out.String()), sv.stop())
}

// stop ends the server and removes its directory.
func (sv *server) stop() error {
	if sv.cmd != nil {
		_ = sv.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-sv.exited:
		case <-time.After(20 * time.Second):
			_ = sv.cmd.Process.Kill()
			<-sv.exited
		}
	}
	return os.RemoveAll(sv.dir) //nolint:wrapcheck // says what it was
}

// get asks the server's API; into may be nil.
func (sv *server) get(ctx context.Context, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, sv.page+path, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, resp.Status)
	}
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// freePorts are addresses on loopback on which nobody listens.
func freePorts(n int) ([]string, error) {
	var list []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // on loopback, at once
		if err != nil {
			return nil, fmt.Errorf("free port: %w", err)
		}
		defer l.Close()
		list = append(list, l.Addr().String())
	}
	return list, nil
}
