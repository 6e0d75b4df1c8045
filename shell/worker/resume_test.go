package worker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
	"github.com/felt-cx/felt/shell/mem"
)

// remembering is a store that can be asked, beside the ledger.
type remembering struct {
	*mem.Store
	ledger *ledger
}

func (r remembering) Write(ctx context.Context, b ...felt.Batch) error {
	if err := r.ledger.Write(ctx, b...); err != nil {
		return err
	}
	return r.Store.Write(ctx, b...)
}

func (r remembering) Cursor(ctx context.Context, name string) (felt.Cursor, error) {
	return r.ledger.Cursor(ctx, name)
}

// lost is a world whose worker is stopped at a second of the log, and loses its snapshots.
func lost(t *testing.T, recs []felt.Record, clock felt.Clock, second int) (*world, Options, felt.Tick) {
	t.Helper()
	w := newWorld(t, recs)
	opts := w.options(t.TempDir(), clock)
	opts.Store = remembering{mem.NewStore(mem.StoreOptions{}), w.store}
	at := felt.TickOf(begin) + felt.Tick(second)
	if done, err := w.once(t, opts, func(p felt.Progress) bool { return p.Tick >= at }); done || err != nil {
		t.Fatalf("done %v, %v", done, err)
	}
	if len(w.files.files) == 0 {
		t.Fatal("no snapshot to lose")
	}
	clear(w.files.files)
	clear(w.files.synced)
	cur, err := w.store.Cursor(t.Context(), CursorName)
	if err != nil {
		t.Fatal(err)
	}
	return w, opts, cur.Tick
}

// ofStage are the rows of batches of one stage after a tick.
func ofStage(rows map[string]string, stage int, after felt.Tick) map[string]string {
	out := map[string]string{}
	for id, row := range rows {
		var version, s, part int
		var tick felt.Tick
		if _, err := fmt.Sscanf(strings.ReplaceAll(id, "/", " "), "%d %d %d %d", &version, &s, &part, &tick); err != nil {
			panic(err)
		}
		if s == stage && tick > after {
			out[id] = row
		}
	}
	return out
}

// TestLostStateIsNoLoss: the snapshots are gone, as after an upgrade. What is made after that is
// what would have been made: rows, findings of a fault that begins later, and its incident.
func TestLostStateIsNoLoss(t *testing.T) {
	for _, clock := range []felt.Clock{felt.ClockWall, felt.ClockEvent} {
		recs := shopLog(21, clock, 240, 20)
		w, opts, at := lost(t, recs, clock, 70)
		w.finish(t, opts)
		want := reference(t, clock, recs)
		differ(t, forgetful(t, w.store.rows), forgetful(t, want))
		if found := ofStage(want, 3, at); len(found) < 3 {
			t.Fatalf("%d batches of stage 3 after the loss: nothing to compare", len(found))
		}
	}
}

// TestLostStateOfAShortLog: the log does not reach back to where the rows begin. What was open then
// may be lost, what is usual is not: the same findings as without the loss.
func TestLostStateOfAShortLog(t *testing.T) {
	recs := shopLog(22, felt.ClockWall, 240, 20)
	w, opts, at := lost(t, recs, felt.ClockWall, 75)
	short := at - 40
	n := slices.IndexFunc(recs, func(r felt.Record) bool { return felt.TickOf(r.At) >= short })
	if err := w.log.Trim(t.Context(), felt.Seq(n)); err != nil {
		t.Fatal(err)
	}
	w.store.written = func(b felt.Batch) {
		if b.ID.Tick <= at && !b.Empty() {
			t.Errorf("batch %s is written again", b.ID)
		}
	}
	w.finish(t, opts)
	want := ofStage(reference(t, felt.ClockWall, recs), 3, at)
	differ(t, findingsOf(t, ofStage(w.store.rows, 3, at)), findingsOf(t, want))
	if len(w.store.other) > 0 {
		t.Error(w.store.other[0])
	}
}

// forgetful leaves of incidents what does not rest on rows that are not read again after a loss: sessions,
// and how far customers have come back.
func forgetful(t *testing.T, rows map[string]string) map[string]string {
	t.Helper()
	out := maps.Clone(rows)
	for id, row := range ofStage(rows, 3, 0) {
		delete(out, id)
		var b felt.Batch
		if err := json.Unmarshal([]byte(row), &b); err != nil {
			t.Fatal(err)
		}
		b.IncidentCustomers = nil
		b.Incidents = slices.DeleteFunc(b.Incidents, func(i felt.Incident) bool { return i.Version > 1 })
		for i := range b.Incidents {
			in := &b.Incidents[i]
			*in = felt.Incident{
				ID: in.ID, Scopes: in.Scopes, FirstBad: in.FirstBad, Opened: in.Opened, Findings: in.Findings,
				Impact: felt.Impact{Customers: in.Impact.Customers, Counts: in.Impact.Counts},
			}
		}
		if !b.Empty() {
			out[id] = encode(b)
		}
	}
	return out
}

