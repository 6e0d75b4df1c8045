package up

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/felt-cx/felt/examples/shop/services/fault"
	"github.com/felt-cx/felt/examples/shop/services/service"
)

// options are what `shop up` is told.
type options struct {
	root      string
	felt      string
	collector string
	inventory string
	sinks     string
	data      string
	page      string
	origins   string
	key       string
	ports     string
	direct    bool
	json      bool
	verbose   bool
	faults    *fault.Faults
	feltFlags []string
}

// Addresses are where everything answers, as `shop up --json` prints them.
type Addresses struct {
	// Shop is the page, Bank the bank's, Faults the switches, Felt Felt's page and API.
	Shop   string `json:"shop"`
	Bank   string `json:"bank"`
	Faults string `json:"faults"`
	Felt   string `json:"felt"`
	// OTLP is where browsers and services send to: the Collector, or with --direct Felt itself.
	OTLP string `json:"otlp"`
	// FeltOTLP is where Felt takes OTLP over HTTP.
	FeltOTLP string         `json:"felt_otlp"`
	Direct   bool           `json:"direct"`
	Data     string         `json:"data"`
	PIDs     map[string]int `json:"pids"`
}

func parse(args []string, say io.Writer) (*options, error) {
	fs := flag.NewFlagSet("shop up", flag.ContinueOnError)
	fs.SetOutput(say)
	o := &options{faults: faultFlags(fs)}
	fs.StringVar(&o.root, "root", ".", "directory of Felt's repository")
	fs.StringVar(&o.felt, "felt", "", "felt's binary (default ROOT/bin/felt)")
	fs.StringVar(&o.collector, "collector", os.Getenv("OTELCOL"), "the Collector's binary (default $OTELCOL, else what ROOT/deploy/collector/build.sh builds once)")
	fs.StringVar(&o.inventory, "inventory", "", "the journeys (default ROOT/examples/shop/inventory.yaml)")
	fs.StringVar(&o.sinks, "sinks", "", "a YAML `file` with sinks: who is told of incidents (default nobody)")
	fs.StringVar(&o.data, "data", "", "directory for what Felt keeps (default: a temporary one, gone afterwards)")
	fs.StringVar(&o.page, "page", "", "directory of the built page (default ROOT/examples/shop/page/dist)")
	fs.StringVar(&o.origins, "origins", "", "further origins, with commas, whose pages may send telemetry")
	fs.StringVar(&o.key, "browser-key", "", "ingest key that the page sends with")
	fs.StringVar(&o.ports, "ports", os.Getenv("SHOP_PORTS"), "auto for free ports, or some of `shop=8080,bank=8081,faults=8082,felt=3358,otlp=4318,felt-otlp=4319`; default $SHOP_PORTS")
	fs.BoolVar(&o.direct, "direct", os.Getenv("SHOP_DIRECT") == "1", "no Collector: everything sends straight to Felt (default $SHOP_DIRECT=1)")
	fs.BoolVar(&o.json, "json", false, "print the addresses as one line of JSON")
	fs.BoolVar(&o.verbose, "verbose", false, "show what Felt and the Collector say")
	fs.Usage = func() {
		fmt.Fprintln(say, "shop up [flags] [-- flags of felt serve]")
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		return nil, fmt.Errorf("flags: %w", err)
	}
	o.feltFlags = fs.Args()
	def := func(s *string, path ...string) {
		if *s == "" {
			*s = filepath.Join(append([]string{o.root}, path...)...)
		}
	}
	def(&o.felt, "bin", "felt")
	def(&o.inventory, "examples", "shop", "inventory.yaml")
	def(&o.page, "examples", "shop", "page", "dist")
	return o, o.check()
}

func (o *options) check() error {
	errs := []error{o.faults.Check()}
	for _, need := range []struct{ path, help string }{
		{o.felt, "build it with `make build`, or name it with --felt"},
		{filepath.Join(o.page, "shop.js"), "build the page with `make shop-page`, or name its directory with --page"},
		{o.inventory, "run this in Felt's repository, or name that with --root"},
	} {
		if _, err := os.Stat(need.path); err != nil {
			errs = append(errs, fmt.Errorf("%w: %s", err, need.help))
		}
	}
	return errors.Join(errs...)
}

// all are the ports of everything, by name.
type all struct{ shop, bank, faults, felt, otlp, feltOTLP, health, metrics port }

