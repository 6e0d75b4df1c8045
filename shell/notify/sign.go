package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of the Standard Webhooks specification. Receivers find a library that verifies them in
// most languages, which is why they are used and no scheme of our own.
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

// minKey is the fewest bytes of a key.
const minKey = 16

// signingKey is the key of a secret: base64 behind "whsec_", as the specification has it, else the
// text itself.
func signingKey(text string) ([]byte, error) {
	key := []byte(text)
	if coded, ok := strings.CutPrefix(text, "whsec_"); ok {
		var err error
		if key, err = base64.StdEncoding.DecodeString(coded); err != nil {
			return nil, errors.New("what follows whsec_ is not base64")
		}
	}
	if len(key) < minKey {
		return nil, errors.New("it is shorter than 16 bytes; take one from: echo whsec_$(openssl rand -base64 32)")
	}
	return key, nil
}

// sign puts id and time into the header, and a signature by each key: while a key is being changed a
// receiver may know either.
func sign(h http.Header, keys [][]byte, id string, at time.Time, body []byte) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	h.Set(headerID, id)
	h.Set(headerTimestamp, stamp)
	var list []string
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + stamp + "."))
		mac.Write(body)
		list = append(list, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	if len(list) > 0 {
		h.Set(headerSignature, strings.Join(list, " "))
	}
}
