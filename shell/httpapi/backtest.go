package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/felt-cx/felt"
)

// Backtest judges stored history again. progress may be called from another goroutine, until it
// returns.
type Backtest func(ctx context.Context, q felt.BacktestQuestion, progress func(felt.BacktestProgress)) (felt.BacktestAnswer, error)

const (
	pathBacktest = "/api/v1/backtest"
	// backtestDefault is the window when none is asked for: as long as interactions are kept.
	backtestDefault = 30 * felt.Day
	// backtestEvery is how often progress is told.
	backtestEvery = time.Second
)

// backtestLine is one line of the answer: progress while it is made, and in the end a backtest or
// a problem.
type backtestLine struct {
	Progress *backtestProgress `json:"progress,omitempty" doc:"While it runs, about once a second"`
	Backtest *backtestView     `json:"backtest,omitempty" doc:"The last line, when it went well"`
	Problem  *huma.ErrorModel  `json:"problem,omitempty" doc:"The last line, when it did not"`
}

type backtestProgress struct {
	At   *string `json:"at" doc:"History is judged up to here; null before the first"`
	Rows int64   `json:"rows" doc:"Interactions read"`
	Of   int64   `json:"of" doc:"Interactions there are in all; 0 while they are counted"`
}

type backtestView struct {
	Stamp
	Covered  backtestCovered   `json:"covered" doc:"What was judged"`
	Settings backtestSettings  `json:"settings" doc:"How it was judged"`
	Findings []backtestFinding `json:"findings" doc:"That lasted at some time in the window, in the order in which they opened"`
	Notes    []string          `json:"notes" doc:"What to know about this answer"`
}

type backtestCovered struct {
	From        string  `json:"from"`
	To          string  `json:"to"`
	LeadSeconds float64 `json:"lead_seconds" doc:"How much from before was read first, so that it was known what is usual"`
	Rows        int64   `json:"rows" doc:"Interactions judged in the window"`
	LeadRows    int64   `json:"lead_rows" doc:"Interactions read from before it"`
}

type backtestSettings struct {
	FalseAlarms float64 `json:"false_alarms_per_day" doc:"How often a finding may page for nothing, over everything"`
	JudgeLate   float64 `json:"judge_late_seconds" doc:"Older interactions are counted, but not judged"`
	Floor       int     `json:"floor_customers"`
	Segments    int     `json:"segment_values" doc:"Values per segment key and series"`
	Inventory   int64   `json:"inventory_version" doc:"The inventory in force, which need not be that of the time"`
}

type backtestFinding struct {
	ID            string            `json:"id"`
	Kind          string            `json:"kind"`
	App           string            `json:"app"`
	Name          string            `json:"name" doc:"Of the journey or interaction"`
	Series        string            `json:"series" enum:"step,journey" doc:"What Name is"`
	Segment       map[string]string `json:"segment,omitempty" doc:"When the value of a segment stands out alone"`
	About         string            `json:"about,omitempty" doc:"The step, objective, KPI, signal or source it is about"`
	Since         string            `json:"since" doc:"Event time of the first that stands out"`
	Opened        string            `json:"opened" doc:"When it would have been found"`
	Ended         *string           `json:"ended" doc:"null: it lasted to the end of the window"`
	DetectSeconds float64           `json:"seconds_to_detect" doc:"Opened less since"`
	Customers     int64             `json:"customers" doc:"Hit since then; of a drop: those who came"`
	N             int64             `json:"n" doc:"Customers judged"`
	Share         float64           `json:"share"`
	Baseline      float64           `json:"baseline"`
	Paging        bool              `json:"paging" doc:"It would have opened an incident and told people"`
	Detector      string            `json:"detector"`
	Statistic     float64           `json:"statistic"`
	Threshold     float64           `json:"threshold"`
	Explanation   string            `json:"explanation"`
}