func (o *options) choosePorts() (*all, error) {
	a := &all{
		port{"shop", "the shop's page", 8080},
		port{"bank", "the bank's page", 8081},
		port{"faults", "the fault switches", 8082},
		port{"felt", "Felt's page", 3358},
		port{"otlp", "where telemetry is sent", 4318},
		port{"felt-otlp", "where Felt takes telemetry", 4319},
		port{"", "", 0},
		port{"", "", 0},
	}
	list := []*port{&a.shop, &a.bank, &a.faults, &a.felt, &a.otlp, &a.feltOTLP, &a.health, &a.metrics}
	given := listFlag{}
	switch {
	case o.ports == "auto":
		for _, p := range list {
			p.number = 0
		}
	case o.ports != "":
		if err := given.Set(o.ports); err != nil {
			return nil, fmt.Errorf("--ports: %w", err)
		}
	}
	for _, p := range list {
		if text, ok := given[p.name]; ok {
			n, err := strconv.ParseUint(text, 10, 16)
			if err != nil {
				return nil, fmt.Errorf("--ports %s=%s: a port is a number up to 65535", p.name, text)
			}
			p.number = int(n)
			delete(given, p.name)
		}
	}
	if len(given) > 0 {
		return nil, fmt.Errorf("--ports: %s names nothing; there are shop, bank, faults, felt, otlp, felt-otlp", given)
	}
	if o.direct { // Felt is where telemetry is sent
		a.feltOTLP = port{"otlp", a.otlp.what, a.otlp.number}
		list = []*port{&a.shop, &a.bank, &a.faults, &a.felt, &a.feltOTLP}
		defer func() { a.otlp = a.feltOTLP }()
	}
	return a, choose(list)
}

// Run brings everything up and stays until ctx ends, or until a part of it dies, which is an error.
func Run(ctx context.Context, args []string, out, say io.Writer) (err error) {
	o, err := parse(args, say)
	if err != nil {
		return err
	}
	ports, err := o.choosePorts()
	if err != nil {
		return err
	}
	w := &world{options: o, ports: ports, say: say}
	defer func() { err = errors.Join(err, w.stop()) }()
	if err := w.start(ctx); err != nil {
		return err
	}
	if err := w.tell(out); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case name := <-w.died():
		return fmt.Errorf("%s ended by itself; the rest is stopped", name)
	}
}

// world is what runs: Felt, perhaps a Collector, the shop. Stopped in the other order, so that the last
// telemetry arrives.
type world struct {
	*options
	ports     *all
	say       io.Writer
	felt      *process
	otelcol   *process
	shop      *shop
	temporary string
}

func (w *world) start(ctx context.Context) error {
	if err := w.startFelt(ctx); err != nil {
		return err
	}
	if !w.direct {
		if err := w.startCollector(ctx); err != nil {
			return err
		}
	}
	endpoint := "http://" + w.ports.otlp.address()
	switches := &fault.Switches{}
	if err := switches.Set(*w.faults); err != nil {
		return err
	}
	var err error
	w.shop, err = start(ctx, service.Options{
		Services: service.Names(), Switches: switches, Endpoint: endpoint,
		Listen: map[string]string{"gateway": w.ports.shop.address(), "bank": w.ports.bank.address()},
		Page:   service.Page{Dir: w.page, Endpoint: endpoint, Key: w.key},
	}, w.ports.faults.address())
	return err
}

func (w *world) startFelt(ctx context.Context) error {
	data := w.data
	if data == "" {
		dir, err := os.MkdirTemp("", "felt-shop-")
		if err != nil {
			return fmt.Errorf("a place for Felt's data: %w", err)
		}
		w.temporary, data = dir, dir
	}
	config := filepath.Join(data, "config")
	if err := os.MkdirAll(config, 0o700); err != nil {
		return fmt.Errorf("a place for Felt's inventory: %w", err)
	}
	if err := copyFile(w.inventory, filepath.Join(config, "inventory.yaml")); err != nil {
		return err
	}
	if w.sinks != "" {
		if err := copyFile(w.sinks, filepath.Join(config, "sinks.yaml")); err != nil {
			return err
		}
	}
	w.data = data
	args := []string{
		"serve", "--data", filepath.Join(data, "felt"), "--config", config, "--listen", w.ports.felt.address(),
		"--otlp-http", w.ports.feltOTLP.address(), "--otlp-grpc", "off", "--cors-origins", strings.Join(w.pages(), ","), "--log-level", "warn",
		// A handful of clicks are all the customers there are: better to be told too often than not at all.
		"--false-alarms", "10 a day",
	}
	var err error
	if w.felt, err = launch("felt", nil, w.loud(), w.options.felt, append(args, w.feltFlags...)...); err != nil {
		return err
	}
	return w.felt.ready(ctx, "http://"+w.ports.felt.address()+"/readyz")
}

// pages are the origins from which telemetry may come. The shop's page is reached under two names.
func (w *world) pages() []string {
	list := []string{"http://" + w.ports.shop.address(), fmt.Sprintf("http://localhost:%d", w.ports.shop.number)}
	for o := range strings.SplitSeq(w.origins, ",") {
		if o != "" {
			list = append(list, o)
		}
	}
	return list
}

