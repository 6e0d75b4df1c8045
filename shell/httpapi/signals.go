package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/rules"
)

type signalsInput struct {
	Of     string `query:"of" required:"true" maxLength:"512" doc:"A journey: NAME or APP/NAME" example:"checkout"`
	Window string `query:"window" doc:"Length up to to (or now), such as 5m, 1h, 7d. Not together with from. Default 5m" example:"1h"`
	From   string `query:"from" doc:"RFC 3339, or Unix seconds or milliseconds"`
	To     string `query:"to" doc:"RFC 3339, or Unix seconds or milliseconds; may lie in the future; default now"`
	Env    string `query:"env" doc:"Environment" default:"production" maxLength:"256"`
	Step   string `query:"step" doc:"Width of a step, a multiple of 10s; default so that there are about 100"`
}

type signalsOutput struct {
	Body struct {
		Stamp
		Step    string         `json:"step"`
		Signals []signalAnswer `json:"signals" doc:"Signals and KPIs of the journey: those that are bad first, then those that are known, then the others"`
		Mend    string         `json:"mend,omitempty" doc:"When there are none: what to write"`
	}
}

// The states of a signal.
const (
	signalBad     = "bad"
	signalOK      = "ok"
	signalKnown   = "known"
	signalNoData  = "no_data"
	signalMissing = "not_measured"
)

type signalAnswer struct {
	Name      string       `json:"name"`
	Kind      string       `json:"kind" enum:"signal,kpi"`
	State     string       `json:"state" enum:"bad,ok,known,no_data,not_measured" doc:"bad: past its threshold; ok: not; known: it has no threshold; no_data: nothing came for six minutes, or an hour of a KPI"`
	Sentence  string       `json:"sentence" doc:"The state with its numbers"`
	Layer     string       `json:"layer,omitempty"`
	Source    string       `json:"source,omitempty" doc:"The metric; of a KPI, its numerator and denominator"`
	Of        string       `json:"of,omitempty" doc:"Which points of the metric"`
	Service   string       `json:"service,omitempty" doc:"Of the newest value, when all of its points came from one"`
	Statistic string       `json:"statistic,omitempty" doc:"What is made of the points"`
	Unit      string       `json:"unit,omitempty" doc:"Of the values, as UCUM writes it: s, By, 1 for a share, 1/s"`
	Threshold *float64     `json:"threshold" doc:"From which a value is bad; null: none"`
	Limit     *float64     `json:"limit" doc:"At which it is full; null: none"`
	Direction string       `json:"direction,omitempty" doc:"Where better is: up, down; left out: nobody said"`
	Endangers string       `json:"endangers,omitempty" doc:"The KPI that suffers"`
	Risk      string       `json:"business_risk,omitempty"`
	Response  []string     `json:"typical_response,omitempty"`
	Owners    []string     `json:"owners,omitempty"`
	Last      *signalValue `json:"last" doc:"The newest value up to the window's end, also from before it; null: there never was one, or it is no longer kept"`
	Steps     []signalStep `json:"steps" doc:"Those without a value are left out"`
	Why       string       `json:"why,omitempty" doc:"Why points make no value, or what to write so that it is measured"`
	place     int
}

type signalValue struct {
	Time  string  `json:"time" doc:"It became known in the ten seconds up to here"`
	Value float64 `json:"value"`
	N     float64 `json:"n" doc:"What it rests on: observations, the denominator of a ratio, else instances"`
}

type signalStep struct {
	Start string  `json:"start"`
	Mean  float64 `json:"mean"`
	Min   float64 `json:"min"`
	Max   float64 `json:"max"`
	N     int64   `json:"n" doc:"Values in the step"`
}

