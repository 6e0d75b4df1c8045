package business_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/felt-cx/felt/core/business"
)

// TestDocs: every example of the documentation is taken as it stands.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/business-data.md")
	if err != nil {
		t.Fatal(err)
	}
	var bodies, kinds int
	for _, block := range regexp.MustCompile("(?s)```(sh|csv)\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		if block[1] == "csv" {
			r, err := business.CSV(options(), business.Events, []byte(block[2]), 0)
			if err != nil || r.Rejected > 0 || r.Accepted == 0 || len(r.Columns) > 0 {
				t.Errorf("%v %+v:\n%s", err, r, block[2])
			}
			continue
		}
		head, body, ok := strings.Cut(block[2], "-d '")
		if !ok {
			continue
		}
		body = strings.TrimSuffix(strings.TrimSpace(body), "'")
		var r business.Result
		switch {
		case strings.Contains(head, "cloudevents-batch+json"):
			r, err = business.Batch(options(), []byte(body))
		case strings.Contains(head, "cloudevents+json"):
			r, err = business.Structured(options(), []byte(body))
		default:
			header := map[string]string{}
			for _, h := range regexp.MustCompile(`-H 'ce-(\w+): ([^']*)'`).FindAllStringSubmatch(head, -1) {
				header[h[1]] = h[2]
			}
			r, err = business.Binary(options(), func(n string) string { return header[n] }, "application/json", []byte(body))
		}
		if err != nil || r.Rejected > 0 || r.Ignored > 0 || r.Accepted == 0 {
			t.Errorf("%v %+v:\n%s", err, r, block[2])
		}
		bodies++
		kinds += r.Accepted
	}
	if bodies < 6 || kinds < 8 {
		t.Errorf("%d examples with %d events were found", bodies, kinds)
	}
}
