"""How fast a series of CT becomes a volume, and a JPEG 2000 film a network's input.

    python scripts/benchmarks/read_series.py [--json] [--repeats N] [--slices N]

Series: 300 slices of 512 x 512, 16 bit, uncompressed, generated. Usual: SimpleITK's ImageSeriesReader with GDCM's order
of the files, as float32. Ours: read_series, with all its checks, in float32, and once more with the folder discovered.
Both start from a folder in the page cache; the voxels are compared before the clock starts. Films: a 2500 x 3000 film
in JPEG 2000 to 224 px; usual: decoded in full and averaged; ours: the wavelet level that is enough. In turns, medians:
processor time of the series, which other work on the machine hardly moves, and wall time; wall time of the films, which
a warm child process decodes.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from _report import Row, report

SIDE, FILM_ROWS, FILM_COLUMNS, FILM_PX = 512, 3000, 2500, 224
SERIES_GOAL, FILM_GOAL = 1.0, 4.0
MEAN_TOLERANCE = 2e-3  # of the displayed range; these films are all grain


def write_scan(folder: Path, slices: int) -> None:
    """A CT of soft shapes and grain."""
    from monai_app.dicom.study import StudyHeader
    from monai_app.dicom.write_series import SeriesGeometry, SeriesModality, write_series

    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    plane = (300 * np.sin(rows / 41) * np.cos(columns / 29)).astype(np.float32)
    grain = generator.normal(0, 15, (SIDE, SIDE)).astype(np.float32)
    volume = np.stack([plane + np.roll(grain, index, 0) + index for index in range(slices)])
    geometry = SeriesGeometry((-180.0, -180.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.7, 0.7))
    study = StudyHeader(
        patient_id="benchmark",
        sex="O",
        age_years=50,
        taken=datetime(2000, 1, 1, tzinfo=UTC),
        study_uid="1.2.826.0.1.3680043.8.498.2",
        series_uid="1.2.826.0.1.3680043.8.498.3",
        manufacturer="",
        model="",
        institution="",
        description="benchmark",
    )
    for index, data in enumerate(write_series(np.clip(volume, -1000, 3000), geometry, study, SeriesModality.CT)):
        (folder / f"{(index * 7919) % 100_003:06d}.dcm").write_bytes(data)


def write_film(path: Path) -> None:
    """A film in JPEG 2000 without loss, with a window."""
    import pydicom
    from films import write_film as write_plain
    from pydicom.uid import JPEG2000Lossless

    write_plain(path)
    dataset = pydicom.dcmread(path)
    dataset.compress(JPEG2000Lossless)
    dataset.save_as(path, enforce_file_format=True)


def simple_itk(folder: Path) -> np.ndarray:
    """The usual reader."""
    import SimpleITK

    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    reader.SetOutputPixelType(SimpleITK.sitkFloat32)
    return SimpleITK.GetArrayFromImage(reader.Execute())


def ours(folder: Path) -> np.ndarray:
    """Our reader, of a folder that holds one series."""
    from monai_app.dicom.assemble import read_series

    return read_series(sorted(folder.iterdir())).array.transpose(2, 1, 0)


def ours_discovered(folder: Path) -> np.ndarray:
    """Our reader, of the one series that discovery finds."""
    from monai_app.dicom.assemble import read_series
    from monai_app.dicom.discover import discover

    (series,) = discover(folder).series
    return read_series(series.instances).array.transpose(2, 1, 0)


def film_at(oversampling: int) -> Callable[[Path], np.ndarray]:
    """A film at 224 px, from a wavelet level that leaves ``oversampling`` times as many pixels."""
    from monai_app.dicom import jpeg2000
    from monai_app.dicom.film import read_film

    def read(path: Path) -> np.ndarray:
        jpeg2000.OVERSAMPLING = oversampling
        return read_film(path, longest_side_px=FILM_PX).pixels

    return read


def medians(ways: list[Callable[[Path], np.ndarray]], path: Path, repeats: int) -> list[tuple[float, float]]:
    """Median (processor, wall) seconds of each way, in turns that begin with another way each time."""
    times: list[list[tuple[float, float]]] = [[] for _ in ways]
    for turn in range(repeats):
        for place in range(len(ways)):
            index = (turn + place) % len(ways)  # who comes later finds memory that the one before gave back
            start = time.process_time(), time.perf_counter()
            ways[index](path)
            times[index].append((time.process_time() - start[0], time.perf_counter() - start[1]))
    return [
        (statistics.median(one[0] for one in seconds), statistics.median(one[1] for one in seconds))
        for seconds in times
    ]


def series_rows(folder: Path, slices: int, repeats: int) -> list[Row]:
    """SimpleITK against ours."""
    write_scan(folder, slices)
    expected = simple_itk(folder)
    for way in (ours, ours_discovered):
        np.testing.assert_array_equal(way(folder), expected)
    usual, *found = medians([simple_itk, ours, ours_discovered], folder, repeats)
    return [
        Row(
            what=f"CT {slices} x {SIDE}^2{first}, {kind} time",
            usual=usual[clock],
            ours=one[clock],
            unit="s",
            ratio=usual[clock] / one[clock],
            goal=SERIES_GOAL,
        )
        for one, first in zip(found, (" to float32", ", discovered first"), strict=True)
        for clock, kind in enumerate(("processor", "wall"))
    ]


def film_row(path: Path, repeats: int) -> Row:
    """Full decode against the level that is enough."""
    from monai_app.dicom.jpeg2000 import OVERSAMPLING

    write_film(path)
    full, coarse = film_at(1000), film_at(OVERSAMPLING)
    difference = float(np.abs(full(path) - coarse(path)).mean())
    assert 0 < difference < MEAN_TOLERANCE, difference
    (_, usual), (_, lean) = medians([full, coarse], path, repeats)
    what = f"film JPEG 2000 {FILM_ROWS} x {FILM_COLUMNS} to {FILM_PX} px"
    return Row(what=what, usual=usual, ours=lean, unit="s", ratio=usual / lean, goal=FILM_GOAL)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--slices", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "scan").mkdir()
        rows = series_rows(Path(folder) / "scan", options.slices, options.repeats)
        rows.append(film_row(Path(folder) / "film.dcm", options.repeats))
    report("read_series", rows, options.json)


if __name__ == "__main__":
    main()
