// Command shop is a small web shop whose page tells Felt how its customers fare.
//
//	shop up                         Felt, a Collector and the whole shop, until Ctrl-C
//	shop all                        the services only; telemetry goes to --otlp
//	shop gateway --payment URL ...  one service, the others being elsewhere
//
// See examples/shop/README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/felt-cx/felt/examples/shop/services/service"
	"github.com/felt-cx/felt/examples/shop/services/up"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	default:
		fmt.Fprintln(os.Stderr, "shop:", err)
		os.Exit(1)
	}
}

const usage = `shop up         Felt, a Collector and the shop, until Ctrl-C
shop all        every service, in one process
shop SERVICE    one of %s
shop COMMAND --help lists the flags
`

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		fmt.Fprintf(os.Stderr, usage, strings.Join(service.Names(), ", "))
		return errors.New("which command?")
	}
	switch name := args[0]; {
	case name == "up":
		return up.Run(ctx, args[1:], os.Stdout, os.Stderr)
	case name == "all":
		return up.Services(ctx, service.Names(), args[1:], os.Stderr)
	case slices.Contains(service.Names(), name):
		return up.Services(ctx, []string{name}, args[1:], os.Stderr)
	case name == "help" || strings.HasPrefix(name, "-h") || name == "--help":
		fmt.Fprintf(os.Stderr, usage, strings.Join(service.Names(), ", "))
		return nil
	default:
		fmt.Fprintf(os.Stderr, usage, strings.Join(service.Names(), ", "))
		return fmt.Errorf("there is no command %q", name)
	}
}
