package incident

import (
	"bytes"
	"maps"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// How the harmed are handed out.
const (
	handEvery = felt.Tick(60) // at most so often
	handMost  = 10_000        // at a time; what is left follows a tick later
	twentieth = 20            // whose harm the delay is measured from
)

// member is a customer who was harmed.
type member struct {
	customer, account felt.Hash
	first, last       felt.Instant // end of a try that harmed
	firstFailed       felt.Instant
	lastFailed        felt.Instant
	until             felt.Instant // when the time to recover is over
	recovered         felt.Instant
	value             int64
	failed, degraded  int64
	part              int // in which the last failure was
	dirty             bool
}

func (m *member) waits() bool { return m.failed > 0 && m.recovered == 0 }

// cohort is who came in the scopes of an incident since it began, and what became of the harmed.
type cohort struct {
	customers, sessions, accounts *crowd
	harmed                        map[uint64]*member
	most                          int   // harmed who are held
	beyond                        int64 // harms of customers who are not
	recovered                     int64
	waiting                       map[int64]int64 // minute in which the time to recover is over -> customers
	dirty                         []uint64
	handed                        felt.Tick
}

func newCohort() *cohort {
	return &cohort{
		customers: newCrowd(), sessions: newCrowd(), accounts: newCrowd(),
		harmed: map[uint64]*member{}, waiting: map[int64]int64{}, most: ExactMax,
	}
}

// harms is what a try did to its customer.
func harms(o felt.Outcome) uint8 {
	switch o {
	case felt.OutcomeFailed:
		return hitFailed
	case felt.OutcomeDegraded:
		return hitDegraded
	case felt.OutcomeSuccess, felt.OutcomeAbandoned, felt.OutcomeCancelled, felt.OutcomeNone:
	}
	return 0
}

// add enters a try of a part; harm is false where customers are missed and not harmed.
func (c *cohort) add(part int, y *try, harm bool, window felt.Instant) {
	if y.was != felt.OutcomeNone {
		c.undo(y)
	}
	hit := uint8(0)
	if harm {
		hit = harms(y.outcome)
	}
	if y.session != 0 {
		c.sessions.add(y.session, hit)
	}
	if !y.account.IsZero() {
		c.accounts.add(half(y.account), hit)
	}
	if y.who == 0 {
		return
	}
	c.customers.add(y.who, hit)
	if hit != 0 {
		c.harm(part, y, window)
	}
	if y.outcome == felt.OutcomeSuccess || y.outcome == felt.OutcomeDegraded {
		c.recover(part, y)
	}
}

// undo takes a try back that turned out otherwise.
func (c *cohort) undo(y *try) {
	m := c.harmed[y.who]
	if m == nil || y.was != felt.OutcomeFailed || m.failed == 0 {
		return
	}
	c.settle(m, -1)
	if m.failed--; m.failed == 0 {
		c.customers.spare(y.who, hitFailed)
		m.recovered, m.lastFailed = 0, 0
	}
	c.settle(m, 1)
	c.touch(y.who, m)
}

// settle counts a member among the recovered or those who wait, or takes it out.
func (c *cohort) settle(m *member, by int64) {
	switch {
	case m.waits():
		minute := int64(m.until / felt.Minute)
		if c.waiting[minute] += by; c.waiting[minute] == 0 {
			delete(c.waiting, minute)
		}
	case m.failed > 0:
		c.recovered += by
	}
}

func (c *cohort) touch(who uint64, m *member) {
	if !m.dirty {
		m.dirty = true
		c.dirty = append(c.dirty, who)
	}
}

func (c *cohort) harm(part int, y *try, window felt.Instant) {
	m := c.harmed[y.who]
	if m == nil {
		if len(c.harmed) >= c.most {
			c.beyond++
			return
		}
		m = &member{customer: y.customer, account: y.account, first: y.end, last: y.end}
		c.harmed[y.who] = m
	}
	m.first, m.last = min(m.first, y.end), max(m.last, y.end)
	if m.account.IsZero() {
		m.account = y.account
	}
	c.touch(y.who, m)
	if y.outcome == felt.OutcomeDegraded {
		m.degraded++
		return
	}
	c.settle(m, -1)
	if m.failed++; m.firstFailed == 0 || y.end < m.firstFailed {
		m.firstFailed = y.end
	}
	m.value = max(m.value, y.value)
	if y.end >= m.lastFailed {
		m.lastFailed, m.until, m.part = y.end, y.end+window, part
		if m.recovered != 0 && m.recovered <= y.end {
			m.recovered = 0
		}
	}
	c.settle(m, 1)
}

// recover notes that somebody reached the goal at which they had failed.
func (c *cohort) recover(part int, y *try) {
	m := c.harmed[y.who]
	if m == nil || !m.waits() || m.part != part || y.end <= m.lastFailed || y.end > m.until {
		return
	}
	c.settle(m, -1)
	m.recovered = y.end
	c.settle(m, 1)
	c.touch(y.who, m)
}

// impact is the running number at an instant, without tries: those are of parts.
func (c *cohort) impact(now felt.Instant) felt.Impact {
	i := felt.Impact{
		Customers: c.customers.count(), Sessions: c.sessions.count(), Accounts: c.accounts.count(),
		Method: felt.MethodExact, Recovered: c.recovered,
	}
	for minute, n := range c.waiting {
		if felt.Instant(minute+1)*felt.Minute <= now {
			i.Lost += n
		}
	}
	i.Interval = [2]int64{i.Customers.Failed, i.Customers.Failed}
	if !c.customers.exact() {
		i.Method = felt.MethodEstimate
		low, high := c.customers.failed.Interval(0.95)
		i.Interval = [2]int64{int64(low), int64(high)}
	}
	i.Undecided = max(0, i.Customers.Failed-i.Recovered-i.Lost)
	return i
}

// settled tells when the time to recover is over for everybody; 0 it is, or nobody failed.
func (c *cohort) settled() (end felt.Instant) {
	for minute := range c.waiting {
		end = max(end, felt.Instant(minute+1)*felt.Minute)
	}
	return end
}

// twentieth is the end of the try that hurt the twentieth customer; 0 fewer were.
func (c *cohort) twentieth(degraded bool) felt.Instant {
	n := c.customers.count()
	if len(c.harmed) < twentieth || !degraded && n.Failed < twentieth {
		return 0
	}
	ends := make([]felt.Instant, 0, len(c.harmed))
	for _, m := range c.harmed {
		switch {
		case degraded && m.failed+m.degraded > 0:
			ends = append(ends, m.first)
		case !degraded && m.failed > 0:
			ends = append(ends, m.firstFailed)
		}
	}
	if len(ends) < twentieth {
		return 0
	}
	slices.Sort(ends)
	return ends[twentieth-1]
}

// hand hands out the members who changed, when it is time or all is to be told, and tells whether
// some are left.
func (c *cohort) hand(t felt.Tick, id string, all bool, out []felt.IncidentCustomer) (rows []felt.IncidentCustomer, left bool) {
	if len(c.dirty) == 0 || !all && t-c.handed < handEvery {
		return out, false
	}
	slices.SortFunc(c.dirty, func(a, b uint64) int {
		return bytes.Compare(c.harmed[a].customer[:], c.harmed[b].customer[:])
	})
	n := min(len(c.dirty), handMost)
	for _, who := range c.dirty[:n] {
		m := c.harmed[who]
		m.dirty = false
		out = append(out, felt.IncidentCustomer{
			Incident: id, Customer: m.customer, Account: m.account, First: m.first, Last: m.last,
			Failed: m.failed, Degraded: m.degraded, RecoveredAt: m.recovered, ValueMinor: m.value,
		})
	}
	c.dirty = append(c.dirty[:0], c.dirty[n:]...)
	if len(c.dirty) > 0 {
		return out, true
	}
	c.handed = t
	return out, false
}

// size is how many are held one by one to be counted.
func (c *cohort) size() int {
	return len(c.customers.each) + len(c.sessions.each) + len(c.accounts.each)
}

// spill counts in sketches from now on.
func (c *cohort) spill() {
	for _, w := range []*crowd{c.customers, c.sessions, c.accounts} {
		if w.exact() {
			w.spill()
		}
	}
}

func half(h felt.Hash) (n uint64) {
	for _, b := range h[:8] {
		n = n<<8 | uint64(b)
	}
	return n
}

func countFields(c *felt.Counts) []*int64 {
	return []*int64{&c.Success, &c.Degraded, &c.Failed, &c.Abandoned, &c.Cancelled, &c.Open}
}

func (c *cohort) save(e *codec.Encoder) {
	c.customers.save(e)
	c.sessions.save(e)
	c.accounts.save(e)
	e.Len(c.most)
	e.Int(c.beyond)
	e.Int(int64(c.handed))
	e.Len(len(c.harmed))
	for _, who := range slices.Sorted(maps.Keys(c.harmed)) {
		m := c.harmed[who]
		e.Word(who)
		e.Hash(m.customer)
		e.Hash(m.account)
		for _, at := range []felt.Instant{m.first, m.last, m.firstFailed, m.lastFailed, m.until, m.recovered} {
			e.Int(int64(at))
		}
		for _, n := range []int64{m.value, m.failed, m.degraded, int64(m.part)} {
			e.Int(n)
		}
		e.Bool(m.dirty)
	}
}

func loadCohort(d *codec.Decoder) *cohort {
	c := newCohort()
	c.customers, c.sessions, c.accounts = loadCrowd(d), loadCrowd(d), loadCrowd(d)
	c.most = int(d.UintMax(ExactMax))
	c.beyond, c.handed = d.Int(), felt.Tick(d.Int())
	n := d.Len(51)
	if n > ExactMax {
		d.Fail("too many customers")
		return c
	}
	for ; n > 0 && d.Err() == nil; n-- {
		who := d.Word()
		m := &member{customer: d.Hash(), account: d.Hash()}
		for _, at := range []*felt.Instant{&m.first, &m.last, &m.firstFailed, &m.lastFailed, &m.until, &m.recovered} {
			*at = felt.Instant(d.Int())
		}
		m.value, m.failed, m.degraded, m.part = d.Int(), d.Int(), d.Int(), int(d.Int())
		if d.Bool() {
			c.touch(who, m)
		}
		c.harmed[who] = m
		c.settle(m, 1)
	}
	return c
}
