#!/usr/bin/env bash
# Measures felt beside the OpenTelemetry Collector and prints a table; see doc.go.
# Arguments go to the program: run.sh -rounds 5 -only 'grpc GOMAXPROCS=1'.
#
# FELT_BIN names felt's binary (default bin/felt); when there is none only the
# Collector is measured. FELT_CACHE names the cache of the Collector's binary.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
felt=$(realpath -m "${FELT_BIN:-../../bin/felt}")
collector=$(../../deploy/collector/build.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/bench" .
args=(-collector "$collector")
if [[ -x $felt ]]; then
	args+=(-felt "$felt")
else
	echo "no $felt: measuring only the Collector" >&2
fi
# The generator stays on the last core, the servers are pinned to the first.
taskset -c "$(($(nproc) - 1))" "$work/bench" "${args[@]}" "$@"
