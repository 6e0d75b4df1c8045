package signal

import "github.com/felt-cx/felt"

// Bad is the way in which a value gets worse.
type Bad int8

// The ways.
const (
	BadEither Bad = 0  // nobody said
	BadUp     Bad = 1  // higher is worse: latency, errors, saturation
	BadDown   Bad = -1 // lower is worse: conversion
)

// Sample is the value of one signal or KPI of a journey, as it became known in the ten
// seconds up to Time. There is one only when something new was learnt: an exporter that
// sends once a minute gives one a minute, and silence gives none.
type Sample struct {
	Env, App string // App is the journey's; "" when it names none
	Journey  string
	Name     string // of the signal or KPI, unique in the journey
	Kind     felt.SignalKind
	Layer    felt.Layer // of a signal; 0 not said
	Time     felt.Instant
	Value    float64 // finite
	// N is what the value rests on: observations of a distribution, the denominator of a
	// ratio, else the number of instances that report.
	N         float64
	Unit      string  // of Value; "1" is a share
	Threshold float64 // from which Value is bad, when HasThreshold
	Limit     float64 // at which Value is full, when HasLimit: forecast when it gets there
	// A statistic in another unit than the metric's has neither.
	HasThreshold, HasLimit bool
	Bad                    Bad
}
