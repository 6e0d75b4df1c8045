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
	"github.com/felt-cx/felt/core/rules"
)

// maxInventory bounds the text of an inventory: it travels on the log as one record.
const maxInventory = 4 << 20

// ReadInventory reads the inventory's files: every .yaml and .yml file in the directory and
// below it, in order of name, but for felt.yaml (settings), tests (_test.yaml), what begins
// with a dot, and node_modules. Version is 0. A directory that is missing is an error ([fs.ErrNotExist]).
//
// What should be a file and is none (a link to nothing, a pipe, a linked directory) is a problem:
// a warning, and an error when nothing else is there. Text that cannot be taken is an error.
func ReadInventory(dir string) (felt.Inventory, []rules.Problem, error) {
	var in felt.Inventory
	var problems []rules.Problem
	bad := func(name, format string, a ...any) {
		problems = append(problems, BadFile(name, rules.SeverityError, fmt.Sprintf(format, a...)))
	}
	total := 0
	err := walkInventory(dir, func(name string, _ fs.FileInfo, odd string) error {
		if odd != "" {
			problems = append(problems, BadFile(name, rules.SeverityWarning, odd))
			return nil
		}
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) {
			return nil // gone since it was listed
		}
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		if total += len(text); total > maxInventory {
			bad(name, "with it the files have more than %d MiB", maxInventory>>20)
			return fs.SkipAll
		}
		if !utf8.Valid(text) {
			bad(name, "the file is not UTF-8")
			return nil
		}
		in.Files = append(in.Files, felt.InventoryFile{Name: name, Text: string(text)})
		return nil
	})
	if len(in.Files) == 0 {
		for i := range problems {
			problems[i].Severity = rules.SeverityError
		}
	}
	return in, problems, err
}

// BadFile is a problem with a file as a whole, before anybody has read what it says.
func BadFile(name, severity, message string) rules.Problem {
	return rules.Problem{File: name, Severity: severity, Check: "bad-file", Message: message}
}

// walkInventory goes through the inventory's files in order of name. Links to files are
// followed: that is how a Kubernetes ConfigMap is mounted. odd says why something is no file.
func walkInventory(dir string, file func(name string, info fs.FileInfo, odd string) error) error {
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
		case strings.HasPrefix(e.Name(), "."), e.IsDir() && e.Name() == "node_modules":
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		return look(tree, name, e, file)
	})
	if err != nil {
		return fmt.Errorf("inventory: %w", err)
	}
	return nil
}

// look hands a file on, or what should be one and is not.
func look(tree fs.FS, name string, e fs.DirEntry, file func(name string, info fs.FileInfo, odd string) error) error {
	linked := e.Type()&fs.ModeSymlink != 0
	if !isInventory(name) && !linked || e.IsDir() && !isInventory(name) {
		return nil
	}
	info, err := fs.Stat(tree, name)
	odd := ""
	switch {
	case err != nil && linked && isInventory(name):
		odd = "a link that leads nowhere"
		if info, err = e.Info(); err != nil {
			return nil //nolint:nilerr // gone since it was listed
		}
	case errors.Is(err, fs.ErrNotExist) || err != nil && linked:
		return nil
	case err != nil:
		return fmt.Errorf("look: %w", err)
	case info.IsDir() && linked:
		odd = "a linked directory is not followed: give the directory itself to --config, or link its files"
	case !isInventory(name):
		return nil
	case info.IsDir():
		odd = "a directory has the name of a file"
	case !info.Mode().IsRegular():
		odd = "neither a file nor a link to one: it is not read"
	}
	return file(name, info, odd)
}

// isInventory tells the inventory's files from the others that may lie beside them.
func isInventory(name string) bool {
	base, ext := strings.TrimSuffix(name, path.Ext(name)), path.Ext(name)
	return (ext == ".yaml" || ext == ".yml") && base != "felt" && !strings.HasSuffix(base, "_test")
}
