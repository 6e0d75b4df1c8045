package otlp

import (
	"crypto/hmac"
	"crypto/sha256"

	"github.com/felt-cx/felt"
)

// The levels of identity, as they enter the hash.
const (
	LevelUser         = "user"
	LevelPseudonym    = "pseudonym"
	LevelInstallation = "installation"
	LevelSession      = "session"
	LevelAccount      = "account"
)

// DefaultEnv is the environment of events that name none.
const DefaultEnv = "production"

// Hash is what is kept of an identity: HMAC-SHA-256 over level, environment and
// value (zero bytes between), cut to 16 bytes. Someone who pastes a user.id into a
// question gets the same hash as the door made, and nobody gets back from it.
func Hash(key HashKey, level, env, value string) felt.Hash {
	mac := hmac.New(sha256.New, key.Secret)
	mac.Write([]byte(level))
	mac.Write([]byte{0})
	mac.Write([]byte(env))
	mac.Write([]byte{0})
	mac.Write([]byte(value))
	var h felt.Hash
	copy(h[:], mac.Sum(nil))
	return h
}
