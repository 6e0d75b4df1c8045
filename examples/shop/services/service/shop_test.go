package service_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/felt-cx/felt/examples/shop/services/fault"
	"github.com/felt-cx/felt/examples/shop/services/service"
)

func TestSomebodyBuys(t *testing.T) {
	c := open(t).customer(t)
	c.want(200, "POST", "/api/login", `{"email":"Ann@customers.example ","password":"tea"}`)
	found := decode[[]service.Product](t, c.want(200, "GET", "/api/search?q=tea%20pot", ""))
	if len(found) != 1 || found[0].SKU != "pot" {
		t.Fatalf("found %+v", found)
	}
	c.want(200, "POST", "/api/cart/items", `{"sku":"pot"}`)
	cart := decode[service.Cart](t, c.want(200, "POST", "/api/cart/items", `{"sku":"pot"}`))
	if cart.Cents != 10980 || len(cart.Items) != 1 || cart.Items[0].Quantity != 2 {
		t.Fatalf("cart %+v", cart)
	}
	c.want(200, "PUT", "/api/checkout/address", `{"address":"Tea Street 1"}`)
	c.want(404, "POST", "/api/checkout/coupon", `{"code":"nope"}`)
	if cart = decode[service.Cart](t, c.want(200, "POST", "/api/checkout/coupon", `{"code":"tea10"}`)); cart.Cents != 9882 {
		t.Fatalf("a tenth off 109.80 is %d", cart.Cents)
	}
	p := decode[service.Payment](t, c.want(201, "POST", "/api/checkout/pay", `{}`))
	if p.Order != cart.Order || p.Cents != cart.Cents {
		t.Fatalf("payment %+v is not for %+v", p, cart)
	}
	if page := c.want(200, "GET", p.Redirect, ""); !strings.Contains(page, "€ 98.82") {
		t.Errorf("the bank asks for something else: %s", page)
	}
	if p = c.bank(p, "action=pay&card=4242"); p.State != "approved" {
		t.Fatalf("state %s", p.State)
	}
	next := decode[service.Cart](t, c.want(200, "GET", "/api/cart", ""))
	if len(next.Items) != 0 || next.Order == cart.Order {
		t.Errorf("after it was paid the cart is %+v", next)
	}
}

func TestPaymentIsRefused(t *testing.T) {
	w := open(t)
	for _, test := range []struct {
		name, form, state string
		faults            fault.Faults
	}{
		{"by the card", "action=pay&card=4000 0000 0000 0002", "declined", fault.Faults{}},
		{"by the customer", "action=cancel", "cancelled", fault.Faults{}},
		{"by the switch", "action=pay&card=4242", "declined", fault.Faults{RejectedCard: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := w.switches.Set(test.faults); err != nil {
				t.Fatal(err)
			}
			c := w.customer(t)
			if p := c.bank(c.checkout(), test.form); p.State != test.state {
				t.Errorf("state %s, want %s", p.State, test.state)
			}
			if cart := decode[service.Cart](t, c.want(200, "GET", "/api/cart", "")); len(cart.Items) != 1 {
				t.Errorf("nothing was paid and the cart is %+v", cart)
			}
		})
	}
}

func TestSlowPayment(t *testing.T) {
	w := open(t)
	took := func() time.Duration {
		begun := time.Now()
		w.customer(t).checkout()
		return time.Since(begun)
	}
	if d := took(); d > 700*time.Millisecond {
		t.Fatalf("it takes %v while nothing is wrong", d)
	}
	if err := w.switches.Set(fault.Faults{SlowPayment: fault.Duration(time.Second)}); err != nil {
		t.Fatal(err)
	}
	if d := took(); d < time.Second {
		t.Errorf("slow by 1 s it takes %v", d)
	}
}

func TestFailingRegion(t *testing.T) {
	w := open(t)
	there, elsewhere := w.customer(t), w.customer(t)
	there.want(200, "POST", "/api/region", `{"region":"us-east"}`)
	p := there.checkout()
	if err := w.switches.Set(fault.Faults{FailingRegion: "us-east"}); err != nil {
		t.Fatal(err)
	}
	for path, body := range map[string]string{"/api/cart/items": `{"sku":"mug"}`, "/api/checkout/pay": `{}`} {
		if text := there.want(503, "POST", path, body); !strings.Contains(text, "region_down") {
			t.Errorf("%s: %s", path, text)
		}
	}
	there.want(200, "GET", "/api/search?q=mug", "")
	elsewhere.checkout()
	there.bank(p, "action=pay&card=1") // what was begun before goes on
}

