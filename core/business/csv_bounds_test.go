package business_test

import (
	"encoding/csv"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/felt-cx/felt/core/business"
)

// TestCSVOfCommas: what a body costs beside itself is bounded, be it a header or a row of millions of fields.
func TestCSVOfCommas(t *testing.T) {
	header := "kind,time,customer\n"
	for _, c := range []struct{ name, body, says string }{
		{"header", strings.Repeat(",", 8<<20), "has more than 1024 columns"},
		{"quoted header", strings.Repeat(`"",`, 8<<20/3), "has more than 1024 columns"},
		{"header of lines", `"` + strings.Repeat("\n", 1<<20) + `"` + strings.Repeat(",", 2000), "has more than 1024 columns"},
		{"row", header + strings.Repeat(",", 8<<20) + "\n", "more than 1024 fields"},
		{"second row", header + "order,1777888000,a\n" + strings.Repeat(";,", 4<<20) + "\n", "more than 1024 fields"},
		{"behind a mistake", header + "a\"b\n" + strings.Repeat(",", 8<<20), "more than 1024 fields"},
		{"behind another", header + "\"a\"b\n" + strings.Repeat(",", 8<<20), "more than 1024 fields"},
		{"quoted row", header + strings.Repeat(`"",`, 8<<20/3), "more than 1024 fields"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r, err := business.CSV(options(), business.Events, []byte(c.body), 0)
			runtime.ReadMemStats(&after)
			said := ""
			if err != nil {
				said = err.Error()
			}
			for _, p := range r.Problems {
				said += p.Message
			}
			if !strings.Contains(said, c.says) {
				t.Errorf("said %q", said)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 32<<20 {
				t.Errorf("%d MiB allocated", n>>20)
			}
		})
	}
}

// TestCrowdedAsRead: records with many fields are found wherever encoding/csv finds them.
func TestCrowdedAsRead(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	many := strings.Repeat(",", 1024)
	crowdedOnes := 0
	for range 20_000 {
		var b strings.Builder
		for range 1 + chance.IntN(12) {
			b.WriteString([]string{"a", `"`, `""`, ",", "\n", "\r\n", `"x"`, `",`, many, "\r"}[chance.IntN(10)])
		}
		body := b.String()
		r := csv.NewReader(strings.NewReader(body))
		r.FieldsPerRecord = -1
		want := 0
		for want == 0 {
			row, err := r.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if len(row) > 1024 {
				want, _ = r.FieldPos(0)
			}
		}
		got := business.Crowded([]byte(body))
		if want > 0 {
			crowdedOnes++
		}
		if want > 0 && got == 0 || want == 0 && got > 0 && !strings.Contains(body, `"`) || want > 0 && got > want {
			t.Fatalf("%q: line %d, want %d", strings.ReplaceAll(body, many, "<many>"), got, want)
		}
	}
	if crowdedOnes < 1000 {
		t.Errorf("only %d were crowded", crowdedOnes)
	}
}
