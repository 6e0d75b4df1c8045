package measure

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/core/rules"
)

// ruleFile reads an inventory that several cases use.
func ruleFile(t *testing.T, name string) felt.InventoryFile {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return felt.InventoryFile{Name: name, Text: string(text)}
}

// addLine adds a line "| ..." of YAML to the case's own file.
func addLine(files []felt.InventoryFile, line string) []felt.InventoryFile {
	const name = "case.yaml"
	if n := len(files); n == 0 || files[n-1].Name != name {
		files = append(files, felt.InventoryFile{Name: name})
	}
	files[len(files)-1].Text += strings.TrimPrefix(strings.TrimPrefix(line, "|"), " ") + "\n"
	return files
}

// rules puts an inventory in force.
func (f *feed) rules(t testing.TB, in felt.Inventory) {
	t.Helper()
	set, problems := rules.Load(in)
	if set == nil {
		t.Fatalf("inventory: %+v", problems)
	}
	f.tracker.Rules(set)
	for _, c := range f.counters {
		c.Rules(set)
	}
}

// packEvent makes a record of "span 1 id=a op=GET_/x key=value ...": it goes through the
// door, and what has no meaning in this language is an attribute of that name. names gets the
// identities before they were hashed.
func packEvent(words []string, names map[felt.Hash]string) (arrival, error) {
	sec, err := strconv.Atoi(words[1])
	if err != nil {
		return arrival{}, fmt.Errorf("%q: %w", words, err)
	}
	a := arrival{tick: start + felt.Tick(sec)}
	end := a.tick.Instant() - felt.Second
	key := otlp.HashKey{ID: 7, Secret: []byte("0123456789abcdef0123456789abcdef")} // nobody's secret
	identities := otlp.IdentityKeys()
	ev := map[string]any{"startTimeUnixNano": nanos(end - felt.Second/10), "endTimeUnixNano": nanos(end), "kind": 1}
	if words[0] == "log" {
		ev = map[string]any{"timeUnixNano": nanos(end)}
	}
	trace, span, parent := traceID("t"), spanID(""), spanID("")
	var attrs, resource []any
	for _, w := range words[2:] {
		k, v, _ := strings.Cut(w, "=")
		spaced := strings.ReplaceAll(v, "_", " ")
		switch k {
		case "id":
			span = spanID(v)
		case "parent":
			parent = spanID(v)
		case "trace":
			trace = traceID(v)
		case "op":
			ev["name"] = spaced
		case "event":
			ev["eventName"] = v
		case "kind":
			ev["kind"] = map[string]int{"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}[v]
		case "status":
			ev["status"] = map[string]any{"code": map[string]int{"ok": 1, "error": 2}[v]}
		case "service":
			resource = append(resource, keyValue("service.name", v))
		default:
			if level, ok := identities[k]; ok {
				names[otlp.Hash(key, []string{"user", "pseudonym", "installation", "session", "account"}[level], otlp.DefaultEnv, v)] = v
			}
			attrs = append(attrs, keyValue(k, v))
		}
	}
	ev["attributes"] = attrs
	if !trace.IsZero() {
		ev["traceId"] = hex.EncodeToString(trace[:])
	}
	if !span.IsZero() {
		ev["spanId"] = hex.EncodeToString(span[:])
	}
	if !parent.IsZero() {
		ev["parentSpanId"] = hex.EncodeToString(parent[:])
	}
	a.data, err = pack(words[0], key, a.tick.Instant(), resource, ev)
	return a, err
}

// pack sends one event through the door.
func pack(what string, key otlp.HashKey, now felt.Instant, resource []any, ev map[string]any) ([]byte, error) {
	p := otlp.NewPacker(otlp.Options{Partitions: 1, Clock: felt.ClockEvent, Key: key})
	names := [3]string{"resourceSpans", "scopeSpans", "spans"}
	send := p.TracesJSON
	if what == "log" {
		names = [3]string{"resourceLogs", "scopeLogs", "logRecords"}
		send = p.LogsJSON
	}
	body, err := json.Marshal(map[string]any{names[0]: []any{map[string]any{
		"resource": map[string]any{"attributes": resource},
		names[1]:   []any{map[string]any{names[2]: []any{ev}}},
	}}})
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	rep, err := send(body, now)
	if err != nil || rep.Spans+rep.Logs != 1 {
		return nil, fmt.Errorf("not accepted: %w, %+v", err, rep)
	}
	return p.Take(nil)[0].Data, nil
}

func nanos(at felt.Instant) string { return strconv.FormatInt(int64(at), 10) }

// keyValue is an attribute: a number or a flag where the text is one.
func keyValue(k, v string) any {
	value := map[string]any{"stringValue": v}
	if _, err := strconv.ParseInt(v, 10, 64); err == nil {
		value = map[string]any{"intValue": v}
	} else if f, err := strconv.ParseFloat(v, 64); err == nil {
		value = map[string]any{"doubleValue": f}
	} else if v == "true" || v == "false" {
		value = map[string]any{"boolValue": v == "true"}
	}
	return map[string]any{"key": k, "value": value}
}
