#!/usr/bin/env bash
# Installs what tests need besides Rust: etcd, for the etcd backend of the store, and kubectl, which uses the server. What
# is there is left alone. Tests of what cannot be installed are skipped, and say so.
set -euo pipefail

missing=()
command -v etcd >/dev/null || [ -x /usr/bin/etcd ] || missing+=(etcd-server)
command -v kubectl >/dev/null || missing+=(kubernetes-client)
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "there is no apt-get to install ${missing[*]}; tests that need them are skipped" >&2
    exit 0
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -q
for package in "${missing[@]}"; do
    # etcd's package would start a server of its own, which the tests do not use. Not every release has kubectl.
    "${as_root[@]}" apt-get install -q -y --no-install-recommends "$package" ||
        echo "$package cannot be installed; tests that need it are skipped" >&2
done
