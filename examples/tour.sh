#!/usr/bin/env bash
# A first look: builds Steersman, places the pending pods of a small cluster, and asks why one is left over.
set -euo pipefail
cd "$(dirname "$0")/.."

run() {
    printf '\n$ steersman %s\n\n' "$*"
    # Exit code 1 says that a pod does not fit, which is the point of this tour.
    cargo run --release --quiet --bin steersman -- "$@" || [ $? -eq 1 ]
}

run simulate -f examples/cluster

printf '\n%s\n' "explain looks at the cluster as given; --after-pending has it look where simulate has left off."
run explain pod analytics/report-builder -f examples/cluster --after-pending
