package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

type inventoryInput struct{}

type inventoryOutput struct {
	Body struct {
		Stamp
		InventoryState
		Dir      string           `json:"dir,omitempty" doc:"Where the files are, on the server"`
		By       string           `json:"by,omitempty" doc:"What it was made of: files, or what stands in for them while there are none (demo)"`
		Loaded   *string          `json:"loaded" doc:"When this process found it in force; null without an inventory"`
		Edited   *string          `json:"edited" doc:"When the newest text was first seen, be it in force or not; null: there is none"`
		Files    []inventoryFile  `json:"files" doc:"Of the inventory in force"`
		Journeys []inventoryEntry `json:"journeys" doc:"In order of the files"`
		Problems []problemView    `json:"problems" doc:"Of the newest text"`
	}
}

// InventoryState is the inventory in one line: also what the live event inventory carries.
type InventoryState struct {
	Version  int64 `json:"version" doc:"Of the inventory in force; grows with every change; 0: there is none"`
	Newest   bool  `json:"newest" doc:"The newest text is in force; false: it has errors, and the one before still rules"`
	Errors   int   `json:"errors" doc:"In the newest text"`
	Warnings int   `json:"warnings"`
}

type inventoryFile struct {
	Name  string `json:"name"`
	Bytes int    `json:"bytes"`
}

type problemView struct {
	File       string `json:"file"`
	Line       int    `json:"line" doc:"From 1; 0: the file as a whole"`
	Column     int    `json:"column"`
	Severity   string `json:"severity" enum:"error,warning"`
	Check      string `json:"check" doc:"Name of the check"`
	Message    string `json:"message"`
	Suggestion string `json:"suggestion,omitempty"`
}

type inventoryEntry struct {
	Name           string            `json:"name"`
	Title          string            `json:"title"`
	App            string            `json:"app,omitempty"`
	Purpose        string            `json:"purpose,omitempty"`
	Criticality    int               `json:"criticality" doc:"1 (least) to 5 (most); 0: not said"`
	RevenueClass   string            `json:"revenue_class,omitempty"`
	WorkflowType   string            `json:"workflow_type,omitempty"`
	Exposure       string            `json:"exposure,omitempty"`
	Team           string            `json:"team,omitempty"`
	Owners         []string          `json:"owners"`
	PrimaryService string            `json:"primary_service,omitempty"`
	Services       []string          `json:"services,omitempty"`
	Correlate      string            `json:"correlate" doc:"session, customer, or instance and its attribute"`
	Steps          []inventoryStep   `json:"steps"`
	Success        string            `json:"success_when"`
	Degraded       string            `json:"degraded_when"`
	TimeoutMS      float64           `json:"timeout_ms" doc:"Of inactivity, after which an open one is abandoned"`
	RecoveryMS     float64           `json:"recovery_window_ms,omitempty" doc:"0: the server's"`
	Thresholds     thresholdsView    `json:"thresholds"`
	Overrides      []overrideView    `json:"overrides,omitempty"`
	Expectation    expectationView   `json:"expectation"`
	Objectives     []objectiveView   `json:"objectives"`
	SegmentBy      []string          `json:"segment_by"`
	Value          valueView         `json:"value"`
	ErrorClasses   []errorClassView  `json:"error_classes"`
	KPIs           []kpiView         `json:"kpis"`
	Signals        []signalView      `json:"signals"`
	ActionPlan     []actionView      `json:"action_plan"`
	Reviewed       string            `json:"reviewed,omitempty"`
	Links          map[string]string `json:"links,omitempty"`
}

type inventoryStep struct {
	Name         string           `json:"name"`
	Interaction  string           `json:"interaction" doc:"Name of the interactions that are this step"`
	Match        string           `json:"match" doc:"Which telemetry it is, in words"`
	Optional     bool             `json:"optional"`
	Async        bool             `json:"async" doc:"Nobody waits for it"`
	Weight       float64          `json:"weight"`
	TimeoutMS    float64          `json:"timeout_ms,omitempty"`
	Thresholds   thresholdsView   `json:"thresholds" doc:"Its own, else the journey's"`
	ErrorClasses []errorClassView `json:"error_classes,omitempty"`
}

type thresholdsView struct {
	DegradedMS *float64 `json:"degraded_ms" doc:"Slower is degraded; null: never"`
	FailedMS   *float64 `json:"failed_ms" doc:"Slower is failed; null: never"`
}

type overrideView struct {
	Where      map[string]string `json:"where" doc:"In words"`
	Thresholds thresholdsView    `json:"thresholds"`
}

type expectationView struct {
	LatencyMS        float64 `json:"latency_ms,omitempty"`
	Availability     float64 `json:"availability,omitempty"`
	FailureTolerance float64 `json:"failure_tolerance,omitempty"`
}

type objectiveView struct {
	Name        string  `json:"name"`
	Kind        string  `json:"kind"`
	Target      float64 `json:"target"`
	WindowMS    float64 `json:"window_ms"`
	ThresholdMS float64 `json:"threshold_ms,omitempty"`
	Count       string  `json:"count,omitempty"`
}

type valueView struct {
	Per         string `json:"per,omitempty"`
	AmountMinor int64  `json:"amount_minor,omitempty"`
	Currency    string `json:"currency,omitempty"`
	Attribute   string `json:"attribute,omitempty"`
}

