package simulate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/felt-cx/felt"
)

// The kinds of businesses.
const (
	kindShop    = "shop"
	kindHosting = "hosting"
	kindFleet   = "fleet"
)

// pageService is the service.name of what runs in browsers.
const pageService = "web"

// by tells how telemetry says what an operation is.
type by uint8

const (
	byBrowser by = iota // the page's span: felt.interaction.name, and the outcome
	bySpan              // a service's server span, which the inventory maps; the outcome is its status
	byWorker            // a consumer's span likewise, some time after the customer asked for it
	byLog               // a log record likewise, which says that it is done
)

// op is something that customers do, or that is done for them.
type op struct {
	id       uint16 // in the world
	app      string // service.namespace
	name     string // of the interaction
	by       by
	span     string       // name of the services' spans: method and route
	typical  felt.Instant // median of how long it takes
	limit    felt.Instant // what takes longer is degraded; 0: it is when the page says so, or never
	fails    float64      // share of tries that fail on any day
	slow     float64      // share that gets there slowly
	services []string     // who works on it, each called by the one before
	peer     string       // what the last of them calls
	value    int64        // in cents; 0: none
	leaves   bool         // a customer who gives up here leaves
	login    bool         // who succeeds is known from here on
	instance string       // attribute that holds the id of what the customer waits for
	attrs    []pair       // more attributes of the span that says how it ended
	broken   pair         // the attribute of one that failed; error.type when empty
	then     *op          // what is done for the customer afterwards
	after    felt.Instant // median of how long after
}

type pair struct{ key, value string }

// page tells whether a browser takes part.
func (o *op) page() bool { return o.by == byBrowser || o.by == bySpan }

// site is one business: its apps share customers.
type site struct {
	index    int
	kind     string
	apps     []string
	share    float64 // of all interactions
	people   uint32
	first    uint32 // number of the first of its customers
	accounts bool   // its customers belong to companies
	ops      []*op
	plan     func(r *rand.Rand, known bool, steps []*op) []*op // what a customer came to do
	nights   float64                                           // share of the midday traffic that comes at night
	weekends float64                                           // against a working day
	peak     float64                                           // hour of the day, UTC
	visits   float64                                           // a visit has so many interactions on average
	sigma    float64                                           // of the logarithm of how the failures of a minute wander
	mean     float64                                           // of the shape before it is scaled; 0 not known yet
}

// sitesOf builds who is in a scenario; its defaults must be filled in.
func sitesOf(s *Scenario) []*site {
	var sites []*site
	var sum float64
	for _, a := range s.Apps {
		sum += a.Share
	}
	for _, a := range s.Apps {
		share := a.Share / sum
		switch a.Kind {
		case kindShop:
			sites = append(sites, withPeople(shopSite(), share, s.Rate, a.Customers))
		case kindHosting:
			sites = append(sites, withPeople(hostingSite(), share, s.Rate, a.Customers))
		case kindFleet:
			sites = append(sites, fleetSites(a, share, s.Rate)...)
		}
	}
	var people uint32
	var id uint16
	for i, t := range sites {
		t.index, t.first = i, people
		people += t.people
		for _, o := range t.ops {
			o.id = id
			id++
		}
	}
	return sites
}

func withPeople(t *site, share, rate float64, people int) *site {
	const perRate, least = 50, 2000
	if people == 0 {
		people = max(least, int(perRate*rate*share))
	}
	t.share, t.people = share, uint32(people) //nolint:gosec // bounded by the schema
	return t
}

// fleetSites are apps of many kinds, the first the busiest, by Zipf's law.
func fleetSites(a AppConfig, share, rate float64) []*site {
	def(&a.Apps, 20)
	def(&a.Interactions, 20)
	def(&a.Skew, 1)
	weights, sum := make([]float64, a.Apps), 0.
	for i := range weights {
		weights[i] = math.Pow(float64(i+1), -a.Skew)
		sum += weights[i]
	}
	sites := make([]*site, a.Apps)
	for i := range sites {
		part := weights[i] / sum
		t := withPeople(genericSite(i, a.Interactions), share*part, rate, 0)
		if a.Customers > 0 {
			t.people = max(20, uint32(float64(a.Customers)*part))
		} else {
			t.people = max(200, uint32(50*rate*share*part*float64(1+i%3)))
		}
		sites[i] = t
	}
	return sites
}

// ms makes a length of time of milliseconds.
func ms(n int64) felt.Instant { return felt.Instant(n) * felt.Instant(time.Millisecond) }

