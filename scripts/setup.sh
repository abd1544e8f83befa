#!/usr/bin/env bash
# Makes .venv from a bare Python 3.11 to 3.13 with pip; does nothing where it stands already for the same lock.
#
# MONAI_APP_PYTHON  the Python to use
# TORCH_INDEX       where torch comes from; by default PyTorch's CPU builds (name another package index for CUDA)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

choose_python() {
    local candidate
    for candidate in ${MONAI_APP_PYTHON:-} python3.11 python3 python3.12 python3.13; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "setup: no Python 3.11, 3.12 or 3.13 was found; install one, or name it in MONAI_APP_PYTHON." >&2
    exit 1
}

# A folder that moved needs a new environment too: its scripts hold absolute paths.
fingerprint() {
    "$1" - <<'PYTHON'
import hashlib, pathlib, sys

parts = [sys.version, sys.base_prefix, str(pathlib.Path.cwd())]
parts += [pathlib.Path(name).read_text(encoding="utf-8") for name in ("constraints.txt", "setup.cfg")]
print(hashlib.sha256("\0".join(parts).encode()).hexdigest())
PYTHON
}

reachable() {
    "$1" -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=10)' "$2/torch/" >/dev/null 2>&1
}

install() {
    local python="$1" index="${TORCH_INDEX:-https://download.pytorch.org/whl/cpu}" from=()
    if reachable "$python" "$index"; then
        from=(--extra-index-url "$index")
    fi
    if ! "$python" -m venv .venv; then
        echo "setup: $python cannot make a virtual environment; on Debian or Ubuntu install python3-venv." >&2
        exit 1
    fi
    # Without compiling: Python compiles what is imported, which is a small part of what is installed.
    local pip=(.venv/bin/python -m pip --disable-pip-version-check install -qq --no-compile --constraint constraints.txt)
    "${pip[@]}" ${from[@]+"${from[@]}"} torch setuptools
    "${pip[@]}" --no-build-isolation --editable '.[dev]'
}

if command -v flock >/dev/null; then # two set-ups at once: the second waits and finds the work done
    exec 9<scripts/setup.sh
    flock 9
fi
python="$(choose_python)"
stamp="$(fingerprint "$python")"
if [ "$(cat .venv/setup-stamp 2>/dev/null)" = "$stamp" ]; then
    exit 0
fi
echo "Setting up .venv with $("$python" --version): about three minutes, once." >&2
rm -rf .venv # also what an interrupted set-up left
install "$python"
echo "$stamp" >.venv/setup-stamp
