package business_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/felt-cx/felt/core/business"
)

// Two customers whose ids differ only in bytes that are no text must not become one: what is not
// UTF-8 is refused wherever it stands, and its place is told.
func TestEventsAreUTF8(t *testing.T) {
	data := "{\"customer\":\"bad\xff\"}"
	one := event("felt.business.order", "1", data)
	at := strings.IndexByte(one, '\xff')
	read := map[string]func([]byte) (business.Result, error){
		"structured": func(b []byte) (business.Result, error) { return business.Structured(options(), b) },
		"batch": func(b []byte) (business.Result, error) {
			return business.Batch(options(), append(append([]byte(nil), b...), ']'))
		},
		"binary": func(b []byte) (business.Result, error) {
			return business.Binary(options(), attributes(nil), "application/json", b)
		},
	}
	for _, c := range []struct {
		way, body string
		at        int
	}{{"structured", one, at}, {"batch", "[" + one, at + 1}, {"binary", data, strings.IndexByte(data, '\xff')}} {
		got, err := read[c.way]([]byte(c.body))
		var bad *business.Error
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), fmt.Sprintf("is not UTF-8 at byte %d", c.at)) {
			t.Errorf("%s: %+v, %v; want not UTF-8 at byte %d", c.way, got, err, c.at)
		}
	}
	packed := strings.Replace(event("felt.business.order", "1", "{}"), `"data":{}`,
		`"data_base64":"`+base64.StdEncoding.EncodeToString([]byte(data))+`"`, 1)
	if got, err := business.Structured(options(), []byte(packed)); err != nil || got.Rejected != 1 ||
		!strings.Contains(fmt.Sprint(got.Problems), "data_base64: is not UTF-8") {
		t.Errorf("base64: %+v, %v", got, err)
	}
}

// attributes are those of a right event, with some replaced.
func attributes(other map[string]string) func(string) string {
	head := map[string]string{"specversion": "1.0", "id": "1", "source": "/shop", "type": "felt.business.order"}
	return func(name string) string {
		if v, ok := other[name]; ok {
			return v
		}
		return head[name]
	}
}

func TestAttributesAreUTF8(t *testing.T) {
	for _, name := range []string{"id", "source", "type", "subject", "time", "specversion"} {
		got, err := business.Binary(options(), attributes(map[string]string{name: "a\xfe"}), "application/json",
			[]byte(`{"customer":"4711"}`))
		if err != nil || got.Rejected != 1 || !strings.Contains(fmt.Sprint(got.Problems), name+": is not UTF-8") {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// A CSV in another charset says so, and not that an id is too long.
func TestCSVCustomerIsUTF8(t *testing.T) {
	got, err := business.CSV(options(), business.Events, []byte("kind,time,customer\norder,2026-05-04T10:00:00Z,M\xfcller\n"), 0)
	if err != nil || got.Rejected != 1 || !strings.Contains(got.Problems[0].String(), "2:28: customer: is not UTF-8") {
		t.Errorf("%+v, %v", got, err)
	}
}

// An event that was cut off ends where it ends, and a mistake is where it is.
func TestWhereJSONBreaks(t *testing.T) {
	one := event("felt.fact", "1", `{"customer":"a","key":"k","value":"v"}`)
	for _, c := range []struct {
		body, want string
		batch      bool
	}{
		{one[:40], "the JSON ends in the middle, at byte 40", false},
		{"  ", "the JSON ends in the middle, at byte 2", false},
		{"[" + one + ",\n" + one[:50], fmt.Sprintf("the JSON ends in the middle, at byte %d", len(one)+53), true},
		{"[" + one + ",", fmt.Sprintf("the JSON ends in the middle, at byte %d", len(one)+2), true},
		{"[" + one, fmt.Sprintf("the JSON ends in the middle, at byte %d", len(one)+1), true},
		{"[" + one + "," + one + ",{]", fmt.Sprintf("is not JSON near byte %d", 2*len(one)+4), true},
	} {
		read := business.Structured
		if c.batch {
			read = business.Batch
		}
		if _, err := read(options(), []byte(c.body)); err == nil || err.Error() != c.want {
			t.Errorf("%q: %v, want %s", c.body, err, c.want)
		}
	}
}
