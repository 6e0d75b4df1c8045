// Package forecast judges values over time: KPIs and technical signals, at any step
// from ten seconds to an hour.
package forecast
