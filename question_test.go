package felt_test

import (
	"errors"
	"testing"

	"github.com/felt-cx/felt"
)

// The text of a question about one scope is a promise: its ID stands in reports that were sent.
func TestQuestionText(t *testing.T) {
	t.Parallel()
	q := felt.Question{Scope: felt.Scope{Env: "production", App: "shop", Name: "pay", Kind: felt.KindStep}, Window: felt.Window{From: 1, To: 2}}
	const want = `env="production" app="shop" name="pay" kind=step from=1 to=2 where=[] traffic=customer asof=0`
	if got := q.String(); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	other, third := felt.Scope{Env: "production", App: "shop", Name: "address"}, felt.Scope{App: "admin", Name: "pay"}
	one, two := q, q
	one.Also = []felt.Scope{other, third}
	two.Scope, two.Also = other, []felt.Scope{{Env: "production", App: "admin", Name: "pay"}, q.Scope, other}
	if one.ID() != two.ID() || one.ID() == q.ID() {
		t.Errorf("ids %s, %s and %s; want the same of the same scopes\n%s\n%s", one.ID(), two.ID(), q.ID(), one, two)
	}
	same := q
	same.Also = []felt.Scope{q.Scope}
	if same.ID() != q.ID() {
		t.Errorf("said twice: %s", same)
	}
	if err := one.Check(); err != nil {
		t.Error(err)
	}
	one.Also = append(one.Also, felt.Scope{Env: "staging"})
	if err := one.Check(); !errors.Is(err, felt.ErrUnanswerable) {
		t.Errorf("two environments: %v", err)
	}
}
