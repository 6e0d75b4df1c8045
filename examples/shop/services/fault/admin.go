package fault

import (
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Admin is the page and the API of the switches. Only a browser or program of this machine reaches them, and
// no other site's page: whoever can break a shop must not be a stranger.
//
//	GET  /        the page
//	GET  /faults  what is broken, as JSON
//	POST /faults  JSON: what is given is switched, what is left out stays; a form: all of it
func Admin(s *Switches) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { writePage(w, s.Get()) })
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Get()) })
	mux.HandleFunc("POST /faults", func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		form := r.Header.Get("Content-Type") == "application/x-www-form-urlencoded"
		f, err := read(r, form, s.Get())
		if err == nil {
			err = s.Set(f)
		}
		switch {
		case err != nil:
			http.Error(w, err.Error(), http.StatusBadRequest)
		case form:
			http.Redirect(w, r, "/", http.StatusSeeOther)
		default:
			writeJSON(w, f)
		}
	})
	return loopback(http.NewCrossOriginProtection().Handler(mux))
}

// loopback refuses other hosts' names, so that no page can reach the switches by a name of its own that it
// has pointed at this machine.
func loopback(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "the switches are reached from this machine only", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func read(r *http.Request, form bool, now Faults) (Faults, error) {
	if !form {
		d := json.NewDecoder(r.Body)
		d.DisallowUnknownFields()
		if err := d.Decode(&now); err != nil {
			return now, fmt.Errorf("not the JSON of switches: %w", err)
		}
		return now, nil
	}
	var f Faults
	if err := f.SlowPayment.UnmarshalText([]byte(r.FormValue("slow_payment"))); err != nil {
		return f, err
	}
	if text := r.FormValue("upload_limit"); text != "" {
		limit, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return f, fmt.Errorf("upload_limit: %w", err)
		}
		f.UploadLimit = limit
	}
	f.FailingRegion, f.BrowserError = r.FormValue("failing_region"), r.FormValue("browser_error")
	f.BrokenRelease, f.RejectedCard = r.FormValue("broken_release") != "", r.FormValue("rejected_card") != ""
	return f, nil
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return // whoever asked is gone
	}
}

// Follow takes the switches of another process's Admin every second, until ctx ends: that is how services
// that run each for itself are broken together. While it cannot be reached, what was stays.
func Follow(ctx context.Context, s *Switches, address string) {
	client := &http.Client{Timeout: 2 * time.Second}
	for {
		if f, err := ask(ctx, client, address); err == nil {
			_ = s.Set(f) // Admin has checked it
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
	}
}

func ask(ctx context.Context, client *http.Client, address string) (f Faults, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/faults", nil)
	if err != nil {
		return f, fmt.Errorf("switches at %s: %w", address, err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return f, fmt.Errorf("switches at %s: %w", address, err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&f); err != nil {
		return f, fmt.Errorf("switches at %s: %w", address, err)
	}
	return f, nil
}

func writePage(w http.ResponseWriter, f Faults) {
	t := template.Must(template.New("").Parse(page))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	err := t.Execute(w, map[string]any{"F": f, "Regions": Regions(), "Slow": f.SlowPayment != 0})
	if err != nil {
		return // whoever asked is gone
	}
}

const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Break the shop</title><meta name="viewport" content="width=device-width">
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; color: #1d2433; background: #f6f7f9 }
form { background: #fff; border: 1px solid #d9dee7; border-radius: 12px; padding: 1rem 1.5rem }
label { display: grid; grid-template-columns: 11rem 1fr; gap: 1rem; align-items: center; padding: .6rem 0; border-bottom: 1px solid #eef0f4 }
label small { grid-column: 2; color: #566; margin-top: -.6rem }
input, select, button { font: inherit } input[type=checkbox] { width: 1.25rem; height: 1.25rem; justify-self: start }
button { margin: 1rem .5rem 0 0; padding: .5rem 1.25rem; border: 0; border-radius: 8px; background: #b3261e; color: #fff }
</style></head><body><main>
<h1>Break the shop</h1>
<form method="post" action="/faults">
<label>Slow payment <input name="slow_payment" value="{{if .Slow}}{{.F.SlowPayment.MarshalText | printf "%s"}}{{end}}" placeholder="6s"><small>The payment service takes so much longer.</small></label>
<label>Failing region <select name="failing_region"><option value="">none</option>{{range .Regions}}<option {{if eq . $.F.FailingRegion}}selected{{end}}>{{.}}</option>{{end}}</select><small>Carts and payments of its customers fail.</small></label>
<label>Broken release <input type="checkbox" name="broken_release" {{if .F.BrokenRelease}}checked{{end}}><small>Pages loaded from now on are release 1.5.0, in which nobody can pay.</small></label>
<label>Error on one browser <input name="browser_error" value="{{.F.BrowserError}}" placeholder="Firefox"><small>There, nothing can be put into the cart. A word of the user agent; takes hold of pages loaded from now on.</small></label>
<label>Cards declined <input type="checkbox" name="rejected_card" {{if .F.RejectedCard}}checked{{end}}><small>The bank says no to every card. Expected: nothing is broken, and Felt must not say so.</small></label>
<label>Upload limit, bytes <input name="upload_limit" inputmode="numeric" value="{{if .F.UploadLimit}}{{.F.UploadLimit}}{{end}}" placeholder="5242880"><small>Photos over it are refused.</small></label>
<button>Switch</button>
</form></main></body></html>
`
