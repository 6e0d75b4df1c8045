package incident

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// digest is 12 hex digits that stand for the parts, each with its length, so that the id
// can be derived again.
func digest(parts ...string) string {
	var b []byte
	for _, p := range parts {
		b = strconv.AppendInt(b, int64(len(p)), 10)
		b = append(b, ':')
		b = append(b, p...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:6])
}
