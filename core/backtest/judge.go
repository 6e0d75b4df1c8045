package backtest

import (
	"errors"
	"fmt"
	"io"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/forecast"
)

// values judges points.
func (r *run) values() error {
	var (
		test forecast.Value
		row  Row
		last felt.Instant
		open = -1 // of Alarms
	)
	for {
		err := r.next(&row)
		if errors.Is(err, io.EOF) {
			r.out.Least = r.leastOf(&test)
			return nil
		}
		if err != nil {
			return err
		}
		at, ok := r.clock.at(&row)
		if !ok {
			return errUnsorted
		}
		if r.out.Rows > 0 && at <= last { // the test wants time to go on; an alarm tells the file's
			at = last + felt.Second/1000
			r.odd.twice++
		}
		if last = at; r.out.Rows == 0 {
			r.out.First = row.At
		}
		r.out.Rows++
		r.out.Windows++
		r.out.Last = row.At
		v := test.Step(at, row.Value, nil)
		if v.Opened {
			open = len(r.out.Alarms)
			r.out.Alarms = append(r.out.Alarms, Alarm{At: row.At, Kind: string(felt.FindingKPI), Statistic: v.Statistic, Text: valueText(&row, &v)})
		}
		if v.Ended && open >= 0 {
			r.out.Alarms[open].Until, open = row.At, -1
		}
		if r.o.Watch != nil {
			r.o.Watch.Value(row.At, row.Value, v.Low, v.High)
		}
	}
}

// leastOf is the smallest shift that the test would see, in times in which there are points.
func (r *run) leastOf(test *forecast.Value) (out []Least) {
	for _, within := range leastWithin() {
		if within < r.step {
			continue
		}
		if v, ok := test.Smallest(within, nil); ok {
			out = append(out, Least{Kind: string(felt.FindingKPI), Within: int64(within / felt.Second), Effect: v})
		}
	}
	return out
}

func valueText(row *Row, v *forecast.Reading) string {
	side := "below"
	if v.Up {
		side = "above"
	}
	return fmt.Sprintf("%.4g is %s the band of %.4g to %.4g; %.4g was expected", row.Value, side, v.Low, v.High, v.Expected)
}
