package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/felt-cx/felt"
)

// maxInventory bounds the text of an inventory: it travels on the log as one record.
const maxInventory = 4 << 20

// ReadInventory reads the inventory's files: every .yaml and .yml file in the directory and
// below it, in order of name, but for felt.yaml (settings), tests (_test.yaml), and what begins
// with a dot. Version is 0. A directory that is missing is an error ([fs.ErrNotExist]).
func ReadInventory(dir string) (felt.Inventory, error) {
	var in felt.Inventory
	total := 0
	err := walkInventory(dir, func(name string, _ fs.FileInfo) error {
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			return nil // gone since it was listed
		}
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if total += len(text); total > maxInventory {
			return fmt.Errorf("the files in %s have more than %d MiB", dir, maxInventory>>20)
		}
		if !utf8.Valid(text) {
			return fmt.Errorf("%s is not UTF-8", name)
		}
		in.Files = append(in.Files, felt.InventoryFile{Name: name, Text: string(text)})
		return nil
	})
	return in, err
}

// walkInventory goes through the inventory's files in order of name. Links to files are
// followed: that is how a Kubernetes ConfigMap is mounted.
func walkInventory(dir string, file func(name string, info fs.FileInfo) error) error {
	root, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("inventory: %w", err)
	}
	if !root.IsDir() {
		return fmt.Errorf("inventory: %s is no directory", dir)
	}
	tree := os.DirFS(dir)
	err = fs.WalkDir(tree, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && name != ".":
			return nil // gone since it was listed
		case err != nil:
			return err
		case name == ".":
			return nil
		case strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.IsDir() || !isInventory(name):
			return nil
		}
		info, err := fs.Stat(tree, name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look: %w", err)
		}
		if !info.Mode().IsRegular() {
			return nil
		}
		return file(name, info)
	})
	if err != nil {
		return fmt.Errorf("inventory: %w", err)
	}
	return nil
}

// isInventory tells the inventory's files from the others that may lie beside them.
func isInventory(name string) bool {
	base, ext := strings.TrimSuffix(name, path.Ext(name)), path.Ext(name)
	return (ext == ".yaml" || ext == ".yml") && base != "felt" && !strings.HasSuffix(base, "_test")
}
