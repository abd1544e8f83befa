"""How fast patients are simulated: 200 with film, events, table and note in 60 s, a CT or MR series in a second.

    python scripts/benchmarks/phantom.py [--json] [--patients N] [--volumes N]

Each measurement is one run of `monai-app cohort phantom` into a temporary folder, start-up included; ``usual`` is the
time that is allowed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _report import Row, report

SECONDS_FOR_200 = 60.0
SECONDS_A_SERIES = 1.0


def seconds(patients: int, volumes: int) -> float:
    """Wall time of one run."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "monai_app.cli", "cohort", "phantom", "--out", str(Path(folder) / "cohort")]
        start = time.perf_counter()
        subprocess.run([*command, "--patients", str(patients), "--volumes", str(volumes), "--json"], check=True)
        return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument("--volumes", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    allowed = SECONDS_FOR_200 * options.patients / 200
    whole = seconds(options.patients, 0)
    few = seconds(options.volumes, 0)
    series = (seconds(options.volumes, options.volumes) - few) / (2 * options.volumes)
    rows: list[Row] = [
        {
            "what": f"{options.patients} patients: film, events, table, note",
            "usual": allowed,
            "ours": whole,
            "unit": "s",
            "ratio": allowed / whole,
            "goal": 1.0,
        },
        {
            "what": f"one series (CT 192x192x80 or MR 192x160x44), of {2 * options.volumes}",
            "usual": SECONDS_A_SERIES,
            "ours": series,
            "unit": "s",
            "ratio": SECONDS_A_SERIES / series,
            "goal": 1.0,
        },
    ]
    report("phantom", rows, options.json)


if __name__ == "__main__":
    main()
