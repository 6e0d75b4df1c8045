package httpapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestAKeyIsOfOneCommand: a command that is sent again under its key does nothing; another one under that key is
// refused, and says so. What was refused itself may be sent again, mended.
func TestAKeyIsOfOneCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := func(k string) func(*http.Request) { return header("Idempotency-Key", k) }
	problem(t, w.ask(http.MethodPost, inc1+"resolve", `{}`, key("r")), 409, "reason")
	for _, c := range []struct {
		verb, path, body, key string
		want                  int
	}{
		{"POST", inc1 + "note", `{"text":"looking", "kind":"note"}`, "n", 200},
		{"POST", inc1 + "note", `{ "kind": "note", "text":"looking" }`, "n", 200},
		{"POST", inc1 + "note", `{"text":"found it"}`, "n", 422},
		{"POST", inc1 + "mitigated", `{"text":"looking"}`, "n", 422},
		{"DELETE", "/api/v1/silences/s1", ``, "n", 422},
		{"POST", inc1 + "note", `{"text":"found it"}`, "n2", 200},
		{"POST", inc1 + "note", `{"text":"found it"}`, "", 200},
		{"POST", inc1 + "resolve", `{"reason":"rolled back"}`, "r", 200},
		{"POST", inc1 + "resolve", `{"reason":"nobody knows"}`, "r", 422},
		{"POST", inc1 + "resolve", `{"reason":"rolled back"}`, "r", 200},
	} {
		a := w.ask(c.verb, c.path, c.body, key(c.key))
		if a.status != c.want {
			t.Errorf("%s %s %s with key %q: %d %s", c.verb, c.path, c.body, c.key, a.status, a.raw)
		}
		if c.want == 422 && !strings.Contains(a.raw, "Idempotency-Key") {
			t.Errorf("it does not say why: %s", a.raw)
		}
	}
}

// TestKeysAreForgottenInTurn: as many are remembered as the engine does.
func TestKeysAreForgottenInTurn(t *testing.T) {
	t.Parallel()
	var o onceKeys
	for n := range keysKept + 1 {
		if _, ok := o.claim(fmt.Sprint(n), [32]byte{1}); !ok {
			t.Fatal("a new key is refused")
		}
	}
	if _, ok := o.claim("1", [32]byte{2}); ok {
		t.Error("a key that is remembered takes another command")
	}
	if _, ok := o.claim("0", [32]byte{2}); !ok || len(o.known) != keysKept || len(o.order) != keysKept {
		t.Errorf("the oldest is not forgotten: %d keys", len(o.known))
	}
}
