package otlp

import "strings"

// action is what redaction does with the value of a key.
type action uint8

const (
	actKeep action = iota // masked like every text
	actDrop
	actURL  // a URL or a part of one that may lack a scheme: cut at ? and #
	actSQL  // literals replaced by ?
	actPeer // the other end's address: the customer's on a server span, else a server's
	actName // a span's name: cut like a URL when it is one
)

// personal are keys that are dropped: who the customer is, and where.
func personal(key string) bool {
	switch key {
	case "user.email", "user.name", "user.full_name", "user.username", "user.ip_address", "user.ip",
		"user.phone", "user.phone_number", "user.address",
		"usr.email", "usr.name", "enduser.name", "enduser.email", "account.name", "account.email",
		"email", "username", "pwd", "user_name", "user_email", "phone", "phone_number",
		"sentry.user.email", "sentry.user.username", "sentry.user.ip",
		"client.address", "client.ip", "client.socket.address", "client_ip", "http.client_ip", "source.address", "source.ip",
		"network.client.ip", "remote_addr", "url.query", "url.fragment",
		"user.login", "login", "enduser.username", "customer.name", "customer.email", "customer.phone",
		"first_name", "firstname", "last_name", "lastname", "full_name", "fullname",
		"address", "street", "postal_code", "zip", "msisdn", "ssn", "iban", "session.previous_id",
		"ip", "ip_address", "device.ip", "x-forwarded-for", "x_forwarded_for", "x-real-ip", "x_real_ip",
		"cookie", "cookies", "set-cookie", "set_cookie", "http.cookie", "http.cookies", "http.request.cookies", "baggage",
		"http.request.body", "http.response.body", "http.request.body.content", "http.response.body.content":
		return true
	}
	return false
}

// privateHeader are HTTP headers that carry a secret, a cookie or an address.
func privateHeader(name string) bool {
	switch name {
	case "cookie", "set-cookie", "cookie2", "set-cookie2", "forwarded", "x-forwarded-for", "x-real-ip",
		"true-client-ip", "cf-connecting-ip", "x-client-ip", "x-cluster-client-ip", "fastly-client-ip",
		"referer", "x-amz-security-token", "x-csrf", "from", "baggage", "x-user-id":
		return true
	}
	for _, part := range []string{"auth", "api-key", "apikey", "token", "secret", "session", "password", "credential", "signature"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// secret are keys whose name says that the value is not for others.
func secret(key string) bool {
	for _, part := range []string{"password", "passwd", "passphrase", "secret", "api_key", "apikey", "api-key", "credential", "private_key", "authorization", "credit_card", "card_number"} {
		if strings.Contains(key, part) {
			return true
		}
	}
	// Tokens are counted as often as they are secret (gen_ai.usage.input_tokens).
	at := strings.Index(key, "token")
	return at >= 0 && !strings.HasPrefix(key[at:], "tokens")
}

// actionFor is the built-in table, by key. Case and the two spellings of header
// attributes (dashes or underscores) make no difference.
func actionFor(key string) action {
	key = strings.ToLower(key)
	for _, prefix := range []string{"http.request.header.", "http.response.header.", "rpc.request.metadata.", "rpc.response.metadata.", "rpc.grpc.request.metadata.", "rpc.grpc.response.metadata."} {
		if name, ok := strings.CutPrefix(key, prefix); ok {
			if privateHeader(strings.ReplaceAll(name, "_", "-")) {
				return actDrop
			}
			return actKeep
		}
	}
	if personal(key) {
		return actDrop
	}
	switch key {
	case "url.full", "url.path", "url.original", "http.url", "http.target", "http.referer", "page.url", "view.url", "view.referrer", "location.href", "browser.url", "screen.url",
		"http.route", "url.template", "http.path", "http.uri", "http.request.url", "http.request.uri", "request.url", "request.uri", "request.path",
		"url", "uri", "page.path", "page.referrer", "document.referrer", "http.referrer", "referrer", "referer":
		return actURL
	case "db.statement", "db.query.text":
		return actSQL
	case "network.peer.address", "net.peer.ip", "net.sock.peer.addr", "net.peer.address":
		return actPeer
	}
	if strings.HasPrefix(key, "db.query.parameter.") || strings.HasPrefix(key, "db.operation.parameter.") {
		return actDrop
	}
	if secret(key) {
		return actDrop
	}
	return actKeep
}

// matches reports whether a key is named in a list of keys and prefixes ("app.*").
func matches(list []string, key string) bool {
	for _, want := range list {
		if prefix, ok := strings.CutSuffix(want, "*"); ok && strings.HasPrefix(key, prefix) || want == key {
			return true
		}
	}
	return false
}

// keyAction is actionFor with the operator's changes.
func (r Redaction) keyAction(key string) action {
	if matches(r.Drop, key) {
		return actDrop
	}
	a := actionFor(key)
	if (a == actDrop || a == actPeer) && matches(r.Allow, key) {
		return actKeep
	}
	return a
}
