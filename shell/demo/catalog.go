package demo

import "time"

// App is the shop's service.namespace, which is the app in every question.
const App = "shop"

// environment is the shop's deployment.environment.name.
const environment = "production"

// The names of the interactions.
const (
	search      = "search"
	viewProduct = "view product"
	addToCart   = "add to cart"
	login       = "login"
	signUp      = "sign up"
	checkout    = "checkout"
	trackOrder  = "track order"
	webhook     = "deliver webhook"
)

// interaction is something that customers do in the shop.
type interaction struct {
	name     string
	route    string        // of the request that the browser makes
	typical  time.Duration // median
	fails    float64       // share of tries that fail on any day
	degraded float64       // share that gets there slowly
	services []string      // who works on it, each called by the one before
	peer     string        // what the last of them calls: a database, or somebody else's host
	leaves   bool          // a customer who gives up here leaves the shop
	money    bool          // it is worth something
}

// catalog is everything that can be done in the shop. All of it looks healthy on a day
// without a fault: about 0.7 % fail, 2 % are slow.
func catalog() map[string]*interaction {
	m := map[string]*interaction{}
	for _, i := range []*interaction{
		{name: search, route: "GET /api/search", typical: 180 * time.Millisecond, fails: .004, degraded: .02, services: []string{"gateway", "catalog"}, peer: "elasticsearch"},
		{name: viewProduct, route: "GET /api/products/{id}", typical: 240 * time.Millisecond, fails: .004, degraded: .02, services: []string{"gateway", "catalog"}, peer: "postgresql"},
		{name: addToCart, route: "POST /api/cart/items", typical: 150 * time.Millisecond, fails: .005, degraded: .015, services: []string{"gateway", "checkout"}, peer: "redis"},
		{name: login, route: "POST /api/session", typical: 320 * time.Millisecond, fails: .006, degraded: .02, services: []string{"gateway", "accounts"}, peer: "postgresql"},
		{name: signUp, route: "POST /api/accounts", typical: 450 * time.Millisecond, fails: .008, degraded: .02, services: []string{"gateway", "accounts"}, peer: "postgresql", leaves: true},
		{name: checkout, route: "POST /api/checkout", typical: 850 * time.Millisecond, fails: .007, degraded: .025, services: []string{"gateway", "checkout", "payments"}, peer: "api.cardworks.example", leaves: true, money: true},
		{name: trackOrder, route: "GET /api/orders/{id}", typical: 200 * time.Millisecond, fails: .005, degraded: .02, services: []string{"gateway", "checkout"}, peer: "postgresql"},
		{name: webhook, route: "POST /hooks", typical: 260 * time.Millisecond, fails: .008, services: []string{"events", "webhooks"}, peer: "hooks.merchant.example"},
	} {
		m[i.name] = i
	}
	return m
}

// weighted is one of several values with its share in percent.
type weighted struct {
	value string
	share int
}

// Where customers are, what they pay for, and what they hold in their hands.
func regions() []weighted { return []weighted{{faultRegion, 50}, {"us", 35}, {"apac", 15}} }
func plans() []weighted   { return []weighted{{"free", 60}, {"pro", 30}, {"business", 10}} }

// browser is one kind of browser.
type browser struct {
	platform, language, agent string
	mobile                    bool
	share                     int
}

func browsers() []browser {
	return []browser{
		{"Windows", "de-DE", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", false, 35},
		{"macOS", "en-US", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15", false, 20},
		{"Android", "fr-FR", "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36", true, 25},
		{"iOS", "en-GB", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1", true, 20},
	}
}

// The releases of the shop's page that are in use: some tabs are older than the newest.
func releases() []weighted { return []weighted{{"4.2.0", 80}, {"4.1.3", 20}} }
