package rules

import (
	"reflect"
	"strings"
)

// IdentityKeys are the attributes that no condition may read.
func IdentityKeys() []string { return identityKeys() }

// ReferenceTables are the tables of docs/inventory.md, by name of the type.
func ReferenceTables() map[string]string {
	tables := map[string]string{}
	cell := func(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
	for _, t := range schemaTypes() {
		var b strings.Builder
		b.WriteString("| Key | Value | Default | Meaning |\n|---|---|---|---|\n")
		for i := range t.NumField() {
			f := t.Field(i)
			alt := f.Tag.Get("alt")
			if _, need := f.Tag.Lookup("need"); need {
				alt = "**must be there**"
			}
			b.WriteString("| `" + f.Tag.Get("yaml") + "` | " + cell(valueOf(f.Type, f.Tag)) + " | " + cell(alt) + " | " + cell(f.Tag.Get("doc")) + " |\n")
		}
		tables[t.Name()] = b.String()
	}
	var b strings.Builder
	b.WriteString("| Check | | What it reports |\n|---|---|---|\n")
	for _, c := range Checks() {
		b.WriteString("| `" + c.Name + "` | " + c.Severity + " | " + cell(c.About) + " |\n")
	}
	tables["checks"] = b.String()
	return tables
}

func valueOf(t reflect.Type, tag reflect.StructTag) string {
	if words := tag.Get("words"); words != "" && t.Kind() == reflect.Slice {
		return "list of `" + strings.Join(strings.Fields(words), "`, `") + "`"
	} else if words != "" {
		return "`" + strings.Join(strings.Fields(words), "`, `") + "`"
	}
	link := func(name, anchor string) string { return "[" + name + "](#" + anchor + ")" }
	switch {
	case t.Name() == "Instant":
		return link("length of time", "lengths-of-time")
	case t.Kind() == reflect.Pointer:
		return valueOf(t.Elem(), tag)
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String:
		return "list of texts"
	case t.Kind() == reflect.Slice:
		return "list of " + valueOf(t.Elem(), tag)
	case t.Kind() == reflect.Map:
		return "map to " + valueOf(t.Elem(), inner(tag))
	case t.Kind() == reflect.String:
		return "text"
	case t.Kind() == reflect.Bool:
		return "`true`, `false`"
	case t.Kind() == reflect.Float64 || t.Kind() == reflect.Int || t.Kind() == reflect.Int64:
		if r := tag.Get("range"); r != "" {
			return "number, " + parseRange(r).String()
		}
		return "number"
	}
	switch t.Name() {
	case "Secret":
		return "`{env: NAME}`, `{file: PATH}`, text"
	case "Correlate":
		return "`session`, `customer`, `instance`, `trace`, `{instance: ATTRIBUTE}`"
	case "SuccessWhen":
		return "`last_step`, `all_steps`, `{step: NAME}`"
	case "Text":
		return link("condition", "conditions")
	}
	name := strings.TrimPrefix(strings.TrimPrefix(describeType(t), "a "), "an ")
	return link(name, strings.ToLower(strings.ReplaceAll(name, " ", "-")))
}
