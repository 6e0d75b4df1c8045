package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/felt-cx/felt"
)

// Role is what a measure is for.
type Role uint8

// The roles of a measure.
const (
	RoleSignal Role = iota + 1
	RoleNumerator
	RoleDenominator
)

// String is the role as in a key.
func (r Role) String() string {
	switch r {
	case RoleSignal:
		return "signal"
	case RoleNumerator:
		return "numerator"
	case RoleDenominator:
		return "denominator"
	}
	return ""
}

// Measure is one thing that is made of the points of a metric: a signal, or a side of a KPI.
type Measure struct {
	Place   int    // in [Set.Measures]
	Key     string // what it is and of what it is made: alike in another set, it goes on
	Journey *CompiledJourney
	Role    Role
	Name    string // of the signal or KPI
	Metric  string
	// Statistic: "" by the type of the metric.
	Statistic string
	Layer     felt.Layer // of a signal; 0 not said

	Threshold, Limit       float64
	HasThreshold, HasLimit bool
	Direction              string // up | down | "": where better is

	service *condition
	where   []attribute
}

// CompiledKPI is a KPI as it is measured.
type CompiledKPI struct {
	KPI
	Place   int // in [Set.KPIs]
	Key     string
	Journey *CompiledJourney
	// Measures of its sides, when they are metrics.
	NumeratorMeasure, DenominatorMeasure *Measure
}

// Measures are all measures, in order of the files.
func (s *Set) Measures() []*Measure { return s.measures }

// KPIs are the KPIs that can be measured, in order of the files.
func (s *Set) KPIs() []*CompiledKPI { return s.kpis }

// MeasuresOf lists the measures that a metric may feed.
func (s *Set) MeasuresOf(metric string) []*Measure { return s.index.measures[metric] }

// Holds tells whether a point feeds the measure: service is that of its resource, attribute
// gives the text of an attribute of the point, else of its resource.
func (m *Measure) Holds(service string, attribute func(key string) (string, bool)) bool {
	if m.service != nil && !m.service.holds(service, service != "") {
		return false
	}
	for i := range m.where {
		if s, ok := attribute(m.where[i].key); !m.where[i].is.holds(s, ok) {
			return false
		}
	}
	return true
}

// Of says in words which points of the metric feed the measure; "" all.
func (m *Measure) Of() string {
	var parts []string
	if m.service != nil {
		parts = append(parts, "service "+m.service.String())
	}
	for _, a := range m.where {
		parts = append(parts, a.key+" "+a.is.String())
	}
	return strings.Join(parts, ", ")
}

// Asks tells whether attributes decide.
func (m *Measure) Asks() bool { return len(m.where) > 0 }

// measure compiles the signals and KPIs of a journey.
func (s *Set) measure(p *parsed, source *Journey, j *CompiledJourney) {
	if s.index.measures == nil {
		s.index.measures = map[string][]*Measure{}
	}
	for i := range source.Signals {
		g := &source.Signals[i]
		if g.Source == "" {
			continue
		}
		m := &Measure{
			Journey: j, Role: RoleSignal, Name: g.Name, Metric: g.Source, Statistic: g.Statistic,
			Layer: layerOf(g.Layer), Threshold: g.Threshold, Limit: g.Limit, Direction: g.Direction,
		}
		_, m.HasThreshold = p.at[&g.Threshold]
		_, m.HasLimit = p.at[&g.Limit]
		s.addMeasure(m, g.Service, g.Where)
	}
	for i := range source.KPIs {
		k := &CompiledKPI{KPI: source.KPIs[i], Place: len(s.kpis), Journey: j}
		if !k.Measured() {
			continue
		}
		side := func(role Role, q *Quantity) *Measure {
			if q.Metric == "" {
				return nil
			}
			m := &Measure{Journey: j, Role: role, Name: k.Name, Metric: q.Metric, Statistic: q.Statistic}
			s.addMeasure(m, q.Service, q.Where)
			return m
		}
		k.NumeratorMeasure = side(RoleNumerator, &k.Numerator)
		k.DenominatorMeasure = side(RoleDenominator, &k.Denominator)
		k.Key = strings.Join([]string{j.App, j.Name, k.Name, sideKey(&k.Numerator, k.NumeratorMeasure), sideKey(&k.Denominator, k.DenominatorMeasure)}, "\x00")
		s.kpis = append(s.kpis, k)
	}
}

