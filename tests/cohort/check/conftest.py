"""A sound small cohort on disk, to be spoilt."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import write_cohort
from tests.faults.cohorts import small_content


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    write_cohort(tmp_path / "small", small_content())
    return Cohort(tmp_path / "small")
