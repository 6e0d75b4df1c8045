package backtest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/felt-cx/felt"
)

// The measures of a picture, in pixels.
const (
	plotWidth = 1200
	plotLeft  = 90
	plotRight = 20
	plotTop   = 56
	laneRoom  = 26 // between lanes
	markRow   = 18 // of the alarms of a kind
	marksMost = 500
)

// Colours that are told apart on white, also by those who see no red or green: the words beside
// them say the same.
const (
	inkText     = "#212529"
	inkSoft     = "#5c636a"
	inkGrid     = "#dee2e6"
	inkVolume   = "#1c5d99"
	inkBand     = "#e9ecef"
	inkFailed   = "#b3261e"
	inkDegraded = "#e08700"
	inkSlow     = "#6a3d9a"
)

// SVG writes the picture of a series that was watched: its lanes over one axis of time, in UTC,
// and below them a row of marks for each kind of alarm.
func (p *Plot) SVG(w io.Writer, s *Series) error {
	var b bytes.Buffer
	d := drawing{b: &b, p: p, s: s, from: s.First, to: max(s.Last, s.First+felt.Second)}
	d.lanes()
	d.marks()
	d.axis()
	if _, err := io.WriteString(w, d.head()+b.String()+"</svg>\n"); err != nil {
		return fmt.Errorf("picture: %w", err)
	}
	return nil
}

// drawing is a picture being drawn, from the top to the bottom.
type drawing struct {
	b        *bytes.Buffer
	p        *Plot
	s        *Series
	from, to felt.Instant
	y        float64 // where the next lane begins
}

