package notify

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

var update = flag.Bool("update", false, "write the golden files")

const at = felt.Instant(1_772_632_200) * felt.Second // 2026-03-04T13:50:00Z

// checkout is an incident with everything.
func checkout() felt.Incident {
	return felt.Incident{
		ID: "inc-1f2e3d4c5b6a", Version: 7, Known: felt.TickOf(at), Kind: "failed", Env: "production", App: "shop", Journeys: []string{"checkout"},
		Scopes: []felt.Scope{{Env: "production", App: "shop", Name: "checkout"}}, Title: "Checkout", Source: "detected",
		Status: felt.IncidentOpen, Priority: "P1", Commander: "ann", Score: 71.4,
		FirstBad: at - 300*felt.Second, Detected: at - 280*felt.Second, Opened: at - 280*felt.Second, Twentieth: at - 290*felt.Second,
		FindingActive: true,
		Findings:      []felt.Finding{{Kind: felt.FindingFailed, Paging: true}},
		Impact: felt.Impact{
			Customers: felt.Distinct{Total: 13290, Failed: 412, Degraded: 3}, Recovered: 100, Lost: 12, Undecided: 300, Method: felt.MethodExact,
		},
		SegmentsHit: []felt.SegmentShare{
			{Where: []felt.Segment{{Key: "region", Value: "eu-west"}, {Key: "release", Value: "web 5.2"}}, Bad: 380, N: 500, Customers: 350, Explains: .9},
			{Where: []felt.Segment{{Key: "plan", Value: "<free> & easy"}}, Bad: 10, N: 1200, Customers: 9},
		},
		SegmentsSpared: []felt.SegmentShare{{Where: []felt.Segment{{Key: "region", Value: "us-east"}}, Bad: 2, N: 4100}},
		Suspects: []felt.Suspect{{
			Kind: "deploy", Change: "dep-1", What: "web@5f3c", Service: "web", At: at - 420*felt.Second, Lead: 120 * felt.Second,
			Text: "deploy web@5f3c 2 min before: 380 of 500 tries on it failed, 2 of 4,100 on others",
		}},
		Indicators: []felt.Indicator{{Signal: "POST /pay of payments", FirstOutOfBand: at - 310*felt.Second, Text: "errors from 0.1 % to 38 %"}},
		Recovery:   felt.Recovery{Text: "38 % still fail; at most 0.4 % is usual."},
	}
}

// bodies are the notifications of which there are golden files.
func bodies() map[string]felt.Notification {
	plain := felt.Incident{
		ID: "inc-2", Version: 1, Known: felt.TickOf(at), Env: "production", App: "shop", Journeys: []string{"search"}, Title: "search",
		Kind: "silent", Status: felt.IncidentOpen, FirstBad: at - 60*felt.Second, Opened: at,
		Findings: []felt.Finding{{Kind: felt.FindingSilent, Paging: true}},
	}
	resolved := checkout()
	resolved.Status, resolved.Recovered, resolved.Resolved = felt.IncidentResolved, at-60*felt.Second, at
	resolved.Impact.Recovered, resolved.Impact.Undecided, resolved.Impact.Lost = 390, 0, 22
	one, many := checkout(), checkout()
	one.Impact.Customers = felt.Distinct{Total: 1, Failed: 1}
	many.Title = strings.Repeat("Ein sehr langer Name <b>&amp; ", 200)
	many.Impact.Customers = felt.Distinct{Total: 10_000_000, Failed: 10_000_000}
	for range 200 {
		many.SegmentsHit = append(many.SegmentsHit, felt.SegmentShare{Where: []felt.Segment{{Key: "k", Value: strings.Repeat("&", 2000)}}, Bad: 1, N: 2})
		many.Suspects = append(many.Suspects, felt.Suspect{Kind: "flag", What: "f", Text: strings.Repeat("<!channel> ", 1000)})
		many.Indicators = append(many.Indicators, felt.Indicator{Signal: strings.Repeat("s>", 900), Text: strings.Repeat("&", 5000)})
	}
	many.Recovery.Text = strings.Repeat("waiting & waiting ", 1000)
	note := func(kind felt.NotificationKind, i felt.Incident, why string) felt.Notification {
		return felt.Notification{Key: i.ID + "/" + strings.TrimPrefix(string(kind), "incident.") + "/1/team", Sink: "team", Kind: kind, At: felt.TickOf(at), Why: why, Incident: i}
	}
	return map[string]felt.Notification{
		"detected": note(felt.NotifyDetected, checkout(), ""),
		"reported": note(felt.NotifyReported, checkout(), "412 customers, 3.1 % of 13,290, failed so far & P2 -> P1"),
		"resolved": note(felt.NotifyResolved, resolved, "Failures are as usual again since 13:49 UTC."),
		"silent":   note(felt.NotifyDetected, plain, ""),
		"one":      note(felt.NotifyDetected, one, ""),
		"many":     note(felt.NotifyReported, many, strings.Repeat("so & so ", 2000)),
		"test":     {Key: "test-team-1", Sink: "team", Kind: felt.NotifyTest, At: felt.TickOf(at)},
	}
}

// golden compares a body with its file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not as in %s (-update writes it):\n%s", name, file, got)
	}
}

// TestBodies: what sinks get, byte for byte.
func TestBodies(t *testing.T) {
	for name, n := range bodies() {
		slack, err := slackBody(&n, rules.Sink{Name: "team", Kind: rules.SinkSlack, Mention: "@here"}, "https://felt.example.com", 0)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "slack_"+name, slack)
		event, err := eventBody(&n, "https://felt.example.com")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "webhook_"+name, event)
	}
	n := bodies()["reported"]
	late, err := slackBody(&n, rules.Sink{}, "", 12*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "slack_late", late)
	event, err := eventBody(&n, "")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "webhook_nolink", event)
}

