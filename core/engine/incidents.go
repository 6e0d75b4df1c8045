package engine

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/incident"
)

// incidentMetrics are the numbers of the book of incidents.
func incidentMetrics(s *incident.Stats) []felt.Metric {
	var out []felt.Metric
	add := func(name, help string, kind felt.MetricType, v int64) {
		out = append(out, felt.Metric{Name: name, Help: help, Type: kind, Value: float64(v)})
	}
	add("felt_engine_incidents_reopened_total", "Incidents that opened again after they were resolved.", felt.MetricCounter, s.Reopened)
	add("felt_engine_incidents_recovered_total", "Incidents that resolved by themselves: their customers were back.", felt.MetricCounter, s.Recovered)
	add("felt_engine_findings_joined_total", "Findings of paging class that joined an incident which another one had opened.", felt.MetricCounter, s.Joined)
	add("felt_engine_findings_crammed_total", "Findings of paging class that joined the newest incident, or none, for want of room for one more.", felt.MetricCounter, s.Crammed)
	add("felt_engine_notifications_total", "Notifications made, each sink for itself.", felt.MetricCounter, s.Told)
	add("felt_engine_bad_tries_lost_total", "Tries that went wrong and were let go of before their time, so that an incident that opens misses them.", felt.MetricCounter, s.LatelyLost)
	add("felt_engine_harmed_beyond", "Harms, in the incidents that are held, of customers who are not held one by one.", felt.MetricGauge, s.Beyond)
	add("felt_engine_incidents_resolved", "Incidents that are resolved and may open again.", felt.MetricGauge, int64(s.Resolved))
	add("felt_engine_harmed_customers", "Customers harmed, in the incidents that are held.", felt.MetricGauge, int64(s.Customers))
	add("felt_engine_bad_tries", "Tries that went wrong lately, held for incidents that open.", felt.MetricGauge, int64(s.Lately))
	add("felt_engine_changes", "Changes of the last day that are held as suspects.", felt.MetricGauge, int64(s.Changes))
	add("felt_engine_releases", "Releases seen in telemetry in the last day.", felt.MetricGauge, int64(s.Releases))
	add("felt_engine_silences", "Silences that hold.", felt.MetricGauge, int64(s.Silences))
	return out
}