func (d *drawing) head() string {
	s := d.s
	unit := plural2(s.Windows, "window of counts", "windows of counts")
	if s.Kind == Values {
		unit = plural(s.Windows, "value")
	}
	what := fmt.Sprintf("%s from %s to %s UTC: %s", unit, day(s.First), day(s.Last), plural(len(s.Alarms), "alarm"))
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-labelledby="t d" font-family="system-ui,sans-serif" font-size="12" fill="%s">`+"\n",
		plotWidth, int(d.y)+40, inkText)
	fmt.Fprintf(&b, "<title id=\"t\">%s</title>\n<desc id=\"d\">%s</desc>\n", escape(s.Name), escape(d.told()))
	fmt.Fprintf(&b, "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n")
	fmt.Fprintf(&b, "<text x=\"%d\" y=\"22\" font-size=\"16\" font-weight=\"600\">%s</text>\n", plotLeft, escape(clipAt(s.Name, 120)))
	fmt.Fprintf(&b, "<text x=\"%d\" y=\"40\" fill=\"%s\">%s</text>\n", plotLeft, inkSoft, escape(what))
	return b.String()
}

// told is the picture for those who do not see it: the alarms, one by one as far as that helps.
func (d *drawing) told() string {
	const most = 20
	var parts []string
	for _, a := range d.s.told(false) {
		if len(parts) == most {
			parts = append(parts, "and more")
			break
		}
		parts = append(parts, a.Kind+" at "+a.At.Time().Format("2006-01-02 15:04:05"))
	}
	if len(parts) == 0 {
		return "No alarms."
	}
	return "Alarms: " + strings.Join(parts, "; ") + "."
}

// escape makes text safe in XML, whatever somebody called a file.
func escape(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // into memory
	return b.String()
}

// x is where a time is.
func (d *drawing) x(t felt.Instant) float64 {
	const room = plotWidth - plotLeft - plotRight
	return plotLeft + room*min(max(float64(t-d.from)/float64(d.to-d.from), 0), 1)
}

// mid is the time of a bin: of windows their middle, of values that of the first there may be.
func (d *drawing) mid(i int) felt.Instant {
	at := d.p.first + felt.Instant(i)*d.p.width
	if d.p.kind == Counts {
		at += d.p.width / 2
	}
	return at
}

// lane is a part of the picture with its own axis of values.
type lane struct {
	top, height, low, high float64
}

func (l *lane) y(v float64) float64 {
	return l.top + l.height*(1-(v-l.low)/(l.high-l.low))
}

// begin draws the frame and the axis of a lane.
func (d *drawing) begin(title string, height, low, high float64, percent bool) lane {
	if !(high > low) {
		low, high = low-max(1, -low/10, low/10), high+max(1, -high/10, high/10)
	}
	l := lane{top: d.y + laneRoom, height: height, low: low, high: high}
	fmt.Fprintf(d.b, "<text x=\"%d\" y=\"%.0f\" font-weight=\"600\">%s</text>\n", plotLeft, l.top-8, escape(title))
	for _, t := range valueTicks(low, high, percent) {
		y := l.y(t.at)
		fmt.Fprintf(d.b, "<path d=\"M%d %.1fH%d\" stroke=\"%s\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\" fill=\"%s\">%s</text>\n",
			plotLeft, y, plotWidth-plotRight, inkGrid, plotLeft-8, y+4, inkSoft, t.text)
	}
	d.y = l.top + height
	return l
}

func (d *drawing) lanes() {
	d.y = plotTop - laneRoom/2
	if d.p.kind == Values {
		d.values()
		return
	}
	d.volume()
	d.shares()
}

// values are the band that was expected and the values in it, from the least to the most.
func (d *drawing) values() {
	low, high, any := 0.0, 0.0, false
	for i := range d.p.bins {
		if b := &d.p.bins[i]; b.windows > 0 {
			if !any {
				low, high, any = b.low, b.high, true
			}
			low, high = min(low, b.low), max(high, b.high)
		}
	}
	l := d.begin("value; shaded: where it was expected", 260, low, high, false)
	inside := func(v float64) float64 { return min(max(v, low), high) }
	d.area(&l, inkBand, func(b *bin) (float64, float64) {
		return inside(b.bandLow / float64(b.windows)), inside(b.bandHigh / float64(b.windows))
	})
	d.line(&l, inkVolume, func(b *bin) (float64, float64) { return b.low, b.high })
}

func (d *drawing) volume() {
	high := 0.0
	for i := range d.p.bins {
		high = max(high, d.p.bins[i].high)
	}
	l := d.begin("decided in a window, from the least to the most", 120, 0, high, false)
	d.line(&l, inkVolume, func(b *bin) (float64, float64) { return b.low, b.high })
}

// shares are stacked: failed at the bottom, degraded on it; slow is a line of its own, for it is
// a part of those who reached the goal.
func (d *drawing) shares() {
	high, slow := 0.0, false
	for i := range d.p.bins {
		if b := &d.p.bins[i]; b.decided > 0 {
			high = max(high, (b.failed+b.degraded+b.abandoned)/b.decided, b.slow/b.decided)
			slow = slow || b.slow > 0
		}
	}
	title := "share failed (dark), degraded or abandoned (light)"
	if slow {
		title += ", slow (line)"
	}
	l := d.begin(title, 160, 0, min(max(high, 0.001), 1), true)
	share := func(of float64, b *bin) float64 { return of / max(b.decided, 1) }
	d.area(&l, inkDegraded, func(b *bin) (float64, float64) {
		return share(b.failed, b), share(b.failed+b.degraded+b.abandoned, b)
	})
	d.area(&l, inkFailed, func(b *bin) (float64, float64) { return 0, share(b.failed, b) })
	if slow {
		d.line(&l, inkSlow, func(b *bin) (float64, float64) { return share(b.slow, b), share(b.slow, b) })
	}
}

// area fills between two lines; a time without a bin is a gap.
func (d *drawing) area(l *lane, ink string, of func(*bin) (low, high float64)) {
	var path []byte
	d.runs(func(run []int) {
		for _, i := range run {
			_, high := of(&d.p.bins[i])
			path = d.point(path, i == run[0], d.mid(i), l.y(high))
		}
		for _, i := range slices.Backward(run) {
			low, _ := of(&d.p.bins[i])
			path = d.point(path, false, d.mid(i), l.y(low))
		}
		path = append(path, 'Z')
	})
	fmt.Fprintf(d.b, "<path d=\"%s\" fill=\"%s\"/>\n", path, ink)
}

// line goes from the least to the most of each bin, so that no peak is lost.
func (d *drawing) line(l *lane, ink string, of func(*bin) (low, high float64)) {
	var path []byte
	d.runs(func(run []int) {
		for _, i := range run {
			low, high := of(&d.p.bins[i])
			path = d.point(path, i == run[0], d.mid(i), l.y(low))
			if high > low {
				path = d.point(path, false, d.mid(i), l.y(high))
			}
		}
		if len(run) == 1 { // a lone point is a short line, or it would not be seen
			path = append(path, "h1"...)
		}
	})
	fmt.Fprintf(d.b, "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-linejoin=\"round\"/>\n", path, ink)
}

// runs are the bins between gaps, empty ones left out. A few empty bins are none: values come
// when they come.
func (d *drawing) runs(do func(run []int)) {
	const bridged = 3
	var run []int
	for i := range d.p.bins {
		if d.p.bins[i].windows == 0 {
			continue
		}
		if n := len(run); n > 0 && i-run[n-1] > bridged+1 {
			do(run)
			run = run[:0]
		}
		run = append(run, i)
	}
	if len(run) > 0 {
		do(run)
	}
}

func (d *drawing) point(path []byte, first bool, t felt.Instant, y float64) []byte {
	c := byte('L')
	if first {
		c = 'M'
	}
	path = append(path, c)
	path = strconv.AppendFloat(path, d.x(t), 'f', 1, 64)
	path = append(path, ' ')
	return strconv.AppendFloat(path, y, 'f', 1, 64)
}
