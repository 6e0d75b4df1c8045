package rules

import (
	"errors"
	"reflect"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/felt-cx/felt/core/yaml"
)

// schemaTypes are the types that files consist of, in the order of the reference.
func schemaTypes() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[Inventory](), reflect.TypeFor[Day](), reflect.TypeFor[Journey](), reflect.TypeFor[Step](), reflect.TypeFor[Match](),
		reflect.TypeFor[Pattern](), reflect.TypeFor[Text](), reflect.TypeFor[DegradedWhen](), reflect.TypeFor[Thresholds](),
		reflect.TypeFor[ErrorClass](), reflect.TypeFor[Override](), reflect.TypeFor[Value](), reflect.TypeFor[Expectation](),
		reflect.TypeFor[Objective](), reflect.TypeFor[Signal](), reflect.TypeFor[KPI](), reflect.TypeFor[Quantity](), reflect.TypeFor[Action](),
		reflect.TypeFor[Sink](), reflect.TypeFor[SinkWhen](), reflect.TypeFor[Maintenance](), reflect.TypeFor[ScoreWeights](), reflect.TypeFor[Targets](),
	}
}

// describeType is what people call a type.
func describeType(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[Inventory]():
		return "a file"
	case reflect.TypeFor[Pattern]():
		return "a pattern"
	case reflect.TypeFor[Text]():
		return "a condition"
	case reflect.TypeFor[DegradedWhen]():
		return "degraded_when"
	case reflect.TypeFor[Thresholds]():
		return "thresholds"
	case reflect.TypeFor[ErrorClass]():
		return "an error class"
	case reflect.TypeFor[Action]():
		return "a line of action_plan"
	case reflect.TypeFor[KPI]():
		return "a KPI"
	case reflect.TypeFor[Day]():
		return "an entry of calendar"
	case reflect.TypeFor[SinkWhen]():
		return "when"
	case reflect.TypeFor[Maintenance]():
		return "an entry of maintenance"
	case reflect.TypeFor[ScoreWeights]():
		return "impact_score"
	case reflect.TypeFor[Targets]():
		return "targets"
	}
	name := strings.ToLower(t.Name())
	if strings.ContainsAny(name[:1], "aeiou") {
		return "an " + name
	}
	return "a " + name
}

// decode implements own: a word, or {instance: ATTRIBUTE}.
func (c *Correlate) decode(d *decoder, n *yaml.Node, key string) {
	known := []string{"session", "customer", "instance", "trace"}
	switch {
	case n.Kind == yaml.Text && slices.Contains(known, n.Text):
		c.By = n.Text
	case n.Kind == yaml.Text:
		d.fail("unknown-word", n.Pos, nearest(n.Text, known), "%s: %q is not known", key, n.Text)
	case n.Kind == yaml.Map && len(n.Entries) == 1 && n.Entries[0].Key == "instance":
		v := n.Entries[0].Value
		d.at[&c.Attribute] = place{file: d.file, key: n.Entries[0].Pos, value: v.Pos, inside: v.Inside}
		if c.By, c.Attribute = "instance", d.text(v, "instance", `need:""`); c.Attribute == "" {
			c.By = "session"
		}
	default:
		d.wrong(n, key, "session, customer, instance, trace, or {instance: ATTRIBUTE}", "")
	}
}

// decode implements own: a word, or {step: NAME}.
func (s *SuccessWhen) decode(d *decoder, n *yaml.Node, key string) {
	known := []string{"last_step", "all_steps"}
	switch {
	case n.Kind == yaml.Text && (n.Text == known[0] || n.Text == known[1]):
		s.Rule = n.Text
	case n.Kind == yaml.Text:
		d.fail("unknown-word", n.Pos, nearest(n.Text, known)+"; a step is named as {step: NAME}", "%s: %q is not known", key, n.Text)
	case n.Kind == yaml.Map && len(n.Entries) == 1 && n.Entries[0].Key == "step":
		v := n.Entries[0].Value
		d.at[&s.Step] = place{file: d.file, key: n.Entries[0].Pos, value: v.Pos, inside: v.Inside}
		s.Rule, s.Step = "step", d.text(v, "step", `need:""`)
	default:
		d.wrong(n, key, "last_step, all_steps or {step: NAME}", "")
	}
}

