"""The film before: the last one taken earlier than the sample's own, none after the prediction time."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from monai_app.cohort.spec import FilmSpec, ModalitySpec, ModelSpec
from monai_app.engines.generation import previous


def test_it_is_the_one_before_the_latest_that_can_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        (1, 1, "a.dcm", "PA"), (1, 3, "b.dcm", "PA"), (1, 2, "side.dcm", "LATERAL"), (1, 9, "later.dcm", "PA"),
        (2, 1, "only.dcm", "AP"),
    ]  # fmt: skip
    images = pl.DataFrame(
        {
            "subject_id": [row[0] for row in rows],
            "time": [datetime(2020, 1, row[1]) for row in rows],
            "path": [row[2] for row in rows],
            "modality": ["DX"] * len(rows),
            "view": [row[3] for row in rows],
        },
        schema_overrides={"time": pl.Datetime("us")},
    )
    cohort = SimpleNamespace(images=lambda: images, image_path=lambda path: Path("/images") / path)
    monkeypatch.setattr(previous, "Cohort", lambda _: cohort)
    time = int(datetime(2020, 1, 5).timestamp() * 1e6) - int(datetime(1970, 1, 1).timestamp() * 1e6)
    items = [{"subject_id": subject, "prediction_time": time} for subject in (1, 2)]
    spec = ModelSpec(modalities=ModalitySpec(film=FilmSpec()), tasks=())
    found = previous.with_previous_films(items, "cohort", spec)
    assert [item["previous_film"] for item in found] == ["/images/a.dcm", ""]
    assert previous.with_previous_films(items, "cohort", ModelSpec(modalities=ModalitySpec(), tasks=())) == items
