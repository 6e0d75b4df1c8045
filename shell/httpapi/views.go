package httpapi

import "github.com/felt-cx/felt"

// The shapes of answers. Names are a contract with programs outside: fields may be
// added, none removed or renamed.

// Outcomes are tries by how they ended; open ones are in no rate.
type Outcomes struct {
	Success   int64 `json:"success"`
	Degraded  int64 `json:"degraded"`
	Failed    int64 `json:"failed"`
	Abandoned int64 `json:"abandoned"`
	Cancelled int64 `json:"cancelled"`
	Open      int64 `json:"open"`
}

func outcomesOf(c felt.Counts) Outcomes {
	return Outcomes{c.Success, c.Degraded, c.Failed, c.Abandoned, c.Cancelled, c.Open}
}

// Customers are distinct, and what became of those who were hit: failed = recovered +
// lost + undecided.
type Customers struct {
	felt.Distinct
	Recovered int64 `json:"recovered" doc:"Of the failed: the same thing succeeded within the recovery window"`
	Lost      int64 `json:"lost" doc:"Of the failed: the window passed without"`
	Undecided int64 `json:"undecided" doc:"Of the failed: still open"`
}

// ImpactView is unique user impact: customers, not attempts.
type ImpactView struct {
	Customers    Customers     `json:"customers"`
	Sessions     felt.Distinct `json:"sessions"`
	Accounts     felt.Distinct `json:"accounts"`
	Interactions Outcomes      `json:"interactions"`
	Method       felt.Method   `json:"method" enum:"exact,estimate,lower_bound"`
	Interval     [2]int64      `json:"interval" doc:"Of customers.failed, 95 %"`
	Identity     felt.Identity `json:"identity" doc:"Customers by the level on which they are known"`
	Coverage     Coverage      `json:"identity_coverage" doc:"The same as shares of all customers"`
	Sampled      bool          `json:"sampled" doc:"Telemetry was sampled before it came here: customers are those that were seen, a lower bound"`
	Estimated    *Estimated    `json:"estimated,omitempty" doc:"Of sampled telemetry: how many customers there were"`
	Adjusted     *Adjusted     `json:"adjusted,omitempty" doc:"Of sampled telemetry: how many interactions there were"`
}

// Coverage is how well customers are known, as shares of all; null without any.
type Coverage struct {
	User         *float64 `json:"user"`
	Pseudonym    *float64 `json:"pseudonym"`
	Installation *float64 `json:"installation"`
	Session      *float64 `json:"session" doc:"Known by session only: one person may be several"`
}

// Estimated is how many customers there were, with 95 % intervals.
type Estimated struct {
	Total    Estimate `json:"total"`
	Failed   Estimate `json:"failed"`
	Degraded Estimate `json:"degraded"`
}

// Estimate is a number with its 95 % interval.
type Estimate struct {
	Estimate int64 `json:"estimate"`
	Low      int64 `json:"low"`
	High     int64 `json:"high"`
}

// Adjusted are interactions, each counted for as many as it stands for.
type Adjusted struct {
	Success   float64 `json:"success"`
	Degraded  float64 `json:"degraded"`
	Failed    float64 `json:"failed"`
	Abandoned float64 `json:"abandoned"`
	Cancelled float64 `json:"cancelled"`
	Open      float64 `json:"open"`
}

func impactOf(i felt.Impact) ImpactView {
	v := ImpactView{
		Customers:    Customers{i.Customers, i.Recovered, i.Lost, i.Undecided},
		Sessions:     i.Sessions,
		Accounts:     i.Accounts,
		Interactions: outcomesOf(i.Counts),
		Method:       i.Method,
		Interval:     i.Interval,
		Identity:     i.Identity,
		Coverage:     coverageOf(i.Identity),
		Sampled:      i.Sampled,
	}
	if i.Sampled {
		e := i.Estimated
		v.Estimated = &Estimated{Estimate(e.Total), Estimate(e.Failed), Estimate(e.Degraded)}
		v.Adjusted = adjustedOf(i.Adjusted)
	}
	return v
}

func adjustedOf(w [felt.Outcomes]float64) *Adjusted {
	return &Adjusted{
		Success: w[felt.OutcomeSuccess], Degraded: w[felt.OutcomeDegraded], Failed: w[felt.OutcomeFailed],
		Abandoned: w[felt.OutcomeAbandoned], Cancelled: w[felt.OutcomeCancelled], Open: w[felt.OutcomeNone],
	}
}

func coverageOf(i felt.Identity) Coverage {
	all := i.User + i.Pseudonym + i.Installation + i.Session
	if all <= 0 {
		return Coverage{}
	}
	of := func(n int64) *float64 { v := share(n, all); return &v }
	return Coverage{of(i.User), of(i.Pseudonym), of(i.Installation), of(i.Session)}
}

// Quantiles are durations in milliseconds; null when nothing was measured.
type Quantiles struct {
	P50 *float64 `json:"p50"`
	P95 *float64 `json:"p95"`
	P99 *float64 `json:"p99"`
}

func quantilesOf(n int64, p50, p95, p99 float64) Quantiles {
	if n <= 0 {
		return Quantiles{}
	}
	ms := func(ns float64) *float64 { v := ns / 1e6; return &v }
	return Quantiles{ms(p50), ms(p95), ms(p99)}
}

func segmentsOf(list []felt.Segment) map[string]string {
	m := make(map[string]string, len(list))
	for _, s := range list {
		m[s.Key] = s.Value
	}
	return m
}

func rateOf(c felt.Counts) *float64 {
	if r, ok := c.CompletionRate(); ok {
		return &r
	}
	return nil
}
