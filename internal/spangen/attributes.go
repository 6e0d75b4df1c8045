package spangen

import (
	"fmt"
	"strings"
)

// AttributesPerSpan and AttributesPerResource are the same for all.
const (
	AttributesPerSpan     = 16
	AttributesPerResource = 11
)

const application = "shop"

func (b *waveBuilder) backendResource(a attrs, service int) {
	s := &backends[service]
	pod := b.rng.IntN(6)
	a.str("service.name", s.name)
	a.str("service.namespace", application)
	a.str("service.version", s.versions[pod%len(s.versions)])
	a.str("service.instance.id", fmt.Sprintf("%s-6c9f7d8b5-%05x", s.name, 0x2b7f1+pod*7919))
	a.str("deployment.environment.name", "production")
	a.str("k8s.namespace.name", application)
	a.str("k8s.pod.name", fmt.Sprintf("%s-6c9f7d8b5-%05x", s.name, 0x2b7f1+pod*7919))
	a.str("cloud.region", "eu-central-1")
	a.str("telemetry.sdk.name", "opentelemetry")
	a.str("telemetry.sdk.language", s.language)
	a.str("telemetry.sdk.version", s.sdkVersion)
}

func browserResource(a attrs, v browser) {
	a.str("service.name", "shop-web")
	a.str("service.namespace", application)
	a.str("service.version", "5.112.0")
	a.str("deployment.environment.name", "production")
	a.str("browser.platform", v.platform)
	a.str("browser.language", v.language)
	a.flag("browser.mobile", v.mobile)
	a.str("user_agent.original", v.agent)
	a.str("telemetry.sdk.name", "opentelemetry")
	a.str("telemetry.sdk.language", "webjs")
	a.str("telemetry.sdk.version", "2.12.0")
}

// attributes writes the 16 attributes of a span.
func (b *waveBuilder) attributes(w *writer, t *trace, n int) {
	a := attrs{w, spanAttributes}
	at := &path[n]
	switch at.role {
	case roleBrowser:
		if t.visit.interaction >= 0 {
			b.interaction(a, t)
		} else {
			b.browserFetch(a, t)
		}
	case roleServer:
		b.server(a, t, n)
	case roleClient, roleExternal:
		b.client(a, t, n)
	case roleDatabase:
		b.database(a, t, n)
	case roleInternal:
		b.internal(a, t, n)
	case roleProducer:
		b.producer(a, t, n)
	}
}

// userDigits is the width of a customer's number in user.id.
const userDigits = 10

// whoIs writes user.id and session.id, whose values a Stream fills in.
func (b *waveBuilder) whoIs(a attrs, t *trace) {
	const userPrefix = "cus_"
	user := a.str("user.id", userPrefix+strings.Repeat("0", userDigits)) + uint32(len(userPrefix))
	session := a.str("session.id", "00000000-0000-4000-8000-000000000000")
	a.w.whos = append(a.w.whos, who{user, session, int32(t.index)})
}

func (b *waveBuilder) interaction(a attrs, t *trace) {
	kind := &interactionNames[t.visit.interaction]
	a.str("felt.interaction.name", kind.name)
	a.str("felt.interaction.outcome", t.visit.outcome.String())
	reason := "completed"
	switch t.visit.outcome {
	case failed:
		reason = "upstream_timeout"
	case degraded:
		reason = "slow"
	case success:
	}
	a.str("felt.interaction.reason", reason)
	a.str("felt.journey.name", kind.journey)
	b.whoIs(a, t)
	a.str("felt.segment.region", regions[int(t.visit.class)%len(regions)])
	a.str("felt.segment.plan", plans[int(t.visit.class)/len(regions)])
	a.num("felt.interaction.value", 500+b.rng.IntN(30_000))
	a.str("url.path", t.fill(kind.screen))
	a.str("server.address", "shop.example.com")
	b.view(a)
	a.str("app.screen.id", kind.screen)
	a.str("feature_flag.result.variant", []string{"control", "one-page"}[b.rng.IntN(2)])
}