// shopSite is a web shop: storefront, identity and media. Its names are those of
// examples/shop/inventory.yaml.
func shopSite() *site {
	const shop, identity, media = "shop", "identity", "media"
	receipt := &op{app: shop, name: "receipt", by: byLog, span: "receipt.sent", services: []string{"mailer"}}
	publish := &op{app: media, name: "publish", by: byLog, span: "photo.published", services: []string{"media-worker"}, instance: "upload.id"}
	scan := &op{app: media, name: "scan", by: byWorker, span: "scan process", typical: ms(4000), fails: .004, services: []string{"media-worker"}, peer: "clamav", instance: "upload.id", then: publish, after: 20 * felt.Second}
	search := &op{app: shop, name: "search", by: bySpan, span: "GET /search", typical: ms(180), limit: ms(800), fails: .004, slow: .02, services: []string{"search-api"}, peer: "opensearch"}
	cart := &op{app: shop, name: "cart", span: "POST /cart/items", typical: ms(170), fails: .004, slow: .015, services: []string{"checkout-api", "cart"}, peer: "redis"}
	address := &op{app: shop, name: "address", span: "POST /checkout/address", typical: ms(260), fails: .004, slow: .015, services: []string{"checkout-api"}, peer: "postgresql"}
	coupon := &op{app: shop, name: "coupon", by: bySpan, span: "POST /coupon", typical: ms(150), fails: .005, services: []string{"checkout-api"}, peer: "postgresql"}
	pay := &op{app: shop, name: "pay", span: "POST /checkout/pay", typical: ms(750), limit: ms(2000), fails: .006, slow: .02, services: []string{"checkout-api", "payment"}, peer: "api.cardworks.example", value: 6490, leaves: true, then: receipt, after: 25 * felt.Second}
	login := &op{app: identity, name: "login", span: "POST /login", typical: ms(320), limit: ms(1500), fails: .0003, slow: .015, services: []string{"auth"}, peer: "postgresql", login: true}
	form := &op{app: identity, name: "sign-up form", span: "POST /accounts", typical: ms(450), fails: .007, slow: .02, services: []string{"auth"}, peer: "postgresql", leaves: true}
	confirm := &op{app: identity, name: "confirm e-mail", by: bySpan, span: "GET /confirm", typical: ms(200), fails: .004, services: []string{"auth"}, peer: "postgresql", login: true}
	upload := &op{app: media, name: "upload", by: bySpan, span: "PUT /uploads/{id}", typical: ms(1800), fails: .007, services: []string{"media-api"}, peer: "s3", instance: "upload.id", then: scan, after: 6 * felt.Second}
	return &site{
		kind: kindShop, apps: []string{shop, identity, media}, nights: .22, weekends: 1.15, peak: 19,
		ops: []*op{search, cart, address, coupon, pay, receipt, login, form, confirm, upload, scan, publish},
		plan: func(r *rand.Rand, known bool, p []*op) []*op {
			maybe := func(share float64, o *op) bool {
				yes := r.Float64() < share
				if yes {
					p = append(p, o)
				}
				return yes
			}
			if known && maybe(.06, upload) {
				return p
			}
			maybe(1, search)
			maybe(.55, search)
			maybe(.3, search)
			if !maybe(.62, cart) {
				return p
			}
			if !known {
				if !maybe(.6, login) && maybe(.3, form) {
					maybe(.8, confirm)
				}
			}
			if maybe(.85, address) {
				maybe(.15, coupon)
				maybe(.92, pay)
			}
			return p
		},
	}
}

