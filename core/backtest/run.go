package backtest

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/felt-cx/felt"
)

// Options say how files are judged. The zero value is what ships.
type Options struct {
	Step   felt.Instant // distance of rows; 0 is found out from the first of them
	Pages  Pages        // what wakes somebody
	Sorted int          // rows that are held to sort a file whose times go back; 0 is a million
	Watch  Watcher
}

// sortedRows is how many rows of a file that is not sorted are held: about 100 MB.
const sortedRows = 1_000_000

// Watcher is told what was judged, in order; for pictures.
type Watcher interface {
	// Begin is called before the first window, and again when a file has to be read once more.
	Begin(kind Kind, step felt.Instant)
	// Window is a window of counts, by its start, as the file has it.
	Window(start felt.Instant, row *Row)
	// Value is a point and the band in which it was expected.
	Value(at felt.Instant, value, low, high float64)
}

// Run judges a file from its first row to its last, once, without looking ahead. A file whose
// times go back is opened again and sorted, as far as it fits. The error is of [ErrNoSeries] for
// a file that was not meant for this, a [*Problem] for what has to be mended in it, else that of
// reading. What was judged up to a problem is not given out: half a history misleads.
func Run(open func() (io.ReadCloser, error), o Options) (*Series, error) {
	s, err := once(open, o, false)
	if errors.Is(err, errUnsorted) {
		s, err = once(open, o, true)
	}
	if f, ok := errors.AsType[fatal](err); ok {
		err = f.error
	}
	return s, err
}

func once(open func() (io.ReadCloser, error), o Options, sorted bool) (s *Series, err error) {
	src, err := open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	rd, err := NewReader(src)
	if err != nil {
		return nil, err
	}
	r := run{o: o, rd: rd, out: &Series{Kind: rd.Kind(), Alarms: []Alarm{}}}
	if sorted {
		err = r.sort()
	} else {
		err = r.peek()
	}
	if err != nil {
		return nil, err
	}
	if err := r.all(); err != nil {
		return nil, err
	}
	return r.out, nil
}

// errUnsorted: the times go back, and the file has to be sorted before it can be judged.
var errUnsorted = errors.New("the rows are not in order of time")

// run is one reading of a file.
type run struct {
	o     Options
	rd    *Reader
	out   *Series
	ahead []Row // read, and not judged yet
	at    int   // in ahead
	whole bool  // ahead is the whole file
	step  felt.Instant
	clock clock
	odd   oddities
}

// oddities are counted while reading, and told at the end.
type oddities struct {
	offGrid, shared, twice, restarts int
	grown, shrunk                    int // rows with more, and with less, than the one before
	restart                          int // line of the first
}

// counterRows are so many rows that each has more than the one before that it is no chance.
const counterRows = 100

// read gives the next good row, from the file; bad ones are noted.
func (r *run) read(row *Row) error {
	for {
		err := r.rd.Next(row)
		if p, ok := err.(*Problem); ok { //nolint:errorlint // one that is wrapped ends the file
			r.out.bad(p)
			continue
		}
		return err
	}
}

// peek reads the first rows, which tell the step.
func (r *run) peek() error {
	for len(r.ahead) < peeked {
		var row Row
		err := r.read(&row)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		r.ahead = append(r.ahead, row)
	}
	return r.setStep()
}

// sort reads all rows and puts them in order; those of one time stay in the file's.
func (r *run) sort() error {
	most := r.o.Sorted
	if most <= 0 {
		most = sortedRows
	}
	r.whole = true
	first, last := 0, felt.Instant(0)
	for {
		var row Row
		err := r.read(&row)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if row.At < last && first == 0 {
			first = row.Line
		}
		last = row.At
		if len(r.ahead) == most {
			return &Problem{Line: first, Message: fmt.Sprintf(
				"the times go back here, and the file has more than the %d rows that are sorted in memory: sort it by time, as with sort -t, -k1,1n", most)}
		}
		r.ahead = append(r.ahead, row)
	}
	slices.SortStableFunc(r.ahead, func(a, b Row) int { return int(min(max(a.At-b.At, -1), 1)) })
	r.out.note("the times go back at line %d: the rows were sorted", first)
	return r.setStep()
}

