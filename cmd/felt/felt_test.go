package main

import (
	"bytes"
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"felt": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
		stop()
		os.Exit(code)
	}})
}

// TestScripts plays what people type, mistakes included.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", Cmds: scriptCommands()})
}

func TestParseBytes(t *testing.T) {
	for in, want := range map[string]int64{
		"4096": 4096, "16MiB": 16 << 20, "1.5KiB": 1536, "20GB": 20e9, "20 GB": 20e9, "0": 0, "7B": 7, "2TiB": 2 << 40,
	} {
		if got, err := parseBytes(in); err != nil || got != want {
			t.Errorf("parseBytes(%q) = %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "MiB", "-1", "12XB", "1e40", "ten"} {
		if got, err := parseBytes(in); err == nil {
			t.Errorf("parseBytes(%q) = %d, want an error", in, got)
		}
	}
}

func TestSettingsFile(t *testing.T) {
	known := []string{"clock", "hosts", "listen", "settle"}
	for _, c := range []struct {
		name, yaml string
		want       map[string]string
		problems   []string
	}{
		{"empty", "", map[string]string{}, nil},
		{"only comments", "# nothing\n", map[string]string{}, nil},
		{"values", "listen: 127.0.0.1:1\nsettle: 3s\n", map[string]string{"listen": "127.0.0.1:1", "settle": "3s"}, nil},
		{"list", "hosts: [a, b]\n", map[string]string{"hosts": "a,b"}, nil},
		{"quoted", "listen: \"[::1]:1\"\n", map[string]string{"listen": "[::1]:1"}, nil},
		{
			"all problems at once", "setle: 3s\nlisten: {a: 1}\nzzzzzzzzzz: 1\n", nil,
			[]string{`f.yaml:1:1: setting "setle" is not known; did you mean "settle"?`, "f.yaml:2:", "listen: want one value", `f.yaml:3:1: setting "zzzzzzzzzz" is not known; felt serve --help lists them`},
		},
		{"not settings", "- a\n- b\n", nil, []string{"f.yaml:1:1: want a list of KEY: VALUE"}},
		{"not YAML", "listen: [a\n", nil, []string{"f.yaml:"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseSettings("f.yaml", []byte(c.yaml), known)
			if len(c.problems) == 0 {
				if err != nil {
					t.Fatal(err)
				}
				for k, v := range c.want {
					if got[k] != v {
						t.Errorf("%s = %q, want %q", k, got[k], v)
					}
				}
				if len(got) != len(c.want) {
					t.Errorf("got %v, want %v", got, c.want)
				}
				return
			}
			if err == nil {
				t.Fatalf("no error; want %q", c.problems)
			}
			for _, p := range c.problems {
				if !strings.Contains(err.Error(), p) {
					t.Errorf("error %q lacks %q", err, p)
				}
			}
		})
	}
}

func FuzzSettingsFile(f *testing.F) {
	for _, s := range []string{"", "listen: a", "a: [b, {c: d}]", "- x", "a: &x 1\nb: *x", "\x00", "a:\n\t- b"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		values, err := parseSettings("f.yaml", b, []string{"listen"})
		if err == nil && len(values) > 1 {
			t.Errorf("accepted settings that are not known: %v", values)
		}
	})
}

// What cannot be read fails alike, whether it is missing or a directory.
func TestExplainUnreadable(t *testing.T) {
	for _, name := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing.json")} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), []string{"explain-span", name}, nil, &stdout, &stderr); code != exitFailed || !strings.Contains(stderr.String(), name) {
			t.Errorf("%s: exit code %d, %s", name, code, stderr.String())
		}
	}
}

// felt help is felt --help, of one command too.
func TestHelpIsACommand(t *testing.T) {
	for _, args := range [][]string{nil, {"import"}} {
		var got, want, stderr bytes.Buffer
		code := run(t.Context(), append([]string{"help"}, args...), nil, &got, &stderr)
		if run(t.Context(), append(args, "--help"), nil, &want, &stderr) != 0 || code != 0 || got.String() != want.String() {
			t.Errorf("help %v: exit code %d: %s%s", args, code, got.String(), stderr.String())
		}
	}
}
