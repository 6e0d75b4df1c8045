package rules

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/yaml"
)

// decoder fills the schema's types from one file, strictly, and remembers where every value stands.
type decoder struct {
	*reporter
	file string
	// at is keyed by the address of the field or list item; values of maps, which have no
	// address, by mapKey.
	at   map[any]place
	left *budget
}

// mapKey names a value of a map: of is the map's address.
type mapKey struct {
	of  any
	key string
}

// own is implemented by types that are not written as they are built.
type own interface {
	decode(d *decoder, n *yaml.Node, key string)
}

func (d *decoder) fail(check string, at yaml.Pos, suggestion, format string, a ...any) {
	d.add(SeverityError, check, d.file, at, suggestion, format, a...)
}

// wrong reports a value of the wrong kind.
func (d *decoder) wrong(n *yaml.Node, key, want, suggestion string) {
	if n.Kind == yaml.Null && suggestion == "" {
		suggestion = "give it one or leave the key out"
	}
	d.fail("wrong-type", n.Pos, suggestion, "%s: want %s, found %s", key, want, n.Kind)
}

// value decodes n into v, which can be addressed. key is what people call it.
func (d *decoder) value(n *yaml.Node, v reflect.Value, key string, tag reflect.StructTag, keyPos yaml.Pos) {
	addr := v.Addr().Interface()
	d.at[addr] = place{file: d.file, key: keyPos, value: n.Pos, inside: n.Inside}
	if o, ok := addr.(own); ok {
		o.decode(d, n, key)
		return
	}
	if i, ok := addr.(*felt.Instant); ok {
		if _, may := tag.Lookup("zero"); !may || strings.Trim(n.Text, "0nusmh") != "" {
			*i = d.duration(n, key)
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		d.value(n, p.Elem(), key, tag, keyPos)
		v.Set(p)
	case reflect.Struct:
		d.structure(n, v, key)
	case reflect.Slice:
		d.list(n, v, key, tag)
	case reflect.Map:
		d.mapping(n, v, key, tag)
	case reflect.String:
		v.SetString(d.text(n, key, tag))
	case reflect.Bool:
		if n.Kind != yaml.Bool {
			d.wrong(n, key, "true or false", "")
			return
		}
		v.SetBool(strings.EqualFold(n.Text, "true"))
	case reflect.Int, reflect.Int64:
		v.SetInt(d.integer(n, key, tag))
	case reflect.Float64:
		v.SetFloat(d.number(n, key, tag))
	default:
		d.wrong(n, key, "something else", "")
	}
}

func (d *decoder) structure(n *yaml.Node, v reflect.Value, key string) {
	if n.Kind != yaml.Map {
		d.wrong(n, key, "a map of keys", "keys here are "+strings.Join(keysOf(v.Type()), ", "))
		return
	}
	t := v.Type()
	for _, e := range n.Entries {
		i := fieldOf(t, e.Key)
		if i < 0 {
			d.fail("unknown-key", e.Pos, suggestKey(e.Key, t), "%s has no key %q", describeType(t), e.Key)
			continue
		}
		f := t.Field(i)
		d.value(e.Value, v.Field(i), e.Key, f.Tag, e.Pos)
	}
	for i := range t.NumField() {
		name := t.Field(i).Tag.Get("yaml")
		if _, need := t.Field(i).Tag.Lookup("need"); need && !slices.ContainsFunc(n.Entries, func(e yaml.Entry) bool { return e.Key == name }) {
			d.fail("missing-key", n.Pos, "", "%s needs the key %q", describeType(t), name)
		}
	}
}

// keysOf are the keys of a type of the schema, in order.
func keysOf(t reflect.Type) []string {
	keys := make([]string, 0, t.NumField())
	for i := range t.NumField() {
		if k := t.Field(i).Tag.Get("yaml"); k != "" {
			keys = append(keys, k)
		}
	}
	return keys
}

func fieldOf(t reflect.Type, key string) int {
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("yaml") == key && key != "" {
			return i
		}
	}
	return -1
}

// suggestKey also knows the keys of the neighbours: a key in the wrong place is a common mistake.
func suggestKey(key string, t reflect.Type) string {
	if best := closest(key, keysOf(t)); best != "" {
		return nearest(key, []string{best})
	}
	for _, other := range schemaTypes() {
		if other != t && fieldOf(other, key) >= 0 {
			return strconv.Quote(key) + " is a key of " + describeType(other)
		}
	}
	return nearest(key, keysOf(t))
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, key string, tag reflect.StructTag) {
	if n.Kind == yaml.Null {
		return // a list whose last line went
	}
	if n.Kind != yaml.List {
		suggestion := ""
		if n.Scalar() {
			suggestion = key + ": [" + n.Text + "]"
		}
		d.wrong(n, key, "a list", suggestion)
		return
	}
	// Made in one piece: the addresses of the items are where their places are kept.
	v.Set(reflect.MakeSlice(v.Type(), len(n.Items), len(n.Items)))
	for i, item := range n.Items {
		d.value(item, v.Index(i), key, tag, item.Pos)
	}
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, key string, tag reflect.StructTag) {
	if n.Kind == yaml.Null {
		return
	}
	if n.Kind != yaml.Map {
		d.wrong(n, key, "a map", "")
		return
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(n.Entries)))
	for _, e := range n.Entries {
		if e.Key == "" {
			d.fail("wrong-type", e.Pos, "", "%s: a key is empty", key)
			continue
		}
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(e.Value, item, key+"."+e.Key, tag, e.Pos)
		d.at[mapKey{v.Addr().Interface(), e.Key}] = place{file: d.file, key: e.Pos, value: e.Value.Pos, inside: e.Value.Inside}
		v.SetMapIndex(reflect.ValueOf(e.Key), item)
	}
}

