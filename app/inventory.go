package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/shell/httpapi"
)

// inventoryEvery is how often the inventory's files are looked at. A change is taken when
// two looks in a row see the same, so that a file which is being written is not read half.
const inventoryEvery = 2 * time.Second

// toldInventory is what the log was last told, in felt.json: versions go on from there also
// when log and snapshots are lost.
type toldInventory struct {
	Version int64  `json:"version,omitempty"`
	Sum     string `json:"sum,omitempty"` // SHA-256 of names and texts
}

// inventory watches the files of the inventory, and puts a good change on the log. One with
// errors changes nothing: what rules goes on to rule, also over a restart, and health, page
// and metrics say so.
type inventory struct {
	a      *App
	reload chan struct{}

	mu       sync.Mutex
	set      *rules.Set // compiled from text
	text     felt.Inventory
	loaded   felt.Instant
	problems []rules.Problem // of the newest text
	newText  string          // what the newest text was, to know another one
	edited   felt.Instant    // when it was first seen; 0: there has never been a file
	newest   bool            // the newest text is on the log
	tries    map[string]int64

	first      bool      // the first try is over
	putVersion int64     // newest on the log, by this process
	since      time.Time // of the first try
}

// The results of a try to load, for the metric.
const (
	reloadGood      = "good"      // put on the log
	reloadUnchanged = "unchanged" // is there already
	reloadBad       = "bad"       // has errors, or cannot be read
	reloadFailed    = "failed"    // the log did not take it; tried again
)

func newInventory(a *App) *inventory {
	return &inventory{
		a: a, reload: make(chan struct{}, 1), newest: true,
		tries: map[string]int64{reloadGood: 0, reloadUnchanged: 0, reloadBad: 0, reloadFailed: 0},
	}
}

// ReloadInventory looks at the inventory's files now instead of within seconds.
func (a *App) ReloadInventory() {
	select {
	case a.inventory.reload <- struct{}{}:
	default: // it is about to
	}
}

// run watches until ctx ends.
func (v *inventory) run(ctx context.Context) {
	if !v.awaitEngine(ctx) {
		return
	}
	seen := v.glance()
	done := v.try(ctx, true)
	look := time.NewTicker(inventoryEvery)
	defer look.Stop()
	for tried := seen; ; {
		select {
		case <-ctx.Done():
			return
		case <-v.reload:
			seen = v.glance()
			tried, done = seen, v.try(ctx, false)
		case <-look.C:
			v.inForce()
			now := v.glance()
			if now == seen && (now != tried || !done) {
				tried, done = now, v.try(ctx, false)
			}
			seen = now
		}
	}
}

// awaitEngine waits until the engine has read the log, and so knows what is in force.
func (v *inventory) awaitEngine(ctx context.Context) bool {
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for !v.a.worker.Ready() {
		select {
		case <-ctx.Done():
			return false
		case <-poll.C:
		}
	}
	return true
}

// glance is what the files look like from outside: it changes when they do.
func (v *inventory) glance() string {
	h := sha256.New()
	err := walkInventory(v.a.cfg.ConfigDir, func(name string, info fs.FileInfo, odd string) error {
		fmt.Fprintf(h, "%q %d %d %q\n", name, info.Size(), info.ModTime().UnixNano(), odd)
		return nil
	})
	return fmt.Sprintf("%x %v", h.Sum(nil), err)
}

// try reads and checks the files, and puts them on the log when they say something new; the
// first time also when they do not, so that the log's oldest record never matters. False
// when the log did not take it.
func (v *inventory) try(ctx context.Context, first bool) bool {
	in, set, problems := v.read()
	v.note(in, problems)
	rule := v.inForce()
	told := v.a.dir.meta.Inventory
	if rule.Version > told.Version {
		told = toldInventory{Version: rule.Version, Sum: sumOf(rule)}
	}
	result := reloadGood
	switch sum := sumOf(in); {
	case set == nil:
		result = reloadBad
		if in = rule; first && rule.Version > 0 && rule.Version == told.Version { // what is on the log may be trimmed one day
			v.put(ctx, in)
		}
	case sum == told.Sum:
		result = reloadUnchanged
		if in.Version = told.Version; first && in.Version > 0 && !v.put(ctx, in) {
			result = reloadFailed
		}
	default:
		in.Version = told.Version + 1
		if !v.put(ctx, in) {
			result = reloadFailed
		}
	}
	v.report(result, in.Version, problems)
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.first && result != reloadFailed {
		v.first, v.since = true, time.Now()
	}
	v.problems, v.newest = problems, set != nil && result != reloadFailed
	v.tries[result]++
	return result != reloadFailed
}

