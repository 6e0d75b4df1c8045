package evidence

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/tell"
)

// What an operation or edge must tell to be out of its band.
const (
	errorNats   = 8  // that its share of errors is greater than usual
	errorsLeast = 3  // errors
	slowSum     = 12 // robust deviations above 3, summed over windows
	slowTimes   = 1.25
	madFloor    = .08 // of logarithms of durations: less is noise of the sketch
	bandLeast   = 5   // windows, to know what is usual
	callsLeast  = 10  // usual in a window before, to judge how many come
	callNats    = 12  // that calls are far fewer or more
	nodesMax    = 30
	late        = 20 * felt.Second // spans may take so long to come: fewer calls since then tell nothing
)

// sample is one window of a line.
type sample struct {
	start    felt.Instant
	n, errs  float64
	p50, p95 float64 // nanoseconds
	self     float64 // nanoseconds a call
}

// line is one operation, or one edge, before and since.
type line struct {
	service, operation, callee string
	third                      bool
	kind                       felt.SpanKind
	before, now                []sample
}

func (l *line) edge() bool { return l.callee != "" }

// away is one way in which a line left its band.
type away struct {
	what       string
	first      felt.Instant
	usual, now float64
	n          int64
	strength   float64 // nats, or what is like them
	errors     int64
}

// calls is the application layer around an incident.
type calls struct {
	lines         []*line
	stepBefore    felt.Instant
	step          felt.Instant
	beforeW, nowW felt.Window
	depth         map[string]int // of services, from the customer's
	bad           map[string]*badService
	linked        map[string]int // of them, those reached over nothing but bad ones: over how many
	out           []node
	callees       map[string][]string
	volume        map[string]float64
}

// node is a line out of its band.
type node struct {
	*line
	away
}

// badService sums up what is out of its band in a service.
type badService struct {
	first    felt.Instant
	strength float64
	main     node // the strongest
}

type lineKey struct {
	service, operation, callee string
	third                      bool
	kind                       felt.SpanKind
}

// linesOf gathers the points of operations, of all releases together, and of edges.
func linesOf(in *Input) []*line {
	at := map[lineKey]*line{}
	var list []*line
	get := func(k lineKey) *line {
		l := at[k]
		if l == nil {
			l = &line{service: k.service, operation: k.operation, callee: k.callee, third: k.third, kind: k.kind}
			at[k] = l
			list = append(list, l)
		}
		return l
	}
	ops := func(points []felt.OperationPoint, to func(*line) *[]sample) {
		for i := range points {
			p := &points[i]
			put(to(get(lineKey{service: p.Service, operation: p.Operation, kind: p.Kind})), sample{p.Start, float64(p.Count), float64(p.Errors), p.P50, p.P95, float64(p.SelfTime)})
		}
	}
	edges := func(points []felt.EdgePoint, to func(*line) *[]sample) {
		for i := range points {
			p := &points[i]
			callee := cmp.Or(p.Callee, p.Peer)
			put(to(get(lineKey{service: p.Caller, callee: callee, third: p.ThirdParty})), sample{p.Start, float64(p.Count), float64(p.Errors), p.P50, p.P95, 0})
		}
	}
	before, now := func(l *line) *[]sample { return &l.before }, func(l *line) *[]sample { return &l.now }
	ops(in.OperationsBefore, before)
	ops(in.Operations, now)
	edges(in.EdgesBefore, before)
	edges(in.Edges, now)
	for _, l := range list {
		byStart := func(a, b sample) int { return cmp.Compare(a.start, b.start) }
		slices.SortFunc(l.before, byStart)
		slices.SortFunc(l.now, byStart)
	}
	return list
}

// put adds a window; releases of one operation share it. Self time is summed until then.
func put(to *[]sample, s sample) {
	for i := len(*to) - 1; i >= 0 && i >= len(*to)-64; i-- {
		o := &(*to)[i]
		if o.start != s.start {
			continue
		}
		if s.n > o.n { // the quantiles of the greater part
			o.p50, o.p95 = s.p50, s.p95
		}
		o.n, o.errs, o.self = o.n+s.n, o.errs+s.errs, o.self+s.self
		return
	}
	*to = append(*to, s)
}

