package spangen

// The shop that the traces are taken from: 5 services with 20 operations each,
// and the way a trace runs through them.

const (
	web = iota
	gateway
	checkout
	payment
	inventory
	services
)

// SpansPerTrace is the number of spans of every trace.
const SpansPerTrace = 20

type role int

const (
	roleBrowser  role = iota // the root
	roleServer               // answers an HTTP request
	roleClient               // makes one to another of our services
	roleExternal             // makes one to somebody else
	roleDatabase
	roleInternal
	roleProducer
)

// OTLP span kinds.
const (
	kindInternal = 1
	kindServer   = 2
	kindClient   = 3
	kindProducer = 4
)

func (r role) kind() uint64 {
	switch r {
	case roleServer:
		return kindServer
	case roleClient, roleExternal, roleDatabase:
		return kindClient
	case roleProducer:
		return kindProducer
	case roleBrowser, roleInternal:
		return kindInternal
	}
	return kindInternal
}

// node is one span of a trace: where it runs, under which span, when (in
// thousandths of the root's duration), which operations it may be, and whether
// a failed interaction's error passes through it.
type node struct {
	service    int
	parent     int
	role       role
	from, to   int64
	operations []string
	peer       int // for roleClient: the service that is called
	onFailure  bool
}

// path is the way of a trace. A parent stands before its children.
//
//nolint:gochecknoglobals // A table that is never written.
var path = [SpansPerTrace]node{
	{service: web, parent: -1, role: roleBrowser, from: 0, to: 1000, onFailure: true},
	{service: gateway, parent: 0, role: roleServer, from: 60, to: 940, operations: gatewayRoutes, onFailure: true},
	{service: gateway, parent: 1, role: roleClient, from: 90, to: 640, operations: gatewayToCheckout, peer: checkout, onFailure: true},
	{service: gateway, parent: 1, role: roleClient, from: 660, to: 860, operations: gatewayToInventory, peer: inventory},
	{service: gateway, parent: 1, role: roleInternal, from: 870, to: 930, operations: gatewayInternal},
	{service: checkout, parent: 2, role: roleServer, from: 100, to: 630, operations: checkoutRoutes, onFailure: true},
	{service: checkout, parent: 5, role: roleInternal, from: 105, to: 130, operations: checkoutInternal},
	{service: checkout, parent: 5, role: roleDatabase, from: 135, to: 180, operations: checkoutQueries},
	{service: checkout, parent: 5, role: roleClient, from: 190, to: 270, operations: checkoutToInventory, peer: inventory},
	{service: checkout, parent: 5, role: roleClient, from: 280, to: 570, operations: checkoutToPayment, peer: payment, onFailure: true},
	{service: checkout, parent: 5, role: roleDatabase, from: 580, to: 620, operations: checkoutQueries},
	{service: inventory, parent: 8, role: roleServer, from: 200, to: 262, operations: inventoryRoutes},
	{service: inventory, parent: 11, role: roleDatabase, from: 208, to: 255, operations: inventoryQueries},
	{service: payment, parent: 9, role: roleServer, from: 290, to: 562, operations: paymentRoutes, onFailure: true},
	{service: payment, parent: 13, role: roleInternal, from: 295, to: 330, operations: paymentInternal},
	{service: payment, parent: 13, role: roleExternal, from: 335, to: 500, operations: paymentProviders, onFailure: true},
	{service: payment, parent: 13, role: roleDatabase, from: 505, to: 535, operations: paymentQueries},
	{service: payment, parent: 13, role: roleProducer, from: 538, to: 555, operations: paymentTopics},
	{service: inventory, parent: 3, role: roleServer, from: 670, to: 850, operations: inventoryRoutes},
	{service: inventory, parent: 18, role: roleDatabase, from: 690, to: 840, operations: inventoryQueries},
}

// interactionNames are what customers try, with how often in a thousand.
//
//nolint:gochecknoglobals // A table that is never written.
var interactionNames = []struct {
	name, journey, screen string
	share                 int
}{
	{"search", "browse", "/search", 330},
	{"add to cart", "checkout", "/products/{sku}", 240},
	{"sign in", "account", "/account/sign-in", 160},
	{"place order", "checkout", "/checkout/review", 90},
	{"pay", "checkout", "/checkout/payment", 80},
	{"track order", "after-sales", "/orders/{id}", 60},
	{"apply voucher", "checkout", "/checkout/cart", 25},
	{"write review", "after-sales", "/products/{sku}/reviews", 15},
}

