package notify

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
	"github.com/felt-cx/felt/core/tell"
)

// Slack's limits: characters of a text in a block, of a field, and blocks of a message. Its own are 3000,
// 2000 and 50.
const (
	slackText   = 2900
	slackField  = 1900
	slackBlocks = 50
	// lateFrom is from when on a message says that it comes late.
	lateFrom = 2 * time.Minute
)

// slackMessage is the body for an incoming webhook. The library for Slack's API would bring its whole
// client for these few types.
type slackMessage struct {
	Text        string       `json:"text"` // what a phone shows, and whoever cannot read blocks
	Blocks      []slackBlock `json:"blocks"`
	UnfurlLinks bool         `json:"unfurl_links"`
}

type slackBlock struct {
	Type     string      `json:"type"` // section, context, divider
	Text     *slackPart  `json:"text,omitempty"`
	Fields   []slackPart `json:"fields,omitempty"`
	Elements []slackPart `json:"elements,omitempty"`
}

type slackPart struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// slackBody writes a notification for Slack: customers in the first line, then what is wrong and for
// whom, who is spared, what changed, whether it gets better.
func slackBody(n *felt.Notification, sink rules.Sink, link string, late time.Duration) ([]byte, error) {
	m := slackMessage{}
	if n.Kind == felt.NotifyTest {
		head, body := tell.Text(n)
		m.Text = slackEscape(head)
		m.section("*" + slackEscape(head) + "*\n" + slackEscape(body))
	} else {
		m.incident(n, sink, link, late)
	}
	m.Text = cutText(m.Text, slackText)
	m.Blocks = m.Blocks[:min(len(m.Blocks), slackBlocks)]
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(m); err != nil {
		return nil, fmt.Errorf("message: %w: %w", err, felt.ErrPermanent)
	}
	return []byte(b.String()), nil
}

func (m *slackMessage) incident(n *felt.Notification, sink rules.Sink, link string, late time.Duration) {
	i := &n.Incident
	sentence := slackEscape(tell.Sentence(i))
	m.Text = slackSign(n) + sentence
	second := slackEscape(tell.Title(i))
	if at := incidentURL(link, i.ID); at != "" {
		second = "<" + at + "|" + second + ">"
	}
	if mention := slackMention(sink.Mention); mention != "" && n.Kind == felt.NotifyDetected {
		second += "  " + mention
		m.Text += "  " + mention
	}
	m.section(slackSign(n) + "*" + sentence + "*\n" + second)
	if n.Why != "" && n.Kind != felt.NotifyDetected {
		m.section("*What has changed*\n" + slackEscape(n.Why))
	}
	m.parts(i)
	m.list("*What changed nearby*", suspectLines(i))
	m.list("*What moved first*", firstLines(i))
	m.section(better(i))
	m.context(facts(i), lateness(late))
}

// section adds a block of text, unless there is none.
func (m *slackMessage) section(text string) {
	if text != "" {
		m.Blocks = append(m.Blocks, slackBlock{Type: "section", Text: &slackPart{"mrkdwn", cutText(text, slackText)}})
	}
}

// list adds a heading with lines, unless there are none.
func (m *slackMessage) list(head string, lines []string) {
	if len(lines) > 0 {
		m.section(head + "\n" + strings.Join(lines, "\n"))
	}
}

// context adds a line of small print.
func (m *slackMessage) context(texts ...string) {
	var parts []slackPart
	for _, t := range texts {
		if t != "" {
			parts = append(parts, slackPart{"mrkdwn", cutText(t, slackField)})
		}
	}
	if len(parts) > 0 {
		m.Blocks = append(m.Blocks, slackBlock{Type: "context", Elements: parts})
	}
}

// parts adds who is hit and who is not, side by side.
func (m *slackMessage) parts(i *felt.Incident) {
	var fields []slackPart
	for _, f := range []struct {
		head string
		list []felt.SegmentShare
	}{{"*Most hit*", i.SegmentsHit}, {"*Not hit*", i.SegmentsSpared}} {
		lines := segmentLines(f.list)
		if len(lines) > 0 {
			fields = append(fields, slackPart{"mrkdwn", cutText(f.head+"\n"+strings.Join(lines, "\n"), slackField)})
		}
	}
	if len(fields) > 0 {
		m.Blocks = append(m.Blocks, slackBlock{Type: "section", Fields: fields})
	}
}

