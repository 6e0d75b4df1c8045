package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/app"
	"github.com/felt-cx/felt/core/rules"
)

// checkCmd is felt check.
type checkCmd struct {
	Paths  []string `arg:"" optional:"" help:"Directories or files of the inventory; default felt-config."`
	Format string   `help:"text, json, or github (annotations of a workflow)." enum:"text,json,github" default:"text"`
	Today  string   `help:"Day against which reviews are held, as 2026-11-21." placeholder:"today"`
	Strict bool     `help:"Warnings fail, too."`
}

// schemaCmd is felt schema.
type schemaCmd struct{}

// Run prints the schema.
func (schemaCmd) Run(std streams) error {
	if _, err := std.out.Write(rules.Schema()); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// errCheck: the inventory has problems; which, has been printed.
var errCheck = errors.New("the inventory has problems")

// checked is what felt check found.
type checked struct {
	Files    int             `json:"files"`
	Journeys int             `json:"journeys"`
	Steps    int             `json:"steps"`
	Errors   int             `json:"errors"`
	Warnings int             `json:"warnings"`
	Problems []rules.Problem `json:"problems"`
}

// Run checks, and prints every problem.
func (c *checkCmd) Run(std streams) error {
	today := time.Now()
	if c.Today != "" {
		var err error
		if today, err = time.Parse(time.DateOnly, c.Today); err != nil {
			return usageError{fmt.Errorf("--today %q is no date: want it as 2026-11-21", c.Today)}
		}
	}
	in, bad, err := readPaths(c.Paths)
	if err != nil {
		return usageError{err}
	}
	found := checkInventory(in, bad, rules.Options{Today: felt.InstantOf(today)})
	if err := found.print(std.out, c.Format); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	if found.Errors > 0 || c.Strict && found.Warnings > 0 {
		return errCheck
	}
	return nil
}

// readPaths reads directories, as a server does, and single files; all count as one inventory.
// Files are called by the path that leads to them from here.
func readPaths(paths []string) (felt.Inventory, []rules.Problem, error) {
	if len(paths) == 0 {
		paths = []string{defaultConfigDir}
	}
	var all felt.Inventory
	var problems []rules.Problem
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return all, nil, fmt.Errorf("inventory: %w", err)
		}
		if !info.IsDir() {
			if !info.Mode().IsRegular() {
				return all, nil, fmt.Errorf("inventory: %s is neither a file nor a directory", p)
			}
			text, err := os.ReadFile(p)
			if err != nil {
				return all, nil, fmt.Errorf("inventory: %w", err)
			}
			if !utf8.Valid(text) {
				problems = append(problems, app.BadFile(filepath.ToSlash(p), rules.SeverityError, "the file is not UTF-8"))
				continue
			}
			all.Files = append(all.Files, felt.InventoryFile{Name: filepath.ToSlash(p), Text: string(text)})
			continue
		}
		in, bad, err := app.ReadInventory(p)
		if err != nil {
			return all, nil, err
		}
		for _, b := range bad {
			b.File = filepath.ToSlash(filepath.Join(p, b.File))
			problems = append(problems, b)
		}
		if len(in.Files)+len(bad) == 0 {
			return all, nil, fmt.Errorf("inventory: %s has no .yaml file of journeys", p)
		}
		for _, f := range in.Files {
			f.Name = filepath.ToSlash(filepath.Join(p, f.Name))
			all.Files = append(all.Files, f)
		}
	}
	return all, problems, nil
}

func checkInventory(in felt.Inventory, bad []rules.Problem, o rules.Options) checked {
	found := checked{Files: len(in.Files), Problems: append(bad, rules.Check(in, o)...)}
	if found.Problems == nil {
		found.Problems = []rules.Problem{} // a list for machines, too
	}
	for _, p := range found.Problems {
		if p.Severity == rules.SeverityError {
			found.Errors++
		} else {
			found.Warnings++
		}
	}
	inventory, _ := rules.Parse(in)
	found.Journeys = len(inventory.Journeys)
	for _, j := range inventory.Journeys {
		found.Steps += max(len(j.Steps), 1)
	}
	return found
}

func (c *checked) print(w io.Writer, format string) error {
	if format == "json" {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(c) //nolint:wrapcheck // the caller says what failed
	}
	var b strings.Builder
	for _, p := range c.Problems {
		if format == "github" {
			b.WriteString(annotation(p) + "\n")
			continue
		}
		b.WriteString(p.String() + "\n")
	}
	fmt.Fprintf(&b, "%s, %s, %s, %s\n", count(c.Journeys, "journey"), count(c.Steps, "step"), count(c.Errors, "error"), count(c.Warnings, "warning"))
	_, err := io.WriteString(w, b.String())
	return err //nolint:wrapcheck // the caller says what failed
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// annotation is a problem as a workflow command of GitHub Actions.
func annotation(p rules.Problem) string {
	message := p.Message
	if p.Suggestion != "" {
		message += " (" + p.Suggestion + ")"
	}
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	place := "file=" + property.Replace(p.File)
	if p.Line > 0 {
		place += fmt.Sprintf(",line=%d,col=%d", p.Line, p.Column)
	}
	return fmt.Sprintf("::%s %s,title=%s::%s", p.Severity, place, property.Replace("felt check: "+p.Check), data.Replace(message))
}
