package otlp_test

import (
	"bytes"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"pgregory.net/rapid"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// gone marks an attribute that must not be kept at all.
const gone = "\x00gone"

func TestRedaction(t *testing.T) {
	for _, c := range []struct{ key, in, want string }{
		// Query strings and who is in a URL.
		{"url.full", "https://shop.example/pay?card=1#top", "https://shop.example/pay"},
		{"url.full", "https://bob:pw@shop.example/pay", "https://shop.example/pay"},
		{"url.full", "/relative?x=1", "/relative"},
		{"url.path", "/a;x?y", "/a;x"},
		{"http.url", "http://h/a?b", "http://h/a"},
		{"http.target", "/cart?session=1", "/cart"},
		{"url.query", "q=bob", gone},
		{"url.fragment", "access=1", gone},
		{"page.url", "https://h/#/account/7", "https://h/"},
		{"my.link", "see https://bob:pw@h/x?y=1 and http://h/z?w", "see https://h/x and http://h/z"},
		{"question", "what now? #1", "what now? #1"},
		// Headers.
		{"http.request.header.authorization", "Basic eA==", gone},
		{"http.request.header.Authorization", "Basic eA==", gone},
		{"http.request.header.cookie", "a=b", gone},
		{"http.response.header.set-cookie", "a=b", gone},
		{"http.response.header.set_cookie", "a=b", gone},
		{"http.request.header.x-api-key", "k", gone},
		{"http.request.header.x-forwarded-for", "10.0.0.1", gone},
		{"rpc.request.metadata.authorization", "k", gone},
		{"http.request.header.accept", "text/html", "text/html"},
		// Who and where.
		{"user.email", "x", gone},
		{"user.name", "x", gone},
		{"user.full_name", "x", gone},
		{"usr.name", "x", gone},
		{"client.address", "10.1.2.3", gone},
		{"source.address", "10.1.2.3", gone},
		{"enduser.role", "admin", "admin"},
		{"http.route", "/cart/{id}?session=1", "/cart/{id}"},
		{"request.uri", "/cart?x=1#y", "/cart"},
		{"uid", "x", "x"},
		{"server.address", "pay.example", "pay.example"},
		{"network.peer.address", "10.1.2.3", "10.1.2.3"}, // the span is not a server's
		// Secrets by name.
		{"db.password", "x", gone},
		{"API_KEY", "x", gone},
		{"aws.secret", "x", gone},
		{"auth.token", "x", gone},
		{"accessToken", "x", gone},
		{"credentials", "x", gone},
		{"gen_ai.usage.input_tokens", "12", "12"},
		// Queries.
		{"db.query.text", "SELECT * FROM t WHERE a = 'bob' AND b=12 AND c = $1", "SELECT * FROM t WHERE a = ? AND b=? AND c = $1"},
		{"db.statement", `select "name" from t1 where x in (1.5e-3, 0xFF, -7) -- bob`, `select "name" from t1 where x in (?, ?, -?) `},
		{"db.query.text", "insert into t values ('it''s', E'\\'bob', $$bob$$) /* bob */", "insert into t values (?, E?, ?) "},
		{"db.query.text", "SELECT 'bob", "SELECT ?"},
		{"db.query.text", "select 1 from u where e='a@b.co' and n='RAWSECRET4711' limit 5", "select ? from u where e=? and n=? limit ?"},
		{"db.query.text", "insert into t values ('a@b.co','X','c@d.co','X')", "insert into t values (?,?,?,?)"},
		{"db.query.text", "select a from bob@1a.example, :1b@x.org, x%40y.org--c@d.co SECRET", "select a from [email], :[email], [email]"},
		{"db.statement", "{'a@b.co': 'SECRET', c: bob@1a.example}", "{'[email]': ?, c: [email]}"},
		{"note", "e='a@b.co' and n='x'", "e='[email]' and n='x'"},
		{"db.statement", "SET user:1 bob", "SET ?"},
		{"db.statement", `{"find":"users","filter":{"name":"bob","age":12}}`, `{"find":?,"filter":{"name":?,"age":?}}`},
		{"db.query.parameter.0", "bob", gone},
		// Addresses and cards in any text.
		{"exception.message", "no account for bob@example.com.", "no account for [email]."},
		{"note", "bob.o'hara+x@mail.example.co.uk, eve@x.org", "[email], [email]"},
		{"note", `"bob smith"@example.com`, "[email]"},
		{"note", "mailto:bob%40example.com", "mailto:[email]"},
		{"note", "jörg@exämple.de", "[email]"},
		{"note", "lodash@4.17.21 and a@b", "lodash@4.17.21 and a@b"},
		{"note", "card 4111 1111 1111 1111!", "card [card]!"},
		{"note", "4111-1111-1111-1111", "[card]"},
		{"note", "4111111111111112", "4111111111111112"},       // wrong check digit
		{"note", "1760000000000000000", "1760000000000000000"}, // a time
		{"bob@example.com", "x", gone},
	} {
		ev := event(t, nil, attributes{c.key: c.in})
		got, kept := ev.Attributes[c.key]
		if !kept {
			got = gone
		}
		if got != c.want {
			t.Errorf("%s = %q became %q, want %q", c.key, c.in, got, c.want)
		}
	}
}

// TestPersonalKeys: in any case, as an attribute and inside a map.
func TestPersonalKeys(t *testing.T) {
	for _, key := range []string{
		"cookie", "cookies", "set-cookie", "http.cookie", "http.cookies", "http.request.cookies", "x-forwarded-for", "x-real-ip", "pwd",
		"user.login", "login", "customer.name", "customer.email", "customer.phone", "first_name", "firstName", "last_name", "lastName",
		"full_name", "fullName", "address", "street", "postal_code", "zip", "msisdn", "ssn", "iban", "ip", "ip_address", "device.ip",
		"enduser.username", "baggage", "http.request.header.baggage", "http.request.header.x-user-id", "http.request.header.x_user_id", "session.previous_id",
		"userId", "userid", "user-id", "customer.id", "customer_id", "customerId", "dd.usr.id", "ai.user.authUserId", "faro.user.id",
		"sessionId", "session-id", "account_id", "accountId", "account.id", "COOKIE", "X-Forwarded-For", "IP",
	} {
		_, list, recs := pack(t, testPacker(), oneSpan(t, nil, attributes{key: "raw4711", "map": map[string]any{key: "raw4711"}}))
		if len(list[0].Attributes) != 1 || bytes.Contains(recs[0].Data, []byte("raw4711")) {
			t.Errorf("%s was kept: %v", key, list[0].Attributes)
		}
	}
	for key, hash := range map[string]func(otlp.IDs) felt.Hash{
		"customerId": func(i otlp.IDs) felt.Hash { return i.User }, "faro.user.id": func(i otlp.IDs) felt.Hash { return i.User },
		"sessionId": func(i otlp.IDs) felt.Hash { return i.Session }, "account_id": func(i otlp.IDs) felt.Hash { return i.Account },
	} {
		if ev := event(t, nil, attributes{key: "u"}); hash(ev.Event.IDs).IsZero() {
			t.Errorf("%s is nobody", key)
		}
	}
}

func TestRedactionOfOtherPlaces(t *testing.T) {
	const bob = "bob@example.com"
	body := oneSpan(t, attributes{"host": bob}, attributes{
		"list": []any{bob, map[string]any{"password": "hunter2", "k": bob, bob: 1}}, "bytes": []byte(bob), bob: 1,
	}, func(s ptrace.Span) {
		s.SetName("GET /users/" + bob + "?q=hunter2")
		s.Status().SetMessage("no " + bob)
		s.TraceState().FromRaw("x=" + bob)
		e := s.Events().AppendEmpty()
		e.SetName(bob)
		e.Attributes().PutStr("exception.stacktrace", "at x\n  "+bob)
		e.Attributes().PutStr("password", "hunter2")
		l := s.Links().AppendEmpty()
		l.SetTraceID(pcommon.TraceID{1})
		l.Attributes().PutStr("x", bob)
		l.TraceState().FromRaw(bob)
	})
	_, list, recs := pack(t, testPacker(), body)
	for _, rec := range recs {
		for _, raw := range []string{bob, "hunter2", "bob@", "example.com"} {
			if bytes.Contains(rec.Data, []byte(raw)) {
				t.Errorf("%q is in the block", raw)
			}
		}
	}
	if list[0].Name != "GET /users/[email]" {
		t.Errorf("name %q", list[0].Name)
	}
	p := testPacker()
	logBody := oneLog(t, nil, nil, func(l plog.LogRecord) {
		l.Body().SetStr("mail to " + bob)
		l.SetSeverityText(bob)
		l.SetEventName(bob)
	})
	if _, err := p.Logs(logBody, now); err != nil {
		t.Fatal(err)
	}
	if data := p.Take(nil)[0].Data; bytes.Contains(data, []byte("bob@")) {
		t.Error("a log record kept the address")
	}
}

func TestPeerOfAServerIsTheCustomer(t *testing.T) {
	ev := event(t, nil, attributes{"network.peer.address": "10.1.2.3"}, func(s ptrace.Span) { s.SetKind(ptrace.SpanKindServer) })
	if len(ev.Attributes) != 0 {
		t.Errorf("kept %v", ev.Attributes)
	}
}

// TestRedactionIsCountedOnce: the resource goes into four partitions.
func TestRedactionIsCountedOnce(t *testing.T) {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("db.password", "x")
	ss := rs.ScopeSpans().AppendEmpty()
	for i := range byte(40) {
		s := ss.Spans().AppendEmpty()
		s.SetTraceID(pcommon.TraceID{1, i})
		s.SetSpanID(pcommon.SpanID{1, i})
		s.SetStartTimestamp(pcommon.Timestamp(now))
		s.SetEndTimestamp(pcommon.Timestamp(now))
	}
	rep, list, recs := pack(t, testPacker(), traces(t, td))
	if len(recs) != 4 || len(list) != 40 || rep.RedactedValues != 1 {
		t.Errorf("%d records, %d spans, %+v", len(recs), len(list), rep)
	}
}

func TestRedactionOptions(t *testing.T) {
	p := testPacker(func(o *otlp.Options) {
		o.Redact = otlp.Redaction{Drop: []string{"shop.*", "x"}, Allow: []string{"client.address", "user.id"}}
	})
	_, list, recs := pack(t, p, oneSpan(t, nil, attributes{"shop.a": "1", "x": "2", "xy": "3", "client.address": "10.0.0.1", "user.id": "bobby"}))
	if got := list[0].Attributes; len(got) != 2 || got["xy"] != "3" || got["client.address"] != "10.0.0.1" {
		t.Errorf("kept %v", got)
	}
	if bytes.Contains(recs[0].Data, []byte("bobby")) {
		t.Error("an identity was kept")
	}
}

// TestNoAddressComesOut: whatever is around it, and wherever it is cut.
func TestNoAddressComesOut(t *testing.T) {
	p := testPacker()
	rapid.Check(t, func(t *rapid.T) {
		address := rapid.StringMatching(`[a-z0-9][a-z0-9._+-]{0,20}[a-z0-9]`).Draw(t, "local") + "@" + rapid.StringMatching(`([a-z0-9][a-z0-9-]{0,8}\.){1,3}[a-z]{2,6}`).Draw(t, "domain")
		key := rapid.SampledFrom([]string{"a", "url.full", "db.query.text", "exception.message", "felt.interaction.reason", "felt.segment.x"}).Draw(t, "key")
		text := rapid.OneOf(rapid.StringMatching(`[ -~]{0,30}`), rapid.Map(rapid.IntRange(950, 1040), func(n int) string { return strings.Repeat("a ", n/2) })).Draw(t, "before") + rapid.SampledFrom([]string{" ", "<", ":", "\n", "(", "é "}).Draw(t, "gap") +
			address + rapid.SampledFrom([]string{"", " ", ">", "/", "\n", "\"", "?", ","}).Draw(t, "after") + rapid.OneOf(rapid.StringMatching(`[ -~]{0,30}`), rapid.Just(strings.Repeat(" x", 300))).Draw(t, "rest")
		td := ptrace.NewTraces()
		s := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		s.SetTraceID(pcommon.TraceID{1})
		s.SetSpanID(pcommon.SpanID{1})
		s.SetStartTimestamp(pcommon.Timestamp(now))
		s.SetEndTimestamp(pcommon.Timestamp(now))
		s.SetName(text)
		s.Attributes().PutStr(key, text)
		s.Attributes().PutEmptySlice("list").AppendEmpty().SetStr(text)
		m := ptrace.ProtoMarshaler{}
		body, err := m.MarshalTraces(td)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Traces(body, now); err != nil {
			t.Fatal(err)
		}
		for _, rec := range p.Take(nil) {
			if local, _, _ := strings.Cut(address, "@"); strings.Contains(string(rec.Data), local+"@") {
				t.Fatalf("%q came out of %q", address, text)
			}
		}
	})
}
