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
}

func impactOf(i felt.Impact) ImpactView {
	return ImpactView{
		Customers:    Customers{i.Customers, i.Recovered, i.Lost, i.Undecided},
		Sessions:     i.Sessions,
		Accounts:     i.Accounts,
		Interactions: outcomesOf(i.Counts),
		Method:       i.Method,
		Interval:     i.Interval,
		Identity:     i.Identity,
	}
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
