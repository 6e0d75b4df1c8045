package tell_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/tell"
)

// full is an incident of which all is known.
func full(i *felt.Incident) {
	i.Score, i.Priority = 71.6, "P1"
	i.ScoreParts = []felt.ScorePart{
		{Name: "criticality", Value: 1, Weight: .3, Input: "5 of 5"},
		{Name: "reach", Value: .14, Weight: .25, Input: "412 of 13,290 customers"},
		{Name: "stage", Value: 1, Weight: 0, Input: "the journey as a whole"},
	}
	i.SegmentsHit = []felt.SegmentShare{segment(.9, "release", "web 5.2", "region", "eu-west")}
	i.SegmentsSpared = []felt.SegmentShare{segment(0, "release", "web 5.1"), segment(0, "region", "us-east"), segment(0, "plan", "pro"), segment(0, "plan", "basic")}
	s := deploy(.9, 2*felt.Minute)
	s.Text = "12.4 % of 3,100 tries with web@5f3c failed, 0.2 % of 10,190 without it in the same minutes"
	i.Suspects = []felt.Suspect{s, {Kind: "flag", What: "new-cart", Text: "the time alone speaks for it"}, {Text: "a third one"}}
	i.Nodes = []felt.Node{{Text: "web left its band"}, {Origin: true, Text: "payments: errors 0.1 % to 31 % since 14:23:10"}}
	i.Recovery.Text = "still 3.0 % of tries fail, at most 0.4 % is usual"
}

func TestTexts(t *testing.T) {
	var b strings.Builder
	for _, c := range []struct {
		name    string
		kind    felt.NotificationKind
		why     string
		changes changes
	}{
		{"begins", felt.NotifyDetected, "", changes{full}},
		{"begins, and little is known", felt.NotifyDetected, "", changes{nobody, func(i *felt.Incident) { i.Priority, i.Score, i.Env = "", 0, "" }}},
		{"goes on", felt.NotifyReported, "Now also Search; P1, before P2\n(impact score 72)", changes{full}},
		{"is over", felt.NotifyResolved, "", changes{full, resolved}},
		{"is back", felt.NotifyDetected, "", changes{full, func(i *felt.Incident) { i.Reopened = clock(14, 26) }}},
		{"is long", felt.NotifyReported, strings.Repeat("word ", 200), changes{named(strings.Repeat("name ", 50))}},
	} {
		i := told{"", c.changes}.incident()
		head, body := tell.Text(&felt.Notification{Kind: c.kind, Why: c.why, Incident: i, Sink: "sre"})
		fmt.Fprintf(&b, "# %s\n%s\n---\n%s\n\n", c.name, head, body)
		if strings.Contains(head, "\n") || utf8.RuneCountInString(head) > 110 || strings.Count(body, "\n") > 12 {
			t.Errorf("%s: %s", c.name, head)
		}
	}
	for _, kind := range []felt.NotificationKind{felt.NotifyTest, felt.NotifyHeartbeat} {
		head, body := tell.Text(&felt.Notification{Kind: kind, Sink: "sre"})
		fmt.Fprintf(&b, "# %s\n%s\n---\n%s\n\n", kind, head, body)
	}
	golden(t, "texts.golden", b.String())
}