// newCalls finds what left its band, of what the customer's services reach.
func newCalls(in *Input) *calls {
	c := &calls{
		lines: linesOf(in), step: in.Step, stepBefore: in.StepBefore, beforeW: in.CallsBefore, nowW: in.Calls,
		bad: map[string]*badService{}, callees: map[string][]string{}, volume: map[string]float64{},
	}
	for _, l := range c.lines {
		n := 0.0
		for _, s := range l.now {
			n += s.n
		}
		if l.edge() {
			if !slices.Contains(c.callees[l.service], l.callee) {
				c.callees[l.service] = append(c.callees[l.service], l.callee)
			}
			continue
		}
		c.volume[l.service] += n
	}
	c.walk(in.services())
	for _, l := range c.lines {
		if _, reached := c.depth[l.service]; !reached && len(c.depth) > 0 {
			continue
		}
		for _, a := range c.aways(l) {
			c.out = append(c.out, node{l, a})
		}
	}
	c.sumUp()
	c.path()
	slices.SortStableFunc(c.out, func(a, b node) int {
		return cmp.Or(cmp.Compare(a.first, b.first), -compareBools(c.origin(&a), c.origin(&b)), cmp.Compare(b.strength, a.strength), cmp.Compare(a.service, b.service),
			cmp.Compare(a.operation, b.operation), cmp.Compare(a.callee, b.callee), cmp.Compare(a.what, b.what))
	})
	return c
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// walk finds how far each service is from the customer's. None known: those that nobody calls.
func (c *calls) walk(from []string) {
	c.depth = map[string]int{}
	known := func(s string) bool { return c.volume[s] > 0 || len(c.callees[s]) > 0 }
	var queue []string
	for _, s := range from {
		if known(s) {
			c.depth[s] = 0
			queue = append(queue, s)
		}
	}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		for _, callee := range c.callees[s] {
			if _, seen := c.depth[callee]; !seen {
				c.depth[callee] = c.depth[s] + 1
				queue = append(queue, callee)
			}
		}
	}
}

// aways are the ways in which a line left its band. Calls tell only where nothing else does.
func (c *calls) aways(l *line) []away {
	var list []away
	if a, ok := c.errors(l); ok {
		list = append(list, a)
	}
	if a, ok := c.slow(l); ok {
		list = append(list, a)
	}
	if len(list) == 0 {
		if a, ok := c.count(l); ok {
			list = append(list, a)
		}
	}
	return list
}

func (c *calls) errors(l *line) (away, bool) {
	e, n := 0.0, 0.0
	for _, s := range l.before {
		e, n = e+s.errs, n+s.n
	}
	usual := (e + .5) / (n + 50)
	best, at := 0.0, -1
	k, of := 0.0, 0.0
	var share, calls, errs float64
	for i := len(l.now) - 1; i >= 0; i-- {
		k, of = k+l.now[i].errs, of+l.now[i].n
		p := k / of
		if l.now[i].errs == 0 || p < max(1.5*usual, usual+.01) {
			continue
		}
		if g := kl(p, usual, of) / 2; g > best {
			best, at, share, calls, errs = g, i, p, of, k
		}
	}
	if at < 0 || best < errorNats || errs < errorsLeast {
		return away{}, false
	}
	return away{"errors", l.now[at].start, usual, share, int64(calls), best, int64(errs)}, true
}

// slow judges the logarithms of the median and of the 95th percentile, and of an operation's own time.
func (c *calls) slow(l *line) (away, bool) {
	var best away
	for _, of := range []func(sample) float64{
		func(s sample) float64 { return s.p50 },
		func(s sample) float64 { return s.p95 },
	} {
		if a, ok := slower(l, of); ok && a.strength > best.strength {
			best = a
		}
	}
	return best, best.strength > 0
}

func slower(l *line, of func(sample) float64) (away, bool) {
	var logs, sizes []float64
	for _, s := range l.before {
		if v := of(s); v > 0 {
			logs, sizes = append(logs, math.Log(v)), append(sizes, s.n)
		}
	}
	if len(logs) < bandLeast {
		return away{}, false
	}
	b, size := bandOf(logs), median(sizes)
	mad := max(b.mad, madFloor)
	excess := make([]float64, len(l.now))
	for i, s := range l.now {
		if v := of(s); v > 0 {
			z := (math.Log(v) - b.mid) / (mad * math.Sqrt(max(size/s.n, 1)))
			excess[i] = min(z, 12) - 3
		}
	}
	at, sum := since(excess)
	if at < 0 || sum < slowSum {
		return away{}, false
	}
	var now []float64
	n := 0.0
	for _, s := range l.now[at:] {
		now, n = append(now, of(s)), n+s.n
	}
	usual, is := math.Exp(b.mid), median(now)
	if is < slowTimes*usual || len(now) < 2 && n < 20 {
		return away{}, false
	}
	return away{"latency", l.now[at].start, usual / float64(felt.Second), is / float64(felt.Second), int64(n), sum, 0}, true
}

