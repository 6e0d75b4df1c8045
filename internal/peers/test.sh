#!/usr/bin/env bash
# Delivers into a real felt with programs that others wrote: the stock Go
# OpenTelemetry SDK and a stock Collector, built once and cached.
#
# FELT_BIN names felt's binary (default bin/felt), FELT_CACHE the cache.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
FELT_BIN=${FELT_BIN:-$PWD/../../bin/felt}
FELT_BIN=$(realpath -m "$FELT_BIN")
OTELCOL=$(../../deploy/collector/build.sh)
export FELT_BIN OTELCOL
cd sdk
go vet ./...
go test -count=1 -timeout 10m ./...