// signals tells the values of a journey's signals and KPIs.
func (a *API) signals(ctx context.Context, in *signalsInput) (*signalsOutput, error) {
	q, asked, err := a.unscoped(ManyInput{WindowInput: WindowInput{Window: in.Window, From: in.From, To: in.To, Env: in.Env}})
	if err != nil {
		return nil, err
	}
	if q.Scope, err = a.journeyOf(ctx, in.Env, in.Of); err != nil {
		return nil, err
	}
	step, err := signalWidth(in.Step, q.Window)
	if err != nil {
		return nil, err
	}
	q.From = q.From.Floor(10 * felt.Second)
	a.describe(asked, q, in.Of)
	out := &signalsOutput{}
	out.Body.Stamp = a.stamp(asked)
	out.Body.Step = lengthWords(step)
	lines, err := ask(ctx, a, func(ctx context.Context) ([]felt.SignalLine, error) {
		return a.opts.Store.Signals(ctx, q.Scope, q.Window, step)
	})
	if err != nil {
		return nil, err
	}
	j := journeyNamed(a.opts.Rules().Set, q.App, q.Name)
	out.Body.Signals = a.signalAnswers(j, lines, q)
	if len(out.Body.Signals) == 0 {
		out.Body.Mend = fmt.Sprintf("journey %q has no signals and no KPIs: write some into the inventory, as kpis: [{name: conversion, numerator: completed, denominator: begun, direction: up}]", q.Name)
	}
	return out, nil
}

// signalWidth is the width of a step.
func signalWidth(s string, w felt.Window) (felt.Instant, error) {
	const about = 100
	if s == "" {
		for _, step := range []felt.Instant{
			10 * felt.Second, 30 * felt.Second, felt.Minute, 5 * felt.Minute, 15 * felt.Minute, felt.Hour, 6 * felt.Hour,
		} {
			if (w.To-w.From)/step <= about {
				return step, nil
			}
		}
		return felt.Day, nil
	}
	step, err := parseLength("step", s)
	if err != nil {
		return 0, err
	}
	if step%(10*felt.Second) != 0 {
		return 0, huma.Error400BadRequest(fmt.Sprintf("step=%q: want a multiple of 10s", s))
	}
	if n := (w.To-w.From-1)/step + 1; n > maxBuckets {
		return 0, huma.Error400BadRequest(fmt.Sprintf("%d steps; at most %d: ask for longer ones or a shorter window", n, maxBuckets))
	}
	return step, nil
}

// signalAnswers puts what the inventory asks for and what is kept together. What the inventory no
// longer has is told when it has values in the window.
func (a *API) signalAnswers(j *rules.CompiledJourney, lines []felt.SignalLine, q felt.Question) []signalAnswer {
	list := []signalAnswer{}
	if j != nil {
		for i := range j.KPIs {
			list = append(list, kpiAnswer(&j.KPIs[i]))
		}
		for i := range j.Signals {
			list = append(list, technicalAnswer(&j.Signals[i], j))
		}
	}
	now := min(q.To, a.now())
	for _, l := range lines {
		i := slices.IndexFunc(list, func(s signalAnswer) bool { return s.Name == l.Last.Name && s.Kind == l.Last.Kind.String() })
		switch {
		case i >= 0:
		case len(l.Steps) > 0:
			list = append(list, signalAnswer{Name: l.Last.Name, Kind: l.Last.Kind.String(), Why: "the inventory no longer has it"})
			i = len(list) - 1
		default:
			continue
		}
		list[i].fill(&l, now)
	}
	troubles := a.opts.Health().Signals
	for i := range list {
		s := &list[i]
		s.place = i
		if s.Steps == nil {
			s.Steps = []signalStep{}
		}
		for _, t := range troubles {
			if s.State != signalMissing && t.Journey == q.Name && t.Env == q.Env && t.Name == s.Name && t.KPI == (s.Kind == felt.SignalKPI.String()) &&
				(t.App == "" || q.App == "" || t.App == q.App) {
				s.Why = t.Why
			}
		}
		s.say(now)
	}
	order := []string{signalBad, signalOK, signalKnown, signalNoData, signalMissing}
	slices.SortStableFunc(list, func(x, y signalAnswer) int {
		return cmp.Or(cmp.Compare(slices.Index(order, x.State), slices.Index(order, y.State)), cmp.Compare(x.place, y.place))
	})
	return list
}

