package signal_test

import (
	"fmt"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/signal"
)

const kpis = `
    kpis:
      - {name: conversion, numerator: completed, denominator: begun, direction: up}
      - {name: orders, numerator: order, direction: up}
      - {name: tickets, numerator: ticket, denominator: order, direction: down}
      - {name: carts, numerator: {metric: m}, denominator: begun}
      - {name: words, numerator: smiles, denominator: begun}
`

func orders(at felt.Tick, n int, change ...func(*felt.BusinessEvent)) []felt.BusinessEvent {
	var list []felt.BusinessEvent
	for i := range n {
		e := felt.BusinessEvent{ID: fmt.Sprint(at, " ", i), Time: (start + at).Instant(), Kind: "order"}
		for _, f := range change {
			f(&e)
		}
		list = append(list, e)
	}
	return list
}

func TestKPIs(t *testing.T) {
	for _, c := range []struct {
		name  string
		until felt.Tick
		do    map[felt.Tick]func(*machine)
		want  string
	}{
		{"a ratio is told when its denominator has 20, once a minute at most", 180, map[felt.Tick]func(*machine){
			3:  func(m *machine) { m.journeys(signal.Begun, 20); m.journeys(signal.Completed, 5) },
			63: func(m *machine) { m.journeys(signal.Begun, 5); m.journeys(signal.Completed, 5) },
		}, "60 conversion 0.25"},
		{"with fewer, after an hour", 3600, map[felt.Tick]func(*machine){
			3: func(m *machine) { m.journeys(signal.Begun, 5); m.journeys(signal.Completed, 4) },
		}, "3600 conversion 0.8"},
		{"nobody who completed is zero", 180, map[felt.Tick]func(*machine){
			3: func(m *machine) { m.journeys(signal.Begun, 30) },
		}, "60 conversion 0"},
		{"an end that turned out to be another is taken back", 180, map[felt.Tick]func(*machine){
			3: func(m *machine) { m.journeys(signal.Begun, 20); m.journeys(signal.Completed, 10) },
			4: func(m *machine) { m.journeys(signal.Completed, -4); m.journeys(signal.Failed, 4) },
		}, "60 conversion 0.3"},
		{"journeys of another name or app are none of it", 180, map[felt.Tick]func(*machine){
			3: func(m *machine) {
				m.book.Journey("production", "shop", "search", signal.Begun, 50)
				m.book.Journey("production", "desk", "checkout", signal.Begun, 50)
			},
		}, ""},
		{"without a denominator it is told by the minute, also when nothing came", 180, map[felt.Tick]func(*machine){
			3: func(m *machine) { m.book.Business(m.tick, orders(3, 12)) },
		}, "60 orders 12\n120 orders 0\n180 orders 0"},
		{"after hours of silence counting begins anew", 12000, map[felt.Tick]func(*machine){
			3:     func(m *machine) { m.journeys(signal.Begun, 19) },
			11995: func(m *machine) { m.journeys(signal.Begun, 19) },
		}, "3600 conversion 0"},
		{"an event that comes again counts once", 180, map[felt.Tick]func(*machine){
			3:  func(m *machine) { m.book.Business(m.tick, orders(3, 12)) },
			33: func(m *machine) { m.book.Business(m.tick, orders(3, 12)) },
		}, "60 orders 12\n120 orders 0\n180 orders 0"},
		{"events of another journey, or long ago, are none of it", 180, map[felt.Tick]func(*machine){
			3: func(m *machine) {
				m.book.Business(m.tick, orders(3, 12, func(e *felt.BusinessEvent) { e.Journey = "search" }))
				m.book.Business(m.tick, orders(3, 13, func(e *felt.BusinessEvent) { e.Time -= 2 * felt.Hour; e.ID += "old" }))
			},
			63: func(m *machine) {
				m.book.Business(m.tick, orders(63, 2, func(e *felt.BusinessEvent) { e.Journey = "checkout" }))
			},
		}, "120 orders 2\n180 orders 0"},
		{"both sides are events", 180, map[felt.Tick]func(*machine){
			3: func(m *machine) {
				m.book.Business(m.tick, orders(3, 40))
				m.book.Business(m.tick, orders(4, 2, func(e *felt.BusinessEvent) { e.Kind = "ticket" }))
			},
		}, "60 orders 40\n60 tickets 0.05\n120 orders 0\n180 orders 0"},
		{"a metric and journeys", 180, map[felt.Tick]func(*machine){
			3: func(m *machine) {
				m.journeys(signal.Begun, 20)
				m.send(sum(instance{}, 2, -8, 50, isDelta, true))
			},
		}, "60 conversion 0\n60 carts 2.5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, cut := range []bool{false, true} {
				m := newMachine(t, loadRules(t, 1, kpis), 1)
				m.cut = cut
				for m.tick <= start+c.until {
					if f := c.do[m.tick-start]; f != nil {
						f(m)
					}
					m.close()
				}
				if got := m.told(); got != c.want {
					t.Errorf("cut %t: got\n%s\nwant\n%s", cut, got, c.want)
				}
			}
		})
	}
}

