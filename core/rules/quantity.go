package rules

import (
	"reflect"
	"slices"
	"strings"

	"github.com/felt-cx/felt/core/yaml"
)

// wordsOf are the words that a key of a quantity allows.
func wordsOf(field string) []string {
	f, _ := reflect.TypeFor[Quantity]().FieldByName(field)
	return strings.Fields(f.Tag.Get("words"))
}

// decode implements own: a text, or a map.
func (q *Quantity) decode(d *decoder, n *yaml.Node, key string) {
	if n.Kind == yaml.Map {
		d.structure(n, reflect.ValueOf(q).Elem(), key)
		return
	}
	if n.Kind != yaml.Text {
		d.wrong(n, key, "a text, or a map of journey, event or metric", "")
		delete(d.at, any(q)) // enough was said
		return
	}
	switch {
	case slices.Contains(wordsOf("Journey"), n.Text):
		q.Journey = n.Text
	case slices.Contains(wordsOf("Event"), n.Text):
		q.Event = n.Text
	case metricLike(n.Text):
		q.Metric = n.Text
	default:
		q.Words = n.Text
	}
}

// metricLike tells whether a text can only be the name of a metric: those of OpenTelemetry have
// a dot, those of Prometheus an underscore.
func metricLike(s string) bool {
	return strings.ContainsAny(s, "._/") && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._/-:", r)
	})
}

// Measured tells whether the quantity is something that can be counted.
func (q *Quantity) Measured() bool { return q.Journey != "" || q.Event != "" || q.Metric != "" }

// Given tells whether anything was said.
func (q *Quantity) Given() bool { return q.Measured() || q.Words != "" }

// String is the quantity as people write it; conditions are left out.
func (q Quantity) String() string {
	switch {
	case q.Journey != "":
		return q.Journey
	case q.Event != "":
		return q.Event
	case q.Metric != "":
		return q.Metric
	}
	return q.Words
}

// mend says how words for people become something that is counted.
func (q *Quantity) mend() string {
	how := "journey: " + strings.Join(wordsOf("Journey"), ", ") + "; event: " + strings.Join(wordsOf("Event"), ", ") + "; or {metric: NAME}"
	known := slices.Concat(wordsOf("Journey"), wordsOf("Event"))
	if best := closest(q.Words, known); best != "" {
		return nearest(q.Words, []string{best}) + " Known are " + how
	}
	return "known are " + how
}

// Measured tells whether its sides are something that is counted.
func (k *KPI) Measured() bool {
	return k.Numerator.Measured() && (k.Denominator.Measured() || !k.Denominator.Given())
}

// Mend says what to write so that the KPI is measured; "" when it is.
func (k *KPI) Mend() string {
	switch {
	case k.Measured():
		return ""
	case !k.Numerator.Given():
		return "add numerator: " + k.Numerator.mend()
	case !k.Numerator.Measured():
		return "numerator: " + k.Numerator.mend()
	}
	return "denominator: " + k.Denominator.mend()
}
