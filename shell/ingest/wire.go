package ingest

import (
	"encoding/binary"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// This file writes the few answers that the door gives, by hand: they are a handful
// of fields, and no protobuf library is needed on the way of a request.

const (
	typeBadRequest = "type.googleapis.com/google.rpc.BadRequest"
	typeRetryInfo  = "type.googleapis.com/google.rpc.RetryInfo"
)

// signal is a kind of telemetry.
type signal uint8

const (
	traces signal = iota
	logs
	metrics
	signals
)

func (s signal) String() string {
	return [signals]string{"traces", "logs", "metrics"}[s]
}

// rejectedField is the name of the JSON field that counts what was rejected.
func (s signal) rejectedField() string {
	return [signals]string{"rejectedSpans", "rejectedLogRecords", "rejectedDataPoints"}[s]
}

func appendField(dst []byte, field int, value string) []byte {
	if value == "" {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(field)<<3|2)
	dst = binary.AppendUvarint(dst, uint64(len(value)))
	return append(dst, value...)
}

func appendNumber(dst []byte, field int, value int64) []byte {
	if value == 0 {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(field)<<3)
	return binary.AppendUvarint(dst, uint64(value))
}

// statusProto is a google.rpc.Status in protobuf.
func (f *fault) statusProto() []byte {
	a := f.answer()
	dst := appendNumber(nil, 1, int64(a.grpc))
	dst = appendField(dst, 2, validText(f.message))
	if f.field != "" {
		violation := appendField(appendField(nil, 1, validText(f.field)), 2, validText(f.message))
		dst = appendDetail(dst, typeBadRequest, appendField(nil, 1, string(violation)))
	}
	if a.retry > 0 {
		delay := appendNumber(nil, 1, int64(a.retry)) // google.protobuf.Duration.seconds
		dst = appendDetail(dst, typeRetryInfo, appendField(nil, 1, string(delay)))
	}
	return dst
}

func appendDetail(dst []byte, url string, value []byte) []byte {
	return appendField(dst, 3, string(appendField(appendField(nil, 1, url), 2, string(value))))
}

type statusJSON struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Details []any  `json:"details,omitempty"`
}

type badRequestJSON struct {
	Type       string          `json:"@type"`
	Violations []violationJSON `json:"fieldViolations"`
}

type violationJSON struct {
	Field       string `json:"field"`
	Description string `json:"description"`
}

type retryInfoJSON struct {
	Type  string `json:"@type"`
	Delay string `json:"retryDelay"`
}

// statusJSON is the same in the JSON mapping of protobuf.
func (f *fault) statusJSON() []byte {
	a := f.answer()
	s := statusJSON{Code: int(a.grpc), Message: validText(f.message)}
	if f.field != "" {
		s.Details = append(s.Details, badRequestJSON{typeBadRequest, []violationJSON{{validText(f.field), s.Message}}})
	}
	if a.retry > 0 {
		s.Details = append(s.Details, retryInfoJSON{typeRetryInfo, strconv.Itoa(a.retry) + "s"})
	}
	b, err := json.Marshal(s)
	if err != nil { // strings and numbers always marshal
		return []byte(`{}`)
	}
	return b
}

// validText keeps answers decodable whatever the sender put into a path.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// responseProto is an Export…ServiceResponse; it is empty when all was accepted.
func responseProto(rejected int64, reason string) []byte {
	if rejected == 0 && reason == "" {
		return nil
	}
	return appendField(nil, 1, string(appendField(appendNumber(nil, 1, rejected), 2, validText(reason))))
}

// responseJSON is the same in OTLP/JSON.
func (s signal) responseJSON(rejected int64, reason string) []byte {
	if rejected == 0 && reason == "" {
		return []byte(`{}`)
	}
	text, err := json.Marshal(validText(reason))
	if err != nil {
		text = []byte(`""`)
	}
	return []byte(`{"partialSuccess":{"` + s.rejectedField() + `":"` + strconv.FormatInt(rejected, 10) +
		`","errorMessage":` + string(text) + `}}`)
}
