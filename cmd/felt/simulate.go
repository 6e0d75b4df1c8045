package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/shell/simulate"
)

// simulateCmd is felt simulate: a world whose truth is known sends telemetry to a running server.
type simulateCmd struct {
	Scenario  string `help:"What happens: a YAML file, or the name of one that is shipped (--list). See docs/simulate.md." default:"bad_release" placeholder:"FILE"`
	List      bool   `help:"List the shipped scenarios, and exit."`
	Print     bool   `help:"Print the scenario's file, to begin one of your own with, and exit."`
	Inventory string `help:"Write an inventory that names the scenario's journeys into this directory, and exit." placeholder:"DIR" type:"path"`

	To          string        `help:"Where a server takes OTLP over HTTP." default:"http://127.0.0.1:4318" placeholder:"URL"`
	TokenFile   string        `help:"File that holds a token with scope ingest, and nothing else." placeholder:"FILE" type:"path"`
	Gzip        bool          `help:"Compress requests."`
	Connections int           `help:"Requests under way at the same time." default:"4" placeholder:"N"`
	Patience    time.Duration `help:"How long a server that is away when it begins is waited for." default:"10s"`

	Seed     uint64        `help:"What chance follows from." default:"1" placeholder:"N"`
	Rate     float64       `help:"Interactions of customers a second, on the average of a week; 0 is the scenario's." default:"0" placeholder:"N"`
	Speed    float64       `help:"How much faster customers arrive, think and live through days. Nothing takes less time for it, and faults keep their times." default:"1" placeholder:"N"`
	For      time.Duration `help:"Stop after this time; 0 is when told to." default:"0s"`
	Until    string        `help:"Stop at this moment, as 2026-11-02T15:04:05Z." placeholder:"TIME"`
	HoldBack time.Duration `help:"How long browsers hold back what went well, at most." default:"10s"`
	Truth    string        `help:"File for what really happened: who was hit by which fault, when and where." placeholder:"FILE" type:"path"`
}

// Run simulates until it is told to stop.
func (c *simulateCmd) Run(ctx context.Context, std streams) error {
	if c.List {
		for _, name := range simulate.Names() {
			if s, err := simulate.Shipped(name); err == nil {
				fmt.Fprintf(std.out, "%-26s %s\n", name, s.Title)
			}
		}
		return nil
	}
	s, text, err := c.scenario()
	if err != nil {
		return err
	}
	switch {
	case c.Print:
		fmt.Fprint(std.out, text)
		return nil
	case c.Inventory != "":
		return c.writeInventory(s, std)
	}
	return c.simulate(ctx, s, std)
}