func (b *waveBuilder) browserFetch(a attrs, t *trace) {
	method, route, _ := strings.Cut(t.operations[0], " ")
	b.whoIs(a, t)
	a.str("http.request.method", method)
	a.str("url.full", "https://shop.example.com"+t.fill(route))
	a.str("url.template", route)
	a.num("http.response.status_code", b.status(t, 0))
	a.str("server.address", "shop.example.com")
	a.num("server.port", 443)
	a.str("network.protocol.name", "http")
	a.str("network.protocol.version", "2")
	a.num("http.response.body.size", 200+b.rng.IntN(60_000))
	b.view(a)
	a.str("app.screen.id", route)
	a.num("http.request.resend_count", 0)
}

// view writes what is known of the customer's window: 3 attributes.
func (b *waveBuilder) view(a attrs) {
	a.str("network.connection.type", []string{"wifi", "cell", "wired"}[b.rng.IntN(3)])
	a.num("app.viewport.width", []int{360, 390, 1280, 1440, 1920}[b.rng.IntN(5)])
	a.num("app.viewport.height", []int{640, 844, 720, 900, 1080}[b.rng.IntN(5)])
}

// fill puts ids into the places that a route holds open.
func (t *trace) fill(route string) string {
	if !strings.Contains(route, "{") {
		return route
	}
	id := fmt.Sprintf("%08x", t.object)
	return strings.NewReplacer("{id}", id, "{cart}", id, "{sku}", fmt.Sprintf("SKU-%06d", t.object%20_000)).Replace(route)
}

// status is the HTTP status of a span: what failed is a 504, and of the rest
// one in a hundred is not found.
func (b *waveBuilder) status(t *trace, n int) int {
	switch {
	case path[n].onFailure && t.visit.outcome == failed:
		return 504
	case b.rng.IntN(100) == 0:
		return 404
	case strings.HasPrefix(t.operations[n], "POST"):
		return 201
	}
	return 200
}

func (b *waveBuilder) server(a attrs, t *trace, n int) {
	s := &backends[path[n].service]
	method, route, _ := strings.Cut(t.operations[n], " ")
	a.str("http.request.method", method)
	a.str("http.route", route)
	a.str("url.path", t.fill(route))
	a.str("url.scheme", "https")
	a.num("http.response.status_code", b.status(t, n))
	a.str("server.address", s.host)
	a.num("server.port", 8443)
	a.str("client.address", address(t.client))
	a.str("user_agent.original", browsers[t.browser].agent)
	a.str("network.protocol.version", "1.1")
	a.str("network.peer.address", address(uint32(path[n].service)<<8|t.client&0xff))
	a.num("network.peer.port", 32768+b.rng.IntN(28_000))
	a.num("http.request.body.size", b.rng.IntN(4_000))
	a.num("http.response.body.size", 100+b.rng.IntN(40_000))
	if b.copiesBaggage(t, n) {
		a.str("felt.interaction.name", interactionNames[t.visit.interaction].name)
	} else {
		a.str("thread.name", fmt.Sprintf("http-exec-%d", b.rng.IntN(64)))
	}
	a.str("code.function.name", s.function)
}

// baggageNodes are the spans that carry the interaction's name as well, when
// baggage is asked for, in this order.
//
//nolint:gochecknoglobals // A table that is never written.
var baggageNodes = [...]int{1, 5, 13, 11}

func (b *waveBuilder) copiesBaggage(t *trace, n int) bool {
	if t.visit.interaction < 0 {
		return false
	}
	for _, node := range baggageNodes[:b.set.config.BaggageCopies] {
		if node == n {
			return true
		}
	}
	return false
}

func (b *waveBuilder) client(a attrs, t *trace, n int) {
	s := &backends[path[n].service]
	host, scheme, port := "api.payments.example.net", "https://", 443
	if path[n].role == roleClient {
		host, scheme, port = backends[path[n].peer].host, "https://", 8443
	}
	method, route, _ := strings.Cut(t.operations[n], " ")
	a.str("http.request.method", method)
	a.str("url.full", scheme+host+t.fill(route))
	a.str("url.template", route)
	a.num("http.response.status_code", b.status(t, n))
	a.str("server.address", host)
	a.num("server.port", port)
	a.str("network.protocol.name", "http")
	a.str("network.protocol.version", "1.1")
	a.str("network.transport", "tcp")
	a.str("network.peer.address", address(uint32(path[n].peer)<<8|t.object&0xff))
	a.num("network.peer.port", port)
	a.num("http.request.body.size", b.rng.IntN(4_000))
	a.num("http.response.body.size", 100+b.rng.IntN(40_000))
	a.num("http.request.resend_count", 0)
	a.str("thread.name", fmt.Sprintf("http-client-%d", b.rng.IntN(64)))
	a.str("code.function.name", s.function)
}