// count tells calls that are far fewer, or far more, than usual. A window without a call counts.
func (c *calls) count(l *line) (away, bool) {
	windows := int((c.beforeW.To - c.beforeW.From) / max(c.stepBefore, 1))
	if windows < bandLeast || c.step <= 0 || len(l.before) < windows/2 {
		return away{}, false
	}
	var v []float64
	for _, s := range l.before {
		v = append(v, s.n)
	}
	for len(v) < windows {
		v = append(v, 0)
	}
	b := bandOf(v)
	rate := b.mid * float64(c.step) / float64(c.stepBefore) // a window of now
	spread := max(1, b.mad*b.mad/max(b.mid, 1))
	if b.mid < callsLeast {
		return away{}, false
	}
	seen := map[felt.Instant]float64{}
	for _, s := range l.now {
		seen[s.start] = s.n
	}
	var best away
	sum, n := 0.0, 0.0
	from := c.nowW.From.Floor(10 * felt.Second)
	for at := from + ((c.nowW.To-late-from)/c.step-1)*c.step; at >= from; at -= c.step {
		sum, n = sum+seen[at], n+1
		e := n * rate
		if sum > e/2 && sum < 3*e {
			continue
		}
		g := e - sum
		if sum > 0 {
			g += sum * math.Log(sum/e)
		}
		if g /= 2 * spread; g > best.strength {
			best = away{"calls", at, b.mid / inSeconds(c.stepBefore), sum / n / inSeconds(c.step), int64(sum), g, 0}
		}
	}
	return best, best.strength >= callNats
}

// path finds the services that are reached from the customer's over nothing but services out of their
// band: a symptom travels that way.
func (c *calls) path() {
	c.linked = map[string]int{}
	var queue []string
	for s, d := range c.depth {
		if d == 0 {
			c.linked[s] = 0
			queue = append(queue, s)
		}
	}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		for _, callee := range c.callees[s] {
			if _, seen := c.linked[callee]; c.bad[callee] != nil && !seen {
				c.linked[callee] = c.linked[s] + 1
				queue = append(queue, callee)
			}
		}
	}
}

// sumUp gathers what is out of its band by service. An edge speaks for its callee where that has no
// telemetry, or says nothing.
func (c *calls) sumUp() {
	for _, n := range c.out {
		if n.edge() || n.what == "calls" {
			continue
		}
		b := c.bad[n.service]
		if b == nil {
			b = &badService{first: n.first}
			c.bad[n.service] = b
		}
		b.first = min(b.first, n.first)
		if n.strength > b.strength {
			b.strength, b.main = n.strength, n
		}
	}
}

// origin tells whether nothing that a node calls is out of its band: it does not merely suffer.
func (c *calls) origin(n *node) bool {
	if n.edge() {
		return c.bad[n.callee] == nil
	}
	for _, o := range c.out {
		if o.edge() && o.service == n.service && o.what != "calls" {
			return false
		}
	}
	for _, callee := range c.callees[n.service] {
		if callee != n.service && c.bad[callee] != nil {
			return false
		}
	}
	return true
}

// nodes are what people are shown, in the order in which they left their band.
func (c *calls) nodes(at felt.Instant) []felt.Node {
	var list []felt.Node
	for i := range c.out {
		n := &c.out[i]
		if len(list) == nodesMax {
			break
		}
		list = append(list, felt.Node{
			Service: n.service, Operation: n.operation, Callee: n.callee, ThirdParty: n.third, What: n.what, First: n.first,
			Usual: n.usual, Now: n.away.now, N: n.n, Depth: c.depth[n.service], Origin: n.what != "calls" && c.origin(n), Text: n.text(at),
		})
	}
	return list
}

func (n *node) name() string {
	switch {
	case n.edge():
		return n.service + " calling " + n.callee
	case n.operation == "":
		return n.service
	}
	return n.service + " " + n.operation
}

// text is one sentence with the numbers.
func (n *node) text(at felt.Instant) string {
	return n.name() + ": " + n.change() + " since " + tell.Clock(n.first, at)
}

// change is from what to what.
func (n *node) change() string {
	switch n.what {
	case "errors":
		return percent(n.away.now) + " of " + tell.Count(n.n) + " calls fail, usually " + percent(n.usual)
	case "latency":
		return seconds(n.away.now) + " a call, usually " + seconds(n.usual)
	}
	return rate(n.away.now) + " calls a second, usually " + rate(n.usual)
}

func percent(v float64) string { return tell.Share(int64(math.Round(v*1e6)), 1e6) }

func inSeconds(d felt.Instant) float64 { return float64(d) / float64(felt.Second) }

func rate(v float64) string { return strconv.FormatFloat(v, 'g', 2, 64) }

func seconds(v float64) string {
	if v < 1 {
		return strconv.FormatFloat(v*1000, 'f', 0, 64) + " ms"
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + " s"
}

// services are those that take part, most calls first.
func (c *calls) services(of []string) []string {
	list := slices.Clone(of)
	for s := range c.depth {
		if !slices.Contains(list, s) && c.volume[s] > 0 {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(cmp.Compare(c.volume[b], c.volume[a]), cmp.Compare(a, b)) })
	return list[:min(len(list), 30)]
}