// scenario reads the file, or the shipped one of that name.
func (c *simulateCmd) scenario() (simulate.Scenario, string, error) {
	b, err := os.ReadFile(c.Scenario)
	if errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(c.Scenario, `./\`) {
		text, err := simulate.ShippedText(c.Scenario)
		if err != nil {
			return simulate.Scenario{}, "", usageError{fmt.Errorf("simulate: %w", err)}
		}
		b = []byte(text)
	} else if err != nil {
		return simulate.Scenario{}, "", usageError{fmt.Errorf("simulate: scenario: %w", err)}
	}
	s, problems := simulate.Parse(c.Scenario, string(b))
	if rules.Failed(problems) {
		errs := make([]error, 0, len(problems)+1)
		errs = append(errs, fmt.Errorf("simulate: %d mistakes in the scenario", len(problems)))
		for _, p := range problems {
			errs = append(errs, errors.New(p.String()))
		}
		return s, "", usageError{errors.Join(errs...)}
	}
	return s, string(b), nil
}

func (c *simulateCmd) writeInventory(s simulate.Scenario, std streams) error {
	in, err := simulate.Inventory(s)
	if err != nil {
		return err
	}
	const private = 0o750
	if err := os.MkdirAll(c.Inventory, private); err != nil {
		return fmt.Errorf("inventory: %w", err)
	}
	for _, f := range in.Files {
		name := filepath.Join(c.Inventory, f.Name)
		if _, err := os.Stat(name); err == nil {
			return fmt.Errorf("inventory: %s is there already; nothing of it was changed", name)
		}
		if err := os.WriteFile(name, []byte(f.Text), 0o600); err != nil {
			return fmt.Errorf("inventory: %w", err)
		}
		fmt.Fprintln(std.out, name)
	}
	return nil
}

// options turns the flags into those of a world and a runner.
func (c *simulateCmd) options(std streams) (simulate.Options, simulate.RunnerOptions, error) {
	var w simulate.Options
	var r simulate.RunnerOptions
	to, err := url.Parse(c.To)
	if err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Host == "" {
		return w, r, fmt.Errorf("simulate: --to %q is not an address such as http://127.0.0.1:4318", c.To)
	}
	token, err := readToken(c.TokenFile)
	if err != nil {
		return w, r, fmt.Errorf("simulate: %w", err)
	}
	now := time.Now()
	long := c.For
	if c.Until != "" {
		at, err := time.Parse(time.RFC3339, c.Until)
		switch {
		case err != nil:
			return w, r, fmt.Errorf("simulate: --until %q is not a moment such as 2026-11-02T15:04:05Z", c.Until)
		case c.For != 0:
			return w, r, errors.New("simulate: --for and --until say the same: want one of them")
		case !at.After(now):
			return w, r, fmt.Errorf("simulate: --until %s is over", c.Until)
		}
		long = at.Sub(now)
	}
	if c.Speed == 0 || c.Connections == 0 {
		return w, r, errors.New("simulate: speed and connections must be more than 0")
	}
	w = simulate.Options{Seed: c.Seed, Start: felt.InstantOf(now), Rate: c.Rate, Speed: c.Speed}
	r = simulate.RunnerOptions{
		To: c.To, Token: token, Gzip: c.Gzip, Connections: c.Connections, HoldBack: max(c.HoldBack, time.Millisecond), For: long,
		Logger: slog.New(slog.NewTextHandler(std.err, nil)),
	}
	return w, r, nil
}

func (c *simulateCmd) simulate(ctx context.Context, s simulate.Scenario, std streams) error {
	wo, ro, err := c.options(std)
	if err != nil {
		return usageError{err}
	}
	r, err := build(s, wo, ro)
	if err != nil {
		return err
	}
	var truth *os.File
	if c.Truth != "" { // before, so that an hour is not for nothing
		if truth, err = os.Create(c.Truth); err != nil {
			return usageError{fmt.Errorf("simulate: truth: %w", err)}
		}
		defer func() { _ = truth.Close() }()
	}
	if err := c.hello(ctx, r); err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	if now := felt.InstantOf(time.Now()); now-wo.Start > 3*felt.Second { // the world begins when the server is there
		wo.Start = now
		if r, err = build(s, wo, ro); err != nil {
			return err
		}
	}
	fmt.Fprintf(std.out, "%s: %.0f interactions a second to %s; stop with Ctrl-C\n", s.Title, r.World.Rate(), c.To)
	if err := r.Run(ctx); err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	report := r.Ledger.Report(felt.InstantOf(time.Now()))
	c.sum(&report, std)
	if truth == nil {
		return nil
	}
	e := json.NewEncoder(truth)
	e.SetIndent("", " ")
	if err := e.Encode(report); err != nil {
		return fmt.Errorf("simulate: truth: %w", err)
	}
	if err := truth.Close(); err != nil {
		return fmt.Errorf("simulate: truth: %w", err)
	}
	return nil
}

// build makes a world and what runs it.
func build(s simulate.Scenario, wo simulate.Options, ro simulate.RunnerOptions) (*simulate.Runner, error) {
	w, err := simulate.New(s, wo)
	if err != nil {
		return nil, usageError{fmt.Errorf("simulate: %w", err)}
	}
	r, err := simulate.NewRunner(w, simulate.NewLedger(w, 0), ro)
	if err != nil {
		return nil, usageError{fmt.Errorf("simulate: %w", err)}
	}
	return r, nil
}

// hello waits until the server is there.
func (c *simulateCmd) hello(ctx context.Context, r *simulate.Runner) error {
	deadline := time.Now().Add(c.Patience)
	for {
		err := r.Hello(ctx)
		switch {
		case err == nil, ctx.Err() != nil:
			return nil
		case errors.Is(err, simulate.ErrDenied), errors.Is(err, simulate.ErrRefused):
			return err
		case time.Now().After(deadline):
			return fmt.Errorf("%s cannot be reached: %w", c.To, err)
		}
		select {
		case <-time.After(min(200*time.Millisecond, max(time.Until(deadline), time.Millisecond))):
		case <-ctx.Done():
		}
	}
}

// sum says in a few lines what was done.
func (c *simulateCmd) sum(r *simulate.Report, std streams) {
	t := r.Totals
	fmt.Fprintf(std.out, "%d interactions of %d customers were accepted: %d requests, %d spans, %d logs, %d points\n",
		t.Interactions, r.Customers, t.Requests, t.Spans, t.Logs, t.Points)
	if t.Refused > 0 || t.Rejected > 0 {
		fmt.Fprintf(std.out, "%d spans, logs and points were refused, %d rejected\n", t.Refused, t.Rejected)
	}
	for _, d := range r.Faults {
		fmt.Fprintf(std.out, "%s: %d customers hit; %d tries failed, %d degraded, %d missing\n", d.Name, d.Customers, d.Failed, d.Degraded, d.Missing)
	}
}
