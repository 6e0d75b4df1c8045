package forecast

import "math"

// The two published rules by which alarms on labelled series are scored, for alarms
// that are yes or no.

// span is a labelled stretch of rows, both ends included.
type labelled struct{ first, last int }

// runs joins marked rows that are at most merge apart.
func runs(marked []bool, merge int) []labelled {
	var out []labelled
	for i, m := range marked {
		switch {
		case !m:
		case len(out) > 0 && i-out[len(out)-1].last <= merge:
			out[len(out)-1].last = i
		default:
			out = append(out, labelled{i, i})
		}
	}
	return out
}

// nabScore is of the Numenta Anomaly Benchmark, standard profile (Lavin and Ahmad
// 2015): each window gives up to 1 for its first alarm, the earlier the more, and costs
// 1 when it has none; an alarm outside costs up to 0.11.
type nabScore struct {
	windows, hit, outside int
	raw                   float64 // over finding nothing
}

func (s *nabScore) add(o nabScore) {
	s.windows += o.windows
	s.hit += o.hit
	s.outside += o.outside
	s.raw += o.raw
}

// normal is 0 for silence and 100 for perfection.
func (s *nabScore) normal() float64 { return 100 * s.raw / float64(2*max(s.windows, 1)) }

func sigmoid(y float64) float64 { return 2/(1+math.Exp(5*y)) - 1 }

func scoreNAB(alarms []bool, windows []labelled) nabScore {
	s := nabScore{windows: len(windows)}
	probation := min(int(0.15*float64(len(alarms))), 750)
	hit := make([]bool, len(windows))
	for i, alarm := range alarms {
		if !alarm || i < probation {
			continue
		}
		cost := -1.0
		inside := false
		for k, w := range windows {
			width := float64(max(w.last-w.first, 1))
			switch {
			case i > w.last && float64(i-w.last)/width <= 3:
				cost = sigmoid(float64(i-w.last) / width)
			case i > w.last:
				cost = -1
			case i >= w.first:
				inside = true
				if !hit[k] {
					hit[k] = true
					s.hit++
					s.raw += 1 + sigmoid(-float64(w.last-i+1)/float64(w.last-w.first+1))/sigmoid(-1)
				}
			}
		}
		if !inside {
			s.outside++
			s.raw += 0.11 * cost
		}
	}
	return s
}

// eventScore counts events found and alerts that touch none, both within a slack of
// three rows.
type eventScore struct {
	events, found, right, wrong int
	days                        float64
}

func (s *eventScore) add(o eventScore) {
	s.events += o.events
	s.found += o.found
	s.right += o.right
	s.wrong += o.wrong
	s.days += o.days
}

func (s *eventScore) f1() float64 {
	recall := float64(s.found) / float64(max(s.events, 1))
	precision := float64(s.right) / float64(max(s.right+s.wrong, 1))
	if recall+precision == 0 {
		return 0
	}
	return 2 * recall * precision / (recall + precision)
}

func scoreEvents(alarms, labels []bool) eventScore {
	const slack, merge = 3, 3
	var s eventScore
	events := runs(labels, merge)
	free := make([]bool, len(alarms))
	for _, e := range events {
		s.events++
		for i := e.first; i < min(len(alarms), e.last+slack+1); i++ {
			if alarms[i] {
				s.found++
				break
			}
		}
		for i := max(0, e.first-slack); i < min(len(alarms), e.last+slack+1); i++ {
			free[i] = true
		}
	}
	outside := make([]bool, len(alarms))
	for i := range alarms {
		outside[i] = alarms[i] && !free[i]
	}
	for _, a := range runs(alarms, merge) {
		for _, e := range events {
			if a.first <= e.last+slack && a.last >= e.first-slack {
				s.right++
				break
			}
		}
	}
	for _, a := range runs(outside, merge) {
		s.wrong += 1 + (a.last-a.first)/12
	}
	return s
}
