package logtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	felt "github.com/felt-cx/felt"
)

// childDir names the variable that makes a test binary the child of [RunCrash].
const childDir = "FELT_LOGTEST_CHILD"

// Main is called first in TestMain by packages that use [RunCrash]. In the child it
// never returns.
func Main(open func(dir string) (Log, error)) {
	dir := os.Getenv(childDir)
	if dir == "" {
		return
	}
	l, err := open(dir)
	if err == nil {
		err = appendForEver(l, os.Stdout)
	}
	fmt.Fprintln(os.Stderr, "child:", err)
	os.Exit(1)
}

// appendForEver appends numbered records from four goroutines and writes the number
// of each acknowledged call. Calls are "caller number index of size".
func appendForEver(l Log, out io.Writer) error {
	const callers = 4
	fail := make(chan error, callers)
	for c := range callers {
		go func() {
			for k := 0; ; k++ {
				recs := make([]felt.Record, 1+(k+c)%4)
				for i := range recs {
					head := fmt.Sprintf("%d %d %d %d %d ", os.Getpid(), c, k, i, len(recs))
					recs[i] = felt.Record{
						Kind: felt.KindTelemetry, Part: felt.Part(i % Partitions), At: 1,
						Data: []byte(head + strings.Repeat("x", (k*7919)%20_000)),
					}
				}
				p, err := l.Append(context.Background(), recs...)
				if err == nil {
					_, err = fmt.Fprintf(out, "ack %d %d %d %d\n", os.Getpid(), c, k, p.Seq) // one write: never torn
				}
				if err != nil {
					fail <- err
					return
				}
			}
		}()
	}
	return <-fail
}

// call is one Append of one child.
type call struct{ pid, caller, number int }

// RunCrash kills a child in the middle of appends, again and again on the same
// directory, and checks after each time that everything acknowledged is there once,
// whole and in order.
func RunCrash(t *testing.T, open Open, rounds int) {
	t.Helper()
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1)) //nolint:gosec // a seed
	acked := map[call]felt.Seq{}
	for round := range rounds {
		killAfter(t, dir, 1+rng.IntN(400), acked)
		l := open(t, dir, Limits{})
		seen := verify(t, l, acked)
		if err := l.Close(); err != nil {
			t.Fatalf("round %d: closing: %v", round, err)
		}
		t.Logf("round %d: %d calls acknowledged, %d in the log", round, len(acked), seen)
	}
}

// killAfter starts a child, and kills it when it has reported n acknowledgements; what
// it reported until it was dead counts too.
func killAfter(t *testing.T, dir string, n int, acked map[call]felt.Seq) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$") //nolint:gosec // this binary
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	watchdog := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer watchdog.Stop()
	lines := bufio.NewScanner(out)
	got := 0
	for lines.Scan() {
		var c call
		var seq felt.Seq
		if _, err := fmt.Sscanf(lines.Text(), "ack %d %d %d %d", &c.pid, &c.caller, &c.number, &seq); err != nil {
			t.Fatalf("the child said %q: %v", lines.Text(), err)
		}
		acked[c] = seq
		if got++; got == n {
			_ = cmd.Process.Kill()
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got < n {
		t.Fatalf("the child ended by itself after %d acknowledgements", got)
	}
}

// verify reads the whole log, up to a record of its own, and checks it against what
// was acknowledged.
func verify(t *testing.T, l Log, acked map[call]felt.Seq) int {
	t.Helper()
	before, err := l.Last(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	end := must(t, l, felt.Record{Kind: felt.KindTick, Part: felt.Control, At: 1})
	if end.Seq <= before.Seq {
		t.Fatalf("a new record has place %d, not after the last one's, %d", end.Seq, before.Seq)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	seen := map[call]felt.Seq{}
	next := map[[2]int]int{} // pid, caller -> number
	var cur call
	index, size := 0, 0
	for r, err := range l.Read(ctx, felt.All, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Seq == end.Seq {
			break
		}
		if r.Kind == felt.KindTick {
			continue // of an earlier round
		}
		var c call
		var i, n int
		if _, err := fmt.Sscanf(string(r.Data), "%d %d %d %d %d ", &c.pid, &c.caller, &c.number, &i, &n); err != nil {
			t.Fatalf("record %d: %v", r.Seq, err)
		}
		if i == 0 {
			if want := next[[2]int{c.pid, c.caller}]; c.number != want {
				t.Fatalf("record %d is call %d of caller %d of process %d; want call %d", r.Seq, c.number, c.caller, c.pid, want)
			}
			next[[2]int{c.pid, c.caller}]++
			cur, index, size = c, 0, n
		}
		if c != cur || i != index {
			t.Fatalf("record %d is %d of %v; want %d of %v", r.Seq, i, c, index, cur)
		}
		if index++; index == size {
			seen[c] = r.Seq
		}
	}
	for c, seq := range acked {
		if seen[c] != seq {
			t.Fatalf("call %v was acknowledged at place %d and is at %d (0: not there)", c, seq, seen[c])
		}
	}
	return len(seen)
}
