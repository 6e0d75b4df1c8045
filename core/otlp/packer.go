package otlp

import "github.com/felt-cx/felt"

// Packer turns requests into records. It is not safe for concurrent use. What it
// learns about the shape of traffic it keeps, so that reusing one is much faster than
// making one.
type Packer struct {
	opt    Options
	newest felt.Instant
}

// NewPacker returns an empty packer.
func NewPacker(o Options) *Packer {
	o.Limits = o.Limits.orDefault()
	return &Packer{opt: o}
}

// Traces packs one ExportTraceServiceRequest (protobuf) that arrived at now.
// On error, a [*BadRequestError], nothing of it stays in the packer.
func (p *Packer) Traces(body []byte, now felt.Instant) (Report, error) { return Report{}, nil }

// Logs packs one ExportLogsServiceRequest like Traces does.
func (p *Packer) Logs(body []byte, now felt.Instant) (Report, error) { return Report{}, nil }

// Metrics packs one ExportMetricsServiceRequest like Traces does.
func (p *Packer) Metrics(body []byte, now felt.Instant) (Report, error) { return Report{}, nil }

// TracesJSON is Traces for OTLP/JSON.
func (p *Packer) TracesJSON(body []byte, now felt.Instant) (Report, error) { return Report{}, nil }

// LogsJSON is Logs for OTLP/JSON.
func (p *Packer) LogsJSON(body []byte, now felt.Instant) (Report, error) { return Report{}, nil }

// MetricsJSON is Metrics for OTLP/JSON.
func (p *Packer) MetricsJSON(body []byte, now felt.Instant) (Report, error) { return Report{}, nil }

// Newest is the newest event time packed since Take; it moves an event log's clock.
func (p *Packer) Newest() felt.Instant { return p.newest }

// Size is the number of bytes that Take would return now, about.
func (p *Packer) Size() int { return 0 }

// Take appends one record per partition that has something, in order of partition,
// and empties the packer. At and Seq are left to the caller. The records own their data.
func (p *Packer) Take(dst []felt.Record) []felt.Record { return dst }