// decode implements own: a scalar, or a map of exactly one condition.
func (t *Text) decode(d *decoder, n *yaml.Node, key string) {
	d.condition(n)
	if n.Scalar() {
		t.Equals = n.Text
		return
	}
	if n.Kind != yaml.Map {
		d.wrong(n, key, "a text or a condition on one", "conditions are "+strings.Join(keysOf(reflect.TypeFor[Text]()), ", "))
		return
	}
	if len(n.Entries) != 1 {
		d.fail("bad-condition", n.Pos, "conditions are "+strings.Join(keysOf(reflect.TypeFor[Text]()), ", "),
			"%s: want exactly one condition, found %d", key, len(n.Entries))
		return
	}
	t.condition(d, n.Entries[0], key+"."+n.Entries[0].Key)
}

// condition reads the one condition of a map.
func (t *Text) condition(d *decoder, e yaml.Entry, key string) {
	scalar := func(n *yaml.Node) string {
		if !n.Scalar() {
			d.wrong(n, key, "a text", "")
		}
		return n.Text
	}
	switch e.Key {
	case "equals":
		t.Equals = scalar(e.Value)
	case "prefix", "regex":
		into := &t.Regex
		if e.Key == "prefix" {
			into = &t.Prefix
		}
		if *into = scalar(e.Value); *into == "" && e.Value.Scalar() {
			d.fail("bad-condition", e.Value.Pos, "{exists: true} asks for any text", "%s is empty", key)
		}
		if !d.regex(t.Regex, e.Value, key) {
			t.Regex = "" // nobody is to compile it
		}
	case "one_of":
		if e.Value.Kind != yaml.List || len(e.Value.Items) == 0 {
			d.wrong(e.Value, key, "a list of texts", "")
			return
		}
		for _, item := range e.Value.Items {
			t.OneOf = append(t.OneOf, scalar(item))
		}
	case "exists":
		yes := e.Value.Text == "true"
		if e.Value.Kind != yaml.Bool {
			d.wrong(e.Value, key, "true or false", "")
		}
		t.Exists = &yes
	case "not":
		t.Not = &Text{}
		t.Not.decode(d, e.Value, key)
	default:
		d.fail("unknown-key", e.Pos, nearest(e.Key, keysOf(reflect.TypeFor[Text]())), "%s is not known", key)
	}
}

// regex reports an expression that does not compile, where it goes wrong. False when it costs too much to try.
func (d *decoder) regex(text string, n *yaml.Node, key string) bool {
	if len(text) > maxRegex {
		d.fail("large-regex", n.Pos, "one_of takes a list of texts", "%s: the expression has %d bytes, more than %d", key, len(text), maxRegex)
		return false
	}
	if d.spent(n, key) {
		return false
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	var bad *syntax.Error
	if err == nil {
		if !d.affordable(tree, n, key) {
			return false
		}
		if _, err = regexp.Compile(text); err == nil {
			return true
		}
	}
	at, message := n.Pos, err.Error()
	if errors.As(err, &bad) {
		message = bad.Code.String()
		if bad.Expr != "" && bad.Expr != text {
			message += ": " + bad.Expr
		}
		if i := strings.Index(text, bad.Expr); i > 0 && n.Inside.Line > 0 {
			at = n.Inside
			at.Column += utf8.RuneCountInString(text[:i])
		}
	}
	suggestion := "RE2 has no look-around and no back references"
	if bad == nil || bad.Code != syntax.ErrInvalidPerlOp && bad.Code != syntax.ErrInvalidEscape {
		suggestion = "text that is no expression is written without regex, or with a \\ before the sign"
	}
	d.fail("bad-regex", at, suggestion, "%s: %s", key, message)
	return true
}
