// Package explain says of pasted telemetry what Felt makes of it, span by span: the
// interaction that it counts as, how that ended and by which rule; or why it counts as
// nothing, and which rules came near.
//
// It is no second set of rules: what was pasted goes through the packer of the door and a
// tracker of the engine, both thrown away afterwards. Nothing is stored, and without a hash key
// a made-up one is used.
//
// [Explain] takes what people have at hand: OTLP as protobuf or JSON, lines of JSON as the
// Collector's file exporter writes them, a trace as Tempo answers it, one resource, one
// scope, one span or one log record, or a list of any of them.
package explain
