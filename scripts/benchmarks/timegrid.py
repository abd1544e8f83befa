"""How fast events become a time grid: 50 million streamed events, and MIMIC-III's demo end to end.

    python scripts/benchmarks/timegrid.py [--json] [--events N] [--mimic DIR]

Every measurement runs in a child process of its own, with its imports done before the clock starts; files are in the
page cache for both sides. Peak memory is VmHWM of the child.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from _report import Row, report

EVENTS_A_STAY = 1000
HOURS = 48
CHANNELS = 17
OTHER_CODES = 3
PANDAS_EVENTS = 10_000_000
"""pandas gets the first rows only: all of them would need more memory than the rest of this machine has to spare."""
MIMIC_ARCHIVE = Path(__file__).resolve().parents[3] / "shared" / "data" / "ehr-mimic3-demo.tgz"


def spec() -> Any:
    """17 channels of means over 48 hours, each with a range."""
    from monai_app.cohort.spec import Channel, SeriesSpec

    return SeriesSpec(
        hours=HOURS,
        channels=tuple(Channel(name=f"c{i}", codes=(f"CODE_{i}",), unit="1", low=0, high=250) for i in range(CHANNELS)),
    )


def generate(path: Path, events: int) -> None:
    """A MEDS parquet: 1000 events a stay over 50 h of which 48 h count, 20 codes of which 17 do, 1 % out of range."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    codes = pa.array([f"CODE_{index}" for index in range(CHANNELS + OTHER_CODES)])
    centre = np.linspace(5, 140, CHANNELS + OTHER_CODES, dtype=np.float32)
    fields = {"subject_id": pa.int64(), "time": pa.timestamp("us"), "code": pa.string(), "numeric_value": pa.float32()}
    with pq.ParquetWriter(path, pa.schema(list(fields.items())), compression="zstd") as writer:
        for first in range(0, events // EVENTS_A_STAY, 1000):
            stays = min(1000, events // EVENTS_A_STAY - first)
            shape = (stays, EVENTS_A_STAY)
            seconds = np.sort(rng.integers(0, (HOURS + 2) * 3600, shape), axis=1).ravel()
            code = rng.integers(0, codes.__len__(), seconds.size)
            value = np.round(centre[code] * (1 + 0.1 * rng.standard_normal(seconds.size, dtype=np.float32)), 1)
            value[rng.random(seconds.size) < 0.01] = 9999
            columns = [
                pa.array(np.repeat(np.arange(first, first + stays), EVENTS_A_STAY)),
                pa.array(seconds * 1_000_000).cast(pa.timestamp("us")),
                codes.take(pa.array(code)),
                pa.array(value.astype(np.float32)),
            ]
            writer.write_table(pa.table(columns, names=list(fields)))


def peak_megabytes() -> float:
    """Highest resident memory of this process since it began."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def child_stream(path: str, events: int, check: int) -> dict[str, float]:
    """Our way: stream all events; sums over the first ``check`` stays are given for comparison."""
    import polars as pl

    from monai_app.cohort.timegrid_stream import iter_time_grid

    stays = events // EVENTS_A_STAY
    end = pl.Series([HOURS * 3_600_000_000]).cast(pl.Datetime("us"))
    samples = pl.DataFrame({"subject_id": np.arange(stays), "prediction_time": end.extend_constant(end[0], stays - 1)})
    observed, total, since = 0, 0.0, 0.0
    begin = time.perf_counter()
    for part in iter_time_grid([path], samples, spec()):
        if part.first < check:
            kept = slice(0, check - part.first)
            observed += int(part.grid.mask[kept].sum())
            total += float(np.nansum(part.grid.values[kept], dtype=np.float64))
            since += float(part.grid.hours_since[kept].sum(dtype=np.float64))
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "megabytes": peak_megabytes(), "observed": observed, "total": total, "since": since}


def child_pandas(path: str, events: int) -> dict[str, float]:
    """The usual way, without a loop: one key a cell, groupby mean, reindex, forward fill by stay."""
    import pandas as pd
    import pyarrow.parquet as pq

    steps, stays = HOURS, events // EVENTS_A_STAY
    groups = range(-(-stays // 1000))
    begin = time.perf_counter()
    with pq.ParquetFile(path, read_dictionary=["code"]) as file:
        frame = file.read_row_groups(list(groups)).to_pandas()
    frame = frame[frame["subject_id"] < stays]
    number = frame["code"].cat.categories.str.removeprefix("CODE_").astype(int).to_numpy()
    frame["channel"] = number[frame["code"].cat.codes.to_numpy()]
    age = HOURS * 3_600_000_000 - frame["time"].astype("int64")
    inside = (age >= 0) & (age < HOURS * 3_600_000_000) & (frame["channel"] < CHANNELS)
    frame = frame[inside & frame["numeric_value"].between(0, 250)]
    step = steps - 1 - age[frame.index] // 3_600_000_000
    frame["cell"] = (frame["subject_id"] * steps + step) * CHANNELS + frame["channel"]
    means = frame.groupby("cell", sort=False)["numeric_value"].mean()
    cells = means.reindex(np.arange(stays * steps * CHANNELS)).to_numpy().reshape(stays * steps, CHANNELS)
    wide = pd.DataFrame(cells)
    stay = np.repeat(np.arange(stays), steps)
    hour = np.tile(np.arange(steps, dtype=np.float32), stays)[:, None]
    seen = pd.DataFrame(np.where(wide.notna(), hour, np.nan))
    filled = wide.groupby(stay).ffill()
    since = (hour - seen.groupby(stay).ffill()).fillna(HOURS)
    seconds = time.perf_counter() - begin
    return {
        "seconds": seconds,
        "megabytes": peak_megabytes(),
        "observed": int(wide.notna().to_numpy().sum()),
        "total": float(np.nansum(filled.to_numpy(), dtype=np.float64)),
        "since": float(since.to_numpy().sum(dtype=np.float64)),
    }


def child_mimic(tables: str, plain: str, side: str) -> dict[str, float]:
    """MIMIC-III: CHARTEVENTS and LABEVENTS to (stays, 48, 17); ours from gzip, the usual way from plain CSV."""
    from monai_app.cohort.sources import mimic3
    from monai_app.cohort.sources.mimic_files import scan_table
    from monai_app.cohort.sources.mimic_items import CHART_COLUMNS, read_values
    from monai_app.cohort.sources.mimic_stays import samples_of
    from monai_app.cohort.sources.source_files import SourceFolder
    from monai_app.cohort.spec import ModalitySpec
    from monai_app.cohort.timegrid import time_grid
    from monai_app.core.resources import resource

    whole = ModalitySpec.read(resource("configs", "cohorts", "mimic3.yaml"))
    series = ModalitySpec(series=whole.series)
    assert series.series is not None
    folder = SourceFolder(Path(tables))
    begin = time.perf_counter()
    known = mimic3.read_stays(folder, mimic3.read_admissions(folder), mimic3.read_patients(folder))
    stays, _ = samples_of(known)
    if side == "usual":
        import pandas as pd
        from _mimic_rowwise import hourly_rowwise

        frame = pd.DataFrame(stays.select("subject_id", "hadm_id", "stay_id", "intime").to_dict(as_series=False))
        channels = [channel.codes[0] for channel in series.series.channels]
        with tempfile.TemporaryDirectory() as work:
            begin = time.perf_counter()
            grids = hourly_rowwise(
                Path(plain), frame.rename(columns={"stay_id": "icustay_id"}), channels, Path(work), hours=HOURS
            )
            filled = sum(value is not None for grid in grids for row in grid for value in row)
    else:
        chart = scan_table(folder, "CHARTEVENTS.csv", columns=CHART_COLUMNS, optional=("error",))
        values, _ = read_values(
            {"chart": chart, "lab": scan_table(folder, "LABEVENTS.csv", columns=CHART_COLUMNS)},
            series,
            stays["subject_id"].unique(),
        )
        keyed = values.lazy().join(stays.lazy().with_row_index("sample"), on="subject_id")
        grid = time_grid(keyed, series.series, stays.height)
        filled = int(np.isfinite(grid.values).sum())
    return {"seconds": time.perf_counter() - begin, "stays": stays.height, "filled": filled}


def in_child(*arguments: object) -> dict[str, float]:
    """Run one measurement in a fresh process."""
    command = [sys.executable, __file__, "--child", *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def median_of(runs: int, *arguments: object) -> dict[str, float]:
    """The run of median time."""
    return sorted((in_child(*arguments) for _ in range(runs)), key=lambda result: result["seconds"])[runs // 2]


def synthetic_rows(work: Path, events: int, runs: int) -> list[Row]:
    """Streaming against the goals, and against pandas on the same first rows."""
    path, few = work / "events.parquet", min(events, PANDAS_EVENTS)
    generate(path, events)
    ours = median_of(runs, "stream", path, events, few // EVENTS_A_STAY)
    usual = median_of(runs, "pandas", path, few)
    for name in ("observed", "total", "since"):
        if not np.isclose(ours[name], usual[name], rtol=1e-6):
            raise SystemExit(f"the two ways disagree in {name}: {ours[name]} and {usual[name]}")
    speed, pandas_speed = events / ours["seconds"] / 1e6, few / usual["seconds"] / 1e6
    millions, peak = f"{events / 1e6:.0f} million events streamed", ours["megabytes"]
    return [
        Row(what=f"{millions} (usual: the goal)", usual=15, ours=speed, unit="million/s", ratio=speed / 15, goal=1),
        Row(what="  peak memory (usual: the limit)", usual=1024, ours=peak, unit="MB", ratio=1024 / peak, goal=1),
        Row(
            what=f"  against pandas on the first {few / 1e6:.0f} million",
            usual=pandas_speed,
            ours=speed,
            unit="million/s",
            ratio=speed / pandas_speed,
            goal=2,
        ),
    ]


def mimic_row(work: Path, given: Path | None, runs: int) -> list[Row]:
    """MIMIC-III's demo, row by row and ours; nothing where the demo is not to be had."""
    if given is None and not MIMIC_ARCHIVE.is_file():
        print("MIMIC-III demo not found: give --mimic DIR", file=sys.stderr)
        return []
    if given is None:
        with tarfile.open(MIMIC_ARCHIVE) as archive:
            archive.extractall(work, filter="data")
        given = next(work.rglob("CHARTEVENTS.csv.gz")).parent
    for table in ("CHARTEVENTS", "LABEVENTS"):
        (work / f"{table}.csv").write_bytes(gzip.decompress((given / f"{table}.csv.gz").read_bytes()))
    ours = median_of(runs, "mimic", given, work, "ours")
    usual = median_of(1, "mimic", given, work, "usual")
    print(f"filled cells: usual {usual['filled']:.0f}, ours {ours['filled']:.0f}", file=sys.stderr)
    ratio = usual["seconds"] / ours["seconds"]
    what = f"MIMIC-III demo to 17 hourly variables of {ours['stays']:.0f} stays"
    return [Row(what=what, usual=usual["seconds"], ours=ours["seconds"], unit="s", ratio=ratio, goal=20)]


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="a last line for machines")
    parser.add_argument("--events", type=int, default=50_000_000)
    parser.add_argument("--runs", type=int, default=3, help="the median of so many")
    parser.add_argument("--mimic", type=Path, help="the folder of MIMIC-III's tables")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        kind, *rest = given.child
        measured = {"stream": child_stream, "pandas": child_pandas, "mimic": child_mimic}[kind]
        print(json.dumps(measured(*(int(text) if text.isdigit() else text for text in rest))))
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = synthetic_rows(Path(folder), given.events, given.runs)
        rows += mimic_row(Path(folder), given.mimic, given.runs)
    report("timegrid", rows, given.json)


if __name__ == "__main__":
    main()
