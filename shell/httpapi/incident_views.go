package httpapi

import (
	"cmp"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

// IncidentView is an incident, with the impact that the interactions tell now. What no part
// fills yet is null, which is not 0.
type IncidentView struct {
	ID        string      `json:"id"`
	Version   int64       `json:"version"`
	Journey   string      `json:"journey" doc:"The worst of them; empty when it was declared without one"`
	App       string      `json:"app"`
	Env       string      `json:"env"`
	Of        string      `json:"of,omitempty" doc:"The worst of them, as other questions take it"`
	Journeys  []scopeView `json:"journeys" doc:"What it is about, worst first"`
	Kind      string      `json:"kind" doc:"What customers feel: failed, degraded, slow, drop, funnel, silent, or declared"`
	Source    string      `json:"source,omitempty" doc:"detected, declared or external"`
	Status    string      `json:"status" enum:"open,acknowledged,resolved"`
	Priority  *string     `json:"priority" doc:"P1 to P5"`
	Commander *string     `json:"commander" doc:"Who has taken command; null: nobody"`
	Title     string      `json:"title"`
	Sentence  string      `json:"sentence" doc:"How many customers felt what, since when"`

	FirstBad     string   `json:"first_bad" doc:"Event time: when customers first felt it"`
	Detected     *string  `json:"detected"`
	Opened       string   `json:"opened"`
	Notified     *string  `json:"notified" doc:"When the first sink was told"`
	Acknowledged *string  `json:"acknowledged"`
	Understood   *string  `json:"understood"`
	Mitigated    *string  `json:"mitigated"`
	Recovered    *string  `json:"recovered"`
	Resolved     *string  `json:"resolved"`
	Reopened     *string  `json:"reopened" doc:"When it came back after it was resolved"`
	ElapsedMS    float64  `json:"elapsed_ms" doc:"From first_bad until customers recovered, else until it was resolved, else until now; without calm"`
	Calm         []string `json:"calm,omitempty" doc:"Times between its turns in which customers were well, FROM/TO: neither its length nor its impact counts them"`

	FindingActive bool             `json:"finding_active"`
	NeedsReason   bool             `json:"needs_reason" doc:"Resolving it needs a reason: customers have not been seen to recover"`
	Recovery      *recoveryView    `json:"recovery" doc:"How far customers have come back; null: it is not judged"`
	Score         float64          `json:"score" doc:"0 to 100: the incident's own"`
	ScoreParts    []felt.ScorePart `json:"score_parts" doc:"100 times the product of all value to the power of weight is the score"`
	Impact        ImpactView       `json:"impact" doc:"Of all journeys since first_bad, until resolved, without calm: customers are distinct over them"`
	Unknown       string           `json:"impact_unknown,omitempty" doc:"Why nobody was counted; then impact says nothing, not 0"`
	Asked         *Asked           `json:"impact_question" doc:"The question that impact answers; null when it is the impact that the incident itself keeps"`
	Silenced      *string          `json:"silenced" doc:"Why nobody is told; null: they are"`
	Findings      []findingView    `json:"findings"`
	Timeline      []timelineView   `json:"timeline"`

	EvidenceAt  *string             `json:"evidence_at" doc:"As of when history was asked what stands behind it; null: not yet"`
	SegmentsHit []map[string]string `json:"segments_hit,omitempty" doc:"The same as hit, without numbers"`
	Hit         []shareView         `json:"hit" doc:"Parts of the customers that are hit most, most first"`
	Spared      []shareView         `json:"spared" doc:"Parts as exposed as the others, and not hit"`
	Suspects    []suspectView       `json:"suspects" doc:"What may have caused it, likeliest first"`
	Nodes       []nodeView          `json:"nodes" doc:"Operations and calls that left their band, in the order in which they did"`
	Indicators  []indicatorView     `json:"indicators" doc:"What moved first"`
	Cause       *causeView          `json:"cause" doc:"null: not understood yet"`
	Decisions   []decisionView      `json:"decisions"`
	Actions     []actionTaken       `json:"actions"`

	RevenuePath      *bool       `json:"revenue_path" doc:"One of its journeys earns money itself; null: nobody says"`
	RevenueAtRisk    *moneyView  `json:"revenue_at_risk" doc:"null: not computed"`
	ChurnSensitivity *float64    `json:"churn_sensitivity" doc:"null: not computed"`
	TicketsBefore    *int64      `json:"tickets_before" doc:"null: not counted"`
	BudgetAtOpen     *float64    `json:"budget_at_open" doc:"null: not computed"`
	RulesVersion     int64       `json:"rules_version"`
	Verdict          *string     `json:"verdict" enum:"real,noise,duplicate,missed"`
	Review           *reviewView `json:"review" doc:"null: not begun"`
}

type scopeView struct {
	App         string   `json:"app"`
	Name        string   `json:"name"`
	Kind        string   `json:"kind" doc:"step or journey"`
	Of          string   `json:"of" doc:"As other questions take it"`
	Title       string   `json:"title"`
	Team        string   `json:"team,omitempty"`
	Owners      []string `json:"owners,omitempty"`
	Criticality int      `json:"criticality" doc:"1 (least) to 5 (most); 0: not said"`
}

type timelineView struct {
	At    string `json:"at"`
	Kind  string `json:"kind"`
	Text  string `json:"text"`
	Actor string `json:"actor,omitempty"`
}

// shareView is how a part of the customers fared, and the others at the same time.
type shareView struct {
	Where     []segmentValue `json:"where" doc:"One, or a combination: all hold"`
	Bad       int64          `json:"bad" doc:"Tries"`
	N         int64          `json:"n"`
	Share     *float64       `json:"share" doc:"bad / n; null when n is 0"`
	Low       float64        `json:"low" doc:"95 % interval of share"`
	High      float64        `json:"high"`
	Customers int64          `json:"customers" doc:"Distinct, hit"`
	Usual     float64        `json:"usual" doc:"Share that was bad before"`
	OtherBad  int64          `json:"other_bad"`
	OtherN    int64          `json:"other_n"`
	Explains  float64        `json:"explains" doc:"Share of all that is bad beyond the usual that lies here"`
	Asked     *Asked         `json:"question" doc:"What counts it again"`
}

type suspectView struct {
	Kind       string   `json:"kind"`
	Change     string   `json:"change,omitempty"`
	What       string   `json:"what"`
	Service    string   `json:"service,omitempty"`
	At         *string  `json:"at"`
	LeadMS     *float64 `json:"lead_ms" doc:"From then to first_bad; below 0: afterwards; null: it has no moment"`
	Bad        int64    `json:"bad"`
	N          int64    `json:"n"`
	ControlBad int64    `json:"control_bad"`
	ControlN   int64    `json:"control_n" doc:"0: there is no control, so the time alone speaks"`
	Score      float64  `json:"score" doc:"0 to 1: how much speaks for it; not a probability"`
	Text       string   `json:"text"`
}

type nodeView struct {
	Service    string  `json:"service"`
	Operation  string  `json:"operation,omitempty" doc:"Of an operation"`
	Callee     string  `json:"callee,omitempty" doc:"Of a call from service"`
	ThirdParty bool    `json:"third_party,omitempty" doc:"The callee sends no telemetry"`
	What       string  `json:"what" doc:"errors, latency or calls"`
	First      string  `json:"first" doc:"Start of the first window out of the band"`
	Usual      float64 `json:"usual" doc:"Share of errors; seconds; calls a second"`
	Now        float64 `json:"now"`
	N          int64   `json:"n" doc:"Calls since first"`
	Depth      int     `json:"depth" doc:"Calls away from the customer; 0: the first service"`
	Origin     bool    `json:"origin" doc:"Nothing that it calls is out of its band"`
	Text       string  `json:"text"`
}

// recoveryView is how far customers have come back: the criterion by which an incident resolves.
type recoveryView struct {
	_ struct{} `nullable:"true"`

	Since         *string `json:"since" doc:"Since when all that follows has held without a break; null: it does not hold"`
	Holds         bool    `json:"holds" doc:"All conditions hold now"`
	Outcomes      int64   `json:"outcomes" doc:"Tries decided since since"`
	Needs         int64   `json:"needs" doc:"How many must be"`
	ForMS         float64 `json:"for_ms" doc:"How long it must hold"`
	Failed        float64 `json:"failed" doc:"Share that failed or was left after a failure, in the last window looked at"`
	FailedTo      float64 `json:"failed_to" doc:"At most this is usual"`
	Completed     float64 `json:"completed"`
	CompletedFrom float64 `json:"completed_from"`
	Volume        float64 `json:"volume" doc:"Tries, of those expected; 1: as many"`
	VolumeFrom    float64 `json:"volume_from"`
	Text          string  `json:"text" doc:"What is missing, or since when it holds"`
}

// recoveryOf is null where nothing judges it.
func recoveryOf(r felt.Recovery) *recoveryView {
	if r.For <= 0 && r.Text == "" {
		return nil
	}
	return &recoveryView{
		Since: optionalTime(r.Since), Holds: r.Holds, Outcomes: r.Outcomes, Needs: r.Needs, ForMS: millis(r.For), Failed: r.Failed,
		FailedTo: r.FailedTo, Completed: r.Completed, CompletedFrom: r.CompletedFrom, Volume: r.Volume, VolumeFrom: r.VolumeFrom, Text: r.Text,
	}
}

type indicatorView struct {
	Signal string `json:"signal"`
	Layer  string `json:"layer,omitempty"`
	First  string `json:"first_out_of_band"`
	Text   string `json:"text,omitempty"`
}

type causeView struct {
	_ struct{} `nullable:"true"`

	Change      string `json:"change,omitempty" doc:"Id of a change"`
	Service     string `json:"service,omitempty"`
	Note        string `json:"note,omitempty"`
	ConfirmedBy string `json:"confirmed_by,omitempty"`
}

type decisionView struct {
	At     string `json:"at"`
	Policy string `json:"policy"`
	Result string `json:"result"`
	Trace  string `json:"trace"`
}

type actionTaken struct {
	Kind     string  `json:"kind"`
	Actor    string  `json:"actor,omitempty"`
	Asked    *string `json:"asked"`
	Approved *string `json:"approved"`
	Ran      *string `json:"ran"`
	Result   string  `json:"result,omitempty"`
	Undo     string  `json:"undo,omitempty"`
}

type moneyView struct {
	_ struct{} `nullable:"true"`

	Low      int64  `json:"low" doc:"In minor units of currency"`
	Mid      int64  `json:"mid"`
	High     int64  `json:"high"`
	Currency string `json:"currency"`
	Method   string `json:"method"`
}

type reviewView struct {
	_ struct{} `nullable:"true"`

	Status  string            `json:"status"`
	Answers map[string]string `json:"answers,omitempty"`
}

// evidenceOf fills in what stands behind the incident.
func (a *API) evidenceOf(v *IncidentView, i *felt.Incident) {
	v.EvidenceAt = optionalTime(i.EvidenceAt)
	for _, hit := range i.SegmentsHit {
		v.SegmentsHit = append(v.SegmentsHit, segmentsOf(hit.Where))
	}
	v.Hit, v.Spared = a.sharesOf(i, i.SegmentsHit), a.sharesOf(i, i.SegmentsSpared)
	v.Suspects = make([]suspectView, 0, len(i.Suspects))
	for _, s := range i.Suspects {
		one := suspectView{
			Kind: s.Kind, Change: s.Change, What: s.What, Service: s.Service, At: optionalTime(s.At),
			Bad: s.Bad, N: s.N, ControlBad: s.ControlBad, ControlN: s.ControlN, Score: s.Score, Text: s.Text,
		}
		if s.At > 0 {
			lead := millis(s.Lead)
			one.LeadMS = &lead
		}
		v.Suspects = append(v.Suspects, one)
	}
	v.Nodes = make([]nodeView, 0, len(i.Nodes))
	for _, n := range i.Nodes {
		v.Nodes = append(v.Nodes, nodeView{
			Service: n.Service, Operation: n.Operation, Callee: n.Callee, ThirdParty: n.ThirdParty, What: n.What, First: stampTime(n.First),
			Usual: n.Usual, Now: n.Now, N: n.N, Depth: n.Depth, Origin: n.Origin, Text: n.Text,
		})
	}
	v.Indicators = make([]indicatorView, 0, len(i.Indicators))
	for _, n := range i.Indicators {
		v.Indicators = append(v.Indicators, indicatorView{n.Signal, n.Layer, stampTime(n.FirstOutOfBand), n.Text})
	}
	v.Decisions = make([]decisionView, 0, len(i.Decisions))
	for _, d := range i.Decisions {
		v.Decisions = append(v.Decisions, decisionView{stampTime(d.At), d.Policy, d.Result, d.Trace})
	}
	v.Actions = make([]actionTaken, 0, len(i.Actions))
	for _, t := range i.Actions {
		v.Actions = append(v.Actions, actionTaken{t.Kind, t.Actor, optionalTime(t.Asked), optionalTime(t.Approved), optionalTime(t.Ran), t.Result, t.Undo})
	}
}

// sharesOf are parts of the customers, each with the question that counts it again.
func (a *API) sharesOf(i *felt.Incident, list []felt.SegmentShare) []shareView {
	out := make([]shareView, 0, len(list))
	for _, s := range list {
		v := shareView{
			Where: make([]segmentValue, 0, len(s.Where)), Bad: s.Bad, N: s.N, Low: s.Low, High: s.High, Customers: s.Customers,
			Usual: s.Usual, OtherBad: s.OtherBad, OtherN: s.OtherN, Explains: s.Explains, Asked: &Asked{},
		}
		q := a.impactQuestion(*i)
		for _, w := range s.Where {
			v.Where = append(v.Where, segmentValue{w.Key, w.Value})
			v.Asked.Where = append(v.Asked.Where, w.Key+"="+w.Value)
			q.Where = append(q.Where, felt.Condition{Key: w.Key, Op: felt.OpEquals, Values: []string{w.Value}})
		}
		if s.N > 0 {
			part := share(s.Bad, s.N)
			v.Share = &part
		}
		a.describe(v.Asked, q, shortOf(i))
		out = append(out, v)
	}
	return out
}

// ofScope names a scope as questions take it.
func ofScope(s felt.Scope) string {
	if isApp(s) {
		return appOf + s.App
	}
	if s.Name == "" {
		return ""
	}
	of := s.Name
	if s.App != "" {
		of = s.App + "/" + of
	}
	if s.Kind != 0 {
		of = s.Kind.String() + ":" + of
	}
	return of
}

// scopesOf are all scopes of an incident, with what the inventory says of them.
func (a *API) scopesOf(i *felt.Incident) []scopeView {
	scopes := i.Scopes
	if len(scopes) == 0 && len(i.Journeys) > 0 {
		scopes = scopesAbout(i)
	}
	set := a.opts.Rules().Set
	out := make([]scopeView, 0, len(scopes))
	for n, s := range scopes {
		v := scopeView{App: s.App, Name: s.Name, Kind: s.Kind.String(), Of: ofScope(s), Title: s.Name}
		if n == 0 && i.Title != "" {
			v.Title = i.Title
		}
		if j := serving(set, s); len(j) > 0 {
			v.Team, v.Owners, v.Criticality = j[0].Team, j[0].Owners, j[0].Criticality
			if j[0].Name == s.Name {
				v.Title = cmp.Or(j[0].Title, v.Title)
			}
		}
		out = append(out, v)
	}
	return out
}

// serving are the journeys of the inventory that are a scope, or have it as a step; those that are
// it come first.
func serving(set *rules.Set, s felt.Scope) []*rules.CompiledJourney {
	if set == nil || s.Name == "" {
		return nil
	}
	var is, has []*rules.CompiledJourney
	for _, j := range set.Journeys {
		if s.App != "" && j.App != "" && s.App != j.App {
			continue
		}
		switch {
		case j.Name == s.Name && s.Kind != felt.KindStep:
			is = append(is, j)
		case s.Kind != felt.KindJourney && slices.ContainsFunc(j.Steps, func(p *rules.CompiledStep) bool { return p.Interaction == s.Name }):
			has = append(has, j)
		}
	}
	return append(is, has...)
}

// journeysOf are the journeys of the inventory that an incident is about, worst first.
func (a *API) journeysOf(i *felt.Incident) []*rules.CompiledJourney {
	set := a.opts.Rules().Set
	var list []*rules.CompiledJourney
	scopes := i.Scopes
	if len(scopes) == 0 {
		scopes = []felt.Scope{i.Scope()}
	}
	for _, s := range scopes {
		for _, j := range serving(set, s) {
			if !slices.Contains(list, j) {
				list = append(list, j)
			}
		}
	}
	return list
}

// earns tells whether one of the journeys earns money itself; nil: nobody says.
func earns(i *felt.Incident, journeys []*rules.CompiledJourney) *bool {
	yes := i.RevenuePath
	said := yes
	for _, j := range journeys {
		yes = yes || j.RevenueClass == "direct"
		said = said || j.RevenueClass != ""
	}
	if !said {
		return nil
	}
	return &yes
}

// filled is a value, or null where nothing has filled it.
func filled[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