func kpiAnswer(k *rules.KPI) signalAnswer {
	s := signalAnswer{Name: k.Name, Kind: felt.SignalKPI.String(), State: signalNoData, Direction: k.Direction, Source: quantityWords(&k.Numerator)}
	if k.Denominator.Given() {
		s.Source += " / " + quantityWords(&k.Denominator)
	}
	if !k.Measured() {
		s.State, s.Why = signalMissing, k.Mend()
	}
	return s
}

func technicalAnswer(g *rules.Signal, j *rules.CompiledJourney) signalAnswer {
	s := signalAnswer{
		Name: g.Name, Kind: felt.SignalTechnical.String(), State: signalNoData, Layer: g.Layer, Source: g.Source, Of: pointsWords(g.Service, g.Where),
		Statistic: g.Statistic, Direction: g.Direction, Endangers: g.Endangers, Risk: g.BusinessRisk, Response: g.TypicalResponse, Owners: g.Owners,
	}
	if len(s.Owners) == 0 {
		s.Owners = j.Owners
	}
	if g.Source == "" {
		s.State, s.Why = signalMissing, "add source: and the name of a metric"
	}
	return s
}

// Nothing newer than this is no data.
const (
	signalStale = 6 * felt.Minute
	kpiStale    = felt.Hour + felt.Minute
)

// fill adds what is kept.
func (s *signalAnswer) fill(l *felt.SignalLine, now felt.Instant) {
	p := &l.Last
	s.Last = &signalValue{stampTime(p.Time), p.Value, p.N}
	s.Service, s.Statistic, s.Unit, s.Direction = p.Service, p.Statistic, p.Unit, p.Direction
	if p.HasThreshold {
		s.Threshold = &p.Threshold
	}
	if p.HasLimit {
		s.Limit = &p.Limit
	}
	for _, step := range l.Steps {
		s.Steps = append(s.Steps, signalStep{stampTime(step.Start), step.Mean, step.Min, step.Max, step.N})
	}
	stale := signalStale
	if p.Kind == felt.SignalKPI {
		stale = kpiStale
	}
	switch {
	case s.State == signalMissing:
	case now-p.Time > stale:
		s.State = signalNoData
	case !p.HasThreshold:
		s.State = signalKnown
	case p.Direction == "up" && p.Value <= p.Threshold, p.Direction != "up" && p.Value >= p.Threshold:
		s.State = signalBad
	default:
		s.State = signalOK
	}
}

// say makes the sentence.
func (s *signalAnswer) say(now felt.Instant) {
	switch s.State {
	case signalMissing:
		s.Sentence = "not measured: " + s.Why
		return
	case signalNoData:
		s.Sentence = "no data"
		if s.Last != nil {
			if at, ok := parseTime(s.Last.Time); ok {
				s.Sentence = fmt.Sprintf("no data since %s, %s ago", at.Time().Format("15:04:05"), lengthWords((now - at).Floor(felt.Second)))
			}
		}
		if s.Why != "" {
			s.Sentence += ": " + s.Why
		}
		return
	}
	parts := []string{inUnit(s.Last.Value, s.Unit)}
	if s.Threshold != nil {
		word := "below"
		switch {
		case s.Direction == "up" && s.State == signalBad:
			word = "at or below"
		case s.Direction == "up":
			word = "above"
		case s.State == signalBad:
			word = "at or above"
		}
		parts = append(parts, word+" its threshold of "+inUnit(*s.Threshold, s.Unit))
	}
	if s.Limit != nil && *s.Limit != 0 {
		parts = append(parts, fmt.Sprintf("%.0f %% of its limit of %s", 100*s.Last.Value / *s.Limit, inUnit(*s.Limit, s.Unit)))
	}
	s.Sentence = strings.Join(parts, ", ")
}

// inUnit is a value with three digits and its unit.
func inUnit(v float64, unit string) string {
	if unit == "1" && math.Abs(v) <= 1 {
		return strconv.FormatFloat(100*v, 'g', 3, 64) + " %"
	}
	text := strconv.FormatFloat(v, 'g', 3, 64)
	if math.Abs(v) >= 1000 && math.Abs(v) < 1e15 {
		text = strconv.FormatFloat(v, 'f', 0, 64)
	}
	if unit == "" || unit == "1" {
		return text
	}
	return text + " " + unit
}