func (r *run) setStep() error {
	first := r.ahead[:min(len(r.ahead), peeked)]
	switch {
	case r.o.Step > 0:
		r.step = r.o.Step
		if found := stepOf(first); r.out.Kind == Counts && found > r.step {
			r.out.note("the rows are %s apart and judged in windows of %s: in those without a row nobody came", time.Duration(found), time.Duration(r.step))
		}
	case r.out.Kind == Counts:
		r.step = stepOf(first)
	default:
		r.step = usualStep(first)
	}
	r.out.Step = r.step
	if r.out.Kind == Counts && r.step == 0 && len(r.ahead) > 0 {
		r.step, r.out.Step = 10*felt.Second, 10*felt.Second // one window tells no distance
	}
	if r.out.Kind == Counts && r.step > felt.Day {
		return &Problem{Line: r.ahead[0].Line, Message: fmt.Sprintf(
			"the rows are %.3g days apart: want windows of a day at most, 10 s are usual", float64(r.step)/float64(felt.Day))}
	}
	if r.out.Kind == Counts && r.step%felt.Second != 0 {
		return &Problem{Line: r.ahead[0].Line, Message: fmt.Sprintf(
			"the rows are %s apart: want windows of whole seconds, 10 s are usual", time.Duration(r.step))}
	}
	return nil
}

// next is the next row to be judged.
func (r *run) next(row *Row) error {
	if r.at < len(r.ahead) {
		*row = r.ahead[r.at]
		r.at++
		return nil
	}
	if r.whole {
		return io.EOF
	}
	return r.read(row)
}

// all judges the rows.
func (r *run) all() error {
	r.clock = clock{step: r.step, local: r.rd.Form() == FormUnzoned}
	var err error
	if r.o.Watch != nil {
		r.o.Watch.Begin(r.out.Kind, r.step)
	}
	if r.out.Kind == Counts {
		err = r.counts()
	} else {
		err = r.values()
	}
	if err != nil {
		return err
	}
	return r.finish()
}

// finish tells what was odd.
func (r *run) finish() error {
	s := r.out
	s.Form = r.rd.Form().String()
	switch {
	case s.Rows == 0 && s.Bad > 0:
		return &Problem{Line: s.Problems[0].Line, Message: fmt.Sprintf("%s; none of the %d rows can be read", s.Problems[0].Message, s.Bad)}
	case s.Rows == 0 && r.rd.notes.missing > 0:
		return &Problem{Message: "has only values that are missing"}
	case s.Rows == 0:
		return &Problem{Message: "has a header and no rows"}
	case s.Bad > s.Rows:
		return &Problem{Line: s.Problems[0].Line, Message: fmt.Sprintf("%s; and %d of %d rows cannot be read", s.Problems[0].Message, s.Bad, s.Bad+s.Rows)}
	}
	if f := r.rd.Form(); f != FormSeconds && f != FormZoned {
		s.note("times are %s", f)
	}
	if s.First < 365*felt.Day {
		s.note("times begin in 1970: is the column of times a number of rows?")
	}
	r.clock.tell(s)
	tell := func(n int, format string) {
		if n > 0 {
			s.note(format, n)
		}
	}
	tell(r.rd.notes.missing, "%d values are missing and were passed over")
	tell(r.rd.notes.rounded, "%d counts have fractions: they were rounded, and what was cut off carried on")
	tell(r.odd.offGrid, "%d rows are not on the grid of windows: each counts into the window in which it lies")
	tell(r.odd.twice, "%d values share their time with the one before: they were judged in the file's order")
	tell(r.odd.shared, "%d rows share their window with the row before: they were added up")
	if r.odd.shrunk == 0 && r.odd.grown > counterRows {
		s.note("the counts never go down: of a counter that only grows, give the increase in each window")
	}
	if r.odd.restarts > 0 {
		s.note("%d gaps of more than a week, the first before line %d: behind them it was learned anew", r.odd.restarts, r.odd.restart)
	}
	return nil
}
