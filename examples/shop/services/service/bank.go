package service

import (
	"html/template"
	"net/http"
	"strings"
)

// Bank is another company: a page on which the customer agrees, or not. It knows nothing of Felt and tells
// nothing about customers; the shop learns what was decided by a call, and the customer is sent back.
//
//	POST /authorisations {"cents": 100, "decision": URL, "return": URL} -> {"page": URL}
//	GET  /authorise/{id}  the page
//	POST /authorise/{id}  card=... action=pay|cancel
func Bank(b *Base) http.Handler {
	s := &bank{b, b.Telemetry.Client(), keep[authorisation](10_000), template.Must(template.New("").Parse(bankPage))}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /authorisations", s.begin)
	mux.HandleFunc("GET /authorise/{id}", s.show)
	mux.HandleFunc("POST /authorise/{id}", s.decide)
	return mux
}

type bank struct {
	*Base
	client *http.Client
	all    *kept[authorisation]
	page   *template.Template
}

type authorisation struct {
	Cents            int
	Decision, Return string
}

func (s *bank) begin(w http.ResponseWriter, r *http.Request) {
	var a authorisation
	if !body(w, r, &a) {
		return
	}
	name := id("auth")
	s.all.update(name, func(authorisation, bool) authorisation { return a })
	answer(w, http.StatusCreated, map[string]string{"page": s.Places.Bank + "/authorise/" + name})
}

func (s *bank) show(w http.ResponseWriter, r *http.Request) {
	a, ok := s.all.get(r.PathValue("id"))
	if !ok {
		http.Error(w, "The bank knows no such payment.", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// A form's action may be followed by redirects; browsers hold those to form-action too.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' "+s.Places.Shop+"; base-uri 'none'; frame-ancestors 'none'")
	if err := s.page.Execute(w, map[string]any{"Euros": a.Cents / 100, "Cents": a.Cents % 100}); err != nil {
		return // the customer is gone
	}
}

// declinedCard is the end of the number of a card that is always declined.
const declinedCard = "0002"

func (s *bank) decide(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
	a, ok := s.all.get(r.PathValue("id"))
	if !ok {
		http.Error(w, "The bank knows no such payment.", http.StatusNotFound)
		return
	}
	state := "approved"
	switch {
	case r.FormValue("action") == "cancel":
		state = "cancelled"
	case s.Switches.Get().RejectedCard || strings.HasSuffix(r.FormValue("card"), declinedCard):
		state = "declined"
	}
	if err := call(r.Context(), s.client, http.MethodPost, a.Decision, nil, map[string]string{"state": state}, nil); err != nil {
		http.Error(w, "The shop cannot be reached. Nothing was paid.", http.StatusBadGateway)
		return
	}
	http.Redirect(w, r, a.Return, http.StatusSeeOther)
}

const bankPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Bank of Examples</title><meta name="viewport" content="width=device-width">
<style>
body { font: 17px/1.5 system-ui, sans-serif; background: #0f2a43; color: #e8eef5; display: grid; place-items: center; min-height: 100vh; margin: 0 }
main { background: #fff; color: #14212f; border-radius: 14px; padding: 2rem 2.25rem; width: min(24rem, 90vw) }
h1 { font-size: 1.2rem; margin: 0 } label { display: block; margin: 1rem 0 } input { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem }
button { font: inherit; padding: .55rem 1.2rem; border-radius: 8px; border: 1px solid #0f4c81; background: #0f4c81; color: #fff } button[value=cancel] { background: #fff; color: #0f4c81 }
</style></head><body><main>
<h1>Bank of Examples</h1>
<p>Felt &amp; Leaf asks for <strong>€ {{.Euros}}.{{printf "%02d" .Cents}}</strong>.</p>
<form method="post">
<label>Card number <input name="card" value="4242 4242 4242 4242" inputmode="numeric" autocomplete="off"></label>
<button name="action" value="pay">Pay</button> <button name="action" value="cancel">Cancel</button>
</form>
<p><small>A card that ends in 0002 is declined.</small></p>
</main></body></html>
`
