package service

import (
	"net/http"
	"slices"
	"strings"
)

// Item is so many of a product.
type Item struct {
	Product
	Quantity int `json:"quantity"`
}

// Cart is what a customer is about to buy. Order is what it will be called once paid: the key that ties
// the tries to pay together, over the bank's page and back.
type Cart struct {
	Order   string `json:"order"`
	Items   []Item `json:"items"`
	Address string `json:"address,omitempty"`
	Coupon  string `json:"coupon,omitempty"`
	// Cents is what is to be paid, the coupon taken off.
	Cents int `json:"cents"`
}

// total puts the sum right.
func (c Cart) total() Cart {
	c.Cents = 0
	for _, it := range c.Items {
		c.Cents += it.Cents * it.Quantity
	}
	if c.Coupon != "" {
		c.Cents -= c.Cents / 10
	}
	return c
}

// coupons that are good: a tenth off.
func coupons() []string { return []string{"TEA10", "WELCOME"} }

// Carts keeps carts.
//
//	GET    /carts/{id}
//	POST   /carts/{id}/items {"sku": "mug"}
//	DELETE /carts/{id}/items/{sku}
//	PUT    /carts/{id}/address {"address": "..."}
//	POST   /carts/{id}/coupon {"code": "TEA10"}
//	DELETE /carts/{id}
func Carts(b *Base) http.Handler {
	s := &cartService{b, b.Telemetry.Client(), keep[Cart](10_000)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /carts/{id}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, s.change(r, func(c Cart) Cart { return c }))
	})
	mux.HandleFunc("DELETE /carts/{id}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, s.change(r, func(Cart) Cart { return emptyCart() }))
	})
	mux.HandleFunc("POST /carts/{id}/items", s.add)
	mux.HandleFunc("DELETE /carts/{id}/items/{sku}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, s.change(r, func(c Cart) Cart {
			c.Items = slices.DeleteFunc(slices.Clone(c.Items), func(it Item) bool { return it.SKU == r.PathValue("sku") })
			return c
		}))
	})
	mux.HandleFunc("PUT /carts/{id}/address", s.address)
	mux.HandleFunc("POST /carts/{id}/coupon", s.coupon)
	return mux
}

type cartService struct {
	*Base
	client *http.Client
	carts  *kept[Cart]
}

func emptyCart() Cart { return Cart{Order: id("order"), Items: []Item{}} }

func (s *cartService) change(r *http.Request, f func(Cart) Cart) Cart {
	return s.carts.update(r.PathValue("id"), func(c Cart, was bool) Cart {
		if !was {
			c = emptyCart()
		}
		return f(c).total()
	})
}

func (s *cartService) add(w http.ResponseWriter, r *http.Request) {
	var in struct{ SKU string }
	if !body(w, r, &in) || s.regionDown(w, r) {
		return
	}
	var p Product
	err := call(r.Context(), s.client, http.MethodGet, s.Places.Catalogue+"/products/"+in.SKU, r.Header, nil, &p)
	if err == nil {
		err = call(r.Context(), s.client, http.MethodPost, s.Places.Inventory+"/stock/"+in.SKU+"/reservations", r.Header, map[string]int{"quantity": 1}, nil)
	}
	if err != nil {
		pass(w, err, 0, nil)
		return
	}
	answer(w, http.StatusOK, s.change(r, func(c Cart) Cart {
		c.Items = slices.Clone(c.Items)
		if i := slices.IndexFunc(c.Items, func(it Item) bool { return it.SKU == p.SKU }); i >= 0 {
			c.Items[i].Quantity++
			return c
		}
		c.Items = append(c.Items, Item{p, 1})
		return c
	}))
}

func (s *cartService) address(w http.ResponseWriter, r *http.Request) {
	var in struct{ Address string }
	switch {
	case !body(w, r, &in) || s.regionDown(w, r):
	case strings.TrimSpace(in.Address) == "":
		fail(w, http.StatusUnprocessableEntity, "no_address")
	default:
		answer(w, http.StatusOK, s.change(r, func(c Cart) Cart { c.Address = in.Address; return c }))
	}
}

func (s *cartService) coupon(w http.ResponseWriter, r *http.Request) {
	var in struct{ Code string }
	switch code := ""; {
	case !body(w, r, &in):
	case !slices.Contains(coupons(), strings.ToUpper(strings.TrimSpace(in.Code))):
		fail(w, http.StatusNotFound, "no_such_coupon")
	default:
		code = strings.ToUpper(strings.TrimSpace(in.Code))
		answer(w, http.StatusOK, s.change(r, func(c Cart) Cart { c.Coupon = code; return c }))
	}
}
