"""Every file of the DICOM pack is read right or refused with the code that stands in outcomes.csv.

    python -m tests.dicom.test_outcomes FOLDER > tests/dicom/outcomes.csv

writes the table anew; read every line that changed.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from monai_app.core.errors import InputRejected
from monai_app.dicom.assemble import read_series
from monai_app.dicom.discover import FoundSeries, discover
from monai_app.dicom.film import read_film
from monai_app.dicom.objects import Kind

TABLE = Path(__file__).with_name("outcomes.csv")
NOT_IMAGES = ("README.md", "MANIFEST.csv")


def outcomes(folder: Path) -> dict[str, str]:
    """File to "film", "slice of series N" or a code."""
    found = discover(folder)
    table = {refused.path: refused.error.code for refused in found.refused}
    for series in found.series:
        table |= _films(series) if series.kind is Kind.FILM else _slices(series)
    return {path.relative_to(folder).as_posix(): outcome for path, outcome in sorted(table.items())}


def _films(series: FoundSeries) -> dict[Path, str]:
    table = {}
    for path in series.paths:
        try:
            read_film(path, longest_side_px=64)
        except InputRejected as error:
            table[path] = error.code
        else:
            table[path] = "film"
    return table


def _slices(series: FoundSeries) -> dict[Path, str]:
    try:
        read_series(series.paths)
    except InputRejected as error:
        return dict.fromkeys(series.paths, error.code)
    return dict.fromkeys(series.paths, f"slice of series {series.name}")


def committed() -> dict[str, str]:
    with TABLE.open(newline="") as stream:
        return {row["file"]: row["outcome"] for row in csv.DictReader(stream)}


@pytest.fixture(scope="module")
def pack(shared_data: Callable[[str], Path]) -> Path:
    return shared_data("dicom")


def test_every_file_comes_out_as_the_table_says(pack: Path) -> None:
    got, expected = outcomes(pack), committed()
    assert {file: got.get(file) for file in expected} == expected
    assert set(got) == set(expected)


def test_the_table_holds_every_file_of_the_manifest(pack: Path) -> None:
    with (pack / "MANIFEST.csv").open(newline="") as stream:
        listed = {row["file"] for row in csv.DictReader(stream)}
    assert len(listed) == 457 and set(committed()) == listed | set(NOT_IMAGES)


def test_most_files_are_read() -> None:
    kinds = Counter(outcome.partition(" ")[0] for outcome in committed().values())
    assert kinds["slice"] >= 340 and kinds["film"] >= 5


if __name__ == "__main__":
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["file", "outcome"])
    writer.writerows(outcomes(Path(sys.argv[1])).items())
