package otlp_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

const (
	iPhone    = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
	headless  = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36"
	googlebot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
)

// TestAgents: what a user agent says becomes segments and traffic, where nothing else says it.
func TestAgents(t *testing.T) {
	const ua = "user_agent.original"
	type m = map[string]string
	phone := m{"device": "mobile", "browser": "Safari", "os": "iOS"}
	child := func(s ptrace.Span) { s.SetParentSpanID(pcommon.SpanID{9}) }
	for name, c := range map[string]struct {
		resource, span attributes
		change         func(ptrace.Span)
		sender         otlp.Sender
		want           m
		traffic        felt.Traffic
	}{
		"of the resource":                  {attributes{ua: iPhone}, nil, nil, otlp.Sender{}, phone, 0},
		"of the span":                      {nil, attributes{ua: iPhone}, nil, otlp.Sender{}, phone, 0},
		"its old name":                     {nil, attributes{"http.user_agent": iPhone}, nil, otlp.Sender{}, phone, 0},
		"of a service":                     {nil, attributes{ua: "Go-http-client/1.1"}, nil, otlp.Sender{}, m{}, 0},
		"of a page's request":              {attributes{"telemetry.sdk.language": "webjs"}, nil, nil, otlp.Sender{UserAgent: iPhone}, phone, 0},
		"of a page that is told by header": {nil, nil, nil, otlp.Sender{Page: true, UserAgent: iPhone}, phone, 0},
		"of a browser resource": {
			attributes{"browser.language": "de"},
			nil, nil,
			otlp.Sender{UserAgent: iPhone, Region: "DE"},
			m{"device": "mobile", "browser": "Safari", "os": "iOS", "region": "DE"},
			0,
		},
		"of a service's request":    {attributes{"telemetry.sdk.language": "go"}, nil, nil, otlp.Sender{UserAgent: iPhone, Region: "DE"}, m{}, 0},
		"the resource's goes first": {attributes{ua: iPhone}, nil, nil, otlp.Sender{Page: true, UserAgent: headless}, phone, 0},
		"a device that was sent": {
			attributes{ua: iPhone, "device.type": "kiosk"}, nil, nil, otlp.Sender{}, m{"device": "kiosk", "browser": "Safari", "os": "iOS"}, 0,
		},
		"a segment that was sent": {
			attributes{ua: iPhone},
			attributes{"felt.segment.browser": "own", "felt.segment.os": "mine"},
			nil,
			otlp.Sender{},
			m{"device": "mobile", "browser": "own", "os": "mine"},
			0,
		},
		"a segment of the resource, an agent of the span": {
			attributes{"felt.segment.device": "till"}, attributes{ua: iPhone}, nil, otlp.Sender{}, m{"device": "till", "browser": "Safari", "os": "iOS"}, 0,
		},
		"a name that was sent": {attributes{ua: iPhone, "user_agent.name": "App"}, nil, nil, otlp.Sender{}, m{"device": "mobile", "browser": "App", "os": "iOS"}, 0},
		"a crawler":            {attributes{ua: googlebot}, nil, nil, otlp.Sender{}, m{}, felt.TrafficBot},
		"a crawler's request":  {nil, attributes{ua: googlebot}, nil, otlp.Sender{}, m{}, felt.TrafficBot},
		"headless is a test":   {attributes{ua: headless}, nil, nil, otlp.Sender{}, m{"device": "desktop", "browser": "Chrome", "os": "Linux"}, felt.TrafficTest},
		"a test that says it is a customer": {
			attributes{ua: headless, "felt.traffic": "customer"}, nil, nil, otlp.Sender{}, m{"device": "desktop", "browser": "Chrome", "os": "Linux"}, 0,
		},
		"a span of a resource that says it is a customer": {
			attributes{"felt.traffic": "customer"}, attributes{ua: googlebot}, nil, otlp.Sender{}, m{}, 0,
		},
		"a robot that a service uses in a customer's trace": {
			nil, attributes{ua: headless}, child, otlp.Sender{}, m{"device": "desktop", "browser": "Chrome", "os": "Linux"}, 0,
		},
		"a region":           {attributes{"browser.language": "de"}, nil, nil, otlp.Sender{Region: " eu-west 1 "}, m{"region": "eu-west 1"}, 0},
		"an address":         {attributes{"browser.language": "de"}, nil, nil, otlp.Sender{Region: "192.0.2.1"}, m{}, 0},
		"an IPv6 address":    {attributes{"browser.language": "de"}, nil, nil, otlp.Sender{Region: "2001:db8::1"}, m{}, 0},
		"a list":             {attributes{"browser.language": "de"}, nil, nil, otlp.Sender{Region: "DE, FR"}, m{}, 0},
		"a number":           {attributes{"browser.language": "de"}, nil, nil, otlp.Sender{Region: "3221225985"}, m{}, 0},
		"an unknown country": {attributes{"browser.language": "de"}, nil, nil, otlp.Sender{Region: "XX"}, m{}, 0},
		"a region that was sent": {
			attributes{"browser.language": "de", "client.geo.country_iso_code": "FR"}, nil, nil, otlp.Sender{Region: "DE"}, m{"region": "FR"}, 0,
		},
		"a region's segment": {attributes{"browser.language": "de", "felt.segment.region": "home"}, nil, nil, otlp.Sender{Region: "DE"}, m{"region": "home"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var change []func(ptrace.Span)
			if c.change != nil {
				change = append(change, c.change)
			}
			p := testPacker()
			p.From(c.sender)
			rep, err := p.Traces(oneSpan(t, c.resource, c.span, change...), now)
			if err != nil || rep.Spans != 1 {
				t.Fatal(rep, err)
			}
			got := readAll(t, p.Take(nil))[0]
			if d := cmp.Diff(c.want, got.Segments); d != "" {
				t.Errorf("segments (-want +got):\n%s", d)
			}
			if got.Event.Traffic != c.traffic {
				t.Errorf("traffic %v, want %v", got.Event.Traffic, c.traffic)
			}
			for _, v := range []map[string]any{got.Resource, got.Attributes} {
				for key, text := range v {
					if s, ok := text.(string); ok && strings.Contains(s, "192.0.2") {
						t.Errorf("%s keeps %q", key, s)
					}
				}
			}
		})
	}
}

