package httpapi

import (
	"context"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/tell"
)

type detectionInput struct {
	Env    string `query:"env" default:"production" maxLength:"256"`
	Window string `query:"window" default:"30d" doc:"Incidents opened since, such as 7d or 24h"`
}

type detectionOutput struct {
	Body struct {
		Stamp
		TargetMS  float64         `json:"target_ms" doc:"Within which a fault is to be detected"`
		Within    int             `json:"within" doc:"How many were detected within the target"`
		N         int             `json:"n" doc:"Of so many that detectors opened"`
		Declared  int             `json:"declared" doc:"Incidents that people declared: no detector opened them"`
		Noise     int             `json:"noise" doc:"Incidents that people called noise; they are in no distribution"`
		More      bool            `json:"more" doc:"There are more incidents than are looked at; these are the ones of the highest scores"`
		Durations []durationsView `json:"durations"`
	}
}

// durationsView is one length of time over many incidents.
type durationsView struct {
	Name     string       `json:"name" enum:"detected,opened,notified,acknowledged,understood,mitigated,recovered,resolved"`
	Title    string       `json:"title"`
	N        int          `json:"n" doc:"Incidents that came so far"`
	MedianMS *float64     `json:"median_ms" doc:"null when n is 0"`
	P90MS    *float64     `json:"p90_ms"`
	Values   []tookOfView `json:"values" doc:"Each incident, the longest first"`
}

type tookOfView struct {
	Incident string  `json:"incident"`
	Title    string  `json:"title"`
	Opened   string  `json:"opened"`
	TookMS   float64 `json:"took_ms" doc:"Since first_bad"`
}

// phase is one moment in an incident's life.
type phase struct {
	name, title string
	at          func(*felt.Incident) felt.Instant
}

func phases() []phase {
	return []phase{
		{"detected", "Time to detect (MTTD)", func(i *felt.Incident) felt.Instant { return i.Detected }},
		{"opened", "Time to an incident (MTTI)", func(i *felt.Incident) felt.Instant { return i.Opened }},
		{"notified", "Time until somebody was told", func(i *felt.Incident) felt.Instant { return i.Notified }},
		{"acknowledged", "Time until somebody worked on it", func(i *felt.Incident) felt.Instant { return i.Acknowledged }},
		{"understood", "Time until it was understood", func(i *felt.Incident) felt.Instant { return i.Understood }},
		{"mitigated", "Time until it was mitigated", func(i *felt.Incident) felt.Instant { return i.Mitigated }},
		{"recovered", "Time until customers recovered", func(i *felt.Incident) felt.Instant { return i.Recovered }},
		{"resolved", "Time until it was resolved", func(i *felt.Incident) felt.Instant { return i.Resolved }},
	}
}

// detectionMax bounds the incidents that are looked at.
const detectionMax = 1000

// detection tells how fast faults were found and mended, all counted from when customers first
// felt them.
func (a *API) detection(ctx context.Context, in *detectionInput) (*detectionOutput, error) {
	length, err := parseLength("window", in.Window)
	if err != nil {
		return nil, err
	}
	out := &detectionOutput{}
	from := a.now() - length
	out.Body.Stamp = a.stamp(&Asked{ID: "detection-" + in.Window, Env: in.Env, From: exactTime(from), To: exactTime(a.now())})
	list, err := ask(ctx, a, func(ctx context.Context) ([]felt.Incident, error) {
		return a.opts.Store.Incidents(ctx, in.Env, detectionMax+1)
	})
	if err != nil {
		return nil, err
	}
	out.Body.More = len(list) > detectionMax
	target := a.detectTarget()
	out.Body.TargetMS = millis(target)
	var judged []felt.Incident
	for _, i := range list {
		switch {
		case i.Opened < from:
		case i.Verdict == "noise" || i.Verdict == "duplicate":
			out.Body.Noise++
		case i.Source == "declared":
			out.Body.Declared++
		default:
			judged = append(judged, i)
			if i.Detected > 0 && i.Detected-i.FirstBad <= target {
				out.Body.Within++
			}
		}
	}
	out.Body.N = len(judged)
	for _, p := range phases() {
		out.Body.Durations = append(out.Body.Durations, durationsOf(p, judged))
	}
	return out, nil
}

// detectTarget is within what a fault is to be detected.
func (a *API) detectTarget() felt.Instant {
	const usual = 3 * felt.Minute
	if set := a.opts.Rules().Set; set != nil && set.Targets.Detect > 0 {
		return set.Targets.Detect
	}
	return usual
}

func durationsOf(p phase, list []felt.Incident) durationsView {
	v := durationsView{Name: p.name, Title: p.title, Values: []tookOfView{}}
	for n := range list {
		i := &list[n]
		at := p.at(i)
		if at <= 0 || i.FirstBad <= 0 {
			continue
		}
		v.Values = append(v.Values, tookOfView{i.ID, tell.Title(i), stampTime(i.Opened), millis(max(0, at-i.FirstBad))})
	}
	slices.SortStableFunc(v.Values, func(x, y tookOfView) int {
		switch {
		case x.TookMS > y.TookMS:
			return -1
		case x.TookMS < y.TookMS:
			return 1
		}
		return 0
	})
	if v.N = len(v.Values); v.N > 0 {
		// The least that at least that share does not exceed; the list begins with the longest.
		rank := func(q float64) *float64 {
			at := int(float64(v.N)*q + .999999)
			took := v.Values[v.N-min(max(at, 1), v.N)].TookMS
			return &took
		}
		v.MedianMS, v.P90MS = rank(.5), rank(.9)
	}
	return v
}
