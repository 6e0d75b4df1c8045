package demo

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/felt-cx/felt"
)

// How customers behave.
const (
	triesPerVisit = 4.7              // interactions of a visit on average: sets how often visits begin
	visitLength   = 28 * felt.Second // on average: sets how many are under way at the start
	knownShare    = .6               // of visits are by customers who are logged in
	thinkTime     = 4 * felt.Second  // on average, before the next thing
	retryShare    = .75              // of failures are tried again
	maxTries      = 3                // of one thing
	retryTime     = 2 * felt.Second  // on average, before the next try
	returnShare   = .6               // of those who gave up look in again
	returnTime    = 90 * felt.Second // on average, until then
	botShare      = .03              // of all traffic
	botFails      = .4               // of what bots do
	webhookShare  = .05              // of all traffic
	cancelShare   = .01              // of checkouts: changed their mind
	leaveShare    = .01              // of checkouts: left while it worked
	faultFails    = .92              // of tries that the fault strikes
	faultSlow     = .05              // of tries that the fault strikes
	timeout       = 2 * felt.Second  // after which the page gives up on payments
	longest       = 15 * felt.Second // of any interaction
)

// customer is a person with an account in the shop.
type customer struct {
	id       string // user.id
	number   uint64
	region   string
	plan     string
	account  string // the company, for those on plan business
	visiting bool
}

// visit is one customer's stay in one browser.
type visit struct {
	user    *customer // nil: not logged in
	session string    // session.id
	number  uint64    // of the session
	region  string
	browser int // in browsers()
	release string
	steps   []*interaction // what is still to be done
	tries   int            // of the first of them, so far
	bot     bool
	once    bool // nothing is tried again
}

// try is one interaction from start to end, as it was for the customer.
type try struct {
	what       *interaction
	visit      *visit
	start, end felt.Instant
	outcome    felt.Outcome
	reason     string
	retries    int
	trace      felt.TraceID
	ids        uint64 // the span ids follow from it
	value      int64  // in cents
}

// shop is the simulated world. It has a time of its own, which moves only in advance;
// shift is what must be added to have the world's.
type shop struct {
	rng       *rand.Rand
	now       felt.Instant
	shift     felt.Instant
	queue     queue
	faults    faults
	menu      map[string]*interaction
	customers []customer
	sessions  uint64
	done      []try
}

// newShop opens a shop at a moment, with customers already in it.
func newShop(seed uint64, start felt.Instant, customers int, rate float64, f faults) *shop {
	s := &shop{
		rng: rand.New(rand.NewPCG(seed, uint64(start))), now: start, //nolint:gosec // a simulation, not a secret
		faults: f, menu: catalog(), customers: people(seed, customers),
	}
	visits := rate / triesPerVisit
	for range int(visits * float64(visitLength) / float64(felt.Second)) {
		s.queue.add(s.now+s.about(thinkTime), func() { s.enter(true) })
	}
	s.often(visits, func() { s.enter(false) })
	s.often(rate*botShare, s.crawl)
	s.often(rate*webhookShare, s.deliver)
	return s
}

// people makes the customers with an account; they are the same on every run of a seed.
func people(seed uint64, n int) []customer {
	rng := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // a simulation, not a secret
	list := make([]customer, n)
	for i := range list {
		c := customer{
			id: fmt.Sprintf("customer-%05d", i+1), number: uint64(i + 1),
			region: pick(rng, regions()), plan: pick(rng, plans()),
		}
		if c.plan == "business" {
			c.account = fmt.Sprintf("company-%03d", rng.IntN(1+n/20)+1)
		}
		list[i] = c
	}
	return list
}

// pick chooses by share.
func pick(rng *rand.Rand, from []weighted) string {
	n := rng.IntN(100)
	for _, w := range from {
		if n -= w.share; n < 0 {
			return w.value
		}
	}
	return from[0].value
}

// advance lets time pass until the shop's now is to, and returns what was finished, in
// order of end. It is valid until the next call.
func (s *shop) advance(to felt.Instant) []try {
	s.done = s.done[:0]
	for {
		e, ok := s.queue.next(to)
		if !ok {
			break
		}
		s.now = e.at
		e.do()
	}
	s.now = max(s.now, to)
	return s.done
}

// chance is true in this share of cases.
func (s *shop) chance(share float64) bool { return s.rng.Float64() < share }

// about is a random length of time with this mean.
func (s *shop) about(mean felt.Instant) felt.Instant {
	return felt.Instant(s.rng.ExpFloat64() * float64(mean))
}

// often does something so many times a second on average, at random moments.
func (s *shop) often(rate float64, do func()) {
	if rate <= 0 {
		return
	}
	mean := felt.Instant(float64(felt.Second) / rate)
	var again func()
	again = func() {
		s.queue.add(s.now+s.about(mean), again)
		do()
	}
	s.queue.add(s.now+s.about(mean), again)
}

// arrive makes a visit in a browser that is nobody's yet.
func (s *shop) arrive() *visit {
	s.sessions++
	v := &visit{
		session: fmt.Sprintf("%016x%016x", s.rng.Uint64(), s.rng.Uint64()), number: s.sessions,
		region: pick(s.rng, regions()), release: pick(s.rng, releases()),
	}
	n := s.rng.IntN(100)
	for i, b := range browsers() {
		if n -= b.share; n < 0 {
			v.browser = i
			break
		}
	}
	return v
}

