package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/app"
	"github.com/felt-cx/felt/app/demo"
)

// demoCmd is felt demo: a server, and beside it a simulated shop that sends to it.
type demoCmd struct {
	Data string `help:"Directory for everything that is kept; made when missing." default:"felt-demo-data" placeholder:"DIR" type:"path"`
	serverFlags

	Seed       uint64        `help:"What chance in the shop follows from." default:"1" placeholder:"N"`
	Customers  int           `help:"Customers with an account in the shop." default:"20000" placeholder:"N"`
	Rate       float64       `help:"Interactions of customers a second." default:"40" placeholder:"N"`
	History    time.Duration `help:"How long the past is that a new data directory begins with; 0 for none." default:"672h"`
	Past       int           `help:"Interactions in the history, about." default:"500000" placeholder:"N"`
	Scenario   string        `help:"What goes wrong by itself; others can be chosen on the page." default:"payments-time-out" placeholder:"NAME"`
	FaultAfter time.Duration `help:"From the beginning of live traffic to the first fault; negative for none by itself." default:"45s"`
	FaultFor   time.Duration `help:"How long a fault lasts. It comes again every half an hour." default:"2m"`
	For        time.Duration `help:"Stop sending after this time of live traffic, 0 for never; the server goes on." default:"0s"`
}

// Run serves until ctx ends.
func (c *demoCmd) Run(ctx context.Context, std streams) error {
	cfg, err := c.config(c.Data, std.err)
	if err != nil {
		return err
	}
	if c.Rate == 0 || c.Customers == 0 || c.Past == 0 || c.Scenario == "" {
		return usageError{errors.New("demo: rate, customers, past and scenario must be given")}
	}
	opts := demo.Options{
		Seed: c.Seed, Customers: c.Customers, Rate: c.Rate, History: c.History, Past: c.Past, Scenario: c.Scenario,
		FaultAfter: c.FaultAfter, FaultFor: c.FaultFor, For: c.For, Logger: cfg.Logger,
	}
	switch { // the zero value of an option would be its default
	case c.FaultFor == 0:
		opts.FaultAfter = -1 // never
	case c.FaultAfter == 0:
		opts.FaultAfter = 1 // at once
	}
	if c.History <= 0 {
		opts.History = -1
	} else if _, err := os.Stat(filepath.Join(c.Data, "felt.json")); errors.Is(err, fs.ErrNotExist) && cfg.Clock == 0 {
		cfg.Clock = felt.ClockEvent // until the history is in
	}
	if len(cfg.Tokens) > 0 {
		// The demo has a token of its own, for as long as it runs.
		opts.Token = rand.Text()
		cfg.Tokens = append(cfg.Tokens, app.Token{
			Name: "demo", Scopes: []app.Scope{app.ScopeIngest}, Sum: sha256.Sum256([]byte(opts.Token)),
		})
	}
	d, err := demo.New(opts)
	if err != nil {
		return usageError{fmt.Errorf("demo: %w", err)}
	}
	own := demo.Inventory(time.Now())
	cfg.Inventory = &own
	cfg.Extra = d.Routes()
	return serve(ctx, cfg, std, func(ctx context.Context, a *app.App) error {
		return d.Run(ctx, a, "http://"+reachable(a.HTTPAddr()))
	})
}

// reachable is the address to connect to when a server listens on addr: one that listens
// everywhere is reached on this machine.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