// The operations of the services, 20 of each.
//
//nolint:gochecknoglobals // A table that is never written.
var (
	// webRequests are the browser's spans that are nobody's interaction.
	webRequests = []string{
		"GET /api/v1/home", "GET /api/v1/categories/{id}", "GET /api/v1/products/{sku}", "GET /api/v1/recommendations",
		"GET /api/v1/cart", "GET /api/v1/profile", "GET /api/v1/orders", "GET /api/v1/notifications",
		"GET /api/v1/vouchers", "GET /api/v1/stores/nearby", "POST /api/v1/preferences", "POST /api/v1/consent",
	}
	gatewayRoutes = []string{
		"POST /api/v1/orders", "POST /api/v1/cart/{cart}/items", "GET /api/v1/products/{sku}", "GET /api/v1/search",
		"POST /api/v1/session", "GET /api/v1/orders/{id}", "POST /api/v1/cart/{cart}/voucher", "GET /api/v1/home",
	}
	gatewayToCheckout = []string{
		"POST /orders", "POST /carts/{cart}/items", "GET /carts/{cart}", "POST /carts/{cart}/voucher", "GET /orders/{id}",
	}
	gatewayToInventory = []string{
		"GET /products/{sku}", "GET /products/{sku}/availability", "POST /availability/query", "GET /categories/{id}/products",
	}
	gatewayInternal = []string{"render page", "assemble response", "resolve experiment"}

	checkoutRoutes = []string{
		"POST /orders", "POST /carts/{cart}/items", "GET /carts/{cart}", "POST /carts/{cart}/voucher", "GET /orders/{id}",
		"PUT /carts/{cart}/address",
	}
	checkoutToPayment   = []string{"POST /payments", "POST /payments/{id}/authorise", "GET /payments/{id}"}
	checkoutToInventory = []string{"POST /reservations", "GET /products/{sku}/availability", "DELETE /reservations/{id}"}
	checkoutQueries     = []string{
		"SELECT cart_items", "INSERT orders", "UPDATE carts", "SELECT vouchers", "INSERT order_lines",
	}
	checkoutInternal = []string{"price cart", "compute taxes", "validate address"}

	paymentRoutes = []string{
		"POST /payments", "POST /payments/{id}/authorise", "GET /payments/{id}", "POST /payments/{id}/capture",
		"POST /payments/{id}/refund",
	}
	paymentProviders = []string{"POST /v2/charges", "POST /v2/three-d-secure/challenges", "POST /v2/tokens"}
	paymentQueries   = []string{
		"INSERT payments", "UPDATE payments", "SELECT payment_methods", "INSERT ledger_entries", "SELECT risk_rules",
	}
	paymentInternal = []string{"assess fraud risk", "select provider", "encrypt card reference", "convert currency"}
	paymentTopics   = []string{"send payments.authorised", "send payments.captured", "send ledger.posted"}

	inventoryRoutes = []string{
		"GET /products/{sku}", "GET /products/{sku}/availability", "POST /availability/query", "POST /reservations",
		"DELETE /reservations/{id}", "GET /categories/{id}/products", "GET /warehouses/{id}/stock", "POST /stock/adjustments",
	}
	inventoryQueries = []string{
		"SELECT products", "SELECT stock_levels", "UPDATE stock_levels", "INSERT reservations", "DELETE reservations",
		"SELECT reservations", "SELECT warehouses", "SELECT categories", "SELECT product_prices", "SELECT product_media",
		"INSERT stock_movements", "SELECT suppliers",
	}
)

// queryText is what the database was asked, by the first word of the operation.
//
//nolint:gochecknoglobals // A table that is never written.
var queryText = map[string]string{
	"SELECT": " SELECT id, sku, quantity, unit_price_minor, currency, updated_at FROM %s WHERE tenant_id = $1 AND id = $2",
	"INSERT": " INSERT INTO %s (id, tenant_id, sku, quantity, unit_price_minor, currency) VALUES ($1, $2, $3, $4, $5, $6)",
	"UPDATE": " UPDATE %s SET quantity = $3, state = $4, updated_at = now() WHERE tenant_id = $1 AND id = $2",
	"DELETE": " DELETE FROM %s WHERE tenant_id = $1 AND id = $2 AND expires_at < now()",
}

// regions and plans are the segments of customers. A customer has one of each
// for good: customer number n belongs to class n mod len(regions)*len(plans).
//
//nolint:gochecknoglobals // A table that is never written.
var (
	regions = []string{"eu-central", "eu-west", "us-east", "us-west", "ap-south"}
	plans   = []string{"free", "pro", "business", "enterprise"}
)

const classes = 20

// backend describes the resource of a service's pods.
type backend struct {
	name, language, sdkVersion string
	versions                   []string
	host                       string
	function                   string
	file                       string
}

// backends is indexed by service; the browser's resources are in browsers.
//
//nolint:gochecknoglobals // A table that is never written.
var backends = [services]backend{
	gateway:   {"shop-gateway", "nodejs", "2.2.0", []string{"2026.10.3", "2026.10.4"}, "gateway.shop.svc", "Gateway.handleRequest", "src/controllers/gateway.ts"},
	checkout:  {"checkout", "java", "1.56.0", []string{"7.41.2"}, "checkout.shop.svc", "com.example.checkout.Orders.place", "OrderService.java"},
	payment:   {"payment", "go", "1.44.0", []string{"3.18.0", "3.18.1"}, "payment.shop.svc", "payment.(*Service).Authorise", "internal/payment/service.go"},
	inventory: {"inventory", "dotnet", "1.14.0", []string{"12.0.7"}, "inventory.shop.svc", "Shop.Inventory.StockService.QueryAsync", "Services/StockService.cs"},
}

// browser is a kind of browser that customers use.
type browser struct {
	platform, language, agent string
	mobile                    bool
}

//
//nolint:gochecknoglobals // A table that is never written.
var browsers = []browser{
	{"Windows", "en-US", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/152.0.0.0 Safari/537.36", false},
	{"macOS", "en-GB", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15", false},
	{"Android", "de-DE", "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/152.0.0.0 Mobile Safari/537.36", true},
	{"iOS", "fr-FR", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1", true},
	{"Windows", "pl-PL", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0", false},
	{"Linux", "en-US", "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0", false},
	{"Windows", "es-ES", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/151.0.0.0 Safari/537.36 Edg/151.0.0.0", false},
	{"Android", "hi-IN", "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36", true},
}