type backtestInput struct {
	Last        string `query:"last" doc:"Length up to to (or now), such as 30d, the default. Not together with from" example:"30d"`
	From        string `query:"from" doc:"RFC 3339, or Unix seconds or milliseconds"`
	To          string `query:"to" doc:"RFC 3339, or Unix seconds or milliseconds; default now"`
	Env         string `query:"env" doc:"Environment" default:"production" maxLength:"256"`
	Of          string `query:"of" maxLength:"512" doc:"Only findings of NAME, APP/NAME, journey:NAME or step:NAME; everything is judged in any case" example:"shop/checkout"`
	FalseAlarms string `query:"false_alarms" maxLength:"64" doc:"How often a finding may page for nothing, over everything: one a week, 2 a day, or a number of times a day; default: as in force" example:"one a week"`
}

// backtestQuery is what is asked for.
type backtestQuery struct {
	question felt.BacktestQuestion
	asked    Asked
	of       *felt.Scope
}

func (a *API) backtestRoute(api huma.API) {
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[backtestLine](), true, "")
	huma.Register(api, huma.Operation{
		OperationID: "backtest", Method: http.MethodGet, Path: pathBacktest,
		Summary:     "What the detectors would have found in stored history",
		Description: "Lines of JSON: about one a second that tells how far it is, then one with the findings, or with a problem. One backtest is made at a time; 429 while there is another. Whoever goes away ends it.",
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
			"application/x-ndjson": {Schema: schema},
		}}},
	}, a.backtest)
}

// backtest streams how far it is while history is judged, and then the findings.
func (a *API) backtest(ctx context.Context, in *backtestInput) (*huma.StreamResponse, error) {
	q, err := a.backtestQuery(ctx, in)
	if err != nil {
		return nil, err
	}
	select {
	case a.judging <- struct{}{}:
	default:
		return nil, huma.ErrorWithHeaders(huma.Error429TooManyRequests("another backtest is being made; one is made at a time"),
			http.Header{"Retry-After": {"30"}})
	}
	stamp := a.stamp(&q.asked)
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer func() { <-a.judging }()
		r, w := humago.Unwrap(hc)
		w.Header().Set("Content-Type", "application/x-ndjson")
		w.Header().Set("X-Accel-Buffering", "no")
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		out := &stream{w: w, rc: http.NewResponseController(w)}
		if err := a.runBacktest(ctx, cancel, out, q, stamp); err != nil && r.Context().Err() == nil {
			a.opts.Logger.Debug("backtest ended", "err", err)
		}
	}}, nil
}

// runBacktest judges in one goroutine and writes in this one. It returns when both are done.
func (a *API) runBacktest(ctx context.Context, cancel context.CancelFunc, out *stream, q backtestQuery, stamp Stamp) error {
	type result struct {
		answer felt.BacktestAnswer
		err    error
	}
	at := make(chan felt.BacktestProgress, 1)
	done := make(chan result, 1)
	go func() {
		answer, err := a.opts.Backtest(ctx, q.question, func(p felt.BacktestProgress) {
			select { // only the newest is of interest
			case <-at:
			default:
			}
			at <- p
		})
		done <- result{answer, err}
	}()
	every := time.NewTicker(backtestEvery)
	defer every.Stop()
	var last felt.BacktestProgress
	for failed := error(nil); ; {
		select {
		case res := <-done:
			if failed != nil {
				return failed
			}
			return out.line(a.backtestEnd(ctx, q, stamp, res.answer, res.err))
		case last = <-at:
			continue
		case <-every.C:
		}
		if failed == nil {
			p := backtestProgress{At: optionalTime(last.At.Instant()), Rows: last.Rows, Of: last.Of}
			if failed = out.line(backtestLine{Progress: &p}); failed != nil {
				cancel() // nobody reads: the judging goes on to its next row
			}
		}
	}
}

// line writes one line.
func (s *stream) line(l backtestLine) error {
	b, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("backtest: %w", err)
	}
	return s.send(string(b) + "\n")
}

