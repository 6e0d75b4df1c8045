// Package otlp is the border between OpenTelemetry and Felt: it turns OTLP requests
// into compact, redacted, hashed blocks ([Packer]), and blocks into events ([Reader]).
package otlp
