package ingest

import (
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// result is how a request ended. It decides the codes of both transports, so that a
// sender is told the same whichever way it came.
type result uint8

const (
	resultOK       result = iota
	resultBad             // not OTLP: never again
	resultDenied          // no token, or a wrong one
	resultExpired         // a page's key whose time is over
	resultOrigin          // a page's key in another page
	resultRate            // a page's key that sends too much
	resultNoPath          // nothing lives there
	resultMethod          // not POST
	resultSlow            // the body did not come in time
	resultLarge           // over a limit: never again in this size
	resultType            // content type or encoding not spoken here
	resultBusy            // over what the door takes on at once
	resultGone            // the sender left
	resultPanicked        // our fault, and probably again
	resultFull            // the log is full
	resultDown            // the log is away, or the door is closing
	results
)

// String is the word used in metrics.
func (r result) String() string {
	return [results]string{
		"ok", "bad_data", "denied", "expired", "origin", "rate", "no_path", "method", "slow", "too_large", "bad_type",
		"busy", "gone", "internal", "full", "unavailable",
	}[r]
}

// answer is what the transports say of a result.
type answer struct {
	http  int
	grpc  codes.Code
	retry int // seconds after which the sender should come back; 0: it must not
}

// answer follows the tables of the OTLP specification: senders repeat on 429, 502, 503,
// 504 and on gRPC UNAVAILABLE, and on RESOURCE_EXHAUSTED only with RetryInfo.
func (r result) answer() answer {
	switch r {
	case resultOK:
		return answer{200, codes.OK, 0}
	case resultBad:
		return answer{400, codes.InvalidArgument, 0}
	case resultDenied, resultExpired:
		return answer{401, codes.Unauthenticated, 0}
	case resultOrigin:
		return answer{403, codes.PermissionDenied, 0}
	case resultRate:
		return answer{429, codes.ResourceExhausted, 1}
	case resultNoPath:
		return answer{404, codes.Unimplemented, 0}
	case resultMethod:
		return answer{405, codes.Unimplemented, 0}
	case resultSlow:
		return answer{408, codes.DeadlineExceeded, 0}
	case resultLarge:
		return answer{413, codes.ResourceExhausted, 0}
	case resultType:
		return answer{415, codes.InvalidArgument, 0}
	case resultBusy:
		return answer{429, codes.ResourceExhausted, 1}
	case resultGone:
		return answer{499, codes.Canceled, 0}
	case resultFull:
		return answer{503, codes.Unavailable, 5}
	case resultDown:
		return answer{503, codes.Unavailable, 1}
	case resultPanicked, results:
	}
	return answer{500, codes.Internal, 0}
}

// fault is a request that was not accepted.
type fault struct {
	result  result
	message string // for the sender: what, and how to mend it
	field   string // path in the body, when known
	retry   int    // seconds, where it is known better than the result tells
}

// answer is what the transports say of it.
func (f *fault) answer() answer {
	a := f.result.answer()
	if f.retry > 0 {
		a.retry = f.retry
	}
	return a
}

func faultf(r result, format string, args ...any) *fault {
	return &fault{result: r, message: fmt.Sprintf(format, args...)}
}

// badFault tells what the packer said of a body.
func badFault(err error) *fault {
	f := &fault{result: resultBad, message: err.Error()}
	if bad, ok := errors.AsType[*otlp.BadRequestError](err); ok {
		f.field = bad.Path
	}
	return f
}

// appendFault tells what the log said. The log's own words stay in our log.
func appendFault(err error) *fault {
	switch {
	case errors.Is(err, felt.ErrFull):
		return faultf(resultFull, "the log has reached its size limit and nothing was stored: send it again later, or give the log more room")
	case errors.Is(err, errClosing):
		return faultf(resultDown, "Felt is closing: send it again in a moment")
	}
	return faultf(resultDown, "the log did not confirm that this is stored: send it again in a moment")
}

// errClosing: the door takes nothing any more.
var errClosing = fmt.Errorf("door is closing: %w", felt.ErrUnavailable)
