package engine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/internal/spangen"
)

// TestTruthOfTheGenerator: after a load whose true numbers are known, browsers' spans
// seconds behind those of the services, the rows say exactly those numbers, by name.
func TestTruthOfTheGenerator(t *testing.T) {
	if raced {
		t.Skip("one goroutine, and too much for it")
	}
	set, err := spangen.New(spangen.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s := felt.DefaultSettings()
	p := newTape(t, s)
	stream := set.Stream(3, 4)
	var body []byte
	for tick := felt.Tick(1); tick <= 20; tick++ {
		for range spangen.RequestsPerWave {
			body = stream.Next(body, arrive(tick).Time())
			p.pack(tick, body, nil, func(b []byte, at felt.Instant) (otlp.Report, error) { return p.packer.Traces(b, at) })
		}
	}
	truth := stream.Truth()
	rows := interactions(p.run(engine.New(s), 60, nil))
	final := map[felt.InteractionID]felt.Interaction{}
	for _, r := range rows {
		final[r.ID] = r
	}
	type who struct {
		customer felt.Hash
		outcome  felt.Outcome
	}
	got := map[string]spangen.Counts{}
	seen := map[string]map[who]bool{}
	for _, r := range final {
		c := got[r.Name]
		c.Interactions++
		if seen[r.Name] == nil {
			seen[r.Name] = map[who]bool{}
		}
		first := func(o felt.Outcome) bool {
			key := who{r.Customer, o}
			had := seen[r.Name][key]
			seen[r.Name][key] = true
			return !had
		}
		if first(felt.OutcomeNone) {
			c.Customers++
		}
		switch r.Outcome {
		case felt.OutcomeFailed:
			c.Failed++
			if first(r.Outcome) {
				c.CustomersFailed++
			}
		case felt.OutcomeDegraded:
			c.Degraded++
			if first(r.Outcome) {
				c.CustomersDegraded++
			}
		default:
		}
		got[r.Name] = c
	}
	if diff := cmp.Diff(truth.ByName, got); diff != "" {
		t.Errorf("(-truth +rows):\n%s", diff)
	}
	if len(final) < 2000 {
		t.Errorf("only %d interactions", len(final))
	}
}
