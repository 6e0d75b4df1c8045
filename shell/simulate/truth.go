package simulate

import (
	"cmp"
	"slices"

	"github.com/felt-cx/felt"
)

// Truth is what really happened in a window, as far as the server has accepted it.
type Truth struct {
	Customers felt.Distinct
	Sessions  felt.Distinct
	Counts    [felt.Outcomes]int64 // interactions by outcome
	// Complete tells that the window begins after the oldest interaction that is
	// remembered.
	Complete bool
}

// Truth counts a scope and window, distinct customers as Felt resolves them: by user, else
// by installation, else by session, and a session or installation that becomes known as
// a user's is that user's from its beginning. An empty app or name means any; a zero To is no end. The
// names of several interactions may be given in place of the scope's. Bots and tests
// are not counted.
func (l *Ledger) Truth(s felt.Scope, w felt.Window, names ...string) Truth {
	return l.Within(s, w, nil, names...)
}

// Union is Truth of several scopes at once, some parts of the time left out: customers are distinct over all of
// them. Their kind does not matter, as an interaction is told once.
func (l *Ledger) Union(w felt.Window, except []felt.Window, scopes ...felt.Scope) Truth {
	return l.sum(w, except, nil, func(o *op) bool {
		return slices.ContainsFunc(scopes, func(s felt.Scope) bool {
			return (s.Env == "" || s.Env == l.world.scenario.Env) && (s.App == "" || s.App == o.app) && (s.Name == "" || s.Name == o.name)
		})
	})
}

// Within is Truth of customers with these segment values only (region, plan, device,
// browser, release). The plan is known of those who are logged in.
func (l *Ledger) Within(s felt.Scope, w felt.Window, segment map[string]string, names ...string) Truth {
	if s.Name != "" {
		names = append(names, s.Name)
	}
	return l.sum(w, nil, segment, func(o *op) bool {
		return (s.Env == "" || s.Env == l.world.scenario.Env) && (s.App == "" || s.App == o.app) && (len(names) == 0 || slices.Contains(names, o.name))
	})
}

// sum counts the interactions that are wanted.
func (l *Ledger) sum(w felt.Window, except []felt.Window, segment map[string]string, want func(*op) bool) Truth {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := Truth{Complete: w.From >= l.since}
	wanted := make([]bool, len(l.world.ops))
	for i, o := range l.world.ops {
		wanted[i] = want(o)
	}
	fits := l.fits(segment)
	from, to := l.offset(w.From), int64(1)<<62
	if w.To != 0 {
		to = l.offset(w.To)
	}
	type gap struct{ from, to int64 }
	var gaps []gap
	for _, x := range except {
		gaps = append(gaps, gap{l.offset(x.From), l.offset(x.To)})
	}
	customers, sessions := tally{}, tally{}
	l.each(func(e *entry) {
		end := int64(e.end)
		if !wanted[e.op] || end < from || end >= to || !fits(e) ||
			slices.ContainsFunc(gaps, func(g gap) bool { return end >= g.from && end < g.to }) {
			return
		}
		o := felt.Outcome(e.outcome)
		t.Counts[o]++
		customers.add(l.resolve(e.who), o)
		if e.session != 0 {
			sessions.add(e.session, o)
		}
	})
	t.Customers, t.Sessions = customers.distinct(), sessions.distinct()
	return t
}

// offset is a moment in the unit of entries, rounded up: ends are whole milliseconds.
func (l *Ledger) offset(at felt.Instant) int64 {
	return int64((at - l.start + milli - 1).Floor(milli) / milli)
}

// fits makes a filter of segment values.
func (l *Ledger) fits(segment map[string]string) func(e *entry) bool {
	if len(segment) == 0 {
		return func(*entry) bool { return true }
	}
	f := Fault{Segment: segment}
	return func(e *entry) bool {
		s := l.somebody(e)
		return l.world.fits(&f, &s, l.world.ops[e.op])
	}
}

