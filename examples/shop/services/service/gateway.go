package service

import (
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/trace"

	"github.com/felt-cx/felt/examples/shop/services/fault"
)

// The releases of the page.
const (
	GoodRelease   = "1.4.0"
	BrokenRelease = "1.5.0" // nobody can pay in it
)

// Page is what the gateway needs to serve the page.
type Page struct {
	// Dir holds shop.js, shop-broken.js and shop.css as they were built.
	Dir string
	// Endpoint is where the browser sends telemetry, Key the ingest key that it sends it with.
	Endpoint, Key string
}

// Gateway is what the browser talks to: the page, and the API.
func Gateway(b *Base, p Page) http.Handler {
	g := &gateway{b, p, b.Telemetry.Client(), newAccounts(), keep[visit](10_000), template.Must(template.New("").Parse(indexPage))}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", g.index)
	mux.HandleFunc("GET /assets/{file}", g.asset)
	mux.HandleFunc("GET /api/me", func(w http.ResponseWriter, r *http.Request) {
		_, v := g.visit(w, r)
		answer(w, http.StatusOK, me(v))
	})
	mux.HandleFunc("POST /api/region", g.region)
	mux.HandleFunc("POST /api/login", g.login)
	mux.HandleFunc("POST /api/logout", g.logout)
	mux.HandleFunc("POST /api/sign-up", g.signUp)
	mux.HandleFunc("POST /api/confirm", g.confirm)
	mux.HandleFunc("GET /api/search", func(w http.ResponseWriter, r *http.Request) {
		found := []Product{}
		err := call(r.Context(), g.client, http.MethodGet, g.Places.Catalogue+"/products?"+r.URL.RawQuery, nil, nil, &found)
		pass(w, err, http.StatusOK, found)
	})
	mux.HandleFunc("GET /api/cart", g.cart("GET", ""))
	mux.HandleFunc("POST /api/cart/items", g.cart("POST", "/items"))
	mux.HandleFunc("DELETE /api/cart/items/{sku}", g.cart("DELETE", "/items/"))
	mux.HandleFunc("PUT /api/checkout/address", g.cart("PUT", "/address"))
	mux.HandleFunc("POST /api/checkout/coupon", g.cart("POST", "/coupon"))
	mux.HandleFunc("POST /api/checkout/pay", g.pay)
	mux.HandleFunc("GET /api/checkout/result", g.result)
	mux.HandleFunc("PUT /api/uploads/{id}", g.upload)
	// A page of another site must not act in a customer's name.
	return http.NewCrossOriginProtection().Handler(mux)
}

type gateway struct {
	*Base
	page     Page
	client   *http.Client
	accounts *accounts
	visits   *kept[visit]
	html     *template.Template
}

// Config is what the page is told when it is loaded.
type Config struct {
	Endpoint   string   `json:"endpoint"`
	Key        string   `json:"key,omitempty"`
	Release    string   `json:"release"`
	PhotoLimit int      `json:"photoLimit"`
	Experiment string   `json:"experiment,omitempty"`
	Users      []User   `json:"users"`
	Regions    []string `json:"regions"`
}

func (g *gateway) config(f fault.Faults) Config {
	release := GoodRelease
	if f.BrokenRelease {
		release = BrokenRelease
	}
	return Config{g.page.Endpoint, g.page.Key, release, PhotoLimit, f.BrowserError, DemoUsers(), fault.Regions()}
}

// index is the one page of the shop, under every address that is neither API nor asset.
func (g *gateway) index(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		fail(w, http.StatusNotFound, "no_such_thing")
		return
	}
	g.visit(w, r)
	f := g.Switches.Get()
	config, err := json.Marshal(g.config(f))
	if err != nil {
		fail(w, http.StatusInternalServerError, "config")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy(g.page.Endpoint))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	// The page joins the trace in which it was made: what was slow before the first byte is found too.
	if span := trace.SpanContextFromContext(r.Context()); span.IsValid() {
		h.Set("Server-Timing", fmt.Sprintf(`traceparent;desc="00-%s-%s-%s"`, span.TraceID(), span.SpanID(), span.TraceFlags()))
	}
	script := "shop.js"
	if f.BrokenRelease {
		script = "shop-broken.js"
	}
	if err := g.html.Execute(w, map[string]string{"Script": script, "Config": string(config)}); err != nil {
		return // the customer is gone
	}
}

// policy is as strict as can be: nothing inline, nothing from elsewhere, no text that becomes markup; and
// telemetry may leave to one address.
func policy(endpoint string) string {
	return strings.Join([]string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob: data:", "connect-src 'self' " + endpoint,
		"form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
	}, "; ")
}

