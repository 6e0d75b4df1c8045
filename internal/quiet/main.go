package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/felt-cx/felt"
)

// options say what is lived through.
type options struct {
	rate float64
	days float64
	seed uint64
	most int
	list bool
}

func main() {
	var o options
	flag.Float64Var(&o.rate, "rate", 4, "interactions a second, on the average of a week")
	flag.Float64Var(&o.days, "days", 30, "how long")
	flag.Uint64Var(&o.seed, "seed", 1, "what chance follows from")
	flag.IntVar(&o.most, "most", 4, "how many incidents there may be, each time that one opens counted")
	flag.BoolVar(&o.list, "list", false, "print all findings too")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "quiet:", err)
		os.Exit(1)
	}
}

// run lives and prints; the error is that it could not, or that there were too many incidents.
func run(ctx context.Context, o options, out io.Writer) error {
	fmt.Fprintf(out, "%g days at %g interactions/s without a fault, seed %d\n", o.days, o.rate, o.seed)
	l, err := newLife(o, out)
	if err != nil {
		return err
	}
	if err := l.live(ctx, o.days); err != nil {
		return err
	}
	l.diary.print(out, l.world.Now().Floor(felt.Second), o.list)
	if n := len(l.diary.openings); n > o.most {
		return fmt.Errorf("%d incidents for nothing; at most %d are tolerable", n, o.most)
	}
	return nil
}