// somebody is the reverse of segments.
func (l *Ledger) somebody(e *entry) somebody {
	n := e.segments
	t := &l.world.tables
	s := somebody{release: n % releaseKinds, known: e.flags&flagKnown != 0}
	n /= releaseKinds
	s.browser = n % 6
	n /= 6
	s.plan, s.region = n%uint8(len(t.plans)), n/uint8(len(t.plans)) //nolint:gosec // a handful
	return s
}

func (l *Ledger) resolve(who uint32) uint32 {
	if who >= whoInstall {
		if to, ok := l.links[who]; ok {
			return to
		}
	}
	return who
}

// tally remembers who had which outcomes. Who only changed their mind is not in it:
// cancelled interactions are outside of every number but their own.
type tally map[uint32]uint8

func (t tally) add(who uint32, o felt.Outcome) {
	if o != felt.OutcomeCancelled {
		t[who] |= 1 << o
	}
}

func (t tally) distinct() felt.Distinct {
	d := felt.Distinct{Total: int64(len(t))}
	for _, had := range t {
		if had&(1<<felt.OutcomeFailed) != 0 {
			d.Failed++
		}
		if had&(1<<felt.OutcomeDegraded) != 0 {
			d.Degraded++
		}
	}
	return d
}

// Damage is what a fault has done in one of the times that it struck, as far as the
// server was told.
type Damage struct {
	Name     string            `json:"name"`
	Kind     string            `json:"kind"`
	Story    string            `json:"story"`
	From     felt.Instant      `json:"from"`
	To       felt.Instant      `json:"to"`
	Segment  map[string]string `json:"segment,omitempty"`
	Share    float64           `json:"share"`
	Strength float64           `json:"strength"`
	// What it spoiled: tries that failed or were degraded by it, and that were missing
	// (in a silent outage: nobody saw them).
	Failed   int64 `json:"failed"`
	Degraded int64 `json:"degraded"`
	Missing  int64 `json:"missing"`
	// Who: distinct customers.
	Customers int          `json:"customers"`
	First     *Hit         `json:"first,omitempty"`
	Twentieth felt.Instant `json:"twentieth,omitempty"` // when the 20th customer was hit; 0 not so many
	Scopes    []Scope      `json:"scopes"`              // the interactions that it can strike
	// Before is ten minutes before it (less when the world is younger), During its whole time,
	// both of the scopes and segment that it can strike.
	Before Stretch `json:"before"`
	During Stretch `json:"during"`
	Hits   []Hit   `json:"hits"` // everybody, each once, in order of time
}

// Scope is an interaction that a fault can strike, and how many distinct customers
// failed there while it lasted, whatever the reason.
type Scope struct {
	App    string `json:"app"`
	Name   string `json:"name"`
	Failed int64  `json:"failed_customers"`
	Total  int64  `json:"customers"`
}

// Stretch sums up the tries of customers in a stretch of time: what an ideal test that
// knows everything would need. Windows are of ten seconds by the time that things ended.
type Stretch struct {
	Seconds  float64    `json:"seconds"`
	Tries    int64      `json:"tries"`
	Failed   int64      `json:"failed"`
	Degraded int64      `json:"degraded"`
	Windows  [][3]int32 `json:"windows,omitempty"` // tries, failed, degraded
}

// Rate is the tries a second.
func (s *Stretch) Rate() float64 {
	if s.Seconds == 0 {
		return 0
	}
	return float64(s.Tries) / s.Seconds
}

// Damages are what the faults have done so far, in the order in which they were entered.
func (l *Ledger) Damages() []Damage {
	episodes, faults := l.world.raw()
	list := make([]Damage, len(episodes))
	for i := range episodes {
		list[i] = l.damage(i, &episodes[i], &faults[episodes[i].fault])
	}
	return list
}

// raw are the episodes and faults as they are now.
func (w *World) raw() ([]episode, []Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.episodes), slices.Clone(w.scenario.Faults)
}

