#!/usr/bin/env bash
# Installs what the tests compare with and Python packages do not bring: dcm2niix, dciodvfy of dicom3tools, and a PACS
# to send to: Orthanc with its DICOMweb plugin, and storescu of dcmtk. Does nothing where they are there already, or
# where we are not root on a Debian or Ubuntu; the tests that need them are then skipped, but never in CI.
set -euo pipefail
packages=()
command -v dcm2niix >/dev/null || packages+=(dcm2niix)
command -v dciodvfy >/dev/null || packages+=(dicom3tools)
command -v Orthanc >/dev/null || packages+=(orthanc)
[ -e /usr/share/orthanc/plugins/libOrthancDicomWeb.so ] || packages+=(orthanc-dicomweb)
command -v storescu >/dev/null || packages+=(dcmtk)
if [ ${#packages[@]} -eq 0 ] || [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    exit 0
fi
# Debian starts a service when it installs one, here an archive that listens on every address: not on our account.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
{ apt-get update -qq && apt-get install -qq -y --no-install-recommends "${packages[@]}"; } >&2 ||
    echo "system packages: ${packages[*]} could not be installed; the tests that need them will be skipped." >&2
