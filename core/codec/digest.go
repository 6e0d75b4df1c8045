package codec

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// Digest is 12 hex digits that stand for the parts, each with its length: for ids that can be derived
// again.
func Digest(parts ...string) string {
	var b []byte
	for _, p := range parts {
		b = strconv.AppendInt(b, int64(len(p)), 10)
		b = append(b, ':')
		b = append(b, p...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:6])
}
