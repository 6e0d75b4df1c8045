// Package backtest judges a history that stands in plain CSV files: what the detectors would have
// said of it, and when. It is how people try Felt on their own past before they send it anything,
// and how detectors are graded.
//
// # The same code as live
//
// A file of counts (ts,success,degraded,failed) goes window by window through [detect.Line], one of
// values (timestamp,value) point by point through [forecast.Value], with the terms that ship. There
// is nothing here that decides. Windows are those of the file: 10 s are what live judging has, and
// a minute or an hour is judged as such. A window without a row is one in which nobody came.
//
// # One pass
//
// [Run] reads a file from its first row to its last, once, in a fixed amount of memory, and looks
// ahead for one thing only: the distance of rows, from the first few thousand. What was raised
// within the first rows does therefore not depend on those behind them; a test holds it to that.
// Files whose times go back are the exception: they are read again and sorted, as far as they fit.
// Local time goes back by an hour in autumn without being out of order; see clock.
//
// # Nothing is lost in silence
//
// A row is judged, or it is a [Problem] with its line and how to mend it. A file is judged, or it
// was not meant for this ([ErrNoSeries]), or it is a problem as a whole: half a history is never
// given out as one. Whatever was odd but could be understood (times in milliseconds, fractions, rows
// that share a window) is a note of its [Series].
//
// # What comes of it
//
// A [Report] has the series, their alarms, and what was not judged. It writes the alarms as
// series,time,kind, a summary for people, and JSON; it grades the alarms by a table of what really
// happened. A [Plot] watches while a series is judged and draws it: it keeps a thousand bins at the
// most, and two of them become one when they do not reach, so that a picture of a year is as small as
// that of a day and has all its peaks.
//
// Files, directories and goroutines are the caller's business (felt backtest is one).
package backtest
