package rules

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/felt-cx/felt"
)

// object keeps the order of JSON Schema's words as they are put in.
type object struct {
	keys   []string
	values map[string]any
}

func (o *object) put(key string, value any) *object {
	if o.values == nil {
		o.values = map[string]any{}
	}
	if _, ok := o.values[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.values[key] = value
	return o
}

// MarshalJSON writes the keys in their order.
func (o *object) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, k := range o.keys {
		if i > 0 {
			b = append(b, ',')
		}
		key, err := json.Marshal(k)
		if err != nil {
			return nil, err //nolint:wrapcheck // of a text
		}
		value, err := json.Marshal(o.values[k])
		if err != nil {
			return nil, err //nolint:wrapcheck // the encoder says of what
		}
		b = append(append(append(b, key...), ':'), value...)
	}
	return append(b, '}'), nil
}

// Schema is the JSON Schema (draft 2020-12) of an inventory file, for editors. It takes what
// decoding takes; what several parts mean together only [Check] knows.
func Schema() []byte {
	defs := &object{}
	for _, t := range schemaTypes()[1:] {
		defs.put(t.Name(), structSchema(t))
	}
	defs.put("Text", (&object{}).put("description", "A condition on a text: a plain value means equals; otherwise exactly one of the keys.").
		put("anyOf", []any{scalarSchema(), oneKey(structSchema(reflect.TypeFor[Text]()))}))
	defs.put("Quantity", (&object{}).put("description", "What is counted: a word of the journey, a kind of business event, the name of a metric, or words for people; or a map with exactly one of journey, event and metric.").
		put("anyOf", []any{(&object{}).put("type", "string"), structSchema(reflect.TypeFor[Quantity]())}))
	defs.put("Correlate", (&object{}).put("anyOf", []any{
		(&object{}).put("enum", []string{"session", "customer", "instance", "trace"}),
		single("instance", "Attribute of plain telemetry that holds the instance's id."),
	}))
	defs.put("SuccessWhen", (&object{}).put("anyOf", []any{
		(&object{}).put("enum", []string{"last_step", "all_steps"}), single("step", "Name of a step."),
	}))
	defs.put("Secret", (&object{}).put("description", "Where a text is kept that does not stand in the file; or the text itself, where it is no secret.").
		put("anyOf", []any{(&object{}).put("type", "string").put("minLength", 1), single("env", "Name of an environment variable."), single("file", "Path of a file.")}))
	defs.put("Duration", (&object{}).put("type", "string").
		put("pattern", `^([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h|d|w)(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h|d|w))*$`).
		put("description", "A length of time above zero: 300ms, 10m, 1h30m, 28d."))
	root := (&object{}).put("$schema", "https://json-schema.org/draft/2020-12/schema").
		put("$id", "https://raw.githubusercontent.com/felt-cx/felt/main/docs/inventory.schema.json").
		put("title", "Felt inventory").put("description", "The journeys that earn a business its money.")
	file := structSchema(schemaTypes()[0])
	for _, k := range file.keys {
		root.put(k, file.values[k])
	}
	root.put("$defs", defs)
	b, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil // texts, numbers and lists of them are always JSON
	}
	return append(b, '\n')
}

func scalarSchema() *object {
	return (&object{}).put("type", []string{"string", "number", "boolean"})
}

// single is a map of exactly one key with a text.
func single(key, doc string) *object {
	return (&object{}).put("type", "object").
		put("properties", (&object{}).put(key, (&object{}).put("type", "string").put("minLength", 1).put("description", doc))).
		put("required", []string{key}).put("additionalProperties", false)
}

func oneKey(o *object) *object {
	return o.put("minProperties", 1).put("maxProperties", 1)
}

func structSchema(t reflect.Type) *object {
	properties, required := &object{}, []string(nil)
	for i := range t.NumField() {
		f := t.Field(i)
		key := f.Tag.Get("yaml")
		if key == "" {
			continue
		}
		s := typeSchema(f.Type, f.Tag)
		if t == reflect.TypeFor[Text]() && f.Type.Kind() == reflect.String && key == "equals" {
			s = scalarSchema()
		}
		doc := f.Tag.Get("doc")
		if alt := f.Tag.Get("alt"); alt != "" {
			doc += " Default: " + alt + "."
		}
		properties.put(key, s.put("description", doc))
		if _, need := f.Tag.Lookup("need"); need {
			required = append(required, key)
		}
	}
	o := (&object{}).put("type", "object").put("properties", properties)
	if required != nil {
		o.put("required", required)
	}
	return o.put("additionalProperties", false)
}

func typeSchema(t reflect.Type, tag reflect.StructTag) *object {
	ref := func(name string) *object { return (&object{}).put("$ref", "#/$defs/"+name) }
	switch {
	case t == reflect.TypeFor[felt.Instant]():
		return ref("Duration")
	case t.Kind() == reflect.Pointer:
		return typeSchema(t.Elem(), tag)
	case t.Kind() == reflect.Struct:
		return ref(t.Name())
	case t.Kind() == reflect.Slice:
		o := (&object{}).put("type", "array").put("items", typeSchema(t.Elem(), inner(tag)))
		if tag.Get("yaml") == "segment_by" {
			o.put("maxItems", maxSegments)
		}
		return o
	case t.Kind() == reflect.Map:
		return (&object{}).put("type", "object").put("additionalProperties", typeSchema(t.Elem(), inner(tag)))
	case t.Kind() == reflect.Bool:
		return (&object{}).put("type", "boolean")
	case t.Kind() == reflect.Float64:
		return ranged((&object{}).put("type", "number"), tag)
	case t.Kind() == reflect.Int || t.Kind() == reflect.Int64:
		return ranged((&object{}).put("type", "integer"), tag)
	}
	o := (&object{}).put("type", "string")
	if words := tag.Get("words"); words != "" {
		o.put("enum", strings.Fields(words))
	}
	if _, need := tag.Lookup("need"); need {
		o.put("minLength", 1)
	}
	return o
}

// inner is what a tag says of the parts of a list or map.
func inner(tag reflect.StructTag) reflect.StructTag {
	return reflect.StructTag(fmt.Sprintf("words:%q range:%q", tag.Get("words"), tag.Get("range")))
}

func ranged(o *object, tag reflect.StructTag) *object {
	text := tag.Get("range")
	if text == "" {
		return o
	}
	r := parseRange(text)
	end := func(v float64, open bool, closedWord, openWord string) {
		switch {
		case math.IsInf(v, 0):
		case open:
			o.put(openWord, v)
		default:
			o.put(closedWord, v)
		}
	}
	end(r.low, r.openLow, "minimum", "exclusiveMinimum")
	end(r.high, r.openHigh, "maximum", "exclusiveMaximum")
	return o
}