func (b *waveBuilder) database(a attrs, t *trace, n int) {
	s := &backends[path[n].service]
	verb, table, _ := strings.Cut(t.operations[n], " ")
	a.str("db.system.name", "postgresql")
	a.str("db.namespace", s.name+"|public")
	a.str("db.collection.name", table)
	a.str("db.operation.name", verb)
	a.str("db.query.summary", t.operations[n])
	a.str("db.query.text", verb+strings.Replace(queryText[verb], "%s", table, 1))
	a.num("db.response.returned_rows", b.rng.IntN(60))
	a.str("db.client.connection.pool.name", s.name+"-primary")
	a.str("server.address", s.name+"-db.shop.svc")
	a.num("server.port", 5432)
	a.str("network.transport", "tcp")
	a.str("network.peer.address", address(uint32(0x4000+path[n].service)))
	a.num("network.peer.port", 5432)
	a.num("thread.id", 20+b.rng.IntN(200))
	a.str("thread.name", fmt.Sprintf("db-worker-%d", b.rng.IntN(64)))
	a.str("code.function.name", s.function)
}

func (b *waveBuilder) internal(a attrs, t *trace, n int) {
	s := &backends[path[n].service]
	a.str("code.function.name", s.function)
	a.str("code.file.path", s.file)
	a.num("code.line.number", 40+b.rng.IntN(600))
	a.num("thread.id", 20+b.rng.IntN(200))
	a.str("thread.name", fmt.Sprintf("worker-%d", b.rng.IntN(64)))
	a.str("feature_flag.key", "checkout-one-page")
	a.str("feature_flag.provider.name", "flagd")
	a.str("feature_flag.result.variant", []string{"control", "one-page"}[b.rng.IntN(2)])
	a.str("shop.cart.id", fmt.Sprintf("cart-%08x", t.object))
	a.num("shop.cart.items", 1+b.rng.IntN(12))
	a.float("shop.cart.weight", float64(b.rng.IntN(20_000))/1000)
	a.str("shop.currency", []string{"EUR", "USD", "GBP", "INR"}[b.rng.IntN(4)])
	a.flag("shop.cache.hit", b.rng.IntN(10) < 8)
	a.str("shop.cache.key", fmt.Sprintf("cart:v3:%08x", t.object))
	a.str("shop.experiment.name", "2026-q4-express-checkout")
	a.str("shop.tenant.id", "tenant-0042")
}

func (b *waveBuilder) producer(a attrs, t *trace, n int) {
	s := &backends[path[n].service]
	_, topic, _ := strings.Cut(t.operations[n], " ")
	a.str("messaging.system", "kafka")
	a.str("messaging.operation.name", "send")
	a.str("messaging.operation.type", "send")
	a.str("messaging.destination.name", topic)
	a.str("messaging.destination.partition.id", fmt.Sprint(b.rng.IntN(24)))
	a.str("messaging.kafka.message.key", fmt.Sprintf("payment-%08x", t.object))
	a.num("messaging.kafka.offset", 1_000_000_000+b.rng.IntN(1_000_000))
	a.num("messaging.message.body.size", 200+b.rng.IntN(2_000))
	a.str("messaging.client.id", s.name+"-producer-1")
	a.num("messaging.batch.message_count", 1)
	a.str("server.address", "kafka.shop.svc")
	a.num("server.port", 9092)
	a.str("network.transport", "tcp")
	a.num("thread.id", 20+b.rng.IntN(200))
	a.str("thread.name", fmt.Sprintf("kafka-producer-%d", b.rng.IntN(8)))
	a.str("code.function.name", s.function)
}
