// Package up runs things: the services alone, or all of it, with Felt and a Collector, on one machine.
package up

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/felt-cx/felt/examples/shop/services/fault"
	"github.com/felt-cx/felt/examples/shop/services/service"
)

// faultFlags are the switches as they are at the start.
func faultFlags(fs *flag.FlagSet) *fault.Faults {
	f := &fault.Faults{}
	fs.TextVar(&f.SlowPayment, "slow-payment", fault.Duration(0), "the payment service takes so much longer")
	fs.StringVar(&f.FailingRegion, "failing-region", "", "carts and payments of customers of this `region` fail: "+strings.Join(fault.Regions(), ", "))
	fs.BoolVar(&f.BrokenRelease, "broken-release", false, "serve a release of the page in which nobody can pay")
	fs.StringVar(&f.BrowserError, "browser-error", "", "in browsers with this `word` in their user agent nothing can be put into the cart")
	fs.BoolVar(&f.RejectedCard, "rejected-card", false, "the bank declines every card, which is expected")
	fs.Int64Var(&f.UploadLimit, "upload-limit", 0, "refuse photos over so many `bytes`")
	return f
}

// listFlag is NAME=VALUE,NAME=VALUE.
type listFlag map[string]string

func (l listFlag) String() string {
	var parts []string
	for k, v := range l {
		parts = append(parts, k+"="+v)
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

func (l listFlag) Set(text string) error {
	for part := range strings.SplitSeq(text, ",") {
		k, v, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok || k == "" || v == "" {
			return fmt.Errorf("%q is not NAME=VALUE", part)
		}
		l[k] = v
	}
	return nil
}

// Services runs services until ctx ends; of all it is the whole shop in one process.
func Services(ctx context.Context, names, args []string, say io.Writer) error {
	fs := flag.NewFlagSet("shop "+strings.Join(names, " "), flag.ContinueOnError)
	fs.SetOutput(say)
	switches := &fault.Switches{}
	broken := faultFlags(fs)
	listen, at := listFlag{}, listFlag{}
	fs.Var(listen, "listen", "addresses to listen at, `SERVICE=HOST:PORT,...`; others take a free port on loopback")
	fs.Var(at, "at", "where services are that run elsewhere, `SERVICE=URL,...`")
	o := service.Options{Services: names, Switches: switches, Listen: listen}
	fs.StringVar(&o.Endpoint, "otlp", "http://127.0.0.1:4318", "OTLP over HTTP: where telemetry goes")
	fs.StringVar(&o.Page.Dir, "page", "examples/shop/page/dist", "directory of the built page")
	fs.StringVar(&o.Page.Key, "browser-key", "", "ingest key that the page sends with")
	admin := fs.String("faults", "127.0.0.1:0", "address of the page with the switches")
	follow := fs.String("faults-of", "", "take the switches from this `URL` instead: that of another process's --faults")
	if err := fs.Parse(args); err != nil {
		return fmt.Errorf("flags: %w", err)
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("what is %q?", fs.Arg(0))
	}
	for name, url := range at {
		if !o.Places.Set(name, url) {
			return fmt.Errorf("--at: there is no service %q; there are %v", name, service.Names())
		}
	}
	if err := switches.Set(*broken); err != nil {
		return err
	}
	o.Page.Endpoint = o.Endpoint
	if *follow != "" {
		go fault.Follow(ctx, switches, *follow)
		*admin = ""
	}
	running, err := start(ctx, o, *admin)
	if err != nil {
		return err
	}
	fmt.Fprintf(say, "%s\n", running)
	<-ctx.Done()
	return running.stop()
}

// shop is services and switches that answer.
type shop struct {
	*service.Running
	admin  *http.Server
	faults string
	names  []string
}

// start brings services up, and the page with the switches at admin ("" none).
func start(ctx context.Context, o service.Options, admin string) (*shop, error) {
	s := &shop{names: o.Services}
	if admin != "" {
		host, _, err := net.SplitHostPort(admin)
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
			return nil, fmt.Errorf("--faults %s: the switches listen on an address of loopback only, such as 127.0.0.1:8082", admin)
		}
		l, err := net.Listen("tcp", admin)
		if err != nil {
			return nil, fmt.Errorf("switches: %w", err)
		}
		s.faults = "http://" + l.Addr().String()
		s.admin = &http.Server{Handler: fault.Admin(o.Switches), ReadHeaderTimeout: 10 * time.Second}
		go func() { _ = s.admin.Serve(l) }() // ends by Shutdown, which says how
	}
	running, err := service.Start(ctx, o)
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	s.Running = running
	return s, nil
}

// patience is how long stopping may take: what waits to be sent is sent, or given up.
const patience = 5 * time.Second

func (s *shop) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var errs []error
	if s.Running != nil {
		errs = append(errs, s.Running.Stop(ctx))
	}
	if s.admin != nil {
		errs = append(errs, service.Shut(ctx, s.admin))
	}
	return errors.Join(errs...)
}

func (s *shop) String() string {
	p := s.Places
	at := map[string]string{
		"gateway": p.Shop, "bank": p.Bank, "catalogue": p.Catalogue, "cart": p.Cart,
		"inventory": p.Inventory, "payment": p.Payment, "media": p.Media,
	}
	var out strings.Builder
	for _, name := range s.names {
		fmt.Fprintf(&out, "%-10s %s\n", name, at[name])
	}
	if s.faults != "" {
		fmt.Fprintf(&out, "%-10s %s", "switches", s.faults)
	}
	return strings.TrimSpace(out.String())
}
