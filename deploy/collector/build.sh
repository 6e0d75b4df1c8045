#!/usr/bin/env bash
# Builds the stock OpenTelemetry Collector of manifest.yaml and prints the path
# of its binary, the only thing on standard output. The binary is kept in a
# cache outside the repository under a name made of everything that decides what
# it is (manifest, builder, Go version), so a second call costs nothing.
#
#   OTELCOL=$(deploy/collector/build.sh)
#
# FELT_CACHE names the cache (default $HOME/.cache/felt).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

cache=${FELT_CACHE:-$HOME/.cache/felt}
mkdir -p "$cache"
hash=$( (cat manifest.yaml go.mod go.sum build.sh; go env GOVERSION GOOS GOARCH) | sha256sum | cut -c1-16)
binary=$cache/otelcol-$hash
if [[ -x $binary ]]; then
	echo "$binary"
	exit 0
fi

# One build at a time: a second caller waits and then finds the binary there.
exec 9>"$cache/otelcol.lock"
flock 9
if [[ ! -x $binary ]]; then
	work=$(mktemp -d "$cache/otelcol-build.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	sed "/^dist:/a\\  output_path: $work/out" manifest.yaml >"$work/manifest.yaml"
	echo "building the stock OpenTelemetry Collector (a few minutes, once)" >&2
	CGO_ENABLED=0 nice go tool builder --config "$work/manifest.yaml" >"$work/log" 2>&1 || {
		cat "$work/log" >&2
		exit 1
	}
	mv "$work/out/otelcol" "$binary"
fi
echo "$binary"