type errorClassView struct {
	Name        string `json:"name"`
	Match       string `json:"match" doc:"In words"`
	Outcome     string `json:"outcome,omitempty"`
	Recoverable *bool  `json:"recoverable,omitempty"`
	Consequence string `json:"consequence,omitempty"`
}

type kpiView struct {
	Name        string `json:"name"`
	Numerator   string `json:"numerator,omitempty"`
	Denominator string `json:"denominator,omitempty"`
	Direction   string `json:"direction,omitempty"`
	Measured    bool   `json:"measured" doc:"Its sides are something that is counted"`
	Mend        string `json:"mend,omitempty" doc:"When it is not measured: what to write"`
}

type signalView struct {
	Name            string   `json:"name"`
	Layer           string   `json:"layer,omitempty"`
	Source          string   `json:"source,omitempty"`
	Of              string   `json:"of,omitempty" doc:"Which points of the metric, in words; left out: all"`
	Statistic       string   `json:"statistic,omitempty" doc:"What is made of them; left out: by the type of the metric"`
	Threshold       float64  `json:"threshold,omitempty"`
	Limit           float64  `json:"limit,omitempty"`
	Direction       string   `json:"direction,omitempty"`
	Measured        bool     `json:"measured" doc:"It has a source"`
	Endangers       string   `json:"endangers,omitempty"`
	BusinessRisk    string   `json:"business_risk,omitempty"`
	TypicalResponse []string `json:"typical_response,omitempty"`
	Owners          []string `json:"owners,omitempty"`
}

type actionView struct {
	Step     string `json:"step,omitempty"`
	Action   string `json:"action"`
	Approver string `json:"approver,omitempty"`
}

// inventory shows the journeys in force, and what is wrong with the newest text.
func (a *API) inventory(context.Context, *inventoryInput) (*inventoryOutput, error) {
	r := a.opts.Rules()
	out := &inventoryOutput{}
	b := &out.Body
	b.Stamp, b.InventoryState, b.Dir = a.stamp(nil), stateOfRules(r), r.Dir
	b.By = r.By
	b.Loaded, b.Edited, b.Problems = optionalTime(r.Loaded), optionalTime(r.Edited), problemViews(r.Problems)
	b.Files, b.Journeys = make([]inventoryFile, 0, len(r.Files)), []inventoryEntry{}
	for _, f := range r.Files {
		b.Files = append(b.Files, inventoryFile{f.Name, len(f.Text)})
	}
	if r.Set != nil {
		for _, j := range r.Set.Journeys {
			b.Journeys = append(b.Journeys, entryOf(j))
		}
	}
	return out, nil
}

func stateOfRules(r Rules) InventoryState {
	s := InventoryState{Newest: r.Newest}
	if r.Set != nil {
		s.Version = r.Set.Version
	}
	for _, p := range r.Problems {
		if p.Severity == rules.SeverityError {
			s.Errors++
		} else {
			s.Warnings++
		}
	}
	return s
}

func problemViews(list []rules.Problem) []problemView {
	out := make([]problemView, 0, len(list))
	for _, p := range list {
		out = append(out, problemView(p))
	}
	return out
}

type checkInput struct {
	Body struct {
		Files []checkFile `json:"files" maxItems:"1000" doc:"All files of the inventory"`
	}
}

type checkFile struct {
	Name string `json:"name" minLength:"1" maxLength:"512" doc:"Relative to the inventory's directory"`
	Text string `json:"text"`
}

type checkOutput struct {
	Body struct {
		Stamp
		Good     bool          `json:"good" doc:"It would be taken: no problem is an error"`
		Journeys []string      `json:"journeys" doc:"Their names; empty when it would not be taken"`
		Problems []problemView `json:"problems"`
	}
}

// inventoryCheck says what is wrong with a text, and changes nothing.
func (a *API) inventoryCheck(_ context.Context, in *checkInput) (*checkOutput, error) {
	text := felt.Inventory{Version: 1}
	for _, f := range in.Body.Files {
		text.Files = append(text.Files, felt.InventoryFile(f))
	}
	slices.SortStableFunc(text.Files, func(x, y felt.InventoryFile) int { return cmp.Compare(x.Name, y.Name) })
	for i := 1; i < len(text.Files); i++ {
		if text.Files[i].Name == text.Files[i-1].Name {
			return nil, huma.Error400BadRequest(fmt.Sprintf("files: %.64q is given twice", text.Files[i].Name))
		}
	}
	select { // it is bounded, but not cheap: one at a time
	case a.checking <- struct{}{}:
		defer func() { <-a.checking }()
	default:
		a.counts.busy.Add(1)
		return nil, huma.ErrorWithHeaders(huma.Error503ServiceUnavailable("another inventory is being checked; ask again in a second"),
			http.Header{"Retry-After": {"1"}})
	}
	problems := a.opts.Check(text)
	out := &checkOutput{}
	out.Body.Stamp, out.Body.Good, out.Body.Problems, out.Body.Journeys = a.stamp(nil), !rules.Failed(problems), problemViews(problems), []string{}
	if out.Body.Good {
		says, _ := rules.Parse(text)
		for i := range says.Journeys {
			out.Body.Journeys = append(out.Body.Journeys, says.Journeys[i].Name)
		}
	}
	return out, nil
}

// inventorySchema serves the JSON Schema of an inventory's files.
func inventorySchema(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/schema+json")
	_, _ = w.Write(rules.Schema())
}