func TestUpdate(t *testing.T) {
	for name, c := range map[string]struct {
		before, after changes
		want          string
	}{
		"nothing":                      {nil, nil, ""},
		"a few more":                   {nil, changes{customers(420, 13_300)}, ""},
		"many more":                    {nil, changes{customers(515, 14_000)}, "515 customers (3.7 % of 14,000) failed so far"},
		"four more of four":            {changes{customers(4, 100)}, changes{customers(8, 100)}, ""},
		"five more of four":            {changes{customers(4, 100)}, changes{customers(9, 100)}, "9 customers (9.0 % of 100) failed so far"},
		"fewer":                        {changes{customers(500, 600)}, changes{customers(400, 600)}, ""},
		"more are served badly":        {changes{kind(felt.FindingSlow, felt.Finding{}), served(10)}, changes{kind(felt.FindingSlow, felt.Finding{}), served(20)}, "20 customers (0.2 % of 13,290) served badly so far"},
		"of a failure that is no news": {changes{served(10)}, changes{served(2000)}, ""},
		"they fail now":                {changes{kind(felt.FindingSlow, felt.Finding{})}, changes{kind(felt.FindingFailed, felt.Finding{})}, "Customers now fail"},
		"one more journey":             {nil, changes{journeys("search", "checkout")}, "Now also search"},
		"a step of it":                 {changes{titles("Checkout")}, changes{journeys("checkout", "pay"), titles("Checkout")}, ""},
		"another title":                {changes{titles("Checkout")}, changes{journeys("checkout", "x"), titles("Checkout", "Search")}, "Now also Search"},
		"many more journeys":           {nil, changes{journeys("checkout", "a", "b", "c", "d", "e")}, "Now also a, b, c and 2 more"},
		"priority":                     {nil, changes{func(i *felt.Incident) { i.Priority, i.Score = "P1", 71.6 }}, "P1, before P2 (impact score 72)"},
		"the first priority":           {changes{func(i *felt.Incident) { i.Priority = "" }}, nil, ""},
		"where":                        {nil, changes{hit(segment(.9, "region", "eu-west"))}, "Mostly eu-west"},
		"where is not known again":     {changes{hit(segment(.9, "region", "eu-west"))}, nil, ""},
		"a suspect":                    {nil, changes{suspects(deploy(.9, 2*felt.Minute))}, "2 min after deploy web@5f3c"},
		"the same suspect":             {changes{suspects(deploy(.7, 2*felt.Minute))}, changes{suspects(deploy(.9, 2*felt.Minute))}, ""},
		"it became sure":               {changes{suspects(deploy(.3, 2*felt.Minute))}, changes{suspects(deploy(.9, 2*felt.Minute))}, "2 min after deploy web@5f3c"},
		"a suspect, hardly":            {nil, changes{suspects(deploy(.3, 2*felt.Minute))}, ""},
		"the cause":                    {nil, changes{func(i *felt.Incident) { i.Cause = felt.Cause{Service: "web", Note: "bad\nindex"} }}, "The cause is understood: bad index"},
		"acknowledged by command":      {nil, changes{func(i *felt.Incident) { i.Status, i.Commander = felt.IncidentAcknowledged, "ann" }}, "Commander is ann; acknowledged"},
		"mitigated":                    {nil, changes{func(i *felt.Incident) { i.Mitigated = clock(14, 26) }}, "Mitigated at 14:26 UTC"},
		"it looks well":                {nil, changes{func(i *felt.Incident) { i.Recovery.Since = clock(14, 26) }}, "It has looked well since 14:26 UTC"},
		"it does not any more":         {changes{func(i *felt.Incident) { i.Recovery.Since = clock(14, 26) }}, nil, "It does not look well any more"},
		"resolved":                     {changes{func(i *felt.Incident) { i.Recovery.Since = clock(14, 41) }}, changes{resolved}, "Resolved at 14:46 UTC"},
		"back":                         {changes{resolved}, changes{func(i *felt.Incident) { i.Reopened = clock(14, 27) }}, "It is back since 14:27 UTC"},
		"a storm": {
			nil,
			changes{customers(900, 13_290), journeys("checkout", "search"), suspects(deploy(.9, 2*felt.Minute))},
			"Now also search; 900 customers (6.8 % of 13,290) failed so far; 2 min after deploy web@5f3c",
		},
	} {
		before, after := told{"", c.before}.incident(), told{"", c.after}.incident()
		if got := tell.Update(&before, &after); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 1_234_567: "1,234,567", -1000: "-1,000", -100: "-100", 10_000_000: "10,000,000"} {
		if got := tell.Count(n); got != want {
			t.Errorf("%d is written %s", n, got)
		}
	}
	for _, c := range []struct {
		part, whole int64
		want        string
	}{
		{412, 13_290, "3.1 %"}, {0, 5, "0 %"}, {5, 5, "100 %"}, {1, 10_000, "under 0.1 %"}, {9999, 10_000, "over 99.9 %"}, {1, 1000, "0.1 %"}, {1, 0, ""}, {1, 3, "33.3 %"},
	} {
		if got := tell.Share(c.part, c.whole); got != c.want {
			t.Errorf("%d of %d is %q, want %q", c.part, c.whole, got, c.want)
		}
	}
	for d, want := range map[felt.Instant]string{
		0: "under 1 s", 45 * felt.Second: "45 s", felt.Minute: "1 min", 119 * felt.Second: "119 s", 2 * felt.Minute: "2 min", 59*felt.Minute + 59*felt.Second: "59 min",
		felt.Hour: "1 h", 3*felt.Hour + 5*felt.Minute: "3 h 5 min", 52 * felt.Hour: "2 d 4 h", 1000 * felt.Day: "1,000 d", -2 * felt.Minute: "2 min",
	} {
		if got := tell.Elapsed(d); got != want {
			t.Errorf("%d s are %q, want %q", d/felt.Second, got, want)
		}
	}
	now := clock(14, 27)
	for at, want := range map[felt.Instant]string{clock(14, 23): "14:23 UTC", clock(14, 23) - felt.Day: "14:23 UTC on 20 Nov", clock(14, 23) - 365*felt.Day: "14:23 UTC on 21 Nov 2025"} {
		if got := tell.Clock(at, now); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
