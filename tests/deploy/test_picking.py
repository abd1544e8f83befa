"""One series, or none and a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_app.core.errors import InputRejected
from monai_app.deploy.picking import pick_series
from tests.deploy.studies import ct_folder, tiny_app


def test_the_one_series_is_picked_with_its_verdict(tmp_path: Path) -> None:
    series, verdicts = pick_series(ct_folder(tmp_path / "in"), tiny_app(tmp_path / "app").spec.series_rules())
    assert len(series.instances) == 20 and [verdict.chosen for verdict in verdicts] == [True]


def test_an_empty_folder_has_none(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(InputRejected, match="NO_SERIES_SELECTED"):
        pick_series(tmp_path / "in", tiny_app(tmp_path / "app").spec.series_rules())