// backtestEnd is the last line.
func (a *API) backtestEnd(ctx context.Context, q backtestQuery, stamp Stamp, answer felt.BacktestAnswer, err error) backtestLine {
	if err != nil {
		p := huma.ErrorModel{Title: http.StatusText(http.StatusInternalServerError), Status: http.StatusInternalServerError}
		var known huma.StatusError
		if err := a.problemOf(ctx, err); errors.As(err, &known) {
			p = huma.ErrorModel{Title: http.StatusText(known.GetStatus()), Status: known.GetStatus(), Detail: known.Error()}
		}
		return backtestLine{Problem: &p}
	}
	s := &answer.Settings
	v := backtestView{
		Stamp: stamp, Findings: []backtestFinding{}, Notes: []string{},
		Covered: backtestCovered{
			From: exactTime(answer.From), To: exactTime(answer.To), LeadSeconds: float64(answer.Lead) / float64(felt.Second),
			Rows: answer.Rows, LeadRows: answer.LeadRows,
		},
		Settings: backtestSettings{
			FalseAlarms: s.FalsePages, JudgeLate: float64(s.JudgeLate) / float64(felt.Second), Floor: s.FloorClients,
			Segments: s.SegmentMax, Inventory: answer.Inventory,
		},
	}
	for i := range answer.Findings {
		if f := &answer.Findings[i]; q.about(f) {
			v.Findings = append(v.Findings, backtestFindingOf(f))
		}
	}
	if answer.Window != q.question.Window {
		v.Notes = append(v.Notes, fmt.Sprintf("asked for %s to %s; what is stored was judged", exactTime(q.question.From), exactTime(q.question.To)))
	}
	if answer.Rows == 0 {
		v.Notes = append(v.Notes, "no interaction of a customer became known in the window")
	}
	if answer.Lead < felt.Day {
		v.Notes = append(v.Notes, "less than a day from before the window is stored: in its first hours what is usual was still being learned")
	}
	return backtestLine{Backtest: &v}
}

// about tells whether a finding is one that was asked for. All series are judged in any case:
// what one is held against rests on the others.
func (q *backtestQuery) about(f *felt.Finding) bool {
	if f.Series.Env != q.asked.Env {
		return false
	}
	s := q.of
	return s == nil || f.Series.Name == s.Name && (s.App == "" || f.Series.App == s.App) && (s.Kind == 0 || f.Series.Kind == s.Kind)
}

func backtestFindingOf(f *felt.Finding) backtestFinding {
	v := backtestFinding{
		ID: f.ID, Kind: string(f.Kind), App: f.Series.App, Name: f.Series.Name, Series: f.Series.Kind.String(), About: f.About,
		Since: exactTime(f.Since), Opened: exactTime(f.Opened.Instant()), Ended: optionalTime(f.Ended.Instant()),
		DetectSeconds: float64(f.Opened.Instant()-f.Since) / float64(felt.Second),
		Customers:     f.Hit, N: f.N, Share: f.Share, Baseline: f.Baseline, Paging: f.Paging,
		Detector: f.Detector, Statistic: f.Statistic, Threshold: f.Threshold, Explanation: f.Explanation,
	}
	if f.Series.SegmentKey != "" {
		v.Segment = map[string]string{f.Series.SegmentKey: f.Series.SegmentValue}
	}
	return v
}

// backtestQuery reads the parameters.
func (a *API) backtestQuery(ctx context.Context, in *backtestInput) (q backtestQuery, err error) {
	if a.opts.Backtest == nil {
		return q, huma.Error404NotFound("this server makes no backtests")
	}
	w := WindowInput{Window: in.Last, From: in.From, To: in.To, Env: in.Env}
	if w.Window != "" && w.From != "" {
		return q, huma.Error400BadRequest("last and from are both given: leave one out")
	}
	if w.Window == "" && w.From == "" {
		w.Window = fmt.Sprintf("%dd", backtestDefault/felt.Day)
	}
	if q.question.Window, err = a.window(w); err != nil {
		return q, err
	}
	asked := felt.Question{Scope: felt.Scope{Env: in.Env}, Window: q.question.Window}
	if in.Of != "" {
		s, err := a.scopeOf(ctx, in.Env, in.Of)
		if err != nil {
			return q, err
		}
		asked.Scope, q.of = s, &s
	}
	if in.FalseAlarms != "" {
		if q.question.FalsePages, err = felt.ParseRate(in.FalseAlarms); err != nil {
			return q, huma.Error400BadRequest("false_alarms=" + err.Error())
		}
	}
	a.describe(&q.asked, asked, in.Of)
	return q, nil
}