func (w *world) startCollector(ctx context.Context) error {
	binary := w.collector
	if binary == "" {
		cmd := exec.CommandContext(ctx, filepath.Join(w.root, "deploy", "collector", "build.sh"))
		cmd.Stderr = w.say
		out, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("build the Collector: %w; without one: SHOP_DIRECT=1", err)
		}
		binary = strings.TrimSpace(string(out))
	}
	env := []string{
		"COLLECTOR_LISTEN=" + w.ports.otlp.address(), "COLLECTOR_HEALTH=" + w.ports.health.address(),
		"COLLECTOR_METRICS=" + strconv.Itoa(w.ports.metrics.number), "FELT_OTLP=http://" + w.ports.feltOTLP.address(),
		"COLLECTOR_ORIGINS=[" + strings.Join(w.pages(), ", ") + "]",
	}
	var err error
	w.otelcol, err = launch("collector", env, w.loud(), binary, "--config", filepath.Join(w.root, "deploy", "collector", "config.yaml"))
	if err != nil {
		return err
	}
	return w.otelcol.ready(ctx, "http://"+w.ports.health.address())
}

// loud is where programs are heard; nowhere unless asked for: what they said last is told when one fails.
func (w *world) loud() io.Writer {
	if w.verbose {
		return w.say
	}
	return nil
}

// died tells the name of a program that ended by itself.
func (w *world) died() <-chan string {
	c := make(chan string, 2)
	for _, p := range []*process{w.felt, w.otelcol} {
		if p != nil {
			go func() { <-p.exited; c <- fmt.Sprintf("%s (%v)\n%s\n", p.name, p.err, p.output) }()
		}
	}
	return c
}

func (w *world) stop() error {
	var errs []error
	if w.shop != nil {
		errs = append(errs, w.shop.stop())
	}
	for _, p := range []*process{w.otelcol, w.felt} {
		if p != nil {
			errs = append(errs, p.stop())
		}
	}
	if w.temporary != "" {
		errs = append(errs, os.RemoveAll(w.temporary))
	}
	return errors.Join(errs...)
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return fmt.Errorf("inventory: %w", err)
	}
	if err := os.WriteFile(to, text, 0o600); err != nil {
		return fmt.Errorf("inventory: %w", err)
	}
	return nil
}

func (w *world) addresses() Addresses {
	a := Addresses{
		Shop: w.shop.Places.Shop, Bank: w.shop.Places.Bank, Faults: w.shop.faults, Felt: "http://" + w.ports.felt.address(),
		OTLP: "http://" + w.ports.otlp.address(), FeltOTLP: "http://" + w.ports.feltOTLP.address(),
		Direct: w.direct, Data: w.data, PIDs: map[string]int{"shop": os.Getpid(), "felt": w.felt.cmd.Process.Pid},
	}
	if w.otelcol != nil {
		a.PIDs["collector"] = w.otelcol.cmd.Process.Pid
	}
	return a
}

// tell prints where everything is, for programs or for people.
func (w *world) tell(out io.Writer) error {
	a := w.addresses()
	if w.json {
		if err := json.NewEncoder(out).Encode(a); err != nil {
			return fmt.Errorf("tell the addresses: %w", err)
		}
		return nil
	}
	way := "through the Collector at " + a.OTLP
	if a.Direct {
		way = "straight to Felt at " + a.OTLP
	}
	_, err := fmt.Fprintf(out, `
  the shop      %s
  Felt          %s
  break things  %s
  telemetry goes %s

%s
Ctrl-C ends all of it.
`, a.Shop, a.Felt, a.Faults, way, whatToClick)
	if err != nil {
		return fmt.Errorf("tell the addresses: %w", err)
	}
	return nil
}

// whatToClick is the tutorial in short; examples/shop/README.md has all of it.
const whatToClick = `  One customer on Felt's page: log in as Ann, search, put something into the cart, check out, pay at the bank.

  An incident, about ten seconds after all eight customers of the example were hit:
    1  break things: "Error on one browser" = Chrome (or Firefox, or Safari: yours); reload the shop
    2  log in as Ann and press Add; log out; the same as Bob, Chika and all the others
    3  look at Felt: "8 customers (100 % of 8) could not finish Checkout", and since when
    4  mend it (empty the field, Switch), reload the shop, and put something into the cart as each of them: they have recovered
  Broken release and slow payment hit those who pay, a failing region those who put into the cart there. Declined cards
  (the switch, or a card that ends in 0002) hit nobody: that is expected, and Felt does not count it as a failure.
`
