"""Shared by the benchmarks: a table for people, and with ``--json`` one last line for machines."""

from __future__ import annotations

import datetime
import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NotRequired, TypedDict


class Row(TypedDict):
    """One comparison in one run: the usual way, ours, and the ratio that counts (larger is better)."""

    what: str
    usual: float
    ours: float
    unit: str
    ratio: float
    goal: float
    met: NotRequired[bool]


def machine() -> str:
    """Processor, cores, memory, Python, and the load of others while we measured."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = f", load {os.getloadavg()[0]:.1f}"
    return (
        f"{names[0] if names else platform.processor()}, {len(os.sched_getaffinity(0))} cores, {gigabytes:.0f} GiB,"
        f" Python {platform.python_version()}{load}"
    )


def report(name: str, rows: Sequence[Row], as_json: bool) -> list[dict[str, Any]]:
    """Print the rows; ``met`` is filled in as ratio >= goal where it is not given.

    Returns:
        The rows as printed.
    """
    done: list[dict[str, Any]] = [{**row, "met": row.get("met", row["ratio"] >= row["goal"])} for row in rows]
    print(f"{name}\n{'what':58} {'usual':>10} {'ours':>10} {'unit':12} {'ratio':>7} {'goal':>6}  met")
    for row in done:
        print(
            f"{row['what']:58} {row['usual']:10.4g} {row['ours']:10.4g} {row['unit']:12} {row['ratio']:7.3g}"
            f" {row['goal']:6.3g}  {'yes' if row['met'] else 'NO'}"
        )
    if as_json:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        print(json.dumps({"name": name, "rows": done, "machine": machine(), "date": now}))
    return done
