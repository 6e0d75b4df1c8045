package codec_test

import (
	"testing"

	"github.com/felt-cx/felt/core/codec"
)

// Ids are kept for ever: the same parts give the same digest in every version, and no others do.
func TestDigest(t *testing.T) {
	if got := codec.Digest("production", "shop", "pay", "1700000000"); got != "6f146f4e1a96" {
		t.Errorf("%s", got)
	}
	if codec.Digest("ab", "c") == codec.Digest("a", "bc") || codec.Digest() == codec.Digest("") {
		t.Error("other parts, the same digest")
	}
}