func segmentLines(list []felt.SegmentShare) []string {
	var lines []string
	for _, s := range list[:min(len(list), segmentsShown)] {
		var where []string
		for _, w := range s.Where {
			where = append(where, slackEscape(cutText(w.Value, 60)))
		}
		line := "• " + strings.Join(where, " on ")
		if s.N > 0 {
			line += fmt.Sprintf(": %s of %s tries (%s)", tell.Count(s.Bad), tell.Count(s.N), tell.Share(s.Bad, s.N))
		}
		lines = append(lines, line)
	}
	return lines
}

func suspectLines(i *felt.Incident) []string {
	var lines []string
	for _, s := range i.Suspects[:min(len(i.Suspects), suspectsShown)] {
		text := s.Text
		if text == "" {
			text = strings.TrimSpace(strings.ReplaceAll(s.Kind, "_", " ") + " " + s.What)
		}
		lines = append(lines, "• "+slackEscape(cutText(text, 400)))
	}
	return lines
}

func firstLines(i *felt.Incident) []string {
	var lines []string
	for _, x := range i.Indicators[:min(len(i.Indicators), indicatorsShown)] {
		line := "• " + slackEscape(cutText(x.Signal, 120))
		if x.FirstOutOfBand > 0 {
			line += " since " + tell.Clock(x.FirstOutOfBand, i.Known.Instant())
		}
		if x.Text != "" {
			line += ": " + slackEscape(cutText(x.Text, 300))
		}
		lines = append(lines, line)
	}
	return lines
}

// better says whether customers come back, or what became of them.
func better(i *felt.Incident) string {
	over := i.Status == felt.IncidentResolved
	var lines []string
	if c := i.Impact; c.Customers.Failed > 0 {
		line := fmt.Sprintf("Of %s customers hit, %s have got through since and %s were lost", tell.Count(c.Customers.Failed), tell.Count(c.Recovered), tell.Count(c.Lost))
		if c.Undecided > 0 {
			line += fmt.Sprintf("; of %s it is not known yet", tell.Count(c.Undecided))
		}
		lines = append(lines, line+".")
	}
	if i.Recovery.Text != "" && !over {
		lines = append(lines, slackEscape(i.Recovery.Text))
	}
	if len(lines) == 0 {
		return ""
	}
	head := "*Is it getting better?*\n"
	if over {
		head = "*What became of them*\n"
	}
	return head + strings.Join(lines, "\n")
}

// facts are the small print.
func facts(i *felt.Incident) string {
	var list []string
	if i.Priority != "" {
		list = append(list, i.Priority)
	}
	if i.Score > 0 {
		list = append(list, fmt.Sprintf("impact score %.0f of 100", i.Score))
	}
	if i.Commander != "" {
		list = append(list, "commander "+slackEscape(i.Commander))
	}
	where := strings.Trim(i.App+" in "+i.Env, " ")
	if i.App == "" {
		where = i.Env
	}
	list = append(list, slackEscape(where), "`"+slackEscape(strings.ReplaceAll(i.ID, "`", "'"))+"`")
	return strings.Join(list, " · ")
}

// lateness says that a message comes late, so that nobody takes it for now.
func lateness(late time.Duration) string {
	if late < lateFrom {
		return ""
	}
	return ":hourglass: told " + tell.Elapsed(felt.Instant(late)) + " late: Felt or the way here was not working"
}

// slackSign is a mark that is seen from afar.
func slackSign(n *felt.Notification) string {
	switch n.Kind {
	case felt.NotifyDetected:
		return ":red_circle: "
	case felt.NotifyReported:
		return ":large_orange_circle: "
	case felt.NotifyResolved:
		return ":large_green_circle: "
	case felt.NotifyTest, felt.NotifyHeartbeat:
	}
	return ""
}

// slackMention is how Slack writes whom to call.
func slackMention(who string) string {
	switch {
	case who == "@here", who == "@channel", who == "@everyone":
		return "<!" + who[1:] + ">"
	case strings.HasPrefix(who, "S"):
		return "<!subteam^" + who + ">"
	case strings.HasPrefix(who, "U"), strings.HasPrefix(who, "W"):
		return "<@" + who + ">"
	}
	return ""
}

// slackEscape keeps a text from being read as a command of Slack: &, < and > are all it takes.
func slackEscape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// cutText shortens a text to so many characters, and not in the middle of an escape.
func cutText(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	s = string(r[:most-1])
	if at := strings.LastIndexByte(s, '&'); at >= 0 && len(s)-at < 5 && !strings.Contains(s[at:], ";") {
		s = s[:at]
	}
	return s + "…"
}
