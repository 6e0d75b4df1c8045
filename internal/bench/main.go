package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"

	"github.com/felt-cx/felt/internal/spangen"
)

// options are the flags.
type options struct {
	felt, collector string
	rounds          int
	warm, time      time.Duration
	requests, lag   int
	senders         int
	baggage         int
	only            *regexp.Regexp
	steady          time.Duration
	shape           inventoryShape
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	var only string
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&o.felt, "felt", "", "felt's binary; without it only the Collector is measured")
	f.StringVar(&o.collector, "collector", "", "the Collector's binary; without it only felt is measured")
	f.IntVar(&o.rounds, "rounds", 3, "how often each case is measured; the table shows medians")
	f.DurationVar(&o.warm, "warm", 2*time.Second, "how long to send before a measurement")
	f.DurationVar(&o.time, "time", 8*time.Second, "how long to send in a measurement")
	f.IntVar(&o.requests, "requests", 400, "number of different requests of 512 spans")
	f.IntVar(&o.lag, "lag", 25, "by how many waves of 20 requests a browser's root comes after its back ends")
	f.IntVar(&o.baggage, "baggage", 0, "how many back-end spans of an interaction's trace carry its name too")
	f.IntVar(&o.senders, "senders", 8, "requests in flight")
	f.StringVar(&only, "only", "", "measure only the cases whose name matches this regular expression")
	f.DurationVar(&o.steady, "steady", 0, "instead, send a steady load for so long and show what felt holds in memory")
	f.IntVar(&o.shape.rate, "rate", 2000, "interactions a second of the steady load")
	f.IntVar(&o.shape.apps, "apps", 300, "apps of the steady load")
	f.IntVar(&o.shape.names, "names", 20, "interactions of each app")
	f.IntVar(&o.shape.values, "values", 50, "segment values")
	f.IntVar(&o.shape.services, "services", 3000, "services behind the apps")
	f.IntVar(&o.shape.operations, "operations", 20, "operations of each service")
	f.BoolVar(&o.shape.journeys, "journeys", true, "every interaction is a step of a journey of the inventory")
	f.IntVar(&o.shape.spans, "spans", 5, "spans of a trace, the browser's included")
	if err := f.Parse(args); err != nil {
		return o, fmt.Errorf("flags: %w", err)
	}
	var err error
	if o.only, err = regexp.Compile(only); err != nil {
		return o, fmt.Errorf("-only: %w", err)
	}
	if o.felt == "" && o.collector == "" {
		return o, errors.New("give -felt, -collector or both")
	}
	return o, nil
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if o.steady > 0 {
		return steady(ctx, o, os.Stdout)
	}
	set, err := spangen.New(spangen.Config{Seed: 1, Requests: o.requests, BaggageCopies: o.baggage})
	if err != nil {
		return err
	}
	var cases []*benchCase
	for _, c := range allCases(o) {
		if o.only.MatchString(c.name()) {
			cases = append(cases, c)
		}
	}
	if len(cases) == 0 {
		return errors.New("-only leaves no case")
	}
	for round := range o.rounds {
		for i, c := range cases {
			m, err := c.measure(ctx, o, set, uint64(round*len(cases)+i+1))
			if err != nil {
				return fmt.Errorf("%s: %w", c.name(), err)
			}
			c.results = append(c.results, m)
			fmt.Fprintf(os.Stderr, "round %d/%d  %-36s %s\n", round+1, o.rounds, c.name(), m)
		}
	}
	report(os.Stdout, o, set, cases)
	return nil
}

// allCases are the cases in the order in which a round measures them: what is
// compared stands side by side.
func allCases(o options) []*benchCase {
	var cases []*benchCase
	add := func(s subject, protocol string, procs int) {
		if s.binary(o) != "" {
			cases = append(cases, &benchCase{subject: s, protocol: protocol, procs: procs})
		}
	}
	for _, protocol := range []string{"grpc", "http"} {
		add(subjectFelt, protocol, 1)
		add(subjectSpanmetrics, protocol, 1)
		add(subjectPlain, protocol, 1)
	}
	add(subjectFelt, "grpc", 2)
	add(subjectSpanmetrics, "grpc", 2)
	return cases
}
