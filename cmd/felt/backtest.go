package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/backtest"
)

// backtestCmd is felt backtest: what the detectors would have said of a history, in files or as
// a running server has stored it.
type backtestCmd struct {
	Buckets string        `help:"Directory with CSV files, one a series: ts,success,degraded,failed or timestamp,value; or one such file." placeholder:"DIR" type:"path"`
	Alarms  string        `help:"File for the alarms as series,time,kind; - is the standard output." placeholder:"FILE"`
	Plot    string        `help:"Directory for a picture (SVG) of each series." placeholder:"DIR" type:"path"`
	Truth   string        `help:"CSV file of what really happened, as series,start,end,kind, to grade the alarms by." placeholder:"FILE" type:"path"`
	Step    time.Duration `help:"Distance of rows; 0 is found out." default:"0s"`
	JSON    bool          `name:"json" help:"Tell all of it as JSON."`
	Strict  bool          `help:"Rows that cannot be read fail, too."`

	Last      string `help:"Judge what a running server has stored of as much time, such as 30d, instead of files." placeholder:"TIME"`
	Server    string `help:"Where the server's API is." default:"http://127.0.0.1:3358" placeholder:"URL"`
	TokenFile string `help:"File that holds a token with scope read, and nothing else." placeholder:"FILE" type:"path"`
	Env       string `help:"Environment, with --last." default:"production"`
	Of        string `help:"Only findings of a journey or step, with --last: NAME, APP/NAME, journey:NAME, step:NAME." placeholder:"NAME"`

	FalseAlarms alarmBudget `help:"How often somebody may be woken for nothing, over all series: \"one a week\", \"3 a day\"; default one a week, or as the server has it." placeholder:"WORDS"`
	OnlyWaking  bool        `help:"Only alarms that would have woken somebody are told, at the time when they would have."`
}

// Run judges all files, and tells what was found.
func (c *backtestCmd) Run(ctx context.Context, std streams) error {
	switch {
	case c.Buckets == "" && c.Last == "":
		return usageError{errors.New("backtest: want --buckets DIR, a directory with CSV files, or --last 30d of a running server; see docs/backtest.md")}
	case c.Buckets != "" && c.Last != "":
		return usageError{errors.New("backtest: --buckets is of files and --last of a server: want one of them")}
	case c.Last != "":
		return c.last(ctx, std)
	case c.Of != "":
		return usageError{errors.New("backtest: --of goes with --last; of files, give the one with --buckets FILE")}
	case c.Step < 0 || c.Step%time.Second != 0:
		return usageError{fmt.Errorf("backtest: --step %s: want whole seconds", c.Step)}
	}
	return c.history(ctx, std)
}

// history judges files.
func (c *backtestCmd) history(ctx context.Context, std streams) error {
	if c.FalseAlarms.words == "" {
		if err := c.FalseAlarms.UnmarshalText([]byte("one a week")); err != nil {
			return err
		}
	}
	faults, err := c.truth()
	if err != nil {
		return err
	}
	h := history{cmd: c, std: std}
	if err := h.list(c.Buckets); err != nil {
		return usageError{err}
	}
	if len(h.files) == 0 {
		return usageError{fmt.Errorf("backtest: %s has nothing to judge%s", c.Buckets, h.why())}
	}
	if err := h.judge(ctx); err != nil {
		return err
	}
	r := &h.report
	if faults != nil {
		r.Score = r.Grade(faults, c.OnlyWaking)
	}
	if err := c.write(r, std); err != nil {
		return err
	}
	if err := c.tell(r, std); err != nil {
		return err
	}
	return c.verdict(r)
}

// truth reads the table of what really happened; nil without one.
func (c *backtestCmd) truth() ([]backtest.Fault, error) {
	if c.Truth == "" {
		return nil, nil
	}
	f, err := os.Open(c.Truth)
	if err != nil {
		return nil, usageError{fmt.Errorf("backtest: truth: %w", err)}
	}
	faults, err := backtest.ReadTruth(f)
	err = errors.Join(err, f.Close())
	if p, ok := errors.AsType[*backtest.Problem](err); ok {
		return nil, usageError{fmt.Errorf("backtest: %s:%w", c.Truth, p)}
	}
	if err != nil {
		return nil, fmt.Errorf("backtest: %s: %w", c.Truth, err)
	}
	if faults == nil {
		faults = []backtest.Fault{}
	}
	return faults, nil
}

// write writes the alarms. A file is there whole or not at all.
func (c *backtestCmd) write(r *backtest.Report, std streams) error {
	switch c.Alarms {
	case "":
		return nil
	case "-":
		return r.WriteAlarms(std.out, c.OnlyWaking)
	}
	return replace(c.Alarms, func(w io.Writer) error { return r.WriteAlarms(w, c.OnlyWaking) })
}

// replace writes a file beside and moves it in place.
func replace(name string, write func(io.Writer) error) error {
	part := name + ".part"
	f, err := os.Create(part)
	if err != nil {
		return fmt.Errorf("backtest: %w", err)
	}
	if err = errors.Join(write(f), f.Close()); err == nil {
		err = os.Rename(part, name)
	}
	if err != nil {
		return fmt.Errorf("backtest: %w", errors.Join(err, os.Remove(part)))
	}
	return nil
}

func (c *backtestCmd) tell(r *backtest.Report, std streams) error {
	out := std.out
	if c.Alarms == "-" {
		out = std.err
	}
	if c.JSON {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(r); err != nil {
			return fmt.Errorf("print: %w", err)
		}
		return nil
	}
	return r.WriteSummary(out, c.OnlyWaking)
}

// verdict is the error behind the exit code.
func (c *backtestCmd) verdict(r *backtest.Report) error {
	bad := 0
	for _, s := range r.Series {
		bad += s.Bad
	}
	switch {
	case len(r.Broken) > 0 && len(r.Series) == 0:
		return fmt.Errorf("backtest: %s cannot be judged, and there is no other", count(len(r.Broken), "file"))
	case len(r.Broken) > 0:
		return fmt.Errorf("backtest: %s cannot be judged, the others were", count(len(r.Broken), "file"))
	case c.Strict && bad > 0:
		return fmt.Errorf("backtest: %s cannot be read", count(bad, "row"))
	}
	return nil
}

// options are how files are judged.
func (c *backtestCmd) options(series int) backtest.Options {
	return backtest.Options{
		Step:  felt.Instant(c.Step),
		Pages: backtest.Pages{PerDay: c.FalseAlarms.perDay, Series: series},
	}
}

// alarmBudget is how often somebody may be woken for nothing, in words: "one a week".
type alarmBudget struct {
	words  string
	perDay float64
}

// UnmarshalText reads the words.
func (b *alarmBudget) UnmarshalText(text []byte) (err error) {
	b.words = string(text)
	b.perDay, err = felt.ParseRate(b.words)
	return err
}
