#!/usr/bin/env bash
# Installs what the tests compare with and Python packages do not bring: dcm2niix. Does nothing where it is there
# already, or where we are not root on a Debian or Ubuntu; the comparison is then skipped, but never in CI.
set -euo pipefail
if command -v dcm2niix >/dev/null || [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
{ apt-get update -qq && apt-get install -qq -y --no-install-recommends dcm2niix; } >&2 ||
    echo "system packages: dcm2niix could not be installed; the comparison with it will be skipped." >&2
