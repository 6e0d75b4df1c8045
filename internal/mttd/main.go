package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/simulate"
)

// options say what is measured.
type options struct {
	felt               string
	rate               float64
	apps, interactions int
	faults             int
	warm, every, lasts time.Duration
	after              time.Duration // after the last fault, so that incidents resolve
	seed               uint64
	list               bool
}

func main() {
	var o options
	flag.StringVar(&o.felt, "felt", "bin/felt", "the `program` to be measured")
	flag.Float64Var(&o.rate, "rate", 2000, "interactions a second")
	flag.IntVar(&o.apps, "apps", 300, "apps of the fleet, by Zipf's law")
	flag.IntVar(&o.interactions, "interactions", 20, "of each app")
	flag.IntVar(&o.faults, "faults", 40, "how many, one after the other; 0: a time without any")
	flag.DurationVar(&o.warm, "warm", 12*time.Minute, "before the first, so that the server knows what is usual")
	flag.DurationVar(&o.every, "every", 45*time.Second, "from the beginning of one to that of the next")
	flag.DurationVar(&o.lasts, "lasts", 3*time.Minute, "how long each lasts")
	flag.DurationVar(&o.after, "after", 7*time.Minute, "after the last one ends")
	flag.Uint64Var(&o.seed, "seed", 1, "what chance follows from")
	flag.BoolVar(&o.list, "list", false, "print the faults' incidents too")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mttd:", err)
		os.Exit(1)
	}
}

// run measures and prints; the error is that it could not, or that a gate does not hold.
func run(ctx context.Context, o options, out io.Writer) (err error) {
	scenario, err := world(o)
	if err != nil {
		return err
	}
	h, err := listen()
	if err != nil {
		return err
	}
	defer h.srv.Close()
	inventory, err := simulate.Inventory(scenario)
	if err != nil {
		return err
	}
	sv, err := start(ctx, o.felt, h.url, inventory.Files)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sv.stop()) }()
	w, err := simulate.New(scenario, simulate.Options{Seed: o.seed, Start: felt.InstantOf(time.Now())})
	if err != nil {
		return err
	}
	length := o.warm + time.Duration(o.faults)*o.every + o.lasts + o.after
	ledger := simulate.NewLedger(w, int(o.rate*length.Seconds())+1_000_000)
	r, err := simulate.NewRunner(w, ledger, simulate.RunnerOptions{To: sv.otlp, For: length})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d faults over %s at %g interactions/s, seed %d\n", o.faults, length, o.rate, o.seed)
	if err := r.Run(ctx); err != nil {
		return fmt.Errorf("simulation: %w", err)
	}
	end := time.Now()
	if err := sv.complete(ctx, end); err != nil {
		return err
	}
	list, err := sv.incidents(ctx)
	if err != nil {
		return err
	}
	nats, err := sv.nats(ctx)
	if err != nil {
		return err
	}
	result := judge(ledger, list, h, nats)
	result.length, result.sent = length, ledger.Totals()
	return result.print(out, o.list)
}

// complete waits until everything that ended before an instant is in the rows.
func (sv *server) complete(ctx context.Context, until time.Time) error {
	for ctx.Err() == nil {
		var health struct {
			CompleteUntil time.Time `json:"complete_until"`
		}
		if err := sv.get(ctx, "/api/v1/health", &health); err == nil && health.CompleteUntil.After(until) {
			return nil
		}
		select {
		case <-ctx.Done():
		case <-sv.exited:
			return fmt.Errorf("the server ended: %s", sv.out.String())
		case <-time.After(time.Second):
		}
	}
	return ctx.Err()
}

// incident is what is asked of one.
type incident struct {
	ID       string     `json:"id"`
	Kind     string     `json:"kind"`
	App      string     `json:"app"`
	Title    string     `json:"title"`
	Sentence string     `json:"sentence"`
	FirstBad time.Time  `json:"first_bad"`
	Opened   time.Time  `json:"opened"`
	Resolved *time.Time `json:"resolved"`
	Calm     []string   `json:"calm"` // FROM/TO
	Status   string     `json:"status"`
	Score    float64    `json:"score"`
	Journeys []struct {
		App  string `json:"app"`
		Name string `json:"name"`
		Kind string `json:"kind"`
	} `json:"journeys"`
	Impact struct {
		Customers struct {
			Failed int64 `json:"failed"`
		} `json:"customers"`
	} `json:"impact"`
}

// incidents are all of them, each as it stands at the end.
func (sv *server) incidents(ctx context.Context) ([]incident, error) {
	var list struct {
		Incidents []incident `json:"incidents"`
	}
	if err := sv.get(ctx, "/api/v1/incidents?status=all&limit=500", &list); err != nil {
		return nil, err
	}
	for i := range list.Incidents { // a list may show what an incident keeps itself: ask for each
		if err := sv.get(ctx, "/api/v1/incidents/"+list.Incidents[i].ID, &list.Incidents[i]); err != nil {
			return nil, err
		}
	}
	return list.Incidents, nil
}

// nats is how much evidence the server waits for before it wakes somebody: of what it judges now.
func (sv *server) nats(ctx context.Context) (float64, error) {
	var list struct {
		Detectors []struct {
			Detector string  `json:"detector"`
			Page     float64 `json:"page"`
		} `json:"detectors"`
	}
	if err := sv.get(ctx, "/api/v1/detectors", &list); err != nil {
		return 0, err
	}
	for _, d := range list.Detectors {
		if d.Page > 0 {
			return d.Page, nil
		}
	}
	return 0, errors.New("no detector says how much evidence it waits for")
}
