package keys

import (
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/net/publicsuffix"

	"github.com/felt-cx/felt/core/yaml"
)

// origin is where pages may come from: https://shop.example, or https://*.shop.example for
// everything below that.
type origin struct {
	scheme, host string // host with its port; of a wildcard what follows the star, dot included
	below        bool
}

func (p *parser) origin(n *yaml.Node) origin {
	o, what := parseOrigin(n.Text)
	if what != "" {
		p.bad(n.Pos, "origin %q: %s", n.Text, what)
	}
	return o
}

// parseOrigin reads an origin of the file; what is wrong with it is "" when nothing is.
func parseOrigin(text string) (o origin, what string) {
	u, err := url.Parse(strings.ToLower(text))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return o, "want https://HOST, as the browser's Origin header has it"
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || strings.HasSuffix(text, "#") || strings.HasSuffix(text, "?"):
		return o, "an origin ends with its host or port: no path, not even /"
	}
	if strings.ContainsFunc(u.Host, func(c rune) bool { return c > unicode.MaxASCII }) {
		return o, "browsers send such a name as xn--…: write it so"
	}
	o = origin{scheme: u.Scheme, host: withoutDefaultPort(u.Scheme, u.Host)}
	rest, below := strings.CutPrefix(o.host, "*")
	switch {
	case strings.Contains(rest, "*"), below && !strings.HasPrefix(rest, "."):
		return o, "a star stands for whole names in front: https://*.shop.example"
	case below && everybodys(u.Hostname()):
		return o, "that is everybody's: name a domain of your own below the star"
	}
	if below {
		o.host, o.below = rest, true
	}
	return o, ""
}

// everybodys tells that under what follows the star of a host names can be had by anyone: com, co.uk, github.io. The list is
// the one that browsers go by; some of its rules speak of all names below one, as below compute.amazonaws.com.
func everybodys(host string) bool {
	name := strings.Trim(strings.TrimPrefix(host, "*"), ".")
	for _, n := range []string{name, "a." + name} {
		if suffix, _ := publicsuffix.PublicSuffix(n); suffix == n && n != "localhost" {
			return true
		}
	}
	return false
}

func withoutDefaultPort(scheme, host string) string {
	if scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}

// matches tells that a page of an Origin header comes from there. "null", which sandboxed frames
// and files send, comes from nowhere.
func (o *origin) matches(header string) bool {
	scheme, host, ok := strings.Cut(strings.ToLower(header), "://")
	if !ok || scheme != o.scheme || strings.ContainsAny(host, "/@?#*\\ ") {
		return false
	}
	host = withoutDefaultPort(scheme, host)
	if !o.below {
		return host == o.host
	}
	return len(host) > len(o.host) && strings.HasSuffix(host, o.host) && host[0] != '.'
}