// text is plain text, one of the words if the tag lists them.
func (d *decoder) text(n *yaml.Node, key string, tag reflect.StructTag) string {
	if n.Kind != yaml.Text {
		suggestion := ""
		if n.Scalar() {
			suggestion = "put it in quotes: " + strconv.Quote(n.Text)
		}
		d.wrong(n, key, "text", suggestion)
		return ""
	}
	_, need := tag.Lookup("need")
	if need && strings.TrimSpace(n.Text) == "" {
		d.fail("missing-key", n.Pos, "", "%s is empty", key)
	}
	if words := tag.Get("words"); words != "" {
		known := strings.Fields(words)
		if !slices.Contains(known, n.Text) {
			d.fail("unknown-word", n.Pos, nearest(n.Text, known), "%s: %q is not known", key, n.Text)
			return ""
		}
	}
	return n.Text
}

// duration is a length of time above zero.
func (d *decoder) duration(n *yaml.Node, key string) felt.Instant {
	if !n.Scalar() || n.Kind == yaml.Bool {
		d.wrong(n, key, "a length of time", errDuration.Error())
		return 0
	}
	if strings.HasPrefix(n.Text, "-") {
		d.fail("bad-duration", n.Pos, "leave the key out for none", "%s: %s is negative", key, n.Text)
		return 0
	}
	got, err := parseDuration(n.Text)
	switch {
	case n.Text == "0" || err == nil && got == 0:
		d.fail("bad-duration", n.Pos, "leave the key out for none", "%s: a length of time of zero", key)
	case errors.Is(err, errNoUnit):
		d.fail("bad-duration", n.Pos, "did you mean "+n.Text+"s or "+n.Text+"m?", "%s: %s has no unit", key, n.Text)
	case err != nil:
		d.fail("bad-duration", n.Pos, err.Error(), "%s: %q is not a length of time", key, n.Text)
	}
	return got
}

func (d *decoder) integer(n *yaml.Node, key string, tag reflect.StructTag) int64 {
	if n.Kind != yaml.Number {
		d.wrong(n, key, "a whole number", "")
		return 0
	}
	i, err := strconv.ParseInt(n.Text, 10, 64)
	if err != nil {
		d.wrong(n, key, "a whole number", "write "+n.Text+" as a decimal number without a fraction")
		return 0
	}
	d.within(n, key, float64(i), tag)
	return i
}

func (d *decoder) number(n *yaml.Node, key string, tag reflect.StructTag) float64 {
	if n.Kind != yaml.Number {
		suggestion := ""
		if p, ok := strings.CutSuffix(n.Text, "%"); ok {
			if v, err := strconv.ParseFloat(p, 64); err == nil {
				suggestion = "write it as a share: " + strconv.FormatFloat(v/100, 'g', 12, 64)
			}
		}
		d.wrong(n, key, "a number", suggestion)
		return 0
	}
	f, err := strconv.ParseFloat(n.Text, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		d.wrong(n, key, "a number", "write "+n.Text+" as a decimal number")
		return 0
	}
	d.within(n, key, f, tag)
	return f
}

// within holds a number to the tag's range: "1..5", "0..", "0<..<1", ">0".
func (d *decoder) within(n *yaml.Node, key string, v float64, tag reflect.StructTag) {
	text := tag.Get("range")
	if text == "" {
		return
	}
	if r := parseRange(text); !r.has(v) {
		suggestion := ""
		if r.high == 1 && v > 1 && v <= 100 {
			suggestion = "write a share, not a percentage: " + strconv.FormatFloat(v/100, 'g', 12, 64)
		}
		d.fail("out-of-range", n.Pos, suggestion, "%s: %s is not %s", key, n.Text, r)
	}
}

// span is what a number may be.
type span struct {
	low, high         float64
	openLow, openHigh bool
}

func parseRange(s string) span {
	r := span{low: math.Inf(-1), high: math.Inf(1)}
	if low, ok := strings.CutPrefix(s, ">"); ok {
		r.low, r.openLow = bound(low), true
		return r
	}
	low, high, _ := strings.Cut(s, "..")
	low, r.openLow = strings.CutSuffix(low, "<")
	high, r.openHigh = strings.CutPrefix(high, "<")
	r.low = bound(low)
	if high != "" {
		r.high = bound(high)
	}
	return r
}

// bound reads an end of a range; the tags are held to the form by a test.
func bound(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return math.NaN()
	}
	return f
}

func (r span) has(v float64) bool {
	if v < r.low || r.openLow && v == r.low {
		return false
	}
	return v < r.high || !r.openHigh && v == r.high
}

// String completes "x is not ...".
func (r span) String() string {
	num := func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
	switch {
	case math.IsInf(r.high, 1) && r.openLow:
		return "above " + num(r.low)
	case math.IsInf(r.high, 1):
		return num(r.low) + " or more"
	case r.openLow && r.openHigh:
		return "between " + num(r.low) + " and " + num(r.high) + ", both left out"
	}
	return "from " + num(r.low) + " to " + num(r.high)
}
