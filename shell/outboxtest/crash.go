package outboxtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	felt "github.com/felt-cx/felt"
)

// childDir names the variable that makes a test binary the child of [RunCrash].
const childDir = "FELT_OUTBOXTEST_CHILD"

// Main is called first in TestMain by packages that use [RunCrash]. In the child it never returns.
func Main(open func(dir string) (Outbox, error)) {
	dir := os.Getenv(childDir)
	if dir == "" {
		return
	}
	o, err := open(dir)
	if err == nil {
		err = work(o, os.Stdout)
	}
	fmt.Fprintln(os.Stderr, "child:", err)
	os.Exit(1)
}

// work does what worker and sender do: it posts what a replay would make, all keys from the first, and
// notes a delivery of each, and writes what was acknowledged.
func work(o Outbox, out io.Writer) error {
	for i := 0; ; i++ {
		n := notes("key", i, 1)[0]
		if err := o.Post(context.Background(), n); err != nil {
			return fmt.Errorf("posting: %w", err)
		}
		fmt.Fprintf(out, "posted %d\n", i)
		if err := o.Note(context.Background(), felt.Delivery{Key: n.Key, State: felt.DeliveryDelivered, Attempts: 1}); err != nil {
			return fmt.Errorf("noting: %w", err)
		}
		fmt.Fprintf(out, "noted %d\n", i)
	}
}

// RunCrash kills a child between post and note, again and again on the same directory, and checks
// after each time that everything acknowledged is there, and every key once.
func RunCrash(t *testing.T, open Open, rounds int) {
	t.Helper()
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1)) //nolint:gosec // a seed
	posted, noted := -1, -1
	for round := range rounds {
		p, n := killAfter(t, dir, 1+rng.IntN(60*(round+1)))
		posted, noted = max(posted, p), max(noted, n)
		o := open(t, dir, Limits{})
		seen := map[string]int{}
		for _, p := range all(t, o) {
			seen[p.Key]++
		}
		told := map[string]bool{}
		for _, d := range deliveries(t, o) {
			told[d.Key] = d.State == felt.DeliveryDelivered
		}
		for i := range posted + 1 {
			key := fmt.Sprintf("key-%d", i)
			if seen[key] != 1 {
				t.Fatalf("round %d: %s is there %d times", round, key, seen[key])
			}
			if i <= noted && !told[key] {
				t.Fatalf("round %d: %s was noted as delivered, and is not: it would be told twice", round, key)
			}
		}
		t.Logf("round %d: %d posted, %d noted", round, posted+1, noted+1)
		if err := o.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killAfter starts a child, and kills it when it has written n lines. It returns the last
// notification of which it said that it was posted, and the last that was noted.
func killAfter(t *testing.T, dir string, n int) (posted, noted int) {
	t.Helper()
	posted, noted = -1, -1
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
	got := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var what string
		var i int
		if _, err := fmt.Sscanf(lines.Text(), "%s %d", &what, &i); err != nil {
			t.Fatalf("the child said %q: %v", lines.Text(), err)
		}
		if what == "posted" {
			posted = i
		} else {
			noted = i
		}
		if got++; got == n {
			_ = cmd.Process.Kill()
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got < n {
		t.Fatalf("the child ended by itself after %d lines", got)
	}
	return posted, noted
}
