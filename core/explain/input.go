package explain

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// InputError says what is wrong with what was pasted, and where.
type InputError struct {
	Line, Column int // from 1; 0 when the place is not known
	What         string
}

// Error is line:column: what.
func (e *InputError) Error() string {
	if e.Line == 0 {
		return e.What
	}
	return strconv.Itoa(e.Line) + ":" + strconv.Itoa(e.Column) + ": " + e.What
}

// place turns an offset into line and column.
func place(in []byte, offset int, what string) *InputError {
	offset = min(max(offset, 0), len(in))
	before := in[:offset]
	return &InputError{
		Line: bytes.Count(before, []byte("\n")) + 1, Column: offset - bytes.LastIndexByte(before, '\n'), What: what,
	}
}

// document is one request that was found in the input.
type document struct {
	logs bool
	body []byte
	// body[cut:] is in[from:], but for what is closed at its end.
	cut, from int
}

// input takes what was pasted apart.
type input struct {
	in     []byte
	docs   []document
	filled int // spans that got ids or times
}

// looksJSON tells text from protobuf. A request as protobuf begins with a line feed and a
// length, so what does too is tried as protobuf first.
func looksJSON(in []byte) bool {
	rest := bytes.TrimLeft(in, " \t\r\n")
	return len(rest) > 0 && (rest[0] == '{' || rest[0] == '[')
}

const wanted = "want OTLP: an object with resourceSpans or resourceLogs, one of their members, or a span (traceId, spanId, name, ...)"

// parse finds the documents in JSON text.
func (p *input) parse() error {
	d := json.NewDecoder(bytes.NewReader(p.in))
	for {
		var raw json.RawMessage
		err := d.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return nil
		}
		var syntax *json.SyntaxError
		switch {
		case errors.As(err, &syntax):
			// The offset is behind the byte that is wrong, within the value at hand.
			return place(p.in, int(syntax.Offset)-1, "this is not JSON: "+syntax.Error())
		case err != nil:
			return place(p.in, len(p.in), "this is not JSON: it ends too early")
		}
		if err := p.value(raw, int(d.InputOffset())-len(raw)); err != nil {
			return err
		}
	}
}

// value takes one JSON value that stands at an offset.
func (p *input) value(raw json.RawMessage, at int) error {
	if raw[0] != '[' {
		return p.object(raw, at)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return place(p.in, at, err.Error())
	}
	for d.More() {
		var one json.RawMessage
		if err := d.Decode(&one); err != nil {
			return place(p.in, at, err.Error())
		}
		if err := p.value(one, at+int(d.InputOffset())-len(one)); err != nil {
			return err
		}
	}
	return nil
}

// wraps are the kinds of objects that are taken: a member that tells them, and what has to
// be around them.
func wraps() []struct {
	key, open, end string
	logs           bool
} {
	const spans, logs = `{"resourceSpans":[`, `{"resourceLogs":[`
	return []struct {
		key, open, end string
		logs           bool
	}{
		{"resourceSpans", "", "", false},
		{"resource_spans", "", "", false},
		{"resourceLogs", "", "", true},
		{"resource_logs", "", "", true},
		{"scopeSpans", spans, "]}", false},
		{"scope_spans", spans, "]}", false},
		{"scopeLogs", logs, "]}", true},
		{"scope_logs", logs, "]}", true},
		{"spans", spans + `{"scopeSpans":[`, "]}]}", false},
		{"logRecords", logs + `{"scopeLogs":[`, "]}]}", true},
		{"log_records", logs + `{"scopeLogs":[`, "]}]}", true},
		{"eventName", logs + `{"scopeLogs":[{"logRecords":[`, "]}]}]}", true},
		{"timeUnixNano", logs + `{"scopeLogs":[{"logRecords":[`, "]}]}]}", true},
		{"severityNumber", logs + `{"scopeLogs":[{"logRecords":[`, "]}]}]}", true},
		{"body", logs + `{"scopeLogs":[{"logRecords":[`, "]}]}]}", true},
		{"spanId", bareSpan, "]}]}]}", false},
		{"span_id", bareSpan, "]}]}]}", false},
		{"name", bareSpan, "]}]}]}", false},
	}
}

const bareSpan = `{"resourceSpans":[{"scopeSpans":[{"spans":[`

// object takes one object that stands at an offset.
func (p *input) object(raw json.RawMessage, at int) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return place(p.in, at, wanted)
	}
	for _, inner := range []string{"trace", "batches", "data"} { // Tempo's answers, and what is around them elsewhere
		if v := members[inner]; len(v) > 0 && (v[0] == '{' || v[0] == '[') {
			return p.value(v, at+bytes.Index(raw, v))
		}
	}
	if members["resourceMetrics"] != nil || members["scopeMetrics"] != nil {
		return place(p.in, at, "metrics are not explained: only spans and log records can be interactions")
	}
	for _, w := range wraps() {
		if members[w.key] == nil {
			continue
		}
		open := w.open
		from := at
		if open == bareSpan {
			open += "{" + p.fill(members)
			from, raw = at+1, raw[1:]
		}
		p.docs = append(p.docs, document{logs: w.logs, body: []byte(open + string(raw) + w.end), cut: len(open), from: from})
		return nil
	}
	return place(p.in, at, wanted)
}

// fill gives a span that was pasted alone what the door asks for and it lacks.
func (p *input) fill(members map[string]json.RawMessage) string {
	add := ""
	need := func(value string, names ...string) {
		for _, n := range names {
			if members[n] != nil {
				return
			}
		}
		add += `"` + names[0] + `":"` + value + `",`
	}
	id := fmt.Sprintf("%016x", len(p.docs)+1)
	need("0000000000000000"+id, "traceId", "trace_id")
	need(id, "spanId", "span_id")
	need("1700000000000000000", "startTimeUnixNano", "start_time_unix_nano")
	need("1700000000100000000", "endTimeUnixNano", "end_time_unix_nano")
	if add != "" {
		p.filled++
	}
	return add
}

// pack sends all of it through the door.
func (p *input) pack(packer *otlp.Packer, now felt.Instant) (otlp.Report, error) {
	if !looksJSON(p.in) || p.in[0] == '\n' {
		if rep, err := p.packProto(packer, now); err == nil || !looksJSON(p.in) {
			return rep, err
		}
	}
	if err := p.parse(); err != nil {
		return otlp.Report{}, err
	}
	var sum otlp.Report
	for _, d := range p.docs {
		send := packer.TracesJSON
		if d.logs {
			send = packer.LogsJSON
		}
		rep, err := send(d.body, now)
		var bad *otlp.BadRequestError
		switch {
		case errors.As(err, &bad) && bad.Offset >= 0:
			return sum, place(p.in, bad.Offset-d.cut+d.from, (&otlp.BadRequestError{Path: bad.Path, What: bad.What, Offset: -1}).Error())
		case err != nil:
			return sum, place(p.in, d.from, err.Error())
		}
		sum.Add(rep)
	}
	return sum, nil
}

func (p *input) packProto(packer *otlp.Packer, now felt.Instant) (otlp.Report, error) {
	if len(bytes.TrimSpace(p.in)) == 0 {
		return otlp.Report{}, &InputError{What: "there is nothing to explain: " + wanted}
	}
	rep, err := packer.Traces(p.in, now)
	if err == nil {
		return rep, nil
	}
	if logs, lerr := packer.Logs(p.in, now); lerr == nil {
		return logs, nil
	}
	return rep, &InputError{What: "this is neither JSON nor OTLP as protobuf (" + err.Error() + "); " + wanted}
}
