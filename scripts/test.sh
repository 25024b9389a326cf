#!/usr/bin/env bash
# All tests. What they talk to and the machine lacks (etcd) is installed first; arguments go to cargo test.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-test-tools.sh
exec cargo test --workspace --locked "$@"
