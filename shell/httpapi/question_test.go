package httpapi

import (
	"context"
	"fmt"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/felt-cx/felt"
)

func TestParseInstant(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]felt.Instant{
		"1772632200":                         now,
		"1772632200.25":                      now + felt.Second/4,
		"1772632200250":                      now + felt.Second/4,
		"1772632200250.5":                    now + felt.Second/4 + 500_000,
		"0":                                  0,
		"2026-03-04T13:50:00Z":               now,
		"2026-03-04T13:50:00.000000001Z":     now + 1,
		"2026-03-04T15:50:00+02:00":          now,
		"2026-03-04T15:50:00 02:00":          now, // a + that nobody escaped
		"2030-01-01T00:00:00Z":               1_893_456_000 * felt.Second,
		"2026-03-04T13:50:00.123456789-00:0": -1,
		"1970-01-01T00:00:00Z":               0,
		"1969-12-31T23:59:59Z":               -1,
		"2256-01-01T00:00:00Z":               -1,
		"-5":                                 -1,
		"50000000000":                        -1, // neither seconds nor milliseconds of our time
		"9223372036854775807":                -1,
		"NaN":                                -1,
		"Inf":                                -1,
		"1e400":                              -1,
		"":                                   -1,
		"now":                                -1,
	} {
		got, err := parseInstant("from", in)
		if want < 0 {
			if err == nil {
				t.Errorf("%q is taken as %s", in, exactTime(got))
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%q: %d %v, want %d", in, got, err, want)
		}
	}
}

// Every moment that an answer writes can be asked for again.
func TestInstantRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := felt.Instant(rapid.Int64Range(0, lastSecond*1e9).Draw(t, "at"))
		got, err := parseInstant("from", exactTime(at))
		if err != nil || got != at {
			t.Fatalf("%d is written %s and read %d, %v", at, exactTime(at), got, err)
		}
		if s := at.Floor(felt.Second) / felt.Second; s < lastSecond {
			if got, err := parseInstant("from", fmt.Sprint(int64(s))); err != nil || got != s*felt.Second {
				t.Fatalf("%d s is read %d, %v", s, got, err)
			}
		}
	})
}

func TestParseLength(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]felt.Instant{
		"1s": felt.Second, "90s": 90 * felt.Second, "5m": 5 * felt.Minute, "1h30m": 90 * felt.Minute, "7d": 7 * felt.Day,
		"0.5d": 12 * felt.Hour, "400d": 400 * felt.Day, "24h": felt.Day,
		"401d": 0, "0s": 0, "-1h": 0, "5": 0, "d": 0, "NaNd": 0, "999ms": 0, "": 0, "9601h": 0,
	} {
		got, err := parseLength("window", in)
		if got != want && err == nil || (err == nil) != (want > 0) {
			t.Errorf("%q: %d %v, want %d", in, got, err, want)
		}
	}
}

func TestParseCondition(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]felt.Condition{
		"plan=pro":               {Key: "plan", Op: felt.OpEquals, Values: []string{"pro"}},
		" plan = pro ":           {Key: "plan", Op: felt.OpEquals, Values: []string{"pro"}},
		"plan=":                  {Key: "plan", Op: felt.OpEquals, Values: []string{""}},
		"plan!=pro":              {Key: "plan", Op: felt.OpNotEquals, Values: []string{"pro"}},
		"plan in (pro,free)":     {Key: "plan", Op: felt.OpIn, Values: []string{"pro", "free"}},
		"plan in pro, free":      {Key: "plan", Op: felt.OpIn, Values: []string{"pro", "free"}},
		"plan in (a=b)":          {Key: "plan", Op: felt.OpIn, Values: []string{"a=b"}},
		"q=a in b":               {Key: "q", Op: felt.OpEquals, Values: []string{"a in b"}},
		"url=http://x/?a=b&c!=d": {Key: "url", Op: felt.OpEquals, Values: []string{"http://x/?a=b&c!=d"}},
		"outcome!=failed":        {Key: "outcome", Op: felt.OpNotEquals, Values: []string{"failed"}},
		"identity=user":          {Key: "identity", Op: felt.OpEquals, Values: []string{"user"}},
		"release in (web@1)":     {Key: "release", Op: felt.OpIn, Values: []string{"web@1"}},
	} {
		got, err := parseCondition(in)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v\n%s", in, err, diff)
		}
	}
}