func (m *machine) journeys(what signal.Word, n float64) {
	m.book.Journey("production", "shop", "checkout", what, n)
}

// Ticks that are not due change nothing when they are left out.
func TestDue(t *testing.T) {
	all, few := newMachine(t, loadRules(t, 1, kpis), 1), newMachine(t, loadRules(t, 1, kpis), 1)
	work := func(m *machine) {
		switch m.tick - start {
		case 3:
			m.journeys(signal.Begun, 5)
			m.journeys(signal.Completed, 4)
			m.book.Business(m.tick, orders(3, 3))
			m.send(gauge(instance{}, 2, 1))
		case 2003:
			m.journeys(signal.Begun, 30)
		}
	}
	ran := 0
	for tick := range felt.Tick(8000) {
		all.tick, few.tick = start+tick, start+tick
		work(all)
		all.close()
		if due := few.book.Due(); tick == 3 || tick == 2003 || due != 0 && due <= start+tick {
			few.tick = start + tick
			work(few)
			few.close()
			ran++
		}
	}
	if a, b := all.told(), few.told(); a != b {
		t.Errorf("all ticks:\n%s\nonly those due:\n%s", a, b)
	}
	if due := few.book.Due(); due != 0 {
		t.Errorf("still due at %d", due)
	}
	if ran > 200 {
		t.Errorf("%d of 8000 ticks were due", ran)
	}
}

// After a change of the inventory, what is asked as before goes on.
// TestDueIsAhead: a KPI that has enough only long after it could have been told is due at the next
// end of ten seconds, never in the past.
func TestDueIsAhead(t *testing.T) {
	m := newMachine(t, loadRules(t, 1, kpis), 1)
	m.until(1)
	m.journeys(signal.Begun, 1)
	m.until(203)
	m.journeys(signal.Begun, 40)
	m.until(204)
	if due := m.book.Due(); due != start+210 {
		t.Errorf("due at %d, want %d", due-start, 210)
	}
}

func TestRulesChange(t *testing.T) {
	m := newMachine(t, loadRules(t, 1, `
    signals:
      - {name: gone, source: m}
      - {name: stays, source: m}
      - {name: other, source: m}
`), 1)
	m.send(sum(instance{}, 0, -900, 100, isCumulative, true))
	m.until(0)
	m.set = loadRules(t, 2, `
    kpis: [{name: conversion, numerator: completed, denominator: begun}]
    signals:
      - {name: stays, source: m, threshold: 3}
      - {name: other, source: m, statistic: count}
`)
	m.book.Rules(m.set)
	m.until(9)
	m.send(sum(instance{}, 10, -900, 150, isCumulative, true))
	m.until(10)
	if got := m.told(); got != "10 stays 5" {
		t.Errorf("got %s", got)
	}
	if !m.samples[0].HasThreshold {
		t.Error("the new threshold is not told")
	}
	if s := m.book.Stats(); s.Signals != 2 || s.Instances != 2 {
		t.Errorf("%+v", s)
	}
	m.book.Rules(nil)
	if s := m.book.Stats(); s.Signals != 0 || s.Instances != 0 {
		t.Errorf("without an inventory: %+v", s)
	}
}

// A signal for whose first instance others make room goes on.
func TestRoomOfOthers(t *testing.T) {
	m := newMachine(t, loadRules(t, 1, "    signals: [{name: x, source: m, service: x}, {name: y, source: m, service: y}]\n"), 1, func(s *felt.Settings) {
		s.SignalStreams = 1
	})
	m.send(gauge(instance{service: "y"}, -1, 1))
	m.until(399)
	m.send(gauge(instance{service: "x"}, 399, 2))
	m.until(409)
	m.send(gauge(instance{service: "x"}, 409, 3))
	m.until(420)
	if got := m.told(); got != "0 y 1\n400 x 2\n410 x 3" {
		t.Errorf("got %s", got)
	}
	if s := m.book.Stats(); s.Signals != 1 || s.Instances != 1 {
		t.Errorf("%+v", s)
	}
}

// However many instances and signals come, no more are held than there is room for, and what is
// silent makes room.
func TestRoom(t *testing.T) {
	m := newMachine(t, loadRules(t, 1, oneSignal(", statistic: count")), 4, func(s *felt.Settings) { s.SignalInstances = 10 })
	for i := range 50 {
		m.send(gauge(instance{id: fmt.Sprint(i)}, -1, 1))
	}
	m.until(0)
	if s := m.book.Stats(); s.Instances != 10 || s.NoRoom != 40 {
		t.Errorf("%+v", s)
	}
	m.until(400)
	for i := range 7 {
		m.send(gauge(instance{id: fmt.Sprint("new", i)}, 400, 1))
	}
	m.until(410)
	if s := m.book.Stats(); s.Instances != 7 || s.NoRoom != 40 {
		t.Errorf("after the first were silent: %+v", s)
	}
	if got := m.told(); got != "0 it 10\n410 it 7" {
		t.Errorf("got %s", got)
	}
}
