#!/usr/bin/env bash
# Installs what the tests compare with and Python packages do not bring: dcm2niix, and dciodvfy of dicom3tools. Does
# nothing where they are there already, or where we are not root on a Debian or Ubuntu; the comparisons are then
# skipped, but never in CI.
set -euo pipefail
packages=()
command -v dcm2niix >/dev/null || packages+=(dcm2niix)
command -v dciodvfy >/dev/null || packages+=(dicom3tools)
if [ ${#packages[@]} -eq 0 ] || [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
{ apt-get update -qq && apt-get install -qq -y --no-install-recommends "${packages[@]}"; } >&2 ||
    echo "system packages: ${packages[*]} could not be installed; the comparisons with them will be skipped." >&2
