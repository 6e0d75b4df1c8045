package backtest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// maxLine is longer than any row of counts; a longer line is another kind of file.
const maxLine = 1 << 20

// lines gives a file out line by line, unpacked, in a fixed amount of memory.
type lines struct {
	src   *bufio.Reader
	line  int    // of the record given last, where it begins
	next  int    // lines read
	long  []byte // a record that did not fit the buffer of src, or spans lines
	ended bool
}

// openLines looks at the first bytes: gzip is known by them and not by the name.
func openLines(src io.Reader) (*lines, error) {
	in := bufio.NewReaderSize(src, 64<<10)
	head, err := in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading: %w", err)
	}
	if len(head) > 1 && head[0] == 0x1f && head[1] == 0x8b {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("unpacking: %w", err)
		}
		in = bufio.NewReaderSize(z, 64<<10)
		if head, err = in.Peek(3); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("unpacking: %w", err)
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, _ = in.Discard(3) // is buffered
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return nil, &Problem{Line: 1, Message: "is UTF-16: save it as CSV UTF-8"}
	}
	return &lines{src: in}, nil
}

// record is the next line without its end; a quoted field may hold the ends of lines. What it
// returns holds until the next call. Empty lines are passed over. io.EOF at the end.
func (l *lines) record() ([]byte, error) {
	for {
		b, err := l.raw()
		if err != nil {
			return nil, err
		}
		l.line = l.next
		if bytes.IndexByte(b, '"') >= 0 && bytes.Count(b, []byte{'"'})%2 != 0 {
			if b, err = l.quoted(b); err != nil {
				return nil, err
			}
		}
		if len(bytes.TrimSpace(b)) > 0 {
			return b, nil
		}
	}
}

// raw is one line as it stands.
func (l *lines) raw() ([]byte, error) {
	if l.ended {
		return nil, io.EOF
	}
	b, err := l.src.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		l.long = append(l.long[:0], b...)
		for errors.Is(err, bufio.ErrBufferFull) {
			b, err = l.src.ReadSlice('\n')
			if l.long = append(l.long, b...); len(l.long) > maxLine {
				return nil, &Problem{Line: l.next + 1, Message: "the line is longer than 1 MiB: is this CSV?"}
			}
		}
		b = l.long
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading behind line %d: %w", l.next, err)
	}
	if err != nil {
		if l.ended = true; len(b) == 0 {
			return nil, io.EOF
		}
	}
	l.next++
	return chomp(b), nil
}

func chomp(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\n' {
		b = b[:n-1]
	}
	if n := len(b); n > 0 && b[n-1] == '\r' {
		b = b[:n-1]
	}
	return b
}

// quoted joins the lines of a record whose quoted field goes on.
func (l *lines) quoted(b []byte) ([]byte, error) {
	all := append([]byte(nil), b...)
	for bytes.Count(all, []byte{'"'})%2 != 0 {
		b, err := l.raw()
		if errors.Is(err, io.EOF) {
			return nil, &Problem{Line: l.line, Message: `a quote " opens here and never closes`}
		}
		if err != nil {
			return nil, err
		}
		if all = append(append(all, '\n'), b...); len(all) > maxLine {
			return nil, &Problem{Line: l.line, Message: `a quote " opens here and does not close within 1 MiB`}
		}
	}
	return all, nil
}
