package mem

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rollup"
)

// StoreOptions say how a [Store] behaves. Zero values take the defaults named here.
type StoreOptions struct {
	// NoTransactions makes Write apply one row at a time, so that one that fails leaves
	// a part behind, as a store without transactions does.
	NoTransactions bool
	// FailWrite, when set, is asked before each step of a Write (a row, a tick, a
	// cursor; with transactions: all of them together) and once more after the last. An
	// error ends the Write with it; what was done before stays. Steps count from 0 in
	// each Write.
	FailWrite func(step int) error
	// ExactLimit is the most interactions in scope for an exact count; 20,000,000.
	ExactLimit int64
	// Recovery is the recovery window; 30 minutes.
	Recovery felt.Instant
}

// Store is a [felt.Store] in memory: the reference. It answers every question by
// looking at every row. Safe for concurrent use. Rows given to Write must not be changed
// afterwards.
type Store struct {
	opts StoreOptions

	mu      sync.RWMutex
	ticks   map[line]felt.Tick
	cursors map[string]felt.Cursor

	interactions facts[felt.Interaction]
	corrected    map[felt.InteractionID]int32            // newest version of those that have more than one
	firsts       map[felt.InteractionID]felt.Interaction // of those that were replaced: the first version with an outcome
	gone         felt.Instant                            // interactions that ended before were forgotten
	buckets      facts[felt.Bucket]                      // of 10 seconds
	coarse       coarse
	operations   facts[felt.OperationBucket]
	edges        facts[felt.EdgeBucket]
	signals      facts[felt.SignalPoint]
	days         facts[felt.CustomerDay]
	harmed       map[harmedKey]felt.IncidentCustomer
	business     facts[felt.BusinessEvent]
	customers    facts[felt.Fact]
	commands     facts[felt.Command]
	spans        facts[felt.Span]
	spanIDs      map[spanKey]bool
	eventIDs     map[string]bool
	factAt       map[felt.Fact]int // place in customers, by a fact without its value

	last      map[series]felt.Instant // end of the newest interaction ever
	findings  map[string]felt.Finding
	links     map[linkKey]felt.Link
	incidents map[string]felt.Incident
	changes   map[string]felt.Change
}

var _ felt.Store = (*Store)(nil)

// line is what ticks grow along.
type line struct {
	stage uint8
	part  felt.Part
}

// series is a scope with its kind of traffic.
type series struct {
	felt.Scope
	traffic felt.Traffic
}

type linkKey struct {
	env   string
	level felt.IdentityLevel
	from  felt.Hash
}

// harmedKey names a member of an incident's cohort.
type harmedKey struct {
	incident string
	customer felt.Hash
}

// facts are rows of one kind. A fact is named by its batch and its place in it, so that
// the same fact written twice is there once.
type facts[T any] struct {
	rows []T
	seen map[factKey]bool
}

type factKey struct {
	batch felt.BatchID
	row   int
}

func (f *facts[T]) add(batch felt.BatchID, i int, row T) {
	batch.Engine = 0 // a newer engine may write the rest of what an older one began
	key := factKey{batch, i}
	if f.seen[key] {
		return
	}
	if f.seen == nil {
		f.seen = map[factKey]bool{}
	}
	f.seen[key] = true
	f.rows = append(f.rows, row)
}

// drop forgets rows and returns how many.
func (f *facts[T]) drop(old func(*T) bool) int64 {
	before := len(f.rows)
	f.rows = slices.DeleteFunc(f.rows, func(row T) bool { return old(&row) })
	return int64(before - len(f.rows))
}

// NewStore makes an empty store.
func NewStore(o StoreOptions) *Store {
	if o.ExactLimit == 0 {
		o.ExactLimit = 20_000_000
	}
	if o.Recovery == 0 {
		o.Recovery = 30 * felt.Minute
	}
	return &Store{
		opts: o, ticks: map[line]felt.Tick{}, cursors: map[string]felt.Cursor{},
		corrected: map[felt.InteractionID]int32{}, firsts: map[felt.InteractionID]felt.Interaction{}, last: map[series]felt.Instant{},
		findings: map[string]felt.Finding{}, links: map[linkKey]felt.Link{},
		harmed:    map[harmedKey]felt.IncidentCustomer{},
		incidents: map[string]felt.Incident{}, changes: map[string]felt.Change{},
		coarse:  coarse{windows: map[rollup.Window]window{}, from: map[felt.Instant]felt.Instant{}},
		spanIDs: map[spanKey]bool{}, eventIDs: map[string]bool{}, factAt: map[felt.Fact]int{},
	}
}

// Cursor implements [felt.Writer].
func (s *Store) Cursor(_ context.Context, name string) (felt.Cursor, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c, ok := s.cursors[name]
	if !ok {
		return felt.Cursor{}, fmt.Errorf("mem: cursor %q: %w", name, felt.ErrNotFound)
	}
	return c, nil
}

// Close does nothing: memory needs no closing.
func (s *Store) Close() error { return nil }
