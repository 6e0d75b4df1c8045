package notify

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// target is a sink whose secrets have been read.
type target struct {
	sink rules.Sink
	url  *url.URL
	keys [][]byte // to sign with: the first is the newest
	link string   // address of Felt's pages; "" none
	hide []string // what nobody must see
}

// maxSecret bounds what is read of a secret's file.
const maxSecret = 16 << 10

// resolve reads what the inventory says of a sink's address and key.
func (s *Sender) resolve(sink rules.Sink) (*target, error) {
	address, err := s.secret(sink.URL)
	if err != nil {
		return nil, fmt.Errorf("%w: url: %w", errConfig, err)
	}
	u, err := url.Parse(address)
	if err != nil { // the error would quote it
		return nil, fmt.Errorf("%w: url: what %s says is no address", errConfig, sink.URL)
	}
	t := &target{sink: sink, url: u, link: strings.TrimRight(cmp.Or(sink.Link, s.opts.PublicURL), "/"), hide: hidden(address, u)}
	if err := checkURL(sink, u); err != nil {
		return nil, err
	}
	if sink.Secret.Given() {
		text, err := s.secret(sink.Secret)
		if err != nil {
			return nil, fmt.Errorf("%w: secret: %w", errConfig, err)
		}
		for _, word := range strings.Fields(text) {
			key, err := signingKey(word)
			if err != nil {
				return nil, fmt.Errorf("%w: secret: %w", errConfig, err)
			}
			t.keys, t.hide = append(t.keys, key), append(t.hide, word)
		}
	}
	// The longest first: a part of it must not be hidden alone.
	slices.SortFunc(t.hide, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return t, nil
}

// secret reads where it is. Errors name the place, never the text.
func (s *Sender) secret(from rules.Secret) (string, error) {
	var text string
	switch {
	case from.Env != "":
		v, ok := s.opts.Env(from.Env)
		if !ok {
			return "", fmt.Errorf("%s is not set", from)
		}
		text = v
	case from.File != "":
		b, err := s.opts.ReadFile(from.File)
		if err != nil {
			return "", err // it names the file
		}
		if len(b) > maxSecret {
			return "", fmt.Errorf("%s has %d bytes; want at most %d", from, len(b), maxSecret)
		}
		text = string(b)
	default:
		text = from.Text
	}
	if text = strings.TrimSpace(text); text == "" {
		return "", fmt.Errorf("%s is empty", from)
	}
	return text, nil
}

// checkURL says what is wrong with an address, and nothing of what stands in it but its scheme.
func checkURL(sink rules.Sink, u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return fmt.Errorf("%w: url: what %s says is not an address that begins with https:// or http://", errConfig, sink.URL)
	case sink.Kind == rules.SinkSlack && u.Scheme != "https" && !loopback(u.Hostname()):
		return fmt.Errorf("%w: url: %s has an address without TLS; that of a Slack webhook is a secret and begins with https://", errConfig, sink.URL)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// hidden are the parts of an address that must not be seen: all of it but scheme and host.
func hidden(address string, u *url.URL) []string {
	list := []string{address, u.String(), u.RequestURI(), u.Path, strings.Trim(u.Path, "/"), u.EscapedPath(), u.RawQuery, u.Fragment}
	if p, ok := u.User.Password(); ok {
		list = append(list, p, u.User.String())
	}
	for _, part := range strings.FieldsFunc(u.Path+"/"+u.RawQuery, func(r rune) bool { return strings.ContainsRune("/=&;", r) }) {
		if len(part) >= 5 { // it may be a token
			list = append(list, part)
		}
	}
	return slices.DeleteFunc(list, func(s string) bool { return len(s) < 2 })
}

// scrub takes out of a text what nobody must see.
func (t *target) scrub(s string) string {
	for _, h := range t.hide {
		s = strings.ReplaceAll(s, h, "***")
	}
	return s
}

// host is what may be shown of the address.
func (t *target) host() string { return t.url.Host }

// message writes a notification the way the sink wants it.
func (t *target) message(n *felt.Notification, late time.Duration, now time.Time) (message, error) {
	switch t.sink.Kind {
	case rules.SinkSlack:
		body, err := slackBody(n, t.sink, t.link, late)
		return message{http.MethodPost, http.Header{"Content-Type": {"application/json; charset=utf-8"}}, body}, err
	case rules.SinkWebhook:
		body, err := eventBody(n, t.link)
		if err != nil {
			return message{}, err
		}
		h := http.Header{"Content-Type": {"application/cloudevents+json; charset=utf-8"}}
		sign(h, t.keys, n.Key, now, body)
		return message{http.MethodPost, h, body}, nil
	case rules.SinkHeartbeat:
		return message{method: http.MethodGet, header: http.Header{}}, nil
	}
	return message{}, fmt.Errorf("%w: kind %q is not known", errConfig, t.sink.Kind)
}