func TestPage(t *testing.T) {
	w := open(t)
	c := w.customer(t)
	for path, status := range map[string]int{"/": 200, "/checkout/return?order=o": 200, "/api/nothing": 404, "/assets/shop.js": 200, "/assets/../accounts.go": 404, "/assets/shop.js.map": 503} {
		if got, _, _ := c.do("GET", path, ""); got != status && (got != http.StatusTemporaryRedirect && got != http.StatusMovedPermanently || status != 404) {
			t.Errorf("%s: %d, want %d", path, got, status)
		}
	}
	_, header, text := c.do("GET", "/", "", "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	timing := header.Get("Server-Timing")
	if !strings.HasPrefix(timing, `traceparent;desc="00-0af7651916cd43dd8448eb211c80319c-`) || !strings.HasSuffix(timing, `-01"`) {
		t.Errorf("Server-Timing: %s", timing)
	}
	policy := header.Get("Content-Security-Policy")
	for _, must := range []string{"default-src 'none'", "script-src 'self'", "connect-src 'self' http://127.0.0.1:4318", "require-trusted-types-for 'script'", "trusted-types 'none'"} {
		if !strings.Contains(policy, must) {
			t.Errorf("the policy lacks %s: %s", must, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(text, "<style") || strings.Contains(text, "onload") {
		t.Errorf("something is inline: %s\n%s", policy, text)
	}
	if !strings.Contains(text, "/assets/shop.js") || !strings.Contains(text, `1.4.0`) || !strings.Contains(text, "key-of-the-page") {
		t.Errorf("not the good release: %s", text)
	}
	if err := w.switches.Set(fault.Faults{BrokenRelease: true, BrowserError: "Firefox"}); err != nil {
		t.Fatal(err)
	}
	_, _, text = c.do("GET", "/", "")
	if !strings.Contains(text, "/assets/shop-broken.js") || !strings.Contains(text, "1.5.0") || !strings.Contains(text, "Firefox") {
		t.Errorf("not the broken release: %s", text)
	}
}

func TestSignUp(t *testing.T) {
	c := open(t).customer(t)
	form := `{"name":"Zoe","email":"zoe@x.example","password":"abcd","plan":"pro"}`
	made := decode[map[string]string](t, c.want(202, "POST", "/api/sign-up", form))
	c.want(401, "POST", "/api/login", `{"email":"zoe@x.example","password":"abcd"}`) // not confirmed
	token := strings.TrimPrefix(made["confirm"], "/confirm?token=")
	c.want(410, "POST", "/api/confirm", `{"token":"nonsense"}`)
	who := decode[struct{ User service.User }](t, c.want(200, "POST", "/api/confirm", fmt.Sprintf(`{"token":%q}`, token)))
	if who.User.ID == "" || who.User.ID != made["id"] || who.User.Plan != "pro" {
		t.Errorf("%+v, signed up as %v", who, made)
	}
	c.want(200, "POST", "/api/login", `{"email":"zoe@x.example","password":"abcd"}`)
	for _, bad := range []string{form, `{"email":"zoe","password":"abcd"}`, `{"email":"a@b","password":"a"}`} {
		c.want(422, "POST", "/api/sign-up", bad)
	}
	for _, bad := range []string{"", "{", `{"email":1}`} {
		c.want(400, "POST", "/api/sign-up", bad)
	}
	c.want(401, "POST", "/api/login", `{"email":"ann@customers.example","password":"coffee"}`)
}

func TestUpload(t *testing.T) {
	w := open(t)
	c := w.customer(t)
	c.want(202, "PUT", "/api/uploads/photo-1", strings.Repeat("x", 100<<10))
	c.want(413, "PUT", "/api/uploads/photo-2", strings.Repeat("x", service.PhotoLimit+1))
	if err := w.switches.Set(fault.Faults{UploadLimit: 64 << 10}); err != nil {
		t.Fatal(err)
	}
	if text := c.want(413, "PUT", "/api/uploads/photo-3", strings.Repeat("x", 100<<10)); !strings.Contains(text, "too_large") {
		t.Error(text)
	}
	scan := w.got.until(t, "the worker's scan", func(s span) bool { return s.service == "media-worker" && s.name == "scan process" })
	if scan.attributes["upload.id"] != "photo-1" {
		t.Errorf("scanned %v", scan.attributes)
	}
}

// What the browser says in its headers is on every span of every service that a request reaches.
func TestContextIsHandedOn(t *testing.T) {
	w := open(t)
	c := w.customer(t)
	c.want(200, "POST", "/api/cart/items", `{"sku":"mug"}`)
	const trace = "0af7651916cd43dd8448eb211c80319c"
	headers := []string{"traceparent", "00-" + trace + "-b7ad6b7169203331-01", "baggage", "felt.interaction.name=pay,felt.journey.name=checkout,secret=no"}
	c.want(200, "POST", "/api/cart/items", `{"sku":"tray"}`, headers...)
	p := decode[service.Payment](t, c.want(201, "POST", "/api/checkout/pay", `{}`, headers...))
	for _, at := range []struct{ service, name string }{
		{"gateway", "POST /api/checkout/pay"},
		{"gateway", "POST"},
		{"cart", "POST /carts/{id}/items"},
		{"catalogue", "GET /products/{sku}"},
		{"inventory", "POST /stock/{sku}/reservations"},
		{"payment", "POST /payments"},
	} {
		got := w.got.until(t, fmt.Sprint(at), func(s span) bool {
			return s.service == at.service && s.name == at.name && fmt.Sprintf("%x", s.trace) == trace
		})
		if got.attributes["felt.interaction.name"] != "pay" || got.attributes["felt.journey.name"] != "checkout" {
			t.Errorf("%v: %v", at, got.attributes)
		}
		if _, ok := got.attributes["secret"]; ok {
			t.Errorf("%v has what is not Felt's: %v", at, got.attributes)
		}
		if at.service == "payment" && got.attributes["felt.journey.instance.id"] != p.Order {
			t.Errorf("the payment is for %s, not %s", got.attributes["felt.journey.instance.id"], p.Order)
		}
	}
}

func TestOtherSitesActForNobody(t *testing.T) {
	c := open(t).customer(t)
	c.want(403, "POST", "/api/cart/items", `{"sku":"mug"}`, "Sec-Fetch-Site", "cross-site")
	c.want(403, "POST", "/api/logout", `{}`, "Origin", "https://evil.example")
}

// TestNamesAreNoPaths: what a browser names leads to nothing but that.
func TestNamesAreNoPaths(t *testing.T) {
	w := open(t)
	c := w.customer(t)
	other := w.Places.Cart + "/carts/other"
	c.want(200, "POST", other+"/items", `{"sku":"mug"}`)
	c.do("DELETE", "/api/cart/items/..%2f..%2fother", "")
	if cart := c.want(200, "GET", other, ""); !strings.Contains(cart, "mug") {
		t.Errorf("another customer's cart is %s", cart)
	}
	c.want(404, "GET", "/api/checkout/result?payment=..%2fpayments%2fx", "")
	c.want(202, "PUT", "/api/uploads/a%2fb", "photo")
}

func TestStart(t *testing.T) {
	w := open(t)
	taken := strings.TrimPrefix(w.Places.Shop, "http://")
	_, err := service.Start(t.Context(), service.Options{Services: []string{"cart", "gateway"}, Listen: map[string]string{"gateway": taken}, Switches: w.switches})
	if err == nil || !strings.Contains(err.Error(), "gateway") || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a port that is taken: %v", err)
	}
	if _, err = service.Start(t.Context(), service.Options{Services: []string{"carts"}, Switches: w.switches}); err == nil || !strings.Contains(err.Error(), "payment") {
		t.Errorf("a service that there is not: %v", err)
	}
	one, err := service.Start(t.Context(), service.Options{Services: []string{"cart"}, Places: w.Places, Switches: w.switches})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = one.Stop(t.Context()) }()
	c := w.customer(t)
	c.shop = one.Places.Cart
	c.want(200, "POST", "/carts/mine/items", `{"sku":"mug"}`) // one alone asks the others where they are
}

// TestLoginChangesTheCookie: who gave a customer a cookie, or saw it, before they logged in is not let in
// with them; what was in the cart stays.
func TestLoginChangesTheCookie(t *testing.T) {
	w := open(t)
	c := w.customer(t)
	c.want(200, "POST", "/api/cart/items", `{"sku":"mug"}`)
	shop, err := url.Parse(w.Places.Shop)
	if err != nil {
		t.Fatal(err)
	}
	thief := w.customer(t)
	thief.http.Jar.SetCookies(shop, c.http.Jar.Cookies(shop))
	c.want(200, "POST", "/api/login", `{"email":"ann@customers.example","password":"tea"}`)
	if me := c.want(200, "GET", "/api/me", ""); !strings.Contains(me, "u-1") {
		t.Errorf("who has logged in is %s", me)
	}
	if cart := c.want(200, "GET", "/api/cart", ""); !strings.Contains(cart, "mug") {
		t.Errorf("after the login the cart is %s", cart)
	}
	if me := thief.want(200, "GET", "/api/me", ""); strings.Contains(me, "u-1") {
		t.Errorf("the old cookie is %s", me)
	}
	if cart := thief.want(200, "GET", "/api/cart", ""); strings.Contains(cart, "mug") {
		t.Errorf("the old cookie's cart is %s", cart)
	}
}
