package rules

import (
	"slices"
	"strconv"
	"strings"
)

// grpcNames are the gRPC status codes, by number.
func grpcNames() []string { return grpcTable[:] }

var grpcTable = [...]string{ //nolint:gochecknoglobals // a table
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
	"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
	"UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}

// grpcName is the one name of a status that is written as a number, as ALREADY_EXISTS or
// as AlreadyExists. What is unknown stays as it is.
func grpcName(s string) (string, bool) {
	if slices.Contains(grpcTable[:], s) {
		return s, true
	}
	if n, err := strconv.Atoi(s); err == nil {
		if n >= 0 && n < len(grpcTable) {
			return grpcTable[n], true
		}
		return s, false
	}
	fold := func(s string) string { return strings.ToUpper(strings.ReplaceAll(s, "_", "")) }
	for _, name := range grpcTable {
		if fold(name) == fold(s) {
			return name, true
		}
	}
	if strings.EqualFold(s, "canceled") { // as Go spells it
		return "CANCELLED", true
	}
	return s, false
}

// grpcStatus is the status of a call by its one name. OpenTelemetry wrote it as a number
// first, and as a name since.
func grpcStatus(ev *Event) (string, bool) {
	for _, key := range [...]string{"rpc.grpc.status_code", "rpc.response.status_code"} {
		if s, ok := ev.attribute(key); ok {
			name, _ := grpcName(s)
			return name, true
		}
	}
	return "", false
}

// canonical writes the statuses of a condition by their one name.
func (t *Text) canonical() *Text {
	if t == nil {
		return nil
	}
	c := *t
	c.Equals, _ = grpcName(t.Equals)
	c.OneOf = slices.Clone(t.OneOf)
	for i := range c.OneOf {
		c.OneOf[i], _ = grpcName(c.OneOf[i])
	}
	c.Not = t.Not.canonical()
	return &c
}
