// Package sdk holds no code but tests: they start a real felt and deliver into it
// with programs that others wrote and everybody uses, the OpenTelemetry Go SDK's
// exporters and the OpenTelemetry Collector.
//
// A receiver that only ever met its own sender proves little. These tests ask
// what a user would see: every exporter reports success (a partial success counts
// as an error), and afterwards Felt's public API tells exactly as many customers,
// failed customers, tries and calls as were sent, over gRPC and HTTP, protobuf
// and JSON, plain, gzip and zstd, straight from the SDK and through a Collector.
//
//	FELT_BIN=../../../bin/felt go test .
//
// OTELCOL names the Collector's binary; without it the tests build it with
// ../collector/build.sh, which takes some minutes the first time.
package sdk
