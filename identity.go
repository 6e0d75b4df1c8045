package felt

import (
	"encoding/hex"
	"fmt"
)

// Hash is a keyed hash (HMAC-SHA-256 cut to 16 bytes over level, value and
// environment) of an identity: a customer, account, installation or session. What
// was hashed is never kept. The zero Hash means "not known".
type Hash [16]byte

// IsZero reports whether nothing is known.
func (h Hash) IsZero() bool { return h == Hash{} }

// String is 32 lower-case hex digits, or "" for the zero Hash.
func (h Hash) String() string {
	if h.IsZero() {
		return ""
	}
	return hex.EncodeToString(h[:])
}

// MarshalText encodes as String does.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*h = Hash{}
		return nil
	}
	return parseHex(h[:], text)
}

// ParseHash is the inverse of [Hash.String].
func ParseHash(s string) (h Hash, err error) {
	err = h.UnmarshalText([]byte(s))
	return h, err
}

// parseHex fills dst from exactly so many pairs of hex digits.
func parseHex(dst, text []byte) error {
	if len(text) != hex.EncodedLen(len(dst)) {
		return fmt.Errorf("%q has %d characters, want %d hex digits", text, len(text), hex.EncodedLen(len(dst)))
	}
	if _, err := hex.Decode(dst, text); err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	return nil
}

// TraceID is that of W3C trace context; zero means "none".
type TraceID [16]byte

// SpanID is that of W3C trace context; zero means "none".
type SpanID [8]byte

// String is 32 lower-case hex digits.
func (t TraceID) String() string { return hex.EncodeToString(t[:]) }

// MarshalText encodes as String does.
func (t TraceID) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (t *TraceID) UnmarshalText(text []byte) error { return parseHex(t[:], text) }

// IsZero reports whether there is none.
func (t TraceID) IsZero() bool { return t == TraceID{} }

// String is 16 lower-case hex digits.
func (s SpanID) String() string { return hex.EncodeToString(s[:]) }

// MarshalText encodes as String does.
func (s SpanID) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// IsZero reports whether there is none.
func (s SpanID) IsZero() bool { return s == SpanID{} }

// IdentityLevel says on what a customer's identity rests, strongest first. A number
// of customers is only as good as the weakest level in it, so answers show them.
type IdentityLevel uint8

// The identity ladder.
const (
	LevelNone         IdentityLevel = iota // no identity at all: counted as interaction, never as customer
	LevelUser                              // user.id
	LevelPseudonym                         // user.hash, enduser.pseudo.id
	LevelInstallation                      // app.installation.id
	LevelSession                           // session.id
)

// String is the word used in answers.
func (l IdentityLevel) String() string {
	switch l {
	case LevelUser:
		return "user"
	case LevelPseudonym:
		return "pseudonym"
	case LevelInstallation:
		return "installation"
	case LevelSession:
		return "session"
	case LevelNone:
	}
	return "none"
}

// Traffic tells customers from machines: only customer traffic is in a number
// unless asked for.
type Traffic uint8

// The kinds of traffic.
const (
	TrafficCustomer Traffic = iota
	TrafficTest             // user_agent.synthetic.type = test, probes
	TrafficBot              // user_agent.synthetic.type = bot
)

// String is the word used in questions and answers.
func (t Traffic) String() string {
	switch t {
	case TrafficCustomer:
		return "customer"
	case TrafficTest:
		return "test"
	case TrafficBot:
		return "bot"
	}
	return "unknown"
}
