package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/felt-cx/felt/examples/shop/services/fault"
	"github.com/felt-cx/felt/examples/shop/services/telemetry"
)

// Names are the services that there are, those that others call first.
func Names() []string {
	return []string{"catalogue", "inventory", "bank", "payment", "cart", "media", "gateway"}
}

// Options say which services run here, and where all are.
type Options struct {
	// Services are names of [Names].
	Services []string
	// Listen is the address (host:port) of a service that runs here; none: a free port on loopback.
	Listen map[string]string
	// Places are the addresses of services that run elsewhere; those that run here are filled in.
	Places Places
	// Endpoint is where the services send telemetry to, "" nowhere.
	Endpoint string
	Page     Page
	Switches *fault.Switches
}

// Running are services that answer.
type Running struct {
	Places Places
	stop   []func(context.Context) error
}

// place is the field of p for a service.
func (p *Places) place(name string) *string {
	switch name {
	case "catalogue":
		return &p.Catalogue
	case "inventory":
		return &p.Inventory
	case "bank":
		return &p.Bank
	case "payment":
		return &p.Payment
	case "cart":
		return &p.Cart
	case "media":
		return &p.Media
	case "gateway":
		return &p.Shop
	}
	return nil
}

// Set says where a service is, one that runs elsewhere; false: there is no such service.
func (p *Places) Set(name, url string) bool {
	at := p.place(name)
	if at != nil {
		*at = url
	}
	return at != nil
}

// Start runs services until Stop. All ports are taken before any service begins, so that a port that
// somebody else has is told before anything has happened.
func Start(ctx context.Context, o Options) (*Running, error) {
	r := &Running{Places: o.Places}
	listeners := map[string]net.Listener{}
	giveUp := func(err error) (*Running, error) {
		for _, l := range listeners {
			err = errors.Join(err, l.Close())
		}
		return nil, errors.Join(err, r.Stop(ctx))
	}
	for _, name := range o.Services {
		at := r.Places.place(name)
		if at == nil {
			return giveUp(fmt.Errorf("there is no service %q; there are %v", name, Names()))
		}
		address := o.Listen[name]
		if address == "" {
			address = "127.0.0.1:0"
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			return giveUp(fmt.Errorf("%s: %w", name, err))
		}
		listeners[name] = l
		*at = "http://" + l.Addr().String()
	}
	for _, name := range o.Services {
		if err := r.serve(ctx, name, listeners[name], o); err != nil {
			return giveUp(err)
		}
		delete(listeners, name)
	}
	return r, nil
}

// namespace is the app of a service.
func namespace(name string) string {
	switch name {
	case "media", "media-worker":
		return "media"
	case "bank":
		return "bank"
	}
	return "shop"
}

func (r *Running) telemetry(ctx context.Context, name, endpoint string) (*telemetry.Telemetry, error) {
	if name == "bank" {
		endpoint = "" // another company: it tells nothing
	}
	t, err := telemetry.Open(ctx, telemetry.Service{Namespace: namespace(name), Name: name, Version: GoodRelease}, endpoint)
	if err == nil {
		r.stop = append(r.stop, t.Close)
	}
	return t, err
}

func (r *Running) serve(ctx context.Context, name string, l net.Listener, o Options) error {
	t, err := r.telemetry(ctx, name, o.Endpoint)
	if err != nil {
		return err
	}
	b := &Base{t, o.Switches, r.Places}
	var h http.Handler
	switch name {
	case "catalogue":
		h = Catalogue(b)
	case "inventory":
		h = Inventory(b)
	case "bank":
		h = Bank(b)
	case "payment":
		h = Payments(b)
	case "cart":
		h = Carts(b)
	case "media":
		if h, err = r.media(ctx, b, o.Endpoint); err != nil {
			return err
		}
	case "gateway":
		h = Gateway(b, o.Page)
	}
	server := &http.Server{Handler: t.Handler(h), ReadHeaderTimeout: 10 * time.Second}
	r.stop = append(r.stop, func(ctx context.Context) error { return Shut(ctx, server) })
	go func() { _ = server.Serve(l) }() // ends by Shutdown, which says how
	return nil
}

// grace is how long requests that are being answered may go on at the end. Connections that a browser has
// opened just in case would hold a server for longer.
const grace = time.Second

// Shut ends a server: gracefully for a moment, then at once.
func Shut(ctx context.Context, server *http.Server) error {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	if err != nil {
		return fmt.Errorf("stop a server: %w", err)
	}
	return nil
}

// media has a worker beside it.
func (r *Running) media(ctx context.Context, b *Base, endpoint string) (http.Handler, error) {
	t, err := r.telemetry(ctx, "media-worker", endpoint)
	if err != nil {
		return nil, err
	}
	m := NewMedia(b, t)
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var done sync.WaitGroup
	done.Go(func() { m.Run(ctx) })
	r.stop = append(r.stop, func(context.Context) error { cancel(); done.Wait(); return nil })
	return m.Handler(), nil
}

// Stop ends all, the newest first: servers before what they send with. What cannot be sent any more because
// nobody takes it is not waited for longer than ctx, and is no error.
func (r *Running) Stop(ctx context.Context) error {
	var errs []error
	for _, stop := range slices.Backward(r.stop) {
		if err := stop(ctx); err != nil && ctx.Err() == nil {
			errs = append(errs, err)
		}
	}
	r.stop = nil
	return errors.Join(errs...)
}