// findingsOf are the findings of batches, by batch.
func findingsOf(t *testing.T, rows map[string]string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for id, row := range rows {
		var b felt.Batch
		if err := json.Unmarshal([]byte(row), &b); err != nil {
			t.Fatal(err)
		}
		for _, f := range b.Findings {
			text, err := json.Marshal(f)
			if err != nil {
				t.Fatal(err)
			}
			out[id] += string(text) + "\n"
		}
	}
	return out
}

// TestLostStateInAFault: the state is lost while customers fail. The finding goes on, the incident
// is not opened twice, and it is seen that customers are back.
func TestLostStateInAFault(t *testing.T) {
	recs := shopLog(23, felt.ClockWall, 240, 20)
	w, opts, at := lost(t, recs, felt.ClockWall, 130)
	w.finish(t, opts)
	all := reference(t, felt.ClockWall, recs)
	want := ofStage(all, 3, at)
	differ(t, findingsOf(t, ofStage(w.store.rows, 3, at)), findingsOf(t, want))
	story := func(rows map[string]string) map[string]string {
		out := map[string]string{}
		for _, row := range rows {
			var b felt.Batch
			if err := json.Unmarshal([]byte(row), &b); err != nil {
				t.Fatal(err)
			}
			for _, in := range b.Incidents {
				for _, f := range in.Findings {
					out[in.ID+f.ID] = fmt.Sprint(in.Opened, in.Scopes[0].Env)
				}
			}
		}
		return out
	}
	differ(t, story(ofStage(w.store.rows, 3, 0)), story(ofStage(all, 3, 0)))
	_, incidents, err := opts.Store.(remembering).Lasting(t.Context())
	if err != nil || len(incidents) != 1 || incidents[0].FindingActive || !incidents[0].Recovery.Holds {
		t.Errorf("customers are back, and that must hold for minutes yet: %+v, %v", incidents, err)
	}
}

