package rules

import (
	"slices"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/yaml"
)

// Sink is a place that is told of incidents, or, of kind heartbeat, that Felt is alive.
type Sink struct {
	Name    string       `yaml:"name" need:"" doc:"Its name in commands and pages. Unique."`
	Kind    string       `yaml:"kind" words:"slack_webhook webhook heartbeat" need:"" doc:"slack_webhook: an incoming webhook of Slack; webhook: CloudEvents by POST, signed when there is a secret; heartbeat: an address that is asked as long as Felt works, so that somebody notices when it does not."`
	URL     Secret       `yaml:"url" need:"" doc:"Where it is: {env: NAME}, {file: PATH}, or the address itself where it is no secret. That of a slack_webhook is one."`
	Secret  Secret       `yaml:"secret" alt:"not signed" doc:"Of a webhook: the key with which what is sent is signed, {env: NAME} or {file: PATH}."`
	When    SinkWhen     `yaml:"when" alt:"every incident" doc:"Which incidents it is told of. All that is given must hold."`
	Every   felt.Instant `yaml:"every" alt:"5m; of a heartbeat 1m" doc:"Reports of one incident come at most so often; that it has begun or is over is told at once. Of a heartbeat: how often."`
	Mention string       `yaml:"mention" doc:"Of a slack_webhook: whom to call when an incident begins: @here, @channel, or the id of a member (U...) or a group (S...)."`
	Link    string       `yaml:"link" doc:"Address of Felt's pages as those who read the sink reach them, as https://felt.example.com; the incident is linked there."`
}

// Secret says where a text is kept that does not stand in the files. It is read by whoever sends,
// when it is sent.
type Secret struct {
	Env  string // name of an environment variable
	File string // path of a file; its text without the line end
	Text string // the text itself, where it is no secret
}

// Given tells whether anything was said.
func (s Secret) Given() bool { return s != Secret{} }

// String says where it is, and of a text only that there is one.
func (s Secret) String() string {
	switch {
	case s.Env != "":
		return "the environment variable " + s.Env
	case s.File != "":
		return "the file " + s.File
	case s.Text != "":
		return "the text in the inventory"
	}
	return "nowhere"
}

// SinkWhen narrows what a sink is told. An empty list holds for everything.
type SinkWhen struct {
	Events     []string `yaml:"events" words:"detected reported resolved" alt:"all three" doc:"detected: it has begun, or come back; reported: what people need to know has changed; resolved: it is over. Who was told that it has begun is told that it is over, when resolved is among them."`
	Envs       []string `yaml:"envs" alt:"all" doc:"Environments."`
	Apps       []string `yaml:"apps" alt:"all" doc:"Apps."`
	Journeys   []string `yaml:"journeys" alt:"all" doc:"Journeys; also incidents of their steps alone."`
	Kinds      []string `yaml:"kinds" words:"failed degraded slow drop funnel silent burn kpi saturation declared" alt:"all" doc:"What customers feel; declared is what people have declared."`
	Priorities []string `yaml:"priorities" words:"P1 P2 P3 P4 P5" alt:"all" doc:"Priorities, as they are when it is told."`
	MinScore   float64  `yaml:"min_score" range:"0..100" alt:"0" doc:"The least impact score."`
}

// The bounds of a sink's every.
const (
	defaultReports   = 5 * felt.Minute
	defaultHeartbeat = felt.Minute
	minHeartbeat     = 10 * felt.Second
	maxEvery         = felt.Day
	minReports       = 10 * felt.Second
)

// The kinds of sinks.
const (
	SinkSlack     = "slack_webhook"
	SinkWebhook   = "webhook"
	SinkHeartbeat = "heartbeat"
)

// Sink is the sink of a name, or nil.
func (s *Set) Sink(name string) *Sink {
	for i := range s.Sinks {
		if s.Sinks[i].Name == name {
			return &s.Sinks[i]
		}
	}
	return nil
}

// compileSink puts the defaults in.
func compileSink(s Sink) Sink {
	if s.Every == 0 {
		s.Every = defaultReports
		if s.Kind == SinkHeartbeat {
			s.Every = defaultHeartbeat
		}
	}
	if len(s.When.Events) == 0 {
		s.When.Events = []string{"detected", "reported", "resolved"}
	}
	s.Link = strings.TrimRight(s.Link, "/")
	return s
}

// decode implements own: {env: NAME}, {file: PATH}, or a text.
func (s *Secret) decode(d *decoder, n *yaml.Node, key string) {
	switch {
	case n.Kind == yaml.Text:
		s.Text = d.text(n, key, `need:""`)
	case n.Kind == yaml.Map && len(n.Entries) == 1 && slices.Contains([]string{"env", "file"}, n.Entries[0].Key):
		v := n.Entries[0].Value
		into := &s.Env
		if n.Entries[0].Key == "file" {
			into = &s.File
		}
		d.at[into] = place{file: d.file, key: n.Entries[0].Pos, value: v.Pos, inside: v.Inside}
		*into = d.text(v, key+"."+n.Entries[0].Key, `need:""`)
	case n.Kind == yaml.Map && len(n.Entries) == 1:
		e := n.Entries[0]
		d.fail("unknown-key", e.Pos, nearest(e.Key, []string{"env", "file"}), "%s has no key %q", key, e.Key)
	default:
		d.wrong(n, key, "{env: NAME} or {file: PATH}", "one of the two")
	}
}
