package storetest

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/felt-cx/felt"
)

// findings asks for what is and is not in a window, of a name, of a kind, worth waking somebody.
func findings(t *testing.T, s felt.Store) {
	finding := func(id, name string, kind felt.FindingKind, opened, ended felt.Tick, paging bool) felt.Finding {
		return felt.Finding{
			ID: id, Kind: kind, Series: felt.Series{Env: Env, App: "shop", Name: name, SegmentKey: "region", SegmentValue: "eu"},
			Opened: noon + opened, Updated: noon + opened, Ended: ended, Paging: paging, Statistic: 21.5, Threshold: 14,
			Segments: []felt.Segment{{Key: "release", Value: "5.2"}}, Explanation: "it's 3 of 4",
		}
	}
	long := finding("fnd-long", "pay", felt.FindingFailed, -3600, 0, true)
	short := finding("fnd-short", "pay", felt.FindingSlow, -100, noon-50, false)
	other := finding("fnd-other", "cart", felt.FindingFailed, -100, 0, true)
	foreign := finding("fnd-foreign", "pay", felt.FindingFailed, -100, 0, true)
	foreign.Series.Env = "staging"
	short.Series.Kind = felt.KindJourney
	b := batch(noon)
	b.ID.Stage = 3
	b.Findings = []felt.Finding{long, short, other, foreign}
	write(t, s, b)
	at := noon.Instant()
	for _, c := range []struct {
		name string
		q    felt.FindingQuestion
		want []felt.Finding
	}{
		{"what lasts", felt.FindingQuestion{Scope: felt.Scope{Env: Env}, Window: felt.Window{From: at, To: at + felt.Hour}}, []felt.Finding{other, long}},
		{"what ended in it", felt.FindingQuestion{Scope: felt.Scope{Env: Env}, Window: felt.Window{From: at - 60*felt.Second, To: at}}, []felt.Finding{other, short, long}},
		{"what ended as it began is over", felt.FindingQuestion{Scope: felt.Scope{Env: Env}, Window: felt.Window{From: at - 50*felt.Second, To: at}}, []felt.Finding{other, long}},
		{"what opened at its end is not yet", felt.FindingQuestion{Scope: felt.Scope{Env: Env}, Window: felt.Window{From: at - felt.Hour, To: at - 100*felt.Second}}, []felt.Finding{long}},
		{"a name", felt.FindingQuestion{Scope: felt.Scope{Env: Env, App: "shop", Name: "pay"}, Window: felt.Window{To: at}}, []felt.Finding{short, long}},
		{"another app", felt.FindingQuestion{Scope: felt.Scope{Env: Env, App: "bank"}, Window: felt.Window{To: at}}, nil},
		{"journeys", felt.FindingQuestion{Scope: felt.Scope{Env: Env, Kind: felt.KindJourney}, Window: felt.Window{To: at}}, []felt.Finding{short}},
		{"a kind", felt.FindingQuestion{Scope: felt.Scope{Env: Env}, What: felt.FindingSlow, Window: felt.Window{To: at}}, []felt.Finding{short}},
		{"paging", felt.FindingQuestion{Scope: felt.Scope{Env: Env, Name: "pay"}, Paging: true, Window: felt.Window{To: at}}, []felt.Finding{long}},
		{"at most", felt.FindingQuestion{Scope: felt.Scope{Env: Env}, Window: felt.Window{To: at}, Limit: 2}, []felt.Finding{other, short}},
		{"nowhere", felt.FindingQuestion{Scope: felt.Scope{Env: "none"}, Window: felt.Window{To: at}}, nil},
	} {
		got, err := s.Findings(t.Context(), c.q)
		if err != nil || len(got) != len(c.want) || len(got) > 0 && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %s, %v; want %s", c.name, ids(got), err, ids(c.want))
		}
	}

	long.Ended, long.Updated = noon+10, noon+10
	b = batch(noon + 10)
	b.ID.Stage = 3
	b.Findings = []felt.Finding{long}
	write(t, s, b)
	got, err := s.Findings(t.Context(), felt.FindingQuestion{Scope: felt.Scope{Env: Env, Name: "pay"}, Window: felt.Window{From: at + felt.Minute, To: at + felt.Hour}})
	if err != nil || len(got) != 0 {
		t.Errorf("after its end: %s, %v", ids(got), err)
	}
}

func ids(list []felt.Finding) string {
	var out []string
	for _, f := range list {
		out = append(out, f.ID)
	}
	return fmt.Sprint(out)
}
