package felt

// Effect is the smallest change that a detector would see within a time, on the median.
type Effect struct {
	Within Instant
	// Size is of shares what is added to the usual one, of volume the share of the usual that is
	// lost, of objectives the burn rate, of KPIs and signals a lasting shift in their own unit.
	Size float64
	OK   bool // false: within this time it sees nothing
}

// Sight is what one detector knows of one series now, and what it would see.
type Sight struct {
	Series   Series
	Detector string
	Kind     FindingKind
	About    string  // objective, KPI or signal
	Window   float64 // tries in 10 s, lately
	// Usual is the share held for usual; of durations the p90 in seconds, of volume how many are
	// expected in 10 s, of the ratio of steps the share that comes on, of objectives the share that
	// is allowed. 0 not told.
	Usual    float64
	Known    float64 // tries behind it
	Needs    float64 // tries that must be behind it before effects are told; 0 they are not counted
	Wait     Instant // how long it must watch yet before effects are told
	Open     float64 // evidence at which a finding opens
	Page     float64 // and at which it is of paging class; 0 it never is
	Lasting  bool
	Smallest []Effect // within 1, 5 and 30 minutes
}
