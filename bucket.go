package felt

// Series names one line of counts: a scope, and at most one segment value of it.
type Series struct {
	Env, App, Name string
	Kind           InteractionKind
	Traffic        Traffic
	SegmentKey     string // "" for the whole
	SegmentValue   string
}

// Counts are numbers of interactions by outcome. They are deltas in a [Bucket]: a
// correction takes one back, so a single delta may be negative; sums are not.
type Counts struct {
	Success, Degraded, Failed, Abandoned, Cancelled, Open int64
}

// Add adds n to the count of o; [OutcomeNone] counts as open.
func (c *Counts) Add(o Outcome, n int64) {
	switch o {
	case OutcomeSuccess:
		c.Success += n
	case OutcomeDegraded:
		c.Degraded += n
	case OutcomeFailed:
		c.Failed += n
	case OutcomeAbandoned:
		c.Abandoned += n
	case OutcomeCancelled:
		c.Cancelled += n
	case OutcomeNone:
		c.Open += n
	}
}

// Decided is the denominator of every rate: success, degraded, failed, abandoned.
func (c Counts) Decided() int64 { return c.Success + c.Degraded + c.Failed + c.Abandoned }

// CompletionRate is (success + degraded) / decided; false when nothing was decided.
func (c Counts) CompletionRate() (float64, bool) {
	d := c.Decided()
	if d <= 0 {
		return 0, false
	}
	return float64(c.Success+c.Degraded) / float64(d), true
}

// Sketches holds one encoded sketch of package core/sketch per outcome that has one
// in a bucket; nil when nobody had that outcome.
type Sketches struct {
	Success, Degraded, Failed, Abandoned []byte
}

// Bucket holds what became known about one series in one window of event time.
// Buckets of the same series and window merge: counts add, sketches unite.
type Bucket struct {
	Series
	Start      Instant
	Width      int32 // seconds: 10; stores make those of 60, 3600 and 86400 ([Compactor])
	Known      Tick  // the tick at which this delta became known
	Counts     Counts
	Adjusted   [Outcomes]float64 // sums of weights, indexed by Outcome
	Customers  Sketches
	Sessions   Sketches
	Accounts   Sketches
	Latency    Sketches        // nanoseconds
	ValueMinor [Outcomes]int64 // indexed by Outcome
}

// SpanKind is OpenTelemetry's.
type SpanKind uint8

// The span kinds, numbered as in OTLP.
const (
	SpanUnspecified SpanKind = iota
	SpanInternal
	SpanServer
	SpanClient
	SpanProducer
	SpanConsumer
)

// String is the lower-case word of the OpenTelemetry specification.
func (k SpanKind) String() string {
	switch k {
	case SpanInternal:
		return "internal"
	case SpanServer:
		return "server"
	case SpanClient:
		return "client"
	case SpanProducer:
		return "producer"
	case SpanConsumer:
		return "consumer"
	case SpanUnspecified:
	}
	return "unspecified"
}

// OperationBucket counts every span of one operation in one 10-second window of event
// time, interaction or not: the application layer. Rows are deltas and merge.
type OperationBucket struct {
	Env, Service, Operation string
	Kind                    SpanKind
	Release                 string
	Start                   Instant
	Known                   Tick
	Count, Errors           int64
	Latency                 []byte // encoded latency sketch, nanoseconds; nil when Count is 0
	SelfTime                int64  // nanoseconds not spent in child spans, summed
}

// EdgeBucket counts calls from one service to another, or to a peer that sends no
// telemetry, in one 10-second window of event time.
type EdgeBucket struct {
	Env            string
	Caller, Callee string
	Peer           string // address or system named by the caller
	ThirdParty     bool   // the callee sent no span of its own
	Start          Instant
	Known          Tick
	Count, Errors  int64
	Latency        []byte
}

// Layer is the layer a signal belongs to.
type Layer uint8

// The layers of a signal.
const (
	LayerInfrastructure Layer = iota + 1
	LayerApplication
	LayerExperience
)

// String is the word used in files and answers; "" for none.
func (l Layer) String() string {
	switch l {
	case LayerInfrastructure:
		return "infrastructure"
	case LayerApplication:
		return "application"
	case LayerExperience:
		return "experience"
	}
	return ""
}

// SignalKind says what a [SignalPoint] is a value of.
type SignalKind uint8

// The kinds of signal points.
const (
	SignalTechnical SignalKind = iota + 1 // a signal: a technical series that serves a journey
	SignalKPI                             // a business number of a journey
)

// String is the word used in questions and answers; "" for none.
func (k SignalKind) String() string {
	switch k {
	case SignalTechnical:
		return "signal"
	case SignalKPI:
		return "kpi"
	}
	return ""
}

// SignalPoint is the value of one signal or KPI of a journey, as it became known in the ten
// seconds up to Time (of a KPI: since StartTime). There is none for a time in which nothing
// new was learnt of it.
type SignalPoint struct {
	Env, App, Journey string // App is the journey's; "" when it names none
	Name              string // of the signal or KPI
	Kind              SignalKind
	Service           string // of the points, when all came from one
	Metric            string // "" of a KPI
	Statistic         string // what Value is of the metric's points: mean, max, sum, rate, p95, above, count
	Attributes        string // what points were asked for, in words; "" all
	Layer             Layer
	StartTime, Time   Instant // (StartTime, Time] of arrival
	Known             Tick
	Value             float64
	N                 float64 // what Value rests on: observations, the denominator of a ratio, else instances
	Histogram         []byte  // not written yet; room for the merged distribution
	Temporality       uint8   // as in OTLP, when all points had it: 1 delta, 2 cumulative
	Unit              string  // of Value
	Threshold         float64 // from which Value was bad, when HasThreshold
	Limit             float64 // at which it was full, when HasLimit: saturation is measured against it
	HasThreshold      bool
	HasLimit          bool
	Direction         string // where better is: up, down, "" nobody said
}

// CustomerDay is what one customer did with one thing, a step or a journey, on one UTC day;
// kept 400 days. Stores make it of interactions ([Compactor]).
type CustomerDay struct {
	Day                    Instant
	Env, App               string
	Customer, Account      Hash   // as they were then; Account is the last one
	Journey                string // the name of the journey or step
	Kind                   InteractionKind
	FirstSeen, Last        Instant // first start, last end
	Sessions, Tries        int64
	Counts                 Counts
	Recovered              int64 // failures after which it succeeded within the recovery window
	Retries                int64
	FrictionPoints         int64
	ValueMinor             int64         // of successes and degraded ones
	Platform, Region, Plan string        // the last ones known
	IdentityLevel          IdentityLevel // the strongest
}

// Link says that a session, an installation or a pseudonym belongs to a stronger identity,
// since a time. Questions follow links, so that anonymous and then logged in is one
// customer: see [CustomerReader]. Of several from one identity the strongest To counts, then
// the newest; one that does not lead to something stronger is ignored.
type Link struct {
	Env       string
	FromLevel IdentityLevel // of From
	ToLevel   IdentityLevel // of To; LevelNone means user
	From, To  Hash
	Since     Instant
}

// Strong is the level of To.
func (l Link) Strong() IdentityLevel {
	if l.ToLevel == LevelNone {
		return LevelUser
	}
	return l.ToLevel
}
