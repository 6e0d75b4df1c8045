package spangen

import (
	"fmt"
	"math/rand/v2"
)

const (
	// SpansPerRequest is the number of spans of every request: the batch that
	// OpenTelemetry SDKs send unless told otherwise.
	SpansPerRequest = 512
	// TracesPerWave is the number of traces of a wave: as many as fill whole
	// requests, with one browser request at the end.
	TracesPerWave = SpansPerRequest
	// RequestsPerWave is the number of requests of a wave, the browsers' last.
	RequestsPerWave = TracesPerWave * SpansPerTrace / SpansPerRequest
)

// Config says what a Set is made of. The zero value of a field means the
// default that is named with it.
type Config struct {
	// Seed decides everything that looks random.
	Seed uint64
	// Requests is the number of different requests, rounded up to whole waves;
	// default 400, which take about 145 MB.
	Requests int
	// InteractionShare is the share of spans that are customer interactions, at
	// most 1/SpansPerTrace, as only roots are; default 0.02.
	InteractionShare float64
	// FailedShare and DegradedShare are shares of the interactions; defaults
	// 0.01 and 0.02. Give a negative number for none.
	FailedShare, DegradedShare float64
	// Customers is the number of customers there are; default 100,000, at least
	// 20.
	Customers int
	// BaggageCopies is the number of back-end spans of an interaction's trace
	// that carry its name as well, as baggage leaves it there, at most 4; default
	// none.
	BaggageCopies int
}

func (c *Config) setDefaults() error {
	if c.Requests == 0 {
		c.Requests = 400
	}
	if c.InteractionShare == 0 {
		c.InteractionShare = 0.02
	}
	if c.FailedShare == 0 {
		c.FailedShare = 0.01
	}
	if c.DegradedShare == 0 {
		c.DegradedShare = 0.02
	}
	if c.Customers == 0 {
		c.Customers = 100_000
	}
	c.InteractionShare = max(c.InteractionShare, 0)
	c.FailedShare = max(c.FailedShare, 0)
	c.DegradedShare = max(c.DegradedShare, 0)
	switch {
	case c.Requests < 0:
		return fmt.Errorf("spangen: %d requests: give a positive number", c.Requests)
	case c.InteractionShare > 1.0/float64(SpansPerTrace):
		return fmt.Errorf("spangen: interaction share %g: at most %g, as one span of a trace is its root",
			c.InteractionShare, 1.0/float64(SpansPerTrace))
	case c.FailedShare+c.DegradedShare > 1:
		return fmt.Errorf("spangen: failed share %g and degraded share %g: together at most 1", c.FailedShare, c.DegradedShare)
	case c.Customers < classes:
		return fmt.Errorf("spangen: %d customers: at least %d, one for each region and plan", c.Customers, classes)
	case c.BaggageCopies < 0 || c.BaggageCopies > len(baggageNodes):
		return fmt.Errorf("spangen: %d baggage copies: from 0 to %d", c.BaggageCopies, len(baggageNodes))
	}
	return nil
}

// Set holds the different requests. It does not change once made and may be
// used by many goroutines.
type Set struct {
	config   Config
	requests []request
	visits   []visit // one for each trace, wave after wave
}

// request is an encoded ExportTraceServiceRequest and the places in it that a
// Stream writes anew.
type request struct {
	body  []byte
	marks []mark
	whos  []who
}

// outcome is how an interaction ended, as spelt in felt.interaction.outcome.
type outcome uint8

const (
	success outcome = iota
	degraded
	failed
)

func (o outcome) String() string {
	switch o {
	case degraded:
		return "degraded"
	case failed:
		return "failed"
	case success:
		return "success"
	}
	return "success"
}

// visit is what a trace's root is to the business.
type visit struct {
	interaction int8  // index into interactionNames; -1: none
	class       uint8 // region and plan of the customer
	outcome     outcome
}

// New makes a Set. It takes about a second for the default of 400 requests.
func New(config Config) (*Set, error) {
	if err := config.setDefaults(); err != nil {
		return nil, err
	}
	waves := (config.Requests + RequestsPerWave - 1) / RequestsPerWave
	config.Requests = waves * RequestsPerWave
	s := &Set{config: config, visits: makeVisits(config, waves)}
	for wave := range waves {
		b := waveBuilder{
			set:   s,
			rng:   rand.New(rand.NewPCG(config.Seed, uint64(wave)+1)),
			first: wave * TracesPerWave,
		}
		s.requests = append(s.requests, b.build()...)
	}
	return s, nil
}

// Requests is the number of different requests, a multiple of RequestsPerWave.
func (s *Set) Requests() int { return len(s.requests) }

// Bytes is the size of all requests together.
func (s *Set) Bytes() int {
	n := 0
	for i := range s.requests {
		n += len(s.requests[i].body)
	}
	return n
}

// makeVisits deals the interactions, and among them the failed and the degraded,
// to the traces: exactly as many as the shares say, at random places.
func makeVisits(c Config, waves int) []visit {
	rng := rand.New(rand.NewPCG(c.Seed, 0))
	visits := make([]visit, waves*TracesPerWave)
	interactions := int(c.InteractionShare*float64(len(visits)*SpansPerTrace) + 0.5)
	bad := int(c.FailedShare*float64(interactions) + 0.5)
	slow := int(c.DegradedShare*float64(interactions) + 0.5)
	for i, at := range rng.Perm(len(visits)) {
		v := &visits[at]
		v.class = uint8(rng.IntN(classes))
		v.interaction = -1
		if i >= interactions {
			continue
		}
		v.interaction = int8(pickInteraction(rng.IntN(1000)))
		switch {
		case i < bad:
			v.outcome = failed
		case i < bad+slow:
			v.outcome = degraded
		}
	}
	return visits
}

func pickInteraction(n int) int {
	for i := range interactionNames {
		if n -= interactionNames[i].share; n < 0 {
			return i
		}
	}
	return 0
}
