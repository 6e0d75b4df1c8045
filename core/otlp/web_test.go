package otlp_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/felt-cx/felt/core/otlp"
)

// The browser SDK writes OTLP as JSON by hand. Its tests keep what it wrote in these
// files; here the Collector's own decoder reads them. It ignores what it does not know,
// so what it writes again has to contain all that was there.
func TestTheBrowserSDKSpeaksAsTheCollectorReads(t *testing.T) {
	files, err := filepath.Glob("../../sdk/web/test/payloads/*.json")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d payloads, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			again, wire, n := collectorReads(t, body)
			if n == 0 {
				t.Fatal("the Collector found nothing in it")
			}
			var sent, got any
			if err := json.Unmarshal(body, &sent); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(again, &got); err != nil {
				t.Fatal(err)
			}
			for _, miss := range missing("", sent, got) {
				t.Error(miss)
			}
			sameForFelt(t, body, wire, n)
		})
	}
}

// collectorReads decodes a request of either kind, and gives it back as JSON and as
// protobuf, with the number of its records.
func collectorReads(t *testing.T, body []byte) (again, wire []byte, n int) {
	t.Helper()
	if strings.Contains(string(body), "resourceLogs") {
		logs, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(body)
		if err != nil {
			t.Fatal(err)
		}
		if again, err = (&plog.JSONMarshaler{}).MarshalLogs(logs); err != nil {
			t.Fatal(err)
		}
		if wire, err = (&plog.ProtoMarshaler{}).MarshalLogs(logs); err != nil {
			t.Fatal(err)
		}
		return again, wire, logs.LogRecordCount()
	}
	traces, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(body)
	if err != nil {
		t.Fatal(err)
	}
	if again, err = (&ptrace.JSONMarshaler{}).MarshalTraces(traces); err != nil {
		t.Fatal(err)
	}
	if wire, err = (&ptrace.ProtoMarshaler{}).MarshalTraces(traces); err != nil {
		t.Fatal(err)
	}
	return again, wire, traces.SpanCount()
}

// missing lists what is in sent and not in got.
func missing(at string, sent, got any) (list []string) {
	switch s := sent.(type) {
	case map[string]any:
		g, _ := got.(map[string]any)
		for k, v := range s {
			if _, ok := g[k]; !ok && !empty(v) {
				list = append(list, fmt.Sprintf("%s.%s is not known to the Collector", at, k))
				continue
			}
			list = append(list, missing(at+"."+k, v, g[k])...)
		}
	case []any:
		g, _ := got.([]any)
		if len(g) != len(s) {
			return append(list, fmt.Sprintf("%s: %d elements, the Collector has %d", at, len(s), len(g)))
		}
		for i := range s {
			list = append(list, missing(fmt.Sprintf("%s[%d]", at, i), s[i], g[i])...)
		}
	default:
		if !empty(sent) && fmt.Sprint(sent) != fmt.Sprint(got) {
			list = append(list, fmt.Sprintf("%s: %v, the Collector has %v", at, sent, got))
		}
	}
	return list
}

// empty tells what JSON may leave out.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == "" || v == "0"
	case bool:
		return !v
	case float64:
		return v == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// sameForFelt: Felt makes the same of the SDK's JSON and of the Collector's protobuf, and
// of every record one event.
func sameForFelt(t *testing.T, body, wire []byte, n int) {
	t.Helper()
	read := func(pack func(*otlp.Packer) (otlp.Report, error)) []seen {
		p := testPacker()
		if _, err := pack(p); err != nil {
			t.Fatal(err)
		}
		return readAll(t, p.Take(nil))
	}
	logs := strings.Contains(string(body), "resourceLogs")
	direct := read(func(p *otlp.Packer) (otlp.Report, error) {
		if logs {
			return p.LogsJSON(body, now)
		}
		return p.TracesJSON(body, now)
	})
	through := read(func(p *otlp.Packer) (otlp.Report, error) {
		if logs {
			return p.Logs(wire, now)
		}
		return p.Traces(wire, now)
	})
	if len(direct) != n {
		t.Fatalf("%d events of %d records", len(direct), n)
	}
	checkSame(t, direct, through)
}
