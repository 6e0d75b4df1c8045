package notify

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/tell"
)

// The version of the CDEvents vocabulary that events are written in, and that of its incident events.
const (
	cdeventsSpec  = "0.5.1"
	cdeventsType  = "dev.cdevents."
	cdeventsEvent = ".0.3.0"
	// testType is of our own: there is no event for a test.
	testType = "cx.felt.test"
)

// event is a CloudEvent in its structured JSON form.
type event struct {
	SpecVersion string `json:"specversion"`
	ID          string `json:"id"`
	Source      string `json:"source"`
	Type        string `json:"type"`
	Subject     string `json:"subject,omitempty"`
	Time        string `json:"time"`
	ContentType string `json:"datacontenttype"`
	Data        any    `json:"data"`
}

// cdevent is a CDEvent: the data of an event about an incident.
type cdevent struct {
	Context struct {
		SpecVersion string `json:"specversion"`
		ID          string `json:"id"`
		Source      string `json:"source"`
		Type        string `json:"type"`
		Timestamp   string `json:"timestamp"`
	} `json:"context"`
	Subject struct {
		ID      string `json:"id"`
		Source  string `json:"source"`
		Content struct {
			Description string  `json:"description"`
			Environment entity  `json:"environment"`
			Service     *entity `json:"service,omitempty"`
			TicketURI   string  `json:"ticketURI,omitempty"`
		} `json:"content"`
	} `json:"subject"`
	CustomData            eventIncident `json:"customData"`
	CustomDataContentType string        `json:"customDataContentType"`
}

type entity struct {
	ID string `json:"id"`
}

// eventIncident is what Felt knows beyond the vocabulary.
type eventIncident struct {
	Incident  string          `json:"incident"`
	Version   int64           `json:"version"`
	Title     string          `json:"title"`
	Why       string          `json:"why,omitempty"`
	Kind      string          `json:"kind,omitempty"`
	Status    string          `json:"status"`
	Source    string          `json:"source,omitempty"`
	Priority  string          `json:"priority,omitempty"`
	Score     float64         `json:"score"`
	Env       string          `json:"env"`
	App       string          `json:"app,omitempty"`
	Journeys  []string        `json:"journeys,omitempty"`
	Commander string          `json:"commander,omitempty"`
	URL       string          `json:"url,omitempty"`
	FirstBad  string          `json:"first_bad,omitempty"`
	Detected  string          `json:"detected,omitempty"`
	Opened    string          `json:"opened,omitempty"`
	Reopened  string          `json:"reopened,omitempty"`
	Mitigated string          `json:"mitigated,omitempty"`
	Recovered string          `json:"recovered,omitempty"`
	Resolved  string          `json:"resolved,omitempty"`
	Customers *eventCustomers `json:"customers,omitempty"` // nil: what they do is not known
	Recovery  string          `json:"recovery,omitempty"`
	Hit       []eventPart     `json:"segments_hit,omitempty"`
	Spared    []eventPart     `json:"segments_spared,omitempty"`
	Suspects  []eventSuspect  `json:"suspects,omitempty"`
	First     []eventFirst    `json:"first_out_of_band,omitempty"`
}

// eventCustomers are distinct customers in the incident's scope since first_bad.
type eventCustomers struct {
	Total     int64  `json:"total"`
	Failed    int64  `json:"failed"`
	Degraded  int64  `json:"degraded"`
	Recovered int64  `json:"recovered"`
	Lost      int64  `json:"lost"`
	Undecided int64  `json:"undecided"`
	Method    string `json:"method,omitempty"`
}

type eventPart struct {
	Where     map[string]string `json:"where"`
	Bad       int64             `json:"bad"`
	Of        int64             `json:"of"`
	Customers int64             `json:"customers"`
}

type eventSuspect struct {
	Kind   string `json:"kind"`
	What   string `json:"what"`
	Change string `json:"change,omitempty"`
	At     string `json:"at,omitempty"`
	Text   string `json:"text,omitempty"`
}

type eventFirst struct {
	What string `json:"what"`
	At   string `json:"at,omitempty"`
	Text string `json:"text,omitempty"`
}

