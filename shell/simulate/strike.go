package simulate

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/felt-cx/felt"
)

// Modes of a silent outage.
const (
	modeCustomers = "customers" // they cannot arrive
	modeTelemetry = "telemetry" // what they do is not told
)

// What failures say.
const reasonTimeout = "upstream_timeout"

// episode is one time that a fault strikes.
type episode struct {
	fault    int
	from, to felt.Instant
	reached  []bool // operations, by id
	first    *op
	site     int
}

// schedule enters the faults that the scenario gives a time, the first time of each.
func (w *World) schedule() {
	for i := range w.scenario.Faults {
		if f := &w.scenario.Faults[i]; f.Start != nil {
			w.enterEpisode(i, w.opt.Start+*f.Start, f.Duration)
		}
	}
}

func (w *World) enterEpisode(fault int, from, long felt.Instant) {
	e := episode{fault: fault, from: from, to: from + long, reached: make([]bool, len(w.ops))}
	for _, o := range w.scenario.Faults[fault].struck(w.sites) {
		if e.first == nil {
			e.first = o
		}
		e.reached[o.id] = true
	}
	for i, t := range w.sites {
		if slices.Contains(t.ops, e.first) {
			e.site = i
		}
	}
	w.episodes = append(w.episodes, e)
	if w.scenario.Faults[fault].Kind == kindNoisy {
		w.queue.add(max(from, w.now), evNoisy, int32(len(w.episodes)-1)) //nolint:gosec // a handful
	}
}

// Strike lets a fault strike at a moment (not before now), for so long (0: as long as
// the scenario says). Its name is that of the scenario.
func (w *World) Strike(name string, at, long felt.Instant) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.scenario.Faults, func(f Fault) bool { return f.Name == name })
	if i < 0 {
		var names []string
		for _, f := range w.scenario.Faults {
			names = append(names, f.Name)
		}
		return fmt.Errorf("there is no fault %q: there is %s", name, few(names))
	}
	if long <= 0 {
		long = w.scenario.Faults[i].Duration
	}
	w.enterEpisode(i, max(at, w.now), long)
	return nil
}

// Heal ends every fault that lasts at a moment or comes later, and those that would come again.
func (w *World) Heal(at felt.Instant) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at = max(at, w.now)
	for i := range w.episodes {
		e := &w.episodes[i]
		e.to = min(e.to, max(at, e.from))
	}
	for i := range w.scenario.Faults {
		w.scenario.Faults[i].Every = 0
	}
}

// awaken enters what comes again, and finds out which episodes may strike until to.
func (w *World) awaken(to felt.Instant) {
	for i := 0; i < len(w.episodes); i++ {
		e := &w.episodes[i]
		f := &w.scenario.Faults[e.fault]
		if f.Every == 0 || f.Start == nil || e.from+f.Every > to {
			continue
		}
		again := e.from + f.Every
		if (again-w.opt.Start-*f.Start)%f.Every != 0 {
			continue // somebody said so
		}
		if !slices.ContainsFunc(w.episodes, func(o episode) bool { return o.fault == e.fault && o.from == again }) {
			w.enterEpisode(e.fault, again, f.Duration)
		}
	}
	w.live = w.live[:0]
	for i := range w.episodes {
		if e := &w.episodes[i]; e.from <= to && e.to > w.now {
			w.live = append(w.live, i)
		}
	}
}

// Episode is one time that a fault strikes.
type Episode struct {
	Fault Fault
	Title string // what happens, for people who watch
	felt.Window
}

// Episodes are the times that faults have struck and will, as far as is known now, in
// order of their start.
func (w *World) Episodes() []Episode {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]Episode, len(w.episodes))
	for i := range w.episodes {
		f := w.scenario.Faults[w.episodes[i].fault]
		list[i] = Episode{f, f.Tell(), felt.Window{From: w.episodes[i].from, To: w.episodes[i].to}}
	}
	slices.SortStableFunc(list, func(a, b Episode) int { return cmp.Compare(a.From, b.From) })
	return list
}

// strike lets the faults of the moment decide about a try; false when none does.
func (w *World) strike(t *Try) bool {
	hit := false
	for _, i := range w.live {
		e := &w.episodes[i]
		if w.now < e.from || w.now >= e.to || !e.reached[t.op.id] {
			continue
		}
		f := &w.scenario.Faults[e.fault]
		if !w.fits(f, &t.somebody, t.op) || f.Kind == kindNoisy && !t.pestering {
			continue
		}
		if t.Traffic != felt.TrafficCustomer && f.Kind != kindSilent {
			continue // what happens to bots and tests harms nobody
		}
		switch f.Kind {
		case kindLate:
			if w.chance(f.Share) {
				t.trouble, t.late = int32(e.fault), true //nolint:gosec // a handful
			}
			continue
		case kindSkew:
			// A clock is off for good: it is the device that decides.
			if float64(mix(uint64(t.person)<<3|uint64(t.device))%1000) < f.Share*1000 {
				t.trouble = int32(e.fault) //nolint:gosec // a handful
			}
			continue
		}
		if hit {
			continue
		}
		if hit = w.suffer(t, f, e); (hit || t.muted) && t.Traffic == felt.TrafficCustomer {
			t.episode = int32(i) //nolint:gosec // a handful
		}
	}
	return hit
}

