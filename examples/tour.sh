#!/usr/bin/env bash
# A first look: builds Steersman, places the pending pods of a small cluster, and asks why one is left over.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --quiet --bin steersman
steersman=target/release/steersman

run() {
    printf '\n$ steersman %s\n\n' "$*"
    # Exit code 1 says that a pod does not fit, which is the point of this tour.
    "$steersman" "$@" || [ $? -eq 1 ]
}

run simulate -f examples/cluster
run explain pod analytics/report-builder -f examples/cluster