// TestAgentAttributes: the major version is an attribute of its own, and the sender's agent is not kept
// itself.
func TestAgentAttributes(t *testing.T) {
	p := testPacker()
	p.From(otlp.Sender{Page: true, UserAgent: iPhone})
	if _, err := p.Traces(oneSpan(t, attributes{"a": "b"}, nil), now); err != nil {
		t.Fatal(err)
	}
	// The same resource from another browser, and from none, in one block.
	p.From(otlp.Sender{Page: true, UserAgent: headless})
	for range 2 {
		if _, err := p.Traces(oneSpan(t, attributes{"a": "b"}, nil), now); err != nil {
			t.Fatal(err)
		}
	}
	list := readAll(t, p.Take(nil))
	want := []map[string]any{
		{"a": "b", "user_agent.name": "Safari", "user_agent.version": "17", "user_agent.os.name": "iOS", "felt.device.class": "mobile"},
		{
			"a": "b", "user_agent.name": "Chrome", "user_agent.version": "126", "user_agent.os.name": "Linux", "felt.device.class": "desktop",
			"user_agent.synthetic.type": "test",
		},
		{"a": "b"},
	}
	for i := range list {
		if d := cmp.Diff(want[i], list[i].Resource); d != "" {
			t.Errorf("request %d (-want +got):\n%s", i, d)
		}
	}
	p = testPacker(func(o *otlp.Options) { o.Redact.Drop = []string{"user_agent.*", "geo.*", "felt.device.class"} })
	p.From(otlp.Sender{Page: true, UserAgent: headless, Region: "DE"})
	if _, err := p.Traces(oneSpan(t, attributes{"a": "b", "user_agent.original": iPhone}, nil), now); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]any{"a": "b"}, readAll(t, p.Take(nil))[0].Resource); d != "" {
		t.Errorf("redacted (-want +got):\n%s", d)
	}
}