func (g *gateway) asset(w http.ResponseWriter, r *http.Request) {
	names := []string{"shop.js", "shop.js.map", "shop-broken.js", "shop-broken.js.map", "shop.css"}
	name := r.PathValue("file")
	if !slices.Contains(names, name) {
		http.NotFound(w, r)
		return
	}
	if _, err := os.Stat(filepath.Join(g.page.Dir, name)); err != nil {
		http.Error(w, "the page is not built: run `make shop`, or `npm run build` in examples/shop/page", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeFile(w, r, filepath.Join(g.page.Dir, name))
}

// me is the answer that says who the browser is.
func me(v visit) map[string]any {
	out := map[string]any{"region": v.region}
	if v.user.ID != "" {
		out["user"] = v.user
	}
	return out
}

func (g *gateway) region(w http.ResponseWriter, r *http.Request) {
	var in struct{ Region string }
	name, _ := g.visit(w, r)
	switch {
	case !body(w, r, &in):
	case !slices.Contains(fault.Regions(), in.Region):
		fail(w, http.StatusUnprocessableEntity, "no_such_region")
	default:
		answer(w, http.StatusOK, me(g.visits.update(name, func(v visit, _ bool) visit { v.region = in.Region; return v })))
	}
}

func (g *gateway) login(w http.ResponseWriter, r *http.Request) {
	var in struct{ Email, Password string }
	name, _ := g.visit(w, r)
	if !body(w, r, &in) {
		return
	}
	u, ok := g.accounts.login(in.Email, in.Password)
	if !ok {
		fail(w, http.StatusUnauthorized, "wrong_password")
		return
	}
	g.enter(w, name, u)
	answer(w, http.StatusOK, map[string]any{"region": u.Region, "user": u})
}

func (g *gateway) logout(w http.ResponseWriter, r *http.Request) {
	name, _ := g.visit(w, r)
	answer(w, http.StatusOK, me(g.visits.update(name, func(v visit, _ bool) visit { v.user = User{}; v.cart = id("cart"); return v })))
}

func (g *gateway) signUp(w http.ResponseWriter, r *http.Request) {
	var in struct{ Name, Email, Password, Plan string }
	_, v := g.visit(w, r)
	if !body(w, r, &in) {
		return
	}
	if in.Plan != "pro" {
		in.Plan = "free"
	}
	user, token, problem := g.accounts.signUp(in.Name, in.Email, in.Password, in.Plan, v.region)
	if problem != "" {
		fail(w, http.StatusUnprocessableEntity, problem)
		return
	}
	// There is no mail in an example: the page shows what would have been in it.
	answer(w, http.StatusAccepted, map[string]string{"id": user, "confirm": "/confirm?token=" + token})
}

func (g *gateway) confirm(w http.ResponseWriter, r *http.Request) {
	var in struct{ Token string }
	name, _ := g.visit(w, r)
	if !body(w, r, &in) {
		return
	}
	u, ok := g.accounts.confirm(in.Token)
	if !ok {
		fail(w, http.StatusGone, "link_expired")
		return
	}
	g.enter(w, name, u)
	answer(w, http.StatusOK, map[string]any{"region": u.Region, "user": u})
}

// cart hands a request on to the cart service, for the visit's cart.
func (g *gateway) cart(method, path string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, v := g.visit(w, r)
		// Escaped: what a browser names must not lead to another cart.
		address := g.Places.Cart + "/carts/" + v.cart + path + url.PathEscape(r.PathValue("sku"))
		var in any
		if method == http.MethodPost || method == http.MethodPut {
			text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
			if err != nil || !json.Valid(text) {
				fail(w, http.StatusBadRequest, "bad_request")
				return
			}
			in = json.RawMessage(text)
		}
		var c Cart
		err := call(r.Context(), g.client, method, address, v.header(), in, &c)
		pass(w, err, http.StatusOK, c)
	}
}

func (v visit) header() http.Header { return http.Header{regionHeader: {v.region}} }

// pay begins a payment for what is in the cart, and says where the bank's page is.
func (g *gateway) pay(w http.ResponseWriter, r *http.Request) {
	_, v := g.visit(w, r)
	var c Cart
	var p Payment
	err := call(r.Context(), g.client, http.MethodGet, g.Places.Cart+"/carts/"+v.cart, v.header(), nil, &c)
	if err == nil {
		err = call(r.Context(), g.client, http.MethodPost, g.Places.Payment+"/payments", v.header(), map[string]any{"order": c.Order, "cents": c.Cents}, &p)
	}
	pass(w, err, http.StatusCreated, p)
}

// result is what became of a payment. A paid cart is empty afterwards.
func (g *gateway) result(w http.ResponseWriter, r *http.Request) {
	_, v := g.visit(w, r)
	var p Payment
	err := call(r.Context(), g.client, http.MethodGet, g.Places.Payment+"/payments/"+url.PathEscape(r.FormValue("payment")), v.header(), nil, &p)
	if err == nil && p.State == "approved" {
		err = call(r.Context(), g.client, http.MethodDelete, g.Places.Cart+"/carts/"+v.cart, v.header(), nil, nil)
	}
	pass(w, err, http.StatusOK, p)
}

// upload hands a photo on as it comes.
func (g *gateway) upload(w http.ResponseWriter, r *http.Request) {
	g.visit(w, r)
	const most = 64 << 20 // who sends more wants to do harm
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPut, g.Places.Media+"/uploads/"+url.PathEscape(r.PathValue("id")), http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		fail(w, http.StatusBadRequest, "bad_request")
		return
	}
	req.ContentLength = r.ContentLength
	resp, err := g.client.Do(req)
	if err != nil {
		fail(w, http.StatusBadGateway, "unreachable")
		return
	}
	defer resp.Body.Close()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, io.LimitReader(resp.Body, bodyLimit)) // the customer may be gone
}

const indexPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Felt &amp; Leaf</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="shop-config" content="{{.Config}}">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/shop.css">
<script type="module" src="/assets/{{.Script}}"></script>
</head>
<body><noscript>The shop needs JavaScript.</noscript></body>
</html>
`
