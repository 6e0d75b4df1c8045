package felt_test

import (
	"math"
	"testing"

	"github.com/felt-cx/felt"
)

func TestParseRate(t *testing.T) {
	for text, want := range map[string]float64{
		"one a week": 1.0 / 7, "One  a Week": 1.0 / 7, "2 a day": 2, "3": 3, "0.5": 0.5, "1/week": 1.0 / 7, "once a month": 1.0 / 30,
		"twice a year": 2.0 / 365, "1 per quarter": 1.0 / 91, "one in 10 days": 0.1, "one every 2 weeks": 1.0 / 14, "an hour": 0,
		"5 in an hour": 120, "ten a day": 10,
		"": 0, "often": 0, "one": 1, "none a week": 0, "-1 a day": 0, "NaN": 0, "Inf a day": 0, "one a fortnight": 0, "one a week please now": 0,
		"0 a day": 0, "one in 0 days": 0, "one a 100 years": 0, "one per one per": 0, "1e9 a day": 0, "one of week": 0,
	} {
		got, err := felt.ParseRate(text)
		if math.Abs(got-want) > 1e-12 || (err == nil) != (want > 0) {
			t.Errorf("%q: %g, %v; want %g", text, got, err, want)
		}
	}
}
