package otlp

import (
	"bytes"
	"hash/maphash"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/agent"
)

// Sender is what the transport knows of whoever sent a request. Its zero value: nothing.
type Sender struct {
	// Page: a browser sent it, not a service or a Collector. What follows is then taken for the
	// customer's, where the telemetry does not say it itself.
	Page      bool
	UserAgent string // as in the header
	Region    string // a country or region, of a header that a proxy sets; never an address
	// Apps and Envs are those that it may speak for: values of service.namespace (else service.name)
	// and deployment.environment.name on the resource. nil: any. What else it sends is rejected.
	Apps, Envs []string
	// MaxWeight is the most that one event of it may stand for, 1 or more; 0: as [Options] say.
	MaxWeight float64
}

// From says who sent the request that is packed next; after it, it is forgotten.
func (p *Packer) From(s Sender) {
	p.sender = s
	p.sender.Region = regionText(s.Region)
}

// regionBytes is the longest name of a region.
const regionBytes = 64

// regionText is what may be kept of a header that should name a region: letters, digits and a
// few signs. What looks like an address is none.
func regionText(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > regionBytes || !utf8.ValidString(s) {
		return ""
	}
	letters := false
	for i := range len(s) {
		c := s[i]
		switch letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80; {
		case letter:
			letters = true
		case c >= '0' && c <= '9', c == '-', c == '_', c == ' ':
		default: // '.' and ':' above all: addresses have them
			return ""
		}
	}
	if !letters || strings.EqualFold(s, "XX") || strings.EqualFold(s, "T1") { // unknown, and Tor, at some CDNs
		return ""
	}
	return s
}

// saysPage: only the SDK of a page says that of its resource.
func saysPage(key string, v anyValue) bool {
	return strings.HasPrefix(key, "browser.") || key == "telemetry.sdk.language" && string(v.bytes) == "webjs"
}

// claim is a text of a resource that decides for whom it speaks.
type claim struct {
	text []byte
	rank int16
	set  bool
	// unclear: it was said twice, or is no text. Which of them counts must not be the sender's choice.
	unclear bool
}

func (c *claim) take(k *keyInfo, v anyValue) {
	if c.set && k.rank > c.rank {
		return
	}
	again := c.set && k.rank == c.rank
	c.unclear = v.kind != anyString || again && (c.unclear || !bytes.Equal(c.text, v.bytes))
	c.text, c.rank, c.set = v.bytes, k.rank, true
}

// note reads what of a resource decides about its sender: see [Packer.judgeSender].
func (r *resource) note(k *keyInfo, v anyValue) {
	switch k.role {
	case roleField + role(FieldNamespace):
		r.namespace.take(k, v)
	case roleField + role(FieldService):
		r.service.take(k, v)
	case roleField + role(FieldEnv):
		r.environment.take(k, v)
	}
	if k.role == roleTraffic {
		r.traffic = true
	}
	if saysPage(k.raw, v) {
		r.page = true
	}
}

// judgeSender settles, when a resource has been read, what its sender means for it.
func (p *Packer) judgeSender(r *resource) {
	s := &p.sender
	r.page = r.page || s.Page
	if r.page && (s.UserAgent != "" || s.Region != "") {
		// The same resource from two browsers is two resources.
		r.hash ^= maphash.String(p.seed, s.UserAgent+"\x00"+s.Region)
	}
	app := r.namespace
	if len(app.text) == 0 && !app.unclear {
		app = r.service
	}
	r.denied = s.Apps != nil && (app.unclear || !slices.Contains(s.Apps, string(app.text))) ||
		s.Envs != nil && (r.environment.unclear || !slices.Contains(s.Envs, string(r.env)))
}