// eventBody is the body for a webhook. It is the same for every attempt.
func eventBody(n *felt.Notification, link string) ([]byte, error) {
	source := cmp.Or(link, "/felt")
	e := event{
		SpecVersion: "1.0", ID: n.Key, Source: source, Type: testType, Time: stamp(n.At.Instant()), ContentType: "application/json",
	}
	if n.Kind == felt.NotifyTest {
		head, body := tell.Text(n)
		e.Data = map[string]string{"sink": n.Sink, "text": head + ". " + body}
	} else {
		e.Type, e.Subject = cdeventsType+string(n.Kind)+cdeventsEvent, n.Incident.ID
		e.Data = cdeventOf(n, link, &e)
	}
	b, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("event: %w: %w", err, felt.ErrPermanent)
	}
	return b, nil
}

func cdeventOf(n *felt.Notification, link string, e *event) *cdevent {
	i := &n.Incident
	d := &cdevent{CustomData: eventIncidentOf(n, link), CustomDataContentType: "application/json"}
	c := &d.Context
	c.SpecVersion, c.ID, c.Source, c.Type, c.Timestamp = cdeventsSpec, e.ID, e.Source, e.Type, e.Time
	d.Subject.ID, d.Subject.Source = i.ID, e.Source
	d.Subject.Content.Description = tell.Sentence(i)
	d.Subject.Content.Environment.ID = cmp.Or(i.Env, "production")
	if i.App != "" {
		d.Subject.Content.Service = &entity{i.App}
	}
	if n.Kind == felt.NotifyReported { // the vocabulary wants an address, also where nobody has said where the pages are
		d.Subject.Content.TicketURI = cmp.Or(incidentURL(link, i.ID), "urn:felt:incident:"+url.PathEscape(i.ID))
	}
	return d
}

// eventCustomersOf counts customers; nil when nothing is heard of them, or nobody was seen in a declared
// incident: that is not known to be nobody.
func eventCustomersOf(i *felt.Incident) *eventCustomers {
	c := &i.Impact
	if (i.Kind == string(felt.FindingSilent) || i.Source == "declared") && c.Customers.Total == 0 {
		return nil
	}
	return &eventCustomers{
		Total: c.Customers.Total, Failed: c.Customers.Failed, Degraded: c.Customers.Degraded,
		Recovered: c.Recovered, Lost: c.Lost, Undecided: c.Undecided, Method: string(c.Method),
	}
}

func eventIncidentOf(n *felt.Notification, link string) eventIncident {
	i := &n.Incident
	v := eventIncident{
		Incident: i.ID, Version: i.Version, Title: tell.Title(i), Why: n.Why, Kind: i.Kind, Status: i.Status.String(), Source: i.Source,
		Priority: i.Priority, Score: i.Score, Env: i.Env, App: i.App, Journeys: i.Journeys, Commander: i.Commander, URL: incidentURL(link, i.ID),
		FirstBad: stamp(i.FirstBad), Detected: stamp(i.Detected), Opened: stamp(i.Opened), Reopened: stamp(i.Reopened),
		Mitigated: stamp(i.Mitigated), Recovered: stamp(i.Recovered), Resolved: stamp(i.Resolved), Recovery: i.Recovery.Text,
		Customers: eventCustomersOf(i),
		Hit:       eventParts(i.SegmentsHit), Spared: eventParts(i.SegmentsSpared),
	}
	for _, s := range i.Suspects[:min(len(i.Suspects), suspectsShown)] {
		v.Suspects = append(v.Suspects, eventSuspect{Kind: s.Kind, What: s.What, Change: s.Change, At: stamp(s.At), Text: s.Text})
	}
	for _, x := range i.Indicators[:min(len(i.Indicators), indicatorsShown)] {
		v.First = append(v.First, eventFirst{What: x.Signal, At: stamp(x.FirstOutOfBand), Text: x.Text})
	}
	return v
}

func eventParts(list []felt.SegmentShare) []eventPart {
	var out []eventPart
	for _, s := range list[:min(len(list), segmentsShown)] {
		p := eventPart{Where: map[string]string{}, Bad: s.Bad, Of: s.N, Customers: s.Customers}
		for _, w := range s.Where {
			p.Where[w.Key] = w.Value
		}
		out = append(out, p)
	}
	return out
}

// How much of each list is told; the page has all of it.
const (
	segmentsShown   = 5
	suspectsShown   = 3
	indicatorsShown = 5
)

// stamp is a moment in RFC 3339; "" none.
func stamp(at felt.Instant) string {
	if at == 0 {
		return ""
	}
	return at.Time().UTC().Format(time.RFC3339Nano)
}

// incidentURL is the incident's page; "" when nobody has said where the pages are.
func incidentURL(link, id string) string {
	if link == "" || id == "" {
		return ""
	}
	return link + "/?" + url.Values{"view": {"incident"}, "id": {id}}.Encode()
}
