package up

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a program that was started, and is stopped with everything else.
type process struct {
	name   string
	cmd    *exec.Cmd
	output *tail
	exited chan struct{}
	err    error // once exited
}

// launch starts a program in a process group of its own, so that Ctrl-C in a terminal reaches it through us
// only and in order: it may still be needed to take what the others send at their end.
func launch(name string, env []string, say io.Writer, binary string, args ...string) (*process, error) {
	p := &process{name: name, cmd: exec.Command(binary, args...), output: &tail{to: say, prefix: name + ": "}, exited: make(chan struct{})}
	p.cmd.Env = append(p.cmd.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	p.cmd.SysProcAttr = alone()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// ready waits until url answers 200.
func (p *process) ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	client := &http.Client{Timeout: 2 * time.Second}
	for {
		if answers(ctx, client, url) {
			return nil
		}
		select {
		case <-p.exited:
			return fmt.Errorf("%s ended at once: %w\n%s", p.name, errors.Join(errors.New("it did not start"), p.err), p.output)
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer at %s: %w\n%s", p.name, url, context.Cause(ctx), p.output)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func answers(ctx context.Context, client *http.Client, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

// stop asks it to end, and after a while insists.
func (p *process) stop() error {
	select {
	case <-p.exited:
		return nil // told already
	default:
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	select {
	case <-p.exited:
		if p.err != nil {
			return fmt.Errorf("%s: %w\n%s", p.name, p.err, p.output)
		}
		return nil
	case <-time.After(15 * time.Second):
		return fmt.Errorf("%s did not end within 15 s and was killed: %w", p.name, errors.Join(errors.New("too slow"), p.cmd.Process.Kill()))
	}
}

// tail hands output on, line by line with the name of who said it, and remembers the end of it.
type tail struct {
	mu     sync.Mutex
	to     io.Writer
	prefix string
	line   []byte
	last   []string
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.line = append(t.line, b...)
	for {
		i := bytes.IndexByte(t.line, '\n')
		if i < 0 {
			return len(b), nil
		}
		text := string(t.line[:i])
		t.line = t.line[i+1:]
		if t.last = append(t.last, text); len(t.last) > 20 {
			t.last = t.last[1:]
		}
		if t.to != nil {
			fmt.Fprintln(t.to, t.prefix+text)
		}
	}
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.last, "\n")
}

// port is somewhere to listen: what for, and at which port of loopback (0: any).
type port struct {
	name, what string
	number     int
}

func (p port) address() string { return fmt.Sprintf("127.0.0.1:%d", p.number) }

// choose gives a free port to all that have none, and says which of the others are taken, all at once.
// The ports are free again when it returns.
func choose(ports []*port) error {
	var errs []error
	for _, p := range ports {
		l, err := net.Listen("tcp", p.address())
		if err != nil {
			errs = append(errs, fmt.Errorf("port %d (%s) is taken: %w; another one: --ports %s=%d, or SHOP_PORTS=%s=%d with make shop",
				p.number, p.what, err, p.name, p.number+10_000, p.name, p.number+10_000))
			continue
		}
		defer l.Close() // all at the end, so that no port comes twice
		p.number = l.Addr().(*net.TCPAddr).Port
	}
	return errors.Join(errs...)
}
