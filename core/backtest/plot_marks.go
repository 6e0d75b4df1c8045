package backtest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
)

// marks draws a row for each kind of alarm: a triangle where it was raised and a bar for as long
// as it lasted.
func (d *drawing) marks() {
	var kinds []string
	for _, a := range d.s.Alarms {
		if !slices.Contains(kinds, a.Kind) {
			kinds = append(kinds, a.Kind)
		}
	}
	slices.Sort(kinds)
	bottom := d.y
	d.y += 12
	drawn := 0
	for _, kind := range kinds {
		y := d.y + markRow/2
		ink := inkOf(kind)
		fmt.Fprintf(d.b, "<text x=\"%d\" y=\"%.0f\" text-anchor=\"end\" fill=\"%s\">%s</text>\n<g fill=\"%s\">\n", plotLeft-8, y+4, ink, escape(kind), ink)
		for i := range d.s.Alarms {
			if a := &d.s.Alarms[i]; a.Kind == kind && drawn < marksMost {
				d.mark(a, y, bottom)
				drawn++
			}
		}
		d.b.WriteString("</g>\n")
		d.y += markRow
	}
	if more := len(d.s.Alarms) - drawn; more > 0 {
		d.y += markRow
		fmt.Fprintf(d.b, "<text x=\"%d\" y=\"%.0f\" fill=\"%s\">and %s that are not drawn</text>\n", plotLeft, d.y-5, inkSoft, plural(more, "alarm"))
	}
}

func (d *drawing) mark(a *Alarm, y, bottom float64) {
	until := a.Until
	if until == 0 {
		until = d.to
	}
	x := d.x(a.At)
	fmt.Fprintf(d.b, "<g><title>%s</title><path d=\"M%.1f %d V%.1f\" stroke=\"%s\" stroke-opacity=\".45\" stroke-dasharray=\"2 3\"/>",
		escape(a.Kind+" at "+a.At.Time().Format("2006-01-02 15:04:05")+": "+a.Text), x, plotTop-10, bottom, inkOf(a.Kind))
	fmt.Fprintf(d.b, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"4\" fill-opacity=\".5\"/><path d=\"M%.1f %.1fl-5 -9h10z\"/></g>\n",
		x, y-2, max(d.x(until)-x, 1), x, y+4)
}

func inkOf(kind string) string {
	switch felt.FindingKind(kind) {
	case felt.FindingFailed:
		return inkFailed
	case felt.FindingDegraded:
		return "#8a5300" // text on white wants it darker than the area
	case felt.FindingSlow:
		return inkSlow
	case felt.FindingDrop:
		return inkVolume
	default:
		return inkText
	}
}

// axis draws the axis of time, over all lanes.
func (d *drawing) axis() {
	y := d.y + 8
	fmt.Fprintf(d.b, "<g stroke=\"%s\" fill=\"none\"><path d=\"M%d %.1fH%d\"/>", inkSoft, plotLeft, y, plotWidth-plotRight)
	ticks := timeTicks(d.from, d.to)
	for _, t := range ticks {
		fmt.Fprintf(d.b, "<path d=\"M%.1f %.1fv5\"/>", d.x(t.time), y)
	}
	d.b.WriteString("</g>\n")
	for _, t := range ticks {
		anchor := "middle"
		switch x := d.x(t.time); {
		case x > plotWidth-plotRight-40:
			anchor = "end"
		case x < plotLeft+40:
			anchor = "start"
		}
		fmt.Fprintf(d.b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">%s</text>\n", d.x(t.time), y+18, anchor, inkSoft, t.text)
	}
	fmt.Fprintf(d.b, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\" fill=\"%s\">UTC</text>\n", plotLeft-8, y+18, inkSoft)
	d.y = y
}

// PlotNames are names of files for the pictures of series, in their order: safe on every file
// system, and different although some are not in case.
func PlotNames(series []string) []string {
	taken := map[string]bool{}
	out := make([]string, 0, len(series))
	for _, s := range series {
		name := strings.Map(func(r rune) rune {
			switch {
			case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_', r == '.':
				return r
			}
			return '_'
		}, s)
		if name = strings.TrimLeft(name, ".-"); len(name) > 100 {
			name = name[:100]
		}
		stem, _, _ := strings.Cut(strings.ToLower(name), ".")
		if reserved(stem) || name == "" {
			name = "_" + name
		}
		if name != s || taken[strings.ToLower(name)] {
			sum := sha256.Sum256([]byte(s))
			name += "-" + hex.EncodeToString(sum[:4])
		}
		taken[strings.ToLower(name)] = true
		out = append(out, name+".svg")
	}
	return out
}

// reserved are names that one system keeps for devices.
func reserved(stem string) bool {
	switch stem {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(stem) == 4 && (strings.HasPrefix(stem, "com") || strings.HasPrefix(stem, "lpt"))
}