// denied tells that the sender may not speak for what an event is of. Attributes of the event
// itself go before those of its resource, so that they may not name an app or an environment.
func (p *Packer) denied(a *attrSet) bool {
	if p.sender.Apps == nil && p.sender.Envs == nil {
		return false
	}
	if !p.res.denied {
		own := false
		for at := a.node; at != 0 && !own; at = p.shapes.nodes[at].parent {
			switch p.shapes.nodes[at].up.role {
			case roleField + role(FieldNamespace), roleField + role(FieldService), roleField + role(FieldEnv):
				own = true
			}
		}
		if !own {
			return false
		}
	}
	p.rep.Denied++
	return true
}

// derived are the attributes that are made of a user agent and of the sender's region.
type derived struct{ browser, version, system, device, traffic, region []byte }

func derivedKeys() derived {
	return derived{
		browser: []byte("user_agent.name"), version: []byte("user_agent.version"), system: []byte("user_agent.os.name"),
		device: []byte("felt.device.class"), traffic: []byte("user_agent.synthetic.type"), region: []byte("geo.country.iso_code"),
	}
}

// deriveResource adds to a resource what its user agent says, and its sender where it says nothing.
func (p *Packer) deriveResource(pt *part, a *attrSet) error {
	if p.where.signal == signalMetrics {
		return nil // a point's resource tells streams apart: nothing may be added to it
	}
	if region := p.sender.Region; p.res.page && region != "" && !p.shapes.hasRegion(a.node) {
		if err := p.add(pt, a, p.keys.region, region); err != nil {
			return err
		}
	}
	text := a.agent
	if p.res.page && len(text) == 0 {
		text = []byte(p.sender.UserAgent)
	}
	return p.derive(pt, a, text, true)
}

// derive adds what a user agent says; traffic only where it is the customer's own: one in the
// middle of a trace is that of a service.
func (p *Packer) derive(pt *part, a *attrSet, text []byte, traffic bool) error {
	if len(text) == 0 {
		return nil
	}
	was := p.agents.Parse(text)
	if was == (agent.Agent{}) {
		return nil
	}
	s := &p.shapes
	for _, d := range []struct {
		key   []byte
		value string
	}{{p.keys.browser, was.Browser}, {p.keys.version, was.Version}, {p.keys.system, was.OS}, {p.keys.device, was.Device}} {
		if d.value == "" || s.hasKey(a.node, d.key) {
			continue
		}
		if err := p.add(pt, a, d.key, d.value); err != nil {
			return err
		}
	}
	if !traffic || p.res.traffic || was.Traffic == felt.TrafficCustomer || s.hasRole(a.node, roleTraffic) {
		return nil
	}
	return p.add(pt, a, p.keys.traffic, was.Traffic.String())
}

// add appends a text attribute to those that were sent.
func (p *Packer) add(pt *part, a *attrSet, key []byte, value string) error {
	s := &p.shapes
	e := s.edge(a.node, key)
	if e.key.act == actDrop {
		return nil // the operator does not want it
	}
	p.number = append(p.number[:0], value...)
	text, err := p.text(pt, p.number, e.key.act, p.opt.Limits.ValueBytes)
	if err != nil {
		return err
	}
	if e.key.hot() {
		a.hot = appendUvarint(a.hot, uint64(text))
	} else {
		a.cold = appendUvarint(a.cold, uint64(text))
	}
	if c := e.child[vText]; c != 0 {
		a.node = c
	} else {
		a.node = s.child(a.node, e, vText)
	}
	return nil
}

func (s *shapes) hasRole(at int32, r role) bool {
	for ; at != 0; at = s.nodes[at].parent {
		if s.nodes[at].up.role == r {
			return true
		}
	}
	return false
}

// hasRegion reports whether attributes name a region.
func (s *shapes) hasRegion(at int32) bool {
	for ; at != 0; at = s.nodes[at].parent {
		if k := s.nodes[at].up; k.role == roleField+role(FieldRegion) || k.role == roleSegment && k.segment == "region" {
			return true
		}
	}
	return false
}

func (s *shapes) hasKey(at int32, key []byte) bool {
	for ; at != 0; at = s.nodes[at].parent {
		if s.nodes[at].up.raw == string(key) {
			return true
		}
	}
	return false
}
