package main

import (
	"os"
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

// TestKeepFlags: what is kept, and how long, is as the flags say; their defaults are those of
// the library, and docs/serving.md names each.
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
	def := parse()
	if def.Retention != felt.DefaultRetention() || def.Settings != felt.DefaultSettings() || def.KeepGoodTraces != 0.01 ||
		def.KeeperBehind != 90*time.Second || def.CompactEvery != time.Minute {
		t.Errorf("defaults: %+v", def)
	}
	flags := map[string]string{
		"--keep-interactions": "1h", "--keep-buckets-10s": "2h", "--keep-buckets-1m": "3h", "--keep-buckets": "4h", "--keep-customer-days": "5h",
		"--keep-spans": "6h", "--keep-good-traces": "0", "--keeper-behind": "7s", "--compact-every": "8s",
		"--open-journeys": "9", "--journey-steps": "10", "--known-links": "11",
	}
	doc, err := os.ReadFile("../../docs/serving.md")
	if err != nil {
		t.Fatal(err)
	}
	var args []string
	for f, v := range flags {
		args = append(args, f+"="+v)
		if !strings.Contains(string(doc), "`"+f+"`") {
			t.Errorf("docs/serving.md does not name %s", f)
		}
	}
	got := parse(args...)
	want := felt.Retention{
		Interactions: felt.Hour, Buckets10s: 2 * felt.Hour, Buckets1m: 3 * felt.Hour, BucketsLong: 4 * felt.Hour,
		CustomerDays: 5 * felt.Hour, Spans: 6 * felt.Hour,
	}
	s := got.Settings
	if got.Retention != want || got.KeepGoodTraces != app.KeepNone || got.KeeperBehind != 7*time.Second || got.CompactEvery != 8*time.Second ||
		s.OpenJourneys != 9 || s.JourneySteps != 10 || s.KnownLinks != 11 {
		t.Errorf("%+v", got)
	}
}
