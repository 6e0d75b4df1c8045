package service

import (
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// Payment is one try to pay an order. State is open, approved, declined or cancelled.
type Payment struct {
	ID    string `json:"id"`
	Order string `json:"order"`
	Cents int    `json:"cents"`
	State string `json:"state"`
	// Redirect is the bank's page, for the customer.
	Redirect string `json:"redirect"`
}

// Payments asks the bank for money.
//
//	POST /payments {"order": "...", "cents": 100}  begins one
//	GET  /payments/{id}
//	POST /payments/{id}/decision {"state": "approved"}  the bank's word
func Payments(b *Base) http.Handler {
	s := &payments{b, b.Telemetry.Client(), keep[Payment](10_000)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /payments", s.begin)
	mux.HandleFunc("POST /payments/{id}/decision", s.decide)
	mux.HandleFunc("GET /payments/{id}", func(w http.ResponseWriter, r *http.Request) {
		if p, ok := s.all.get(r.PathValue("id")); ok {
			answer(w, http.StatusOK, p)
			return
		}
		fail(w, http.StatusNotFound, "no_such_payment")
	})
	return mux
}

type payments struct {
	*Base
	client *http.Client
	all    *kept[Payment]
}

func (s *payments) begin(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Order string
		Cents int
	}
	if !body(w, r, &in) || s.regionDown(w, r) {
		return
	}
	if in.Order == "" || in.Cents <= 0 {
		fail(w, http.StatusUnprocessableEntity, "nothing_to_pay")
		return
	}
	wait(r.Context(), time.Duration(s.Switches.Get().SlowPayment))
	p := Payment{ID: id("payment"), Order: in.Order, Cents: in.Cents, State: "open"}
	// Which order a span is about is what ties the back end to a try that a redirect has cut in two.
	trace.SpanFromContext(r.Context()).SetAttributes(attribute.String("felt.journey.instance.id", p.Order))
	var bank struct{ Page string }
	err := call(r.Context(), s.client, http.MethodPost, s.Places.Bank+"/authorisations", nil, map[string]any{
		"cents":    p.Cents,
		"decision": fmt.Sprintf("%s/payments/%s/decision", s.Places.Payment, p.ID),
		"return":   fmt.Sprintf("%s/checkout/return?payment=%s&order=%s", s.Places.Shop, p.ID, p.Order),
	}, &bank)
	p.Redirect = bank.Page
	s.all.update(p.ID, func(Payment, bool) Payment { return p })
	pass(w, err, http.StatusCreated, p)
}

func (s *payments) decide(w http.ResponseWriter, r *http.Request) {
	var in struct{ State string }
	if !body(w, r, &in) {
		return
	}
	if _, ok := s.all.get(r.PathValue("id")); !ok {
		fail(w, http.StatusNotFound, "no_such_payment")
		return
	}
	p := s.all.update(r.PathValue("id"), func(p Payment, _ bool) Payment { p.State = in.State; return p })
	trace.SpanFromContext(r.Context()).SetAttributes(attribute.String("felt.journey.instance.id", p.Order), attribute.String("payment.state", p.State))
	answer(w, http.StatusOK, p)
}