// What a question's text says can be asked again, whatever the values are.
func TestConditionRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[a-z][a-z.]{0,8}[xyz]`).Draw(t, "key")
		c := felt.Condition{Key: key, Op: felt.Op(rapid.IntRange(1, 3).Draw(t, "op"))}
		n := 1
		if c.Op == felt.OpIn {
			n = rapid.IntRange(1, 5).Draw(t, "n")
		}
		for range n {
			c.Values = append(c.Values, rapid.StringMatching(`[a-z0-9]([a-z0-9@!/:. -]{0,6}[a-z0-9])?`).Draw(t, "value"))
		}
		got, err := parseCondition(c.String())
		if diff := cmp.Diff(c, got); err != nil || diff != "" {
			t.Fatalf("%q: %v\n%s", c, err, diff)
		}
	})
}

// What of= means among the names of the store.
func TestOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ of, app, name, kind string }{
		{"pay", "shop", "pay", "step"},
		{"shop/pay", "shop", "pay", "step"},
		{"bank/login", "bank", "login", "step"},
		{"GET /cart", "shop", "GET /cart", "step"},
		{"shop/GET /cart", "shop", "GET /cart", "step"},
		{"checkout", "shop", "checkout", "journey"},
		{"journey:checkout", "shop", "checkout", "journey"},
		{"journey:shop/checkout", "shop", "checkout", "journey"},
		{"never", "", "never", ""},
		{"new/never", "new", "never", ""},
		{"journey:never", "", "never", "journey"},
		{"journey:pay", "", "pay", "journey"}, // there is only a step of that name
		{"/never", "", "/never", ""},
		{"never/", "", "never/", ""},
	} {
		a := w.ok("/api/v1/impact?of=" + url.QueryEscape(c.of))
		q, _ := a.doc["question"].(map[string]any)
		str := func(k string) string { s, _ := q[k].(string); return s }
		if str("app") != c.app || str("name") != c.name || str("kind") != c.kind || str("of") != c.of {
			t.Errorf("of=%s means %v, want %q/%q (%s)", c.of, q, c.app, c.name, c.kind)
		}
	}
}

func TestOfIsAmbiguous(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, target := range []string{"/api/v1/impact?of=login", "/api/v1/series?of=login", "/api/v1/interactions?of=login"} {
		a := w.get(target)
		problem(t, a, 409, `of="login"`, "2 things")
		want := []any{"bank/login", "shop/login"}
		if diff := cmp.Diff(want, a.doc["candidates"]); diff != "" {
			t.Errorf("candidates: %s", diff)
		}
		for _, c := range want {
			w.ok("/api/v1/impact?of=" + url.QueryEscape(c.(string)))
		}
	}
}

// A name never seen is not an error: it has happened zero times.
func TestUnknownNameIsZero(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ok("/api/v1/impact?of=never")
	for _, f := range impactFields("") {
		switch v := a.at(f).(type) {
		case float64:
			if v != 0 {
				t.Errorf("%s is %v", f, v)
			}
		case string:
			if v != "exact" {
				t.Errorf("%s is %v", f, v)
			}
		}
	}
	if got := w.ok("/api/v1/series?of=never").doc["buckets"]; len(got.([]any)) != 0 {
		t.Errorf("buckets %v", got)
	}
	if got := w.ok("/api/v1/interactions?of=never"); got.doc["next"] != "" || len(got.doc["interactions"].([]any)) != 0 {
		t.Errorf("interactions %v", got.raw)
	}
	if got := w.ok("/api/v1/journeys?env=staging").doc["journeys"]; len(got.([]any)) != 0 {
		t.Errorf("journeys of an unknown environment: %v", got)
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ query, from, to string }{
		{"", "2026-03-04T13:45:00Z", "2026-03-04T13:50:00Z"},
		{"&window=1h", "2026-03-04T12:50:00Z", "2026-03-04T13:50:00Z"},
		{"&window=1h&to=1772632000", "2026-03-04T12:46:40Z", "2026-03-04T13:46:40Z"},
		{"&from=1772632000", "2026-03-04T13:46:40Z", "2026-03-04T13:50:00Z"},
		{"&from=0&to=2030-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2030-01-01T00:00:00Z"},
		{"&to=1772632000.5", "2026-03-04T13:41:40.5Z", "2026-03-04T13:46:40.5Z"},
	} {
		a := w.ok("/api/v1/impact?of=pay" + c.query)
		if from, to := a.at("question.from"), a.at("question.to"); from != c.from || to != c.to {
			t.Errorf("%s: from %v to %v, want %s to %s", c.query, from, to, c.from, c.to)
		}
	}
}

// In an event log the present is where the data is.
func TestEventClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.opts.Clock = func() felt.Clock { return felt.ClockEvent }
		w.opts.Now = (now + 365*felt.Day).Time
	})
	if to := w.ok("/api/v1/impact?of=pay").at("question.to"); to != "2026-03-04T13:50:00Z" {
		t.Errorf("to %v", to)
	}
	if s := w.ok("/api/v1/journeys").at("journeys.0.state"); s != stateFailing {
		t.Errorf("state %v", s)
	}
	h := w.ok("/api/v1/health")
	if h.at("last_event") != "2026-03-04T13:50:00Z" || h.at("lag_seconds") != 0.0 || h.at("clock") != "event" {
		t.Errorf("health %s", h.raw)
	}
}

// The same question has the same id whenever it is asked, and another one another.
func TestQuestionID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := func(query string) string {
		s, _ := w.ok("/api/v1/impact?from=1772632000&to=1772632200" + query).at("question.id").(string)
		return s
	}
	first := id("&of=shop/pay&where=plan%3Dpro&where=region%3Deu")
	w.opts.Now = (now + felt.Hour).Time
	w.engine.move(5000)
	if again := id("&of=pay&where=region%3Deu&where=plan%3Dpro"); again != first {
		t.Errorf("%s and %s", first, again)
	}
	for _, other := range []string{"&of=search", "&of=pay", "&of=pay&where=plan%3Dpro&where=region%3Deu&as_of=1772632100", "&of=pay&where=plan%3Dpro&where=region%3Deu&traffic=bot"} {
		if id(other) == first {
			t.Errorf("%s has the same id", other)
		}
	}
}

// Conditions repeat, and all must hold.
func TestWhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for query, want := range map[string]float64{
		"":                                    4,
		"&where=plan%3Dpro":                   3,
		"&where=plan!%3Dpro":                  1,
		"&where=plan+in+(pro,free)":           4,
		"&where=plan%3Dpro&where=region%3Dus": 0,
		"&where=plan%3Dfree&where=region%3Dus&where=outcome%3Dfailed": 1,
		"&traffic=bot": 0,
		"&env=staging": 0,
	} {
		if got := w.ok("/api/v1/impact?of=pay" + query).at("customers.total"); got != want {
			t.Errorf("%s: %v customers, want %v", query, got, want)
		}
	}
}

// Pages follow each other without a gap or a repetition.
func TestInteractionsPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := map[any]bool{}
	cursor := ""
	for page := 0; ; page++ {
		a := w.ok("/api/v1/interactions?of=pay&limit=4&cursor=" + cursor)
		for _, i := range a.doc["interactions"].([]any) {
			id := i.(map[string]any)["id"]
			if seen[id] {
				t.Errorf("%v twice", id)
			}
			seen[id] = true
		}
		if cursor, _ = a.doc["next"].(string); cursor == "" {
			if page != 1 {
				t.Errorf("%d pages, want 2", page+1)
			}
			break
		}
	}
	if len(seen) != 6 {
		t.Errorf("%d interactions, want 6", len(seen))
	}
}

// The stamp is that of before the store was asked: rows that come meanwhile are not claimed.
func TestStampIsNotTooNew(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/api/v1/journeys", "/api/v1/impact?of=pay", "/api/v1/incidents", "/api/v1/incidents/inc-1"} {
		w := newWorld(t)
		w.spy.fail = func(_ context.Context, what string) error {
			if what == "impact" || what == "stats" {
				w.engine.move(9999)
			}
			return nil
		}
		if seq := w.ok(target).at("as_of_seq"); seq != 4711.0 {
			t.Errorf("%s: as_of_seq %v, want 4711", target, seq)
		}
	}
}