// hostingSite is a hosting platform, where much happens after the customer has left the
// page. Its names are those of examples/hosting/inventory.yaml.
func hostingSite() *site {
	const dns, panel, deploy, billing, support = "dns", "panel", "deploy", "billing", "support"
	const change, instance = "dns.change.id", "felt.journey.instance.id"
	propagate := &op{app: dns, name: "propagate", by: byLog, span: "dns.change.visible", services: []string{"dns-publisher"}, instance: change}
	publish := &op{app: dns, name: "publish", by: byWorker, span: "zone publish", typical: ms(2500), fails: .0002, services: []string{"dns-publisher"}, peer: "ns1.dns.example", instance: change, then: propagate, after: 40 * felt.Second}
	request := &op{app: dns, name: "request", by: bySpan, span: "PUT /zones/{zone}", typical: ms(350), fails: .0002, services: []string{"dns-api"}, peer: "postgresql", instance: change, then: publish, after: 8 * felt.Second}
	live := &op{app: deploy, name: "live check", by: byLog, span: "deployment.live", services: []string{"edge"}, instance: instance}
	rollOut := &op{app: deploy, name: "roll out", by: byWorker, span: "rollout", typical: ms(6000), fails: .004, services: []string{"edge"}, peer: "edge-agents", instance: instance, then: live, after: 10 * felt.Second, value: 120}
	build := &op{app: deploy, name: "build", by: byWorker, span: "build site", typical: ms(22000), fails: .006, services: []string{"builder"}, peer: "registry.example", instance: instance, broken: pair{"build.result", "infrastructure_error"}, then: rollOut, after: 3 * felt.Second}
	push := &op{app: deploy, name: "push", span: "POST /deployments", typical: ms(900), fails: .004, slow: .01, services: []string{"deploy-api"}, peer: "postgresql", instance: instance, then: build, after: 5 * felt.Second}
	signIn := &op{app: panel, name: "control panel login", by: bySpan, span: "POST /session", typical: ms(380), limit: ms(2000), fails: .0001, slow: .012, services: []string{"panel-auth"}, peer: "postgresql", login: true, leaves: true}
	servers := &op{app: panel, name: "customer portal", by: bySpan, span: "GET /servers", typical: ms(260), limit: ms(1000), fails: .004, slow: .02, services: []string{"panel-web"}, peer: "postgresql"}
	booked := &op{app: billing, name: "booked", by: byLog, span: "invoice.booked", services: []string{"billing-worker"}, attrs: []pair{{"invoice.amount", "119.00"}}}
	invoice := &op{app: billing, name: "open invoice", by: bySpan, span: "GET /invoices/{id}", typical: ms(240), fails: .003, services: []string{"billing-api"}, peer: "postgresql"}
	payInvoice := &op{app: billing, name: "pay invoice", by: bySpan, span: "POST /invoices/{id}/payment", typical: ms(1100), fails: .006, services: []string{"billing-api"}, peer: "api.bank.example", leaves: true, then: booked, after: 90 * felt.Second}
	answer := &op{app: support, name: "first answer", by: byLog, span: "ticket.answered", services: []string{"ticket-worker"}, instance: "ticket.id"}
	write := &op{app: support, name: "write", by: bySpan, span: "POST /tickets", typical: ms(420), fails: .004, services: []string{"ticket-api"}, peer: "postgresql", instance: "ticket.id", then: answer, after: 45 * felt.Minute}
	return &site{
		kind: kindHosting, apps: []string{panel, dns, deploy, billing, support}, accounts: true, nights: .18, weekends: .35, peak: 13,
		ops: []*op{signIn, servers, request, publish, propagate, push, build, rollOut, live, invoice, payInvoice, booked, write, answer},
		plan: func(r *rand.Rand, known bool, p []*op) []*op {
			if !known {
				p = append(p, signIn)
			}
			p = append(p, servers)
			switch dice := r.Float64(); {
			case dice < .30:
				p = append(p, push)
				if r.Float64() < .25 {
					p = append(p, push)
				}
			case dice < .55:
				p = append(p, request)
			case dice < .68:
				p = append(p, invoice)
				if r.Float64() < .7 {
					p = append(p, payInvoice)
				}
			case dice < .75:
				p = append(p, write)
			default:
				p = append(p, servers)
			}
			return p
		},
	}
}

// perJourney is how many steps a journey of a fleet's app has.
const perJourney = 5

// genericSite is one app of a fleet: some journeys of up to five steps each.
func genericSite(n, interactions int) *site {
	app := fmt.Sprintf("app-%03d", n+1)
	verbs := []string{"open", "find", "edit", "save", "send"}
	nouns := []string{"order", "booking", "report", "invoice", "contract", "ticket", "shipment", "profile", "quote", "claim"}
	peers := []string{"postgresql", "redis", "api.partner.example", "postgresql"}
	t := &site{
		kind: kindFleet, apps: []string{app}, accounts: n%2 == 0,
		nights: .15 + .1*float64(n%4), weekends: .3 + .3*float64(n%4), peak: 10 + float64(n*5%12),
	}
	journeys := make([][]*op, 0, interactions/perJourney+1)
	for i := range interactions {
		if i%perJourney == 0 {
			journeys = append(journeys, nil)
		}
		noun := nouns[(i/perJourney)%len(nouns)]
		if lap := i / perJourney / len(nouns); lap > 0 {
			noun = fmt.Sprintf("%s %d", noun, lap+1)
		}
		verb := verbs[i%perJourney]
		o := &op{
			app: app, name: verb + " " + noun, span: "POST /" + noun + "/" + verb,
			typical: ms(120 + int64((n*7+i*53)%600)), fails: .002 + .001*float64((n+i)%7), slow: .008 + .003*float64((n+3*i)%6),
			services: []string{app + "-api", app + "-core"}, peer: peers[(n+i)%len(peers)], login: i == 0 && n%2 == 1,
		}
		if (n+i)%3 == 0 {
			o.services = o.services[:1]
		}
		t.ops = append(t.ops, o)
		journeys[i/perJourney] = append(journeys[i/perJourney], o)
	}
	total := 0.
	for j := range journeys {
		total += 1 / float64(j+1)
	}
	t.plan = func(r *rand.Rand, _ bool, p []*op) []*op {
		dice, j := r.Float64()*total, 0
		for ; j+1 < len(journeys); j++ {
			if dice -= 1 / float64(j+1); dice < 0 {
				break
			}
		}
		for i, o := range journeys[j] {
			if i > 0 && r.Float64() < .12 {
				break
			}
			p = append(p, o)
		}
		return p
	}
	return t
}
