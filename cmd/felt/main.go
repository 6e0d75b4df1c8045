// Command felt is customer-centric observability in one binary: it takes
// OpenTelemetry in, counts the distinct customers behind every number, and says how
// many of them felt it when something breaks.
//
//	felt demo    a made-up shop with a fault about 45 s after start, on http://localhost:3358
//	felt serve   the same for your own telemetry
//	felt import  deploys, orders, facts about customers from CSV files
//	felt backtest  what the detectors would have found in a history, in CSV files
//	felt simulate  customers and faults whose truth is known, sent to a server
//	felt keys    make a key with which pages may send telemetry
//	felt notify  test a sink, list what people were told, try again what was given up
//	felt explain-span  what a pasted span or trace counts as, and why
//
// Exit codes: 0 stopped as asked, 1 a part failed, 2 the command line or felt.yaml is wrong.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

var version = "dev" // set by the linker

// Exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// cli is the command line; every flag is also an environment variable FELT_NAME and a
// key of felt.yaml.
type cli struct {
	Version kong.VersionFlag `help:"Print the version and exit."`

	Serve    serveCmd    `cmd:"" help:"Take telemetry in, serve the page and the API."`
	Import   importCmd   `cmd:"" help:"Bring changes, business events or facts about customers in from CSV files."`
	Test     testCmd     `cmd:"" help:"Run the tests of an inventory: what customers do, and what should come of it."`
	Check    checkCmd    `cmd:"" help:"Tell everything that is wrong with an inventory, with its place and how to mend it."`
	Backtest backtestCmd `cmd:"" help:"Judge a history in plain CSV files by the detectors: what would have been found, and when."`
	Schema   schemaCmd   `cmd:"" help:"Print the JSON Schema of an inventory's files, for editors."`
	Simulate simulateCmd `cmd:"" help:"Send telemetry of a world whose truth is known to a running server: customers, faults, and who was hit."`
	Demo     demoCmd     `cmd:"" help:"Serve, and send telemetry of a made-up shop in which a fault strikes."`

	Keys keysCmd `cmd:"" help:"Ingest keys: with them pages may send telemetry."`

	Notify notifyCmd `cmd:"" help:"Where people are told of incidents: test a sink, list what was told, try again what was given up."`

	ExplainSpan explainCmd `cmd:"" help:"Say what a span or a trace counts as under the inventory, and why. Asks no server."`
}

// usageError is a mistake in what was asked, not in what was done.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// run is main with its inputs as arguments.
func run(ctx context.Context, args, env []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "help" {
		args = append(append([]string(nil), args[1:]...), "--help")
	}
	var c cli
	exit := -1
	parser, err := newParser(&c, args, env, stdout, stderr, func(code int) { exit = code })
	if err != nil {
		fmt.Fprintln(stderr, "felt:", err)
		return exitUsage
	}
	kctx, err := parser.Parse(args)
	if exit >= 0 { // --help, --version
		return exit
	}
	if err != nil {
		fmt.Fprintln(stderr, "felt:", err)
		fmt.Fprintln(stderr, "See felt --help.")
		return exitUsage
	}
	kctx.BindTo(ctx, (*context.Context)(nil))
	kctx.Bind(streams{stdout, stderr})
	err = kctx.Run()
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		fmt.Fprintln(stderr, "felt:", err)
		return exitUsage
	default:
		fmt.Fprintln(stderr, "felt:", err)
		return exitFailed
	}
}

// streams are where a command writes.
type streams struct{ out, err io.Writer }
