package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt/core/rules"
)

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadInventory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if in, odd, err := ReadInventory(dir); err != nil || len(in.Files)+len(odd) != 0 {
		t.Errorf("an empty directory: %v %v", in, err)
	}
	if _, _, err := ReadInventory(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing directory: %v", err)
	}
	writeFiles(t, dir, map[string]string{
		"b.yaml": "b", "a/z.yml": "z", "felt.yaml": "settings", "a/felt.yaml": "a journey's", "shop_test.yaml": "cases", "README.md": "x",
		".hidden.yaml": "x", ".git/x.yaml": "x", "web/node_modules/a/ci.yml": "x", "..2026/shop.yaml": "shop",
	})
	for from, to := range map[string]string{"shop.yaml": filepath.Join("..2026", "shop.yaml"), "broken.yaml": "nowhere", "loop": "."} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	in, odd, err := ReadInventory(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range in.Files {
		got = append(got, f.Name+"="+f.Text)
	}
	if diff := cmp.Diff([]string{"a/felt.yaml=a journey's", "a/z.yml=z", "b.yaml=b", "shop.yaml=shop"}, got); diff != "" {
		t.Error(diff)
	}
	got = nil
	for _, p := range odd {
		got = append(got, p.String())
	}
	if diff := cmp.Diff([]string{
		"broken.yaml: warning: a link that leads nowhere [bad-file]",
		"loop: warning: a linked directory is not followed: give the directory itself to --config, or link its files [bad-file]",
	}, got); diff != "" {
		t.Error(diff)
	}
	if _, _, err := ReadInventory(filepath.Join(dir, "b.yaml")); err == nil || !strings.Contains(err.Error(), "no directory") {
		t.Errorf("a file: %v", err)
	}
	writeFiles(t, dir, map[string]string{"latin.yaml": "caf\xe9"})
	says := func(what string) {
		t.Helper()
		_, odd, err := ReadInventory(dir)
		if err != nil || !rules.Failed(odd) || !strings.Contains(fmt.Sprint(odd), what) {
			t.Errorf("%v, %v; want %s", odd, err, what)
		}
	}
	says("latin.yaml: error: the file is not UTF-8")
	writeFiles(t, dir, map[string]string{"big.yaml": strings.Repeat("#", maxInventory)})
	says("big.yaml: error: with it the files have more than 4 MiB")
}