// TestLostStateEndsWhatIsOver: a finding that lasts in the store, and that no detector sees after the
// warm-up, ends. Its incident goes on: that it ended does not say that customers are back.
func TestLostStateEndsWhatIsOver(t *testing.T) {
	recs := shopLog(27, felt.ClockWall, 90, 20)
	w, opts, at := lost(t, recs, felt.ClockWall, 25)
	ghost := felt.Finding{
		ID: "fnd-ghost", Series: felt.Series{Env: "production", App: "shop", Name: "ghost", Kind: felt.KindStep},
		Detector: "of another version", Opened: at - 5, Since: (at - 9).Instant(), Updated: at,
	}
	store := opts.Store.(remembering)
	err := store.Store.Write(t.Context(), felt.Batch{
		ID: felt.BatchID{Stage: 3, Part: 9, Tick: at}, Findings: []felt.Finding{ghost},
		Incidents: []felt.Incident{{
			ID: "inc-ghost", Version: 4, Env: "production", App: "shop", Journeys: []string{"ghost"}, Status: felt.IncidentAcknowledged,
			Findings: []felt.Finding{ghost}, FindingActive: true, FirstBad: ghost.Since, Opened: (at - 5).Instant(),
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.finish(t, opts)
	findings, _, err := store.Lasting(t.Context())
	if err != nil || slices.ContainsFunc(findings, func(f felt.Finding) bool { return f.ID == ghost.ID }) {
		t.Errorf("%+v last, %v", findings, err)
	}
	in, err := store.Incident(t.Context(), "inc-ghost")
	ended := func(e felt.TimelineEntry) bool {
		return e.Kind == "finding_ended" && strings.Contains(e.Text, "do not see it any more")
	}
	if err != nil || in.Status != felt.IncidentAcknowledged || in.Version < 5 || in.Findings[0].Ended <= at || !slices.ContainsFunc(in.Timeline, ended) {
		t.Errorf("%+v, %v", in, err)
	}
}

// TestUpgrade: snapshots of an older engine are passed over and cleared away, and made up for.
func TestUpgrade(t *testing.T) {
	recs := shopLog(24, felt.ClockWall, 240, 20)
	w := newWorld(t, recs)
	opts := w.options(t.TempDir(), felt.ClockWall)
	opts.Store = remembering{mem.NewStore(mem.StoreOptions{}), w.store}
	at := felt.TickOf(begin) + 70
	if done, err := w.once(t, opts, func(p felt.Progress) bool { return p.Tick >= at }); done || err != nil {
		t.Fatalf("done %v, %v", done, err)
	}
	// One as an engine of version 2 wrote it, others whole and of the version before this.
	released, err := os.ReadFile("testdata/engine-2.snap")
	if err != nil {
		t.Fatal(err)
	}
	var old []string
	for name, b := range w.files.files {
		b = bytes.Clone(b[:len(b)-sha256.Size])
		binary.LittleEndian.PutUint16(b[len(snapMagic)+1:], engine.Version-1)
		if sum := sha256.Sum256(b); len(old) > 0 {
			b = append(b, sum[:]...)
		} else {
			b = released
		}
		w.files.files[name] = b
		old = append(old, name)
	}
	worker, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(ctx) }()
	for until := time.Now().Add(time.Minute); worker.Progress().Tick < w.until && time.Now().Before(until); {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if rows, of := value(worker, "felt_worker_warm_up_rows"), value(worker, "felt_worker_warm_up_rows_wanted"); rows < 300 || rows != of {
		t.Errorf("warmed with %g of %g rows", rows, of)
	}
	if why := worker.Warming(); why != "" {
		t.Errorf("still %q", why)
	}
	for _, name := range old {
		if b := w.files.files[name]; b != nil && (b[len(snapMagic)] != snapFormat || binary.LittleEndian.Uint16(b[len(snapMagic)+1:]) != engine.Version) {
			t.Errorf("%s of the old engine is still there", name)
		}
	}
	differ(t, forgetful(t, w.store.rows), forgetful(t, reference(t, felt.ClockWall, recs)))
}

// TestLostTwice: killed while it makes up for a loss, at any place, it begins again.
func TestLostTwice(t *testing.T) {
	recs := shopLog(25, felt.ClockWall, 120, 20)
	want := reference(t, felt.ClockWall, recs)
	for n := int64(1); n < 600; n += 53 {
		w, opts, _ := lost(t, recs, felt.ClockWall, 35)
		w.at, w.mode = w.ops.Load()+n, killed
		w.finish(t, opts)
		// What an incident that was open tells of its customers is counted anew, and may differ.
		for stage := 1; stage <= 2; stage++ {
			differ(t, ofStage(w.store.rows, stage, 0), ofStage(want, stage, 0))
		}
		differ(t, findingsOf(t, ofStage(w.store.rows, 3, 0)), findingsOf(t, ofStage(want, 3, 0)))
	}
}

// TestWarmUpIsBounded: only the newest rows are read, in whole minutes, and it is told what was
// left out.
func TestWarmUpIsBounded(t *testing.T) {
	recs := shopLog(26, felt.ClockWall, 240, 20)
	_, opts, _ := lost(t, recs, felt.ClockWall, 200)
	opts.WarmUp.Rows = 700
	worker, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := worker.restore(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows := value(worker, "felt_worker_warm_up_rows")
	if rows == 0 || rows > 700+20*60 || rows != value(worker, "felt_worker_warm_up_rows_wanted") {
		t.Errorf("warmed with %g rows", rows)
	}
	if !strings.Contains(worker.warm.left, "are read") || !strings.Contains(worker.Warming(), "reading the log again") {
		t.Errorf("left out %q; %q", worker.warm.left, worker.Warming())
	}
	counts := []felt.HistoryCount{{From: 60, N: 5}, {From: 120, N: 5}, {From: 300, N: 9}}
	for limit, want := range map[int64]felt.Tick{1: 179, 9: 179, 14: 119, 18: 119, 19: 0} {
		if after, _ := newest(counts, limit); after != want {
			t.Errorf("newest of %d: after %d, want %d", limit, after, want)
		}
	}
}

// TestWarmUpInTime: when learning takes too long it begins anew with less, the newest, and says so.
func TestWarmUpInTime(t *testing.T) {
	store := mem.NewStore(mem.StoreOptions{})
	const rows, end = 20 * felt.HistoryBatch, felt.Tick(1_700_100_000)
	b := felt.Batch{ID: felt.BatchID{Stage: 2, Tick: end}, Cursor: felt.Cursor{Name: CursorName, Seq: 1, Tick: end, Epoch: 1}}
	for i := range rows {
		known := end - felt.Tick((rows-1-i)/2)
		r := felt.Interaction{
			Version: 1, Known: known, FirstKnown: known, Env: "production", App: "shop", Name: "pay", Kind: felt.KindStep,
			End: known.Instant(), Outcome: felt.OutcomeSuccess, Customer: felt.Hash{1, byte(i), byte(i >> 8), byte(i >> 16)},
		}
		binary.BigEndian.PutUint64(r.ID[:], uint64(i))
		b.Interactions = append(b.Interactions, r)
	}
	if err := store.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	for within, all := range map[time.Duration]bool{time.Hour: true, 15 * time.Second: false} {
		w := newWorld(t, nil) // its clock moves on by a second each time it is read
		opts := w.options(t.TempDir(), felt.ClockWall)
		opts.Store, opts.WarmUp.Within = store, within
		worker, err := New(opts)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := worker.restore(t.Context()); err != nil {
			t.Fatal(err)
		}
		n := value(worker, "felt_worker_warm_up_rows")
		if all && (n != rows || worker.warm.left != "") || !all && (n < 1000 || n > rows/2 || !strings.Contains(worker.warm.left, "are read")) {
			t.Errorf("within %s: %g of %d rows, %q", within, n, rows, worker.warm.left)
		}
	}
}
