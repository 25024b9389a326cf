#!/usr/bin/env bash
# Installs what tests need besides Rust: etcd, for the etcd backend of the store. Does nothing if it is there. Without
# it these tests are skipped, and say so.
set -euo pipefail

if command -v etcd >/dev/null || [ -x /usr/bin/etcd ]; then
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "etcd is not installed, and there is no apt-get to install it; its tests are skipped" >&2
    exit 0
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -q
# The package would start a server of its own, which the tests do not use.
"${as_root[@]}" apt-get install -q -y --no-install-recommends etcd-server
etcd --version
