package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/felt-cx/felt/app"
	"github.com/felt-cx/felt/core/explain"
	"github.com/felt-cx/felt/core/rules"
)

// explainCmd says what Felt makes of telemetry. It works offline: nothing is stored, and no
// server is asked.
type explainCmd struct {
	File   string `arg:"" optional:"" default:"-" help:"OTLP as JSON or protobuf, a trace, or one span; - reads standard input."`
	Config string `help:"Directory with the inventory. May be missing." default:"felt-config" type:"path"`
	Format string `help:"text or json." enum:"text,json" default:"text"`
}

// maxExplained bounds what is read: a pasted trace, not a day.
const maxExplained = 64 << 20

// Run explains.
func (c *explainCmd) Run(std streams) error {
	in, name, err := c.read()
	if err != nil {
		return err
	}
	inventory, odd, err := app.ReadInventory(c.Config)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(std.err, "felt: no inventory in %s\n", c.Config)
		err = nil
	}
	if err != nil {
		return usageError{err}
	}
	set, problems := rules.Load(inventory)
	if problems = append(odd, problems...); rules.Failed(odd) {
		set = nil
	}
	if set == nil {
		list := make([]error, 0, len(problems))
		for _, p := range problems {
			if p.Severity == "error" {
				list = append(list, fmt.Errorf("%s:%d:%d: %s", filepath.Join(c.Config, p.File), p.Line, p.Column, p.Message))
			}
		}
		return usageError{errors.Join(list...)}
	}
	res, err := explain.Explain(in, set, explain.Options{})
	var bad *explain.InputError
	if errors.As(err, &bad) && bad.Line > 0 {
		return fmt.Errorf("%s:%w", name, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if c.Format == "json" {
		enc := json.NewEncoder(std.out)
		enc.SetIndent("", "  ")
		if err := enc.Encode(res); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		return nil
	}
	writeExplained(std.out, res)
	return nil
}

// read reads the file, and says how to call it.
func (c *explainCmd) read() ([]byte, string, error) {
	var r io.Reader = os.Stdin
	name := "standard input"
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, "", fmt.Errorf("explain-span: %w", err)
		}
		defer func() { _ = f.Close() }()
		r, name = f, c.File
	}
	b, err := io.ReadAll(io.LimitReader(r, maxExplained+1))
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", name, err)
	}
	if len(b) > maxExplained {
		return nil, "", fmt.Errorf("%s is larger than %d MiB: a trace or a span is meant", name, maxExplained>>20)
	}
	return b, name, nil
}

// writeExplained writes a result for people.
func writeExplained(w io.Writer, r *explain.Result) {
	for i := range r.Spans {
		writeExplainedSpan(w, &r.Spans[i])
	}
	switch n := len(r.Interactions); n {
	case 0:
		fmt.Fprintln(w, "no interaction comes of it")
	case 1:
		fmt.Fprintln(w, "1 interaction comes of it")
	default:
		fmt.Fprintf(w, "%d interactions come of it\n", n)
	}
	for i := range r.Interactions {
		n := &r.Interactions[i]
		fmt.Fprintf(w, "  %s of %s: %s by %s, %s, customer level %s", n.Name, n.App, n.Outcome, n.Rule, time.Duration(n.Duration), n.Customer)
		for _, extra := range []struct{ key, value string }{
			{"step", strings.Join(n.Steps, ", ")}, {"reason", n.Reason}, {"error class", n.ErrorClass}, {"left", n.Left},
		} {
			if extra.value != "" {
				fmt.Fprintf(w, ", %s %s", extra.key, extra.value)
			}
		}
		if !n.Recoverable {
			fmt.Fprint(w, ", not recoverable")
		}
		if n.Traffic != "customer" {
			fmt.Fprintf(w, ", %s traffic", n.Traffic)
		}
		fmt.Fprintln(w)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(w, "note: %s\n", note)
	}
}

func writeExplainedSpan(w io.Writer, s *explain.Span) {
	fmt.Fprintf(w, "%s %q", s.Signal, s.Name)
	for _, word := range []string{s.Service, s.Kind} {
		if word != "" {
			fmt.Fprintf(w, " %s", word)
		}
	}
	if s.Status != "" && s.Status != "unset" {
		fmt.Fprintf(w, ", status %s", s.Status)
	}
	if !s.ID.IsZero() {
		fmt.Fprintf(w, " (%s)", s.ID)
	}
	fmt.Fprintf(w, "\n  %s", s.Verdict)
	if s.Interaction != "" {
		fmt.Fprintf(w, " %s of %s, by %s", s.Interaction, s.App, s.By)
	}
	fmt.Fprintf(w, "\n  %s\n", s.Why)
	for _, n := range s.Near {
		fmt.Fprintf(w, "  near: rule %s, but %s\n", n.Rule, strings.Join(n.Failed, "; "))
	}
}