// TestApps: a sender speaks for its own apps and environments only.
func TestApps(t *testing.T) {
	shop := otlp.Sender{Apps: []string{"shop"}, Envs: []string{"production"}}
	for name, c := range map[string]struct {
		resource, event attributes
		ok              bool
	}{
		"its own":                           {attributes{"service.namespace": "shop", "service.name": "web"}, nil, true},
		"its own by service":                {attributes{"service.name": "shop"}, nil, true},
		"its own, said twice":               {attributes{"service.namespace": "shop", "deployment.environment.name": "production"}, nil, true},
		"none":                              {nil, nil, false},
		"another":                           {attributes{"service.namespace": "bank", "service.name": "shop"}, nil, false},
		"another environment":               {attributes{"service.namespace": "shop", "deployment.environment.name": "staging"}, nil, false},
		"another by an attribute":           {attributes{"service.namespace": "shop"}, attributes{"service.namespace": "bank"}, false},
		"another environment by one":        {attributes{"service.namespace": "shop"}, attributes{"deployment.environment": "staging"}, false},
		"another by a vendor's name for it": {attributes{"service.namespace": "shop"}, attributes{"app_name": "bank"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := testPacker()
			for signal, send := range map[string]func() (otlp.Report, error){
				"traces": func() (otlp.Report, error) { return p.Traces(oneSpan(t, c.resource, c.event), now) },
				"logs":   func() (otlp.Report, error) { return p.Logs(oneLog(t, c.resource, c.event), now) },
			} {
				p.From(shop)
				rep, err := send()
				if err != nil {
					t.Fatal(err)
				}
				got, rejected := rep.Spans+rep.Logs, rep.RejectedSpans+rep.RejectedLogs
				if c.ok != (got == 1) || c.ok == (rejected == 1) || c.ok != (rep.Denied == 0) || c.ok == strings.Contains(rep.Reason, "may not speak for") {
					t.Errorf("%s: %+v", signal, rep)
				}
				// Whoever comes next is not bound by it.
				if rep, err := send(); err != nil || rep.Spans+rep.Logs != 1 {
					t.Errorf("%s by another sender: %+v %v", signal, rep, err)
				}
			}
		})
	}
	p := testPacker()
	p.From(otlp.Sender{Apps: []string{}})
	if rep, err := p.Traces(oneSpan(t, attributes{"service.namespace": "shop"}, nil), now); err != nil || rep.Denied != 1 {
		t.Errorf("no app at all: %+v %v", rep, err)
	}
}

// TestAppsSaidTwice: a sender that is bound does not choose by which of two names it is bound and which
// one its rows get, and does not speak by a number. Each pair is a key and an AnyValue.
func TestAppsSaidTwice(t *testing.T) {
	const app, service, env = "service.namespace", "service.name", "deployment.environment.name"
	text := func(s string) string { return `{"stringValue":"` + s + `"}` }
	shop, bank, five := text("shop"), text("bank"), `{"intValue":"5"}`
	for name, c := range map[string]struct {
		resource []string
		ok       bool
	}{
		"the same twice":                 {[]string{app, shop, app, shop}, true},
		"another first":                  {[]string{app, bank, app, shop}, false},
		"another last":                   {[]string{app, shop, app, bank}, false},
		"another between":                {[]string{app, shop, app, bank, app, shop}, false},
		"none first":                     {[]string{app, text(""), app, shop}, false},
		"a number":                       {[]string{app, five, service, shop}, false},
		"a truth":                        {[]string{app, `{"boolValue":true}`, service, shop}, false},
		"another service first":          {[]string{service, bank, service, shop}, false},
		"a service that is a number":     {[]string{service, five, service, shop}, false},
		"a service of any name":          {[]string{app, shop, service, five}, true},
		"a vendor's name for it":         {[]string{"app_name", bank, service, shop}, true},
		"another environment first":      {[]string{app, shop, env, text("staging"), env, text("production")}, false},
		"another environment last":       {[]string{app, shop, env, text("production"), env, text("staging")}, false},
		"an environment by two names":    {[]string{app, shop, "deployment.environment", text("production"), env, text("production")}, true},
		"an environment that is none":    {[]string{app, shop, env, five}, false},
		"an environment, an older first": {[]string{app, shop, "deployment.environment", text("staging"), env, text("production")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var list []string
			for i := 0; i < len(c.resource); i += 2 {
				list = append(list, `{"key":"`+c.resource[i]+`","value":`+c.resource[i+1]+`}`)
			}
			body := strings.Replace(spanJSON(""), `"resource":{}`, `"resource":{"attributes":[`+strings.Join(list, ",")+`]}`, 1)
			p := testPacker()
			p.From(otlp.Sender{Apps: []string{"shop"}, Envs: []string{"production"}})
			rep, err := p.TracesJSON([]byte(body), now)
			if err != nil {
				t.Fatal(err)
			}
			if c.ok != (rep.Spans == 1) || c.ok != (rep.Denied == 0) {
				t.Errorf("%+v", rep)
			}
			for _, e := range readAll(t, p.Take(nil)) {
				if got := e.Fields[otlp.FieldNamespace]; got != "shop" && (got != "" || e.Fields[otlp.FieldService] != "shop") || e.Fields[otlp.FieldEnv] != "production" {
					t.Errorf("speaks as %v", e.Fields)
				}
			}
		})
	}
}

