package backtest

import (
	"errors"
	"strconv"
)

// Problem is what is wrong with a line of a file, and how to mend it. The caller puts the
// file's name in front.
type Problem struct {
	Line    int    `json:"line"` // from 1; 0: the file as a whole
	Message string `json:"message"`
}

// Error is LINE: MESSAGE.
func (p *Problem) Error() string {
	if p.Line == 0 {
		return p.Message
	}
	return strconv.Itoa(p.Line) + ": " + p.Message
}

// ErrNoSeries says that the file is no history that can be judged, and was not meant to be. What it
// lacks is in the error's text.
var ErrNoSeries = errors.New("no series")

// noSeries is such an error.
type noSeries struct{ why string }

func (e noSeries) Error() string        { return e.why }
func (e noSeries) Is(target error) bool { return target == ErrNoSeries }