func sideKey(q *Quantity, m *Measure) string {
	if m != nil {
		return m.Key
	}
	return q.String()
}

func (s *Set) addMeasure(m *Measure, service *Text, where map[string]Text) {
	p := (&Pattern{Service: service, Attributes: where}).compile() // for its order
	m.Place, m.service, m.where = len(s.measures), p.service, p.attributes
	parts := []string{m.Journey.App, m.Journey.Name, m.Role.String(), m.Name, m.Metric, m.Statistic}
	if m.Statistic == "above" {
		parts = append(parts, strconv.FormatFloat(m.Threshold, 'g', -1, 64))
	}
	if m.Statistic == "" && m.HasLimit {
		parts = append(parts, "limit") // it changes the default
	}
	if m.service != nil {
		parts = append(parts, m.service.String())
	}
	for _, a := range m.where {
		parts = append(parts, fmt.Sprintf("%q %s", a.key, a.is))
	}
	m.Key = strings.Join(parts, "\x00")
	s.measures = append(s.measures, m)
	s.index.measures[m.Metric] = append(s.index.measures[m.Metric], m)
}

func layerOf(word string) felt.Layer {
	for l := felt.LayerInfrastructure; l <= felt.LayerExperience; l++ {
		if l.String() == word {
			return l
		}
	}
	return 0
}

func (p *parsed) checkSources(j *Journey) {
	for i := range j.Signals {
		s := &j.Signals[i]
		if s.Source == "" && (s.Service != nil || len(s.Where) > 0 || s.Statistic != "") {
			p.err("bad-source", s, "add source: and the name of a metric", "signal %q says which points and not of which metric", s.Name)
		}
		_, threshold := p.at[&s.Threshold]
		_, limit := p.at[&s.Limit]
		if s.Statistic == "above" && !threshold {
			p.err("bad-statistic", &s.Statistic, "add threshold: and what is too much", "above needs a threshold")
		}
		if s.Statistic == "above" && limit {
			p.err("bad-statistic", &s.Limit, "leave the limit out", "above is a share: it has no limit")
		}
		p.checkWhere(&s.Where)
	}
	for i := range j.KPIs {
		k := &j.KPIs[i]
		p.checkQuantity(k, &k.Numerator, "numerator")
		p.checkQuantity(k, &k.Denominator, "denominator")
		if _, given := p.at[&k.Numerator]; !given && k.Denominator.Given() {
			p.warn("not-measured", k, "add numerator:", "KPI %q is not measured: it has a denominator and no numerator", k.Name)
		}
	}
}

func (p *parsed) checkQuantity(k *KPI, q *Quantity, side string) {
	given := 0
	for _, part := range []*string{&q.Journey, &q.Event, &q.Metric} {
		if _, key := p.at[part]; key || *part != "" {
			given++
		}
	}
	at, there := p.at[q]
	switch {
	case !there:
	case q.Words != "":
		p.warn("not-measured", q, q.mend(), "KPI %q is not measured: its %s is %q", k.Name, side, q.Words)
	case given != 1:
		p.errAt("bad-quantity", at, "", "%s: exactly one of journey, event and metric; found %d", side, given)
	case q.Metric == "" && (q.Service != nil || len(q.Where) > 0 || q.Statistic != ""):
		p.errAt("bad-source", at, "", "%s: service, where and statistic go with metric only", side)
	}
	p.checkWhere(&q.Where)
}

// checkWhere: what is hashed or dropped at the door cannot be asked for.
func (p *parsed) checkWhere(where *map[string]Text) {
	identities := identityKeys()
	for _, k := range sortedKeys(*where) {
		if _, hashed := slices.BinarySearch(identities, k); hashed {
			p.errAt("hashed-identity", p.place(mapKey{where, k}), "leave it out", "attribute %s is hashed at the door: points are not told apart by it", k)
		}
	}
}
