package jetstream

import felt "github.com/felt-cx/felt"

// Metrics returns the log's own numbers.
func (l *Log) Metrics() []felt.Metric {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.count
	return []felt.Metric{
		counter("felt_log_appended_bytes_total", "Bytes of records appended and synced.", float64(c.bytes)),
		counter("felt_log_appended_records_total", "Records appended and synced.", float64(c.records)),
		counter("felt_log_appends_total", "Appends acknowledged; each is one group commit of the door.", float64(c.appends)),
		counter("felt_log_append_seconds_total", "Time that acknowledged appends took.", c.took.Seconds()),
		counter("felt_log_full_total", "Appends refused because the log or its disk is full.", float64(c.full)),
		counter("felt_log_append_errors_total", "Messages that the log server could not store.", float64(c.failed)),
		counter("felt_log_trimmed_messages_total", "Messages let go of by age or size.", float64(c.trimmed)),
		gauge("felt_log_segments", "Streams that make up the log.", float64(len(l.segments))),
		gauge("felt_log_bytes", "Bytes of the log on disk.", float64(l.used())),
		gauge("felt_log_max_bytes", "Bytes at which the log is full.", float64(l.opts.MaxBytes)),
		gauge("felt_log_first_seq", "Place of the oldest record kept.", float64(seqOf(l.first(), 0))),
		gauge("felt_log_last_seq", "Place of the newest record.", float64(l.newest.Seq)),
	}
}

func counter(name, help string, v float64) felt.Metric {
	return felt.Metric{Name: name, Help: help, Type: felt.MetricCounter, Value: v}
}

func gauge(name, help string, v float64) felt.Metric {
	return felt.Metric{Name: name, Help: help, Type: felt.MetricGauge, Value: v}
}
