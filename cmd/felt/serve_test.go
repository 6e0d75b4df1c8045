package main

import (
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/app"
)

// TestHangup: SIGHUP does not end the server, it has the inventory looked at.
func TestHangup(t *testing.T) {
	heard := make(chan struct{}, 10)
	stop := onHangup(func() { heard <- struct{}{} })
	defer stop()
	for range 2 {
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		select {
		case <-heard:
		case <-time.After(10 * time.Second):
			t.Fatal("nobody was told of the SIGHUP")
		}
	}
}

// TestFlagsAreDocumented: docs/serving.md names every flag of felt serve, and no other; where its
// tables say a default, it is the flag's.
func TestFlagsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/serving.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(text)
	var c cli
	p, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	flags := map[string]string{"--help": "", "--version": ""}
	for _, node := range p.Model.Children {
		if node.Name != "serve" {
			continue
		}
		for _, f := range node.Flags {
			flags["--"+f.Name] = f.Default
			if !strings.Contains(doc, "`--"+f.Name) {
				t.Errorf("docs/serving.md does not name --%s", f.Name)
			}
		}
	}
	if len(flags) < 50 {
		t.Fatalf("%d flags only", len(flags))
	}
	others := map[string]bool{} // of the other commands, which the page names in passing
	for _, leaf := range p.Model.Leaves(false) {
		for _, f := range leaf.Flags {
			others["--"+f.Name] = true
		}
	}
	for _, m := range regexp.MustCompile("--[a-z][a-z0-9-]+").FindAllString(doc, -1) {
		if _, ok := flags[m]; !ok && !others[m] {
			t.Errorf("docs/serving.md names %s, which is no flag", m)
		}
	}
	rows := regexp.MustCompile("(?m)^\\| `(--[a-z0-9-]+)` \\|.*\\| `?([^`|]*?)`? \\|$").FindAllStringSubmatch(doc, -1)
	if len(rows) < 30 {
		t.Errorf("only %d rows name a flag and its default", len(rows))
	}
	for _, row := range rows {
		if want := flags[row[1]]; row[2] != want {
			t.Errorf("docs/serving.md says that the default of %s is %q, and it is %q", row[1], row[2], want)
		}
	}
}

// TestKeepFlags: what is kept, and how long, is as the flags say; their defaults are those of
// the library.
func TestKeepFlags(t *testing.T) {
	parse := func(args ...string) app.Config {
		t.Helper()
		var c cli
		p, err := kong.New(&c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Parse(append([]string{"serve"}, args...)); err != nil {
			t.Fatal(err)
		}
		cfg, err := c.Serve.config(t.TempDir(), os.Stderr)
		if err != nil {
			t.Fatal(err)
		}
		return cfg
	}
	def, library := parse(), app.Config{Data: t.TempDir()}
	if def.Retention != felt.DefaultRetention() || def.Settings != felt.DefaultSettings() || def.KeepGoodTraces != 0.01 ||
		def.KeeperBehind != 90*time.Second || def.CompactEvery != time.Minute || library.Check() != nil || def.BusinessLimit != library.BusinessLimit ||
		def.BusinessItems != library.BusinessItems || def.KeeperTraces != library.KeeperTraces || def.KeeperBytes != library.KeeperBytes ||
		def.KeeperHoldLog != library.KeeperHoldLog || def.TraceSpans != library.TraceSpans {
		t.Errorf("defaults: %+v", def)
	}
	flags := map[string]string{
		"--keep-interactions": "1h", "--keep-buckets-10s": "2h", "--keep-buckets-1m": "3h", "--keep-buckets": "4h", "--keep-customer-days": "5h",
		"--keep-spans": "6h", "--keep-good-traces": "0", "--keeper-behind": "7s", "--compact-every": "8s",
		"--open-journeys": "9", "--journey-steps": "10", "--known-links": "11", "--journey-late": "12s",
		"--business-limit": "12KiB", "--business-items": "13", "--keeper-traces": "14", "--keeper-bytes": "15KiB", "--keeper-hold-log": "16m",
		"--trace-spans": "17", "--signals": "18", "--signal-instances": "19", "--signal-streams": "20",
	}
	var args []string
	for f, v := range flags {
		args = append(args, f+"="+v)
	}
	got := parse(args...)
	want := felt.Retention{
		Interactions: felt.Hour, Buckets10s: 2 * felt.Hour, Buckets1m: 3 * felt.Hour, BucketsLong: 4 * felt.Hour,
		CustomerDays: 5 * felt.Hour, Spans: 6 * felt.Hour,
	}
	s := got.Settings
	if got.Retention != want || got.KeepGoodTraces != app.KeepNone || got.KeeperBehind != 7*time.Second || got.CompactEvery != 8*time.Second ||
		s.OpenJourneys != 9 || s.JourneySteps != 10 || s.KnownLinks != 11 || got.BusinessLimit != 12<<10 || got.BusinessItems != 13 ||
		got.KeeperTraces != 14 || got.KeeperBytes != 15<<10 || got.KeeperHoldLog != 16*time.Minute || got.TraceSpans != 17 ||
		s.Signals != 18 || s.SignalInstances != 19 || s.SignalStreams != 20 {
		t.Errorf("%+v", got)
	}
}