func (l *Ledger) damage(i int, e *episode, f *Fault) Damage {
	d := Damage{
		Name: f.Name, Kind: f.Kind, Story: f.Tell(), From: e.from, To: e.to,
		Segment: f.Segment, Share: f.Share, Strength: f.Strength,
	}
	l.mu.Lock()
	s := l.struck(i)
	d.Failed, d.Degraded, d.Missing = s.failed, s.degraded, s.missing
	d.Hits = l.distinctHits(s.hits)
	l.mu.Unlock()
	d.Customers = len(d.Hits)
	if len(d.Hits) > 0 {
		d.First = &d.Hits[0]
	}
	const enough = 20
	if len(d.Hits) >= enough {
		d.Twentieth = d.Hits[enough-1].At
	}
	const before = 10 * felt.Minute
	d.Before = l.stretch(e, f, felt.Window{From: max(e.from-before, l.start), To: e.from})
	d.During = l.stretch(e, f, felt.Window{From: e.from, To: e.to})
	d.Scopes = l.scopes(e)
	return d
}

// scopes counts each interaction that an episode can strike.
func (l *Ledger) scopes(e *episode) []Scope {
	l.mu.Lock()
	defer l.mu.Unlock()
	tallies := make([]tally, len(l.world.ops))
	from, to := l.offset(e.from), l.offset(e.to)
	l.each(func(n *entry) {
		if end := int64(n.end); e.reached[n.op] && end >= from && end < to {
			if tallies[n.op] == nil {
				tallies[n.op] = tally{}
			}
			tallies[n.op].add(l.resolve(n.who), felt.Outcome(n.outcome))
		}
	})
	var list []Scope
	for i, o := range l.world.ops {
		if e.reached[i] {
			c := tallies[i].distinct()
			list = append(list, Scope{o.app, o.name, c.Failed, c.Total})
		}
	}
	return list
}

// each visits the entries of customers.
func (l *Ledger) each(visit func(e *entry)) {
	for _, c := range l.chunks {
		for i := range c {
			if c[i].outcome&notCustomer == 0 {
				visit(&c[i])
			}
		}
	}
}

// distinctHits sorts by time, and leaves out who is known under another number already.
func (l *Ledger) distinctHits(hits []Hit) []Hit {
	list := slices.Clone(hits)
	for i := range list {
		list[i].Who = l.resolve(list[i].Who)
	}
	slices.SortStableFunc(list, func(a, b Hit) int { return cmp.Compare(a.At, b.At) })
	seen := map[uint32]bool{}
	return slices.DeleteFunc(list, func(h Hit) bool {
		again := seen[h.Who]
		seen[h.Who] = true
		return again
	})
}

// stretch counts the tries that a fault could strike.
func (l *Ledger) stretch(e *episode, f *Fault, w felt.Window) Stretch {
	l.mu.Lock()
	defer l.mu.Unlock()
	const width = 10 * felt.Second
	s := Stretch{Seconds: float64(w.To-w.From) / float64(felt.Second)}
	if w.To <= w.From {
		return s
	}
	s.Windows = make([][3]int32, (w.To-w.From+width-1)/width)
	fits := l.fits(f.Segment)
	from, to := l.offset(w.From), l.offset(w.To)
	l.each(func(n *entry) {
		end := int64(n.end)
		if !e.reached[n.op] || end < from || end >= to || !fits(n) {
			return
		}
		at := &s.Windows[(end-from)/int64(width/milli)]
		s.Tries++
		at[0]++
		switch felt.Outcome(n.outcome) {
		case felt.OutcomeFailed:
			s.Failed++
			at[1]++
		case felt.OutcomeDegraded:
			s.Degraded++
			at[2]++
		default:
		}
	})
	return s
}

// Customer names who a number of [Hit] stands for: the user.id, app.installation.id, or the number of an
// anonymous session.
func (l *Ledger) Customer(who uint32) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return customerName(l.resolve(who))
}