// TestLogState: a log record's weight is in an attribute, a span's own tracestate goes first.
func TestLogState(t *testing.T) {
	p := testPacker()
	weight := func(send func() (otlp.Report, error)) float64 {
		if rep, err := send(); err != nil || rep.Spans+rep.Logs != 1 {
			t.Fatal(rep, err)
		}
		return readAll(t, p.Take(nil))[0].Event.Weight
	}
	for state, want := range map[string]float64{
		"ot=th:c;rv:e0000000000000": 4, "ot=th:c;rv:10000000000000": 1, "": 1, "x": 1, "ot=th:8": 2,
	} {
		log := oneLog(t, nil, attributes{"felt.tracestate": state})
		if got := weight(func() (otlp.Report, error) { return p.Logs(log, now) }); got != want {
			t.Errorf("log with %q weighs %v, want %v", state, got, want)
		}
	}
	span := oneSpan(t, nil, attributes{"felt.tracestate": "ot=th:8"}, func(s ptrace.Span) { s.TraceState().FromRaw("ot=th:c") })
	if got := weight(func() (otlp.Report, error) { return p.Traces(span, now) }); got != 4 {
		t.Errorf("span weighs %v, want 4", got)
	}
}

// TestStarted: when a try began is moved with its record's time, whatever unit it is in.
func TestStarted(t *testing.T) {
	at := func(d felt.Instant) pcommon.Timestamp { return pcommon.Timestamp(now + d) }
	began := int64(now-20*felt.Second) / 1e6
	for name, c := range map[string]struct {
		started any
		sentAt  int64
		time    pcommon.Timestamp
		want    felt.Instant
	}{
		"as it is":                  {began, 0, at(0), -20 * felt.Second},
		"a double":                  {float64(began), 0, at(0), -20 * felt.Second},
		"a text":                    {"1759999980000", 0, at(0), -20 * felt.Second},
		"nanoseconds":               {began * 1e6, 0, at(0), -20 * felt.Second},
		"nonsense":                  {"soon", 0, at(0), -now},
		"negative":                  {int64(-5), 0, at(0), -now},
		"a clock an hour behind":    {began - 3_600_000, int64(now)/1e6 - 3_600_000, at(-felt.Hour), -20 * felt.Second},
		"a clock an hour ahead":     {began + 3_600_000, int64(now)/1e6 + 3_600_000, at(felt.Hour), -20 * felt.Second},
		"an hour ahead, in µs":      {began + 3_600_000, (int64(now)/1e6 + 3_600_000) * 1000, at(felt.Hour), -20 * felt.Second},
		"an hour ahead, unsent, in": {began + 3_600_000, 0, at(felt.Hour), -15 * felt.Second},
	} {
		t.Run(name, func(t *testing.T) {
			resource := attributes{}
			if c.sentAt != 0 {
				resource["felt.sent_at"] = c.sentAt
			}
			p := testPacker()
			body := oneLog(t, resource, attributes{"felt.interaction.started_ms": c.started}, func(l plog.LogRecord) { l.SetTimestamp(c.time) })
			if rep, err := p.Logs(body, now); err != nil || rep.Logs != 1 {
				t.Fatal(rep, err)
			}
			if got := readAll(t, p.Take(nil))[0].Event.Started; max(got-now-c.want, c.want-got+now) > felt.Second/500 {
				t.Errorf("began %v before its arrival, want %v", now-got, -c.want)
			}
		})
	}
}
