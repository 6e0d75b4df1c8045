package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestDemoRefusesNonsense(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"--customers=-1", "customers"},
		{"--rate=-1", "rate"},
		{"--rate=0", "rate"},
		{"--customers=0", "customers"},
		{"--fault-for=-1s", "fault-for"},
		{"--for=-1s", "for"},
		{"--past=0", "past"},
		{"--past=-1", "past"},
		{"--history=28d", "history"},
		{"--scenario=flood", "payments-time-out"},
		{"--fault-after=soon", "fault-after"},
		{"--seeds=1", "--seed"},
	} {
		var out, errs bytes.Buffer
		code := run(t.Context(), []string{"demo", c.args, "--data", t.TempDir(), "--config", t.TempDir()}, nil, &out, &errs)
		if code != exitUsage || !strings.Contains(errs.String(), c.want) {
			t.Errorf("%s: exit %d, says %q; want exit %d and %q", c.args, code, &errs, exitUsage, c.want)
		}
	}
}

func TestReachable(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:4318":   "127.0.0.1:4318",
		"0.0.0.0:4318":     "127.0.0.1:4318",
		"[::]:4318":        "127.0.0.1:4318",
		"[::1]:4318":       "[::1]:4318",
		"192.168.1.2:4318": "192.168.1.2:4318",
		"felt.local:4318":  "felt.local:4318",
		"no port":          "no port",
	} {
		if got := reachable(addr); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}
