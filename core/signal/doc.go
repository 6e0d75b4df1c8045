// Package signal turns metric points, business events and journeys into the values of
// signals and KPIs, every ten seconds of arrival.
package signal
