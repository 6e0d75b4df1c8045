package storetest

import (
	"testing"

	"github.com/felt-cx/felt"
)

// gaps: what ended in a part of the window that is left out does not count, but who succeeded then has recovered.
func gaps(t *testing.T, s felt.Store) {
	ok, bad := felt.OutcomeSuccess, felt.OutcomeFailed
	write(t, s, batch(noon,
		try(1, 1, bad, 100), try(2, 2, ok, 200), try(3, 3, bad, 300), try(4, 4, bad, 100), try(5, 4, ok, 200), try(6, 5, bad, 250),
		try(7, 6, ok, 149), try(8, 7, bad, 150),
	))
	at := func(from, to felt.Instant) felt.Window {
		return felt.Window{From: day + from*felt.Second, To: day + to*felt.Second}
	}
	q := whole()
	q.Name, q.Except = "pay", []felt.Window{at(180, 250), at(150, 200), at(400, 300), {}}
	im := impact(t, s, q)
	wantDistinct(t, "customers", im.Customers, felt.Distinct{Total: 5, Failed: 4})
	if im.Counts != (felt.Counts{Failed: 4, Success: 1}) || im.Recovered != 1 || im.Lost != 3 {
		t.Errorf("%+v", im)
	}
	list, _, err := s.Affected(t.Context(), q, 10, "")
	if err != nil || len(list) != 4 {
		t.Errorf("affected: %+v, %v", list, err)
	}
	rows, _, err := s.Interactions(t.Context(), q, 0, 10, "")
	if err != nil || len(rows) != 5 {
		t.Errorf("%d interactions, %v", len(rows), err)
	}
	points, err := s.Points(t.Context(), q, 100*felt.Second, "")
	n := int64(0)
	for _, p := range points {
		n += p.Counts.Decided()
	}
	if err != nil || n != 5 {
		t.Errorf("points: %+v, %v", points, err)
	}
	q.Except = []felt.Window{q.Window}
	if im := impact(t, s, q); im.Counts != (felt.Counts{}) || im.Customers != (felt.Distinct{}) {
		t.Errorf("all is left out: %+v", im)
	}
}