// enter begins a visit, or joins one that is under way.
func (s *shop) enter(underWay bool) {
	v := s.arrive()
	if len(s.customers) > 0 && s.chance(knownShare) {
		if c := &s.customers[s.rng.IntN(len(s.customers))]; !c.visiting {
			c.visiting = true
			v.user, v.region = c, c.region
		}
	}
	v.steps = s.plan(v)
	if underWay {
		v.steps = v.steps[s.rng.IntN(len(v.steps)):]
	}
	s.begin(v)
}

// plan is what a customer came to do.
func (s *shop) plan(v *visit) []*interaction {
	m := s.menu
	var p []*interaction
	add := func(share float64, what string) bool {
		yes := s.chance(share)
		if yes {
			p = append(p, m[what])
		}
		return yes
	}
	if v.user != nil && s.chance(.12) {
		add(.3, login)
		add(1, trackOrder)
		return p
	}
	add(1, search)
	add(.5, search)
	add(1, viewProduct)
	add(.6, viewProduct)
	if !add(.75, addToCart) {
		return p
	}
	if v.user != nil {
		add(.5, login)
	} else {
		add(.2, signUp)
	}
	add(.9, checkout)
	return p
}

// begin starts the first of the visit's steps.
func (s *shop) begin(v *visit) {
	t := try{what: v.steps[0], visit: v, retries: v.tries, ids: s.rng.Uint64()}
	for i := range t.trace {
		t.trace[i] = byte(s.rng.UintN(256))
	}
	t.trace[0] |= 1 // never zero
	d := s.fate(&t)
	s.queue.add(s.now+d, func() {
		t.end = s.now + s.shift
		t.start = t.end - d
		s.done = append(s.done, t)
		s.after(&t)
	})
}

// fate decides how a try will end, and how long it takes.
func (s *shop) fate(t *try) felt.Instant {
	lognormal := math.Exp(.4 * s.rng.NormFloat64())
	d := felt.Instant(float64(t.what.typical) * lognormal)
	slow := felt.Instant(float64(d) * (4 + 4*s.rng.Float64()))
	dice := s.rng.Float64()
	t.outcome = felt.OutcomeSuccess
	switch {
	case t.visit.bot:
		if dice < botFails {
			t.outcome, t.reason = felt.OutcomeFailed, "blocked"
		}
	case s.struck(t):
		switch {
		case dice < faultFails:
			t.outcome, t.reason = felt.OutcomeFailed, "payment_timeout"
			d = timeout + felt.Instant(float64(d)*.3)
		case dice < faultFails+faultSlow:
			t.outcome, t.reason, d = felt.OutcomeDegraded, "slow", slow
		}
	case dice < t.what.fails:
		t.outcome, t.reason = felt.OutcomeFailed, "upstream_error"
	case dice < t.what.fails+t.what.degraded:
		t.outcome, t.reason, d = felt.OutcomeDegraded, "slow", slow
	case t.what.money && dice > 1-cancelShare:
		t.outcome, t.reason = felt.OutcomeCancelled, "changed_mind"
	case t.what.money && dice > 1-cancelShare-leaveShare:
		t.outcome, t.reason, d = felt.OutcomeAbandoned, "left_while_slow", slow
	}
	if t.what.money {
		t.value = 900 + s.rng.Int64N(12_000)
	}
	return min(max(d, 20*felt.Second/1000), longest)
}

// struck tells that a try runs into the fault.
func (s *shop) struck(t *try) bool {
	return t.what.name == faultName && t.visit.region == faultRegion && s.faults.strikes(s.now+s.shift)
}

// after is what a customer does next.
func (s *shop) after(t *try) {
	v := t.visit
	v.tries++
	failed := t.outcome == felt.OutcomeFailed
	switch {
	case failed && !v.once && v.tries < maxTries && s.chance(retryShare):
		s.queue.add(s.now+felt.Second/2+s.about(retryTime), func() { s.begin(v) })
		return
	case failed && t.what.leaves && !v.once && s.chance(returnShare):
		v.tries = 0
		s.queue.add(s.now+s.about(returnTime), func() { s.begin(v) })
		return
	case failed && t.what.leaves, t.outcome == felt.OutcomeAbandoned:
		v.steps = nil
	default:
		v.steps = v.steps[1:]
	}
	v.tries = 0
	if len(v.steps) == 0 {
		if v.user != nil {
			v.user.visiting = false
		}
		return
	}
	s.queue.add(s.now+felt.Second/2+s.about(thinkTime), func() { s.begin(v) })
}

// crawl lets a bot do one thing.
func (s *shop) crawl() {
	v := s.arrive()
	v.bot, v.once = true, true // bots do not come back
	names := []string{search, viewProduct, addToCart, login, checkout}
	v.steps = []*interaction{s.menu[names[s.rng.IntN(len(names))]]}
	s.begin(v)
}

// deliver sends a webhook to a customer. No browser takes part in it.
func (s *shop) deliver() {
	if len(s.customers) == 0 {
		return
	}
	c := &s.customers[s.rng.IntN(len(s.customers))]
	v := &visit{user: &customer{id: c.id, number: c.number, account: c.account}, once: true}
	v.steps = []*interaction{s.menu[webhook]}
	s.begin(v)
}