// note remembers when the newest text was first seen. Files that cannot be read are a text, too.
func (v *inventory) note(in felt.Inventory, problems []rules.Problem) {
	text := sumOf(in)
	if text == "" && len(problems) > 0 {
		text = problems[0].Message
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if text != v.newText {
		v.newText, v.edited = text, felt.InstantOf(v.a.cfg.Now())
	}
}

// actorFiles is who changed an inventory that was read from files.
const actorFiles = "files"

// read reads and checks the files, or what stands in for them ([Config.Inventory]). The set is
// nil when they are not to be taken.
func (v *inventory) read() (felt.Inventory, *rules.Set, []rules.Problem) {
	dir := v.a.cfg.ConfigDir
	wrong := func(check, message, mend string) (felt.Inventory, *rules.Set, []rules.Problem) {
		return felt.Inventory{}, nil, []rules.Problem{{File: dir, Severity: rules.SeverityError, Check: check, Message: message, Suggestion: mend}}
	}
	in, odd, err := ReadInventory(dir)
	missing := dir == "" || errors.Is(err, fs.ErrNotExist)
	rule, instead := v.inForce(), v.a.cfg.Inventory
	switch {
	case instead != nil && (err == nil && len(in.Files)+len(odd) == 0 || missing && rule.Actor != actorFiles):
		in = *instead
	case missing:
		if len(rule.Files) > 0 {
			return wrong("no-directory", fmt.Sprintf("there is no such directory, but an inventory of version %d is in force, and stays so", rule.Version),
				"give the right --config; to go on without journeys, make the directory and leave it empty")
		}
		in = felt.Inventory{}
	case err != nil:
		return wrong("unreadable", err.Error(), "")
	}
	if in.Actor == "" {
		in.Actor = actorFiles
	}
	problems := append(odd, rules.Check(in, v.a.checking())...)
	if len(rule.Files) == 0 && len(in.Files) == 0 {
		for i := range odd { // nothing is lost by them
			problems[i].Severity = rules.SeverityWarning
		}
	}
	if rules.Failed(problems) {
		return in, nil, problems
	}
	set, more := rules.Load(in)
	if set == nil {
		return in, nil, append(problems, more...)
	}
	if before := v.journeys(); len(in.Files) > 0 && len(set.Journeys) == 0 && !set.Cleared && before > 0 {
		return in, nil, append(problems, rules.Problem{
			File: in.Files[0].Name, Severity: rules.SeverityError, Check: "no-journeys", Suggestion: "to go on without journeys, write journeys: [] or leave the directory empty",
			Message: fmt.Sprintf("no file names a journey, but %d are in force, and stay so", before),
		})
	}
	return in, set, problems
}

// told gives the text that the log was told last, when the files, or what stands in for them, still
// have it; else, and before there was any, the zero value. The text is read now.
func (v *inventory) told() func() felt.Inventory {
	told := v.a.dir.meta.Inventory
	in, odd, err := ReadInventory(v.a.cfg.ConfigDir)
	if err != nil || len(odd) > 0 || sumOf(in) != told.Sum {
		in = felt.Inventory{}
		if i := v.a.cfg.Inventory; i != nil && sumOf(*i) == told.Sum {
			in = *i
		}
	} else {
		in.Actor = actorFiles
	}
	if told.Sum == "" || sumOf(in) != told.Sum {
		return nil
	}
	in.Version = told.Version
	return func() felt.Inventory { return in }
}

// journeys is how many are in force.
func (v *inventory) journeys() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.set == nil {
		return 0
	}
	return len(v.set.Journeys)
}

// checking is what a check must be told of this server.
func (a *App) checking() rules.Options {
	return rules.Options{Today: felt.InstantOf(a.cfg.Now()), Kept: a.cfg.Retention.BucketsLong}
}

