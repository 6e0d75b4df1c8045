package business

import (
	"encoding/json"
	"fmt"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
)

// Limits bound what one body may bring. Zero fields take the default.
type Limits struct {
	Events   int // of a batch, or rows of a CSV; default 10,000. More is an [Error]
	Depth    int // nesting of an event's JSON; default 32
	Text     int // bytes kept of a free text, such as a category; default 1,024. Longer ones are cut
	Name     int // bytes of what names something: an id, a service, a key; default 256. Longer ones are a problem
	List     int // services of one change; default 256
	Problems int // problems that are told; default 100. Further ones are counted
}

func (l Limits) orDefault() Limits {
	for _, v := range []struct {
		have *int
		want int
	}{{&l.Events, 10_000}, {&l.Depth, 32}, {&l.Text, 1024}, {&l.Name, 256}, {&l.List, 256}, {&l.Problems, 100}} {
		if *v.have <= 0 {
			*v.have = v.want
		}
	}
	return l
}

// Options say how to read.
type Options struct {
	Key    otlp.HashKey // that of telemetry
	Now    felt.Instant // the time of an event that names none
	Limits Limits
}

// Problem is what is wrong with one event or row. Nothing of it is in the result.
type Problem struct {
	Index   int    `json:"index"`           // of the event in its batch, or of the row, from 0
	Line    int    `json:"line,omitempty"`  // of a CSV, from 1
	Column  int    `json:"col,omitempty"`   // likewise, in bytes
	Field   string `json:"field,omitempty"` // as the sender calls it
	Message string `json:"message"`         // what was wanted; never a value that was sent
}

// String is the problem in one line.
func (p Problem) String() string {
	s := fmt.Sprintf("event %d: ", p.Index)
	if p.Line > 0 {
		s = fmt.Sprintf("%d:%d: ", p.Line, max(p.Column, 1))
	}
	if p.Field != "" {
		s += p.Field + ": "
	}
	return s + p.Message
}

// Result is what became of one body.
type Result struct {
	Business felt.Business // of what was right
	Accepted int           // events or rows with something in Business
	Ignored  int           // events that Felt has no use for
	Rejected int           // events or rows with a problem
	Problems []Problem     // in order, the first of them
	More     int           // problems that are not in the list
	Columns  []string      // of a CSV that have no meaning here
}

// Error is a body of which nothing can be read.
type Error struct {
	Line, Column int // of a CSV, from 1; 0 otherwise
	Message      string
}

// Error implements error.
func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message)
	}
	return e.Message
}

func errorf(format string, args ...any) *Error { return &Error{Message: fmt.Sprintf(format, args...)} }

// Records is the JSON of records that hold all of b, each at most limit bytes where one
// item fits into that; every one names the actor and the way.
func Records(b felt.Business, limit int) ([][]byte, error) {
	w := recordWriter{limit: limit, empty: felt.Business{Actor: b.Actor, Via: b.Via}}
	frame, err := json.Marshal(w.empty)
	if err != nil {
		return nil, fmt.Errorf("business record: %w", err)
	}
	w.overhead = len(frame) + len(`,"changes":[],"events":[],"facts":[]`)
	w.part, w.size = w.empty, w.overhead
	for _, c := range b.Changes {
		w.add(c, func() { w.part.Changes = append(w.part.Changes, c) })
	}
	for _, e := range b.Events {
		w.add(e, func() { w.part.Events = append(w.part.Events, e) })
	}
	for _, f := range b.Facts {
		w.add(f, func() { w.part.Facts = append(w.part.Facts, f) })
	}
	w.flush()
	return w.out, w.err
}

// recordWriter divides items into records.
type recordWriter struct {
	limit, overhead, size int
	empty, part           felt.Business
	out                   [][]byte
	err                   error
}

func (w *recordWriter) add(item any, put func()) {
	data := w.encode(item)
	if w.size+len(data)+1 > w.limit {
		w.flush()
	}
	put()
	w.size += len(data) + 1
}

func (w *recordWriter) flush() {
	if w.size > w.overhead {
		w.out = append(w.out, w.encode(w.part))
		w.part, w.size = w.empty, w.overhead
	}
}

func (w *recordWriter) encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("business record: %w", err)
	}
	return data
}
