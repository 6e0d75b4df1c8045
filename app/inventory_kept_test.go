package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestInventoryIsNotLost: what is no inventory takes none away, and what has an error by any check is not taken.
func TestInventoryIsNotLost(t *testing.T) {
	t.Parallel()
	cfg := inventoryConfig(t, checkoutInventory)
	s := serveApp(t, cfg)
	s.awaitInventory(t, "at the start", inForce(1))
	file := filepath.Join(cfg.ConfigDir, "shop.yaml")
	var many strings.Builder
	many.WriteString("journeys:\n")
	for i := range 2001 {
		fmt.Fprintf(&many, "  - {name: j%d}\n", i)
	}
	text := func(s string) func() error { return func() error { return os.WriteFile(file, []byte(s), 0o600) } }
	for _, c := range []struct {
		name string
		make func() error
		says string
	}{
		{"a link to nothing", func() error { return os.Symlink("nowhere", file) }, "leads nowhere"},
		{"an empty file", text(""), "no file names a journey"},
		{"only comments", text("# journeys:\n#  - name: a\n"), "no file names a journey"},
		{"journeys without a value", text("journeys:\n"), "no file names a journey"},
		{"a directory", func() error { return os.Mkdir(file, 0o700) }, "a directory has the name"},
		{"a pipe", func() error { return syscall.Mkfifo(file, 0o600) }, "neither a file"},
		{"too large", text(checkoutInventory + "#" + strings.Repeat("x", 11<<17)), "more than 1048576"},
		{"too many", text(many.String()), "2001 journeys"},
	} {
		if err := os.RemoveAll(file); err != nil {
			t.Fatal(err)
		}
		if err := c.make(); err != nil {
			t.Fatal(err)
		}
		in := s.awaitInventory(t, c.name, func(in inventoryAnswer) bool {
			return in.Version != 1 || in.Errors > 0 && strings.Contains(fmt.Sprint(in.Problems), c.says)
		})
		if in.Version != 1 || in.Newest || len(in.Journeys) != 1 {
			t.Errorf("%s: %+v", c.name, in)
		}
	}
	if err := os.RemoveAll(file); err != nil {
		t.Fatal(err)
	}
	if err := text("journeys: []\n")(); err != nil {
		t.Fatal(err)
	}
	if in := s.awaitInventory(t, "journeys: []", inForce(2)); len(in.Journeys) != 0 {
		t.Errorf("%+v", in)
	}
}
