package signal

import "github.com/felt-cx/felt"

// SampleOf is the sample that a stored row was made of.
func SampleOf(p *felt.SignalPoint) Sample {
	s := Sample{
		Env: p.Env, App: p.App, Journey: p.Journey, Name: p.Name, Kind: p.Kind, Layer: p.Layer, Time: p.Time,
		Value: p.Value, N: p.N, Unit: p.Unit, Threshold: p.Threshold, Limit: p.Limit, HasThreshold: p.HasThreshold, HasLimit: p.HasLimit,
	}
	switch p.Direction {
	case "up":
		s.Bad = BadDown
	case "down":
		s.Bad = BadUp
	}
	return s
}