// TestSlackLimits: no message is larger than Slack takes, and no text of somebody else's is a command.
func TestSlackLimits(t *testing.T) {
	for name, n := range bodies() {
		for _, late := range []time.Duration{0, time.Hour} {
			b, err := slackBody(&n, rules.Sink{Mention: "U123"}, "https://felt.example.com/"+strings.Repeat("x", 200), late)
			if err != nil {
				t.Fatal(err)
			}
			var m slackMessage
			if err := json.Unmarshal(b, &m); err != nil {
				t.Fatal(err)
			}
			texts := []string{m.Text}
			for _, bl := range m.Blocks {
				if bl.Text != nil {
					texts = append(texts, bl.Text.Text)
				}
				if len(bl.Fields) > 10 || len(bl.Elements) > 10 {
					t.Errorf("%s: %d fields, %d elements", name, len(bl.Fields), len(bl.Elements))
				}
				for _, p := range append(bl.Fields, bl.Elements...) {
					if n := len([]rune(p.Text)); n > 2000 {
						t.Errorf("%s: a field of %d", name, n)
					}
					texts = append(texts, p.Text)
				}
			}
			if len(m.Blocks) == 0 || len(m.Blocks) > 50 || m.Text == "" || len(b) > 40_000 {
				t.Errorf("%s: %d blocks, %d bytes", name, len(m.Blocks), len(b))
			}
			for _, text := range texts {
				if n := len([]rune(text)); n > 3000 || n == 0 {
					t.Errorf("%s: a text of %d", name, n)
				}
				if strings.Contains(text, "<!channel") || strings.Contains(text, "<b>") || strings.HasSuffix(strings.TrimSuffix(text, "…"), "&am") {
					t.Errorf("%s: not escaped: %.300s", name, text)
				}
			}
		}
	}
}

// TestMentions: whom to call, the way Slack writes it.
func TestMentions(t *testing.T) {
	for who, want := range map[string]string{
		"@here": "<!here>", "@channel": "<!channel>", "U012AB3CD": "<@U012AB3CD>", "S012AB3CD": "<!subteam^S012AB3CD>", "": "", "nobody": "",
	} {
		if got := slackMention(who); got != want {
			t.Errorf("%q: %q, want %q", who, got, want)
		}
	}
}

// TestSignature is the example of the Standard Webhooks specification's libraries, and what a receiver
// does to verify.
func TestSignature(t *testing.T) {
	key, err := signingKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	sign(h, [][]byte{key}, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if got := h.Get("webhook-signature"); got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("%s", got)
	}
	if h.Get("webhook-id") != "msg_p5jXN8AQM9LWM0D4loKWxJek" || h.Get("webhook-timestamp") != "1614265330" {
		t.Errorf("%v", h)
	}
	for _, bad := range []string{"tiny", "whsec_!!", "whsec_" + base64.StdEncoding.EncodeToString([]byte("tiny"))} {
		if _, err := signingKey(bad); err == nil || strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestSigned: each attempt is signed at its own time, by all keys, and verifies.
func TestSigned(t *testing.T) {
	sinks := []rules.Sink{{Name: "team", Kind: rules.SinkWebhook, URL: env("TEAM"), Secret: rules.Secret{File: "/run/keys"}}}
	live(t, sinks, func(w *world) {
		w.end()
		keys := "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\nthe-older-key-of-the-two\n"
		w.opts.ReadFile = func(name string) ([]byte, error) {
			if name != "/run/keys" {
				return nil, os.ErrNotExist
			}
			return []byte(keys), nil
		}
		w.start()
		w.answers("team.example.com", status(500))
		w.post(of("a", "1"))
		wait(3 * time.Second)
		reqs := w.requests("team.example.com")
		if len(reqs) != 3 || reqs[0].header.Get("Webhook-Timestamp") == reqs[2].header.Get("Webhook-Timestamp") {
			w.t.Fatalf("%d requests", len(reqs))
		}
		for _, r := range reqs {
			stamp := r.header.Get("Webhook-Timestamp")
			if stamp != fmt.Sprint(r.at.Unix()) {
				t.Errorf("%s at %d", stamp, r.at.Unix())
			}
			signatures := strings.Fields(r.header.Get("Webhook-Signature"))
			if len(signatures) != 2 || !strings.HasPrefix(signatures[1], "v1,") {
				w.t.Fatalf("%v", signatures)
			}
			again := http.Header{}
			key, _ := signingKey("the-older-key-of-the-two")
			sign(again, [][]byte{key}, r.id, r.at, r.body)
			if again.Get("Webhook-Signature") != signatures[1] {
				t.Error("does not verify")
			}
		}
	})
}

// TestNobodySeenIsNotNobody: what is not known of a declared incident's customers is not written as 0.
func TestNobodySeenIsNotNobody(t *testing.T) {
	i := felt.Incident{ID: "d1", Source: "declared", Kind: string(felt.FindingFailed), Impact: felt.Impact{Method: felt.MethodExact}}
	if c := eventCustomersOf(&i); c != nil {
		t.Errorf("%+v", *c)
	}
	if i.Impact.Customers.Total = 7; eventCustomersOf(&i) == nil {
		t.Error("seven were seen, and none of them failed")
	}
}