// fits tells whether a customer is in the fault's segment.
func (w *World) fits(f *Fault, s *somebody, o *op) bool {
	if len(f.Segment) == 0 {
		return true
	}
	if o.by == byWorker {
		return f.Segment["region"] == "" || w.tables.regions[s.region].value == f.Segment["region"]
	}
	b := &w.tables.browsers[s.browser]
	for key, value := range f.Segment {
		var has string
		switch key {
		case "region":
			has = w.tables.regions[s.region].value
		case "plan":
			if !s.known {
				return false // telemetry does not know it either
			}
			has = w.tables.plans[s.plan].value
		case "browser":
			has = b.name
		case "device":
			has = deviceOf(b)
		case "release":
			has = [releaseKinds]string{newRelease, oldRelease}[s.release]
		}
		if has != value {
			return false
		}
	}
	return true
}

func deviceOf(b *browser) string {
	if b.mobile {
		return "mobile"
	}
	return "desktop"
}

// suffer is what a fault does to a try in its scope; false when this one gets by.
func (w *World) suffer(t *Try, f *Fault, e *episode) bool {
	last := int8(len(t.op.services)) //nolint:gosec // a handful
	origin := last - 1
	if i := slices.Index(t.op.services, f.Service); i >= 0 {
		origin = int8(i) //nolint:gosec // a handful
	}
	if f.Kind == kindSaturation {
		return w.saturate(t, f, e, origin)
	}
	struck, fails := w.chance(f.Share), w.chance(f.Strength)
	switch {
	case !struck:
		return false
	case f.Kind == kindSilent:
		t.gone, t.muted = f.Mode == modeCustomers, f.Mode == modeTelemetry
		return t.gone
	case f.Kind == kindThirdParty && !fails:
		t.fail(reasonTimeout, last)
		return true
	case f.Kind == kindThirdParty, f.Kind == kindPaperCuts && fails:
		return t.slow(last)
	case f.Kind == kindPaperCuts, f.Kind == kindFlapping && (w.now-e.from)/f.Period%2 == 1:
		return false
	case f.Kind == kindFrontend:
		origin = inPage
	}
	t.meet(f, origin)
	if fails {
		t.fail(f.reason(), origin)
	}
	return fails
}

// meet lets a try run into the version of a bad release, which may go well.
func (t *Try) meet(f *Fault, origin int8) {
	if f.Version == "" || f.Kind != kindBadRelease && f.Kind != kindFrontend {
		return
	}
	t.bad, t.badAt = f.Version, origin
	if f.Kind == kindFrontend {
		t.release = releaseBad
	}
}

// reason is the error.type of those that simply fail.
func (f *Fault) reason() string {
	switch f.Kind {
	case kindBadRelease:
		return "internal_error"
	case kindFrontend:
		return "TypeError"
	case kindFlapping:
		return "connection_refused"
	case kindNoisy:
		return "invalid_request"
	case kindRegionDown:
		return "region_unreachable"
	}
	return "infrastructure_error"
}

// saturate: connections run out bit by bit; first it gets slow, then it fails.
func (w *World) saturate(t *Try, f *Fault, e *episode, origin int8) bool {
	level := fill(e, w.now)
	switch {
	case w.chance(f.Share * f.Strength * max(0, level-.6) / .4):
		t.fail("connection_pool_exhausted", origin)
	case w.chance(f.Share * max(0, level-.3) / .7):
		return t.slow(origin)
	default:
		return false
	}
	return true
}

// fill is how full it is, 0 to 1.
func fill(e *episode, at felt.Instant) float64 {
	if at < e.from || at >= e.to {
		return 0
	}
	return float64(at-e.from) / float64(e.to-e.from)
}

// Tell says in words what a fault does.
func (f *Fault) Tell() string {
	if f.Story != "" {
		return f.Story
	}
	where := "everywhere"
	if len(f.Apps) > 0 {
		where = "in " + few(slices.Clone(f.Apps))
	}
	if len(f.Interactions) > 0 {
		where = "at " + few(slices.Clone(f.Interactions)) + " " + where
	}
	return map[string]string{
		kindBadRelease: "a bad release of " + f.Service + " fails", kindRegionDown: "region " + f.Segment["region"] + " is down",
		kindThirdParty: f.Peer + " is slow", kindSilent: "customers do not arrive", kindFrontend: "the page breaks in " + f.Segment["browser"],
		kindSaturation: "the connections of " + f.Service + " run out", kindFlapping: "it fails every other moment",
		kindNoisy: "one customer fails again and again", kindPaperCuts: "a little more is slow", kindLate: "telemetry comes late and twice",
		kindSkew: "clocks are off", kindAsyncFailures: "what customers wait for fails",
	}[f.Kind] + " " + where
}
