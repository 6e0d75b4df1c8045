package felt

// Effect is the smallest change that a detector would see within a time, on the median.
type Effect struct {
	Within Instant
	// Size is of shares what is added to the usual one, of volume the share of the usual that is
	// lost, of objectives the burn rate.
	Size float64
	OK   bool // false: within this time it sees nothing
}

// Sight is what one detector knows of one series now, and what it would see.
type Sight struct {
	Series   Series
	Detector string
	Kind     FindingKind
	About    string  // objective
	Window   float64 // tries in 10 s, lately
	Usual    float64 // share that fails, when the test is of that; of durations the p90 in seconds; 0 not told
	Known    float64 // tries behind it
	Open     float64 // evidence at which a finding opens
	Page     float64 // and at which it is of paging class; 0 it never is
	Lasting  bool
	Smallest []Effect // within 1, 5 and 30 minutes
}
