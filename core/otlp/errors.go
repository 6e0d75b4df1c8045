package otlp

import "strconv"

// BadRequestError says that a body is not what it claims to be. Sending it again
// cannot help: HTTP 400, gRPC INVALID_ARGUMENT. Test with [errors.As].
type BadRequestError struct {
	Path   string // such as resource_spans[0].scope_spans[1].spans[7].name; "" for the body as a whole
	Offset int    // byte of the body at which it was seen; -1 when that is not known
	What   string // what is wrong, in a few words
}

// Error is what, where.
func (e *BadRequestError) Error() string {
	s := e.What
	if e.Offset >= 0 {
		s += " at byte " + strconv.Itoa(e.Offset)
	}
	if e.Path != "" {
		s += " (" + e.Path + ")"
	}
	return s
}
