package service

import (
	"net/http"
	"strings"
)

// Product is something to buy. Cents are euro cents.
type Product struct {
	SKU   string `json:"sku"`
	Name  string `json:"name"`
	About string `json:"about"`
	Cents int    `json:"cents"`
}

// products is what the shop has.
func products() []Product {
	return []Product{
		{"kettle", "Copper kettle", "Boils a litre in four minutes.", 6490},
		{"mug", "Stoneware mug", "Thrown by hand, no two alike.", 1890},
		{"pot", "Tea pot", "Cast iron, with a steel sieve.", 5490},
		{"sencha", "Sencha, 100 g", "Steamed green tea from Uji.", 1290},
		{"assam", "Assam, 250 g", "Strong and malty, second flush.", 1490},
		{"oolong", "Oolong, 75 g", "Half way between green and black.", 1790},
		{"honey", "Heather honey", "From one valley, one summer.", 990},
		{"tray", "Oak tray", "Oiled, with room for four cups.", 3990},
		{"spoon", "Measuring spoon", "Three grams, every time.", 790},
		{"towel", "Linen towel", "Dries glass without lint.", 1190},
	}
}

// Catalogue knows what there is.
//
//	GET /products?q=WORD
//	GET /products/{sku}
func Catalogue(*Base) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /products", func(w http.ResponseWriter, r *http.Request) {
		q := strings.ToLower(strings.TrimSpace(r.FormValue("q")))
		found := []Product{}
		for _, p := range products() {
			if strings.Contains(strings.ToLower(p.Name+" "+p.About), q) {
				found = append(found, p)
			}
		}
		answer(w, http.StatusOK, found)
	})
	mux.HandleFunc("GET /products/{sku}", func(w http.ResponseWriter, r *http.Request) {
		for _, p := range products() {
			if p.SKU == r.PathValue("sku") {
				answer(w, http.StatusOK, p)
				return
			}
		}
		fail(w, http.StatusNotFound, "no_such_product")
	})
	return mux
}

// Inventory knows how many there are. A reservation is never given back: the van comes every hour.
//
//	POST /stock/{sku}/reservations {"quantity": 1}
func Inventory(*Base) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /stock/{sku}/reservations", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Quantity int }
		if !body(w, r, &in) {
			return
		}
		const most = 20
		if in.Quantity < 1 || in.Quantity > most {
			fail(w, http.StatusConflict, "not_so_many")
			return
		}
		answer(w, http.StatusCreated, map[string]any{"sku": r.PathValue("sku"), "reserved": in.Quantity})
	})
	return mux
}
