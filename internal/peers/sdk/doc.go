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
// Metrics that nothing maps are counted and no more. Those that an inventory maps become
// signals: gauges, sums and both kinds of histograms in all temporalities, of processes that begin
// anew, and what the Collector itself makes of spans, must come to the values that were sent. The
// inventory is in testdata; each sender has a journey, and so signals, of its own.
//
//	FELT_BIN=../../../bin/felt go test .
//
// OTELCOL names the Collector's binary; without it the tests build it with
// ../collector/build.sh, which takes some minutes the first time.
package sdk
