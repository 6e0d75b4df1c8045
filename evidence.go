package felt

// Evidence is what history says about an incident: who is hit and who is not, what changed, what
// left its band first. It is found beside the engine, which has no history, and told to it by the
// log ([KindEvidence]), so that a replay knows it too.
type Evidence struct {
	Incident string  `json:"incident"`
	Round    int64   `json:"round"`  // of this incident, from 1; an older one than that already known is ignored
	At       Instant `json:"at"`     // log time as of which the rows were asked
	From     Instant `json:"from"`   // bad is what ended since then
	Before   Instant `json:"before"` // and is held against what ended from then until From

	Hit        []SegmentShare `json:"hit,omitempty"`
	Spared     []SegmentShare `json:"spared,omitempty"`
	Suspects   []Suspect      `json:"suspects,omitempty"`
	Nodes      []Node         `json:"nodes,omitempty"`
	Indicators []Indicator    `json:"indicators,omitempty"`
	Services   []string       `json:"services,omitempty"` // that take part in what is hit, most calls first
}

// SegmentShare is how a part of the customers fared, and the others at the same time.
type SegmentShare struct {
	Where     []Segment `json:"where"`     // one, or a combination: all hold
	Bad       int64     `json:"bad"`       // tries that failed (or were degraded, or are missing, as the incident's kind says)
	N         int64     `json:"n"`         // of so many decided
	Customers int64     `json:"customers"` // distinct, hit
	Usual     float64   `json:"usual"`     // share that was bad before
	OtherBad  int64     `json:"other_bad"` // of all others, at the same time
	OtherN    int64     `json:"other_n"`
	Explains  float64   `json:"explains"` // share of all that is bad beyond the usual that lies here
	Low       float64   `json:"low"`      // 95 % interval of Bad / N
	High      float64   `json:"high"`
}

// Suspect is something that may have caused an incident, with the evidence for it.
type Suspect struct {
	Kind    string  `json:"kind"`             // deploy, flag, ... as of a change; release (seen in telemetry only); service; third_party
	Change  string  `json:"change,omitempty"` // id of the change
	What    string  `json:"what"`             // as people write it: web@5f3c
	Service string  `json:"service,omitempty"`
	At      Instant `json:"at,omitempty"`   // when it began
	Lead    Instant `json:"lead,omitempty"` // from then to first_bad; negative: afterwards
	// Who was touched by it since first_bad, and who was not in the same minutes: the control.
	// ControlN 0: there is none, so the time alone speaks.
	Bad        int64   `json:"bad"`
	N          int64   `json:"n"`
	ControlBad int64   `json:"control_bad"`
	ControlN   int64   `json:"control_n"`
	Score      float64 `json:"score"` // 0..1: how much speaks for it; not a probability
	Text       string  `json:"text"`  // one sentence with the numbers
}

// Node is an operation or an edge of the call graph that left its band.
type Node struct {
	Service    string  `json:"service"`
	Operation  string  `json:"operation,omitempty"`   // of an operation
	Callee     string  `json:"callee,omitempty"`      // of an edge from Service
	ThirdParty bool    `json:"third_party,omitempty"` // the callee sends no telemetry
	What       string  `json:"what"`                  // errors, latency, calls
	First      Instant `json:"first"`                 // start of the first window out of the band
	Usual      float64 `json:"usual"`                 // share of errors; seconds; calls a second
	Now        float64 `json:"now"`
	N          int64   `json:"n"`      // calls since First
	Depth      int     `json:"depth"`  // calls away from the customer; 0 the first service
	Origin     bool    `json:"origin"` // nothing that it calls is out of its band
	Text       string  `json:"text"`
}
