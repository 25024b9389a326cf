#!/usr/bin/env bash
# A first look: builds Steersman and starts a cluster in one process, with five nodes that are simulated and a few pods. It
# shows where the pods go and why one waits, and stays up for kubectl until Ctrl-C. Arguments go to `steersman up`.
set -euo pipefail
cd "$(dirname "$0")/.."

exec cargo run --release --quiet --bin steersman -- up --simulated-nodes 5 -f examples/up "$@"
