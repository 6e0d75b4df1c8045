package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/app"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/core/rulestest"
)

// testCmd is felt test.
type testCmd struct {
	Paths  []string `arg:"" optional:"" help:"Directories or files ending in _test.yaml; default felt-config." type:"path"`
	Format string   `help:"text or json." enum:"text,json" default:"text"`
}

// errTests: something did not come out as expected; what, has been printed.
var errTests = errors.New("tests failed")

// Run runs every test file, each against the inventory files of its own folder.
func (c *testCmd) Run(std streams) error {
	paths := c.Paths
	if len(paths) == 0 {
		paths = []string{"felt-config"}
	}
	var results []rulestest.Result
	for _, p := range paths {
		files, err := testFiles(p)
		if err != nil {
			return usageError{err}
		}
		if len(files) == 0 {
			return usageError{fmt.Errorf("%s has no tests: a test file's name ends in _test.yaml", p)}
		}
		for _, file := range files {
			r, err := runTest(file)
			if err != nil {
				return err
			}
			results = append(results, r)
		}
	}
	return c.report(std, results)
}

func (c *testCmd) report(std streams, results []rulestest.Result) error {
	failed := false
	for i := range results {
		failed = failed || !results[i].OK()
	}
	if c.Format == "json" {
		enc := json.NewEncoder(std.out)
		enc.SetIndent("", "  ")
		if err := enc.Encode(results); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	} else {
		for i := range results {
			printResult(std, &results[i])
		}
	}
	if failed {
		return errTests
	}
	return nil
}

func printResult(std streams, r *rulestest.Result) {
	for _, p := range r.Problems {
		fmt.Fprintln(std.out, p)
	}
	for _, f := range r.Failures {
		fmt.Fprintf(std.out, "%s:%d: %s: %s\n", r.File, f.Line, f.Case, f.Message)
	}
	if r.OK() {
		fmt.Fprintf(std.out, "ok    %s  %d tests\n", r.File, r.Cases)
		return
	}
	fmt.Fprintf(std.out, "FAIL  %s  %d tests, %d differences\n", r.File, r.Cases, len(r.Failures))
}

// testFiles lists the test files that a path means.
func testFiles(p string) ([]string, error) {
	info, err := os.Stat(p)
	if err != nil {
		return nil, fmt.Errorf("tests: %w", err)
	}
	if !info.IsDir() {
		return []string{p}, nil
	}
	var files []string
	err = filepath.WalkDir(p, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !e.IsDir() && (strings.HasSuffix(name, "_test.yaml") || strings.HasSuffix(name, "_test.yml")) {
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("tests: %w", err)
	}
	return files, nil
}

// runTest runs one file. What it names is looked for in its own folder.
func runTest(file string) (rulestest.Result, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return rulestest.Result{}, fmt.Errorf("tests: %w", err)
	}
	dir := filepath.Dir(file)
	beside, odd, err := app.ReadInventory(dir)
	if err != nil {
		return rulestest.Result{}, fmt.Errorf("tests: %w", err)
	}
	if rules.Failed(odd) {
		return rulestest.Result{}, fmt.Errorf("tests: %s: %s", filepath.Join(dir, odd[0].File), odd[0].Message)
	}
	shown := filepath.ToSlash(file)
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, file); err == nil && !strings.HasPrefix(rel, "..") {
			shown = filepath.ToSlash(rel)
		}
	}
	in := felt.Inventory{Version: beside.Version}
	for _, f := range beside.Files {
		f.Name = path.Join(path.Dir(shown), f.Name)
		in.Files = append(in.Files, f)
	}
	r := rulestest.Run(shown, string(text), in)
	if r.Problems == nil {
		r.Problems = []rules.Problem{}
	}
	return r, nil
}