// put appends the inventory, and remembers that it did.
func (v *inventory) put(ctx context.Context, in felt.Inventory) bool {
	data, err := json.Marshal(in)
	if err == nil {
		_, err = v.a.door.Append(ctx, felt.Record{Kind: felt.KindInventory, Part: felt.Control, Data: data})
	}
	if err == nil {
		v.mu.Lock()
		v.putVersion = in.Version
		v.mu.Unlock()
		err = v.a.dir.change(func(m *meta) { m.Inventory = toldInventory{Version: in.Version, Sum: sumOf(in)} })
	}
	if err != nil && ctx.Err() == nil {
		v.a.cfg.Logger.Warn("the log does not take the inventory yet", "err", err)
	}
	return err == nil
}

// maxLogged bounds how many problems of one text are logged.
const maxLogged = 20

func (v *inventory) report(result string, version int64, problems []rules.Problem) {
	log := v.a.cfg.Logger
	for i, p := range problems {
		if i == maxLogged {
			log.Warn("inventory: further problems", "count", len(problems)-i)
			break
		}
		if p.Severity == rules.SeverityError {
			log.Error("inventory: " + p.String())
		} else {
			log.Warn("inventory: " + p.String())
		}
	}
	switch result {
	case reloadGood:
		log.Info("inventory loaded", "version", version)
	case reloadBad:
		log.Error("the inventory has errors and is NOT taken; the one before stays in force", "version", version)
	}
}

// sumOf tells texts apart; that of no files is "".
func sumOf(in felt.Inventory) string {
	if len(in.Files) == 0 {
		return ""
	}
	h := sha256.New()
	for _, f := range in.Files {
		fmt.Fprintf(h, "%q %q\n", f.Name, f.Text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// inForce is the inventory under which the newest rows were made. It is compiled once.
func (v *inventory) inForce() felt.Inventory {
	rule := v.a.worker.Inventory()
	v.mu.Lock()
	defer v.mu.Unlock()
	if rule.Version > 0 && (v.set == nil || v.set.Version != rule.Version) {
		v.set, _ = rules.Load(rule) // it would not be in force if it had errors
		v.text, v.loaded = rule, felt.InstantOf(v.a.cfg.Now())
	}
	return rule
}

// rules is what the API shows.
func (v *inventory) rules() httpapi.Rules {
	v.inForce()
	v.mu.Lock()
	defer v.mu.Unlock()
	return httpapi.Rules{
		Set: v.set, Files: v.text.Files, Loaded: v.loaded, Edited: v.edited, By: v.text.Actor, Dir: v.a.cfg.ConfigDir, Problems: slices.Clone(v.problems), Newest: v.newest,
	}
}

// errors are the lines that health shows.
func (v *inventory) errors() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var list []string
	for _, p := range v.problems {
		if p.Severity == rules.SeverityError {
			list = append(list, p.String())
		}
	}
	return list
}

// Metrics implements [felt.Meter].
func (v *inventory) Metrics() []felt.Metric {
	version := v.inForce().Version
	v.mu.Lock()
	defer v.mu.Unlock()
	severities := map[string]int{}
	for _, p := range v.problems {
		severities[p.Severity]++
	}
	out := []felt.Metric{{Name: "felt_inventory_version", Help: "Version of the inventory in force; 0 none.", Type: felt.MetricGauge, Value: float64(version)}}
	for _, s := range []string{rules.SeverityError, rules.SeverityWarning} {
		out = append(out, felt.Metric{
			Name: "felt_inventory_problems", Help: "Problems of the newest text of the inventory.", Type: felt.MetricGauge,
			Labels: []felt.Segment{{Key: "severity", Value: s}}, Value: float64(severities[s]),
		})
	}
	for _, r := range []string{reloadBad, reloadFailed, reloadGood, reloadUnchanged} {
		out = append(out, felt.Metric{
			Name: "felt_inventory_reloads_total", Help: "Times the inventory's files were read, by what came of it.", Type: felt.MetricCounter,
			Labels: []felt.Segment{{Key: "result", Value: r}}, Value: float64(v.tries[r]),
		})
	}
	return out
}
